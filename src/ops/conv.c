/* Convolution. */
#include <string.h>

#include "base/util.h"
#include "ops/conv_shape.h"
#include "ops/families.h"
#include "ops/operators.h"

static void constants(const vrn_op_desc *d, uint32_t values[VRN_OP_CONSTANTS_MAX])
{
    const vrn_epilogue *e = &d->epilogue;
    const bool option_a = vrn_conv_option_a(d);
    const uint32_t written[] = {
        [VRN_CONV_IN_H] = d->in.h,
        [VRN_CONV_IN_W] = d->in.w,
        [VRN_CONV_IN_C4] = vrn_c4(d->in.c),
        [VRN_CONV_OUT_H] = d->out.h,
        [VRN_CONV_OUT_W] = d->out.w,
        [VRN_CONV_OUT_C4] = vrn_c4(d->out.c),
        [VRN_CONV_KERNEL_H] = d->kernel.y,
        [VRN_CONV_KERNEL_W] = d->kernel.x,
        [VRN_CONV_STRIDE_Y] = d->stride.y,
        [VRN_CONV_STRIDE_X] = d->stride.x,
        [VRN_CONV_PAD_Y] = d->padding.y,
        [VRN_CONV_PAD_X] = d->padding.x,
        [VRN_CONV_DILATION_Y] = d->dilation.y,
        [VRN_CONV_DILATION_X] = d->dilation.x,
        [VRN_CONV_GROUPS] = d->groups,
        [VRN_CONV_GROUP_IN] = vrn_conv_in(d),
        [VRN_CONV_GROUP_OUT] = vrn_conv_out(d),
        [VRN_CONV_OUT_C] = d->out.c,
        [VRN_CONV_RELU] = e->relu,
        [VRN_CONV_RESIDUAL] = e->residual,
        [VRN_CONV_ACTIVATION] = e->activation,
        [VRN_CONV_OPTION_A] = option_a,
        [VRN_CONV_RES_H] = option_a ? e->residual_shape.h : 1,
        [VRN_CONV_RES_W] = option_a ? e->residual_shape.w : 1,
        [VRN_CONV_RES_C4] = option_a ? vrn_c4(e->residual_shape.c) : 1,
        [VRN_CONV_RES_STRIDE] = option_a ? e->residual_stride : 1,
        [VRN_CONV_RES_OFFSET4] = option_a ? e->residual_offset / 4 : 0,
        [VRN_CONV_SLOPE_BITS] = vrn_float_bits(e->slope),
        [VRN_CONV_POOL_KERNEL_H] = d->epilogue.pool.kernel.y,
        [VRN_CONV_POOL_KERNEL_W] = d->epilogue.pool.kernel.x,
        [VRN_CONV_POOL_STRIDE_Y] = d->epilogue.pool.stride.y,
        [VRN_CONV_POOL_STRIDE_X] = d->epilogue.pool.stride.x,
        [VRN_CONV_POOL_PAD_Y] = d->epilogue.pool.padding.y,
        [VRN_CONV_POOL_PAD_X] = d->epilogue.pool.padding.x,
    };
    memcpy(values, written, sizeof written);
}

static bool takes_bytes(const vrn_op_desc *d)
{
    return vrn_conv_aligned(d) && d->epilogue.pool.kernel.y == 0;
}

const vrn_operator vrn_operator_conv = {
    .families =
        {
            &vrn_family_conv_generic,
            &vrn_family_conv_direct,
            &vrn_family_conv_product,
            &vrn_family_conv_winograd,
            &vrn_family_conv_address,
            &vrn_family_conv_straight,
            &vrn_family_conv_stationary,
            &vrn_family_conv_int8,
            &vrn_family_conv_tile,
            &vrn_family_conv_split,
            &vrn_family_conv_winograd_tile,
            &vrn_family_conv_matrix,
            &vrn_family_conv_pooled,
        },
    .bindings = VRN_BIT_X | VRN_BIT_Y | VRN_BIT_W | VRN_BIT_R,
    .constants = constants,
    .takes_bytes = takes_bytes,
};
