/* Activations and the residual addition, for each vec4 separately. */
#include "base/util.h"
#include "modules.h"
#include "ops/operators.h"

static void constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_ELEMENTWISE_PIXELS] = d->out.h * d->out.w;
    values[VRN_ELEMENTWISE_C4] = vrn_c4(d->out.c);
    values[VRN_ELEMENTWISE_ACTIVATION] = d->epilogue.activation;
    values[VRN_ELEMENTWISE_C] = d->out.c;
    values[VRN_ELEMENTWISE_SLOPE_BITS] = vrn_float_bits(d->epilogue.slope);
}

static const vrn_kernel_variant relu = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_relu, .threads = 64}},
};

static const vrn_kernel_variant add = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_add, .threads = 64}},
};

const vrn_operator vrn_operator_relu = {
    .rows = &(const vrn_kernel){"relu", &relu, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = constants,
};

const vrn_operator vrn_operator_add = {
    .rows = &(const vrn_kernel){"add", &add, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_R,
    .constants = constants,
};
