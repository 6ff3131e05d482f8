/* The host's side of a run on drivers that report no times or compute nothing (the library notices,
 * or uses the host's clock), and on GPUs, which pack the floats of the host themselves. What a real
 * driver says is replaced in the device's own tables. */
#include "fixture.h"

#include <math.h>

#include "gpu/device.h"
#include "session/session.h"

enum { SIDE = 16, CLASSES = 3, BATCH = 2 };

static fixture_log messages;
static vrn_device *device;
static float input[BATCH * 3 * SIDE * SIDE];

static vrn_session *make_session(const vrn_model *model, double limit_ms)
{
    vrn_session *session = NULL;
    const vrn_session_params params = {
        .batch = BATCH,
        .height = SIDE,
        .width = SIDE,
        .in_flight = 1,
        .submission_limit_ms = limit_ms,
    };
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_OK);
    return session;
}

static vrn_result run(vrn_session *session, vrn_timing *timing)
{
    float logits[BATCH * CLASSES], probabilities[BATCH * CLASSES];
    const vrn_inputs inputs = {.count = BATCH, .nchw = input};
    const vrn_outputs outputs = {
        .logits = logits, .probabilities = probabilities, .timing = timing};
    return vrn_session_run(session, &inputs, &outputs);
}

static vrn_model *make_model(void)
{
    vrn_arch arch;
    vrn_model *model = NULL;
    assert_int_equal(vrn_arch_parse(&arch, "resnet8,planes=8:8:16,num_classes=3", NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 3, NULL), VRN_OK);
    return model;
}

static VKAPI_ATTR void VKAPI_CALL no_dispatch(VkCommandBuffer buffer, uint32_t x, uint32_t y,
                                              uint32_t z)
{
    (void)buffer, (void)x, (void)y, (void)z;
}

/* A driver that accepts everything and does nothing leaves zeros behind. */
static void nothing_is_no_answer(void **state)
{
    (void)state;
    vrn_model *model = make_model();
    vrn_session *session = make_session(model, 0);
    const PFN_vkCmdDispatch dispatch = device->vk.CmdDispatch;
    device->vk.CmdDispatch = no_dispatch;
    assert_int_equal(run(session, NULL), VRN_ERROR_UNSUPPORTED);
    device->vk.CmdDispatch = dispatch;
    assert_int_equal(messages.errors, 1);
    messages.errors = 0;
    assert_non_null(strstr(messages.last, "not to 1"));

    /* Its ticket says so each time, also after another submission has met it, which is not in the
     * way of the next. The commands were recorded without dispatches. */
    float logits[BATCH * CLASSES];
    const vrn_inputs inputs = {.count = BATCH, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    vrn_ticket first, second;
    assert_int_equal(vrn_session_submit(session, &inputs, &outputs, &first), VRN_OK);
    assert_int_equal(vrn_session_submit(session, &inputs, &outputs, &second),
                     VRN_ERROR_UNSUPPORTED);
    assert_int_equal(vrn_session_wait(session, first), VRN_ERROR_UNSUPPORTED);
    assert_int_equal(vrn_session_wait(session, first), VRN_ERROR_UNSUPPORTED);
    assert_int_equal(vrn_session_submit(session, &inputs, &outputs, &second), VRN_OK);
    assert_int_equal(vrn_session_wait(session, second), VRN_ERROR_UNSUPPORTED);
    messages.errors = 0;
    vrn_session_destroy(&session);

    session = make_session(model, 0);
    assert_int_equal(run(session, NULL), VRN_OK);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

static VkResult clock_result;

static VKAPI_ATTR VkResult VKAPI_CALL stopped_clock(VkDevice handle, VkQueryPool queries,
                                                    uint32_t first, uint32_t count, size_t bytes,
                                                    void *data, VkDeviceSize stride,
                                                    VkQueryResultFlags flags)
{
    (void)handle, (void)queries, (void)first, (void)count, (void)stride, (void)flags;
    memset(data, 0, bytes);
    return clock_result;
}

/* Timestamps that are all the same, as where they are written at the end, or that never come. */
static void the_hosts_clock_does(void **state)
{
    static const VkResult results[] = {VK_SUCCESS, VK_NOT_READY};
    (void)state;
    if (!vrn_device_has(device, VRN_CAPABILITY_TIMESTAMPS)) skip();
    vrn_model *model = make_model();
    const PFN_vkGetQueryPoolResults read = device->vk.GetQueryPoolResults;
    device->vk.GetQueryPoolResults = stopped_clock;
    for (int i = 0; i < 2; i++) {
        clock_result = results[i];
        vrn_timing timing;
        vrn_layer layers[32];
        uint32_t count = 0;
        vrn_session *session = make_session(model, 500);
        assert_int_equal(run(session, &timing), VRN_OK);
        assert_true(timing.gpu_ms == 0);
        assert_true(session->split.measured && session->split.pace > 0);
        assert_int_equal(vrn_session_profile(session, 2, layers, 32, &count), VRN_OK);
        assert_true(count > 5);
        for (uint32_t k = 0; k < count; k++) assert_true(layers[k].gpu_ms > 0);
        vrn_session_destroy(&session);
    }
    const vrn_session_params params = {.batch = BATCH, .height = SIDE, .width = SIDE};
    assert_int_equal(vrn_device_tune(device, model, &params, NULL, NULL), VRN_OK);
    device->vk.GetQueryPoolResults = read;
    vrn_session *session = make_session(model, 0);
    vrn_layer layers[32];
    uint32_t count = 0;
    assert_int_equal(vrn_session_get_layers(session, layers, 32, &count), VRN_OK);
    assert_string_equal(layers[0].why, "tuned");
    assert_true(layers[0].rejected_ms > 0);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

/* Runs `count` images in each layout, and photos in between, which use the same command buffer. */
static void run_layouts(vrn_session *session, uint32_t count, float logits[2][BATCH * CLASSES])
{
    static float channels_last[BATCH * 3 * SIDE * SIDE];
    static uint8_t photo[SIDE * SIDE * 3];
    enum { PIXELS = SIDE * SIDE };
    for (uint32_t i = 0; i < count * PIXELS; i++) {
        for (uint32_t c = 0; c < 3; c++) {
            channels_last[i * 3 + c] = input[(i / PIXELS * 3 + c) * PIXELS + i % PIXELS];
        }
    }
    const vrn_image image = {
        .pixels = photo, .width = SIDE, .height = SIDE, .format = VRN_PIXEL_RGB};
    const vrn_inputs inputs[] = {{.count = count, .nchw = input},
                                 {.count = count, .nhwc = channels_last},
                                 {.count = 1, .images = &image}};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            float unused[CLASSES];
            const vrn_outputs outputs = {.logits = i < 2 ? logits[i] : unused};
            assert_int_equal(vrn_session_run(session, &inputs[i], &outputs), VRN_OK);
            if (i == 0) assert_int_equal(vrn_session_run(session, &inputs[i], &outputs), VRN_OK);
        }
    }
    assert_memory_equal(logits[0], logits[1], sizeof(float) * count * CLASSES);
}

/* A GPU gets floats as they are and packs them itself: the results are those of the host's packing
 * but for the rounding of other kernels, and values that are not finite are refused. */
static void gpus_pack_floats(void **state)
{
    (void)state;
    vrn_model *model = make_model();
    const vrn_device_type type = device->probe.info.type;
    static float logits[2][2][2][BATCH * CLASSES]; /* by device, count, layout */
    uint64_t bytes[2];
    for (int gpu = 0; gpu < 2; gpu++) {
        device->probe.info.type = gpu ? VRN_DEVICE_DISCRETE : VRN_DEVICE_CPU;
        vrn_session *session = make_session(model, 0);
        run_layouts(session, BATCH, logits[gpu][0]);
        run_layouts(session, 1, logits[gpu][1]);
        bytes[gpu] = session->slots[0].input.size;
        const float last = input[BATCH * 3 * SIDE * SIDE - 1];
        input[BATCH * 3 * SIDE * SIDE - 1] = NAN;
        assert_int_equal(run(session, NULL), VRN_ERROR_INVALID_ARGUMENT);
        assert_non_null(strstr(messages.last, "image 2 of 2"));
        messages.errors = 0;
        input[BATCH * 3 * SIDE * SIDE - 1] = last;
        vrn_session_destroy(&session);
    }
    device->probe.info.type = type;
    const float *ours = &logits[0][0][0][0], *packed = &logits[1][0][0][0];
    for (size_t i = 0; i < sizeof logits[0] / sizeof *ours; i++) {
        assert_float_equal(ours[i], packed[i], 1e-5f * (1 + fabsf(ours[i])));
    }
    assert_int_equal(bytes[1], bytes[0] / 4 * 3);
    vrn_model_destroy(&model);
}

static int set_up(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (size_t i = 0; i < sizeof input / sizeof *input; i++) input[i] = fixture_random(&random);
    device = fixture_device(&messages, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&device, &messages);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_no_answer),
        cmocka_unit_test(the_hosts_clock_does),
        cmocka_unit_test(gpus_pack_floats),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
