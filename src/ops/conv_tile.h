/* Convolution in tiles (conv_tile.comp): functions that tiles with whole sums, tiles with partial
 * sums and the products of Winograd's algorithm share. The numbers of a kernel's row (ops/kernel.h)
 * are VRN_TILE_* (ops/interface.h). */
#ifndef VRN_OPS_CONV_TILE_H
#define VRN_OPS_CONV_TILE_H

#include "ops/kernel.h"

/* The variants for floats, which linear layers use too. */
extern const vrn_kernel_variant vrn_variant_tile;  /* ops/conv_tile.c */
extern const vrn_kernel_variant vrn_variant_split; /* ops/conv_split.c */

/* Functions that the families share (vrn_kernel_family). */
bool vrn_tile_fits(const vrn_kernel *kernel, const vrn_op_desc *desc);
double vrn_tile_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images,
                      const vrn_cores *cores);

/* Microseconds for the work groups of a product, each of `steps` steps of K, that read and write
 * this many bytes in all. */
double vrn_tile_product_time(const vrn_kernel *kernel, vrn_grid grid, double steps, double bytes,
                             const vrn_cores *cores);

uint32_t vrn_tile_threads(const vrn_kernel *kernel);
uint32_t vrn_tile_shared_bytes(const vrn_kernel *kernel);
uint32_t vrn_tile_registers(const vrn_kernel *kernel);
vrn_grid vrn_tile_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *desc,
                       uint32_t images);

#endif
