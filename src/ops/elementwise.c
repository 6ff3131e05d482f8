/* ReLU and the residual addition: each vec4 by itself. */
#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_relu;
extern const vrn_module vrn_module_add;

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->out.h * d->out.w;
    values[1] = vrn_c4(d->out.c);
    return 2;
}

static const vrn_kernel relu_kernels[] = {
    {
        .name = "relu",
        .pass_count = 1,
        .pass =
            {{.module = &vrn_module_relu, .row_count = 1, .row = {64}, .grid = vrn_grid_output}},
    },
};

const vrn_operator vrn_operator_relu = {
    .kernels = relu_kernels,
    .kernel_count = VRN_COUNT(relu_kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y,
    .constants = constants,
};

static const vrn_kernel add_kernels[] = {
    {
        .name = "add",
        .pass_count = 1,
        .pass = {{.module = &vrn_module_add, .row_count = 1, .row = {64}, .grid = vrn_grid_output}},
    },
};

const vrn_operator vrn_operator_add = {
    .kernels = add_kernels,
    .kernel_count = VRN_COUNT(add_kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_R,
    .constants = constants,
};
