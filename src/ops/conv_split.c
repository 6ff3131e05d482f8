/* Convolution in tiles whose sums are divided among work groups, and a second pass that adds them
 * up (conv_reduce.comp). */
#include "base/util.h"
#include "modules.h"
#include "ops/conv_tile.h"
#include "ops/families.h"

/* Scratch 1: partial sums, floats or integers. */
static uint64_t scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t scratch,
                              uint32_t images)
{
    if (scratch != 1) return 0;
    return vrn_tensor_bytes(d->out, VRN_TYPE_F32) * images * kernel->number[VRN_TILE_SPLIT];
}

const vrn_kernel_variant vrn_variant_split = {
    .family = &vrn_family_conv_split,
    .layout = &vrn_layout_rsck,
    .suits = VRN_SUITS_GPU,
    .shader = {{
                   .module = &vrn_module_conv_tile,
                   .numbers = 6,
               },
               {
                   .module = &vrn_module_conv_reduce,
                   .threads = 64,
                   .numbers = 1,
               }},
};

static const vrn_kernel_variant bytes = {
    .family = &vrn_family_conv_split,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_GPU,
    .needs = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
    .shader = {{
                   .module = &vrn_module_conv_tile_int8,
                   .numbers = 6,
               },
               {
                   .module = &vrn_module_conv_reduce_int8,
                   .threads = 64,
                   .numbers = 1,
               }},
};

/* Split, then the numbers of a tile's row (ops/conv_tile.c). */
static const vrn_kernel rows[] = {
    {"conv_int8_split4_64x64x32", &bytes, {4, 64, 64, 32, 1, 2}},
    {"conv_split4_32x32x8", &vrn_variant_split, {4, 32, 32, 8, 1, 1}},
    {"conv_split8_32x32x8", &vrn_variant_split, {8, 32, 32, 8, 1, 1}},
    {"conv_split4_64x64x8", &vrn_variant_split, {4, 64, 64, 8, 1, 2}},
    {"conv_split16_64x64x8", &vrn_variant_split, {16, 64, 64, 8, 1, 2}},
};

const vrn_kernel_family vrn_family_conv_split = {
    .fits = vrn_tile_fits,
    .merit = vrn_tile_merit,
    .threads = vrn_tile_threads,
    .shared_bytes = vrn_tile_shared_bytes,
    .registers = vrn_tile_registers,
    .scratch_bytes = scratch_bytes,
    .pass = {{.scratch = {[VRN_BIND_Y] = 1}, .grid = vrn_tile_grid},
             {.scratch = {[VRN_BIND_X] = 1}, .grid = vrn_grid_output}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
