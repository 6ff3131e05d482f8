/* Each operator in plain C with double sums: what kernels are compared with, in the tests and
 * wherever a device's word must be checked. Slow on purpose; each can be read beside the formula in
 * its shader. */
#ifndef VRN_TOOLS_REFERENCE_H
#define VRN_TOOLS_REFERENCE_H

#include "ops/layout.h"

/* Computes y [images, out.h, out.w, out.c] from x [images, in.h, in.w, in.c], both dense NHWC.
 * `residual` is the second operand of VRN_OP_ADD, or the tensor of the epilogue (of its
 * residual_shape), else NULL. `params` as for packing: a norm given there is applied behind the
 * convolution, as the unfused network does. The epilogue is honoured. */
void vrn_reference_run(const vrn_op_desc *desc, uint32_t images, const float *x,
                       const float *residual, const vrn_params *params, float *y);

#endif
