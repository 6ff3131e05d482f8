/* The linear layer (torch.nn.Linear), and how its weights are packed. */
#include <string.h>

#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_linear;
extern const vrn_module vrn_module_linear_texel;

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = vrn_c4(d->in.c);
    values[1] = vrn_c4(d->out.c);
    return 2;
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
};

const vrn_operator vrn_operator_linear = {
    .kernels = kernels,
    .kernel_count = VRN_COUNT(kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_W,
    .constants = constants,
    .packed_floats = packed_floats,
    .pack = pack,
};
