/* Checks of small networks whose running statistics are those of their own activations, through the
 * public headers alone: read correctly, they fit to the last digits, and each misreading is found
 * and named. */
#define _POSIX_C_SOURCE 200809L /* mkdtemp */

#include "fixture.h"

#include <math.h>
#include <unistd.h>

static vrn_device *device;
static fixture_log messages;

enum { SIDE = 32, COUNT = 16, NORMS_MAX = 24, PIXELS = 3 * SIDE * SIDE };

static uint8_t pixels[COUNT][PIXELS];
static vrn_image images[COUNT];

static const vrn_transform transform = {
    .mean = {0.485f, 0.456f, 0.406f},
    .std = {0.229f, 0.224f, 0.225f},
    .resize = SIDE,
};

/* Waves of each length, directions and colours, and some noise: smooth as photos are. */
static void draw_images(void)
{
    uint64_t seed = 3;
    for (uint32_t n = 0; n < COUNT; n++) {
        float waves[6][6];
        for (int i = 0; i < 36; i++) waves[i / 6][i % 6] = fixture_random(&seed);
        for (uint32_t i = 0; i < SIDE * SIDE; i++) {
            const float x = (float)(i % SIDE), y = (float)(i / SIDE);
            float value[3] = {100, 118, 60};
            for (int w = 0; w < 6; w++) {
                const float *wave = waves[w];
                const float at = sinf(wave[0] * 0.4f * x + wave[1] * 0.4f * y + wave[2] * 3);
                for (int c = 0; c < 3; c++) value[c] += 30 * at * (wave[3 + c] + 0.3f * (float)c);
            }
            for (int c = 0; c < 3; c++) {
                const float noisy = value[c] + 6 * fixture_random(&seed);
                pixels[n][3 * i + (uint32_t)c] = (uint8_t)fminf(fmaxf(noisy, 0), 255);
            }
        }
        images[n] = (vrn_image){pixels[n], SIDE, SIDE, 0, VRN_PIXEL_RGB, {0}};
    }
}

/* ---- Networks that fit ----------------------------------------------------------------------- */

/* A safetensors file in memory. */
typedef struct network {
    char *file;
    size_t size;
} network;

static void save_random(network *n, const char *text)
{
    char folder[] = "check-XXXXXX", path[64];
    vrn_arch arch;
    vrn_model *model = NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/random.safetensors", folder);
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 5, NULL), VRN_OK);
    assert_int_equal(vrn_model_save(model, path, &(vrn_model_save_params){.transform = &transform}),
                     VRN_OK);
    vrn_model_destroy(&model);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    n->size = (size_t)ftell(file);
    n->file = malloc(n->size + 1);
    rewind(file);
    assert_non_null(n->file);
    assert_int_equal(fread(n->file, 1, n->size, file), n->size);
    n->file[n->size] = 0;
    fclose(file);
    remove(path);
    rmdir(folder);
}

static vrn_model *load(const network *n, const char *keys)
{
    vrn_model *model = NULL;
    assert_int_equal(vrn_model_load_memory(&model, n->file, n->size, "network",
                                           &(vrn_model_params){.arch = keys}),
                     VRN_OK);
    return model;
}

/* Where a tensor's floats are; NULL: there is none of this name. */
static float *find(const network *n, const char *name, uint32_t *count)
{
    char key[96];
    uint64_t header, begin, end;
    memcpy(&header, n->file, 8);
    snprintf(key, sizeof key, "\"%s\"", name);
    const char *at = strstr(n->file + 8, key);
    if (!at) return NULL;
    at = strstr(at, "data_offsets");
    at = strchr(at, '[') + 1;
    char *comma;
    begin = strtoull(at, &comma, 10);
    end = strtoull(comma + 1, NULL, 10);
    *count = (uint32_t)((end - begin) / sizeof(float));
    return (float *)(void *)(n->file + 8 + header + begin);
}

/* Runs all images and makes a norm's statistics those of `tap`, which enters it. */
static void fit_norm(const network *n, const char *norm, const char *tap)
{
    char name[96];
    uint32_t channels = 0, shape[3];
    vrn_session *session = NULL;
    vrn_model *model = load(n, NULL);
    assert_int_equal(
        vrn_session_create(
            &session, device, model,
            &(vrn_session_params){.batch = COUNT, .no_fusion = true, .taps = &tap, .tap_count = 1}),
        VRN_OK);
    assert_int_equal(vrn_session_get_tap_shape(session, 0, shape), VRN_OK);
    const size_t area = (size_t)shape[1] * shape[2];
    float *values = malloc(COUNT * shape[0] * area * sizeof *values);
    assert_non_null(values);
    assert_int_equal(vrn_session_run(session, &(vrn_inputs){.count = COUNT, .images = images},
                                     &(vrn_outputs){.taps = &values}),
                     VRN_OK);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
    snprintf(name, sizeof name, "%s.running_mean", norm);
    float *means = find(n, name, &channels);
    assert_int_equal(channels, shape[0]);
    snprintf(name, sizeof name, "%s.running_var", norm);
    float *variances = find(n, name, &channels);
    for (uint32_t c = 0; c < channels; c++) {
        double mean = 0, squares = 0;
        const double count = (double)(COUNT * area);
        for (size_t i = 0; i < COUNT * area; i++) {
            mean += values[i / area * shape[0] * area + c * area + i % area] / count;
        }
        for (size_t i = 0; i < COUNT * area; i++) {
            squares += pow(values[i / area * shape[0] * area + c * area + i % area] - mean, 2);
        }
        const float both[2] = {(float)mean, (float)(squares / (count - 1))};
        memcpy(&means[c], &both[0], sizeof both[0]);
        memcpy(&variances[c], &both[1], sizeof both[1]);
    }
    free(values);
}

/* Norm by norm, in order of execution. */
static void train(network *n, const char *text)
{
    vrn_arch arch;
    char norm[64], tap[64];
    uint32_t channels;
    save_random(n, text);
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_OK);
    fit_norm(n, "bn1", "conv1");
    for (uint32_t stage = 1; stage <= arch.stages; stage++) {
        for (uint32_t i = 1; i <= 3; i++) {
            snprintf(norm, sizeof norm, "layer%u.0.bn%u.running_mean", stage, i);
            if (!find(n, norm, &channels)) continue;
            snprintf(norm, sizeof norm, "layer%u.0.bn%u", stage, i);
            snprintf(tap, sizeof tap, "layer%u.0.conv%u", stage, i);
            fit_norm(n, norm, tap);
        }
        snprintf(norm, sizeof norm, "layer%u.0.downsample.1.running_mean", stage);
        if (!find(n, norm, &channels)) continue;
        snprintf(norm, sizeof norm, "layer%u.0.downsample.1", stage);
        snprintf(tap, sizeof tap, "layer%u.0.downsample.0", stage);
        fit_norm(n, norm, tap);
    }
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static uint32_t visited;

static void visit(void *user, const vrn_check_reading *reading)
{
    assert_string_equal(user, "user");
    assert_in_range(reading->images, 1, COUNT);
    assert_true(reading->fit.divergence >= 0);
    visited++;
}

/* Checks a network that is read by `keys` and whose images are prepared by `prepared`. */
static vrn_check_summary check(const network *n, const char *keys, const vrn_transform *prepared)
{
    vrn_check *check = NULL;
    vrn_check_summary summary;
    vrn_check_norm norms[NORMS_MAX];
    uint32_t count = 0;
    vrn_model *model = load(n, keys);
    assert_int_equal(
        vrn_check_create(&check, device, model, &(vrn_check_params){.transform = prepared}),
        VRN_OK);
    vrn_model_destroy(&model); /* the check holds it */
    for (uint32_t i = 0; i < COUNT; i += COUNT / 2) {
        assert_int_equal(
            vrn_check_add(check, &(vrn_inputs){.count = COUNT / 2, .images = images + i}), VRN_OK);
    }
    assert_int_equal(vrn_check_get_norms(check, norms, NORMS_MAX, &count), VRN_OK);
    assert_string_equal(norms[0].name, "bn1");
    visited = 0;
    assert_int_equal(vrn_check_finish(check, &summary, visit, (char[]){"user"}), VRN_OK);
    assert_int_equal(summary.tried, visited);
    assert_int_equal(summary.images, COUNT);
    assert_true(summary.fit.divergence == summary.same.divergence);
    uint32_t channels = 0;
    for (uint32_t i = 0; i < count; i++) channels += norms[i].fit.channels;
    assert_int_equal(channels, summary.fit.channels);
    vrn_check_destroy(&check);
    assert_null(check);
    return summary;
}

static void expect_fit(const network *n)
{
    const vrn_check_summary summary = check(n, NULL, NULL);
    assert_int_equal(summary.verdict, VRN_CHECK_FITS);
    assert_true(summary.fit.variance < 1e-4 && summary.fit.mean < 1e-4);
    assert_string_equal(summary.best.name, "");
    assert_string_equal(summary.best.keys, "");
    assert_false(summary.best.prepares);
}

/* Keys that misread the network, and those that the check finds to be right. */
static void expect_keys(const network *n, const char *wrong, const char *right)
{
    const vrn_check_summary summary = check(n, wrong, NULL);
    fprintf(stderr, "  %s: %.3f, %.4f; %s (%s)\n", wrong, summary.fit.variance,
            summary.fit.divergence, summary.best.keys, summary.best.name);
    assert_int_equal(summary.verdict, VRN_CHECK_OTHER);
    assert_string_equal(summary.best.keys, right);
    assert_false(summary.best.prepares);
    assert_true(summary.best.fit.variance < 1e-4);
    assert_true(summary.fit.divergence > 100 * summary.best.fit.divergence);
}

static void expect_transform(const network *n, const vrn_transform *wrong)
{
    const vrn_check_summary summary = check(n, NULL, wrong);
    const vrn_transform *found = &summary.best.transform;
    fprintf(stderr, "  another transform: %.3f, %.4f; %s\n", summary.fit.variance,
            summary.fit.divergence, summary.best.name);
    assert_int_equal(summary.verdict, VRN_CHECK_OTHER);
    assert_string_equal(summary.best.keys, "");
    assert_true(summary.best.prepares);
    assert_memory_equal(found->mean, transform.mean, sizeof found->mean);
    assert_memory_equal(found->std, transform.std, sizeof found->std);
    assert_true(found->scale == 255 || found->scale == 0);
    assert_int_equal(found->channels, VRN_CHANNELS_RGB);
    assert_true(summary.best.fit.variance < 1e-3);
}

static void a_padded_network(void **state)
{
    (void)state;
    network n;
    train(&n, "resnet,block=basic,layers=1:1:1,planes=8:16:32,stem=cifar,shortcut=pad");
    expect_fit(&n);
    expect_keys(&n, "strides=2:1:2", "strides=1:2:2");
    expect_keys(&n, "shortcut=pad_end", "shortcut=pad");
    expect_keys(&n, "pool=max", "pool=none");
    expect_keys(&n, "activation=leaky_relu,negative_slope=0.2", "activation=relu");
    expect_keys(&n, "pool=max,strides=1:1:2", "pool=none,strides=1:2:2");
    free(n.file);
}

static void preparations_of_images(void **state)
{
    (void)state;
    network n;
    vrn_transform wrong = transform;
    train(&n, "resnet,block=basic,layers=1:1,planes=8:16,stem=cifar,shortcut=pad");
    wrong.scale = 1;
    expect_transform(&n, &wrong);
    for (int c = 0; c < 3; c++) wrong.mean[c] = 0, wrong.std[c] = 1;
    expect_transform(&n, &wrong);
    wrong.scale = 255;
    expect_transform(&n, &wrong);
    wrong = transform;
    wrong.channels = VRN_CHANNELS_BGR;
    expect_transform(&n, &wrong);
    assert_true(vrn_transform_get_preset("caffe", &wrong));
    wrong.resize = wrong.crop = SIDE;
    expect_transform(&n, &wrong);
    free(n.file);
}

static void a_network_with_bottlenecks(void **state)
{
    (void)state;
    network n;
    train(&n, "resnet,block=bottleneck,layers=1:1,planes=8:16");
    expect_fit(&n);
    expect_keys(&n, "v1=1", "v1=0");
    expect_keys(&n, "pool=none", "pool=max");
    expect_keys(&n, "stem_stride=1", "stem_stride=2");
    expect_keys(&n, "dilate=1", "dilate=0");
    free(n.file);
}

static void floats_are_not_prepared(void **state)
{
    (void)state;
    network n;
    vrn_check *check = NULL;
    vrn_check_summary summary;
    uint32_t count;
    float *input = calloc(COUNT, PIXELS * sizeof *input);
    assert_non_null(input);
    train(&n, "resnet,block=basic,layers=1:1,planes=8:16,stem=cifar,shortcut=pad");
    vrn_model *model = load(&n, NULL);
    assert_int_equal(vrn_check_create(&check, device, model, NULL), VRN_OK);
    /* Seventy inputs: of those that are kept every second one makes way. */
    for (uint32_t i = 0; i < 70; i++) {
        for (uint32_t k = 0; k < PIXELS; k++) {
            const uint32_t c = k / (SIDE * SIDE), pixel = k % (SIDE * SIDE);
            const float value = (float)pixels[i % COUNT][3 * pixel + c] / 255;
            input[k] = (value - transform.mean[c]) / transform.std[c];
        }
        assert_int_equal(vrn_check_add(check, &(vrn_inputs){.count = 1, .nchw = input}), VRN_OK);
    }
    assert_int_equal(vrn_check_finish(check, &summary, NULL, NULL), VRN_OK);
    assert_int_equal(summary.verdict, VRN_CHECK_FITS);
    assert_int_equal(summary.images, 70);
    assert_int_equal(summary.best.images, 35);
    assert_true(summary.fit.variance < 0.2);
    vrn_check_destroy(&check);
    free(input);

    /* What cannot be. */
    assert_int_equal(vrn_check_create(&check, device, model, NULL), VRN_OK);
    messages.errors = 0;
    assert_int_equal(vrn_check_finish(check, &summary, NULL, NULL), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_check_get_norms(check, NULL, 0, &count), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_check_add(check, NULL), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(messages.errors, 3);
    messages.errors = 0;
    vrn_check_destroy(&check);
    vrn_model_destroy(&model);
    free(n.file);
}

static void what_has_no_statistics_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *arch, *reason;
    } cases[] = {
        {"resnet8,norm=group,norm_groups=4", "group norms"},
        {"resnet8", "never trained"},
    };
    for (size_t i = 0; i < 2; i++) {
        vrn_arch arch;
        vrn_model *model = NULL;
        vrn_check *check = NULL;
        assert_int_equal(vrn_arch_parse(&arch, cases[i].arch, NULL), VRN_OK);
        assert_int_equal(vrn_model_create_random(&model, &arch, 1, NULL), VRN_OK);
        assert_int_equal(vrn_check_create(&check, device, model, NULL), VRN_ERROR_UNSUPPORTED);
        assert_null(check);
        assert_non_null(strstr(messages.last, cases[i].reason));
        assert_int_equal(messages.errors, 1);
        messages.errors = 0;
        vrn_model_destroy(&model);
    }
}

int main(void)
{
    device = fixture_device(&messages, 0);
    draw_images();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_padded_network),
        cmocka_unit_test(preparations_of_images),
        cmocka_unit_test(a_network_with_bottlenecks),
        cmocka_unit_test(floats_are_not_prepared),
        cmocka_unit_test(what_has_no_statistics_is_refused),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    fixture_done(&device, &messages);
    return failed;
}
