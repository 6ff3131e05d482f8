/* Option A's shortcut: strided subsampling with zero channels added. */
#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_shortcut;

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->in.h;
    values[1] = d->in.w;
    values[2] = d->in.c;
    values[3] = d->out.h;
    values[4] = d->out.w;
    values[5] = d->out.c;
    values[6] = d->subsample;
    values[7] = d->offset;
    return 8;
}

static const vrn_kernel kernels[] = {
    {
        .name = "shortcut",
        .pass_count = 1,
        .pass = {{.module = &vrn_module_shortcut,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
};

const vrn_operator vrn_operator_shortcut = {
    .kernels = kernels,
    .kernel_count = VRN_COUNT(kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y,
    .constants = constants,
};
