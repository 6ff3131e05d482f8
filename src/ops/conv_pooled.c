/* Stems together with the max pool after them (conv_pooled.comp): what the pool reads is not
 * written to memory. */
#include <math.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"

enum { THREADS = 128 };

/* The side of the square of results that a square of the output needs. */
static uint32_t result_side(const vrn_kernel *kernel, uint32_t window, uint32_t stride)
{
    return (kernel->number[VRN_POOLED_SIDE] - 1) * stride + window;
}

/* The square of results is at most that of the usual pool, of 3x3 with stride 2. */
static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const vrn_max_pool *pool = &d->epilogue.pool;
    const uint32_t most = result_side(kernel, 3, 2);
    return d->groups == 1 && d->in.c <= 4 && !d->epilogue.residual &&
           d->out.c % (4 * kernel->number[VRN_POOLED_COLUMNS]) == 0 &&
           result_side(kernel, pool->kernel.y, pool->stride.y) <= most &&
           result_side(kernel, pool->kernel.x, pool->stride.x) <= most;
}

static uint32_t shared_bytes(const vrn_kernel *kernel)
{
    const uint32_t side = result_side(kernel, 3, 2);
    return side * side * kernel->number[VRN_POOLED_COLUMNS] * 16;
}

static vrn_grid grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                     uint32_t images)
{
    const uint32_t side = kernel->number[VRN_POOLED_SIDE];
    (void)threads;
    return (vrn_grid){
        .x = (uint64_t)images * vrn_div_up(d->out.h, side) * vrn_div_up(d->out.w, side),
        .z = d->out.c / (4 * kernel->number[VRN_POOLED_COLUMNS]),
    };
}

/* Sums, pixels, weights, and the place of each pixel. */
static uint32_t registers(const vrn_kernel *kernel)
{
    const uint32_t *n = kernel->number;
    return n[VRN_POOLED_PIXELS] * (4 * n[VRN_POOLED_COLUMNS] + 8) + 4 * n[VRN_POOLED_COLUMNS] + 20;
}

/* Pixels come from a cache, and weights, which are the same for a work group, too: in front of four
 * multiply-adds for each pixel stands the read of their weights. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const uint32_t pixels = kernel->number[VRN_POOLED_PIXELS];
    const uint32_t columns = kernel->number[VRN_POOLED_COLUMNS];
    const double results =
        (double)result_side(kernel, d->epilogue.pool.kernel.y, d->epilogue.pool.stride.y) *
        result_side(kernel, d->epilogue.pool.kernel.x, d->epilogue.pool.stride.x);
    const double rounds = ceil(results / (THREADS * pixels));
    const vrn_grid g = grid(kernel, THREADS, d, images);
    const vrn_gpu_work work = {
        .groups = (double)g.x * g.z,
        .threads = THREADS,
        .multiplies = rounds * THREADS * pixels * 4 * columns * vrn_conv_window(d) * d->in.c,
        .rate = vrn_gpu_rate(kernel, cores),
        .efficiency = 0.5 * pixels / (pixels + 0.5) * columns / (columns + 1),
        .sums = 4 * pixels * columns,
        .registers = registers(kernel),
        .shared_bytes = shared_bytes(kernel),
        .bytes = vrn_gpu_bytes(d, images),
    };
    return vrn_gpu_merit(vrn_gpu_time(cores, &work));
}

static const vrn_kernel_variant pooled = {
    .family = &vrn_family_conv_pooled,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .shader = {{.module = &vrn_module_conv_pooled, .threads = THREADS, .numbers = 3}},
};

/* The side of a work group's square of the output; pixels of an invocation, and its output channels
 * in fours. */
static const vrn_kernel rows[] = {
    {"conv_pooled_7x16", &pooled, {7, 2, 4}},
    {"conv_pooled_7x8", &pooled, {7, 2, 2}},
};

const vrn_kernel_family vrn_family_conv_pooled = {
    .fits = fits,
    .merit = merit,
    .shared_bytes = shared_bytes,
    .registers = registers,
    .pools = true,
    .pass = {{.grid = grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
