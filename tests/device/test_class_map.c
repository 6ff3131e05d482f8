/* The tap "class_map": the linear layer at every position of the last stage's output. Compared with
 * the reference, computed from that output of the session, and with the logits, which are the means
 * of the map. */
#include "fixture.h"

#include <math.h>

#include "checkpoint/tensor.h"
#include "net/model.h"
#include "tools/reference.h"

static vrn_device *device;
static fixture_log messages;

enum { SIDE = 32, NUMBERS = 3 * SIDE * SIDE, COUNT = 3, CLASSES_MAX = 10, MAP_MAX = 1 << 16 };

static const char *const networks[] = {
    "resnet20", /* a map of 8x8 */
    "resnet,block=bottleneck,layers=1:2,planes=8:16,stem=cifar,num_classes=7",
    "resnet,block=basic,layers=1:1,planes=32:64,norm=group,num_classes=10",
    "resnet,block=basic,layers=2:1,planes=5:11,stem=cifar,shortcut=pad,num_classes=3",
    "resnet,block=bottleneck,layers=1:1:1:1,planes=4:4:8:8,num_classes=9", /* a single position */
};

static vrn_model *make_model(const char *text)
{
    vrn_arch arch;
    vrn_model *model = NULL;
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 7, NULL), VRN_OK);
    return model;
}

/* The same model with scales for int8. */
static vrn_model *calibrate(const vrn_model *model, const float *input)
{
    const vrn_calibration_params params = {.height = SIDE, .width = SIDE};
    vrn_calibration *calibration = NULL;
    vrn_model *calibrated = NULL;
    assert_int_equal(vrn_calibration_create(&calibration, device, model, &params), VRN_OK);
    assert_int_equal(vrn_calibration_add(calibration, &(vrn_inputs){.count = COUNT, .nchw = input}),
                     VRN_OK);
    assert_int_equal(vrn_calibration_finish(calibration, &calibrated, NULL), VRN_OK);
    vrn_calibration_destroy(&calibration);
    return calibrated;
}

/* The map that belongs to a last stage's output, both [COUNT, C, positions]. */
static void expect_map(const vrn_model *model, const float *features, uint32_t channels,
                       uint32_t positions, uint32_t classes, float *map)
{
    static float x[MAP_MAX], y[MAP_MAX];
    uint32_t count = 0;
    while (vrn_model_parameter(model, count)) count++;
    const vrn_params params = {
        .own = {vrn_tensor_view(vrn_model_parameter(model, count - 2)),  /* fc.weight */
                vrn_tensor_view(vrn_model_parameter(model, count - 1))}, /* fc.bias */
    };
    /* Every position as an image of its own. */
    const vrn_op_desc linear = {
        .op = VRN_OP_LINEAR, .in = {1, 1, channels}, .out = {1, 1, classes}};
    for (uint32_t i = 0; i < COUNT * positions * channels; i++) {
        const uint32_t n = i / channels / positions, p = i / channels % positions;
        x[i] = features[((size_t)n * channels + i % channels) * positions + p];
    }
    vrn_reference_run(&linear, COUNT * positions, x, NULL, &params, y);
    for (uint32_t i = 0; i < COUNT * positions * classes; i++) {
        const uint32_t n = i / classes / positions, p = i / classes % positions;
        map[((size_t)n * classes + i % classes) * positions + p] = y[i];
    }
}

static void assert_close(const char *what, const float *found, const float *expected, size_t count,
                         double tolerance)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)found[i] - expected[i], 2);
        norm += pow(expected[i], 2);
    }
    const double error = sqrt(difference / norm);
    if (!(error <= tolerance)) fprintf(stderr, "%s: %g\n", what, error);
    assert_true(error <= tolerance);
}

/* One session: the map twice, as nothing forbids it, and what it is computed from. */
static void check(const vrn_model *model, vrn_session_params params, const float *input)
{
    static float maps[2][MAP_MAX], features[MAP_MAX], expected[MAP_MAX];
    float logits[COUNT * CLASSES_MAX], means[COUNT * CLASSES_MAX];
    char stage[16];
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    vrn_arch arch;
    vrn_model_get_arch(model, &arch);
    snprintf(stage, sizeof stage, "layer%u", arch.stages);
    const char *const taps[] = {"class_map", stage, "class_map"};
    float *const outputs[] = {maps[0], features, maps[1]};
    params.batch = COUNT;
    params.height = params.width = SIDE;
    params.taps = taps;
    params.tap_count = 3;
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    uint32_t shape[3], from[3];
    assert_int_equal(vrn_session_get_tap_shape(session, 0, shape), VRN_OK);
    assert_int_equal(vrn_session_get_tap_shape(session, 1, from), VRN_OK);
    assert_int_equal(shape[0], info.classes);
    assert_memory_equal(shape + 1, from + 1, 2 * sizeof *shape);
    const uint32_t classes = shape[0], positions = shape[1] * shape[2];
    const size_t count = (size_t)COUNT * classes * positions;
    assert_true(count <= MAP_MAX && (size_t)COUNT * from[0] * positions <= MAP_MAX);
    const vrn_inputs in = {.count = COUNT, .nchw = input};
    const vrn_outputs out = {.logits = logits, .taps = outputs};
    assert_int_equal(vrn_session_run(session, &in, &out), VRN_OK);

    expect_map(model, features, from[0], positions, classes, expected);
    assert_close("the map", maps[0], expected, count, 1e-5);
    assert_memory_equal(maps[0], maps[1], count * sizeof(float));
    for (uint32_t i = 0; i < COUNT * classes; i++) {
        double sum = 0;
        for (uint32_t p = 0; p < positions; p++) sum += maps[0][(size_t)i * positions + p];
        means[i] = (float)(sum / positions);
    }
    /* Other precisions round the linear layer's own weights, and not the map's. */
    assert_close("its mean", means, logits, (size_t)COUNT * classes,
                 params.precision ? 1e-3 : 1e-5);
    vrn_session_destroy(&session);
}

static void maps_are_spread_logits(void **state)
{
    (void)state;
    static float input[COUNT * NUMBERS];
    uint64_t seed = 11;
    for (size_t i = 0; i < COUNT * NUMBERS; i++) input[i] = fixture_random(&seed);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        vrn_model *model = make_model(networks[i]), *calibrated = calibrate(model, input);
        for (int precision = VRN_PRECISION_FP32; precision <= VRN_PRECISION_INT8; precision++) {
            check(calibrated, (vrn_session_params){.precision = (vrn_precision)precision}, input);
        }
        check(model, (vrn_session_params){.no_fusion = true}, input);
        check(model, (vrn_session_params){.memory_limit = 1}, input); /* slices of one image */
        vrn_model_destroy(&calibrated);
        vrn_model_destroy(&model);
    }
}

/* A layer more with the tap, in fp32; none without, and the same logits to the last bit. */
static void nothing_is_paid_without_it(void **state)
{
    (void)state;
    static const char *const taps[] = {"class_map"};
    static float input[NUMBERS];
    float logits[2][CLASSES_MAX];
    vrn_layer layers[64];
    uint32_t counts[2];
    vrn_session_info info[2];
    uint64_t seed = 13;
    for (size_t i = 0; i < NUMBERS; i++) input[i] = fixture_random(&seed);
    vrn_model *model = make_model("resnet20");
    for (uint32_t with = 0; with < 2; with++) {
        vrn_session *session = NULL;
        const vrn_session_params params = {
            .precision = VRN_PRECISION_FP16, .taps = taps, .tap_count = with};
        const vrn_inputs inputs = {.count = 1, .nchw = input};
        const vrn_outputs outputs = {.logits = logits[with]};
        assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
        assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
        assert_int_equal(vrn_session_get_layers(session, layers, 64, &counts[with]), VRN_OK);
        vrn_session_get_info(session, &info[with]);
        if (with) {
            assert_string_equal(layers[counts[1] - 1].name, "class_map");
            assert_string_equal(layers[counts[1] - 1].precision, "fp32");
        }
        vrn_session_destroy(&session);
    }
    assert_int_equal(counts[1], counts[0] + 1);
    assert_true(info[1].weight_bytes > info[0].weight_bytes && info[1].gflops > info[0].gflops);
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    vrn_model_destroy(&model);
}

static void assert_rect(const vrn_session *session, uint32_t width, uint32_t height,
                        vrn_rect expected)
{
    vrn_rect rect;
    assert_int_equal(vrn_session_get_crop_rect(session, width, height, &rect), VRN_OK);
    assert_true(fabs(rect.left - expected.left) < 1e-9 && fabs(rect.top - expected.top) < 1e-9 &&
                fabs(rect.right - expected.right) < 1e-9 &&
                fabs(rect.bottom - expected.bottom) < 1e-9);
}

/* The rect that resize and crop leave, in the photo's pixels. */
static void the_crop_rect_is_right(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet20");
    vrn_session *session = NULL;
    vrn_transform transform = {.resize = 40, .crop = 32};
    const vrn_session_params params = {.transform = &transform};
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    assert_rect(session, 40, 40, (vrn_rect){4, 4, 36, 36});
    assert_rect(session, 80, 160, (vrn_rect){8, 48, 72, 112});
    /* 451 x 300 becomes 60 x 40, whose crop begins at column 14. */
    assert_rect(session, 451, 300, (vrn_rect){14 * 451 / 60.0, 30, 46 * 451 / 60.0, 270});
    vrn_session_destroy(&session);

    transform.resize = 16; /* black around the photo */
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    assert_rect(session, 64, 32, (vrn_rect){0, -16, 64, 48});
    vrn_session_destroy(&session);

    transform.resize = 0;
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    assert_rect(session, 64, 33, (vrn_rect){16, 0, 48, 32});
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

int main(void)
{
    device = fixture_device(&messages, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_are_spread_logits),
        cmocka_unit_test(nothing_is_paid_without_it),
        cmocka_unit_test(the_crop_rect_is_right),
    };
    int failed = cmocka_run_group_tests_name("class map", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed || messages.errors || messages.warnings;
}
