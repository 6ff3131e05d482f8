/* Convolution as one matrix product: 1x1 convolutions on lavapipe, which reads texel buffers; all
 * on SwiftShader, whose products read weights from blocks and windows from an input with its
 * padding (pad.comp). */
#include "base/util.h"
#include "modules.h"
#include "ops/families.h"
#include "ops/product.h"

static const vrn_kernel_family padded;

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const bool no_padding = d->padding.y == 0 && d->padding.x == 0;
    if (d->groups != 1) return false;
    if (!vrn_product_in_blocks(kernel)) {
        return no_padding && d->kernel.y == 1 && d->kernel.x == 1 && d->stride.y == 1 &&
               d->stride.x == 1;
    }
    /* The positions of a line are adjacent. */
    if (d->kernel.x > 1 && d->dilation.x > 1) return false;
    const bool whole = d->kernel.x * vrn_c4(d->in.c) % VRN_BLOCK_K4 == 0;
    return (no_padding && whole) != (kernel->variant->family == &padded);
}

static const vrn_kernel_family padded = {
    .fits = fits,
    .merit = vrn_product_merit,
    .scratch_bytes = vrn_padded_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = vrn_pad_grid},
             {.scratch = {[VRN_BIND_X] = 1}, .pushed = true, .grid = vrn_product_grid}},
};

/* A work group is one of SwiftShader's subgroups. */
static const vrn_kernel_variant implicit_blocks = {
    .family = &vrn_family_conv_product,
    .layout = &vrn_layout_blocks,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_BUFFER_ARRAYS,
    .shader = {{.module = &vrn_module_gemm_blocks, .arrays = VRN_BIT_BLOCKS, .threads = 4}},
};

static const vrn_kernel_variant padded_blocks = {
    .family = &padded,
    .layout = &vrn_layout_blocks,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_BUFFER_ARRAYS,
    .shader = {{.module = &vrn_module_pad, .threads = 64},
               {.module = &vrn_module_gemm_blocks, .arrays = VRN_BIT_BLOCKS, .threads = 4}},
};

static const vrn_kernel_variant texels = {
    .family = &vrn_family_conv_product,
    .layout = &vrn_layout_lines,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader =
        {{.module = &vrn_module_gemm, .texel = VRN_BIT_X | VRN_BIT_W, .threads = 8, .numbers = 4}},
};

/* No m; lanes on adjacent channels, pixels, columns. */
static const vrn_kernel rows[] = {
    {"conv_implicit_blocks", &implicit_blocks, {0, 1, 2, VRN_BLOCK_N4}},
    {"conv_padded_blocks", &padded_blocks, {0, 1, 2, VRN_BLOCK_N4}},
    {"conv_gemm_texel_8x8x2", &texels, {0, 8, 8, 2}},
    {"conv_gemm_texel_8x4x2", &texels, {0, 8, 4, 2}},
};

const vrn_kernel_family vrn_family_conv_product = {
    .fits = fits,
    .merit = vrn_product_merit,
    .pass = {{.pushed = true, .grid = vrn_product_grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
