/* The tables of kernels, without a device: what their shaders take for granted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "ops/conv_gpu.h"

/* Calls `check` for every pass of every kernel. */
static void each_pass(void (*check)(const vrn_kernel *kernel, const vrn_pass *pass))
{
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_operator *op = vrn_operator_of((vrn_op)o);
        for (uint32_t i = 0; i < op->kernel_count; i++) {
            for (uint32_t p = 0; p < op->kernels[i].pass_count; p++) {
                check(&op->kernels[i], &op->kernels[i].pass[p]);
            }
        }
    }
}

static void check_tile(const vrn_kernel *kernel, const vrn_pass *pass)
{
    if (pass->module != &vrn_module_conv_tile) return;
    const uint32_t *row = pass->row;
    uint32_t threads = row[VRN_TILE_THREADS], k4 = row[VRN_TILE_K4], n4 = row[VRN_TILE_N4];
    uint32_t m4 = row[VRN_TILE_M] / 4;
    print_message("%s\n", kernel->name);
    assert_int_equal(m4 % row[VRN_TILE_THREAD_M4], 0);
    assert_int_equal(n4 % row[VRN_TILE_THREAD_N4], 0);
    assert_int_equal(threads, m4 / row[VRN_TILE_THREAD_M4] * (n4 / row[VRN_TILE_THREAD_N4]));
    /* Each invocation copies as much of the panels as any other, and always of the same row and
     * column. */
    assert_int_equal(row[VRN_TILE_M] * k4 % threads, 0);
    assert_int_equal(k4 * 4 * n4 % threads, 0);
    assert_int_equal(threads % k4, 0);
    assert_int_equal(threads % n4, 0);
    assert_int_equal(kernel->shared_bytes, 2 * k4 * 4 * (m4 + 1 + n4) * 16);
    assert_true(kernel->pass_count == 1 ? row[VRN_TILE_SPLIT] == 1 : row[VRN_TILE_SPLIT] > 1);
    if (kernel->pass_count > 1) assert_int_equal(row[VRN_TILE_SPLIT], kernel->pass[1].row[1]);
}

static void tiles_are_shared_out_evenly(void **state)
{
    (void)state;
    each_pass(check_tile);
}

static void check_limits(const vrn_kernel *kernel, const vrn_pass *pass)
{
    /* What every GPU of today has: the table must not be empty for a modest one. */
    assert_in_range(pass->row[0], 1, 256);
    /* Those with matrix units have more: 64 KiB, or 48. */
    assert_true(kernel->shared_bytes <= (kernel->matrix.m ? 49152u : 32768u));
}

static void kernels_fit_modest_devices(void **state)
{
    (void)state;
    each_pass(check_limits);
}

static const vrn_kernel *best_tile(const vrn_op_desc *desc, uint32_t images)
{
    const vrn_operator *op = vrn_operator_of(desc->op);
    const vrn_kernel *best = NULL;
    double merit = -1;
    for (uint32_t i = 0; i < op->kernel_count; i++) {
        const vrn_kernel *kernel = &op->kernels[i];
        if (kernel->suits != VRN_SUITS_GPU || (kernel->fits && !kernel->fits(kernel, desc)))
            continue;
        double value = kernel->merit(kernel, desc, images);
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
    return kernel->pass[0].row[VRN_TILE_M] * kernel->pass[0].row[VRN_TILE_N4] * 4;
}

/* Small late layers are split, large batches get large tiles, narrow groups no tiles, and neither
 * more images nor more channels make the tile smaller. */
static void merits_follow_the_shape(void **state)
{
    (void)state;
    const vrn_op_desc late = convolution(7, 512, 512, 3, 1), early = convolution(56, 64, 256, 1, 1);
    const vrn_op_desc narrow = convolution(56, 128, 128, 3, 32);
    assert_int_equal(best_tile(&late, 1)->pass_count, 2);
    assert_int_equal(best_tile(&late, 64)->pass_count, 1);
    assert_int_equal(best_tile(&early, 1)->pass_count, 1);
    assert_int_equal(tile_of(best_tile(&early, 64)), 128 * 128);
    assert_true(best_tile(&narrow, 1)->pass[0].module != &vrn_module_conv_tile);
    assert_true(best_tile(&narrow, 64)->pass[0].module != &vrn_module_conv_tile);
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
        cmocka_unit_test(merits_follow_the_shape),
    };
    return cmocka_run_group_tests_name("kernels", tests, NULL, NULL);
}
