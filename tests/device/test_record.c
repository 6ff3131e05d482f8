/* The network in an application's own command buffers: from buffers and images, always the
 * bytes that vrn_session_run gives for the same pixels. */
#include "recording.h"

/* A plain picture, 2 : 1, is a band between black bars. */
static void letterbox_shows_all(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    app_buffer wide = app_buffer_create(&app, 64 * 32 * 4);
    uint8_t square[32 * 32 * 4] = {0};
    for (int i = 0; i < 64 * 32 * 4; i++) ((uint8_t *)wide.mapped)[i] = (uint8_t)(50 + i % 4 * 60);
    for (int i = 8 * 32 * 4; i < 24 * 32 * 4; i++) square[i] = (uint8_t)(50 + i % 4 * 60);
    float expected[CLASSES];
    run_photo(session, square, 32, 32, expected);
    const vrn_record_pixels input = {.place = {wide.handle, 0}, .width = 64, .height = 32};
    const vrn_record_params params = {.pixels = &input, .fit = VRN_FIT_LETTERBOX};
    expect(session, params, expected, "letterbox");
    app_buffer_destroy(&app, &wide);
    vrn_session_destroy(&session);
}

/* A session's own transform, whichever way: recorded and run, the same bytes. */
static void transforms_equal_runs(void **state)
{
    (void)state;
    static const vrn_transform transforms[] = {
        {.mode = VRN_RESIZE_EXACT, .resize = 32, .resize_width = 24, .std = {1, 1, 1}},
        {.mode = VRN_RESIZE_LONGER,
         .resize = 32,
         .crop = 40,
         .crop_width = 32,
         .fill = {9, 80, 200}},
        {.mode = VRN_RESIZE_LETTERBOX, .crop = 32, .crop_width = 48, .fill = {114, 114, 114}},
        {.resize = 32, .channels = VRN_CHANNELS_BGR, .scale = 1, .mean = {103, 116, 123}},
    };
    for (size_t i = 0; i < sizeof transforms / sizeof transforms[0]; i++) {
        vrn_session *session = make_session(&(vrn_session_params){.transform = &transforms[i]});
        float expected[CLASSES], plain[CLASSES];
        run_photo(session, picture, WIDTH, HEIGHT, expected);
        app_buffer buffer = app_buffer_create(&app, WIDTH * HEIGHT * 4);
        memcpy(buffer.mapped, picture, WIDTH * HEIGHT * 4);
        const vrn_record_pixels input = {
            .place = {buffer.handle, 0}, .width = WIDTH, .height = HEIGHT};
        expect(session, (vrn_record_params){.pixels = &input}, expected, "a transform");
        app_buffer_destroy(&app, &buffer);
        vrn_session_destroy(&session);
        session = make_session(NULL);
        run_photo(session, picture, WIDTH, HEIGHT, plain);
        assert_memory_not_equal(plain, expected, sizeof plain);
        vrn_session_destroy(&session);
    }
}

/* So wide that no 64 rows of it could be bound at once, of which it has fewer: one row between the
 * bars. */
static void letterbox_of_a_ribbon(void **state)
{
    (void)state;
    enum { RIBBON_WIDTH = 600000, RIBBON_HEIGHT = 10, BYTES = RIBBON_WIDTH * RIBBON_HEIGHT * 4 };
    vrn_session *session = make_session(NULL);
    app_buffer ribbon = app_buffer_create(&app, BYTES);
    uint8_t square[32 * 32 * 4] = {0};
    for (int i = 0; i < BYTES; i++) ((uint8_t *)ribbon.mapped)[i] = (uint8_t)(50 + i % 4 * 60);
    for (int i = 16 * 32 * 4; i < 17 * 32 * 4; i++) square[i] = (uint8_t)(50 + i % 4 * 60);
    float expected[CLASSES];
    run_photo(session, square, 32, 32, expected);
    const vrn_record_pixels input = {
        .place = {ribbon.handle, 0}, .width = RIBBON_WIDTH, .height = RIBBON_HEIGHT};
    const vrn_record_params params = {.pixels = &input, .fit = VRN_FIT_LETTERBOX};
    expect(session, params, expected, "ribbon");
    app_buffer_destroy(&app, &ribbon);
    vrn_session_destroy(&session);
}

/* ---- Buffers ---- */

static void bytes_in_buffers(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    enum { OFFSET = 52, STRIDE = WIDTH * 4 + 12 };
    app_buffer buffer = app_buffer_create(&app, OFFSET + STRIDE * HEIGHT);
    for (int bgra = 0; bgra < 2; bgra++) {
        for (int i = 0; i < WIDTH * HEIGHT; i++) {
            uint8_t *to = (uint8_t *)buffer.mapped + OFFSET + i / WIDTH * STRIDE + i % WIDTH * 4;
            uint8_t rgba[4];
            memcpy(rgba, picture + (size_t)i * 4, 4);
            (bgra ? store_bgra : store_rgba)(to, rgba);
        }
        const vrn_record_pixels input = {.place = {buffer.handle, OFFSET},
                                         .width = WIDTH,
                                         .height = HEIGHT,
                                         .stride = STRIDE,
                                         .format = bgra ? VRN_PIXEL_BGRA : VRN_PIXEL_RGBA};
        expect(session, (vrn_record_params){.pixels = &input}, expected, bgra ? "BGRA" : "RGBA");
    }
    app_buffer_destroy(&app, &buffer);
    vrn_session_destroy(&session);
}

/* A batch of floats in both orders, every output at an odd offset; in one slice and in three, and
 * with each precision. */
static void floats_and_every_output(void **state)
{
    (void)state;
    enum { PIXELS = 32 * 32, NUMBERS = BATCH * 3 * PIXELS, ODD = 20, TOP = 4 };
    const vrn_session_params variants[] = {
        {.batch = BATCH, .taps = taps, .tap_count = TAPS},
        {.batch = BATCH, .taps = taps, .tap_count = TAPS, .memory_limit = 1},
        {.batch = BATCH, .taps = taps, .tap_count = TAPS, .precision = VRN_PRECISION_FP16},
    };
    for (size_t v = 0; v < 2 * sizeof variants / sizeof variants[0]; v++) {
        const bool planar = v % 2;
        vrn_session *session = make_session(&variants[v / 2]);
        app_buffer in = app_buffer_create(&app, ODD + NUMBERS * sizeof(float));
        float *numbers = (float *)(void *)((char *)in.mapped + ODD);
        uint64_t seed = v;
        for (int i = 0; i < NUMBERS; i++) numbers[i] = fixture_random(&seed);
        results r;
        results_create(&r, session);
        const vrn_inputs inputs = {
            .count = BATCH, .nchw = planar ? numbers : NULL, .nhwc = planar ? NULL : numbers};
        const vrn_outputs outputs = {
            .logits = r.logits, .probabilities = r.probabilities, .taps = r.taps};
        assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);

        const size_t tap0 = ODD + sizeof r.logits * 2 + BATCH * TOP * sizeof(vrn_top);
        const size_t tap1 = tap0 + BATCH * r.tap_numbers[0] * sizeof(float);
        app_buffer out =
            app_buffer_create(&app, tap1 + BATCH * r.tap_numbers[1] * sizeof(float) + 4);
        const vrn_place places[TAPS] = {{out.handle, tap0}, {out.handle, tap1}};
        const vrn_place input = {in.handle, ODD};
        const vrn_record_params params = {
            .count = BATCH,
            .nchw = planar ? input : (vrn_place){0},
            .nhwc = planar ? (vrn_place){0} : input,
            .logits = {out.handle, ODD},
            .probabilities = {out.handle, ODD + sizeof r.logits},
            .top = {out.handle, ODD + sizeof r.logits * 2},
            .top_count = TOP,
            .taps = places,
        };
        VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
        app_finish(&app, commands);
        const char *found = out.mapped;
        for (int i = 0; i < ODD; i++) assert_int_equal((uint8_t)found[i], 0xab);
        assert_memory_equal(found + ODD, r.logits, sizeof r.logits);
        assert_memory_equal(found + ODD + sizeof r.logits, r.probabilities, sizeof r.probabilities);
        assert_memory_equal(found + tap0, r.taps[0], tap1 - tap0);
        assert_memory_equal(found + tap1, r.taps[1], out.bytes - 4 - tap1);
        for (int i = 1; i <= 4; i++) assert_int_equal((uint8_t)found[out.bytes - (size_t)i], 0xab);
        const vrn_top *top = (const void *)(found + ODD + sizeof r.logits * 2);
        for (int n = 0; n < BATCH; n++) {
            const float *p = r.probabilities + n * CLASSES;
            for (int k = 0; k < TOP; k++) {
                const vrn_top *t = &top[n * TOP + k];
                assert_true(t->index < CLASSES && t->probability == p[t->index]);
                int better = 0;
                for (int c = 0; c < CLASSES; c++) {
                    better +=
                        p[c] > t->probability || (p[c] == t->probability && c < (int)t->index);
                }
                assert_int_equal(better, k);
            }
        }
        results_free(&r);
        app_buffer_destroy(&app, &in);
        app_buffer_destroy(&app, &out);
        vrn_session_destroy(&session);
    }
}

/* ---- Command buffers ---- */

/* Four recordings in two submissions without a wait between them, one of them in a secondary
 * buffer, with a run of the session in the middle; then all of it again. */
static void several_in_flight(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    enum { RECORDINGS = 4, PIXELS = 32 * 32 * 4 };
    float expected[RECORDINGS][CLASSES], run[CLASSES];
    app_buffer in = app_buffer_create(&app, RECORDINGS * PIXELS);
    app_buffer out = app_buffer_create(&app, sizeof expected);
    uint64_t seed = 5;
    for (int i = 0; i < RECORDINGS * PIXELS; i++) {
        ((uint8_t *)in.mapped)[i] = (uint8_t)(fixture_random(&seed) * 127 + 128);
    }
    VkCommandBuffer buffers[3];
    for (int i = 0; i < 3; i++) {
        buffers[i] = app_begin(&app, i < 2 ? VK_COMMAND_BUFFER_LEVEL_PRIMARY
                                           : VK_COMMAND_BUFFER_LEVEL_SECONDARY);
    }
    for (uint32_t i = 0; i < RECORDINGS; i++) {
        run_photo(session, (uint8_t *)in.mapped + i * PIXELS, 32, 32, expected[i]);
        const vrn_record_pixels input = {
            .place = {in.handle, i * PIXELS}, .width = 32, .height = 32};
        const vrn_record_params params = {
            .slot = i * 7, .pixels = &input, .logits = {out.handle, i * sizeof expected[0]}};
        assert_int_equal(vrn_session_record(session, buffers[i < 2 ? 0 : i - 1], &params), VRN_OK);
    }
    assert_int_equal(app.EndCommandBuffer(buffers[2]), VK_SUCCESS);
    app.CmdExecuteCommands(buffers[1], 1, &buffers[2]);
    for (int i = 0; i < 2; i++) assert_int_equal(app.EndCommandBuffer(buffers[i]), VK_SUCCESS);
    for (int again = 0; again < 2; again++) {
        memset(out.mapped, 0, out.bytes);
        app_submit(&app, buffers[0]);
        run_photo(session, in.mapped, 32, 32, run);
        app_submit(&app, buffers[1]);
        assert_int_equal(app.QueueWaitIdle(app.queue), VK_SUCCESS);
        assert_memory_equal(out.mapped, expected, sizeof expected);
        assert_memory_equal(run, expected[0], sizeof run);
    }
    app_buffer_destroy(&app, &in);
    app_buffer_destroy(&app, &out);
    vrn_session_destroy(&session);
}

/* The application makes the two barriers itself, as the header tells it to. */
static void barriers_of_the_application(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    const VkImageLayout layout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    app_image image = make_image(VK_FORMAT_R8G8B8A8_UNORM, store_rgba, layout, NULL);
    app_buffer texels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 4);
    app_buffer out = app_buffer_create(&app, sizeof expected),
               copy = app_buffer_create(&app, sizeof expected);
    memcpy(texels.mapped, picture, texels.bytes);
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const VkBufferImageCopy region = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                      .imageExtent = {WIDTH, HEIGHT, 1}};
    app.CmdCopyBufferToImage(commands, texels.handle, image.handle, layout, 1, &region);
    const VkMemoryBarrier before = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                    .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                    .dstAccessMask = VK_ACCESS_SHADER_READ_BIT};
    app.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                           VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, 1, &before, 0, NULL, 0, NULL);
    const vrn_record_image input = record_image(&image, layout);
    const vrn_record_params params = {.images = &input,
                                      .logits = {out.handle, 0},
                                      .no_input_barrier = true,
                                      .no_output_barrier = true};
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
    const VkMemoryBarrier after = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                   .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
                                   .dstAccessMask =
                                       VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT};
    app.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                           VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &after, 0, NULL, 0, NULL);
    const VkBufferCopy bytes = {.size = sizeof expected};
    app.CmdCopyBuffer(commands, out.handle, copy.handle, 1, &bytes);
    app.CmdCopyBufferToImage(commands, texels.handle, image.handle, layout, 1, &region);
    app_finish(&app, commands);
    assert_memory_equal(copy.mapped, expected, sizeof expected);
    app_buffer_destroy(&app, &texels);
    app_buffer_destroy(&app, &out);
    app_buffer_destroy(&app, &copy);
    app_image_destroy(&app, &image);
    vrn_session_destroy(&session);
}

/* ---- What the host sees ---- */

static atomic_int maps, allocations, pipelines, picture_copies;

static VKAPI_ATTR VkResult VKAPI_CALL counted_map(VkDevice from, VkDeviceMemory memory,
                                                  VkDeviceSize offset, VkDeviceSize size,
                                                  VkMemoryMapFlags flags, void **mapped)
{
    atomic_fetch_add(&maps, 1);
    return app.MapMemory(from, memory, offset, size, flags, mapped);
}

static VKAPI_ATTR VkResult VKAPI_CALL counted_allocation(VkDevice from,
                                                         const VkMemoryAllocateInfo *info,
                                                         const VkAllocationCallbacks *allocator,
                                                         VkDeviceMemory *memory)
{
    atomic_fetch_add(&allocations, 1);
    return app.AllocateMemory(from, info, allocator, memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL counted_pipelines(VkDevice from, VkPipelineCache cache,
                                                        uint32_t count,
                                                        const VkComputePipelineCreateInfo *infos,
                                                        const VkAllocationCallbacks *allocator,
                                                        VkPipeline *made)
{
    PFN_vkCreateComputePipelines create =
        (PFN_vkCreateComputePipelines)app.GetDeviceProcAddr(from, "vkCreateComputePipelines");
    atomic_fetch_add(&pipelines, 1);
    return create(from, cache, count, infos, allocator, made);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL counting_device(VkDevice from, const char *name)
{
    if (strcmp(name, "vkMapMemory") == 0) return (PFN_vkVoidFunction)counted_map;
    if (strcmp(name, "vkAllocateMemory") == 0) return (PFN_vkVoidFunction)counted_allocation;
    if (strcmp(name, "vkCreateComputePipelines") == 0) {
        return (PFN_vkVoidFunction)counted_pipelines;
    }
    /* The ways in which a picture could leave the device. */
    if (strstr(name, "CopyImage") || strstr(name, "BlitImage"))
        atomic_fetch_add(&picture_copies, 1);
    return app.GetDeviceProcAddr(from, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL counting(VkInstance instance, const char *name)
{
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) return (PFN_vkVoidFunction)counting_device;
    return app.get(instance, name);
}

/* Of each frame the host reads the logits, which it asked for, and nothing else: the library has no
 * function that copies from images, makes no memory after the first frame, and maps none. */
static void the_host_reads_no_picture(void **state)
{
    (void)state;
    vrn_device_import_params params = app.import;
    params.get_instance_proc_addr = counting;
    vrn_device *counted = NULL;
    vrn_session *session = NULL;
    assert_int_equal(vrn_device_import(&counted, &params), VRN_OK);
    assert_int_equal(vrn_session_create(&session, counted, model, NULL), VRN_OK);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    const VkImageLayout layout = VK_IMAGE_LAYOUT_GENERAL;
    app_image image = make_image(VK_FORMAT_R8G8B8A8_SRGB, store_rgba, layout, NULL);
    const vrn_record_image input = record_image(&image, layout);
    for (int frame = 0; frame < 3; frame++) {
        const int mapped = atomic_load(&maps), allocated = atomic_load(&allocations);
        expect(session, (vrn_record_params){.images = &input}, expected, "a counted frame");
        if (frame == 0) continue;
        assert_int_equal(atomic_load(&maps), mapped);
        assert_int_equal(atomic_load(&allocations), allocated);
    }
    assert_true(atomic_load(&allocations) > 0);
    assert_int_equal(atomic_load(&picture_copies), 0);
    app_image_destroy(&app, &image);
    vrn_session_destroy(&session);
    vrn_device_destroy(&counted);
}

/* After a preparation even the first recording in each slot makes nothing, and neither do smaller
 * pictures, with a cursor or without. */
/* Without a buffer of the application, and timed. */
static void the_library_keeps_a_verdict(void **state)
{
    (void)state;
    enum { COUNT = 2, BEST = 3 };
    vrn_session *session = make_session(&(vrn_session_params){.batch = BATCH});
    const vrn_image photos[COUNT] = {{.pixels = picture, .width = WIDTH, .height = HEIGHT},
                                     {.pixels = picture, .width = WIDTH, .height = HEIGHT - 9}};
    float expected[COUNT][CLASSES];
    const vrn_inputs inputs = {.count = COUNT, .images = photos};
    assert_int_equal(
        vrn_session_run(session, &inputs, &(vrn_outputs){.probabilities = expected[0]}), VRN_OK);
    app_buffer pixels = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 4);
    memcpy(pixels.mapped, picture, pixels.bytes);
    vrn_record_pixels pictures[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pictures[i] = (vrn_record_pixels){
            .place = {pixels.handle, 0},
            .width = WIDTH,
            .height = photos[i].height,
            .format = VRN_PIXEL_RGBA,
        };
    }
    double ms;
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    assert_null(vrn_session_get_top(session, 1));
    assert_null(vrn_session_get_top(session, VRN_MAX_RECORD_SLOTS));
    assert_false(vrn_session_get_recorded_ms(session, 1, &ms));
    vrn_record_params params = {.slot = 1,
                                .count = COUNT,
                                .pixels = pictures,
                                .top_count = BEST,
                                .keep_top = true,
                                .timed = true};
    for (int round = 0; round < 2; round++) {
        VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
        assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
        app_finish(&app, commands);
        const vrn_top *top = vrn_session_get_top(session, 1);
        assert_non_null(top);
        for (int i = 0; i < COUNT; i++) {
            for (int k = 0; k < BEST; k++, top++) {
                assert_true(top->probability == expected[i][top->index]);
                int above = 0;
                for (int c = 0; c < CLASSES; c++) above += expected[i][c] > top->probability;
                assert_true(above <= k);
            }
        }
        const bool timed = params.timed && (info.capabilities & VRN_CAPABILITY_TIMESTAMPS);
        assert_true(vrn_session_get_recorded_ms(session, 1, &ms) == timed);
        assert_true((ms > 0) == timed);
        params.timed = false;
    }
    params.top_count = CLASSES + 1;
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_ERROR_INVALID_ARGUMENT);
    app_buffer_destroy(&app, &pixels);
    vrn_session_destroy(&session);
}

static void preparation_spares_the_first_frame(void **state)
{
    (void)state;
    vrn_device_import_params import = app.import;
    import.get_instance_proc_addr = counting;
    vrn_device *counted = NULL;
    vrn_session *session = NULL;
    assert_int_equal(vrn_device_import(&counted, &import), VRN_OK);
    const vrn_session_params budgeted = {.record_budget_ms = 1};
    assert_int_equal(vrn_session_create(&session, counted, model, &budgeted), VRN_OK);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    const VkImageLayout layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    app_image image = make_image(VK_FORMAT_R8G8B8A8_SRGB, store_rgba, layout, NULL);
    const vrn_record_image input = record_image(&image, layout);
    app_buffer out = app_buffer_create(&app, CLASSES * sizeof(float));
    vrn_record_cursor cursor = {0};
    vrn_record_params params = {
        .images = &input, .logits = {out.handle, 0}, .cursor = &cursor, .budget_ms = 1e9};
    assert_int_equal(vrn_session_prepare(session, 2, &params), VRN_OK);
    assert_int_equal(cursor.token, 0);
    const int compiled = atomic_load(&pipelines), allocated = atomic_load(&allocations);
    for (uint32_t slot = 0; slot < 2; slot++) {
        params.slot = slot;
        params.cursor = NULL;
        expect(session, params, expected, "a prepared slot");
        params.cursor = &cursor;
        for (cursor = (vrn_record_cursor){0}; !cursor.done;) {
            VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
            assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
            app_finish(&app, commands);
        }
        assert_memory_equal(out.mapped, expected, sizeof expected);
    }
    assert_int_equal(atomic_load(&pipelines), compiled);
    assert_int_equal(atomic_load(&allocations), allocated);
    assert_int_equal(vrn_session_prepare(session, VRN_MAX_RECORD_SLOTS + 1, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(app.log.last, "vrn_session_prepare"));
    app.log.errors = 0;
    app_buffer_destroy(&app, &out);
    app_image_destroy(&app, &image);
    vrn_session_destroy(&session);
    vrn_device_destroy(&counted);
}

/* ---- Refusals ---- */

static void refuse(vrn_session *session, const vrn_record_params *params, vrn_result expected,
                   const char *word)
{
    VkCommandBuffer commands = app_begin(&app, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
    const int errors = app.log.errors;
    assert_int_equal(vrn_session_record(session, commands, params), expected);
    assert_int_equal(app.log.errors, errors + 1);
    if (!strstr(app.log.last, word)) fprintf(stderr, "no '%s' in '%s'\n", word, app.log.last);
    assert_non_null(strstr(app.log.last, word));
    app.log.errors = errors;
    assert_int_equal(app.EndCommandBuffer(commands), VK_SUCCESS);
}

static void wrong_calls_are_refused(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    app_buffer buffer = app_buffer_create(&app, (size_t)WIDTH * HEIGHT * 4);
    const vrn_place place = {buffer.handle, 0};
    const vrn_record_pixels good = {.place = place, .width = WIDTH, .height = HEIGHT};
    const vrn_record_pixels empty = {.place = place},
                            thin = {.place = place, .width = 9, .height = 1, .stride = 8};
    const VkImageView view = (VkImageView)(uintptr_t)1;
    const vrn_record_image depth = {.view = view, .format = VK_FORMAT_D32_SFLOAT};
    vrn_record_image image = {
        .view = view, .format = VK_FORMAT_R8G8B8A8_UNORM, .width = 4, .height = 4};
    const vrn_record_image undefined = image;
    image.layout = VK_IMAGE_LAYOUT_PREINITIALIZED;
    const vrn_record_image preinitialized = image;
    image.layout = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
    const vrn_record_image present = image;
    image.layout = VK_IMAGE_LAYOUT_GENERAL;
    image.region = (VkRect2D){{2, 0}, {3, 4}};
    const struct {
        vrn_record_params params;
        vrn_result result;
        const char *word;
    } cases[] = {
        {{.slot = 0}, VRN_ERROR_INVALID_ARGUMENT, "exactly one"},
        {{.pixels = &good, .nhwc = place}, VRN_ERROR_INVALID_ARGUMENT, "exactly one"},
        {{.pixels = &good, .count = 2}, VRN_ERROR_INVALID_ARGUMENT, "batch is 1"},
        {{.pixels = &good, .slot = 64}, VRN_ERROR_INVALID_ARGUMENT, "slot 64"},
        {{.pixels = &good, .top = place, .top_count = CLASSES + 1},
         VRN_ERROR_INVALID_ARGUMENT,
         "classes"},
        {{.pixels = &good, .logits = {buffer.handle, 2}}, VRN_ERROR_INVALID_ARGUMENT, "logits"},
        {{.pixels = &empty}, VRN_ERROR_INVALID_ARGUMENT, "0 x 0"},
        {{.pixels = &thin}, VRN_ERROR_INVALID_ARGUMENT, "stride 8"},
        {{.images = &depth}, VRN_ERROR_UNSUPPORTED, "VkFormat 126"},
        {{.images = &undefined}, VRN_ERROR_INVALID_ARGUMENT, "UNDEFINED"},
        {{.images = &preinitialized}, VRN_ERROR_INVALID_ARGUMENT, "PREINITIALIZED"},
        {{.images = &present}, VRN_ERROR_INVALID_ARGUMENT, "expected its VkImage"},
        {{.images = &image}, VRN_ERROR_INVALID_ARGUMENT, "region"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vrn_record_params params = cases[i].params;
        if (!params.logits.buffer) params.probabilities = place;
        refuse(session, &params, cases[i].result, cases[i].word);
    }
    refuse(session, &(vrn_record_params){.pixels = &good}, VRN_ERROR_INVALID_ARGUMENT,
           "expected a place for logits");
    app_buffer_destroy(&app, &buffer);
    vrn_session_destroy(&session);
}

int main(void)
{
    if (!setup()) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_equal_runs),
        cmocka_unit_test(letterbox_shows_all),
        cmocka_unit_test(letterbox_of_a_ribbon),
        cmocka_unit_test(bytes_in_buffers),
        cmocka_unit_test(floats_and_every_output),
        cmocka_unit_test(several_in_flight),
        cmocka_unit_test(barriers_of_the_application),
        cmocka_unit_test(the_host_reads_no_picture),
        cmocka_unit_test(the_library_keeps_a_verdict),
        cmocka_unit_test(preparation_spares_the_first_frame),
        cmocka_unit_test(wrong_calls_are_refused),
    };
    const int failed = cmocka_run_group_tests_name("record", tests, NULL, NULL);
    return teardown() || failed;
}
