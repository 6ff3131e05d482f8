/* Convolution by Winograd's algorithm (winograd.glsl) on GPUs: its products are computed in tiles
 * (conv_tile.comp), and its transforms have one channel of a tile in an invocation. */
#include <math.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_tile.h"
#include "ops/families.h"
#include "ops/merit.h"
#include "ops/product.h"

/* With few channels the transforms round more than the short sums of a direct convolution. */
static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_family_conv_winograd.fits(kernel, d) && d->in.c >= 64 && d->out.c >= 64 &&
           d->x.type == VRN_TYPE_F32 && d->y.type == VRN_TYPE_F32 && d->w == VRN_TYPE_F32;
}

/* As a tile's, and sums of a step. */
static uint32_t registers(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    return vrn_tile_registers(kernel) + 16 * n[VRN_TILE_THREAD_M4] * n[VRN_TILE_THREAD_N4];
}

static vrn_grid product_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                             uint32_t images)
{
    const uint32_t *n = kernel->number;
    const uint64_t rows = vrn_product_rows(kernel, d) * images;
    (void)threads;
    return (vrn_grid){
        .x = (rows + n[VRN_TILE_M] - 1) / n[VRN_TILE_M],
        .z = vrn_div_up(vrn_c4(d->out.c), n[VRN_TILE_N] / 4) * vrn_product_count(kernel),
    };
}

static vrn_grid output_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                            uint32_t images)
{
    return vrn_grid_flat(threads, vrn_product_rows(kernel, d) * images * 4 * vrn_c4(d->out.c));
}

/* A transform reads and writes this many floats, and adds a few products for each. */
static double transform_time(const vrn_kernel *kernel, double invocations, double floats,
                             const vrn_cores *cores)
{
    const uint32_t side = kernel->number[VRN_PRODUCT_M] + 2;
    const vrn_gpu_work work = {
        .groups = ceil(invocations / 64),
        .threads = 64,
        .multiplies = 64 * 4.0 * side * side,
        .rate = 1,
        .efficiency = 0.2,
        .sums = 4,
        .registers = side * side + 12,
        .bytes = sizeof(float) * floats,
    };
    return vrn_gpu_time(cores, &work);
}

static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const double tiles = (double)vrn_product_rows(kernel, d) * images;
    const double in = 4.0 * vrn_c4(d->in.c), out = 4.0 * vrn_c4(d->out.c);
    const double products = vrn_product_count(kernel), m = kernel->number[VRN_PRODUCT_M];
    const double residual = d->epilogue.residual ? m * m : 0;
    double time =
        transform_time(kernel, tiles * in, tiles * in * (m * m + products), cores) +
        transform_time(kernel, tiles * out, tiles * out * (m * m + products + residual), cores);
    time += vrn_tile_product_time(kernel, vrn_kernel_grid(kernel, 1, d, images),
                                  ceil(in / kernel->number[VRN_TILE_K]),
                                  4 * products * (tiles * (in + out) + in * out), cores);
    return vrn_gpu_merit(time);
}

#define WINOGRAD(input, output)                                                                    \
    {                                                                                              \
        .family = &vrn_family_conv_winograd_tile, .layout = &vrn_layout_lines,                     \
        .suits = VRN_SUITS_GPU,                                                                    \
        .shader = {                                                                                \
            {.module = &vrn_module_##input, .threads = 64},                                        \
            {.module = &vrn_module_conv_tile_products, .numbers = 6},                              \
            {.module = &vrn_module_##output, .threads = 64},                                       \
        },                                                                                         \
    }
static const vrn_kernel_variant f4 = WINOGRAD(winograd_input_gpu, winograd_output_gpu);
static const vrn_kernel_variant f2 = WINOGRAD(winograd_input_f2_gpu, winograd_output_f2_gpu);

/* m of F(m x m, 3 x 3), then the numbers of a tile's row (ops/conv_tile.c). */
static const vrn_kernel rows[] = {
    {"conv_winograd_f4_tile_32x32x8", &f4, {4, 32, 32, 8, 1, 1}},
    {"conv_winograd_f4_tile_64x64x8", &f4, {4, 64, 64, 8, 1, 2}},
    {"conv_winograd_f2_tile_32x32x8", &f2, {2, 32, 32, 8, 1, 1}},
    {"conv_winograd_f2_tile_64x64x8", &f2, {2, 64, 64, 8, 1, 2}},
};

const vrn_kernel_family vrn_family_conv_winograd_tile = {
    .fits = fits,
    .merit = merit,
    .threads = vrn_tile_threads,
    .shared_bytes = vrn_tile_shared_bytes,
    .registers = registers,
    .scratch_bytes = vrn_winograd_scratch_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .grid = vrn_winograd_input_grid},
             {.scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2}, .grid = product_grid},
             {.scratch = {[VRN_BIND_X] = 2}, .grid = output_grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
