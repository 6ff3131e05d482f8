/* Convolutions through addresses on lavapipe 25 (conv_straight.comp): as one product whose rows are
 * read from the input, and by Winograd's algorithm around such products. */
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

static uint32_t steps(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t step,
                      struct vrn_push_straight *push)
{
    const uint32_t *n = kernel->number, channels = channels_of(d);
    const uint32_t positions = n[VRN_PRODUCT_M] ? 1 : vrn_conv_window(d);
    const uint32_t count = positions * channels / n[VRN_STRAIGHT_STEP];
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

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const vrn_epilogue *e = &d->epilogue;
    return d->x.type == VRN_TYPE_F32 && d->y.type == VRN_TYPE_F32 && d->w == VRN_TYPE_F32 &&
           (!e->residual || d->r.type == VRN_TYPE_F32) && !vrn_conv_option_a(d) &&
           vrn_conv_groups(d) == 1 && d->out.c % COLUMNS == 0 &&
           vrn_product_count(kernel) * (d->out.c / COLUMNS) <= BLOCKS_MAX &&
           d->in.c % kernel->number[VRN_STRAIGHT_STEP] == 0;
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
    if (n[VRN_STRAIGHT_GROUP] == 1) return few ? 2.3 : 3.2;
    if (n[VRN_STRAIGHT_ROWS] == 8) return few ? 3.2 : 3;
    return 2.8;
}

/* A dispatch of the product costs a work group as much as 24 more numbers. With 64 channels, the
 * errors of F(4x4) are too large without groups. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const uint32_t *n = kernel->number, passes = vrn_kernel_pass_count(kernel);
    const vrn_grid g = vrn_kernel_grid(kernel, passes > 1 ? 1 : 0, d, images);
    const uint32_t count = steps(kernel, d, 0, NULL);
    const double tile = n[VRN_STRAIGHT_ROWS] * COLUMNS;
    const bool long_sums = n[VRN_PRODUCT_M] == 4 && d->in.c <= 64 && n[VRN_STRAIGHT_GROUP] == 1;
    vrn_cpu_cost cost = {
        .multiplies = (double)g.x * g.z * tile * count * (n[VRN_STRAIGHT_STEP] + 24),
        .speed = speed(n, cores),
        .weights = (double)vrn_kernel_weight_bytes(kernel, d) / sizeof(float) * 0.2,
        .passes = passes + 0.2 * (count - 1),
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX; i++) {
        cost.moved += (double)vrn_kernel_scratch_bytes(kernel, d, i, images) / sizeof(float);
    }
    return vrn_cpu_merit(d, images, &cost) / (long_sums ? 1.2 : 1);
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

#define PRODUCT                                                                                    \
    {                                                                                              \
        .module = &vrn_module_conv_straight, .threads = LANES, .numbers = 4, .addressed = true,    \
        .straight = true                                                                           \
    }
#define TRANSFORM(name_)                                                                           \
    {                                                                                              \
        .module = &vrn_module_winograd_##name_, .texel = VRN_BIT_X, .threads = 64                  \
    }
#define VARIANT(family_, ...)                                                                      \
    {                                                                                              \
        .family = &family_, .layout = &vrn_layout_straight, .suits = VRN_SUITS_CPU,                \
        .needs = VRN_CAPABILITY_BUFFER_ADDRESSES | VRN_CAPABILITY_TEXEL_BUFFERS,                   \
        .shader = {__VA_ARGS__},                                                                   \
    }

static const vrn_kernel_variant product = VARIANT(vrn_family_conv_straight, PRODUCT);
static const vrn_kernel_variant f4 =
    VARIANT(winograd, TRANSFORM(input_texel), PRODUCT, TRANSFORM(output_texel));
static const vrn_kernel_variant f2 =
    VARIANT(winograd, TRANSFORM(input_f2_texel), PRODUCT, TRANSFORM(output_f2_texel));

/* m of F(m x m, 3 x 3); rows, k of a dispatch, products that are added up first. */
static const vrn_kernel rows[] = {
    {"conv_straight_8x64", &product, {0, 8, 64, 4}},
    {"conv_straight_6x64", &product, {0, 6, 64, 1}},
    {"conv_straight_4x64", &product, {0, 4, 64, 4}},
    {"conv_straight_4x32", &product, {0, 4, 32, 4}},
    {"conv_winograd_f4_straight_8x64", &f4, {4, 8, 64, 4}},
    {"conv_winograd_f4_straight_6x64", &f4, {4, 6, 64, 1}},
    {"conv_winograd_f4_straight_4x64", &f4, {4, 4, 64, 4}},
    {"conv_winograd_f2_straight_8x64", &f2, {2, 8, 64, 4}},
    {"conv_winograd_f2_straight_6x64", &f2, {2, 6, 64, 1}},
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
