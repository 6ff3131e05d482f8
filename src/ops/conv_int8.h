/* Convolution of bytes: the variants of conv_direct.comp with integer sums, and how their weights
 * are packed. Weights are symmetric, with a scale for each output channel: the channel's largest
 * magnitude becomes 127. */
#ifndef VRN_OPS_CONV_INT8_H
#define VRN_OPS_CONV_INT8_H

#include "ops/kernel.h"

/* 32-bit words behind the bias: the scales, and the weights, four to a word. */
uint64_t vrn_int8_packed_words(const vrn_op_desc *desc);
void vrn_int8_pack(const vrn_op_desc *desc, const vrn_params *params, float *packed);

#endif
