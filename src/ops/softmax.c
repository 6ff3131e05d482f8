/* Softmax over the channels of each image. */
#include "modules.h"
#include "ops/operators.h"

static void constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_SOFTMAX_C] = d->out.c;
}

static uint32_t shared_bytes(const vrn_kernel *kernel)
{
    return vrn_kernel_threads(kernel, 0) * (uint32_t)sizeof(float);
}

static vrn_grid grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                     uint32_t images)
{
    (void)kernel, (void)threads, (void)d;
    return (vrn_grid){.x = images, .z = 1};
}

static const vrn_kernel_family softmax_family = {
    .shared_bytes = shared_bytes,
    .pass = {{.grid = grid}},
};

static const vrn_kernel_variant any = {
    .family = &softmax_family,
    .shader = {{.module = &vrn_module_softmax, .threads = 64}},
};

const vrn_operator vrn_operator_softmax = {
    .rows = &(const vrn_kernel){"softmax", &any, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = constants,
};
