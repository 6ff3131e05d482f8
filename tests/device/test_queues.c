/* Several queues, which queues_layer.c offers on any driver: sessions on each of them, sessions
 * that move, images that change owners, and submissions whose input is on the device. */
#define _POSIX_C_SOURCE 200809L /* setenv */

#include "recording.h"

#include <pthread.h>

/* The layer's families. */
enum { DRAWS, COMPUTES, COPIES, FAMILIES };
/* The numbers that the library gives to the lent queues. */
enum { COMPUTES_0, COMPUTES_1, DRAWS_0, NUMBERED };
enum { POINTS = 2, SIDE = 32, FLOATS = 3 * SIDE * SIDE };

static VkDeviceQueueCreateInfo queue_infos[FAMILIES];
static const vrn_queue_family lent[FAMILIES] = {
    {.index = COMPUTES, .count = 2}, {.index = COPIES}, {.index = DRAWS, .count = 1}};

/* ---- Locks ---- */

static pthread_mutex_t mutexes[FAMILIES][2];
static atomic_int uses[FAMILIES][2]; /* of each queue, by the library */

static void lock(void *user, uint32_t family, uint32_t index)
{
    (void)user;
    pthread_mutex_lock(&mutexes[family][index]);
    atomic_fetch_add(&uses[family][index], 1);
}

static void unlock(void *user, uint32_t family, uint32_t index)
{
    (void)user;
    pthread_mutex_unlock(&mutexes[family][index]);
}

static void forget_uses(void)
{
    for (int f = 0; f < FAMILIES; f++) {
        for (int i = 0; i < 2; i++) atomic_store(&uses[f][i], 0);
    }
}

static const vrn_lent_queues queues = {
    .families = lent, .family_count = FAMILIES, .lock = lock, .unlock = unlock, .user = mutexes};

/* ---- The application ---- */

static VkQueue queue_of(uint32_t family)
{
    VkQueue queue;
    app.GetDeviceQueue(app.device, family, 0, &queue);
    return queue;
}

static VkCommandPool pool_of(uint32_t family)
{
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .queueFamilyIndex = family,
    };
    VkCommandPool pool;
    assert_int_equal(app.CreateCommandPool(app.device, &info, NULL, &pool), VK_SUCCESS);
    return pool;
}

static VkCommandBuffer begin_in(VkCommandPool pool)
{
    application of_pool = app;
    of_pool.pool = pool;
    return app_begin(&of_pool, VK_COMMAND_BUFFER_LEVEL_PRIMARY);
}

static VkSemaphore make_timeline(void)
{
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
                                        .pNext = &type};
    VkSemaphore semaphore;
    assert_int_equal(app.CreateSemaphore(app.device, &info, NULL, &semaphore), VK_SUCCESS);
    return semaphore;
}

/* Ends and submits commands to the first queue of a family, between two values of a timeline. */
static void submit_between(uint32_t family, VkCommandBuffer commands, VkSemaphore timeline,
                           uint64_t from, uint64_t to)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = 1,
        .pWaitSemaphoreValues = &from,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &to,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &values,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &timeline,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &timeline,
    };
    assert_int_equal(app.EndCommandBuffer(commands), VK_SUCCESS);
    assert_int_equal(app.QueueSubmit(queue_of(family), 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
}

static void all_idle(void)
{
    for (uint32_t f = 0; f < FAMILIES; f++) {
        assert_int_equal(app.QueueWaitIdle(queue_of(f)), VK_SUCCESS);
    }
}

static void expect_logits(const float *found, const float *expected, const char *what)
{
    if (memcmp(found, expected, CLASSES * sizeof(float)) != 0)
        fprintf(stderr, "differs: %s\n", what);
    assert_memory_equal(found, expected, CLASSES * sizeof(float));
}

/* ---- Sessions on queues ---- */

typedef struct memory_count {
    int weights; /* buffers */
    uint64_t bytes;
} memory_count;

static VkResult count_memory(void *user, const vrn_memory_request *request, vrn_memory_block *block)
{
    memory_count *count = user;
    if (strcmp(request->name, "weights") == 0) count->weights++;
    count->bytes += request->requirements.size;
    const VkMemoryAllocateFlagsInfo flags = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = request->device_address ? &flags : NULL,
        .allocationSize = request->requirements.size,
        .memoryTypeIndex = request->memory_type,
    };
    VkResult result = app.AllocateMemory(app.device, &info, NULL, &block->memory);
    if (result == VK_SUCCESS && request->map) {
        result = app.MapMemory(app.device, block->memory, 0, VK_WHOLE_SIZE, 0, &block->mapped);
    }
    return result;
}

static void release_memory(void *user, const vrn_memory_block *block)
{
    (void)user;
    app.FreeMemory(app.device, block->memory, NULL);
}

/* A session for each queue: each submits to its own, and all have the weights of the first. */
static void queues_share_weights(void **state)
{
    (void)state;
    memory_count count = {0};
    const vrn_memory_hooks memory = {
        .allocate = count_memory, .release = release_memory, .user = &count};
    vrn_device_import_params p = app.import;
    p.memory = &memory;
    vrn_device *one = NULL;
    assert_int_equal(vrn_device_import(&one, &p), VRN_OK);
    vrn_device_info info;
    vrn_device_get_info(one, &info);
    assert_int_equal(info.queue_count, NUMBERED);
    static const uint32_t families[NUMBERED][2] = {{COMPUTES, 0}, {COMPUTES, 1}, {DRAWS, 0}};
    vrn_session *sessions[NUMBERED] = {NULL};
    float expected[CLASSES];
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < NUMBERED; i++) {
        const uint64_t before = count.bytes;
        const vrn_session_params params = {.queue = i};
        assert_int_equal(vrn_session_create(&sessions[i], one, model, &params), VRN_OK);
        forget_uses();
        float logits[CLASSES];
        run_photo(sessions[i], picture, WIDTH, HEIGHT, i ? logits : expected);
        if (i) expect_logits(logits, expected, "a session on another queue");
        for (uint32_t f = 0; f < FAMILIES; f++) {
            for (uint32_t k = 0; k < 2; k++) {
                const bool own = f == families[i][0] && k == families[i][1];
                assert_int_equal(atomic_load(&uses[f][k]), own);
            }
        }
        vrn_session_info session;
        vrn_session_get_info(sessions[i], &session);
        assert_int_equal(count.weights, 1);
        if (i) assert_int_equal(count.bytes - before, bytes - session.weight_bytes);
        if (!i) bytes = count.bytes;
        assert_true(session.device_bytes <= bytes && session.weight_bytes > bytes / 16);
    }
    for (uint32_t i = 0; i < NUMBERED; i++) vrn_session_destroy(&sessions[i]);
    vrn_device_destroy(&one);
}

/* Weights that must be copied go through the queue that can only copy. */
static void weights_are_copied_by_the_copying_queue(void **state)
{
    (void)state;
    vrn_device_import_params p = app.import;
    p.without = VRN_CAPABILITY_DIRECT_MAPPING;
    vrn_device *one = NULL;
    float expected[CLASSES], logits[CLASSES];
    vrn_session *session = make_session(NULL);
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    vrn_session_destroy(&session);
    assert_int_equal(vrn_device_import(&one, &p), VRN_OK);
    forget_uses();
    assert_int_equal(
        vrn_session_create(&session, one, model, &(vrn_session_params){.queue = COMPUTES_1}),
        VRN_OK);
    assert_true(atomic_load(&uses[COPIES][0]) > 0);
    assert_int_equal(atomic_load(&uses[COMPUTES][0]) + atomic_load(&uses[DRAWS][0]), 0);
    run_photo(session, picture, WIDTH, HEIGHT, logits);
    expect_logits(logits, expected, "copied weights");
    vrn_session_destroy(&session);
    vrn_device_destroy(&one);
}

/* ---- Threads ---- */

typedef struct worker {
    pthread_t thread;
    uint32_t queue;
    float logits[CLASSES];
    vrn_result result;
} worker;

/* No assertion here: cmocka jumps, which only the main thread may do. */
static void *work(void *user)
{
    worker *w = user;
    const vrn_image photo = {.pixels = picture, .width = WIDTH, .height = HEIGHT};
    const vrn_inputs inputs = {.count = 1, .images = &photo};
    const vrn_outputs outputs = {.logits = w->logits};
    vrn_session *session = NULL;
    w->result =
        vrn_session_create(&session, device, model, &(vrn_session_params){.queue = w->queue});
    for (int i = 0; i < 20 && !w->result; i++) {
        w->result = vrn_session_run(session, &inputs, &outputs);
        if (!w->result && i == 10) w->result = vrn_session_set_queue(session, w->queue ^ 1);
    }
    vrn_session_destroy(&session);
    return NULL;
}

/* Four threads on two queues, which the application goes on using. */
static void four_threads_and_two_queues(void **state)
{
    (void)state;
    worker workers[4] = {
        {.queue = COMPUTES_0}, {.queue = COMPUTES_1}, {.queue = COMPUTES_0}, {.queue = COMPUTES_1}};
    float expected[CLASSES];
    vrn_session *session = make_session(NULL);
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    vrn_session_destroy(&session);
    forget_uses();
    for (int i = 0; i < 4; i++) pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutexes[COMPUTES][0]);
        app.QueueWaitIdle(queue_of(COMPUTES));
        pthread_mutex_unlock(&mutexes[COMPUTES][0]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].result, VRN_OK);
        expect_logits(workers[i].logits, expected, "a thread");
    }
    assert_true(atomic_load(&uses[COMPUTES][0]) >= 40 && atomic_load(&uses[COMPUTES][1]) >= 40);
}

/* ---- Sessions that move ---- */

/* From queue to queue, ordered by points or by waits of the library; each input is another one. */
static void sessions_move(void **state)
{
    (void)state;
    enum { SUBMISSIONS = 12 };
    static const uint32_t route[] = {COMPUTES_1, DRAWS_0, DRAWS_0, COMPUTES_0};
    static float input[SUBMISSIONS][FLOATS];
    float expected[SUBMISSIONS][CLASSES], logits[SUBMISSIONS][CLASSES];
    vrn_session *session = make_session(&(vrn_session_params){.in_flight = 3});
    uint64_t seed = 4;
    for (int i = 0; i < SUBMISSIONS; i++) {
        for (int k = 0; k < FLOATS; k++) input[i][k] = fixture_random(&seed);
        const vrn_inputs inputs = {.count = 1, .nchw = input[i]};
        const vrn_outputs outputs = {.logits = expected[i]};
        assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    }
    VkSemaphore timeline = make_timeline();
    for (int ordered = 0; ordered < 2; ordered++) {
        vrn_ticket tickets[SUBMISSIONS];
        memset(logits, 0, sizeof logits);
        for (int i = 0; i < SUBMISSIONS; i++) {
            assert_int_equal(vrn_session_set_queue(session, route[i % 4]), VRN_OK);
            const vrn_timeline_point wait = {timeline, (uint64_t)i},
                                     done = {timeline, wait.value + 1};
            const vrn_submit_order order = {
                .waits = &wait, .wait_count = 1, .signals = &done, .signal_count = 1};
            const vrn_inputs inputs = {.count = 1, .nchw = input[i]};
            const vrn_outputs outputs = {.logits = logits[i]};
            assert_int_equal(vrn_session_submit_ordered(session, &inputs, &outputs,
                                                        ordered ? &order : NULL, &tickets[i]),
                             VRN_OK);
        }
        for (int i = 0; i < SUBMISSIONS; i++) {
            assert_int_equal(vrn_session_wait(session, tickets[i]), VRN_OK);
            expect_logits(logits[i], expected[i], ordered ? "moved by points" : "moved by waits");
        }
    }
    all_idle();
    vrn_session_destroy(&session);
    app.DestroySemaphore(app.device, timeline, NULL);
}

/* ---- Images that change owners ---- */

/* An image of the drawing family is read on a computing queue, and then is the owner's again: in a
 * layout that can be read, and in one that cannot. */
static void images_change_owners(void **state)
{
    (void)state;
    static const VkImageLayout layouts[] = {VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                                            VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
    static const uint32_t numbers[] = {COMPUTES_1, DRAWS_0};
    VkSemaphore timeline = make_timeline();
    VkCommandPool pools[2] = {pool_of(COMPUTES), pool_of(DRAWS)};
    vrn_session *session = make_session(NULL);
    float expected[CLASSES];
    run_photo(session, picture, WIDTH, HEIGHT, expected);
    app_buffer out = app_buffer_create(&app, 2 * CLASSES * sizeof(float));
    uint64_t value = 0;
    for (int i = 0; i < 4; i++) {
        const VkImageLayout layout = layouts[i % 2];
        app_image image = make_image(VK_FORMAT_R8G8B8A8_UNORM, store_rgba, layout, NULL);
        vrn_record_image images[2] = {record_image(&image, layout), record_image(&image, layout)};
        const uint32_t family = i / 2 ? DRAWS : COMPUTES;
        vrn_record_params params = {
            .images = images,
            .logits = {out.handle, 0},
            .queue = numbers[i / 2],
            .transfer_images = true,
            .owner_family = DRAWS,
        };
        assert_int_equal(vrn_session_prepare(session, 1, &params), VRN_OK);
        memset(out.mapped, 0, out.bytes);
        VkCommandBuffer release = begin_in(pools[1]), acquire = begin_in(pools[1]);
        VkCommandBuffer commands = begin_in(pools[i / 2]);
        assert_int_equal(vrn_session_release_images(session, release, &params), VRN_OK);
        assert_int_equal(vrn_session_record(session, commands, &params), VRN_OK);
        assert_int_equal(vrn_session_acquire_images(session, acquire, &params), VRN_OK);
        /* The owner uses its image again in its layout. */
        app_image_barrier(&app, acquire, image.handle, layout, VK_IMAGE_LAYOUT_GENERAL);
        if (!value) assert_int_equal(vrn_session_set_queue(session, COMPUTES_0), VRN_OK);
        submit_between(DRAWS, release, timeline, value, value + 1);
        submit_between(family, commands, timeline, value + 1, value + 2);
        submit_between(DRAWS, acquire, timeline, value + 2, value + 3);
        value += 3;
        all_idle();
        expect_logits(out.mapped, expected, "an image of another family");
        app_image_destroy(&app, &image);
    }
    vrn_record_image nameless = {.view = (VkImageView)(uintptr_t)1,
                                 .format = VK_FORMAT_R8G8B8A8_UNORM,
                                 .width = 1,
                                 .height = 1,
                                 .layout = VK_IMAGE_LAYOUT_GENERAL};
    vrn_record_params params = {.images = &nameless, .logits = {out.handle, 0}};
    VkCommandBuffer commands = begin_in(pools[1]);
    assert_int_equal(vrn_session_release_images(session, commands, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    params.transfer_images = true;
    assert_int_equal(vrn_session_release_images(session, commands, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(app.log.last, "VkImage of image 0"));
    params = (vrn_record_params){.images = &nameless, .logits = {out.handle, 0}, .queue = NUMBERED};
    assert_int_equal(vrn_session_record(session, commands, &params), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(app.log.errors, 4);
    app.log.errors = 0;
    vrn_session_destroy(&session);
    app_buffer_destroy(&app, &out);
    for (int i = 0; i < 2; i++) app.DestroyCommandPool(app.device, pools[i], NULL);
    app.DestroySemaphore(app.device, timeline, NULL);
}

/* ---- Submissions of what is on the device ---- */

/* Submits on a computing queue, between values, and compares the results for host and device. */
static void submit_and_expect(vrn_session *session, vrn_record_params record, VkSemaphore timeline,
                              uint64_t *value, const float *expected, const char *what)
{
    app_buffer out = app_buffer_create(&app, CLASSES * sizeof(float) + sizeof(vrn_top));
    const vrn_timeline_point wait = {timeline, *value}, done = {timeline, ++*value};
    record.logits = (vrn_place){out.handle, 0};
    record.top = (vrn_place){out.handle, CLASSES * sizeof(float)};
    const vrn_submit_order order = {
        .waits = &wait, .wait_count = 1, .signals = &done, .signal_count = 1, .record = &record};
    float logits[CLASSES] = {0};
    const vrn_outputs outputs = {.logits = logits};
    vrn_ticket ticket;
    assert_int_equal(vrn_session_submit_ordered(session, NULL, &outputs, &order, &ticket), VRN_OK);
    assert_int_equal(vrn_session_wait(session, ticket), VRN_OK);
    expect_logits(logits, expected, what);
    expect_logits(out.mapped, expected, what);
    const vrn_top *top = (const void *)((const char *)out.mapped + CLASSES * sizeof(float));
    for (int i = 0; i < CLASSES; i++) assert_true(expected[i] <= expected[top->index]);
    all_idle();
    app_buffer_destroy(&app, &out);
}

static void submissions_read_the_device(void **state)
{
    (void)state;
    const VkImageLayout layout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    VkSemaphore timeline = make_timeline();
    VkCommandPool pool = pool_of(DRAWS);
    uint64_t value = 0;
    /* With a limit, the network is several submissions between input and results. */
    const vrn_session_params variants[] = {{.queue = COMPUTES_1},
                                           {.queue = COMPUTES_1, .submission_limit_ms = 1e-6}};
    for (int v = 0; v < 2; v++) {
        vrn_session *session = make_session(&variants[v]);
        float expected[CLASSES];
        run_photo(session, picture, WIDTH, HEIGHT, expected);
        app_image image = make_image(VK_FORMAT_R8G8B8A8_UNORM, store_rgba, layout, NULL);
        const vrn_record_image images = record_image(&image, layout);
        vrn_record_params record = {
            .images = &images, .queue = COMPUTES_1, .transfer_images = true, .owner_family = DRAWS};
        VkCommandBuffer release = begin_in(pool), acquire = begin_in(pool);
        assert_int_equal(vrn_session_release_images(session, release, &record), VRN_OK);
        assert_int_equal(vrn_session_acquire_images(session, acquire, &record), VRN_OK);
        submit_between(DRAWS, release, timeline, value, value + 1);
        value++;
        submit_and_expect(session, record, timeline, &value, expected, "an image, submitted");
        submit_between(DRAWS, acquire, timeline, value, value + 1);
        value++;
        all_idle();
        app_image_destroy(&app, &image);

        app_buffer in = app_buffer_create(&app, FLOATS * sizeof(float));
        memcpy(in.mapped, picture, (size_t)WIDTH * HEIGHT * 4);
        const vrn_record_pixels pixels = {
            .place = {in.handle, 0}, .width = WIDTH, .height = HEIGHT};
        record = (vrn_record_params){.pixels = &pixels};
        submit_and_expect(session, record, timeline, &value, expected, "pixels, submitted");
        uint64_t seed = 9;
        for (int i = 0; i < FLOATS; i++) ((float *)in.mapped)[i] = fixture_random(&seed);
        const vrn_inputs inputs = {.count = 1, .nchw = in.mapped};
        assert_int_equal(vrn_session_run(session, &inputs, &(vrn_outputs){.logits = expected}),
                         VRN_OK);
        record = (vrn_record_params){.nchw = {in.handle, 0}};
        submit_and_expect(session, record, timeline, &value, expected, "floats, submitted");
        vrn_session_destroy(&session);
        app_buffer_destroy(&app, &in);
    }
    app.DestroyCommandPool(app.device, pool, NULL);
    app.DestroySemaphore(app.device, timeline, NULL);
}

static void wrong_submissions_are_refused(void **state)
{
    (void)state;
    vrn_session *session = make_session(NULL);
    static const float input[FLOATS];
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    vrn_record_cursor cursor = {0};
    const vrn_place place = {(VkBuffer)(uintptr_t)1, 0};
    const vrn_record_params wrong[] = {
        {.nchw = place, .cursor = &cursor},
        {.nchw = place, .slot = 1},
        {.nchw = place, .timed = true},
        {.nchw = place, .keep_top = true},
        {.count = 1},
        {.nchw = {place.buffer, 3}},
        {.nchw = place, .queue = NUMBERED},
        {.nchw = place, .nhwc = place},
        {.nchw = place, .queue = DRAWS_0, .transfer_images = true},
    };
    vrn_ticket ticket = 1;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const vrn_submit_order order = {.record = &wrong[i]};
        assert_int_equal(vrn_session_submit_ordered(session, NULL, NULL, &order, &ticket),
                         VRN_ERROR_INVALID_ARGUMENT);
        assert_int_equal(ticket, 0);
    }
    const vrn_record_params right = {.nchw = place};
    const vrn_submit_order both = {.record = &right};
    assert_int_equal(vrn_session_submit_ordered(session, &inputs, NULL, &both, &ticket),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_session_set_queue(session, NUMBERED), VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(app.log.last, "queue 3: the device has 3 queues that can compute"));
    vrn_session_destroy(&session);
    assert_int_equal(
        vrn_session_create(&session, device, model, &(vrn_session_params){.queue = NUMBERED}),
        VRN_ERROR_INVALID_ARGUMENT);
    app.log.errors = 0;
}

/* ---- Imports ---- */

static void refuse(const vrn_lent_queues *wrong, vrn_result expected, const char *word)
{
    vrn_device_import_params p = app.import;
    vrn_device *none = NULL;
    p.queues = wrong;
    const int errors = app.log.errors;
    assert_int_equal(vrn_device_import(&none, &p), expected);
    assert_null(none);
    assert_int_equal(app.log.errors, errors + 1);
    if (!strstr(app.log.last, word)) fprintf(stderr, "expected '%s' in the message\n", word);
    assert_non_null(strstr(app.log.last, word));
    app.log.errors = errors;
}

static void wrong_queues_are_refused_by_name(void **state)
{
    (void)state;
    const vrn_queue_family twice[] = {{.index = COMPUTES}, {.index = COMPUTES}};
    const vrn_queue_family many[] = {{.index = COMPUTES, .count = 3}};
    const vrn_queue_family missing[] = {{.index = 7}};
    const vrn_queue_family copies[] = {{.index = COPIES}};
    const vrn_result invalid = VRN_ERROR_INVALID_ARGUMENT;
    refuse(&(vrn_lent_queues){.families = lent}, invalid, "queues: families");
    refuse(&(vrn_lent_queues){.family_count = 1}, invalid, "queues: families");
    refuse(&(vrn_lent_queues){.families = lent, .family_count = 99}, invalid, "99 families");
    refuse(&(vrn_lent_queues){.families = lent, .family_count = 3, .lock = lock}, invalid,
           "unlock");
    refuse(&(vrn_lent_queues){.families = lent, .family_count = 3, .unlock = unlock}, invalid,
           "lock");
    refuse(&(vrn_lent_queues){.families = twice, .family_count = 2}, invalid, "twice");
    refuse(&(vrn_lent_queues){.families = many, .family_count = 1}, invalid,
           "3 lent from family 1, but the device was created with 2");
    refuse(&(vrn_lent_queues){.families = missing, .family_count = 1}, invalid, "family 7");
    refuse(&(vrn_lent_queues){.families = copies, .family_count = 1}, VRN_ERROR_UNSUPPORTED,
           "VK_QUEUE_COMPUTE_BIT");
    vrn_device_import_params p = app.import;
    vrn_device *none = NULL;
    p.queue = queue_of(DRAWS);
    assert_int_equal(vrn_device_import(&none, &p), invalid);
    p.queue = VK_NULL_HANDLE;
    p.created_with = NULL; /* what the device was made with is then unknown */
    p.queues = &(vrn_lent_queues){.families = many, .family_count = 1};
    assert_int_equal(vrn_device_import(&none, &p), invalid);
    assert_non_null(strstr(app.log.last, "3 lent from family 1"));
    app.log.errors = 0;
}

/* ---- Devices of the library's own ---- */

static void own_devices_have_queues(void **state)
{
    (void)state;
    const char *no = getenv("VRN_TEST_NO_VALIDATION");
    fixture_log log = {0};
    vrn_device_params params = {
        .log = {.message = fixture_message, .user = &log},
        .validation = !(no && *no),
        .compute_only_family = true,
        .queue_count = 5,
        .queue_priority = 0.25f,
    };
    vrn_device *own = NULL;
    setenv("VK_INSTANCE_LAYERS", app.layer, 1);
    assert_int_equal(vrn_device_create(&own, &params), VRN_OK);
    unsetenv("VK_INSTANCE_LAYERS");
    vrn_device_info info;
    vrn_device_get_info(own, &info);
    assert_int_equal(info.queue_count, 2); /* the drawing family has one */
    float expected[CLASSES], logits[CLASSES];
    for (uint32_t i = 0; i < 2; i++) {
        vrn_session *session = NULL;
        assert_int_equal(
            vrn_session_create(&session, own, model, &(vrn_session_params){.queue = i}), VRN_OK);
        run_photo(session, picture, WIDTH, HEIGHT, i ? logits : expected);
        vrn_session_destroy(&session);
    }
    expect_logits(logits, expected, "the second queue of an own device");
    fixture_done(&own, &log);
    params.queue_priority = 1.5f;
    assert_int_equal(vrn_device_create(&own, &params), VRN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(log.last, "queue_priority"));
    params = (vrn_device_params){.log = params.log, .queue_count = 5};
    assert_int_equal(vrn_device_create(&own, &params), VRN_OK);
    vrn_device_get_info(own, &info);
    assert_int_equal(info.queue_count, 1); /* without the layer there is one */
    vrn_device_destroy(&own);
}

/* ---- Beginning and end ---- */

static bool create(void)
{
    static const float priorities[2] = {1, 0.5f};
#ifndef VRN_TEST_LAYERS
    exit(77);
#else
    setenv("VK_ADD_LAYER_PATH", VRN_TEST_LAYERS, 1);
#endif
    for (int f = 0; f < FAMILIES; f++) {
        for (int i = 0; i < 2; i++) pthread_mutex_init(&mutexes[f][i], NULL);
        queue_infos[f] = (VkDeviceQueueCreateInfo){
            .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
            .queueFamilyIndex = (uint32_t)f,
            .queueCount = f == COMPUTES ? 2 : 1,
            .pQueuePriorities = priorities,
        };
    }
    app.layer = "VK_LAYER_VRN_queues";
    app_create_instance(&app, VK_API_VERSION_1_3);
    app_describe_device(&app);
    app.info.pQueueCreateInfos = queue_infos;
    app.info.queueCreateInfoCount = FAMILIES;
    app_create_with_additions(&app);
    app.import.queue = VK_NULL_HANDLE;
    app.import.queue_family = 0;
    app.import.queues = &queues;
    return setup_device();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_share_weights),
        cmocka_unit_test(weights_are_copied_by_the_copying_queue),
        cmocka_unit_test(four_threads_and_two_queues),
        cmocka_unit_test(sessions_move),
        cmocka_unit_test(images_change_owners),
        cmocka_unit_test(submissions_read_the_device),
        cmocka_unit_test(wrong_submissions_are_refused),
        cmocka_unit_test(wrong_queues_are_refused_by_name),
        cmocka_unit_test(own_devices_have_queues),
    };
    if (!create()) return 1;
    int failed = cmocka_run_group_tests_name("queues", tests, NULL, NULL);
    return failed || teardown();
}
