/* Convolutions by matrix products, for drivers that run on the processor: of the input itself
 * (1x1), of the windows of output pixels, or in Winograd's domain. Rows of the table in conv.c;
 * the shaders are gemm.comp, gemm_blocks.comp, pad.comp, winograd_input.comp and
 * winograd_output.comp. */
#ifndef VRN_OPS_CONV_GEMM_H
#define VRN_OPS_CONV_GEMM_H

#include "ops/kernel.h"

/* MODE, as shaders/gemm.glsl has it; 2 and 4 are Winograd's F(2x2, 3x3) and F(4x4, 3x3). */
enum { VRN_GEMM_PLAIN = 0, VRN_GEMM_IMPLICIT = 1, VRN_GEMM_F2 = 2, VRN_GEMM_F4 = 4 };

/* In a row, for a shader that serves every mode of a pass. */
#define VRN_GEMM_PUSHED_MODE UINT32_MAX

/* Layouts of packed weights behind the bias, with K4 vec4s of k in a row of the product: [b, K4 *
 * 4, N] floats or the blocks of gemm_blocks.comp, the first of which the bias fills up. b counts
 * Winograd's products. */
#define VRN_GEMM_LAYOUTS              16u /* the first */
#define VRN_GEMM_LAYOUT(mode, blocks) (VRN_GEMM_LAYOUTS + 2u * (mode) + (blocks))

/* What a convolution costs a kernel on the processor, of which the merit is made. */
typedef struct vrn_conv_cost {
    double multiplies; /* multiply-adds, those on padding included */
    double speed;      /* of these, beside the fastest kernel's */
    double moved;      /* values that passes hand to each other */
    double weights;    /* floats that are read at least once */
    double passes;
} vrn_conv_cost;

double vrn_conv_merit(const vrn_op_desc *desc, uint32_t images, const vrn_conv_cost *cost);

/* The functions of a row; see vrn_kernel. Scratch 1 is the product's left side, scratch 2 its
 * result. */
bool vrn_gemm_fits(const vrn_kernel *kernel, const vrn_op_desc *desc);
double vrn_gemm_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);
uint64_t vrn_gemm_scratch(const vrn_op_desc *desc, const vrn_kernel *kernel, uint32_t scratch,
                          uint32_t images);
vrn_grid vrn_gemm_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);
vrn_grid vrn_pad_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);
vrn_grid vrn_winograd_input_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);
vrn_grid vrn_winograd_output_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);

/* Floats of the bias that all layouts begin with. */
uint64_t vrn_gemm_bias_floats(const vrn_op_desc *desc, const vrn_kernel *kernel);

/* Without it. */
uint64_t vrn_gemm_packed_floats(const vrn_op_desc *desc, const vrn_kernel *kernel);
void vrn_gemm_pack(const vrn_op_desc *desc, const vrn_kernel *kernel, const vrn_params *params,
                   const float *bias, float *packed);

#endif
