/* How parameters stand in a device's memory, and how they get there. */
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

/* What the weights of output channel k are multiplied by when a batch norm is folded into them, and
 * its bias then. */
double vrn_params_scale(const vrn_params *params, uint32_t k);
double vrn_params_bias(const vrn_params *params, uint32_t k);

/* A layout of VRN_BIND_W: how many numbers it has, a multiple of four, and filling them (every
 * one) as floats; whoever uploads them converts them to the type of the parameters. A layout may be
 * made of 32-bit words of its own instead: those of bytes are. */
typedef struct vrn_layout {
    uint64_t (*numbers)(const vrn_kernel *kernel, const vrn_op_desc *desc);
    void (*pack)(const vrn_kernel *kernel, const vrn_op_desc *desc, const vrn_params *params,
                 float *packed);
    bool bytes;     /* for parameters of bytes, and for no others */
    bool floats;    /* stay floats where parameters are halves */
    bool by_number; /* kernels whose rows begin with different numbers pack differently */
} vrn_layout;

/* Layouts of convolutions and linear layers begin with the bias, [K padded to 4]. Behind it, with K
 * output channels in all and C input channels of one group: */

/* [kh, kw, C padded to 4, K / 4] vec4: output channels side by side. */
extern const vrn_layout vrn_layout_rsck;

/* Scales [K / 4] vec4, then [kh, kw, C / 4, K] words of four bytes. Weights are symmetric, with a
 * scale for each output channel: the channel's largest magnitude becomes 127. */
extern const vrn_layout vrn_layout_int8; /* ops/conv_int8.c */

/* Factors of matrix products, [b, K4 * 4, N] floats, or in blocks for VRN_BIND_BLOCKS. */
extern const vrn_layout vrn_layout_lines; /* ops/product_layout.c */
extern const vrn_layout vrn_layout_blocks;

/* .. or for kernels that read through addresses: the bias is padded to 16, [C] zeros, then for each
 * b and each 32 n [K, 32], with the n of each sixteen in an order of their own. Floats in any
 * case. */
extern const vrn_layout vrn_layout_address;

/* The same for conv_straight.comp, but for Winograd's algorithm, whose results stand in order. */
extern const vrn_layout vrn_layout_straight;

/* For conv_stationary.comp, behind the bias: for each b, each 32 n and each DEPTH k
 * [DEPTH + 1, 32]. */
extern const vrn_layout vrn_layout_stationary_64;
extern const vrn_layout vrn_layout_stationary_128;
extern const vrn_layout vrn_layout_stationary_unfolded; /* ops/conv_stationary.c */

/* The bias as these layouts have it, and its numbers. */
uint64_t vrn_bias_numbers(const vrn_op_desc *desc);
void vrn_bias_pack(const vrn_op_desc *desc, const vrn_params *params, float *packed);

#endif
