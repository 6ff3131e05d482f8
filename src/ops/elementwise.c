/* ReLU and the residual addition: each vec4 by itself. */
#include "base/util.h"
#include "modules.h"
#include "ops/operators.h"

static void constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_ELEMENTWISE_PIXELS] = d->out.h * d->out.w;
    values[VRN_ELEMENTWISE_C4] = vrn_c4(d->out.c);
}

static const vrn_kernel_variant relu = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_relu, .threads = 64}},
};

static const vrn_kernel_variant add = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_add, .threads = 64}},
};

static const vrn_kernel relu_rows[] = {{"relu", &relu, {0}}};
static const vrn_kernel add_rows[] = {{"add", &add, {0}}};

const vrn_operator vrn_operator_relu = {
    .rows = relu_rows,
    .row_count = VRN_COUNT(relu_rows),
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = constants,
};

const vrn_operator vrn_operator_add = {
    .rows = add_rows,
    .row_count = VRN_COUNT(add_rows),
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_R,
    .constants = constants,
};
