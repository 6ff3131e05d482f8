/* The cache's files: what is read back, and what must be refused. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/resource.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cache_file.h"
#include "base/hash.h"
#include "base/os.h"

static const char directory[] = "test_cache_file.tmp/deep/er";
static const char file_path[] = "test_cache_file.tmp/deep/er/entry";
static const char key[] = "device 1, driver 2";
static const char payload[] = "what took long to work out";

/* Counts lines; nothing here may be more than information. */
typedef struct line_counter {
    int lines, loud;
    char last[1024];
} line_counter;

static void count_line(void *user, vrn_log_level level, const char *text)
{
    line_counter *counter = user;
    counter->lines++;
    if (level < VRN_LOG_INFO) counter->loud++;
    snprintf(counter->last, sizeof counter->last, "%s", text);
}

static vrn_log log_of(line_counter *counter)
{
    memset(counter, 0, sizeof *counter);
    return (vrn_log){.message = count_line, .user = counter, .level = VRN_LOG_DEBUG};
}

static void write_entry(void)
{
    assert_true(
        vrn_cache_write(directory, "entry", key, sizeof key, payload, sizeof payload, NULL));
}

/* Nothing is read, and one quiet line says why. */
static void expect_nothing(const void *k, size_t key_size, const char *words)
{
    line_counter counter;
    vrn_log log = log_of(&counter);
    void *data = &counter;
    size_t size = 1;
    assert_false(vrn_cache_read(directory, "entry", k, key_size, &data, &size, &log));
    assert_null(data);
    assert_int_equal(size, 0);
    assert_int_equal(counter.lines, 1);
    assert_int_equal(counter.loud, 0);
    if (!strstr(counter.last, words)) fail_msg("'%s' lacks '%s'", counter.last, words);
}

static void expect_payload(void)
{
    void *data;
    size_t size;
    assert_true(vrn_cache_read(directory, "entry", key, sizeof key, &data, &size, NULL));
    assert_int_equal(size, sizeof payload);
    assert_memory_equal(data, payload, size);
    vrn_free(data);
}

static size_t file_bytes(unsigned char *bytes, size_t capacity)
{
    FILE *file = fopen(file_path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, capacity, file);
    assert_int_equal(fclose(file), 0);
    return size;
}

static void put_bytes(const unsigned char *bytes, size_t size)
{
    FILE *file = fopen(file_path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void test_round_trip(void **state)
{
    (void)state;
    remove(file_path);
    expect_nothing(key, sizeof key, "No such file");
    write_entry();
    expect_payload();

    /* An empty payload is one; a new one takes the place of the old. */
    void *data;
    size_t size;
    assert_true(vrn_cache_write(directory, "entry", key, sizeof key, NULL, 0, NULL));
    assert_true(vrn_cache_read(directory, "entry", key, sizeof key, &data, &size, NULL));
    assert_int_equal(size, 0);
    vrn_free(data);
}

static void test_other_keys(void **state)
{
    (void)state;
    write_entry();
    expect_nothing("device 1, driver 3", sizeof key, "another device");
    expect_nothing(key, sizeof key - 1, "another device");
    expect_nothing("", 0, "another device");
    expect_payload();
}

static void test_every_byte_counts(void **state)
{
    (void)state;
    unsigned char bytes[512];
    write_entry();
    const size_t size = file_bytes(bytes, sizeof bytes);
    assert_in_range(size, sizeof key + sizeof payload, sizeof bytes - 1);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        put_bytes(bytes, size);
        bytes[i] ^= 0x10;
        expect_nothing(key, sizeof key, "ignored");
    }
    for (size_t cut = 0; cut < size; cut++) {
        put_bytes(bytes, cut);
        expect_nothing(key, sizeof key, "ignored");
    }
    put_bytes(bytes, size + 1);
    expect_nothing(key, sizeof key, "its length is wrong");
    put_bytes(bytes, size);
    expect_payload();
}

static void test_no_directory(void **state)
{
    (void)state;
    static const char *const none[] = {NULL, ""};
    for (size_t i = 0; i < 2; i++) {
        line_counter counter;
        vrn_log log = log_of(&counter);
        void *data;
        size_t size;
        assert_false(vrn_cache_write(none[i], "entry", key, sizeof key, payload, 1, &log));
        assert_false(vrn_cache_read(none[i], "entry", key, sizeof key, &data, &size, &log));
        assert_int_equal(counter.lines, 0);
    }
}

/* A file where a directory is needed, and a system directory in which nobody makes anything: as a
 * disk that is read only, also for a user who may do everything. */
static void test_unwritable(void **state)
{
    (void)state;
    write_entry();
    static const char *const bad[] = {"test_cache_file.tmp/deep/er/entry",
                                      "test_cache_file.tmp/deep/er/entry/below", "/proc/vkresnet"};
    for (size_t i = 0; i < 3; i++) {
        line_counter counter;
        vrn_log log = log_of(&counter);
        void *data;
        size_t size;
        assert_false(vrn_cache_write(bad[i], "entry", key, sizeof key, payload, 1, &log));
        assert_int_equal(counter.lines, 1);
        assert_false(vrn_cache_read(bad[i], "entry", key, sizeof key, &data, &size, &log));
        assert_int_equal(counter.loud, 0);
    }
    expect_payload();
}

/* A limit on the size of files stands for a disk that runs full: the old entry stays. */
static void test_full(void **state)
{
    (void)state;
    write_entry();
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    const struct rlimit small = {.rlim_cur = 4096, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static const char large[100000];
    line_counter counter;
    vrn_log log = log_of(&counter);
    bool written = vrn_cache_write(directory, "entry", key, sizeof key, large, sizeof large, &log);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_false(written);
    assert_int_equal(counter.lines, 1);
    assert_int_equal(counter.loud, 0);
    expect_payload();
}

static void test_too_large(void **state)
{
    (void)state;
    write_entry();
    line_counter counter;
    vrn_log log = log_of(&counter);
    /* The sizes alone decide: nothing is read. */
    assert_false(vrn_cache_write(directory, "entry", key, sizeof key, payload,
                                 VRN_CACHE_MAX_BYTES + 1, &log));
    assert_false(
        vrn_cache_write(directory, "entry", key, VRN_CACHE_KEY_MAX_BYTES + 1, payload, 1, &log));
    assert_int_equal(counter.lines, 2);
    assert_int_equal(counter.loud, 0);
    expect_payload();
}

/* The published vectors of FNV-1a, 64 bits. */
static void test_hash(void **state)
{
    (void)state;
    assert_true(vrn_hash64(VRN_HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(vrn_hash64(VRN_HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(vrn_hash64(VRN_HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    uint64_t first = vrn_hash64(VRN_HASH_START, "foo", 3);
    assert_true(vrn_hash64(first, "bar", 3) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),        cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_every_byte_counts), cmocka_unit_test(test_no_directory),
        cmocka_unit_test(test_unwritable),        cmocka_unit_test(test_full),
        cmocka_unit_test(test_too_large),         cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
