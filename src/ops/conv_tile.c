/* Convolution in tiles, with the whole sum of each. */
#include "ops/conv_tile.h"

#include <math.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"

bool vrn_tile_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return vrn_conv_aligned(d);
}

uint32_t vrn_tile_threads(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    return n[VRN_TILE_M] / 4 / n[VRN_TILE_THREAD_M4] * (n[VRN_TILE_N] / 4 / n[VRN_TILE_THREAD_N4]);
}

/* Two panels, of rows of m (and four, against bank conflicts) and n words. A row is a value of k,
 * or four int8 values. */
uint32_t vrn_tile_shared_bytes(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    const uint32_t rows = n[VRN_TILE_K] / (vrn_kernel_takes_bytes(kernel) ? 4 : 1);
    return 2 * rows * (n[VRN_TILE_M] + 4 + n[VRN_TILE_N]) * 4;
}

/* Work groups that follow each other in x share weights; the parts of a split sum and the blocks of
 * channels are along z. */
vrn_grid vrn_tile_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                       uint32_t images)
{
    const uint32_t *n = kernel->number;
    const uint64_t pixels = (uint64_t)images * d->out.h * d->out.w;
    const uint32_t blocks = vrn_div_up(vrn_c4(vrn_conv_out(d)), n[VRN_TILE_N] / 4);
    (void)threads;
    return (vrn_grid){
        .x = (pixels + n[VRN_TILE_M] - 1) / n[VRN_TILE_M],
        .z = blocks * vrn_conv_groups(d) * n[VRN_TILE_SPLIT],
    };
}

/* Sums, factors, values on their way to the next panel, and addresses; a few more for int8. */
uint32_t vrn_tile_registers(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    const uint32_t tm = 4 * n[VRN_TILE_THREAD_M4], tn = 4 * n[VRN_TILE_THREAD_N4];
    const uint32_t rows = n[VRN_TILE_K] / (vrn_kernel_takes_bytes(kernel) ? 4 : 1);
    const uint32_t copied = rows * (n[VRN_TILE_M] + n[VRN_TILE_N]) / vrn_tile_threads(kernel);
    return tm * tn + tm + tn + copied + (vrn_kernel_takes_bytes(kernel) ? 36 : 20);
}

/* The second pass of a split sum, which reads the first one's output. */
static double add_up(const vrn_op_desc *d, uint32_t images, double split, const vrn_cores *cores)
{
    const double values = (double)images * d->out.h * d->out.w * 4 * vrn_c4(d->out.c);
    const vrn_gpu_work work = {
        .groups = ceil(values / 4 / 64),
        .threads = 64,
        .multiplies = 64 * 4 * split,
        .rate = 1,
        .efficiency = 0.2,
        .sums = 4,
        .registers = 32,
        .bytes = 4 * (2 * split + 1) * values,
    };
    return vrn_gpu_time(cores, &work);
}

double vrn_tile_product_time(const vrn_kernel *kernel, vrn_grid grid, double steps, double bytes,
                             const vrn_cores *cores)
{
    const uint32_t *row = kernel->number;
    const double m = row[VRN_TILE_M], n = row[VRN_TILE_N], k = row[VRN_TILE_K];
    const double tm = 4.0 * row[VRN_TILE_THREAD_M4], tn = 4.0 * row[VRN_TILE_THREAD_N4];

    /* Reuse of shared memory (4 for 8 x 8 in an invocation) and of global memory (64 for 128 x
     * 128). */
    const double per_thread = tm * tn / (tm + tn), per_tile = m * n / (m + n);
    /* An emulated dot product takes bytes apart: those of the factors. */
    const bool apart = vrn_kernel_takes_bytes(kernel) && cores->emulates_dot;
    const vrn_gpu_work work = {
        .groups = (double)grid.x * grid.z,
        .threads = vrn_tile_threads(kernel),
        /* Nothing is multiplied until the first panel has been read: about four steps. */
        .multiplies = m * n * k * (steps + 4),
        .rate = vrn_gpu_rate(kernel, cores),
        .efficiency = per_thread / (per_thread + cores->shared_cost) * per_tile / (per_tile + 6),
        .sums = tm * tn,
        .registers = vrn_kernel_registers(kernel) + (apart ? (uint32_t)(tm + tn) : 0),
        .shared_bytes = vrn_tile_shared_bytes(kernel),
        .bytes = bytes,
    };
    return vrn_gpu_time(cores, &work);
}

double vrn_tile_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                      const vrn_cores *cores)
{
    const double split = kernel->number[VRN_TILE_SPLIT];
    const double depth = (double)vrn_conv_window(d) * 4 * vrn_c4(vrn_conv_in(d));
    const double steps = ceil(ceil(depth / kernel->number[VRN_TILE_K]) / split);
    double time = vrn_tile_product_time(kernel, vrn_kernel_grid(kernel, 0, d, images), steps,
                                        vrn_gpu_bytes(d, images), cores);
    if (split > 1) time += add_up(d, images, split, cores);
    return vrn_gpu_merit(time);
}

const vrn_kernel_variant vrn_variant_tile = {
    .family = &vrn_family_conv_tile,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .shader = {{.module = &vrn_module_conv_tile, .numbers = 6}},
};

/* Without integer dot products, most of the time is spent on unpacking words, which shared memory
 * does not shorten. */
static const vrn_kernel_variant bytes = {
    .family = &vrn_family_conv_tile,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_GPU,
    .needs = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
    .shader = {{.module = &vrn_module_conv_tile_int8, .numbers = 6}},
};

/* Split (1), then m, n, k, and the pixels and channels of an invocation, in fours. A work group has
 * m / 4 / thread_m4 * (n / 4 / thread_n4) invocations, a multiple of k / 4 and of n / 4 that
 * divides m * k / 4 and, with a row for each value of k or each four bytes, rows * n / 4. */
static const vrn_kernel rows[] = {
    {"conv_int8_tile_32x32x32", &bytes, {1, 32, 32, 32, 1, 1}},
    {"conv_int8_tile_64x64x32", &bytes, {1, 64, 64, 32, 1, 2}},
    {"conv_int8_tile_128x128x32", &bytes, {1, 128, 128, 32, 2, 2}},
    {"conv_tile_32x32x8", &vrn_variant_tile, {1, 32, 32, 8, 1, 1}},
    {"conv_tile_32x32x16", &vrn_variant_tile, {1, 32, 32, 16, 1, 1}},
    {"conv_tile_64x32x8", &vrn_variant_tile, {1, 64, 32, 8, 2, 1}},
    {"conv_tile_64x64x8", &vrn_variant_tile, {1, 64, 64, 8, 1, 2}},
    {"conv_tile_64x64x16", &vrn_variant_tile, {1, 64, 64, 16, 1, 2}},
    {"conv_tile_128x64x8", &vrn_variant_tile, {1, 128, 64, 8, 2, 2}},
    {"conv_tile_128x128x8", &vrn_variant_tile, {1, 128, 128, 8, 2, 2}},
};

const vrn_kernel_family vrn_family_conv_tile = {
    .fits = vrn_tile_fits,
    .merit = vrn_tile_merit,
    .threads = vrn_tile_threads,
    .shared_bytes = vrn_tile_shared_bytes,
    .registers = vrn_tile_registers,
    .pass = {{.grid = vrn_tile_grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
