#include "ops/conv_shape.h"

uint32_t vrn_conv_groups(const vrn_op_desc *d)
{
    return d->op == VRN_OP_CONV ? d->groups : 1;
}

uint32_t vrn_conv_window(const vrn_op_desc *d)
{
    return d->op == VRN_OP_CONV ? d->kernel.y * d->kernel.x : 1;
}

uint32_t vrn_conv_in(const vrn_op_desc *d)
{
    return d->in.c / vrn_conv_groups(d);
}

uint32_t vrn_conv_out(const vrn_op_desc *d)
{
    return d->out.c / vrn_conv_groups(d);
}

bool vrn_conv_aligned(const vrn_op_desc *d)
{
    return vrn_conv_groups(d) == 1 || (vrn_conv_in(d) % 4 == 0 && vrn_conv_out(d) % 4 == 0);
}

bool vrn_conv_option_a(const vrn_op_desc *d)
{
    const vrn_epilogue *e = &d->epilogue;
    return e->residual &&
           (e->residual_stride != 1 || e->residual_offset != 0 || e->residual_shape.c != d->out.c);
}
