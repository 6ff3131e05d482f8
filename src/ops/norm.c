/* Batch norm and group norm, for networks that are run unfused or cannot be. */
#include <string.h>

#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_batch_norm;
extern const vrn_module vrn_module_group_norm;

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Parameters stand one after the other, each padded to whole vec4s. */
static void pack_rows(const vrn_op_desc *d, const vrn_params *params, uint32_t rows, float *packed)
{
    uint32_t padded = vrn_c4(d->out.c) * 4;
    memset(packed, 0, (size_t)rows * padded * sizeof *packed);
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(packed + (size_t)i * padded, params->own[i], d->out.c * sizeof *packed);
    }
}

static uint32_t batch_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->out.h * d->out.w;
    values[1] = vrn_c4(d->out.c);
    values[2] = float_bits(d->eps);
    return 3;
}

static uint64_t batch_packed(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    (void)kernel;
    return (uint64_t)VRN_PARAM_COUNT * vrn_c4(d->out.c) * 4;
}

static void batch_pack(const vrn_op_desc *d, const vrn_kernel *kernel, const vrn_params *params,
                       float *packed)
{
    (void)kernel;
    pack_rows(d, params, VRN_PARAM_COUNT, packed); /* gamma, beta, mean, var */
}

static const vrn_kernel batch_kernels[] = {
    {
        .name = "batch_norm",
        .pass_count = 1,
        .pass = {{.module = &vrn_module_batch_norm,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
};

const vrn_operator vrn_operator_batch_norm = {
    .kernels = batch_kernels,
    .kernel_count = VRN_COUNT(batch_kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_W,
    .constants = batch_constants,
    .packed_floats = batch_packed,
    .pack = batch_pack,
};

static uint32_t group_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->out.h * d->out.w;
    values[1] = d->out.c;
    values[2] = d->groups;
    values[3] = float_bits(d->eps);
    return 4;
}

static uint64_t group_packed(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    (void)kernel;
    return (uint64_t)2 * vrn_c4(d->out.c) * 4;
}

static void group_pack(const vrn_op_desc *d, const vrn_kernel *kernel, const vrn_params *params,
                       float *packed)
{
    (void)kernel;
    pack_rows(d, params, 2, packed); /* gamma, beta */
}

static vrn_grid group_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    (void)pass;
    return (vrn_grid){.x = (uint64_t)images * d->groups, .z = 1};
}

static const vrn_kernel group_kernels[] = {
    {
        .name = "group_norm",
        .shared_bytes = 64 * sizeof(float),
        .pass_count = 1,
        .pass =
            {{.module = &vrn_module_group_norm, .row_count = 1, .row = {64}, .grid = group_grid}},
    },
    {
        /* A group of an early layer has thousands of values, and there are 32 work groups for an
         * image. */
        .name = "group_norm_256",
        .suits = VRN_SUITS_GPU,
        .shared_bytes = 256 * sizeof(float),
        .pass_count = 1,
        .pass =
            {{.module = &vrn_module_group_norm, .row_count = 1, .row = {256}, .grid = group_grid}},
    },
};

const vrn_operator vrn_operator_group_norm = {
    .kernels = group_kernels,
    .kernel_count = VRN_COUNT(group_kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y | 1u << VRN_BIND_W,
    .constants = group_constants,
    .packed_floats = group_packed,
    .pack = group_pack,
};
