/* Batch norm and group norm, for networks that are not or cannot be fused. */
#include <string.h>

#include "base/util.h"
#include "modules.h"
#include "ops/operators.h"

/* Parameters follow each other in the order of VRN_PARAM_*, each padded to whole vec4s: gamma, beta
 * and, of a batch norm, mean and var. */
static uint32_t rows_of(const vrn_op_desc *d)
{
    return d->op == VRN_OP_BATCH_NORM ? VRN_PARAM_COUNT : 2;
}

static uint64_t numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return (uint64_t)rows_of(d) * vrn_c4(d->out.c) * 4;
}

static void pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                 float *packed)
{
    (void)kernel;
    const size_t padded = (size_t)vrn_c4(d->out.c) * 4;
    memset(packed, 0, rows_of(d) * padded * sizeof *packed);
    for (uint32_t i = 0; i < rows_of(d); i++) {
        memcpy(packed + i * padded, params->own[i], d->out.c * sizeof *packed);
    }
}

static const vrn_layout layout = {.numbers = numbers, .pack = pack};

static void batch_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_ELEMENTWISE_PIXELS] = d->out.h * d->out.w;
    values[VRN_ELEMENTWISE_C4] = vrn_c4(d->out.c);
    values[VRN_ELEMENTWISE_EPS_BITS] = vrn_float_bits(d->eps);
    values[VRN_ELEMENTWISE_RELU] = d->epilogue.relu;
    values[VRN_ELEMENTWISE_ACTIVATION] = d->epilogue.activation;
    values[VRN_ELEMENTWISE_SLOPE_BITS] = vrn_float_bits(d->epilogue.slope);
}

static const vrn_kernel_variant batch = {
    .family = &vrn_family_output,
    .layout = &layout,
    .shader = {{.module = &vrn_module_batch_norm, .threads = 64}},
};

const vrn_operator vrn_operator_batch_norm = {
    .rows = &(const vrn_kernel){"batch_norm", &batch, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_W,
    .constants = batch_constants,
};

static void group_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_GROUP_NORM_PIXELS] = d->out.h * d->out.w;
    values[VRN_GROUP_NORM_C] = d->out.c;
    values[VRN_GROUP_NORM_GROUPS] = d->groups;
    values[VRN_GROUP_NORM_EPS_BITS] = vrn_float_bits(d->eps);
}

static uint32_t group_shared_bytes(const vrn_kernel *kernel)
{
    return vrn_kernel_threads(kernel, 0) * (uint32_t)sizeof(float);
}

static vrn_grid group_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                           uint32_t images)
{
    (void)kernel, (void)threads;
    return (vrn_grid){.x = (uint64_t)images * d->groups, .z = 1};
}

static const vrn_kernel_family group_norm_family = {
    .shared_bytes = group_shared_bytes,
    .pass = {{.grid = group_grid}},
};

static const vrn_kernel_variant group = {
    .family = &group_norm_family,
    .layout = &layout,
    .shader = {{.module = &vrn_module_group_norm, .threads = 64}},
};

/* A group of an early layer has thousands of values, and there are 32 work groups for an image. */
static const vrn_kernel_variant group_gpu = {
    .family = &group_norm_family,
    .layout = &layout,
    .suits = VRN_SUITS_GPU,
    .shader = {{.module = &vrn_module_group_norm, .threads = 256}},
};

static const vrn_kernel group_rows[] = {
    {"group_norm", &group, {0}},
    {"group_norm_256", &group_gpu, {0}},
};

const vrn_operator vrn_operator_group_norm = {
    .rows = group_rows,
    .row_count = VRN_COUNT(group_rows),
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_W,
    .constants = group_constants,
};
