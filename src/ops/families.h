/* The families of kernels, each in a file of its own. A new one is declared here and listed by its
 * operator. */
#ifndef VRN_OPS_FAMILIES_H
#define VRN_OPS_FAMILIES_H

#include "ops/kernel.h"

extern const vrn_kernel_family vrn_family_conv_generic;
extern const vrn_kernel_family vrn_family_conv_direct;
extern const vrn_kernel_family vrn_family_conv_product;
extern const vrn_kernel_family vrn_family_conv_winograd;
extern const vrn_kernel_family vrn_family_conv_int8;
extern const vrn_kernel_family vrn_family_conv_tile;
extern const vrn_kernel_family vrn_family_conv_split;
extern const vrn_kernel_family vrn_family_conv_matrix;
extern const vrn_kernel_family vrn_family_batch_norm;
extern const vrn_kernel_family vrn_family_group_norm;
extern const vrn_kernel_family vrn_family_relu;
extern const vrn_kernel_family vrn_family_max_pool;
extern const vrn_kernel_family vrn_family_avg_pool;
extern const vrn_kernel_family vrn_family_add;
extern const vrn_kernel_family vrn_family_shortcut;
extern const vrn_kernel_family vrn_family_linear;
extern const vrn_kernel_family vrn_family_softmax;

#endif
