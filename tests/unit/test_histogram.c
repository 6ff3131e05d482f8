/* Histograms of magnitudes, and the limits that follow from them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tools/histogram.h"

static void test_counts(void **state)
{
    (void)state;
    vrn_histogram h = {0};
    const float values[] = {0, 1, -2, 70000, -65504, INFINITY, NAN};
    vrn_histogram_add(&h, values, 7);
    assert_int_equal(h.count, 5);
    assert_int_equal(h.not_finite, 2);
    assert_int_equal(h.beyond_half, 1);
    assert_true(h.low == -65504 && h.high == 70000);
    assert_true(vrn_histogram_largest(&h) == 70000);
    uint64_t in_bins = 0;
    for (size_t i = 0; i < VRN_HISTOGRAM_BINS; i++) in_bins += h.bins[i];
    assert_int_equal(in_bins, 5);
}

static void test_nothing(void **state)
{
    (void)state;
    vrn_histogram h = {0};
    const float zeros[3] = {0};
    vrn_histogram_add(&h, zeros, 3);
    assert_true(vrn_histogram_largest(&h) == 0);
    assert_true(vrn_histogram_percentile(&h, 1e-4) == 0);
    assert_true(vrn_histogram_least_error(&h) == 0);
}

/* A range that doubles again and again gives the bins of one that was known from the start. */
static void test_range_grows(void **state)
{
    (void)state;
    vrn_histogram grown = {0}, known = {0};
    float values[1000];
    for (int i = 0; i < 1000; i++) values[i] = (float)(i + 1) / 1000;
    for (int i = 0; i < 1000; i++) vrn_histogram_add(&grown, &values[i], 1);
    known.range = grown.range;
    vrn_histogram_add(&known, values, 1000);
    assert_true(grown.range >= 1 && grown.range < 2.1);
    uint64_t sum = 0, moved = 0;
    for (size_t i = 0; i < VRN_HISTOGRAM_BINS; i++) {
        sum += grown.bins[i];
        moved += (uint64_t)llabs((long long)grown.bins[i] - (long long)known.bins[i]);
    }
    assert_int_equal(sum, 1000);
    assert_true(moved <= 40); /* values on the edge of a bin */
}

static void test_percentile(void **state)
{
    (void)state;
    vrn_histogram h = {0};
    for (int i = 1; i <= 10000; i++) {
        const float value = (float)i / 10000;
        vrn_histogram_add(&h, &value, 1);
    }
    assert_true(fabs(vrn_histogram_percentile(&h, 0.1) - 0.9) < 2e-3);
    assert_true(fabs(vrn_histogram_percentile(&h, 0.5) - 0.5) < 2e-3);
    assert_true(vrn_histogram_percentile(&h, 0) <= 1);
}

/* One value far away is better clamped than all others rounded coarsely; evenly spread ones are
 * not. */
static void test_least_error(void **state)
{
    (void)state;
    vrn_histogram outlier = {0}, even = {0};
    float values[1000];
    for (int i = 0; i < 1000; i++) values[i] = (float)i / 1000;
    for (int i = 0; i < 1000; i++) {
        vrn_histogram_add(&outlier, values, 1000);
        vrn_histogram_add(&even, values, 1000);
    }
    const float far = 4;
    vrn_histogram_add(&outlier, &far, 1);
    assert_true(vrn_histogram_least_error(&outlier) < 2);
    assert_true(vrn_histogram_least_error(&outlier) > 0.9f);
    assert_true(vrn_histogram_least_error(&even) > 0.95f * vrn_histogram_largest(&even));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),      cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_range_grows), cmocka_unit_test(test_percentile),
        cmocka_unit_test(test_least_error),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
