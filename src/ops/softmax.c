/* Softmax over the channels of each image. */
#include "base/util.h"
#include "ops/families.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_softmax;

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

static const vrn_kernel_variant any = {
    .family = &vrn_family_softmax,
    .shader = {{.module = &vrn_module_softmax, .threads = 64}},
};

static const vrn_kernel rows[] = {{"softmax", &any, {0}}};

const vrn_kernel_family vrn_family_softmax = {
    .shared_bytes = shared_bytes,
    .pass = {{.grid = grid}},
    .rows = rows,
    .row_count = VRN_COUNT(rows),
};

const vrn_operator vrn_operator_softmax = {
    .families = {&vrn_family_softmax},
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = constants,
};
