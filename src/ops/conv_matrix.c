/* Convolution of float16 or int8 values by cooperative matrices (conv_matrix.comp). */
#include <math.h>

#include "base/util.h"
#include "gpu/vk_matrix.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"

static bool flexible(const vrn_kernel *kernel)
{
    return kernel->variant->needs & VRN_CAPABILITY_COOPERATIVE_MATRIX_2;
}

/* True if the whole work group holds a matrix, false if a subgroup does. */
static bool held_by_group(const vrn_kernel *kernel)
{
    return kernel->number[VRN_MATRIX_SCOPE] == VK_SCOPE_WORKGROUP_KHR;
}

static vrn_matrix_shape matrix(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    return (vrn_matrix_shape){
        .m = n[VRN_MATRIX_FRAGMENT_M],
        .n = n[VRN_MATRIX_FRAGMENT_N],
        .k = n[VRN_MATRIX_FRAGMENT_K],
        .invocations = held_by_group(kernel) ? n[VRN_MATRIX_SIZE] : 0,
        .bytes = vrn_kernel_takes_bytes(kernel),
        .flexible = flexible(kernel),
    };
}

static uint32_t subgroup_size(const vrn_kernel *kernel)
{
    return held_by_group(kernel) ? 0 : kernel->number[VRN_MATRIX_SIZE];
}

static uint32_t count_threads(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    return n[VRN_MATRIX_SIZE] * n[VRN_MATRIX_SUBGROUPS_M] * n[VRN_MATRIX_SUBGROUPS_N];
}

/* Two pairs of panels of float16, with two more elements of four in a row, or of int8, with four;
 * and a fragment of sums for each subgroup, unless they are stored one by one. */
static uint32_t shared_bytes(const vrn_kernel *kernel)
{
    const uint32_t *v = kernel->number;
    const uint32_t m = v[VRN_MATRIX_M], n = v[VRN_MATRIX_N], k = v[VRN_MATRIX_K];
    const uint32_t panels = vrn_kernel_takes_bytes(kernel)
                                ? 2 * (m + n) * (k / 4 + 4) * 4
                                : 2 * (m * (k / 4 + 2) + k * (n / 4 + 2)) * 8;
    if (flexible(kernel)) return panels;
    return panels + v[VRN_MATRIX_SUBGROUPS_M] * v[VRN_MATRIX_SUBGROUPS_N] *
                        v[VRN_MATRIX_FRAGMENT_M] * v[VRN_MATRIX_FRAGMENT_N] * 4;
}

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    if (!vrn_conv_aligned(d)) return false;
    if (vrn_kernel_takes_bytes(kernel)) return true;
    /* Single bytes are not stored by operations on elements. */
    if (flexible(kernel) && d->y.type == VRN_TYPE_I8) return false;
    return d->x.type == VRN_TYPE_F16 && d->w == VRN_TYPE_F16;
}

static vrn_grid grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                     uint32_t images)
{
    const uint32_t m = kernel->number[VRN_MATRIX_M], n4 = kernel->number[VRN_MATRIX_N] / 4;
    const uint64_t pixels = (uint64_t)images * d->out.h * d->out.w;
    (void)threads;
    return (vrn_grid){
        .x = (pixels + m - 1) / m,
        .z = vrn_div_up(vrn_c4(vrn_conv_out(d)), n4) * d->groups,
    };
}

/* A subgroup's sums, factors and addresses are in its registers; the figures are those of
 * compilers. AMD's matrix units, with subgroups of 32 and 64, take each factor twice; Intel's, with
 * subgroups of 8 and 16, once. */
static uint32_t registers(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    const uint32_t sums = n[VRN_MATRIX_M] * n[VRN_MATRIX_N] / count_threads(kernel);
    return (n[VRN_MATRIX_SIZE] < 32 ? 44 : 60) + 3 * sums;
}

/* The faster the matrix units are, the larger the share of the time that reading the panels takes.
 * Between fragments of a subgroup there is a store through shared memory at the end that larger
 * matrices do without.
 *
 * Flexible matrices are assumed to be no faster than plain code: no GPU has run them yet, and
 * devices that have them also have fixed ones. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const uint32_t *row = kernel->number;
    const double m = row[VRN_MATRIX_M], n = row[VRN_MATRIX_N], k = row[VRN_MATRIX_K];
    const double terms = 4.0 * vrn_c4(vrn_conv_in(d)) * d->kernel.y * d->kernel.x;
    const vrn_grid grid = vrn_kernel_grid(kernel, 0, d, images);
    const double per_tile = m * n / (m + n), units = cores->matrix_rate ? cores->matrix_rate : 1;
    const double ends = flexible(kernel) ? 3 : 4; /* steps that pass before and after the sum */
    const vrn_gpu_work work = {
        .groups = (double)grid.x * grid.z,
        .threads = count_threads(kernel),
        .multiplies = m * n * k * (ceil(terms / k) + ends),
        .rate = flexible(kernel) ? 1 : units * (vrn_kernel_takes_bytes(kernel) ? 2 : 1),
        .efficiency = per_tile / (per_tile + 4 * fmax(units, 4)),
        .sums = m * n / count_threads(kernel),
        .registers = registers(kernel),
        .shared_bytes = shared_bytes(kernel),
        .bytes = vrn_gpu_bytes(d, images),
    };
    return vrn_gpu_merit(vrn_gpu_time(cores, &work));
}

static const vrn_kernel_variant halves = {
    .family = &vrn_family_conv_matrix,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .needs = VRN_CAPABILITY_COOPERATIVE_MATRIX,
    .shader = {{.module = &vrn_module_conv_matrix, .numbers = 8}},
};

static const vrn_kernel_variant bytes = {
    .family = &vrn_family_conv_matrix,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_GPU,
    .needs = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_INT8,
    .shader = {{.module = &vrn_module_conv_matrix_int8, .numbers = 8}},
};

/* A subgroup's part of the tile is one matrix, or the whole tile is, held by the work group. */
static const vrn_kernel_variant large = {
    .family = &vrn_family_conv_matrix,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .needs = VRN_CAPABILITY_COOPERATIVE_MATRIX | VRN_CAPABILITY_COOPERATIVE_MATRIX_2 |
             VRN_CAPABILITY_STORAGE_16BIT,
    .shader = {{.module = &vrn_module_conv_matrix_flexible, .numbers = 9}},
};

enum { SUBGROUP = VK_SCOPE_SUBGROUP_KHR, GROUP = VK_SCOPE_WORKGROUP_KHR };

/* Tiles of m x n in steps of k; fragments, m, n and k, that the device must list; subgroups along m
 * and n; who holds a matrix (of large ones); and a subgroup's invocations, or the work group's
 * where that is who. Invocations must be a multiple of k / 4 and of n / 4, and divide m * k / 4 and
 * k * n / 4 (of bytes k / 4 * n / 4); a subgroup has whole fragments. */
static const vrn_kernel rows[] = {
    {"conv_matrix_64x64x32_16x16x16_32", &halves, {64, 64, 32, 16, 16, 16, 2, 2, 0, 32}},
    {"conv_matrix_128x128x32_16x16x16_32", &halves, {128, 128, 32, 16, 16, 16, 4, 2, 0, 32}},
    {"conv_matrix_64x64x32_16x16x16_64", &halves, {64, 64, 32, 16, 16, 16, 2, 1, 0, 64}},
    {"conv_matrix_128x128x32_16x16x16_64", &halves, {128, 128, 32, 16, 16, 16, 2, 2, 0, 64}},
    {"conv_matrix_64x64x32_8x16x16_16", &halves, {64, 64, 32, 8, 16, 16, 4, 4, 0, 16}},
    {"conv_matrix_64x64x32_8x8x16_8", &halves, {64, 64, 32, 8, 8, 16, 8, 4, 0, 8}},
    {"conv_matrix_32x32x16_8x8x8_8", &halves, {32, 32, 16, 8, 8, 8, 2, 2, 0, 8}},
    {"conv_int8_matrix_64x64x32_16x16x16_32", &bytes, {64, 64, 32, 16, 16, 16, 2, 2, 0, 32}},
    {"conv_int8_matrix_128x128x32_16x16x16_32", &bytes, {128, 128, 32, 16, 16, 16, 4, 2, 0, 32}},
    {"conv_int8_matrix_64x64x64_16x16x32_32", &bytes, {64, 64, 64, 16, 16, 32, 2, 2, 0, 32}},
    {"conv_int8_matrix_128x128x64_16x16x32_32", &bytes, {128, 128, 64, 16, 16, 32, 4, 2, 0, 32}},
    {"conv_int8_matrix_64x64x32_16x16x16_64", &bytes, {64, 64, 32, 16, 16, 16, 2, 1, 0, 64}},
    {"conv_int8_matrix_128x128x32_16x16x16_64", &bytes, {128, 128, 32, 16, 16, 16, 2, 2, 0, 64}},
    {"conv_int8_matrix_64x64x64_8x16x32_16", &bytes, {64, 64, 64, 8, 16, 32, 4, 4, 0, 16}},
    {"conv_int8_matrix_64x64x64_8x8x32_8", &bytes, {64, 64, 64, 8, 8, 32, 8, 4, 0, 8}},
    {"conv_int8_matrix_32x32x16_8x8x8_8", &bytes, {32, 32, 16, 8, 8, 8, 2, 2, 0, 8}},
    {"conv_matrix2_group_64x64x32_128", &large, {64, 64, 32, 64, 64, 32, 1, 1, GROUP, 128}},
    {"conv_matrix2_group_128x128x32_256", &large, {128, 128, 32, 128, 128, 32, 1, 1, GROUP, 256}},
    {"conv_matrix2_128x128x32_4x2_32", &large, {128, 128, 32, 32, 64, 32, 4, 2, SUBGROUP, 32}},
    {"conv_matrix2_64x64x32_2x1_64", &large, {64, 64, 32, 32, 64, 32, 2, 1, SUBGROUP, 64}},
    {"conv_matrix2_32x32x16_2x2_8", &large, {32, 32, 16, 16, 16, 16, 2, 2, SUBGROUP, 8}},
    {"conv_matrix2_16x16x8_1x1_8", &large, {16, 16, 8, 16, 16, 8, 1, 1, SUBGROUP, 8}},
};

const vrn_kernel_family vrn_family_conv_matrix = {
    .fits = fits,
    .merit = merit,
    .threads = count_threads,
    .shared_bytes = shared_bytes,
    .registers = registers,
    .matrix = matrix,
    .subgroup_size = subgroup_size,
    .pass = {{.grid = grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
