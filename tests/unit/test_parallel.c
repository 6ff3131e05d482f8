/* Work spread over the cores: everything once, failures in order, nothing after a failure. */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/os.h"
#include "base/parallel.h"

enum { ITEMS = 10000 };

typedef struct tally {
    uint32_t done[ITEMS]; /* plain: an item belongs to one call, and the end of all is waited for */
    atomic_uint busy, most; /* calls under way */
    uint32_t fail_from;
} tally;

static vrn_result count_item(void *user, uint32_t index)
{
    tally *t = user;
    const uint32_t busy = atomic_fetch_add(&t->busy, 1) + 1;
    uint32_t most = atomic_load(&t->most);
    while (busy > most && !atomic_compare_exchange_weak(&t->most, &most, busy)) {
    }
    t->done[index]++;
    atomic_fetch_sub(&t->busy, 1);
    return index >= t->fail_from ? VRN_ERROR_OUT_OF_MEMORY : VRN_OK;
}

static void test_each_once(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 3, 63, 64, 65, ITEMS};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        static tally t;
        memset(&t, 0, sizeof t);
        t.fail_from = UINT32_MAX;
        assert_int_equal(vrn_parallel_for(counts[c], count_item, &t), VRN_OK);
        for (uint32_t i = 0; i < ITEMS; i++) assert_int_equal(t.done[i], i < counts[c]);
        assert_in_range(t.most, counts[c] ? 1 : 0, vrn_parallel_workers(counts[c]));
        assert_in_range(vrn_parallel_workers(counts[c]), counts[c] ? 1 : 0, VRN_PARALLEL_MAX);
    }
}

static void test_stops(void **state)
{
    (void)state;
    static tally t;
    memset(&t, 0, sizeof t);
    t.fail_from = 100;
    assert_int_equal(vrn_parallel_for(ITEMS, count_item, &t), VRN_ERROR_OUT_OF_MEMORY);
    uint32_t done = 0;
    for (uint32_t i = 0; i < ITEMS; i++) done += t.done[i];
    /* What was begun is finished: at most one item of each worker lies behind the first that
     * failed. */
    assert_in_range(done, 101, 100 + VRN_PARALLEL_MAX);
    for (uint32_t i = 0; i < 100; i++) assert_int_equal(t.done[i], 1);
}

/* Items 0 and 1 wait for each other where there are two cores, and fail in different ways. */
typedef struct meeting {
    atomic_uint arrived;
    uint32_t expected;
} meeting;

static vrn_result meet(void *user, uint32_t index)
{
    meeting *m = user;
    atomic_fetch_add(&m->arrived, 1);
    while (atomic_load(&m->arrived) < m->expected) {
    }
    return index == 0 ? VRN_ERROR_FILE : VRN_ERROR_NO_DEVICE;
}

static void test_at_once(void **state)
{
    (void)state;
    meeting m = {.expected = vrn_parallel_workers(2)};
    atomic_init(&m.arrived, 0);
    assert_int_equal(vrn_parallel_for(2, meet, &m), VRN_ERROR_FILE);
    assert_int_equal(m.arrived, m.expected);
}

typedef struct signals {
    vrn_mutex *lock;
    int step;
} signals;

static void wait_for_go(void *user)
{
    signals *shared = user;
    vrn_mutex_lock(shared->lock);
    while (shared->step != 1) vrn_mutex_wait(shared->lock);
    shared->step = 2;
    vrn_mutex_wake_all(shared->lock);
    vrn_mutex_unlock(shared->lock);
}

static void test_condition(void **state)
{
    (void)state;
    signals shared = {vrn_mutex_create(), 0};
    assert_non_null(shared.lock);
    vrn_thread *thread = vrn_thread_start(wait_for_go, &shared);
    assert_non_null(thread);
    vrn_mutex_lock(shared.lock);
    shared.step = 1;
    vrn_mutex_wake_all(shared.lock);
    while (shared.step != 2) vrn_mutex_wait(shared.lock);
    vrn_mutex_unlock(shared.lock);
    vrn_thread_join(&thread);
    assert_null(thread);
    vrn_mutex_destroy(&shared.lock);
}

static void work(void *user)
{
    const double end = *(double *)user;
    while (vrn_processor_time_ms() < end) {
    }
}

/* The work of all threads counts, and waiting does not. */
static void test_processor_time(void **state)
{
    (void)state;
    double begin = vrn_processor_time_ms();
    if (begin < 0) skip();
    double end = begin + 20;
    vrn_thread *thread = vrn_thread_start(work, &end);
    assert_non_null(thread);
    vrn_thread_join(&thread);
    assert_true(vrn_processor_time_ms() >= end);

    begin = vrn_processor_time_ms();
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_true(vrn_processor_time_ms() - begin < 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once),      cmocka_unit_test(test_stops),
        cmocka_unit_test(test_at_once),        cmocka_unit_test(test_condition),
        cmocka_unit_test(test_processor_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
