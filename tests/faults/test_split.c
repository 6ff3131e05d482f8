/* Under a limit for submissions a network goes to the device in many, its layers in parts, and
 * gives the same bytes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "device/fixture.h"
#include "failing_driver.h"
#include "ops/operators.h"
#include "session/session.h"

enum { SIDE = 19, BATCH = 3, CLASSES = 5, NUMBERS = BATCH * 3 * SIDE * SIDE, PHOTO = 23 };

static fixture_log log_;
static vrn_device *device;
static float input[NUMBERS];

static vrn_model *model_of(const char *text)
{
    vrn_arch arch;
    vrn_model *model = NULL;
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 3, NULL), VRN_OK);
    return model;
}

typedef struct result {
    float logits[BATCH * CLASSES];
    uint64_t submits, dispatches; /* the latter: what was recorded for it */
    uint32_t steps;               /* dispatches of a slice */
} result;

static void run(vrn_session *session, const vrn_inputs *inputs, result *r)
{
    failing_driver_at(0, VK_SUCCESS);
    const vrn_outputs outputs = {.logits = r->logits};
    assert_int_equal(vrn_session_run(session, inputs, &outputs), VRN_OK);
    r->submits = failing_driver_submits();
    r->dispatches = failing_driver_dispatches();
    vrn_session_info info;
    vrn_session_get_info(session, &info);
    r->steps = info.dispatches;
}

/* Floats, floats again (after the pace was learned), fewer, photos; r: [4] */
static void run_all(const vrn_model *model, const vrn_session_params *params, result *r)
{
    static uint8_t pixels[PHOTO * PHOTO * 4];
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 41 + i / 97);
    const vrn_image photos[] = {{.pixels = pixels, .width = PHOTO, .height = PHOTO},
                                {.pixels = pixels, .width = PHOTO, .height = 7}};
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, device, model, params), VRN_OK);
    const vrn_inputs all = {.count = BATCH, .nchw = input}, two = {.count = 2, .nhwc = input};
    memset(r, 0, 4 * sizeof *r);
    run(session, &all, &r[0]);
    run(session, &all, &r[1]);
    run(session, &two, &r[2]);
    run(session, &(vrn_inputs){.count = 2, .images = photos}, &r[3]);
    vrn_session_destroy(&session);
}

/* With and without a limit. */
static void compare(const vrn_model *model, vrn_session_params params, const char *what)
{
    static const vrn_transform transform = {.resize = SIDE, .crop = SIDE, .std = {1, 1, 1}};
    result whole[4], parts[4];
    params.batch = BATCH;
    params.transform = &transform;
    params.submission_limit_ms = INFINITY;
    run_all(model, &params, whole);
    params.submission_limit_ms = 0.02;
    run_all(model, &params, parts);
    for (int i = 0; i < 4; i++) {
        if (memcmp(whole[i].logits, parts[i].logits, sizeof whole[i].logits) != 0) {
            fail_msg("%s: run %d differs in parts", what, i);
        }
        if (whole[i].submits != 1 || parts[i].submits < 5) {
            fail_msg("%s: run %d: %llu submissions, and %llu with a limit", what, i,
                     (unsigned long long)whole[i].submits, (unsigned long long)parts[i].submits);
        }
    }
    /* Even one image at a time would not do. */
    if (parts[0].dispatches <= BATCH * parts[0].steps) {
        fail_msg("%s: %llu dispatches for %u images through %u", what,
                 (unsigned long long)parts[0].dispatches, BATCH, parts[0].steps);
    }
}

static vrn_model *calibrated(const vrn_model *model)
{
    vrn_calibration *calibration = NULL;
    vrn_model *bytes = NULL;
    const vrn_calibration_params params = {.height = SIDE, .width = SIDE};
    assert_int_equal(vrn_calibration_create(&calibration, device, model, &params), VRN_OK);
    const vrn_inputs inputs = {.count = BATCH, .nchw = input};
    assert_int_equal(vrn_calibration_add(calibration, &inputs), VRN_OK);
    assert_int_equal(vrn_calibration_finish(calibration, &bytes, NULL), VRN_OK);
    vrn_calibration_destroy(&calibration);
    return bytes;
}

static void test_precisions(void **state)
{
    (void)state;
    vrn_model *model = model_of("resnet,block=bottleneck,layers=1:1,planes=8:16,num_classes=5");
    for (int p = VRN_PRECISION_FP32; p <= VRN_PRECISION_FP16; p++) {
        compare(model, (vrn_session_params){.precision = (vrn_precision)p},
                vrn_precision_name((vrn_precision)p));
    }
    vrn_model *bytes = calibrated(model);
    compare(bytes, (vrn_session_params){.precision = VRN_PRECISION_INT8}, "int8");
    vrn_model_destroy(&bytes);
    compare(model, (vrn_session_params){.no_fusion = true}, "unfused");
    compare(model, (vrn_session_params){.memory_limit = 1}, "slices of one");
    vrn_model_destroy(&model);
}

/* Every kernel for convolutions that the device has: their grids are of all kinds. */
static void test_kernels(void **state)
{
    (void)state;
    vrn_model *model = model_of("resnet,layers=1,planes=12,num_classes=5,stem=cifar");
    const vrn_kernel *kernel;
    uint32_t tried = 0;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(VRN_OP_CONV, i)); i++) {
        if (!vrn_device_has(device, kernel->variant->needs) || vrn_kernel_takes_bytes(kernel))
            continue;
        if (vrn_kernel_shared_bytes(kernel) > device->probe.limits.maxComputeSharedMemorySize)
            continue;
        const vrn_session_diagnostics this = {.kernel = kernel->name};
        compare(model, (vrn_session_params){.diagnostics = &this}, kernel->name);
        tried++;
    }
    assert_true(tried > 3);
    vrn_model_destroy(&model);
}

static void test_parameter(void **state)
{
    (void)state;
    vrn_session *session = NULL;
    vrn_model *model = model_of("resnet8,planes=4:4:8,num_classes=5");
    const float wrong[] = {-1, NAN, -INFINITY};
    for (int i = 0; i < 3; i++) {
        const vrn_session_params params = {.submission_limit_ms = (double)wrong[i]};
        const int errors = log_.errors;
        assert_int_equal(vrn_session_create(&session, device, model, &params),
                         VRN_ERROR_INVALID_ARGUMENT);
        assert_null(session);
        assert_int_equal(log_.errors, errors + 1);
        log_.errors = errors;
    }
    vrn_model_destroy(&model);
}

/* Of the parts of a submission any may fail; those before it are waited for. */
static void test_failures(void **state)
{
    (void)state;
    vrn_session *session = NULL;
    vrn_model *model = model_of("resnet8,planes=4:4:8,num_classes=5");
    const vrn_session_params params = {
        .batch = BATCH, .height = SIDE, .width = SIDE, .submission_limit_ms = 0.02};
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    const vrn_inputs inputs = {.count = BATCH, .nchw = input};
    result expected, found;
    run(session, &inputs, &expected);
    run(session, &inputs, &expected);
    const uint64_t count = failing_driver_count();
    assert_true(expected.submits > 5);
    for (uint64_t n = 1; n <= count; n += count / 40 + 1) {
        const vrn_outputs outputs = {.logits = found.logits};
        failing_driver_at(n, VK_ERROR_OUT_OF_HOST_MEMORY);
        const vrn_result r = vrn_session_run(session, &inputs, &outputs);
        const bool hit = failing_driver_hit() != NULL;
        failing_driver_at(0, VK_SUCCESS);
        assert_true(r == VRN_OK || (hit && r == VRN_ERROR_OUT_OF_MEMORY));
        run(session, &inputs, &found);
        assert_memory_equal(found.logits, expected.logits, sizeof found.logits);
    }
    log_.errors = 0;
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

static int set_up(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int i = 0; i < NUMBERS; i++) input[i] = fixture_random(&random);
    device = fixture_device(&log_, 0);
    vrn_device_destroy(&device);
    failing_driver_install();
    device = fixture_device(&log_, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    const char *kind = "";
    fixture_done(&device, &log_);
    if (failing_driver_alive(&kind)) fprintf(stderr, "a %s is left\n", kind);
    return failing_driver_alive(&kind) == 0 ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precisions),
        cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_parameter),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
