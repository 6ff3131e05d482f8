/* Convolutions through addresses, on lavapipe from version 26 on: as one product whose rows are
 * read from the input (conv_address.comp), and by Winograd's algorithm around such products. */
#include <string.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"
#include "ops/product.h"

enum { LANES = 8, PANEL = VRN_ADDRESS_PANEL, CHANNELS = 2 * LANES, PICTURE = 3 };

/* A residual is read sixteen channels at a time. */
static bool fits_any(const vrn_op_desc *d)
{
    const vrn_epilogue *e = &d->epilogue;
    return d->x.type == VRN_TYPE_F32 && d->y.type == VRN_TYPE_F32 && d->w == VRN_TYPE_F32 &&
           (!e->residual || d->r.type == VRN_TYPE_F32) && !vrn_conv_option_a(d) &&
           (!e->residual || vrn_c4(d->out.c) * 4 % CHANNELS == 0);
}

static bool fits_padded(const vrn_op_desc *d)
{
    return fits_any(d) && vrn_conv_groups(d) == 1;
}

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return fits_padded(d);
}

/* Few channels, which would leave most of a round idle, but are adjacent in a line. */
static bool padded_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits_padded(d) && vrn_conv_window(d) > 1 && d->kernel.x > 1 && d->dilation.x == 1 &&
           vrn_c4(d->in.c) * 4 < kernel->number[VRN_ADDRESS_STEP];
}

static bool is_packed(const vrn_kernel *kernel)
{
    return kernel->number[VRN_ADDRESS_LINES] == VRN_ADDRESS_LINES_RGB;
}

/* Pictures: a line of the window is a round. */
static bool packed_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits_padded(d) && d->in.c == PICTURE && d->out.c % CHANNELS == 0 && d->dilation.x == 1 &&
           d->dilation.y == 1 && d->kernel.x * PICTURE == kernel->number[VRN_ADDRESS_STEP];
}

/* pad_address.comp makes the width even. */
static vrn_extent packed_size(const vrn_op_desc *d)
{
    return (vrn_extent){
        .y = d->in.h + 2 * d->padding.y,
        .x = (d->in.w + 2 * d->padding.x + 1) / 2 * 2,
    };
}

static uint64_t packed_bytes(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t scratch,
                             uint32_t images)
{
    const vrn_extent size = packed_size(d);
    (void)kernel;
    return scratch == 1 ? (uint64_t)size.y * size.x * images * PICTURE * sizeof(float) : 0;
}

/* A work group for each sixteen pixels of a line. */
static vrn_grid packed_pad_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                                uint32_t images)
{
    const vrn_extent size = packed_size(d);
    (void)kernel;
    (void)threads;
    return vrn_grid_flat(1, (uint64_t)size.y * images * vrn_div_up(size.x, 2 * LANES));
}

/* Input channels of each sixteen output channels. */
static uint32_t part_depth(const vrn_op_desc *d)
{
    const uint32_t in = vrn_conv_in(d), out = vrn_conv_out(d);
    return out < CHANNELS ? CHANNELS / out * in : in;
}

static bool parts_fit(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t out = vrn_conv_out(d);
    (void)kernel;
    return fits_any(d) && vrn_conv_groups(d) > 1 && d->out.c % CHANNELS == 0 &&
           (out % CHANNELS == 0 || CHANNELS % out == 0) && part_depth(d) % 4 == 0;
}

static bool winograd_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits_padded(d) && vrn_c4(d->out.c) * 4 % CHANNELS == 0 &&
           vrn_c4(d->in.c) * 4 % CHANNELS == 0 && vrn_family_conv_winograd.fits(kernel, d);
}

/* Numbers of each position of the window. */
static uint32_t depth_of(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t *n = kernel->number, channels = vrn_c4(d->in.c) * 4;
    if (n[VRN_ADDRESS_PARTS] > 1) return part_depth(d);
    if (is_packed(kernel)) return d->kernel.y * n[VRN_ADDRESS_STEP];
    return n[VRN_ADDRESS_LINES] ? channels * d->kernel.x : channels;
}

/* Positions of the window, or lines of it. */
static uint32_t positions_of(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    if (kernel->number[VRN_PRODUCT_M] || is_packed(kernel)) return 1;
    return kernel->number[VRN_ADDRESS_LINES] ? d->kernel.y : vrn_conv_window(d);
}

static vrn_grid grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                     uint32_t images)
{
    const uint32_t rows = kernel->number[VRN_ADDRESS_ROWS], columns = vrn_c4(d->out.c) * 4;
    const uint32_t blocks = vrn_div_up(columns, kernel->number[VRN_ADDRESS_VECTORS] * LANES);
    const uint64_t x = (vrn_product_rows(kernel, d) * images + rows - 1) / rows;
    const bool pixels_first =
        !kernel->number[VRN_PRODUCT_M] &&
        VRN_ADDRESS_PIXELS_FIRST(positions_of(kernel, d) * depth_of(kernel, d), columns);
    (void)threads;
    if (pixels_first) return (vrn_grid){.x = x * blocks, .z = 1};
    return (vrn_grid){.x = x, .z = vrn_product_count(kernel) * blocks};
}

/* Of the transforms: a work group for each tile and sixteen channels. */
static vrn_grid input_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                           uint32_t images)
{
    (void)threads;
    return vrn_grid_flat(1, vrn_product_rows(kernel, d) * images * (vrn_c4(d->in.c) / 4));
}

static vrn_grid output_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                            uint32_t images)
{
    (void)threads;
    return vrn_grid_flat(1, vrn_product_rows(kernel, d) * images * (vrn_c4(d->out.c) / 4));
}

static uint32_t subgroup_size(const vrn_kernel *kernel)
{
    (void)kernel;
    return LANES;
}

static bool is_fused(const vrn_kernel *kernel)
{
    return vrn_kernel_shader(kernel, 0)->module != &vrn_module_conv_address_unfused;
}

/* Relative to the fastest product with texel buffers. A work group keeps its sums in registers,
 * with the weights and the activation that it multiplies. A processor that has too few registers
 * moves sums to memory and back; one that has enough is faster with more vectors, for which it
 * loads less. */
static double speed(const vrn_kernel *kernel, const vrn_cores *cores)
{
    const uint32_t *n = kernel->number, vectors = n[VRN_ADDRESS_VECTORS];
    const uint32_t needed = (n[VRN_ADDRESS_ROWS] + 1) * vectors + 1;
    const bool fits_registers = !cores->vectors || needed <= cores->vectors;
    const double kept = fits_registers ? 1 : 1 / (1.2 + 0.12 * (needed - cores->vectors));
    return 4 * kept * (vectors < 4 ? 0.93 : 1) * (n[VRN_ADDRESS_STEP] < 64 ? 0.97 : 1) *
           (n[VRN_ADDRESS_ROWS] < 4 ? 0.95 : 1) * (is_fused(kernel) ? 1 : 0.9);
}

/* A position costs as much as 12 more numbers, and the numbers after the last whole round cost
 * three times as much. With few channels Winograd's transforms round more than the sums, and small
 * images take about as long without them; with 64 channels, F(4x4) with short rounds is as fast as
 * with long ones, and its errors are smaller. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const uint32_t *n = kernel->number, passes = vrn_kernel_pass_count(kernel);
    const uint32_t product = passes > 1 ? 1 : 0;
    const vrn_grid g = vrn_kernel_grid(kernel, product, d, images);
    const uint32_t depth = depth_of(kernel, d), rest = depth % n[VRN_ADDRESS_STEP];
    const uint32_t positions = positions_of(kernel, d);
    const double tile = n[VRN_ADDRESS_ROWS] * n[VRN_ADDRESS_VECTORS] * LANES;
    const bool small = d->out.h * d->out.w <= 1024;
    const bool coarse = n[VRN_PRODUCT_M] && d->in.c <= 32 && small;
    const bool long_sums = n[VRN_PRODUCT_M] == 4 && d->in.c <= 64 && n[VRN_ADDRESS_STEP] > 16;
    vrn_cpu_cost cost = {
        .multiplies = (double)g.x * g.z * tile * positions * (depth + 12 + 2 * rest),
        .speed = speed(kernel, cores),
        .weights = (double)vrn_kernel_weight_bytes(kernel, d) / sizeof(float) * 0.2,
        .passes = passes,
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX; i++) {
        cost.moved += (double)vrn_kernel_scratch_bytes(kernel, d, i, images) / sizeof(float) * 0.12;
    }
    return vrn_cpu_merit(d, images, &cost) / (coarse ? 3 : long_sums ? 1.1 : 1);
}

static const vrn_kernel_family winograd = {
    .fits = winograd_fits,
    .merit = merit,
    .scratch_bytes = vrn_winograd_scratch_bytes,
    .subgroup_size = subgroup_size,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .grid = input_grid},
             {.scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2}, .grid = grid},
             {.scratch = {[VRN_BIND_X] = 2}, .grid = output_grid}},
};

static const vrn_kernel_family padded = {
    .fits = padded_fits,
    .merit = merit,
    .scratch_bytes = vrn_padded_bytes,
    .subgroup_size = subgroup_size,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = vrn_pad_grid},
             {.scratch = {[VRN_BIND_X] = 1}, .grid = grid}},
};

static const vrn_kernel_family rgb = {
    .fits = packed_fits,
    .merit = merit,
    .scratch_bytes = packed_bytes,
    .subgroup_size = subgroup_size,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .grid = packed_pad_grid},
             {.scratch = {[VRN_BIND_X] = 1}, .grid = grid}},
};

static const vrn_kernel_family parts = {
    .fits = parts_fit,
    .merit = merit,
    .subgroup_size = subgroup_size,
    .pass = {{.grid = grid}},
};

/* For groups, and for pictures, which have one: [N] bias, [C] zeros, [N / 32, kh, kw, part_depth,
 * 32], paired as in vrn_layout_address. */
static uint64_t parts_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return d->out.c + (uint64_t)4 * vrn_c4(d->in.c) +
           (uint64_t)vrn_round_up(d->out.c, PANEL) * vrn_conv_window(d) * part_depth(d);
}

static void parts_pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                       float *packed)
{
    const uint32_t in = vrn_conv_in(d), out = vrn_conv_out(d), positions = vrn_conv_window(d);
    const uint32_t depth = part_depth(d);
    float *weights = packed + d->out.c + (size_t)4 * vrn_c4(d->in.c);
    memset(packed, 0, parts_numbers(kernel, d) * sizeof *packed);
    for (uint32_t n = 0; n < d->out.c; n++) {
        const uint32_t place = n / CHANNELS * CHANNELS + vrn_paired(n % CHANNELS);
        const uint32_t first = n % CHANNELS / out * in; /* of its group, in the part */
        const double scale = vrn_params_scale(params, n);
        const float *from = params->own[VRN_PARAM_WEIGHT] + (size_t)n * in * positions;
        float *to = weights + (size_t)(place / PANEL) * positions * depth * PANEL;
        packed[place] = (float)vrn_params_bias(params, n);
        for (uint32_t i = 0; i < in * positions; i++) {
            const uint32_t c = i / positions, position = i % positions;
            to[((size_t)position * depth + first + c) * PANEL + place % PANEL] =
                (float)(from[i] * scale);
        }
    }
}

static const vrn_layout parts_layout = {
    .numbers = parts_numbers,
    .pack = parts_pack,
};

#define SHADER(module_, numbers_)                                                                  \
    {                                                                                              \
        .module = &vrn_module_##module_, .threads = LANES, .numbers = numbers_, .addressed = true  \
    }
#define PRODUCT SHADER(conv_address, 6)
#define VARIANT(family_, layout_, ...)                                                             \
    {                                                                                              \
        .family = &family_, .layout = &layout_, .suits = VRN_SUITS_CPU,                            \
        .needs = VRN_CAPABILITY_BUFFER_ADDRESSES, .shader = {__VA_ARGS__},                         \
    }

const vrn_kernel_variant vrn_variant_address =
    VARIANT(vrn_family_conv_address, vrn_layout_address, PRODUCT);
static const vrn_kernel_variant unfused =
    VARIANT(vrn_family_conv_address, vrn_layout_address, SHADER(conv_address_unfused, 6));
static const vrn_kernel_variant padded_lines =
    VARIANT(padded, vrn_layout_address, {.module = &vrn_module_pad, .threads = 64}, PRODUCT);
static const vrn_kernel_variant pictures =
    VARIANT(rgb, parts_layout, SHADER(pad_address, 0), PRODUCT);
static const vrn_kernel_variant grouped = VARIANT(parts, parts_layout, PRODUCT);
static const vrn_kernel_variant f4 =
    VARIANT(winograd, vrn_layout_address, SHADER(winograd_address_input, 0), PRODUCT,
            SHADER(winograd_address_output, 0));
static const vrn_kernel_variant f2 =
    VARIANT(winograd, vrn_layout_address, SHADER(winograd_address_input_f2, 0), PRODUCT,
            SHADER(winograd_address_output_f2, 0));

/* m of F(m x m, 3 x 3); rows, k of a round; lines, parts; vectors. The narrow ones are for
 * processors whose registers hold 16 vectors (AVX2), and for 16 more output channels than whole
 * panels have. */
static const vrn_kernel rows[] = {
    {"conv_address_4x64", &vrn_variant_address, {0, 4, 64, 0, 1, 4}},
    {"conv_address_4x32", &vrn_variant_address, {0, 4, 32, 0, 1, 4}},
    {"conv_address_4x16", &vrn_variant_address, {0, 4, 16, 0, 1, 4}},
    {"conv_address_3x32", &vrn_variant_address, {0, 3, 32, 0, 1, 4}},
    {"conv_address_narrow_6x64", &vrn_variant_address, {0, 6, 64, 0, 1, 2}},
    {"conv_address_narrow_6x32", &vrn_variant_address, {0, 6, 32, 0, 1, 2}},
    {"conv_address_narrow_6x16", &vrn_variant_address, {0, 6, 16, 0, 1, 2}},
    {"conv_address_unfused_4x32", &unfused, {0, 4, 32, 0, 1, 4}},
    {"conv_address_lines", &padded_lines, {0, 4, 28, 1, 1, 4}},
    {"conv_address_narrow_lines", &padded_lines, {0, 6, 28, 1, 1, 2}},
    {"conv_address_lines_rgb", &pictures, {0, 4, 21, VRN_ADDRESS_LINES_RGB, 1, 4}},
    {"conv_address_narrow_lines_rgb", &pictures, {0, 6, 21, VRN_ADDRESS_LINES_RGB, 1, 2}},
    {"conv_address_groups", &grouped, {0, 4, 16, 0, 2, 4}},
    {"conv_address_narrow_groups", &grouped, {0, 6, 16, 0, 2, 2}},
    {"conv_winograd_f4_address_64", &f4, {4, 4, 64, 0, 1, 4}},
    {"conv_winograd_f4_address_32", &f4, {4, 4, 32, 0, 1, 4}},
    {"conv_winograd_f4_address_16", &f4, {4, 4, 16, 0, 1, 4}},
    {"conv_winograd_f4_address_narrow_64", &f4, {4, 6, 64, 0, 1, 2}},
    {"conv_winograd_f4_address_narrow_32", &f4, {4, 6, 32, 0, 1, 2}},
    {"conv_winograd_f4_address_narrow_16", &f4, {4, 6, 16, 0, 1, 2}},
    {"conv_winograd_f2_address_64", &f2, {2, 4, 64, 0, 1, 4}},
    {"conv_winograd_f2_address_32", &f2, {2, 4, 32, 0, 1, 4}},
    {"conv_winograd_f2_address_narrow_64", &f2, {2, 6, 64, 0, 1, 2}},
};

const vrn_kernel_family vrn_family_conv_address = {
    .fits = fits,
    .merit = merit,
    .subgroup_size = subgroup_size,
    .pass = {{.grid = grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
