/* Pipelines and their cache on disk, on a driver that the test controls: each is made once, however
 * many threads ask at once; failures leave nothing behind; the disk's contents are checked and
 * merged. */
#define _POSIX_C_SOURCE 200809L

#include "unit/fake_driver.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/cache_file.h"
#include "base/parallel.h"
#include "unit/captured_log.h"

enum { KEYS = 24 };

static const char directory[] = "test_pipelines.tmp";
static const char file_path[] = "test_pipelines.tmp/pipelines-1234-0056-0.bin";

/* Opens a device and asks for pipelines first .. first + count - 1; gives how many caches had
 * data. */
static uint32_t use_device(uint32_t first, uint32_t count, const char *cache)
{
    vrn_device device;
    captured_log captured;
    fake_open(&device, cache, capture_log(&captured));
    assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
    uint32_t with_data = fake.caches_with_data;
    for (uint32_t i = 0; i < count; i++) {
        vrn_pipeline_key key = fake_key(first + i);
        vrn_pipeline pipeline;
        assert_int_equal(vrn_pipeline_get(&pipeline, &device, &key), VRN_OK);
        assert_non_null(pipeline.handle);
    }
    fake_close(&device);
    assert_int_equal(captured.errors, 0);
    return with_data;
}

static size_t file_size(void)
{
    static char bytes[4096];
    FILE *file = fopen(file_path, "rb");
    if (!file) return 0;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return size;
}

static void test_duplicates(void **state)
{
    (void)state;
    vrn_device device;
    captured_log captured;
    fake_open(&device, NULL, capture_log(&captured));
    assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
    vrn_pipeline_key keys[2 * KEYS];
    vrn_pipeline pipelines[2 * KEYS];
    for (uint32_t i = 0; i < 2 * KEYS; i++) keys[i] = fake_key(1 + i / 3);
    fake.slowness = 20;
    assert_int_equal(vrn_pipelines_prepare(&device, keys, 2 * KEYS, pipelines, NULL), VRN_OK);
    for (uint32_t i = 0; i < 2 * KEYS; i++) {
        assert_ptr_equal(pipelines[i].handle, pipelines[i / 3 * 3].handle);
        if (i / 3) assert_ptr_not_equal(pipelines[i].handle, pipelines[i / 3 * 3 - 1].handle);
        assert_ptr_equal(pipelines[i].layout, pipelines[0].layout);
    }
    /* The cores work at once; the test's machine may have one only. */
    assert_int_equal(fake.most, vrn_parallel_workers(2 * KEYS / 3));
    assert_int_equal(vrn_pipelines_prepare(&device, keys, 2 * KEYS, pipelines, NULL), VRN_OK);
    assert_int_equal(vrn_pipelines_prepare(&device, keys, 0, pipelines, NULL), VRN_OK);
    assert_int_equal(fake.begun, 2 * KEYS / 3);
    fake_close(&device);
    assert_int_equal(captured.errors, 0);
}

typedef struct asker {
    vrn_device *device;
    uint32_t first;
    vrn_pipeline pipelines[KEYS];
    vrn_result result;
} asker;

static void ask(void *user)
{
    asker *a = user;
    vrn_pipeline_key keys[KEYS];
    /* Each in another order, so that they wait for each other both ways. */
    for (uint32_t i = 0; i < KEYS; i++) keys[i] = fake_key(1 + (a->first + i) % KEYS);
    a->result = vrn_pipelines_prepare(a->device, keys, KEYS, a->pipelines, NULL);
}

static void test_many_askers(void **state)
{
    (void)state;
    enum { ASKERS = 4 };
    for (uint32_t failures = 0; failures < 3; failures++) {
        vrn_device device;
        captured_log captured;
        fake_open(&device, NULL, capture_log(&captured));
        assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
        fake.slowness = 1;
        fake.fail_constant = 5;
        fake.failures = failures;
        asker askers[ASKERS];
        vrn_thread *threads[ASKERS];
        for (uint32_t i = 0; i < ASKERS; i++) {
            askers[i] = (asker){.device = &device, .first = i * KEYS / ASKERS};
            threads[i] = vrn_thread_start(ask, &askers[i]);
            assert_non_null(threads[i]);
        }
        uint32_t failed = 0;
        for (uint32_t i = 0; i < ASKERS; i++) vrn_thread_join(&threads[i]);
        for (uint32_t i = 0; i < ASKERS; i++) {
            if (askers[i].result) failed++;
        }
        /* Whoever waits for what fails tries again: each failure is one caller's, with one line. */
        assert_int_equal(failed, failures);
        assert_int_equal(captured.errors, failures);
        for (uint32_t i = 0; i < ASKERS; i++) ask(&askers[i]);
        for (uint32_t i = 0; i < ASKERS; i++) {
            assert_int_equal(askers[i].result, VRN_OK);
            for (uint32_t k = 0; k < KEYS; k++) {
                assert_ptr_equal(askers[i].pipelines[k].handle,
                                 askers[0].pipelines[(askers[i].first + k) % KEYS].handle);
            }
        }
        assert_int_equal(fake.begun, KEYS + failures);
        fake_close(&device);
    }
}

static void test_kept(void **state)
{
    (void)state;
    remove(file_path);
    assert_int_equal(use_device(1, 0, directory), 0);
    assert_int_equal(file_size(), 0); /* nothing was made: nothing is written */
    assert_int_equal(use_device(1, 3, directory), 0);
    const size_t three = file_size();
    assert_int_not_equal(three, 0);
    assert_int_equal(use_device(1, 3, directory), 1);
    assert_int_equal(use_device(4, 1, directory), 1);
    assert_int_equal(file_size(), three + sizeof(uint32_t));
    assert_int_equal(use_device(9, 1, NULL), 0);
    assert_int_equal(use_device(9, 1, ""), 0);
    assert_int_equal(file_size(), three + sizeof(uint32_t));
}

/* What another process has written since this one read is not lost. */
static void test_merged(void **state)
{
    (void)state;
    remove(file_path);
    use_device(1, 2, directory);
    const size_t two = file_size();
    vrn_device device;
    fake_open(&device, directory, (vrn_log){.message = NULL});
    assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
    vrn_pipeline_key key = fake_key(10);
    vrn_pipeline pipeline;
    assert_int_equal(vrn_pipeline_get(&pipeline, &device, &key), VRN_OK);
    vrn_mutex *lock = fake_lock; /* the other process */
    size_t objects = fake.objects;
    use_device(20, 3, directory);
    fake_lock = lock;
    fake.objects = (unsigned)objects;
    assert_int_equal(file_size(), two + 3 * sizeof(uint32_t));
    fake_close(&device);
    assert_int_equal(file_size(), two + 4 * sizeof(uint32_t));
}

/* The file is this device's, of the right length and checksum, but what is in it is not the
 * driver's. */
static void test_foreign_data(void **state)
{
    (void)state;
    /* As gpu/pipeline_cache.c makes it. */
    struct {
        uint32_t vendor, device, driver, version;
        char uuid[16];
    } key = {0x1234, 0x56, 0, 7, ""};
    memcpy(key.uuid, "0123456789abcdef", sizeof key.uuid);
    vrn_device device = {.probe.info = {.vendor_id = 0x1234, .device_id = 0x56}};
    memcpy(device.probe.cache_uuid, "0123456789abcdef", VK_UUID_SIZE);
    VkPipelineCacheHeaderVersionOne good = fake_header(&device);
    for (int fault = 0; fault < 7; fault++) {
        VkPipelineCacheHeaderVersionOne bad = good;
        size_t size = sizeof bad;
        if (fault == 1) size--;
        if (fault == 2) bad.headerSize--;
        if (fault == 3) bad.headerSize++;
        if (fault == 4) bad.vendorID++;
        if (fault == 5) bad.deviceID++;
        if (fault == 6) bad.pipelineCacheUUID[15]++;
        assert_true(vrn_cache_write(directory, "pipelines-1234-0056-0.bin", &key, sizeof key, &bad,
                                    size, NULL));
        assert_int_equal(use_device(1, 1, directory), fault == 0);
    }
}

static void test_refused_and_unwanted(void **state)
{
    (void)state;
    use_device(1, 2, directory);
    vrn_device device;
    captured_log captured;
    fake_open(&device, directory, capture_log(&captured));
    fake.refuse_data = true;
    assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
    fake_close(&device);

    const size_t before = file_size();
    fake_open(&device, directory, capture_log(&captured));
    device.quirks.no_pipeline_cache = true;
    assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
    assert_int_equal(fake.objects, 0);
    vrn_pipeline_key key = fake_key(50);
    vrn_pipeline pipeline;
    assert_int_equal(vrn_pipeline_get(&pipeline, &device, &key), VRN_OK);
    fake_close(&device);
    assert_int_equal(file_size(), before);
    assert_int_equal(captured.errors, 0);
}

static void test_unwritable(void **state)
{
    (void)state;
    assert_int_equal(use_device(1, 2, "/proc/vkresnet"), 0);
    use_device(1, 2, directory);
    assert_int_equal(use_device(1, 2, file_path), 0); /* a file, not a directory */
}

/* Arrays are as long as the driver supports, whatever its limits say, or not used at all. */
static void test_arrays(void **state)
{
    (void)state;
    static const struct {
        uint32_t limit, descriptors, expected;
    } cases[] = {
        {1 << 20, 1 << 24, 1 << 20},
        {UINT32_MAX - 64, 1 << 20, (UINT32_MAX - 64) >> 13},
        {UINT32_MAX - 64, 1 << 16, 0},
        {1 << 20, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        vrn_device device;
        captured_log captured;
        fake_open(&device, NULL, capture_log(&captured));
        device.probe.info.capabilities = VRN_CAPABILITY_BUFFER_ARRAYS;
        device.probe.max_array = cases[i].limit;
        fake.descriptors = cases[i].descriptors;
        assert_int_equal(vrn_pipeline_store_create(&device), VRN_OK);
        const bool kept = device.probe.info.capabilities & VRN_CAPABILITY_BUFFER_ARRAYS;
        assert_int_equal(kept, cases[i].expected > 0);
        if (kept) assert_int_equal(device.probe.max_array, cases[i].expected);
        fake_close(&device);
        assert_int_equal(captured.errors, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_duplicates),   cmocka_unit_test(test_many_askers),
        cmocka_unit_test(test_kept),         cmocka_unit_test(test_merged),
        cmocka_unit_test(test_foreign_data), cmocka_unit_test(test_refused_and_unwanted),
        cmocka_unit_test(test_unwritable),   cmocka_unit_test(test_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
