/* Softmax over the channels of each image. */
#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_softmax;

static uint32_t constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->out.c;
    return 1;
}

static vrn_grid grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    (void)pass, (void)d;
    return (vrn_grid){.x = images, .z = 1};
}

static const vrn_kernel kernels[] = {
    {
        .name = "softmax",
        .shared_bytes = 64 * sizeof(float),
        .pass_count = 1,
        .pass = {{.module = &vrn_module_softmax, .row_count = 1, .row = {64}, .grid = grid}},
    },
};

const vrn_operator vrn_operator_softmax = {
    .kernels = kernels,
    .kernel_count = VRN_COUNT(kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y,
    .constants = constants,
};
