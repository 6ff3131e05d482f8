/* The linear layer (torch.nn.Linear), and how its weights are packed. */
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "ops/conv_gpu.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_linear;
extern const vrn_module vrn_module_linear_texel;
extern const vrn_module vrn_module_linear_gemv;

/* Where the constants of a row of linear_gemv.comp stand. */
enum { ROW_THREADS, ROW_LANES, ROW_IMAGES };

/* A 1x1 convolution of a 1x1 image, without epilogue: kernels of convolutions can be rows here. */

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    const vrn_op_desc conv = {
        .op = VRN_OP_CONV,
        .in = {1, 1, d->in.c},
        .out = {1, 1, d->out.c},
        .kernel = {1, 1},
        .stride = {1, 1},
        .dilation = {1, 1},
        .groups = 1,
    };
    return vrn_operator_conv.constants(&conv, values);
}

static vrn_grid gemv_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return (vrn_grid){
        .x = vrn_div_up(images, pass->row[ROW_IMAGES]),
        .z = vrn_div_up(vrn_c4(d->out.c), pass->row[ROW_LANES]),
    };
}

/* In the unit of conv_gpu.h: the weights are read once for each ROW_IMAGES images, from memory the
 * first time and from a cache, some four times as fast, then; and each value of an image once for
 * its work group. */
static double gemv_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const uint32_t *row = kernel->pass[0].row;
    double weights = (double)d->in.c * d->out.c, group = row[ROW_IMAGES];
    double passes = ceil(images / group);
    double read = weights * (1 + (passes - 1) / 4) * 40;
    double computed = weights * passes * group * 4;
    return vrn_merit_of_time(read + computed);
}

/* The bias, [K padded to 4], then the weights, [C padded to 4, K padded to 4]. */
static uint64_t packed_floats(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    (void)kernel;
    return (uint64_t)vrn_c4(d->out.c) * 4 * (1 + (uint64_t)vrn_c4(d->in.c) * 4);
}

static void pack(const vrn_op_desc *d, const vrn_kernel *kernel, const vrn_params *params,
                 float *packed)
{
    const size_t padded = (size_t)vrn_c4(d->out.c) * 4;
    memset(packed, 0, packed_floats(d, kernel) * sizeof *packed);
    memcpy(packed, params->own[VRN_PARAM_BIAS], d->out.c * sizeof *packed);
    /* In rows of a cache line, so that each line is written as a whole. */
    for (size_t k0 = 0; k0 < d->out.c; k0 += 16) {
        const size_t end = vrn_min_u64(k0 + 16, d->out.c);
        for (size_t c = 0; c < d->in.c; c++) {
            for (size_t k = k0; k < end; k++) {
                packed[(c + 1) * padded + k] = params->own[VRN_PARAM_WEIGHT][k * d->in.c + c];
            }
        }
    }
}

#define GEMV_THREADS 256
#define GEMV(images)                                                                               \
    {                                                                                              \
        .name = "linear_gemv_" #images, .suits = VRN_SUITS_GPU,                                    \
        .shared_bytes = (images)*GEMV_THREADS * 16, .merit = gemv_merit, .pass_count = 1,          \
        .pass = {{.module = &vrn_module_linear_gemv,                                               \
                  .row_count = 3,                                                                  \
                  .row = {GEMV_THREADS, 8, images},                                                \
                  .grid = gemv_grid}},                                                             \
    }

static const vrn_kernel kernels[] = {
    {
        .name = "linear",
        /* a thousand outputs are 250 vec4s: small groups spread them over the device */
        .pass_count = 1,
        .pass =
            {{.module = &vrn_module_linear, .row_count = 1, .row = {16}, .grid = vrn_grid_output}},
    },
    {
        .name = "linear_texel",
        .suits = VRN_SUITS_CPU,
        .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
        .pass_count = 1,
        .pass = {{.module = &vrn_module_linear_texel,
                  .texel = 1u << VRN_BIND_X | 1u << VRN_BIND_W,
                  .row_count = 1,
                  .row = {16},
                  .grid = vrn_grid_output}},
    },
    GEMV(1),
    GEMV(4),
    {
        .name = "linear_tile_64x64x8",
        .suits = VRN_SUITS_GPU,
        VRN_TILE_PASSES(64, 64, 8, 1, 2),
    },
    {
        .name = "linear_split8_64x64x8",
        .suits = VRN_SUITS_GPU,
        VRN_SPLIT_PASSES(64, 64, 8, 1, 2, 8),
    },
};

const vrn_operator vrn_operator_linear = {
    .kernels = kernels,
    .kernel_count = VRN_COUNT(kernels),
    /* the residual is that of conv_tile.comp, which is never read here */
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_W | 1u << VRN_BIND_R,
    .constants = constants,
    .packed_floats = packed_floats,
    .pack = pack,
};
