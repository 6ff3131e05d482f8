/* Option A's shortcut: strided subsampling with zero channels added. */
#include "modules.h"
#include "ops/operators.h"

static void constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_SHORTCUT_IN_H] = d->in.h;
    values[VRN_SHORTCUT_IN_W] = d->in.w;
    values[VRN_SHORTCUT_IN_C] = d->in.c;
    values[VRN_SHORTCUT_OUT_H] = d->out.h;
    values[VRN_SHORTCUT_OUT_W] = d->out.w;
    values[VRN_SHORTCUT_OUT_C] = d->out.c;
    values[VRN_SHORTCUT_STRIDE] = d->subsample;
    values[VRN_SHORTCUT_OFFSET] = d->offset;
}

static const vrn_kernel_variant any = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_shortcut, .threads = 64}},
};

const vrn_operator vrn_operator_shortcut = {
    .rows = &(const vrn_kernel){"shortcut", &any, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = constants,
};
