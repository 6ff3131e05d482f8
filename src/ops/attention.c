/* The operators of attention over channels, besides the global average pool and linear layers: the
 * product of a tensor and a gate, and a filter along the channels. */
#include <string.h>

#include "base/util.h"
#include "modules.h"
#include "ops/operators.h"

/* The epilogue, and therefore the description, is that of a convolution. */
static void scale_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    vrn_operator_conv.constants(d, values);
}

static const vrn_kernel_variant scale = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_scale, .threads = 64}},
};

const vrn_operator vrn_operator_scale = {
    .rows = &(const vrn_kernel){"scale", &scale, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_W | VRN_BIT_R,
    .constants = scale_constants,
};

static void channel_conv_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_CHANNEL_CONV_C] = d->out.c;
    values[VRN_CHANNEL_CONV_KERNEL] = d->kernel.x;
    values[VRN_CHANNEL_CONV_RELU] = d->epilogue.relu;
    values[VRN_CHANNEL_CONV_ACTIVATION] = d->epilogue.activation;
    values[VRN_CHANNEL_CONV_SLOPE_BITS] = vrn_float_bits(d->epilogue.slope);
}

static uint64_t numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return vrn_round_up(d->kernel.x, 4);
}

static void pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                 float *packed)
{
    memset(packed, 0, numbers(kernel, d) * sizeof *packed);
    memcpy(packed, params->own[VRN_PARAM_WEIGHT], d->kernel.x * sizeof *packed);
}

static const vrn_layout layout = {.numbers = numbers, .pack = pack};

/* As few numbers as a linear layer's outputs. */
static const vrn_kernel_variant channel_conv = {
    .family = &vrn_family_output,
    .layout = &layout,
    .shader = {{.module = &vrn_module_channel_conv, .threads = 16}},
};

const vrn_operator vrn_operator_channel_conv = {
    .rows = &(const vrn_kernel){"channel_conv", &channel_conv, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_W,
    .constants = channel_conv_constants,
};
