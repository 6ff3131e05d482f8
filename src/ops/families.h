/* The families of convolution kernels (ops/kernel.h), each in its own file. A new one is declared
 * here and listed in ops/conv.c. */
#ifndef VRN_OPS_FAMILIES_H
#define VRN_OPS_FAMILIES_H

#include "ops/kernel.h"

extern const vrn_kernel_family vrn_family_conv_generic;
extern const vrn_kernel_family vrn_family_conv_direct;
extern const vrn_kernel_family vrn_family_conv_product;
extern const vrn_kernel_family vrn_family_conv_winograd;
extern const vrn_kernel_family vrn_family_conv_address;
extern const vrn_kernel_family vrn_family_conv_straight;
extern const vrn_kernel_family vrn_family_conv_winograd_tile;
extern const vrn_kernel_family vrn_family_conv_stationary;
extern const vrn_kernel_family vrn_family_conv_int8;
extern const vrn_kernel_family vrn_family_conv_tile;
extern const vrn_kernel_family vrn_family_conv_split;
extern const vrn_kernel_family vrn_family_conv_matrix;
extern const vrn_kernel_family vrn_family_conv_pooled;

/* Also used for linear layers. */
extern const vrn_kernel_variant vrn_variant_address; /* ops/conv_address.c */

#endif
