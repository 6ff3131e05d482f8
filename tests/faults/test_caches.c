/* The cache is shared by processes, some of which are killed, and its files are never trusted. No
 * device. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cache_file.h"
#include "base/os.h"
#include "failing_alloc.h"
#include "plan/tuned.h"

enum { WRITERS = 4, ROUNDS = 150, PAYLOAD_MAX = 70000 };

static char directory[128];
static const char key[] = "device 1, driver 2";

/* All of a payload follows from its first bytes: mixtures show. */
static size_t make_payload(unsigned char *payload, uint32_t writer, uint32_t round)
{
    const size_t size = 9 + (writer * 7919 + round * 104729) % (PAYLOAD_MAX - 9);
    memset(payload, (int)(writer * 31 + round) & 0xff, size);
    memcpy(payload, &writer, sizeof writer);
    memcpy(payload + 4, &round, sizeof round);
    return size;
}

/* Nothing, or what one writer wrote. */
static bool read_is_whole(bool *found)
{
    static unsigned char expected[PAYLOAD_MAX];
    void *data;
    size_t size;
    *found = vrn_cache_read(directory, "shared", key, sizeof key, &data, &size, NULL);
    if (!*found) return true;
    uint32_t writer, round;
    bool whole = size >= 9;
    if (whole) {
        memcpy(&writer, data, sizeof writer);
        memcpy(&round, (char *)data + 4, sizeof round);
        whole = writer < 1000 && make_payload(expected, writer, round) == size &&
                memcmp(expected, data, size) == 0;
    }
    vrn_free(data);
    return whole;
}

/* Of a process: writes and reads, and says by its status whether all was right. */
static void write_and_read(uint32_t writer, uint32_t rounds)
{
    static unsigned char payload[PAYLOAD_MAX];
    for (uint32_t round = 0; round < rounds; round++) {
        bool found;
        const size_t size = make_payload(payload, writer, round);
        if (!vrn_cache_write(directory, "shared", key, sizeof key, payload, size, NULL)) _exit(2);
        /* Once there is an entry there always is one: a new one takes its place at once. */
        if (!read_is_whole(&found) || !found) _exit(3);
    }
    _exit(0);
}

static pid_t start(uint32_t writer, uint32_t rounds)
{
    const pid_t child = fork();
    if (child == 0) write_and_read(writer, rounds);
    assert_true(child > 0);
    return child;
}

static void test_processes_share(void **state)
{
    (void)state;
    pid_t children[WRITERS];
    for (uint32_t i = 0; i < WRITERS; i++) children[i] = start(i, ROUNDS);
    for (uint32_t i = 0; i < WRITERS; i++) {
        int status = 0;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    DIR *entries = opendir(directory);
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strstr(entry->d_name, ".part")) fail_msg("%s is left", entry->d_name);
    }
    closedir(entries);
}

static void test_killed_writers(void **state)
{
    (void)state;
    bool found;
    for (uint32_t i = 0; i < 20; i++) {
        const pid_t child = start(100 + i, UINT32_MAX);
        const double end = vrn_time_ms() + 3 + i % 7;
        while (vrn_time_ms() < end) assert_true(read_is_whole(&found));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        assert_true(read_is_whole(&found));
        assert_true(found);
    }
    /* What they left is in nobody's way. */
    const pid_t child = start(1, 3);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static vrn_tuned_record record_of(uint64_t shape)
{
    vrn_tuned_record record = {.shape = shape, .ms = 1.25, .rejected_ms = 2.5, .fresh = true};
    snprintf(record.kernel, sizeof record.kernel, "conv_fast");
    snprintf(record.rejected, sizeof record.rejected, "conv_slow");
    return record;
}

/* Text that passed for the cache's, and was changed: lines that make no sense go, and no others. */
static void test_tuned_text(void **state)
{
    (void)state;
    vrn_tuned tuned = {0};
    size_t size;
    for (uint64_t i = 1; i < 4; i++) {
        const vrn_tuned_record record = record_of(i);
        assert_int_equal(vrn_tuned_put(&tuned, &record, NULL), VRN_OK);
    }
    char *text = vrn_tuned_format(&tuned, &size);
    assert_non_null(text);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            vrn_tuned read = {0};
            text[at] = (char)(text[at] ^ 1 << bit);
            assert_int_equal(vrn_tuned_parse(&read, text, size, NULL), VRN_OK);
            text[at] = (char)(text[at] ^ 1 << bit);
            assert_in_range(read.count, 1, 4);
            for (uint32_t i = 0; i < read.count; i++) {
                assert_non_null(memchr(read.records[i].kernel, 0, sizeof read.records[i].kernel));
            }
            vrn_tuned_free(&read);
        }
    }
    for (size_t cut = 0; cut < size; cut++) {
        vrn_tuned read = {0};
        assert_int_equal(vrn_tuned_parse(&read, text, cut, NULL), VRN_OK);
        assert_in_range(read.count, 0, 2);
        vrn_tuned_free(&read);
    }
    vrn_free(text);
    vrn_tuned_free(&tuned);
}

static void count_errors(void *user, vrn_log_level level, const char *text)
{
    (void)text;
    *(int *)user += level <= VRN_LOG_WARNING;
}

/* Saving does without what it cannot have, and says nothing loud; the file stays good. */
static void test_tuned_without_memory(void **state)
{
    (void)state;
    int loud = 0;
    vrn_device *device = calloc(1, sizeof *device);
    assert_non_null(device);
    device->log = (vrn_log){.message = count_errors, .user = &loud, .level = VRN_LOG_DEBUG};
    device->cache_directory = directory;
    vrn_tuned tuned = {0};
    vrn_tuned_record record = record_of(77);
    assert_int_equal(vrn_tuned_put(&tuned, &record, NULL), VRN_OK);
    vrn_tuned_save(&tuned, device);
    uint64_t n = 1;
    for (bool hit = true; hit; n++) {
        vrn_tuned read = {0};
        const int64_t alive = failing_alloc_alive();
        failing_alloc_at(n, false);
        vrn_tuned_save(&tuned, device);
        hit = failing_alloc_hit();
        failing_alloc_at(0, false);
        assert_int_equal(loud, 0);
        assert_true(failing_alloc_alive() == alive);
        assert_int_equal(vrn_tuned_load(&read, device, &device->log), VRN_OK);
        assert_int_equal(read.count, 1);
        assert_true(read.records[0].shape == 77);
        vrn_tuned_free(&read);
        assert_true(n < 100);
    }
    assert_true(n > 5);
    vrn_tuned_free(&tuned);
    free(device);
}

static int set_up(void **state)
{
    (void)state;
    const char *temporary = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/vrn-caches-XXXXXX",
             temporary && *temporary ? temporary : "/tmp");
    return mkdtemp(directory) ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processes_share),
        cmocka_unit_test(test_killed_writers),
        cmocka_unit_test(test_tuned_text),
        cmocka_unit_test(test_tuned_without_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
