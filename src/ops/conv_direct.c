/* Direct convolution (conv_direct.comp): on processors, and for narrow groups on GPUs. */
#include "ops/conv_direct.h"

#include <math.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"

bool vrn_direct_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    /* The columns of an invocation belong to one group. */
    return vrn_conv_aligned(d) &&
           (d->groups == 1 || vrn_conv_out(d) / 4 % kernel->number[VRN_DIRECT_COLUMNS] == 0);
}

vrn_grid vrn_direct_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                         uint32_t images)
{
    const uint32_t lanes_c = kernel->number[VRN_DIRECT_LANES_C];
    const uint64_t pixels = (uint64_t)images * d->out.h * d->out.w;
    const uint64_t step = (uint64_t)(threads / lanes_c) * kernel->number[VRN_DIRECT_PIXELS];
    return (vrn_grid){
        .x = (pixels + step - 1) / step,
        .z = vrn_div_up(vrn_c4(d->out.c), lanes_c * kernel->number[VRN_DIRECT_COLUMNS]),
    };
}

/* Sums, factors, and the place of each pixel. */
uint32_t vrn_direct_registers(const vrn_kernel *kernel)
{
    if (kernel->variant->suits != VRN_SUITS_GPU) return 0;
    return (vrn_kernel_takes_bytes(kernel) ? 7 : 12) * kernel->number[VRN_DIRECT_PIXELS] + 28;
}

/* Every operand comes from a cache: with four or eight pixels an invocation reads a value for each
 * 5 or 11 multiply-adds, which the first level gives at a third of the peak. */
double vrn_direct_gpu_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                            const vrn_cores *cores)
{
    const uint32_t pixels = kernel->number[VRN_DIRECT_PIXELS];
    const double lanes_c = kernel->number[VRN_DIRECT_LANES_C];
    const double depth = (double)vrn_conv_window(d) * 4 * vrn_c4(vrn_conv_in(d));
    const vrn_grid grid = vrn_kernel_grid(kernel, 0, d, images);
    const double threads = vrn_kernel_threads(kernel, 0);
    /* For groups that would fill only a part of a tile, and if shared memory is not faster than a
     * cache. */
    if (!vrn_kernel_takes_bytes(kernel) && d->groups == 1 && cores->shared_cost < 2) return 0;
    const vrn_gpu_work work = {
        .groups = (double)grid.x * grid.z,
        .threads = threads,
        .multiplies = threads * pixels * 4 * depth,
        .rate = vrn_gpu_rate(kernel, cores),
        .efficiency = 0.5 * pixels / (pixels + 4) * lanes_c / (lanes_c + 4),
        .sums = 4 * pixels,
        .registers = vrn_direct_registers(kernel),
        .bytes = vrn_gpu_bytes(d, images),
    };
    return vrn_gpu_merit(vrn_gpu_time(cores, &work));
}

/* Two columns use a pixel twice; texel buffers exist only where they are faster. */
static double cpu_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const bool texel = vrn_kernel_shader(kernel, 0)->texel;
    const uint32_t pixels = kernel->number[VRN_DIRECT_PIXELS];
    const uint32_t columns = kernel->number[VRN_DIRECT_COLUMNS];
    const vrn_grid grid = vrn_kernel_grid(kernel, 0, d, images);
    const double tile = (double)vrn_kernel_threads(kernel, 0) * pixels * columns * 4;
    const double terms = 4.0 * vrn_c4(vrn_conv_in(d)) * d->kernel.y * d->kernel.x;
    const double speed = (texel ? 0.97 : 0.15) * (texel && columns < 2 ? 0.7 : 1);
    const vrn_cpu_cost cost = {
        .multiplies = (double)grid.x * grid.z * tile * terms,
        /* More lanes read the same pixel. */
        .speed = speed * (1 - 0.02 * (8 - kernel->number[VRN_DIRECT_LANES_C])),
        .weights = terms * d->out.c,
        .passes = 1,
    };
    return vrn_cpu_merit(d, images, &cost);
}

static bool for_gpu(const vrn_kernel *kernel)
{
    return kernel->variant->suits == VRN_SUITS_GPU;
}

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_direct_fits(kernel, d);
}

static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    return for_gpu(kernel) ? vrn_direct_gpu_merit(kernel, d, images, cores)
                           : cpu_merit(kernel, d, images);
}

/* Its pixels and columns are fixed in the shader: 4 and 1. */
static const vrn_kernel_variant plain = {
    .family = &vrn_family_conv_direct,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_CPU,
    .shader = {{
        .module = &vrn_module_conv_direct,
        .threads = 8,
        .numbers = 1,
    }},
};

static const vrn_kernel_variant texels = {
    .family = &vrn_family_conv_direct,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader = {{
        .module = &vrn_module_conv_direct_texel,
        .texel = VRN_BIT_X | VRN_BIT_W,
        .threads = 8,
        .numbers = 3,
    }},
};

static const vrn_kernel_variant gpu = {
    .family = &vrn_family_conv_direct,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .shader = {{
        .module = &vrn_module_conv_direct_gpu,
        .threads = 64,
        .numbers = 3,
    }},
};

/* Lanes on adjacent channels, pixels, columns. */
static const vrn_kernel rows[] = {
    {"conv_direct_8", &plain, {8, 4, 1}},
    {"conv_direct_4", &plain, {4, 4, 1}},
    {"conv_direct_1", &plain, {1, 4, 1}},
    {"conv_direct_texel_8x8x2", &texels, {8, 8, 2}},
    {"conv_direct_texel_4x8x2", &texels, {4, 8, 2}},
    {"conv_direct_texel_2x8x2", &texels, {2, 8, 2}},
    {"conv_direct_texel_8x8x1", &texels, {8, 8, 1}},
    {"conv_direct_texel_1x8x1", &texels, {1, 8, 1}},
    {"conv_direct_gpu_16x1", &gpu, {16, 1, 1}},
    {"conv_direct_gpu_16x2", &gpu, {16, 2, 1}},
    {"conv_direct_gpu_16x4", &gpu, {16, 4, 1}},
    {"conv_direct_gpu_16x8", &gpu, {16, 8, 1}},
};

const vrn_kernel_family vrn_family_conv_direct = {
    .fits = fits,
    .merit = merit,
    .registers = vrn_direct_registers,
    .pass = {{.grid = vrn_direct_grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
