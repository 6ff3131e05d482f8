/* Convolution: its kernels, how its weights are packed, and folding of a batch norm into it. */
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "ops/conv_gemm.h"
#include "ops/conv_gpu.h"
#include "ops/conv_int8.h"
#include "ops/conv_matrix.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_conv_generic;
extern const vrn_module vrn_module_conv_direct;
extern const vrn_module vrn_module_conv_direct_texel;
extern const vrn_module vrn_module_gemm;
extern const vrn_module vrn_module_gemm_blocks;
extern const vrn_module vrn_module_gemm_blocks_p1;
extern const vrn_module vrn_module_pad;
extern const vrn_module vrn_module_winograd_input;
extern const vrn_module vrn_module_winograd_input_texel;
extern const vrn_module vrn_module_winograd_input_f2_texel;
extern const vrn_module vrn_module_winograd_output;
extern const vrn_module vrn_module_winograd_output_texel;
extern const vrn_module vrn_module_winograd_output_f2_texel;
extern const vrn_module vrn_module_conv_direct_gpu;
extern const vrn_module vrn_module_conv_direct_int8;
extern const vrn_module vrn_module_conv_direct_int8_texel;
extern const vrn_module vrn_module_conv_direct_int8_gpu;
extern const vrn_module vrn_module_conv_direct_int8_dot;
extern const vrn_module vrn_module_conv_direct_int8_dot_texel;
extern const vrn_module vrn_module_conv_direct_int8_dot_gpu;

/* Layouts of packed weights: the bias, [K padded to 4], and behind it, with K output channels in
 * all and C input channels of one group: */
enum {
    LAYOUT_KCRS, /* [K, C, kh, kw] numbers: as PyTorch has them; zeros to a multiple of four */
    LAYOUT_RSCK, /* [kh, kw, C padded to 4, K / 4] vec4: output channels side by side */
    LAYOUT_INT8, /* scales and bytes (conv_int8.h) */
};

/* Where the constants of a row stand. */
enum { ROW_THREADS, ROW_LANES_C, ROW_PIXELS, ROW_COLUMNS };

static uint32_t group_in(const vrn_op_desc *d)
{
    return d->in.c / d->groups;
}

static uint32_t group_out(const vrn_op_desc *d)
{
    return d->out.c / d->groups;
}

/* Kernels on vec4s need groups that do not share one. */
static bool groups_aligned(const vrn_op_desc *d)
{
    return d->groups == 1 || (group_in(d) % 4 == 0 && group_out(d) % 4 == 0);
}

static bool direct_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    /* The columns of an invocation belong to one group. */
    return groups_aligned(d) &&
           (d->groups == 1 || group_out(d) / 4 % kernel->pass[0].row[ROW_COLUMNS] == 0);
}

static bool direct_gpu_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return d->groups > 1 && direct_fits(kernel, d);
}

static vrn_grid direct_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    uint32_t lanes_p = pass->row[ROW_THREADS] / pass->row[ROW_LANES_C];
    uint64_t pixels = (uint64_t)images * d->out.h * d->out.w;
    uint64_t step = (uint64_t)lanes_p * pass->row[ROW_PIXELS];
    return (vrn_grid){
        .x = (pixels + step - 1) / step,
        .z = vrn_div_up(vrn_c4(d->out.c), pass->row[ROW_LANES_C] * pass->row[ROW_COLUMNS]),
    };
}

/* Two columns use a pixel twice; texel buffers are there only where they pay. */
static double direct_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const vrn_pass *pass = &kernel->pass[0];
    vrn_grid grid = direct_grid(pass, d, images);
    double tile =
        (double)pass->row[ROW_THREADS] * pass->row[ROW_PIXELS] * pass->row[ROW_COLUMNS] * 4;
    double terms = 4.0 * vrn_c4(group_in(d)) * d->kernel.y * d->kernel.x;
    double speed =
        (pass->texel ? 0.97 : 0.15) * (pass->texel && pass->row[ROW_COLUMNS] < 2 ? 0.7 : 1);
    vrn_conv_cost cost = {
        .multiplies = (double)grid.x * grid.z * tile * terms,
        .speed =
            speed * (1 - 0.02 * (8 - pass->row[ROW_LANES_C])), /* more lanes read the same pixel */
        .weights = terms * d->out.c,
        .passes = 1,
    };
    return vrn_conv_merit(d, images, &cost);
}

/* The more a kernel needs of a device the faster it should be there. */
static double int8_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    (void)d, (void)images;
    return 1 + 2 * !!(kernel->needs & VRN_CAPABILITY_TEXEL_BUFFERS) +
           !!(kernel->needs & VRN_CAPABILITY_INTEGER_DOT_PRODUCT);
}

static bool tile_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return groups_aligned(d);
}

#define TEXEL_XW (1u << VRN_BIND_X | 1u << VRN_BIND_W)

/* Of conv_direct.comp without texel buffers, which has no constants for them. */
enum { STORAGE_PIXELS = 4, STORAGE_COLUMNS = 1 };

#define DIRECT(lanes_c)                                                                            \
    {                                                                                              \
        .name = "conv_direct_" #lanes_c, .suits = VRN_SUITS_CPU, .layout = LAYOUT_RSCK,            \
        .fits = direct_fits, .merit = direct_merit, .pass_count = 1,                               \
        .pass = {{.module = &vrn_module_conv_direct,                                               \
                  .row_count = 4,                                                                  \
                  .row = {8, lanes_c, STORAGE_PIXELS, STORAGE_COLUMNS},                            \
                  .grid = direct_grid}},                                                           \
    }

#define DIRECT_TEXEL(lanes_c, pixels, columns)                                                     \
    {                                                                                              \
        .name = "conv_direct_texel_" #lanes_c "x" #pixels "x" #columns, .suits = VRN_SUITS_CPU,    \
        .needs = VRN_CAPABILITY_TEXEL_BUFFERS, .layout = LAYOUT_RSCK, .fits = direct_fits,         \
        .merit = direct_merit, .pass_count = 1,                                                    \
        .pass = {{.module = &vrn_module_conv_direct_texel,                                         \
                  .texel = TEXEL_XW,                                                               \
                  .row_count = 4,                                                                  \
                  .row = {8, lanes_c, pixels, columns},                                            \
                  .grid = direct_grid}},                                                           \
    }

/* For groups that would fill a tile in part only. */
#define DIRECT_GPU(lanes_c, pixels)                                                                \
    {                                                                                              \
        .name = "conv_direct_gpu_" #lanes_c "x" #pixels, .suits = VRN_SUITS_GPU,                   \
        .layout = LAYOUT_RSCK, .fits = direct_gpu_fits, .merit = vrn_direct_gpu_merit,             \
        .pass_count = 1,                                                                           \
        .pass = {{.module = &vrn_module_conv_direct_gpu,                                           \
                  .row_count = 4,                                                                  \
                  .row = {64, lanes_c, pixels, 1},                                                 \
                  .grid = direct_grid}},                                                           \
    }

/* Bytes, with the sums of an integer dot product where the device has it. */
#define INT8(name_, needs_, suits_, module_, texel_, lanes, pixels, merit_)                        \
    {                                                                                              \
        .name = "conv_int8" name_, .suits = suits_, .needs = needs_, .layout = LAYOUT_INT8,        \
        .bytes = true, .fits = direct_fits, .merit = merit_, .pass_count = 1,                      \
        .pass = {{.module = &vrn_module_conv_direct_int8##module_,                                 \
                  .texel = texel_,                                                                 \
                  .row_count = 4,                                                                  \
                  .row = {lanes, 8, pixels, 1},                                                    \
                  .grid = direct_grid}},                                                           \
    }

#define TILE(m, n, k, thread_m4, thread_n4)                                                        \
    {                                                                                              \
        .name = "conv_tile_" #m "x" #n "x" #k, .suits = VRN_SUITS_GPU, .layout = LAYOUT_RSCK,      \
        .fits = tile_fits, VRN_TILE_PASSES(m, n, k, thread_m4, thread_n4),                         \
    }

#define TILE_SPLIT(split, m, n, k, thread_m4, thread_n4)                                           \
    {                                                                                              \
        .name = "conv_split" #split "_" #m "x" #n "x" #k, .suits = VRN_SUITS_GPU,                  \
        .layout = LAYOUT_RSCK, .fits = tile_fits,                                                  \
        VRN_SPLIT_PASSES(m, n, k, thread_m4, thread_n4, split),                                    \
    }

/* .. through shared memory. Without integer dot products the time goes into taking words apart,
 * which reading them from there does not make shorter. */
#define INT8_TILE(m, n, k, thread_m4, thread_n4)                                                   \
    {                                                                                              \
        .name = "conv_int8_tile_" #m "x" #n "x" #k, .suits = VRN_SUITS_GPU, .needs = DOT,          \
        .layout = LAYOUT_INT8, .fits = tile_fits,                                                  \
        VRN_INT8_TILE_PASSES(m, n, k, thread_m4, thread_n4),                                       \
    }

#define INT8_SPLIT(split, m, n, k, thread_m4, thread_n4)                                           \
    {                                                                                              \
        .name = "conv_int8_split" #split "_" #m "x" #n "x" #k, .suits = VRN_SUITS_GPU,             \
        .needs = DOT, .layout = LAYOUT_INT8, .fits = tile_fits,                                    \
        VRN_INT8_SPLIT_PASSES(m, n, k, thread_m4, thread_n4, split),                               \
    }

/* Matrix products (conv_gemm.h): the product itself, and passes around it. For lavapipe, which
 * reads texel buffers, and for SwiftShader, whose products take their weights from blocks. */
#define PRODUCT_TEXEL(mode_, lanes_c, pixels, columns)                                             \
    .module = &vrn_module_gemm, .texel = TEXEL_XW, .pushed = true, .mode = mode_, .row_count = 5,  \
    .grid = vrn_gemm_grid, .row = {8, mode_, lanes_c, pixels, columns}

/* A work group is one of SwiftShader's subgroups. */
#define PRODUCT_BLOCKS(mode_, module_, pixels)                                                     \
    .module = &vrn_module_##module_, .arrays = 1u << VRN_BIND_BLOCKS, .pushed = true,              \
    .mode = mode_, .row_count = 5, .grid = vrn_gemm_grid,                                          \
    .row = {4, VRN_GEMM_PUSHED_MODE, 1, pixels, 8}

#define AROUND(module_, texel_, mode_, grid_)                                                      \
    .module = &vrn_module_##module_, .texel = (texel_)&1u << VRN_BIND_X, .pushed = true,           \
    .mode = mode_, .row_count = 2, .row = {64, mode_}, .grid = grid_

#define GEMM(name_, mode_, needs_, blocks, ...)                                                    \
    {                                                                                              \
        .name = "conv_" name_, .suits = VRN_SUITS_CPU, .needs = needs_,                            \
        .layout = VRN_GEMM_LAYOUT(mode_, blocks), .fits = vrn_gemm_fits, .merit = vrn_gemm_merit,  \
        .pass_count = 1, .pass = {{__VA_ARGS__}},                                                  \
    }

#define WINOGRAD(name_, suffix, m, needs_, texel_, blocks, ...)                                    \
    {                                                                                              \
        .name = "conv_winograd_f" #m "_" name_, .suits = VRN_SUITS_CPU, .needs = needs_,           \
        .layout = VRN_GEMM_LAYOUT(m, blocks), .fits = vrn_gemm_fits, .merit = vrn_gemm_merit,      \
        .scratch_bytes = vrn_gemm_scratch, .pass_count = 3,                                        \
        .pass = {{AROUND(winograd_input##suffix, texel_, m, vrn_winograd_input_grid),              \
                  .scratch = {[VRN_BIND_Y] = 1}},                                                  \
                 {__VA_ARGS__, .scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2}},                   \
                 {AROUND(winograd_output##suffix, texel_, m, vrn_winograd_output_grid),            \
                  .scratch = {[VRN_BIND_X] = 2}}},                                                 \
    }

#define GEMM_TEXEL(lanes_c, pixels, columns)                                                       \
    GEMM("gemm_texel_" #lanes_c "x" #pixels "x" #columns, VRN_GEMM_PLAIN,                          \
         VRN_CAPABILITY_TEXEL_BUFFERS, 0, PRODUCT_TEXEL(VRN_GEMM_PLAIN, lanes_c, pixels, columns))
#define WINOGRAD_TEXEL(m, suffix, lanes_c, pixels, columns)                                        \
    WINOGRAD("texel_" #lanes_c "x" #pixels "x" #columns, suffix, m, VRN_CAPABILITY_TEXEL_BUFFERS,  \
             TEXEL_XW, 0, PRODUCT_TEXEL(m, lanes_c, pixels, columns))

#define PADDED(name_, needs_, ...)                                                                 \
    {                                                                                              \
        .name = "conv_padded_" name_, .suits = VRN_SUITS_CPU, .needs = needs_,                     \
        .layout = VRN_GEMM_LAYOUT(VRN_GEMM_IMPLICIT, 1), .fits = vrn_gemm_fits,                    \
        .merit = vrn_gemm_merit, .scratch_bytes = vrn_gemm_scratch, .pass_count = 2,               \
        .pass = {{AROUND(pad, 0, VRN_GEMM_IMPLICIT, vrn_pad_grid), .scratch = {[VRN_BIND_Y] = 1}}, \
                 {__VA_ARGS__, .scratch = {[VRN_BIND_X] = 1}}},                                    \
    }

#define WINOGRAD_BLOCKS(m, module_, pixels)                                                        \
    WINOGRAD("blocks_" #pixels, , m, VRN_CAPABILITY_BUFFER_ARRAYS, 0, 1,                           \
             PRODUCT_BLOCKS(m, module_, pixels))

#ifdef VRN_COOPERATIVE_MATRIX
static bool matrix_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_matrix_fits(kernel, d) && tile_fits(kernel, d);
}

#define MATRIX_NAME(m, n, k, fragment_m, fragment_n, fragment_k, size)                             \
#m "x" #n "x" #k "_" #fragment_m "x" #fragment_n "x" #fragment_k "_" #size

#define MATRIX(m, n, k, fragment_m, fragment_n, fragment_k, size, subgroups_m, subgroups_n)        \
    {                                                                                              \
        .name = "conv_matrix_" MATRIX_NAME(m, n, k, fragment_m, fragment_n, fragment_k, size),     \
        .suits = VRN_SUITS_GPU, .layout = LAYOUT_RSCK, .fits = matrix_fits,                        \
        VRN_MATRIX_PASSES(m, n, k, fragment_m, fragment_n, fragment_k, size, subgroups_m,          \
                          subgroups_n),                                                            \
    }

#define INT8_MATRIX(m, n, k, fragment_m, fragment_n, fragment_k, size, subgroups_m, subgroups_n)   \
    {                                                                                              \
        .name =                                                                                    \
            "conv_int8_matrix_" MATRIX_NAME(m, n, k, fragment_m, fragment_n, fragment_k, size),    \
        .suits = VRN_SUITS_GPU, .layout = LAYOUT_INT8, .fits = tile_fits,                          \
        VRN_INT8_MATRIX_PASSES(m, n, k, fragment_m, fragment_n, fragment_k, size, subgroups_m,     \
                               subgroups_n),                                                       \
    }
#endif

#ifdef VRN_COOPERATIVE_MATRIX_2
#define MATRIX_2(m, n, k, size, subgroups_m, subgroups_n)                                          \
    {                                                                                              \
        .name = "conv_matrix2_" #m "x" #n "x" #k "_" #subgroups_m "x" #subgroups_n "_" #size,      \
        .suits = VRN_SUITS_GPU, .layout = LAYOUT_RSCK, .fits = matrix_fits,                        \
        VRN_MATRIX_2_PASSES(m, n, k, size, subgroups_m, subgroups_n),                              \
    }

#define MATRIX_2_GROUP(m, n, k, invocations_)                                                      \
    {                                                                                              \
        .name = "conv_matrix2_group_" #m "x" #n "x" #k "_" #invocations_, .suits = VRN_SUITS_GPU,  \
        .layout = LAYOUT_RSCK, .fits = matrix_fits,                                                \
        VRN_MATRIX_2_GROUP_PASSES(m, n, k, invocations_),                                          \
    }
#endif

#define DOT VRN_CAPABILITY_INTEGER_DOT_PRODUCT

static const vrn_kernel kernels[] = {
    {
        .name = "conv_generic",
        .suits = VRN_SUITS_ANY,
        .layout = LAYOUT_KCRS,
        .pass_count = 1,
        .pass = {{.module = &vrn_module_conv_generic,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
    DIRECT(8),
    DIRECT(4),
    DIRECT(1),
    DIRECT_TEXEL(8, 8, 2),
    DIRECT_TEXEL(4, 8, 2),
    DIRECT_TEXEL(2, 8, 2),
    DIRECT_TEXEL(8, 8, 1),
    DIRECT_TEXEL(1, 8, 1),
    GEMM("implicit_blocks", VRN_GEMM_IMPLICIT, VRN_CAPABILITY_BUFFER_ARRAYS, 1,
         PRODUCT_BLOCKS(VRN_GEMM_IMPLICIT, gemm_blocks, 2)),
    PADDED("blocks", VRN_CAPABILITY_BUFFER_ARRAYS,
           PRODUCT_BLOCKS(VRN_GEMM_IMPLICIT, gemm_blocks, 2)),
    WINOGRAD_BLOCKS(4, gemm_blocks, 2),
    WINOGRAD_BLOCKS(4, gemm_blocks_p1, 1), /* for small layers */
    GEMM_TEXEL(8, 8, 2),
    GEMM_TEXEL(8, 4, 2),
    WINOGRAD_TEXEL(4, _texel, 8, 8, 2),
    WINOGRAD_TEXEL(4, _texel, 8, 4, 2),
    WINOGRAD_TEXEL(2, _f2_texel, 8, 8, 2),
    WINOGRAD_TEXEL(2, _f2_texel, 8, 4, 2),
    INT8("", 0, VRN_SUITS_CPU, , 0, 8, STORAGE_PIXELS, int8_merit),
    INT8("_dot", DOT, VRN_SUITS_CPU, _dot, 0, 8, STORAGE_PIXELS, int8_merit),
    INT8("_texel", VRN_CAPABILITY_TEXEL_BUFFERS, VRN_SUITS_CPU, _texel, TEXEL_XW, 8, 8, int8_merit),
    INT8("_dot_texel", DOT | VRN_CAPABILITY_TEXEL_BUFFERS, VRN_SUITS_CPU, _dot_texel, TEXEL_XW, 8,
         8, int8_merit),
    INT8("_gpu", 0, VRN_SUITS_GPU, _gpu, 0, 64, 8, vrn_direct_gpu_merit),
    INT8("_dot_gpu", DOT, VRN_SUITS_GPU, _dot_gpu, 0, 64, 8, vrn_direct_gpu_merit),
    INT8_TILE(32, 32, 32, 1, 1),
    INT8_TILE(64, 64, 32, 1, 2),
    INT8_TILE(128, 128, 32, 2, 2),
    INT8_SPLIT(4, 64, 64, 32, 1, 2),
    DIRECT_GPU(16, 4),
    DIRECT_GPU(16, 8),
    TILE(32, 32, 8, 1, 1),
    TILE(32, 32, 16, 1, 1),
    TILE(64, 32, 8, 2, 1),
    TILE(64, 64, 8, 1, 2),
    TILE(64, 64, 16, 1, 2),
    TILE(128, 64, 8, 2, 2),
    TILE(128, 128, 8, 2, 2),
    TILE_SPLIT(4, 32, 32, 8, 1, 1),
    TILE_SPLIT(8, 32, 32, 8, 1, 1),
    TILE_SPLIT(4, 64, 64, 8, 1, 2),
    TILE_SPLIT(16, 64, 64, 8, 1, 2),
#ifdef VRN_COOPERATIVE_MATRIX
    MATRIX(64, 64, 32, 16, 16, 16, 32, 2, 2),
    MATRIX(128, 128, 32, 16, 16, 16, 32, 4, 2),
    MATRIX(64, 64, 32, 16, 16, 16, 64, 2, 1),
    MATRIX(128, 128, 32, 16, 16, 16, 64, 2, 2),
    MATRIX(64, 64, 32, 8, 16, 16, 16, 4, 2),
    MATRIX(32, 32, 16, 8, 8, 8, 8, 2, 2),
    INT8_MATRIX(64, 64, 32, 16, 16, 16, 32, 2, 2),
    INT8_MATRIX(128, 128, 32, 16, 16, 16, 32, 4, 2),
    INT8_MATRIX(64, 64, 64, 16, 16, 32, 32, 2, 2),
    INT8_MATRIX(128, 128, 64, 16, 16, 32, 32, 4, 2),
    INT8_MATRIX(64, 64, 32, 16, 16, 16, 64, 2, 1),
    INT8_MATRIX(128, 128, 32, 16, 16, 16, 64, 2, 2),
    INT8_MATRIX(64, 64, 64, 8, 16, 32, 16, 4, 2),
    INT8_MATRIX(32, 32, 16, 8, 8, 8, 8, 2, 2),
#endif
#ifdef VRN_COOPERATIVE_MATRIX_2
    MATRIX_2_GROUP(64, 64, 32, 128),
    MATRIX_2_GROUP(128, 128, 32, 256),
    MATRIX_2(128, 128, 32, 32, 4, 2),
    MATRIX_2(64, 64, 32, 64, 2, 1),
    MATRIX_2(32, 32, 16, 8, 2, 2),
    MATRIX_2(16, 16, 8, 8, 1, 1),
#endif
};

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    const vrn_epilogue *e = &d->epilogue;
    const bool plain =
        e->residual_stride == 1 && e->residual_offset == 0 && e->residual_shape.c == d->out.c;
    const uint32_t written[] = {
        [0] = d->in.h,
        [1] = d->in.w,
        [2] = vrn_c4(d->in.c),
        [3] = d->out.h,
        [4] = d->out.w,
        [5] = vrn_c4(d->out.c),
        [6] = d->kernel.y,
        [7] = d->kernel.x,
        [8] = d->stride.y,
        [9] = d->stride.x,
        [10] = d->padding.y,
        [11] = d->padding.x,
        [12] = d->dilation.y,
        [13] = d->dilation.x,
        [14] = d->groups,
        [15] = group_in(d),
        [16] = group_out(d),
        [17] = d->out.c,
        [18] = e->relu,
        [19] = e->residual,
        [21] = e->residual &&
               !plain, /* an option A shortcut of a larger tensor, which these describe */
        [22] = e->residual && !plain ? e->residual_shape.h : 1,
        [23] = e->residual && !plain ? e->residual_shape.w : 1,
        [24] = e->residual && !plain ? vrn_c4(e->residual_shape.c) : 1,
        [25] = e->residual && !plain ? e->residual_stride : 1,
        [26] = e->residual && !plain ? e->residual_offset / 4 : 0,
    };
    memcpy(values, written, sizeof written);
    return VRN_COUNT(written);
}

static uint64_t bias_floats(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    if (kernel->layout >= VRN_GEMM_LAYOUTS) return vrn_gemm_bias_floats(d, kernel);
    return (uint64_t)vrn_c4(d->out.c) * 4;
}

static uint64_t packed_floats(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    uint64_t positions = (uint64_t)d->kernel.y * d->kernel.x, bias = bias_floats(d, kernel);
    if (kernel->layout >= VRN_GEMM_LAYOUTS) return bias + vrn_gemm_packed_floats(d, kernel);
    if (kernel->layout == LAYOUT_INT8) return bias + vrn_int8_packed_words(d);
    if (kernel->layout == LAYOUT_KCRS) {
        return bias + vrn_round_up(positions * group_in(d) * d->out.c, 4);
    }
    return bias + positions * vrn_c4(group_in(d)) * 4 * bias;
}

static void pack_bias(const vrn_op_desc *d, const vrn_params *params, float *packed)
{
    for (uint32_t k = 0; k < d->out.c; k++) packed[k] = (float)vrn_params_bias(params, k);
}

enum { PACK_TILE = 16 }; /* floats in a cache line */

static void pack_rsck(const vrn_op_desc *d, const vrn_params *params, float *packed)
{
    uint32_t channels = group_in(d), rows = vrn_c4(channels) * 4, padded_k = vrn_c4(d->out.c) * 4;
    uint32_t positions = d->kernel.y * d->kernel.x;
    const size_t each = (size_t)channels * positions;
    if (rows != channels || padded_k != d->out.c) {
        memset(packed, 0, (size_t)positions * rows * padded_k * sizeof *packed);
    }
    /* In tiles of a cache line each way: lines are read and written as a whole, once. */
    for (uint32_t k0 = 0; k0 < d->out.c; k0 += PACK_TILE) {
        const uint32_t count_k = vrn_min_u32(PACK_TILE, d->out.c - k0);
        double scale[PACK_TILE];
        for (uint32_t k = 0; k < count_k; k++) scale[k] = vrn_params_scale(params, k0 + k);
        for (size_t i0 = 0; i0 < each; i0 += PACK_TILE) {
            const size_t count_i = each - i0 < PACK_TILE ? each - i0 : PACK_TILE;
            float tile[PACK_TILE][PACK_TILE];
            for (uint32_t k = 0; k < count_k; k++) {
                const float *from = params->own[VRN_PARAM_WEIGHT] + (k0 + k) * each + i0;
                for (size_t i = 0; i < count_i; i++) tile[k][i] = (float)(from[i] * scale[k]);
            }
            for (size_t i = 0; i < count_i; i++) {
                const size_t c = (i0 + i) / positions, rs = (i0 + i) % positions;
                float *to = packed + (rs * rows + c) * padded_k + k0;
                for (uint32_t k = 0; k < count_k; k++) to[k] = tile[k][i];
            }
        }
    }
}

static void pack_kcrs(const vrn_op_desc *d, const vrn_params *params, float *packed)
{
    const size_t each = (size_t)group_in(d) * d->kernel.y * d->kernel.x;
    for (uint32_t k = 0; k < d->out.c; k++) {
        double scale = vrn_params_scale(params, k);
        for (size_t i = 0; i < each; i++) {
            packed[k * each + i] = (float)(params->own[VRN_PARAM_WEIGHT][k * each + i] * scale);
        }
    }
    for (size_t i = each * d->out.c; i % 4 != 0; i++) packed[i] = 0;
}

static void pack(const vrn_op_desc *d, const vrn_kernel *kernel, const vrn_params *params,
                 float *packed)
{
    const size_t bias = bias_floats(d, kernel);
    float *weights = packed + bias;
    memset(packed, 0, bias * sizeof *packed);
    pack_bias(d, params, packed);
    if (kernel->layout >= VRN_GEMM_LAYOUTS) {
        vrn_gemm_pack(d, kernel, params, packed, weights);
    } else if (kernel->layout == LAYOUT_INT8) {
        vrn_int8_pack(d, params, weights);
    } else if (kernel->layout == LAYOUT_RSCK) {
        pack_rsck(d, params, weights);
    } else {
        pack_kcrs(d, params, weights);
    }
}

const vrn_operator vrn_operator_conv = {
    .kernels = kernels,
    .kernel_count = VRN_COUNT(kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_W | 1u << VRN_BIND_R,
    .constants = constants,
    .packed_floats = packed_floats,
    .pack = pack,
    .takes_bytes = groups_aligned,
};
