/* Convolution by Winograd's algorithm (winograd.glsl) around a matrix product in its domain. */
#include "base/util.h"
#include "modules.h"
#include "ops/families.h"
#include "ops/product.h"

static bool fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    if (vrn_product_in_blocks(kernel) && vrn_c4(d->in.c) % VRN_BLOCK_K4 != 0) return false;
    return d->groups == 1 && d->kernel.y == 3 && d->kernel.x == 3 && d->stride.y == 1 &&
           d->stride.x == 1 && d->dilation.y == 1 && d->dilation.x == 1;
}

uint64_t vrn_winograd_scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *d,
                                    uint32_t scratch, uint32_t images)
{
    const uint32_t columns = vrn_c4(scratch == 1 ? d->in.c : d->out.c);
    return vrn_product_count(kernel) * vrn_product_rows(kernel, d) * images * columns * 4 *
           sizeof(float);
}

/* Without texel buffers an invocation has one channel instead of four. */
vrn_grid vrn_winograd_input_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                                 uint32_t images)
{
    const uint32_t invocations = vrn_c4(d->in.c) * (vrn_kernel_shader(kernel, 0)->texel ? 1 : 4);
    return vrn_grid_flat(threads, vrn_product_rows(kernel, d) * images * invocations);
}

vrn_grid vrn_winograd_output_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                                  uint32_t images)
{
    return vrn_grid_flat(threads, vrn_product_rows(kernel, d) * images * vrn_c4(d->out.c));
}

/* The transforms round three times as much as the short sums of a plain product with few channels,
 * which takes SwiftShader about as long for images of this size. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const bool small =
        vrn_product_in_blocks(kernel) && d->in.c <= 32 && d->out.h * d->out.w <= 1024;
    return vrn_product_merit(kernel, d, images, cores) / (small ? 3 : 1);
}

/* For SwiftShader, with two rows per lane, and with one for small layers. */
static const vrn_kernel_variant blocks_2 = {
    .family = &vrn_family_conv_winograd,
    .layout = &vrn_layout_blocks,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_BUFFER_ARRAYS,
    .shader = {{.module = &vrn_module_winograd_input, .threads = 64},
               {.module = &vrn_module_gemm_blocks, .arrays = VRN_BIT_BLOCKS, .threads = 4},
               {.module = &vrn_module_winograd_output, .threads = 64}},
};

static const vrn_kernel_variant blocks_1 = {
    .family = &vrn_family_conv_winograd,
    .layout = &vrn_layout_blocks,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_BUFFER_ARRAYS,
    .shader = {{.module = &vrn_module_winograd_input, .threads = 64},
               {.module = &vrn_module_gemm_blocks_p1, .arrays = VRN_BIT_BLOCKS, .threads = 4},
               {.module = &vrn_module_winograd_output, .threads = 64}},
};

/* For lavapipe. */
static const vrn_kernel_variant texels_f4 = {
    .family = &vrn_family_conv_winograd,
    .layout = &vrn_layout_lines,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader =
        {{.module = &vrn_module_winograd_input_texel, .texel = VRN_BIT_X, .threads = 64},
         {.module = &vrn_module_gemm, .texel = VRN_BIT_X | VRN_BIT_W, .threads = 8, .numbers = 4},
         {.module = &vrn_module_winograd_output_texel, .texel = VRN_BIT_X, .threads = 64}},
};

static const vrn_kernel_variant texels_f2 = {
    .family = &vrn_family_conv_winograd,
    .layout = &vrn_layout_lines,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader =
        {{.module = &vrn_module_winograd_input_f2_texel, .texel = VRN_BIT_X, .threads = 64},
         {.module = &vrn_module_gemm, .texel = VRN_BIT_X | VRN_BIT_W, .threads = 8, .numbers = 4},
         {.module = &vrn_module_winograd_output_f2_texel, .texel = VRN_BIT_X, .threads = 64}},
};

/* m of F(m x m, 3 x 3); of the product: lanes on adjacent channels, rows, columns. */
static const vrn_kernel rows[] = {
    {"conv_winograd_f4_blocks_2", &blocks_2, {4, 1, 2, VRN_BLOCK_N4}},
    {"conv_winograd_f4_blocks_1", &blocks_1, {4, 1, 1, VRN_BLOCK_N4}},
    {"conv_winograd_f4_texel_8x8x2", &texels_f4, {4, 8, 8, 2}},
    {"conv_winograd_f4_texel_8x4x2", &texels_f4, {4, 8, 4, 2}},
    {"conv_winograd_f2_texel_8x8x2", &texels_f2, {2, 8, 8, 2}},
    {"conv_winograd_f2_texel_8x4x2", &texels_f2, {2, 8, 4, 2}},
};

const vrn_kernel_family vrn_family_conv_winograd = {
    .fits = fits,
    .merit = merit,
    .scratch_bytes = vrn_winograd_scratch_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .pushed = true, .grid = vrn_winograd_input_grid},
             {.scratch = {[VRN_BIND_X] = 1, [VRN_BIND_Y] = 2},
              .pushed = true,
              .grid = vrn_product_grid},
             {.scratch = {[VRN_BIND_X] = 2}, .pushed = true, .grid = vrn_winograd_output_grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
