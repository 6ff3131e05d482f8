/* Convolutions on SwiftShader by products that keep weights in private memory
 * (conv_stationary.comp): as one product whose rows are read from the input, and by Winograd's
 * algorithm around such products. For images with few tiles there are also Winograd's products that
 * keep the input there (gemm_input_stationary.comp). */
#include <string.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/merit.h"
#include "ops/product.h"

static bool fits_any(const vrn_op_desc *d)
{
    const vrn_epilogue *e = &d->epilogue;
    return d->groups == 1 && !vrn_conv_option_a(d) && d->x.type == VRN_TYPE_F32 &&
           d->y.type == VRN_TYPE_F32 && d->y.rounded == VRN_TYPE_F32 && d->w == VRN_TYPE_F32 &&
           (!e->residual || d->r.type == VRN_TYPE_F32) && d->out.c % VRN_STATIONARY_N == 0;
}

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits_any(d) && d->in.c % kernel->number[VRN_STATIONARY_DEPTH] == 0;
}

static bool winograd_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits(kernel, d) && vrn_family_conv_winograd.fits(kernel, d);
}

/* Stems: their windows are copied, one after the other. The deep kernel has all numbers of a window
 * at once: those of the usual 7x7 stem of three channels. */
static bool unfolded_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t depth = kernel->number[VRN_STATIONARY_DEPTH], k = vrn_conv_window(d) * d->in.c;
    const uint32_t line = (uint32_t)vrn_round_up(depth, VRN_STATIONARY_UNFOLDED);
    return fits_any(d) && d->in.c <= 4 && vrn_conv_window(d) > 1 &&
           (depth == line || (k <= depth && k > line - VRN_STATIONARY_UNFOLDED));
}

static uint32_t column_blocks(const vrn_op_desc *d)
{
    return d->out.c / VRN_STATIONARY_N;
}

/* Divides the rows as the shader does. */
static vrn_grid grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                     uint32_t images)
{
    const uint32_t z = vrn_product_count(kernel) * column_blocks(d);
    const uint64_t rows = vrn_product_rows(kernel, d) * images;
    const uint64_t parts = vrn_div_up(VRN_STATIONARY_GROUPS, z);
    const uint64_t part_rows = (rows + parts - 1) / parts;
    (void)threads;
    return (vrn_grid){.x = (rows + part_rows - 1) / part_rows, .z = z};
}

static const vrn_kernel_family unfolded;

static bool is_unfolded(const vrn_kernel *kernel)
{
    return kernel->variant->family == &unfolded;
}

/* The number of blocks of DEPTH k. */
static uint32_t k_blocks(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t k =
        is_unfolded(kernel) ? vrn_conv_window(d) * d->in.c : vrn_product_k4(kernel, d) * 4;
    return vrn_div_up(k, kernel->number[VRN_STATIONARY_DEPTH]);
}

/* For each DEPTH k the array is filled, which takes as long as 40 rows, and each row has its sums
 * loaded and stored, which takes as long as 40 k more. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    (void)cores;
    const uint32_t depth = kernel->number[VRN_STATIONARY_DEPTH];
    const uint32_t passes = vrn_kernel_pass_count(kernel);
    const vrn_grid g = vrn_kernel_grid(kernel, passes == 1 ? 0 : 1, d, images);
    const double rows = (double)vrn_product_rows(kernel, d) * images / (double)g.x;
    const double blocks = (double)k_blocks(kernel, d);
    vrn_cpu_cost cost = {
        .multiplies =
            (double)g.x * g.z * VRN_STATIONARY_N * blocks * (rows * (depth + 40) + depth * 40.0),
        .speed = 2,
        .passes = passes,
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX; i++) {
        cost.moved += (double)vrn_kernel_scratch_bytes(kernel, d, i, images) / sizeof(float);
    }
    return vrn_cpu_merit(d, images, &cost);
}

/* Bytes of scratch 1, which unfold.comp writes. */
static uint64_t unfolded_bytes(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t scratch,
                               uint32_t images)
{
    const uint64_t k =
        vrn_round_up((uint64_t)vrn_conv_window(d) * d->in.c, VRN_STATIONARY_UNFOLDED);
    return scratch == 1 ? vrn_product_rows(kernel, d) * images * k * sizeof(float) : 0;
}

static vrn_grid unfold_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                            uint32_t images)
{
    return vrn_grid_flat(threads, vrn_product_rows(kernel, d) * images);
}

/* As the layouts of product_layout.c, but without the channel that pads a vec4. */
static uint64_t unfolded_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_bias_numbers(d) *
           (1 + (uint64_t)k_blocks(kernel, d) * (kernel->number[VRN_STATIONARY_DEPTH] + 1));
}

static void unfolded_pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                          float *packed)
{
    const uint32_t depth = kernel->number[VRN_STATIONARY_DEPTH], channels = d->in.c;
    const uint32_t positions = vrn_conv_window(d), blocks = k_blocks(kernel, d);
    memset(packed, 0, unfolded_numbers(kernel, d) * sizeof *packed);
    vrn_bias_pack(d, params, packed);
    for (uint32_t n = 0; n < d->out.c; n++) {
        const float *from = params->own[VRN_PARAM_WEIGHT] + (size_t)n * channels * positions;
        const double scale = vrn_params_scale(params, n);
        const size_t first = (size_t)n / VRN_STATIONARY_N * blocks;
        float *to = packed + d->out.c + first * (depth + 1) * VRN_STATIONARY_N;
        to += n % VRN_STATIONARY_N;
        for (uint32_t k = 0; k < positions * channels; k++) {
            const size_t line = k / depth * (depth + 1) + k % depth;
            to[line * VRN_STATIONARY_N] =
                (float)(from[k % channels * positions + k / channels] * scale);
        }
        to[(size_t)depth * VRN_STATIONARY_N] = packed[n];
    }
}

/* One for each depth: sessions share weights of the same layout. */
const vrn_layout vrn_layout_stationary_unfolded_64 = {.numbers = unfolded_numbers,
                                                      .pack = unfolded_pack};
const vrn_layout vrn_layout_stationary_unfolded_148 = {.numbers = unfolded_numbers,
                                                       .pack = unfolded_pack};

static bool input_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return fits_any(d) && d->in.c % VRN_BLOCK_NUMBERS == 0 &&
           vrn_family_conv_winograd.fits(kernel, d);
}

static vrn_grid input_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                           uint32_t images)
{
    const uint64_t rows = vrn_product_rows(kernel, d) * images;
    const uint32_t each = kernel->number[VRN_INPUT_STATIONARY_ROWS];
    (void)threads;
    return (vrn_grid){
        .x = (rows + each - 1) / each,
        .z = vrn_product_count(kernel),
    };
}

/* As above: copying DEPTH k of the rows takes as long as computing 40 columns. With four rows, each
 * weight is loaded for one product of a lane, not for four. */
static double input_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                          const vrn_cores *cores)
{
    (void)cores;
    const vrn_grid g = vrn_kernel_grid(kernel, 1, d, images);
    const uint32_t rows = kernel->number[VRN_INPUT_STATIONARY_ROWS];
    const vrn_cpu_cost cost = {
        .multiplies = (double)g.x * g.z * rows * d->in.c * (d->out.c + 40.0),
        .speed = rows == 4 ? 1.05 : 1.2,
        .passes = 3,
        .moved = (double)(vrn_kernel_scratch_bytes(kernel, d, 1, images) +
                          vrn_kernel_scratch_bytes(kernel, d, 2, images)) /
                 sizeof(float),
    };
    return vrn_cpu_merit(d, images, &cost);
}

static const vrn_kernel_family winograd = {
    .fits = winograd_fits,
    .merit = merit,
    .scratch_bytes = vrn_winograd_scratch_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = vrn_winograd_input_grid},
             {.scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2}, .pushed = true, .grid = grid},
             {.scratch = {[VRN_BIND_X] = 2}, .pushed = true, .grid = vrn_winograd_output_grid}},
};

static const vrn_kernel_family input_winograd = {
    .fits = input_fits,
    .merit = input_merit,
    .scratch_bytes = vrn_winograd_scratch_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = vrn_winograd_input_grid},
             {.scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2}, .pushed = true, .grid = input_grid},
             {.scratch = {[VRN_BIND_X] = 2}, .pushed = true, .grid = vrn_winograd_output_grid}},
};

static const vrn_kernel_family unfolded = {
    .fits = unfolded_fits,
    .merit = merit,
    .scratch_bytes = unfolded_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = unfold_grid},
             {.scratch = {[VRN_BIND_X] = 1}, .pushed = true, .grid = grid}},
};

/* A work group is one of SwiftShader's subgroups. */
#define PRODUCT(module_, numbers)                                                                  \
    {                                                                                              \
        .module = &vrn_module_##module_, .arrays = VRN_BIT_BLOCKS, .line_bytes = (numbers)*4,      \
        .threads = 4                                                                               \
    }
#define COLUMNS(module_)                                                                           \
    {                                                                                              \
        .module = &vrn_module_##module_, .arrays = VRN_BIT_BLOCKS, .threads = 4                    \
    }
#define VARIANT(family_, layout_, ...)                                                             \
    {                                                                                              \
        .family = &family_, .layout = &vrn_layout_##layout_, .suits = VRN_SUITS_CPU,               \
        .needs = VRN_CAPABILITY_BUFFER_ARRAYS, .shader = {__VA_ARGS__},                            \
    }
#define TRANSFORM(module_)                                                                         \
    {                                                                                              \
        .module = &vrn_module_##module_, .threads = 64                                             \
    }

static const vrn_kernel_variant deep =
    VARIANT(vrn_family_conv_stationary, stationary_128, PRODUCT(conv_stationary, 128));
static const vrn_kernel_variant flat =
    VARIANT(vrn_family_conv_stationary, stationary_64, PRODUCT(conv_stationary_64, 64));
static const vrn_kernel_variant deep_winograd =
    VARIANT(winograd, stationary_128, TRANSFORM(winograd_input), PRODUCT(conv_stationary, 128),
            TRANSFORM(winograd_output));
static const vrn_kernel_variant flat_winograd =
    VARIANT(winograd, stationary_64, TRANSFORM(winograd_input), PRODUCT(conv_stationary_64, 64),
            TRANSFORM(winograd_output));
#define BY_INPUT(module)                                                                           \
    VARIANT(input_winograd, columns, TRANSFORM(winograd_input), COLUMNS(module),                   \
            TRANSFORM(winograd_output))
static const vrn_kernel_variant by_sixteen = BY_INPUT(gemm_input_stationary);
static const vrn_kernel_variant by_four = BY_INPUT(gemm_input_stationary_4);
static const vrn_kernel_variant deep_unfolded = VARIANT(
    unfolded, stationary_unfolded_148, TRANSFORM(unfold), PRODUCT(conv_stationary_148, 192));
static const vrn_kernel_variant flat_unfolded =
    VARIANT(unfolded, stationary_unfolded_64, TRANSFORM(unfold), PRODUCT(conv_stationary_64, 64));

/* m of F(m x m, 3 x 3); k whose weights are kept, or rows whose input is kept. */
static const vrn_kernel rows[] = {
    {"conv_stationary_128", &deep, {0, 128}},
    {"conv_stationary_64", &flat, {0, 64}},
    {"conv_winograd_f4_stationary_128", &deep_winograd, {4, 128}},
    {"conv_winograd_f4_stationary_64", &flat_winograd, {4, 64}},
    {"conv_winograd_f4_input_stationary_16", &by_sixteen, {4, 16}},
    {"conv_winograd_f4_input_stationary_4", &by_four, {4, 4}},
    {"conv_stationary_unfolded_148", &deep_unfolded, {0, 148}},
    {"conv_stationary_unfolded_64", &flat_unfolded, {0, 64}},
};

const vrn_kernel_family vrn_family_conv_stationary = {
    .fits = fits,
    .merit = merit,
    .pass = {{.pushed = true, .grid = grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
