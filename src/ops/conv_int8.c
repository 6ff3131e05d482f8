/* Direct convolution of int8 values with int32 sums (conv_direct.comp with BYTES), and the packing
 * of int8 weights. */
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/conv_direct.h"
#include "ops/families.h"

static uint64_t int8_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return vrn_bias_numbers(d) * (2 + (uint64_t)vrn_c4(vrn_conv_in(d)) * d->kernel.y * d->kernel.x);
}

static void int8_pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                      float *packed)
{
    const uint32_t channels = vrn_conv_in(d), channels4 = vrn_c4(channels);
    const uint32_t positions = d->kernel.y * d->kernel.x;
    const size_t out = (size_t)vrn_c4(d->out.c) * 4, each = (size_t)channels * positions;
    float *scales = packed + out;
    int8_t *bytes = (int8_t *)(scales + out);
    memset(packed, 0, int8_numbers(kernel, d) * sizeof *packed);
    vrn_bias_pack(d, params, packed);
    for (uint32_t k = 0; k < d->out.c; k++) {
        const float *weights = params->own[VRN_PARAM_WEIGHT] + k * each;
        const double fold = vrn_params_scale(params, k);
        double largest = 0;
        for (size_t i = 0; i < each; i++) {
            const double magnitude = fabs((double)weights[i]);
            if (magnitude > largest) largest = magnitude; /* with fmax gcc 12 crashes for aarch64 */
        }
        const double scale = largest * fabs(fold) / 127;
        scales[k] = (float)scale;
        if (!(scale > 0)) continue;
        for (uint32_t c = 0; c < channels; c++) {
            for (uint32_t p = 0; p < positions; p++) {
                size_t word = ((size_t)p * channels4 + c / 4) * out + k;
                bytes[word * 4 + c % 4] =
                    (int8_t)lrint(weights[(size_t)c * positions + p] * fold / scale);
            }
        }
    }
}

const vrn_layout vrn_layout_int8 = {.numbers = int8_numbers, .pack = int8_pack, .bytes = true};

/* On a processor, a kernel that needs more capabilities should be faster. */
static double merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                    const vrn_cores *cores)
{
    const vrn_kernel_variant *v = kernel->variant;
    if (v->suits == VRN_SUITS_GPU) return vrn_direct_gpu_merit(kernel, d, images, cores);
    return 1 + 2 * !!(v->needs & VRN_CAPABILITY_TEXEL_BUFFERS) +
           !!(v->needs & VRN_CAPABILITY_INTEGER_DOT_PRODUCT);
}

static const vrn_kernel_variant plain = {
    .family = &vrn_family_conv_int8,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_CPU,
    .shader = {{
        .module = &vrn_module_conv_direct_int8,
        .threads = 8,
        .numbers = 1,
    }},
};

static const vrn_kernel_variant dot = {
    .family = &vrn_family_conv_int8,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
    .shader = {{
        .module = &vrn_module_conv_direct_int8_dot,
        .threads = 8,
        .numbers = 1,
    }},
};

static const vrn_kernel_variant texel = {
    .family = &vrn_family_conv_int8,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader = {{
        .module = &vrn_module_conv_direct_int8_texel,
        .texel = VRN_BIT_X | VRN_BIT_W,
        .threads = 8,
        .numbers = 3,
    }},
};

static const vrn_kernel_variant dot_texel = {
    .family = &vrn_family_conv_int8,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS | VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
    .shader = {{
        .module = &vrn_module_conv_direct_int8_dot_texel,
        .texel = VRN_BIT_X | VRN_BIT_W,
        .threads = 8,
        .numbers = 3,
    }},
};

static const vrn_kernel_variant gpu = {
    .family = &vrn_family_conv_int8,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_GPU,
    .shader = {{
        .module = &vrn_module_conv_direct_int8_gpu,
        .threads = 64,
        .numbers = 3,
    }},
};

static const vrn_kernel_variant dot_gpu = {
    .family = &vrn_family_conv_int8,
    .layout = &vrn_layout_int8,
    .suits = VRN_SUITS_GPU,
    .needs = VRN_CAPABILITY_INTEGER_DOT_PRODUCT,
    .shader = {{
        .module = &vrn_module_conv_direct_int8_dot_gpu,
        .threads = 64,
        .numbers = 3,
    }},
};

/* Lanes on adjacent channels, pixels, columns. */
static const vrn_kernel rows[] = {
    {"conv_int8", &plain, {8, 4, 1}},
    {"conv_int8_dot", &dot, {8, 4, 1}},
    {"conv_int8_texel", &texel, {8, 8, 1}},
    {"conv_int8_dot_texel", &dot_texel, {8, 8, 1}},
    {"conv_int8_gpu", &gpu, {8, 8, 1}},
    {"conv_int8_dot_gpu", &dot_gpu, {8, 8, 1}},
    {"conv_int8_gpu_8x1", &gpu, {8, 1, 1}},
    {"conv_int8_gpu_8x2", &gpu, {8, 2, 1}},
    {"conv_int8_dot_gpu_8x1", &dot_gpu, {8, 1, 1}},
    {"conv_int8_dot_gpu_8x2", &dot_gpu, {8, 2, 1}},
    {"conv_int8_dot_gpu_8x4", &dot_gpu, {8, 4, 1}},
};

const vrn_kernel_family vrn_family_conv_int8 = {
    .fits = vrn_direct_fits,
    .merit = merit,
    .registers = vrn_direct_registers,
    .pass = {{.grid = vrn_direct_grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};
