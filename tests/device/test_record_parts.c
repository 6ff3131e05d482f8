/* A network that is spread over several recordings, as an application does that has a few
 * milliseconds a frame: the bytes are those of one run, whatever the budget, the precision and the
 * number of frames in flight, and what disturbs such a network is refused. */
#include "recording.h"

enum { MOST_PARTS = 4000 };

/* Records one network, and submits the parts `together` at a time. */
static void record_parts(vrn_session *session, vrn_record_params params, uint32_t together,
                         results *got, uint32_t *count)
{
    const uint32_t images = params.count ? params.count : 1;
    app_buffer out = app_buffer_create(&app, images * CLASSES * sizeof(float));
    app_buffer tap_buffers[TAPS];
    vrn_place tap_places[TAPS];
    for (int i = 0; i < TAPS; i++) {
        tap_buffers[i] = app_buffer_create(&app, images * got->tap_numbers[i] * sizeof(float));
        tap_places[i] = (vrn_place){tap_buffers[i].handle, 0};
    }
    vrn_record_cursor cursor = {0};
    params.cursor = &cursor;
    params.logits = (vrn_place){out.handle, 0};
    params.taps = tap_places;
    VkCommandBuffer waiting[8];
    uint32_t pending = 0;
    for (*count = 0; !cursor.done; ++*count) {
        assert_true(*count < MOST_PARTS);
        waiting[pending] = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        assert_int_equal(vrn_session_record(session, waiting[pending++], &params), VRN_OK);
        assert_int_equal(cursor.recordings, *count + 1);
        if (pending == together || cursor.done) {
            for (uint32_t i = 0; i < pending; i++) app_finish(&app, waiting[i]);
            pending = 0;
        }
    }
    memcpy(got->logits, out.mapped, out.bytes);
    for (int i = 0; i < TAPS; i++) {
        memcpy(got->taps[i], tap_buffers[i].mapped, tap_buffers[i].bytes);
        app_buffer_destroy(&app, &tap_buffers[i]);
    }
    app_buffer_destroy(&app, &out);
}

static void expect_equal(const results *found, const results *expected, uint32_t images)
{
    assert_memory_equal(found->logits, expected->logits, images * CLASSES * sizeof(float));
    for (int i = 0; i < TAPS; i++) {
        assert_memory_equal(found->taps[i], expected->taps[i],
                            images * expected->tap_numbers[i] * sizeof(float));
    }
}

/* The model with scales for bytes. */
static vrn_model *calibrate(void)
{
    static float numbers[3 * 32 * 32];
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        numbers[i] = (float)(i * 37 % 101) / 50 - 1;
    }
    vrn_calibration *calibration = NULL;
    vrn_model *calibrated = NULL;
    const vrn_calibration_params params = {.height = 32, .width = 32};
    assert_int_equal(vrn_calibration_create(&calibration, device, model, &params), VRN_OK);
    const vrn_inputs inputs = {.count = 1, .nchw = numbers};
    assert_int_equal(vrn_calibration_add(calibration, &inputs), VRN_OK);
    assert_int_equal(vrn_calibration_finish(calibration, &calibrated, NULL), VRN_OK);
    vrn_calibration_destroy(&calibration);
    return calibrated;
}

/* From pictures, from one dispatch a part to everything in two parts. */
static void compare_parts(vrn_precision precision)
{
    static const double budgets[] = {1e-9, 0.05, 1e6};
    app_buffer pixels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 4);
    memcpy(pixels.mapped, picture, pixels.bytes);
    vrn_session *session = make_session(&(vrn_session_params){.batch = BATCH,
                                                              .taps = taps,
                                                              .tap_count = TAPS,
                                                              .precision = precision,
                                                              .record_budget_ms = 1e-9});
    results expected, found;
    results_create(&expected, session);
    results_create(&found, session);
    const vrn_image photo = {.pixels = picture, .width = WIDTH, .height = HEIGHT};
    const vrn_image photos[BATCH] = {photo, photo, photo};
    const vrn_inputs inputs = {.count = BATCH, .images = photos};
    const vrn_outputs outputs = {.logits = expected.logits, .taps = expected.taps};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    const vrn_record_pixels one = {.place = {pixels.handle, 0}, .width = WIDTH, .height = HEIGHT};
    const vrn_record_pixels all[BATCH] = {one, one, one};
    uint32_t counts[3];
    for (size_t b = 0; b < 3; b++) {
        const vrn_record_params params = {
            .slot = (uint32_t)b, .count = BATCH, .pixels = all, .budget_ms = budgets[b]};
        record_parts(session, params, 1 + 2 * (uint32_t)b, &found, &counts[b]);
        expect_equal(&found, &expected, BATCH);
    }
    assert_true(counts[0] > 20); /* the layers, some of which are divided */
    /* On a slow device each dispatch may exceed the second budget as well. */
    assert_true(counts[0] >= counts[1] && counts[1] >= counts[2] && counts[2] <= 2);
    results_free(&expected);
    results_free(&found);
    vrn_session_destroy(&session);
    app_buffer_destroy(&app, &pixels);
}

static void parts_give_the_bytes_of_a_run(void **state)
{
    (void)state;
    vrn_model *own = model;
    model = calibrate();
    compare_parts(VRN_PRECISION_FP32);
    compare_parts(VRN_PRECISION_FP16);
    compare_parts(VRN_PRECISION_INT8);
    vrn_model_destroy(&model);
    model = own;
}

/* Kernels that need many channels, some of which divide their rows among work groups. */
static void parts_of_wide_layers(void **state)
{
    (void)state;
    vrn_model *own = model;
    vrn_arch arch;
    assert_int_equal(
        vrn_arch_parse(
            &arch, "resnet,block=basic,layers=1:1,planes=64:256,stem=cifar,num_classes=7", NULL),
        VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 5, NULL), VRN_OK);
    compare_parts(VRN_PRECISION_FP32);
    vrn_model_destroy(&model);
    model = own;
}

/* A picture that is read by the first part alone, whose layout changes there and back. */
static void read_once(void)
{
    const VkImageLayout layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    vrn_session *session =
        make_session(&(vrn_session_params){.taps = taps, .tap_count = TAPS, .record_budget_ms = 1});
    results found;
    results_create(&found, session);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    app_image image = make_image(VK_FORMAT_R8G8B8A8_SRGB, store_rgba, layout, NULL);
    vrn_record_image input = record_image(&image, layout);
    vrn_record_cursor cursor = {0};
    app_buffer out = app_buffer_create(&app, sizeof expected);
    vrn_record_params params = {
        .images = &input, .cursor = &cursor, .budget_ms = 1e-9, .logits = {out.handle, 0}};
    while (!cursor.done) {
        VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
        app_finish(&app, commands);
        params.images = NULL; /* of no use any more */
    }
    assert_memory_equal(out.mapped, expected, sizeof expected);
    app_buffer_destroy(&app, &out);
    app_image_destroy(&app, &image);
    results_free(&found);
    vrn_session_destroy(&session);
}

/* Networks of three channels and of one. */
static void the_input_is_read_once(void **state)
{
    (void)state;
    read_once();
    vrn_model *own = model;
    vrn_arch arch;
    assert_int_equal(
        vrn_arch_parse(&arch, "resnet8,planes=8:8:16,num_classes=7,in_channels=1", NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 5, NULL), VRN_OK);
    read_once();
    vrn_model_destroy(&model);
    model = own;
}

static void refuse_part(vrn_session *session, vrn_record_params *params, const char *word)
{
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const int errors = app.log.errors;
    assert_int_equal(vrn_session_record(session, commands, params), VRN_ERROR_INVALID_ARGUMENT);
    if (!strstr(app.log.last, word)) fprintf(stderr, "no '%s' in '%s'\n", word, app.log.last);
    assert_non_null(strstr(app.log.last, word));
    app.log.errors = errors;
    assert_int_equal(app.EndCommandBuffer(commands), VK_SUCCESS);
    if (!params->cursor) return;
    assert_int_equal(params->cursor->token, 0);
    assert_int_equal(params->cursor->recordings, 0);
}

static void begin_network(vrn_session *session, const vrn_record_params *params)
{
    *params->cursor = (vrn_record_cursor){0};
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    assert_int_equal(vrn_session_record(session, commands, params), VRN_OK);
    app_finish(&app, commands);
    assert_false(params->cursor->done);
}

static void a_disturbed_network_is_refused(void **state)
{
    (void)state;
    vrn_session *session = make_session(&(vrn_session_params){.batch = 2});
    app_buffer numbers = app_buffer_create(&app, (size_t)2 * 3 * 32 * 32 * 4);
    app_buffer out = app_buffer_create(&app, 2 * CLASSES * sizeof(float));
    memset(numbers.mapped, 0, numbers.bytes);
    vrn_record_cursor cursor = {0};
    vrn_record_params params = {
        .nchw = {numbers.handle, 0}, .logits = {out.handle, 0}, .cursor = &cursor};
    refuse_part(session, &params, "needs a budget");
    params.budget_ms = -1;
    refuse_part(session, &params, "needs a budget");
    params.budget_ms = 1e-9;

    begin_network(session, &params); /* a run uses the activations */
    float logits[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, logits);
    refuse_part(session, &params, "used for something else");

    begin_network(session, &params); /* so does another slot */
    vrn_record_cursor other_cursor = {0};
    vrn_record_params other = params;
    other.slot = 1;
    other.cursor = &other_cursor;
    begin_network(session, &other);
    refuse_part(session, &params, "used for something else");

    begin_network(session, &params);
    params.slot = 2; /* nothing has begun there */
    refuse_part(session, &params, "used for something else");
    params.slot = 0;

    begin_network(session, &params);
    params.count = 2;
    refuse_part(session, &params, "expected 1 image,");
    params.count = 1;

    uint32_t parts = 1; /* after all that a network still comes to its end, and not further */
    begin_network(session, &params);
    for (; !cursor.done; parts++) {
        VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
        app_finish(&app, commands);
    }
    assert_int_equal(cursor.recordings, parts);
    refuse_part(session, &params, "is done");
    app_buffer_destroy(&app, &numbers);
    app_buffer_destroy(&app, &out);
    vrn_session_destroy(&session);
}

int main(void)
{
    if (!setup()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_give_the_bytes_of_a_run),
        cmocka_unit_test(parts_of_wide_layers),
        cmocka_unit_test(the_input_is_read_once),
        cmocka_unit_test(a_disturbed_network_is_refused),
    };
    const int failed = cmocka_run_group_tests_name("record_parts", tests, NULL, NULL);
    return teardown() || failed;
}
