/* The means that make the next start faster must change nothing else: the cache directory,
 * pipelines that sessions share, weights that are packed on several threads. */
#define _POSIX_C_SOURCE 200809L

#include "fixture.h"

#include <dirent.h>
#include <pthread.h>

#include "gpu/pipeline.h"

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, CLASSES = 10 };

/* Tests of several drivers may run at once. */
static char directory[128], file_path[160];
static vrn_model *model;
static float input[PIXELS];

static vrn_device *open_device(fixture_log *log, const char *cache)
{
    const char *no_validation = getenv("VRN_TEST_NO_VALIDATION");
    vrn_device *device = NULL;
    memset(log, 0, sizeof *log);
    const vrn_device_params params = {
        .log = {.message = fixture_message, .user = log},
        .cache_directory = cache,
        .validation = !(no_validation && *no_validation),
    };
    assert_int_equal(vrn_device_create(&device, &params), VRN_OK);
    return device;
}

static void run_once(vrn_device *device, float logits[CLASSES])
{
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, device, model,
                                        &(vrn_session_params){.height = SIDE, .width = SIDE}),
                     VRN_OK);
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
    vrn_session_destroy(&session);
}

/* A whole life of a device: what it computes. */
static void live(const char *cache, float logits[CLASSES])
{
    fixture_log log;
    vrn_device *device = open_device(&log, cache);
    run_once(device, logits);
    fixture_done(&device, &log);
}

/* Changes every file of the cache: `how` is one of what happens to files. Gives how many there
 * are. */
static int damage(int how)
{
    DIR *stream = opendir(directory);
    struct dirent *entry;
    int count = 0;
    while (stream && (entry = readdir(stream))) {
        if (entry->d_name[0] == '.') continue;
        count++;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        FILE *file = fopen(path, how == 0 ? "wb" : how == 1 ? "ab" : "r+b");
        assert_non_null(file);
        if (how == 2) fseek(file, 100, SEEK_SET);
        fputs("damaged", file);
        assert_int_equal(fclose(file), 0);
    }
    if (stream) closedir(stream);
    return count;
}

static void a_cache_changes_no_result(void **state)
{
    (void)state;
    float without[CLASSES], logits[CLASSES];
    live(NULL, without);
    /* The first fills it, the second uses it, and the others find it empty, longer and changed. */
    for (int round = 0; round < 5; round++) {
        int files = round < 2 ? 0 : damage(round - 2);
        if (round == 2) print_message("%d files in the cache\n", files);
        live(directory, logits);
        assert_memory_equal(logits, without, sizeof logits);
    }
}

static void a_directory_that_cannot_be_written_is_harmless(void **state)
{
    (void)state;
    char below[176];
    snprintf(below, sizeof below, "%s/below", file_path);
    const char *const bad[] = {"/proc/vkresnet", below, ""};
    FILE *file = fopen(file_path, "wb");
    assert_non_null(file);
    fclose(file);
    float without[CLASSES], logits[CLASSES];
    live(NULL, without);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        live(bad[i], logits);
        assert_memory_equal(logits, without, sizeof logits);
    }
    remove(file_path);
}

/* Pipelines that a device has made since it was opened; one device is counted at a time. */
static PFN_vkCreateComputePipelines create_pipelines;
static atomic_uint pipelines_made;

static VKAPI_ATTR VkResult VKAPI_CALL count_pipelines(VkDevice handle, VkPipelineCache cache,
                                                      uint32_t count,
                                                      const VkComputePipelineCreateInfo *infos,
                                                      const VkAllocationCallbacks *allocator,
                                                      VkPipeline *pipelines)
{
    const VkResult result = create_pipelines(handle, cache, count, infos, allocator, pipelines);
    if (result == VK_SUCCESS) atomic_fetch_add(&pipelines_made, count);
    return result;
}

static void begin_counting(vrn_device *device)
{
    atomic_store(&pipelines_made, 0);
    create_pipelines = device->vk.CreateComputePipelines;
    device->vk.CreateComputePipelines = count_pipelines;
}

typedef struct session_job {
    vrn_device *device;
    vrn_result result;
    float logits[CLASSES];
} session_job;

static void *make_and_run(void *user)
{
    session_job *job = user;
    vrn_session *session = NULL;
    job->result = vrn_session_create(&session, job->device, model,
                                     &(vrn_session_params){.height = SIDE, .width = SIDE});
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = job->logits};
    if (job->result == VRN_OK) job->result = vrn_session_run(session, &inputs, &outputs);
    vrn_session_destroy(&session);
    return NULL;
}

static void sessions_made_at_once_share_pipelines(void **state)
{
    (void)state;
    fixture_log log;
    float expected[CLASSES];
    vrn_device *device = open_device(&log, NULL);
    begin_counting(device);
    run_once(device, expected);
    const uint32_t made = atomic_load(&pipelines_made);
    assert_true(made > 0);
    run_once(device, expected);
    assert_int_equal(atomic_load(&pipelines_made), made);
    fixture_done(&device, &log);

    enum { THREADS = 3 };
    device = open_device(&log, NULL);
    begin_counting(device);
    pthread_t threads[THREADS];
    session_job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (session_job){.device = device};
        assert_int_equal(pthread_create(&threads[i], NULL, make_and_run, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(jobs[i].result, VRN_OK);
        assert_memory_equal(jobs[i].logits, expected, sizeof expected);
    }
    assert_int_equal(atomic_load(&pipelines_made), made);
    fixture_done(&device, &log);
}

int main(void)
{
    fixture_log log = {0};
    vrn_device *device = fixture_device(&log, 0); /* or leaves */
    vrn_device_destroy(&device);
    const char *driver = getenv("VRN_TEST_DRIVER");
    snprintf(directory, sizeof directory, "test_startup.%.64s.tmp", driver ? driver : "any");
    snprintf(file_path, sizeof file_path, "%s.file", directory);
    vrn_arch arch;
    uint64_t seed = 3;
    for (int i = 0; i < PIXELS; i++) input[i] = fixture_random(&seed);
    if (vrn_arch_parse(&arch, "resnet20", NULL) ||
        vrn_model_create_random(&model, &arch, 7, NULL)) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cache_changes_no_result),
        cmocka_unit_test(a_directory_that_cannot_be_written_is_harmless),
        cmocka_unit_test(sessions_made_at_once_share_pipelines),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vrn_model_destroy(&model);
    return failed;
}
