/* Each operator in plain C, with sums in doubles. The tests and the self-test compare kernels with
 * it. It is simple rather than fast, so that a person can compare it with the formula in the
 * shader. */
#ifndef VRN_TOOLS_REFERENCE_H
#define VRN_TOOLS_REFERENCE_H

#include "ops/layout.h"

/* Computes y [images, out.h, out.w, out.c] from x [images, in.h, in.w, in.c], both dense NHWC,
 * including the epilogue. `residual` is the second operand of VRN_OP_ADD, or the tensor of the
 * epilogue (in its residual_shape), else NULL. `params` are as for packing; a norm among them is
 * applied after the convolution, as in the unfused network. */
void vrn_reference_run(const vrn_op_desc *desc, uint32_t images, const float *x,
                       const float *residual, const vrn_params *params, float *y);

#endif
