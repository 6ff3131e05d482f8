/* Convolutions through addresses on lavapipe 25 (conv_straight.comp): as one product whose rows are
 * read from the input, by Winograd's algorithm around such products, and for stems as a product
 * whose rows stack.comp has copied. */
#include <string.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"
#include "ops/product.h"

enum { LANES = 8, COLUMNS = VRN_ADDRESS_PANEL };
enum { BLOCKS_MAX = 1 << 12 }; /* work groups along z: three digits (shaders/straight.glsl) */

static uint32_t channels_of(const vrn_op_desc *d)
{
    return vrn_c4(d->in.c) * 4;
}

static const vrn_kernel_family stacked;

static bool is_stacked(const vrn_kernel *kernel)
{
    return kernel->variant->family == &stacked;
}

/* The numbers of a column, after stack.comp. */
static uint32_t column_numbers(const vrn_op_desc *d)
{
    return VRN_STACK_NUMBERS(d->kernel.y * d->in.c, d->kernel.x);
}

static uint32_t stacked_width(const vrn_op_desc *d)
{
    return VRN_STACK_WIDTH(d->out.w, d->stride.x, d->kernel.x);
}

static uint32_t k_count(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    if (is_stacked(kernel)) return column_numbers(d) * VRN_STACK_COLUMNS(d->kernel.x);
    return (kernel->number[VRN_PRODUCT_M] ? 1 : vrn_conv_window(d)) * channels_of(d);
}

static uint32_t steps(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t step,
                      struct vrn_push_straight *push)
{
    const uint32_t *n = kernel->number, channels = channels_of(d);
    const uint32_t count = k_count(kernel, d) / n[VRN_STRAIGHT_STEP];
    if (!push) return count;
    const uint32_t k = step * n[VRN_STRAIGHT_STEP], position = k / channels;
    const uint32_t width = d->op == VRN_OP_CONV ? d->kernel.x : 1;
    push->first = step == 0;
    push->last = step == count - 1;
    push->k = k;
    push->window_y = position / width;
    push->window_x = position % width;
    push->channel = k % channels;
    return count;
}

/* A convolution of one line, whose windows are adjacent numbers. */
static uint32_t stacked_steps(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t step,
                              struct vrn_push_straight *push)
{
    const uint32_t count = steps(kernel, d, step, push);
    if (!push) return count;
    push->channel = push->k;
    push->window_y = push->window_x = 0;
    push->shape[VRN_CONV_IN_H] = d->out.h;
    push->shape[VRN_CONV_IN_W] = stacked_width(d);
    push->shape[VRN_CONV_IN_C4] = column_numbers(d) / 4;
    push->shape[VRN_CONV_KERNEL_H] = 1;
    push->shape[VRN_CONV_KERNEL_W] = VRN_STACK_COLUMNS(d->kernel.x);
    push->shape[VRN_CONV_STRIDE_Y] = 1;
    push->shape[VRN_CONV_PAD_Y] = push->shape[VRN_CONV_PAD_X] = 0;
    push->shape[VRN_CONV_DILATION_Y] = push->shape[VRN_CONV_DILATION_X] = 1;
    return count;
}

static bool fits_any(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const vrn_epilogue *e = &d->epilogue;
    return d->x.type == VRN_TYPE_F32 && d->y.type == VRN_TYPE_F32 && d->w == VRN_TYPE_F32 &&
           (!e->residual || d->r.type == VRN_TYPE_F32) && !vrn_conv_option_a(d) &&
           vrn_conv_groups(d) == 1 && d->out.c % COLUMNS == 0 &&
           vrn_product_count(kernel) * (d->out.c / COLUMNS) <= BLOCKS_MAX;
}

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits_any(kernel, d) && d->in.c % kernel->number[VRN_STRAIGHT_STEP] == 0;
}

/* Stems. */
static bool stacked_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return d->op == VRN_OP_CONV && d->in.c <= 4 && vrn_conv_window(d) > 1 && d->dilation.x == 1 &&
           fits_any(kernel, d);
}

static vrn_grid grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                     uint32_t images)
{
    const uint32_t rows = kernel->number[VRN_STRAIGHT_ROWS];
    (void)threads;
    return (vrn_grid){
        .x = (vrn_product_rows(kernel, d) * images + rows - 1) / rows,
        .z = vrn_product_count(kernel) * d->out.c / COLUMNS,
    };
}

static uint32_t subgroup_size(const vrn_kernel *kernel)
{
    (void)kernel;
    return LANES;
}

/* Relative to the fastest product with texel buffers. With 32 registers for vectors the sums of six
 * rows stay in registers. With 16 they are in memory, and a sum is read and written only once for
 * each group of products; eight rows load less for each product than fewer. */
static double speed(const uint32_t *n, const vrn_cores *cores)
{
    const bool few = cores->vectors && cores->vectors < 32;
    switch (n[VRN_STRAIGHT_ROWS]) {
    case 8: return few ? 3.2 : 2.2;
    case 6: return few ? 2.3 : 3.2;
    default: return few ? 2.8 : 2.4;
    }
}

/* A dispatch of the product costs a work group as much as 24 more numbers. With up to 128 channels
 * the errors of F(4x4) are too large unless four products are added up first. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const uint32_t *n = kernel->number, passes = vrn_kernel_pass_count(kernel);
    const vrn_grid g = vrn_kernel_grid(kernel, passes > 1 ? 1 : 0, d, images);
    const uint32_t count = k_count(kernel, d) / n[VRN_STRAIGHT_STEP];
    const double tile = n[VRN_STRAIGHT_ROWS] * COLUMNS;
    const bool rough = n[VRN_PRODUCT_M] == 4 && d->in.c <= 128 && n[VRN_STRAIGHT_GROUP] < 4;
    vrn_cpu_cost cost = {
        .multiplies = (double)g.x * g.z * tile * count * (n[VRN_STRAIGHT_STEP] + 24),
        .speed = speed(n, cores),
        .weights = (double)vrn_kernel_weight_bytes(kernel, d) / sizeof(float) * 0.2,
        .passes = passes + 0.2 * (count - 1),
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX; i++) {
        cost.moved += (double)vrn_kernel_scratch_bytes(kernel, d, i, images) / sizeof(float);
    }
    return vrn_cpu_merit(d, images, &cost) / (rough ? 1.5 : 1);
}

static bool winograd_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits(kernel, d) && vrn_family_conv_winograd.fits(kernel, d);
}

static const vrn_kernel_family winograd = {
    .fits = winograd_fits,
    .merit = merit,
    .scratch_bytes = vrn_winograd_scratch_bytes,
    .subgroup_size = subgroup_size,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = vrn_winograd_input_grid},
             {.scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2}, .steps = steps, .grid = grid},
             {.scratch = {[VRN_BIND_X] = 2}, .pushed = true, .grid = vrn_winograd_output_grid}},
};

/* Bytes of scratch 1, which stack.comp writes. */
static uint64_t stacked_bytes(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t scratch,
                              uint32_t images)
{
    (void)kernel;
    const uint64_t numbers = (uint64_t)d->out.h * stacked_width(d) * column_numbers(d);
    return scratch == 1 ? numbers * images * sizeof(float) : 0;
}

static vrn_grid stack_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                           uint32_t images)
{
    (void)kernel;
    return vrn_grid_flat(threads, (uint64_t)d->out.h * stacked_width(d) * images);
}

static const vrn_kernel_family stacked = {
    .fits = stacked_fits,
    .merit = merit,
    .scratch_bytes = stacked_bytes,
    .subgroup_size = subgroup_size,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = stack_grid},
             {.scratch = {[VRN_BIND_X] = 1}, .steps = stacked_steps, .grid = grid}},
};

static uint64_t stacked_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return column_numbers(d) + (uint64_t)d->out.c * (1 + k_count(kernel, d));
}

static void stacked_pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                         float *packed)
{
    const uint32_t numbers = column_numbers(d), channels = d->in.c;
    const uint32_t positions = vrn_conv_window(d), count = k_count(kernel, d);
    memset(packed, 0, stacked_numbers(kernel, d) * sizeof *packed);
    for (uint32_t n = 0; n < d->out.c; n++) {
        const uint32_t place = n / 16 * 16 + vrn_paired(n % 16);
        const float *from = params->own[VRN_PARAM_WEIGHT] + (size_t)n * channels * positions;
        const double scale = vrn_params_scale(params, n);
        float *to = packed + d->out.c + numbers;
        to += (size_t)(place / COLUMNS) * count * COLUMNS + place % COLUMNS;
        packed[place] = (float)vrn_params_bias(params, n);
        for (uint32_t p = 0; p < positions; p++) {
            const uint32_t k = p % d->kernel.x * numbers + p / d->kernel.x * channels;
            for (uint32_t c = 0; c < channels; c++) {
                to[(size_t)(k + c) * COLUMNS] = (float)(from[c * positions + p] * scale);
            }
        }
    }
}

const vrn_layout vrn_layout_stacked = {.numbers = stacked_numbers, .pack = stacked_pack};

#define PRODUCT                                                                                    \
    {                                                                                              \
        .module = &vrn_module_conv_straight, .threads = LANES, .numbers = 4, .addressed = true,    \
        .straight = true                                                                           \
    }
#define TRANSFORM(name_)                                                                           \
    {                                                                                              \
        .module = &vrn_module_winograd_##name_##_straight, .texel = VRN_BIT_X, .threads = 64,      \
        .addressed = true, .straight = true                                                        \
    }
#define VARIANT(family_, layout_, ...)                                                             \
    {                                                                                              \
        .family = &family_, .layout = &vrn_layout_##layout_, .suits = VRN_SUITS_CPU,               \
        .needs = VRN_CAPABILITY_BUFFER_ADDRESSES | VRN_CAPABILITY_TEXEL_BUFFERS,                   \
        .shader = {__VA_ARGS__},                                                                   \
    }

static const vrn_kernel_variant product = VARIANT(vrn_family_conv_straight, straight, PRODUCT);
static const vrn_kernel_variant f4 =
    VARIANT(winograd, straight, TRANSFORM(input), PRODUCT, TRANSFORM(output));
static const vrn_kernel_variant f2 =
    VARIANT(winograd, straight, TRANSFORM(input_f2), PRODUCT, TRANSFORM(output_f2));
static const vrn_kernel_variant stem = VARIANT(
    stacked, stacked, {.module = &vrn_module_stack, .texel = VRN_BIT_X, .threads = 64}, PRODUCT);

/* m of F(m x m, 3 x 3); rows, k of a dispatch, products that are added up first. */
static const vrn_kernel rows[] = {
    {"conv_straight_8x64", &product, {0, 8, 64, 4}},
    {"conv_straight_6x128", &product, {0, 6, 128, 2}},
    {"conv_straight_4x64", &product, {0, 4, 64, 4}},
    {"conv_straight_4x32", &product, {0, 4, 32, 4}},
    {"conv_straight_stacked_8x64", &stem, {0, 8, 64, 4}},
    {"conv_straight_stacked_4x64", &stem, {0, 4, 64, 4}},
    {"conv_winograd_f4_straight_8x64", &f4, {4, 8, 64, 4}},
    {"conv_winograd_f4_straight_6x128", &f4, {4, 6, 128, 2}},
    {"conv_winograd_f4_straight_4x64", &f4, {4, 4, 64, 4}},
    {"conv_winograd_f2_straight_8x64", &f2, {2, 8, 64, 4}},
    {"conv_winograd_f2_straight_4x64", &f2, {2, 4, 64, 4}},
};

const vrn_kernel_family vrn_family_conv_straight = {
    .fits = fits,
    .merit = merit,
    .subgroup_size = subgroup_size,
    .pass = {{.steps = steps, .grid = grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
