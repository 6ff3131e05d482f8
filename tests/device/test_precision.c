/* Sessions in fp16 and int8, and calibration, through the public header alone: how far results are
 * from fp32's, what memory they take, and what happens to values beyond float16's range. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static vrn_device *device;
static fixture_log messages;

enum { SIDE = 32, NUMBERS = 3 * SIDE * SIDE, COUNT = 6, CLASSES_MAX = 10 };

static const char *const networks[] = {
    "resnet20",
    "resnet,block=bottleneck,layers=1:2,planes=8:16,stem=cifar,num_classes=7",
    "resnet,block=bottleneck,layers=1:1,planes=16:32,groups=4,width_per_group=8,num_classes=10",
    "resnet,block=basic,layers=1:1,planes=32:64,norm=group,num_classes=10",
    "resnet,block=basic,layers=2:1,planes=5:11,stem=cifar,shortcut=pad,num_classes=3",
};

static vrn_model *make_model(const char *text)
{
    vrn_arch arch;
    vrn_model *model = NULL;
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 7, NULL), VRN_OK);
    return model;
}

static void make_input(float input[COUNT * NUMBERS])
{
    uint64_t seed = 11;
    for (size_t i = 0; i < COUNT * NUMBERS; i++) input[i] = fixture_random(&seed);
}

/* Runs and gives the session's own figures. */
static vrn_session_info run(const vrn_model *model, const vrn_session_params *params,
                            const float *input, float *logits)
{
    vrn_session *session = NULL;
    vrn_session_info info;
    assert_int_equal(vrn_session_create(&session, device, model, params), VRN_OK);
    assert_int_equal(vrn_session_run(session, &(vrn_inputs){.count = COUNT, .nchw = input},
                                     &(vrn_outputs){.logits = logits}),
                     VRN_OK);
    vrn_session_get_info(session, &info);
    assert_int_equal(info.precision, params->precision);
    vrn_session_destroy(&session);
    return info;
}

static double relative_error(const float *found, const float *expected, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)found[i] - expected[i], 2);
        norm += pow(expected[i], 2);
    }
    return sqrt(difference / norm);
}

static vrn_model *calibrate(const vrn_model *model, const float *input)
{
    vrn_calibration *calibration = NULL;
    vrn_calibration_result result;
    vrn_model *calibrated = NULL;
    assert_int_equal(
        vrn_calibration_create(&calibration, device, model,
                               &(vrn_calibration_params){.height = SIDE, .width = SIDE}),
        VRN_OK);
    assert_int_equal(vrn_calibration_add(calibration, &(vrn_inputs){.count = COUNT, .nchw = input}),
                     VRN_OK);
    assert_int_equal(vrn_calibration_finish(calibration, &calibrated, &result), VRN_OK);
    assert_true(result.error == result.errors[result.method]);
    for (int i = 0; i < VRN_CALIBRATION_METHODS; i++) assert_true(result.errors[i] >= result.error);
    vrn_calibration_destroy(&calibration);
    return calibrated;
}

/* Drivers on the processor that read through addresses store rounded floats. */
static bool keeps_floats(void)
{
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    return info.type == VRN_DEVICE_CPU && (info.capabilities & VRN_CAPABILITY_BUFFER_ADDRESSES);
}

static void precisions_are_close(void **state)
{
    (void)state;
    static float input[COUNT * NUMBERS];
    float logits[3][COUNT * CLASSES_MAX];
    make_input(input);
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        vrn_model *model = make_model(networks[i]), *calibrated = calibrate(model, input);
        vrn_session_params params = {.batch = COUNT, .height = SIDE, .width = SIDE};
        vrn_session_info info[3];
        for (int p = 0; p < 3; p++) {
            params.precision = (vrn_precision)p;
            info[p] = run(calibrated, &params, input, logits[p]);
        }
        const size_t count = (size_t)COUNT * info[0].classes;
        const double fp16 = relative_error(logits[1], logits[0], count);
        const double int8 = relative_error(logits[2], logits[0], count);
        if (!(fp16 <= 5e-3) || !(int8 <= 0.08)) {
            fprintf(stderr, "%s: fp16 %g, int8 %g\n", networks[i], fp16, int8);
        }
        assert_true(fp16 > 1e-7 && fp16 <= 5e-3);
        assert_true(int8 > 2 * fp16 && int8 <= 0.08); /* bytes, not halves */
        if (keeps_floats()) {
            assert_int_equal(info[1].activation_bytes, info[0].activation_bytes);
            assert_int_equal(info[2].activation_bytes, info[0].activation_bytes);
        } else {
            assert_true(info[1].activation_bytes < info[0].activation_bytes);
            assert_true(info[2].activation_bytes <= info[1].activation_bytes);
        }
        vrn_model_destroy(&calibrated);
        vrn_model_destroy(&model);
    }
}

/* Unfused and tapped networks have values that the calibration has not seen: those are halves. */
static void int8_without_fusion(void **state)
{
    (void)state;
    static float input[COUNT * NUMBERS];
    float expected[COUNT * CLASSES_MAX], found[COUNT * CLASSES_MAX];
    make_input(input);
    vrn_model *model = make_model(networks[0]), *calibrated = calibrate(model, input);
    vrn_session_params params = {.batch = COUNT, .height = SIDE, .width = SIDE};
    run(model, &params, input, expected);
    params.precision = VRN_PRECISION_INT8;
    params.no_fusion = true;
    run(calibrated, &params, input, found);
    assert_true(relative_error(found, expected, COUNT * 10) < 0.08);
    params.no_fusion = false;
    params.taps = (const char *const[]){"conv1", "layer1.0.bn2"};
    params.tap_count = 2;
    run(calibrated, &params, input, found);
    assert_true(relative_error(found, expected, COUNT * 10) < 0.08);
    vrn_model_destroy(&calibrated);
    vrn_model_destroy(&model);
}

static void layers_say_their_precision(void **state)
{
    (void)state;
    static float input[COUNT * NUMBERS];
    make_input(input);
    vrn_model *model = make_model("resnet8"), *calibrated = calibrate(model, input);
    const vrn_session_params params = {
        .height = SIDE,
        .width = SIDE,
        .precision = VRN_PRECISION_INT8,
        .fp32_layers = (const char *const[]){"layer2.0.conv1"},
        .fp32_layer_count = 1,
    };
    static const struct {
        const char *name, *precision;
    } expected[] = {
        {"conv1", "fp16"},          {"layer1.0.conv1", "int8"},
        {"layer2.0.conv1", "fp32"}, {"layer2.0.conv2", "fp16"}, /* its input is floats */
        {"avgpool", "fp32"},        {"fc", "fp16"}};
    vrn_session *session = NULL;
    vrn_layer layers[64];
    uint32_t count, found = 0;
    assert_int_equal(vrn_session_create(&session, device, calibrated, &params), VRN_OK);
    assert_int_equal(vrn_session_get_layers(session, layers, 64, &count), VRN_OK);
    for (uint32_t i = 0; i < count; i++) {
        for (size_t e = 0; e < sizeof expected / sizeof *expected; e++) {
            if (strcmp(layers[i].name, expected[e].name) != 0) continue;
            assert_string_equal(layers[i].precision, expected[e].precision);
            found++;
        }
    }
    assert_int_equal(found, sizeof expected / sizeof *expected);
    vrn_session_destroy(&session);
    vrn_model_destroy(&calibrated);
    vrn_model_destroy(&model);
}

/* Without norms to fold, a file's halves are the weights of fp16. */
static void weights_are_halves(void **state)
{
    (void)state;
    static float input[COUNT * NUMBERS];
    float logits[2][2][COUNT * CLASSES_MAX]; /* of the model and its halves, in fp32 and fp16 */
    char folder[] = "precision-XXXXXX", path[64];
    make_input(input);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/halves.safetensors", folder);
    vrn_model *models[2] = {make_model("resnet,layers=1:1,planes=32:64,norm=none,num_classes=10")};
    assert_int_equal(vrn_model_save(models[0], path, &(vrn_model_save_params){.fp16 = true}),
                     VRN_OK);
    assert_int_equal(vrn_model_load(&models[1], path, NULL), VRN_OK);
    for (int m = 0; m < 2; m++) {
        vrn_session_params params = {.batch = COUNT, .height = SIDE, .width = SIDE};
        run(models[m], &params, input, logits[m][0]);
        params.precision = VRN_PRECISION_FP16;
        run(models[m], &params, input, logits[m][1]);
    }
    assert_memory_not_equal(logits[0][0], logits[1][0], COUNT * 10 * sizeof(float));
    /* Elsewhere weights may be rounded after Winograd's transform. */
    if (keeps_floats()) {
        assert_memory_equal(logits[0][1], logits[1][1], COUNT * 10 * sizeof(float));
    }
    for (int m = 0; m < 2; m++) vrn_model_destroy(&models[m]);
    assert_int_equal(unlink(path) | rmdir(folder), 0);
}

/* Inputs so large that halves cannot hold what the first layer makes of them: that is reported, by
 * layer; the values are clamped, not infinite; and in fp32 the layer is right. */
static void what_exceeds_halves_is_told(void **state)
{
    (void)state;
    static float input[COUNT * NUMBERS];
    float expected[COUNT * CLASSES_MAX], found[COUNT * CLASSES_MAX];
    make_input(input);
    for (size_t i = 0; i < COUNT * NUMBERS; i++) input[i] *= 1e5f;
    vrn_model *model = make_model(networks[0]);
    vrn_calibration *calibration = NULL;
    assert_int_equal(
        vrn_calibration_create(&calibration, device, model,
                               &(vrn_calibration_params){.height = SIDE, .width = SIDE}),
        VRN_OK);
    assert_int_equal(vrn_calibration_add(calibration, &(vrn_inputs){.count = COUNT, .nchw = input}),
                     VRN_OK);
    vrn_layer_range ranges[64];
    const char *beyond[64];
    uint32_t count, beyond_count = 0;
    assert_int_equal(vrn_calibration_get_ranges(calibration, ranges, 64, &count), VRN_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(ranges[i].not_finite, 0);
        if (ranges[i].beyond_fp16 == 0) continue;
        assert_true(fmaxf(-ranges[i].low, ranges[i].high) > 65504);
        if (strcmp(ranges[i].op, "conv") == 0) beyond[beyond_count++] = ranges[i].name;
    }
    assert_true(beyond_count > 0 && strcmp(beyond[0], "conv1") == 0);

    vrn_session_params params = {.batch = COUNT, .height = SIDE, .width = SIDE};
    run(model, &params, input, expected);
    params.precision = VRN_PRECISION_FP16;
    run(model, &params, input, found);
    for (size_t i = 0; i < COUNT * 10; i++) assert_true(isfinite(found[i]));
    assert_true(relative_error(found, expected, COUNT * 10) > 5e-3);
    params.fp32_layers = beyond;
    params.fp32_layer_count = beyond_count;
    run(model, &params, input, found);
    assert_true(relative_error(found, expected, COUNT * 10) < 5e-3);
    vrn_calibration_destroy(&calibration); /* the names were its */
    vrn_model_destroy(&model);
}

static void expect_failure(const vrn_model *model, const vrn_session_params *params,
                           vrn_result expected)
{
    vrn_session *session = NULL;
    const int before = messages.errors;
    assert_int_equal(vrn_session_create(&session, device, model, params), expected);
    assert_null(session);
    assert_int_equal(messages.errors, before + 1);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8"), *calibrated = NULL;
    const int before = messages.errors;
    expect_failure(model, &(vrn_session_params){.precision = VRN_PRECISION_INT8},
                   VRN_ERROR_UNSUPPORTED);
    expect_failure(model, &(vrn_session_params){.precision = (vrn_precision)17},
                   VRN_ERROR_INVALID_ARGUMENT);
    expect_failure(model,
                   &(vrn_session_params){.precision = VRN_PRECISION_FP16,
                                         .fp32_layers = (const char *const[]){"layer9.0.conv1"},
                                         .fp32_layer_count = 1},
                   VRN_ERROR_INVALID_ARGUMENT);
    expect_failure(model,
                   &(vrn_session_params){.precision = VRN_PRECISION_FP16, .fp32_layer_count = 2},
                   VRN_ERROR_INVALID_ARGUMENT);
    vrn_calibration *calibration = NULL;
    assert_int_equal(vrn_calibration_create(&calibration, device, model, NULL), VRN_OK);
    assert_int_equal(vrn_calibration_finish(calibration, &calibrated, NULL),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_null(calibrated);
    vrn_calibration_destroy(&calibration);
    vrn_calibration_destroy(&calibration);
    vrn_model_destroy(&model);
    assert_int_equal(messages.errors, before + 5);
    messages.errors = before;
}

int main(void)
{
    device = fixture_device(&messages, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precisions_are_close),       cmocka_unit_test(int8_without_fusion),
        cmocka_unit_test(layers_say_their_precision), cmocka_unit_test(what_exceeds_halves_is_told),
        cmocka_unit_test(mistakes_are_refused),       cmocka_unit_test(weights_are_halves),
    };
    int failed = cmocka_run_group_tests_name("precision", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed || messages.errors || messages.warnings;
}
