/* Every allocation of the library fails once: the n-th, for all n, alone and with all that
 * follow. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "failing_alloc.h"
#include "life.h"

static life_world world;
static const life *only;    /* NULL: all */
static uint64_t stride = 1; /* VRN_FAULT_STRIDE: of n */

/* The n-th allocation fails. Returns whether there are that many. */
static bool fail_at(const life *one, uint64_t n, bool all, const life_outcome *expected)
{
    char what[96];
    snprintf(what, sizeof what, "%s, allocation %llu%s", one->name, (unsigned long long)n,
             all ? " and all later ones" : "");
    life_outcome outcome;
    const int64_t alive = failing_alloc_alive();
    failing_alloc_at(n, all);
    const vrn_result result = life_lead(one, &world, &outcome, what);
    const bool hit = failing_alloc_hit();
    failing_alloc_at(0, false);
    /* Some things the library can do without: a thread, a cache's file. */
    if (result == VRN_OK && !life_same(&outcome, expected)) fail_msg("%s: other results", what);
    if (result != VRN_OK && result != VRN_ERROR_OUT_OF_MEMORY) {
        fail_msg("%s: %s: %s", what, vrn_result_string(result), world.last);
    }
    if (result != VRN_OK && !hit) fail_msg("%s: failed by itself: %s", what, world.last);
    /* A device keeps pipelines that were made, and what it keeps them in. */
    if (!one->needs_device && failing_alloc_alive() != alive) {
        fail_msg("%s: %lld blocks are left", what, (long long)(failing_alloc_alive() - alive));
    }
    if (result == VRN_OK) return hit;
    /* Nothing is half made: the same goes well afterwards. */
    if (life_lead(one, &world, &outcome, what) != VRN_OK || !life_same(&outcome, expected)) {
        fail_msg("%s: afterwards: %s", what, world.last);
    }
    return true;
}

static void test_every_allocation(void **state)
{
    const life *one = *state;
    life_outcome expected, outcome;
    /* Twice: what stays is made the first time. */
    assert_int_equal(life_lead(one, &world, &outcome, one->name), VRN_OK);
    failing_alloc_at(0, false);
    assert_int_equal(life_lead(one, &world, &expected, one->name), VRN_OK);
    const uint64_t count = failing_alloc_count();
    assert_true(expected.count > 0 && count > 3);
    const int64_t alive = failing_alloc_alive();
    uint64_t n = 1, tried = 0;
    for (; n < 2 * count + 100; n += stride, tried++) {
        const bool more = fail_at(one, n, false, &expected);
        fail_at(one, n, true, &expected);
        if (!more) break;
    }
    if (n > 2 * count + 99 + stride) fail_msg("%s: no end of allocations", one->name);
    if (failing_alloc_alive() != alive) {
        fail_msg("%s: %lld blocks are left", one->name, (long long)(failing_alloc_alive() - alive));
    }
    fprintf(stderr, "  %s: %llu allocations, %llu failed in turn\n", one->name,
            (unsigned long long)count, (unsigned long long)tried);
}

static int set_up(void **state)
{
    (void)state;
    stride = life_stride();
    if (stride > 1 && getenv("VRN_TEST_QUICK")) stride = 2 * stride + 1;
    life_world_create(&world, only);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    life_world_destroy(&world);
    return failing_alloc_alive() == 0 ? 0 : 1;
}

/* Arguments: the name of the one life to test. */
int main(int argc, char **argv)
{
    struct CMUnitTest tests[LIFE_TESTS];
    if (argc > 1 && !(only = life_find(argv[1]))) return 1;
    const uint32_t count = life_tests(tests, test_every_allocation, only, false);
    return _cmocka_run_group_tests("allocations", tests, count, set_up, tear_down);
}
