/* Max pool over windows, and average pool over whole images. */
#include "base/util.h"
#include "ops/operators.h"

extern const vrn_module vrn_module_max_pool;
extern const vrn_module vrn_module_max_pool_texel;
extern const vrn_module vrn_module_avg_pool;
extern const vrn_module vrn_module_avg_pool_texel;
extern const vrn_module vrn_module_avg_pool_shared;

static uint32_t max_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->in.h;
    values[1] = d->in.w;
    values[2] = vrn_c4(d->in.c);
    values[3] = d->out.h;
    values[4] = d->out.w;
    values[5] = d->kernel.y;
    values[6] = d->kernel.x;
    values[7] = d->stride.y;
    values[8] = d->stride.x;
    values[9] = d->padding.y;
    values[10] = d->padding.x;
    values[11] = d->dilation.y;
    values[12] = d->dilation.x;
    return 13;
}

static const vrn_kernel max_kernels[] = {
    {
        .name = "max_pool",
        .pass_count = 1,
        .pass = {{.module = &vrn_module_max_pool,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
    {
        .name = "max_pool_texel",
        .suits = VRN_SUITS_CPU,
        .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
        .pass_count = 1,
        .pass = {{.module = &vrn_module_max_pool_texel,
                  .texel = 1u << VRN_BIND_X,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
};

const vrn_operator vrn_operator_max_pool = {
    .kernels = max_kernels,
    .kernel_count = VRN_COUNT(max_kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y,
    .constants = max_constants,
};

static uint32_t avg_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[0] = d->in.h;
    values[1] = d->in.w;
    values[2] = vrn_c4(d->in.c);
    return 3;
}

enum { SHARED_THREADS = 128, SHARED_LANES = 8 };

static vrn_grid shared_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return (vrn_grid){.x = images, .z = vrn_div_up(vrn_c4(d->in.c), pass->row[1])};
}

static const vrn_kernel avg_kernels[] = {
    {
        .name = "avg_pool_shared",
        .suits = VRN_SUITS_GPU,
        .shared_bytes = SHARED_THREADS * 16,
        .pass_count = 1,
        .pass = {{.module = &vrn_module_avg_pool_shared,
                  .row_count = 2,
                  .row = {SHARED_THREADS, SHARED_LANES},
                  .grid = shared_grid}},
    },
    {
        .name = "avg_pool",
        .pass_count = 1,
        .pass = {{.module = &vrn_module_avg_pool,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
    {
        .name = "avg_pool_texel",
        .suits = VRN_SUITS_CPU,
        .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
        .pass_count = 1,
        .pass = {{.module = &vrn_module_avg_pool_texel,
                  .texel = 1u << VRN_BIND_X,
                  .row_count = 1,
                  .row = {64},
                  .grid = vrn_grid_output}},
    },
};

const vrn_operator vrn_operator_avg_pool = {
    .kernels = avg_kernels,
    .kernel_count = VRN_COUNT(avg_kernels),
    .bindings = 1u << VRN_BIND_X | 1u << VRN_BIND_Y,
    .constants = avg_constants,
};
