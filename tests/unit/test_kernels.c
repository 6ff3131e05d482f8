/* The tables of kernels, without a device: what their shaders take for granted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ops/families.h"
#include "ops/operators.h"

/* Calls `check` for every kernel. */
static void each_kernel(void (*check)(const vrn_kernel *kernel))
{
    for (uint32_t op = 0; op < VRN_OP_COUNT; op++) {
        const vrn_kernel *kernel;
        uint32_t i = 0;
        for (; (kernel = vrn_kernel_at((vrn_op)op, i)); i++) check(kernel);
        assert_int_equal(vrn_kernel_count((vrn_op)op), i);
    }
}

static bool is_tile(const vrn_kernel *kernel)
{
    const vrn_kernel_family *family = kernel->variant->family;
    return family == &vrn_family_conv_tile || family == &vrn_family_conv_split;
}

static void check_tile(const vrn_kernel *kernel)
{
    if (!is_tile(kernel)) return;
    const uint32_t *n = kernel->number;
    const uint32_t m4 = n[VRN_TILE_M] / 4, n4 = n[VRN_TILE_N] / 4, k4 = n[VRN_TILE_K] / 4;
    const uint32_t rows = vrn_kernel_takes_bytes(kernel) ? k4 : k4 * 4;
    const uint32_t threads = vrn_kernel_threads(kernel, 0);
    print_message("%s\n", kernel->name);
    assert_int_equal(m4 % n[VRN_TILE_THREAD_M4], 0);
    assert_int_equal(n4 % n[VRN_TILE_THREAD_N4], 0);
    assert_int_equal(threads, m4 / n[VRN_TILE_THREAD_M4] * (n4 / n[VRN_TILE_THREAD_N4]));
    /* Each invocation copies as much of the panels as any other, and always of the same row and
     * column. */
    assert_int_equal(m4 * 4 * k4 % threads, 0);
    assert_int_equal(rows * n4 % threads, 0);
    assert_int_equal(threads % k4, 0);
    assert_int_equal(threads % n4, 0);
    assert_int_equal(vrn_kernel_shared_bytes(kernel), 2 * rows * (m4 + 1 + n4) * 16);
    assert_int_equal(vrn_kernel_pass_count(kernel), n[VRN_TILE_SPLIT] > 1 ? 2 : 1);
}

static void tiles_are_shared_out_evenly(void **state)
{
    (void)state;
    each_kernel(check_tile);
}

static void check_limits(const vrn_kernel *kernel)
{
    /* What every GPU of today has: the table must not be empty for a modest one. */
    for (uint32_t pass = 0; pass < vrn_kernel_pass_count(kernel); pass++) {
        assert_in_range(vrn_kernel_threads(kernel, pass), 1, 256);
        assert_non_null(vrn_kernel_pass(kernel, pass)->grid);
    }
    /* Those with matrix units have more: 64 KiB, or 48. */
    const uint32_t most = vrn_kernel_matrix(kernel).m ? 49152 : 32768;
    assert_true(vrn_kernel_shared_bytes(kernel) <= most);
}

static void kernels_fit_modest_devices(void **state)
{
    (void)state;
    each_kernel(check_limits);
}

/* A number that a shader does not know would be lost on it. */
static void check_numbers(const vrn_kernel *kernel)
{
    uint32_t known = 0;
    for (uint32_t pass = 0; pass < vrn_kernel_pass_count(kernel); pass++) {
        known = vrn_max_u32(known, vrn_kernel_shader(kernel, pass)->numbers);
    }
    for (uint32_t i = 0; i < known; i++) {
        const bool may_be_none = kernel->variant->family == &vrn_family_conv_product;
        if (!may_be_none) assert_true(kernel->number[i] > 0);
    }
}

static void rows_are_complete(void **state)
{
    (void)state;
    each_kernel(check_numbers);
}

static const vrn_kernel *best_tile(const vrn_op_desc *desc, uint32_t images)
{
    const vrn_kernel *kernel, *best = NULL;
    double merit = -1;
    for (uint32_t i = 0; (kernel = vrn_kernel_at(desc->op, i)); i++) {
        if (kernel->variant->suits != VRN_SUITS_GPU || !vrn_kernel_fits(kernel, desc)) continue;
        double value = vrn_kernel_merit(kernel, desc, images);
        assert_true(value >= 0 && value <= 1000);
        if (value <= merit) continue;
        merit = value;
        best = kernel;
    }
    assert_non_null(best);
    return best;
}

static vrn_op_desc convolution(uint32_t side, uint32_t in, uint32_t out, uint32_t kernel,
                               uint32_t groups)
{
    return (vrn_op_desc){
        .op = VRN_OP_CONV,
        .in = {side, side, in},
        .out = {side, side, out},
        .kernel = {kernel, kernel},
        .stride = {1, 1},
        .padding = {kernel / 2, kernel / 2},
        .dilation = {1, 1},
        .groups = groups,
    };
}

static uint32_t tile_of(const vrn_kernel *kernel)
{
    return kernel->number[VRN_TILE_M] * kernel->number[VRN_TILE_N];
}

/* Small late layers are split, large batches get large tiles, narrow groups no tiles, and neither
 * more images nor more channels make the tile smaller. */
static void merits_follow_the_shape(void **state)
{
    (void)state;
    const vrn_op_desc late = convolution(7, 512, 512, 3, 1), early = convolution(56, 64, 256, 1, 1);
    const vrn_op_desc narrow = convolution(56, 128, 128, 3, 32);
    assert_int_equal(vrn_kernel_pass_count(best_tile(&late, 1)), 2);
    assert_int_equal(vrn_kernel_pass_count(best_tile(&late, 64)), 1);
    assert_int_equal(vrn_kernel_pass_count(best_tile(&early, 1)), 1);
    assert_int_equal(tile_of(best_tile(&early, 64)), 128 * 128);
    assert_false(is_tile(best_tile(&narrow, 1)));
    assert_false(is_tile(best_tile(&narrow, 64)));
    uint32_t last = 0;
    for (uint32_t images = 1; images <= 64; images *= 8) {
        uint32_t tile = tile_of(best_tile(&early, images));
        assert_true(tile >= last);
        last = tile;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_shared_out_evenly),
        cmocka_unit_test(kernels_fit_modest_devices),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(merits_follow_the_shape),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
