/* Pools and blurs over windows, and average pool over whole images. */
#include "base/util.h"
#include "modules.h"
#include "ops/operators.h"

static void window_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_MAX_POOL_IN_H] = d->in.h;
    values[VRN_MAX_POOL_IN_W] = d->in.w;
    values[VRN_MAX_POOL_C4] = vrn_c4(d->in.c);
    values[VRN_MAX_POOL_OUT_H] = d->out.h;
    values[VRN_MAX_POOL_OUT_W] = d->out.w;
    values[VRN_MAX_POOL_KERNEL_H] = d->kernel.y;
    values[VRN_MAX_POOL_KERNEL_W] = d->kernel.x;
    values[VRN_MAX_POOL_STRIDE_Y] = d->stride.y;
    values[VRN_MAX_POOL_STRIDE_X] = d->stride.x;
    values[VRN_MAX_POOL_PAD_Y] = d->padding.y;
    values[VRN_MAX_POOL_PAD_X] = d->padding.x;
    values[VRN_MAX_POOL_DILATION_Y] = d->dilation.y;
    values[VRN_MAX_POOL_DILATION_X] = d->dilation.x;
    values[VRN_MAX_POOL_ZEROS] = d->offset;
}

static const vrn_kernel_variant max_plain = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_max_pool, .threads = 64}},
};

static const vrn_kernel_variant max_texels = {
    .family = &vrn_family_output,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader = {{.module = &vrn_module_max_pool_texel, .texel = VRN_BIT_X, .threads = 64}},
};

static const vrn_kernel max_rows[] = {
    {"max_pool", &max_plain, {0}},
    {"max_pool_texel", &max_texels, {0}},
};

const vrn_operator vrn_operator_max_pool = {
    .rows = max_rows,
    .row_count = VRN_COUNT(max_rows),
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = window_constants,
};

static const vrn_kernel_variant mean_plain = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_mean_pool, .threads = 64}},
};

static const vrn_kernel mean_rows[] = {{"mean_pool", &mean_plain, {0}}};

const vrn_operator vrn_operator_mean_pool = {
    .rows = mean_rows,
    .row_count = VRN_COUNT(mean_rows),
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = window_constants,
};

static const vrn_kernel_variant blur_plain = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_blur, .threads = 64}},
};

const vrn_operator vrn_operator_blur = {
    .rows = &(const vrn_kernel){"blur", &blur_plain, {0}},
    .row_count = 1,
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = window_constants,
};

static void avg_constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    values[VRN_AVG_POOL_IN_H] = d->in.h;
    values[VRN_AVG_POOL_IN_W] = d->in.w;
    values[VRN_AVG_POOL_C4] = vrn_c4(d->in.c);
}

static uint32_t shared_bytes(const vrn_kernel *kernel)
{
    return vrn_kernel_threads(kernel, 0) * 16;
}

static vrn_grid shared_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                            uint32_t images)
{
    (void)threads;
    return (vrn_grid){
        .x = images,
        .z = vrn_div_up(vrn_c4(d->in.c), kernel->number[VRN_AVG_POOL_LANES]),
    };
}

static const vrn_kernel_family avg_shared_family = {
    .shared_bytes = shared_bytes,
    .pass = {{.grid = shared_grid}},
};

static const vrn_kernel_variant avg_shared = {
    .family = &avg_shared_family,
    .suits = VRN_SUITS_GPU,
    .shader = {{.module = &vrn_module_avg_pool_shared, .threads = 128, .numbers = 1}},
};

static const vrn_kernel_variant avg_plain = {
    .family = &vrn_family_output,
    .shader = {{.module = &vrn_module_avg_pool, .threads = 64}},
};

static const vrn_kernel_variant avg_texels = {
    .family = &vrn_family_output,
    .suits = VRN_SUITS_CPU,
    .needs = VRN_CAPABILITY_TEXEL_BUFFERS,
    .shader = {{.module = &vrn_module_avg_pool_texel, .texel = VRN_BIT_X, .threads = 64}},
};

/* For the kernel with shared memory: lanes on adjacent channels. */
static const vrn_kernel avg_rows[] = {
    {"avg_pool_shared", &avg_shared, {8}},
    {"avg_pool", &avg_plain, {0}},
    {"avg_pool_texel", &avg_texels, {0}},
};

const vrn_operator vrn_operator_avg_pool = {
    .rows = avg_rows,
    .row_count = VRN_COUNT(avg_rows),
    .bindings = VRN_BIT_X | VRN_BIT_Y,
    .constants = avg_constants,
};
