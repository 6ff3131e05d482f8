/* Convolution of any kind, slowly. */
#include "base/util.h"
#include "modules.h"
#include "ops/conv_shape.h"
#include "ops/families.h"

/* After the bias: [K, C, kh, kw] numbers, as in PyTorch; zeros to a multiple of four. */
static uint64_t kcrs_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    const uint64_t each = (uint64_t)vrn_conv_in(d) * vrn_conv_window(d);
    return vrn_bias_numbers(d) + vrn_round_up(each * d->out.c, 4);
}

static void kcrs_pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                      float *packed)
{
    const size_t each = (size_t)vrn_conv_in(d) * vrn_conv_window(d);
    (void)kernel;
    vrn_bias_pack(d, params, packed);
    packed += vrn_bias_numbers(d);
    for (uint32_t k = 0; k < d->out.c; k++) {
        double scale = vrn_params_scale(params, k);
        for (size_t i = 0; i < each; i++) {
            packed[k * each + i] = (float)(params->own[VRN_PARAM_WEIGHT][k * each + i] * scale);
        }
    }
    for (size_t i = each * d->out.c; i % 4 != 0; i++) packed[i] = 0;
}

static const vrn_layout kcrs = {.numbers = kcrs_numbers, .pack = kcrs_pack};

static const vrn_kernel_variant any = {
    .family = &vrn_family_output,
    .layout = &kcrs,
    .shader = {{.module = &vrn_module_conv_generic, .threads = 64}},
};

static const vrn_kernel rows[] = {
    {"conv_generic", &any, {0}},
};

const vrn_kernel_family vrn_family_conv_generic = {
    .pass = {{.grid = vrn_grid_output}}, .rows = rows, .row_count = VRN_COUNT(rows)};
