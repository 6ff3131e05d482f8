/* The layouts of parameters in a device's memory, and how they are packed. */
#ifndef VRN_OPS_LAYOUT_H
#define VRN_OPS_LAYOUT_H

#include "net/op.h"

typedef struct vrn_kernel vrn_kernel;

/* Host parameters of an operation, by role, and those of a batch norm to be folded into it. */
typedef struct vrn_params {
    const float *own[VRN_PARAM_COUNT];
    const float *norm[VRN_PARAM_COUNT]; /* all NULL: nothing to fold */
    float norm_eps;
} vrn_params;

/* The factor of output channel k's weights when a batch norm is folded into them, and the resulting
 * bias. */
double vrn_params_scale(const vrn_params *params, uint32_t k);
double vrn_params_bias(const vrn_params *params, uint32_t k);

/* A layout of VRN_BIND_W: how many numbers it has, a multiple of four, and filling them (every
 * one) as floats; the upload converts them to the type of the parameters. A layout may consist of
 * its own 32-bit words instead, as the int8 layouts do. */
typedef struct vrn_layout {
    uint64_t (*numbers)(const vrn_kernel *kernel, const vrn_op_desc *desc);
    void (*pack)(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_params *params,
                 float *packed);
    bool bytes;     /* only for int8 parameters */
    bool by_number; /* the layout depends on the first number of the kernel's row */
} vrn_layout;

/* Layouts of convolutions and linear layers begin with the bias, [K padded to 4]. After it, with K
 * output channels in all and C input channels of one group: */

/* [kh, kw, C padded to 4, K / 4] vec4: output channels are adjacent. */
extern const vrn_layout vrn_layout_rsck;

/* Scales [K / 4] vec4, then [kh, kw, C / 4, K] words of four bytes. Weights are symmetric, with a
 * scale for each output channel: the channel's largest magnitude becomes 127. */
extern const vrn_layout vrn_layout_int8; /* ops/conv_int8.c */

/* Factors W of matrix products (ops/product.h), [b, K4 * 4, N] floats, or in blocks for
 * VRN_BIND_BLOCKS. */
extern const vrn_layout vrn_layout_lines; /* ops/product_layout.c */
extern const vrn_layout vrn_layout_blocks;

/* For kernels that read through addresses: the bias is padded to 16, [C] zeros, then for each b and
 * each 32 n [K, 32], with the n of each sixteen in the order of vrn_paired. */
extern const vrn_layout vrn_layout_address;

/* The same for conv_straight.comp, except that with Winograd's algorithm the results are in
 * order. */
extern const vrn_layout vrn_layout_straight;

/* For conv_stationary.comp, after the bias: for each b, each 32 n and each DEPTH k
 * [DEPTH + 1, 32]. */
extern const vrn_layout vrn_layout_stationary_64;
extern const vrn_layout vrn_layout_stationary_128;
extern const vrn_layout vrn_layout_stationary_unfolded_64; /* ops/conv_stationary.c */
extern const vrn_layout vrn_layout_stationary_unfolded_148;

/* For gemm_input_stationary.comp: the bias, padded to VRN_BLOCK_NUMBERS, then for each b and each
 * VRN_BLOCK_NUMBERS k [n, VRN_BLOCK_NUMBERS]. */
extern const vrn_layout vrn_layout_columns;

/* For conv_straight.comp after stack.comp, [n / 32, k, 32] as for vrn_layout_straight. */
extern const vrn_layout vrn_layout_stacked; /* ops/conv_straight.c */

/* The bias in these layouts, and its length. */
uint64_t vrn_bias_numbers(const vrn_op_desc *desc);
void vrn_bias_pack(const vrn_op_desc *desc, const vrn_params *params, float *packed);

#endif
