/* Matrix products of convolutions, as conv_product.c, the families of Winograd's algorithm and
 * those for single CPU drivers use them. The numbers of a kernel's row (ops/kernel.h) are
 * VRN_PRODUCT_* (ops/interface.h).
 *
 *   Y[b, r, n] = sum_k X[b, r, k] W[b, k, n]
 *
 * If VRN_PRODUCT_M is not 0, b counts the products of Winograd's F(M x M, 3 x 3), and a row r is a
 * tile of M x M output pixels. If it is 0, there is one product: with vrn_layout_lines a row is the
 * pixel of a 1x1 convolution; with vrn_layout_blocks it is the window of an output pixel, line by
 * line. */
#ifndef VRN_OPS_PRODUCT_H
#define VRN_OPS_PRODUCT_H

#include "ops/kernel.h"

uint32_t vrn_product_count(const vrn_kernel *kernel);
uint64_t vrn_product_rows(const vrn_kernel *kernel, const vrn_op_desc *desc); /* of one image */

/* The number of vec4s of k in a row, and in one of its lines. In blocks, a row is filled up with
 * zeros. */
uint32_t vrn_product_k4(const vrn_kernel *kernel, const vrn_op_desc *desc);
uint32_t vrn_product_line_k4(const vrn_kernel *kernel, const vrn_op_desc *desc);

bool vrn_product_in_blocks(const vrn_kernel *kernel);
bool vrn_product_addressed(const vrn_kernel *kernel);

/* How many numbers the packed parameters have after the bias. */
uint64_t vrn_product_numbers(const vrn_kernel *kernel, const vrn_op_desc *desc);

/* The position of number c among sixteen in two vectors of eight lanes, where lane i has 2 i and 2
 * i + 1. */
uint32_t vrn_paired(uint32_t c);

/* Functions of the families. */
vrn_grid vrn_product_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                          uint32_t images);
double vrn_product_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                         const vrn_cores *cores);

/* For families around Winograd's products. Scratch 1 is a product's left side, scratch 2 its
 * result. */
uint64_t vrn_winograd_scratch_bytes(const vrn_kernel *kernel, const vrn_op_desc *d,
                                    uint32_t scratch, uint32_t images);
vrn_grid vrn_winograd_input_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                                 uint32_t images);
vrn_grid vrn_winograd_output_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                                  uint32_t images);

/* For families that pad the input first: scratch 1, which pad.comp writes, and its work groups. */
uint64_t vrn_padded_bytes(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t scratch,
                          uint32_t images);
vrn_grid vrn_pad_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                      uint32_t images);

#endif
