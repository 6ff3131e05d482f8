/* The linear layer (torch.nn.Linear), and how its weights are packed. */
#include <string.h>

#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_linear;

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = vrn_c4(d->in.c);
    values[1] = vrn_c4(d->out.c);
    return 2;
}

/* Weights: [C padded to 4, K / 4] vec4. */
static uint64_t packed_floats(const vrn_op_desc *d, const vrn_kernel *kernel, uint32_t binding)
{
    (void)kernel;
    uint64_t outputs = (uint64_t)vrn_c4(d->out.c) * 4;
    return binding == VRN_BIND_B ? outputs : outputs * vrn_c4(d->in.c) * 4;
}

static void pack(const vrn_op_desc *d, const vrn_kernel *kernel, uint32_t binding,
                 const vrn_params *params, float *packed)
{
    memset(packed, 0, packed_floats(d, kernel, binding) * sizeof *packed);
    if (binding == VRN_BIND_B) {
        memcpy(packed, params->own[VRN_PARAM_BIAS], d->out.c * sizeof *packed);
        return;
    }
    size_t padded = (size_t)vrn_c4(d->out.c) * 4;
    for (size_t k = 0; k < d->out.c; k++) {
        for (size_t c = 0; c < d->in.c; c++) {
            packed[c * padded + k] = params->own[VRN_PARAM_WEIGHT][k * d->in.c + c];
        }
    }
}

static const vrn_kernel kernels[] = {
    {
        .name = "linear",
        .module = &vrn_module_linear,
        .row_count = 1,
        .row = {16}, /* a thousand outputs are 250 vec4s: small groups spread them over the device */
        .grid = vrn_grid_output,
    },
};

const vrn_operator vrn_operator_linear = {
    .kernels = kernels,
    .kernel_count = VRN_COUNT(kernels),
    .bindings =
        1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_W | 1u << VRN_BIND_B,
    .constants = constants,
    .packed_floats = packed_floats,
    .pack = pack,
};
