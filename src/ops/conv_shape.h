/* Properties of a convolution that kernels check; a linear layer is a convolution of a 1x1 image
 * with a 1x1 window. */
#ifndef VRN_OPS_CONV_SHAPE_H
#define VRN_OPS_CONV_SHAPE_H

#include "net/op.h"

uint32_t vrn_conv_groups(const vrn_op_desc *desc);
uint32_t vrn_conv_window(const vrn_op_desc *desc); /* its positions */
uint32_t vrn_conv_in(const vrn_op_desc *desc);     /* channels of one group */
uint32_t vrn_conv_out(const vrn_op_desc *desc);

/* True if it adds a residual of another shape (He et al.'s option A). */
bool vrn_conv_option_a(const vrn_op_desc *desc);

/* True if no vec4 of channels belongs to two groups, which all kernels on vec4s need. */
bool vrn_conv_aligned(const vrn_op_desc *desc);

#endif
