/* The linear layer (torch.nn.Linear): a 1x1 convolution of a 1x1 image, so it has its constants and
 * layout, and rows of its tiles. */
#include <math.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_tile.h"
#include "ops/families.h"
#include "ops/merit.h"
#include "ops/operators.h"

static void constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    const vrn_op_desc conv = {
        .op = VRN_OP_CONV,
        .in = {1, 1, d->in.c},
        .out = {1, 1, d->out.c},
        .kernel = {1, 1},
        .stride = {1, 1},
        .dilation = {1, 1},
        .groups = 1,
        .epilogue = {.relu = d->epilogue.relu,
                     .activation = d->epilogue.activation,
                     .slope = d->epilogue.slope},
    };
    vrn_operator_conv.constants(&conv, values);
}

static vrn_grid gemv_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                          uint32_t images)
{
    (void)threads;
    return (vrn_grid){
        .x = vrn_div_up(images, kernel->number[VRN_GEMV_IMAGES]),
        .z = vrn_div_up(vrn_c4(d->out.c), kernel->number[VRN_GEMV_LANES]),
    };
}

static uint32_t gemv_shared_bytes(const vrn_kernel *kernel)
{
    return kernel->number[VRN_GEMV_IMAGES] * vrn_kernel_threads(kernel, 0) * 16;
}

/* The weights are read once for each VRN_GEMV_IMAGES images, the first time from memory, later from
 * a cache that is about four times as fast; each value of an image is read once per work group. */
static double gemv_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                         const vrn_cores *cores)
{
    const double weights = (double)d->in.c * d->out.c, group = kernel->number[VRN_GEMV_IMAGES];
    const double passes = ceil(images / group);
    const vrn_grid grid = vrn_kernel_grid(kernel, 0, d, images);
    const double groups = (double)grid.x * grid.z;
    const vrn_gpu_work work = {
        .groups = groups,
        .threads = vrn_kernel_threads(kernel, 0),
        .multiplies = weights * passes * group / groups,
        .rate = 1,
        .efficiency = 0.25,
        .sums = 4 * group,
        .registers = 24 + 8 * kernel->number[VRN_GEMV_IMAGES],
        .shared_bytes = gemv_shared_bytes(kernel),
        .bytes = weights * (1 + (passes - 1) / 4) * (d->w == VRN_TYPE_F16 ? 2 : 4),
    };
    return vrn_gpu_merit(vrn_gpu_time(cores, &work));
}

static const vrn_kernel_family gemv_family = {
    .merit = gemv_merit,
    .shared_bytes = gemv_shared_bytes,
    .pass = {{.grid = gemv_grid}},
};

static const vrn_kernel_variant gemv = {
    .family = &gemv_family,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .shader = {{.module = &vrn_module_linear_gemv, .threads = 256, .numbers = 2}},
};

/* A thousand outputs are 250 vec4s: small work groups spread them over the device. */
static const vrn_kernel_variant plain = {
    .family = &vrn_family_output,
    .layout = &vrn_layout_rsck,
    .shader = {{.module = &vrn_module_linear, .threads = 16}},
};

static const vrn_kernel_variant texels = {
    .family = &vrn_family_output,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader = {{.module = &vrn_module_linear_texel, .texel = VRN_BIT_X | VRN_BIT_W, .threads = 16}},
};

/* For gemv: lanes on adjacent outputs, images. */
static const vrn_kernel rows[] = {
    {"linear", &plain, {0}},
    {"linear_texel", &texels, {0}},
    {"linear_address", &vrn_variant_address, {0, 4, 64, 0, 1, 4}},
    {"linear_address_narrow", &vrn_variant_address, {0, 6, 64, 0, 1, 2}},
    {"linear_gemv_1", &gemv, {8, 1}},
    {"linear_gemv_4", &gemv, {8, 4}},
    {"linear_tile_64x64x8", &vrn_variant_tile, {1, 64, 64, 8, 1, 2}},
    {"linear_split8_64x64x8", &vrn_variant_split, {8, 64, 64, 8, 1, 2}},
};

const vrn_operator vrn_operator_linear = {
    .rows = rows,
    .row_count = VRN_COUNT(rows),
    /* The residual is that of conv_tile.comp, which is never read here. */
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_W | VRN_BIT_R,
    .constants = constants,
};
