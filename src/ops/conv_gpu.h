/* Convolution kernels for GPUs: what the rows of conv_tile.comp and conv_reduce.comp have in
 * common, for the tables of convolutions and of the linear layer, which is a 1x1 convolution of a
 * 1x1 image. */
#ifndef VRN_OPS_CONV_GPU_H
#define VRN_OPS_CONV_GPU_H

#include "ops/kernel.h"

extern const vrn_module vrn_module_conv_tile;
extern const vrn_module vrn_module_conv_tile_int8;
extern const vrn_module vrn_module_conv_reduce;
extern const vrn_module vrn_module_conv_reduce_int8;

/* Where the constants of a row of conv_tile.comp stand. */
enum {
    VRN_TILE_THREADS,
    VRN_TILE_M,
    VRN_TILE_N4,
    VRN_TILE_K4,
    VRN_TILE_THREAD_M4,
    VRN_TILE_THREAD_N4,
    VRN_TILE_SPLIT,
    VRN_TILE_ROW_COUNT
};

vrn_grid vrn_tile_grid(const vrn_pass *pass, const vrn_op_desc *desc, uint32_t images);
/* A merit from an estimate of a kernel's time, in multiply-adds of a large GPU that is full. */
double vrn_merit_of_time(double time);

/* The share of a large device that has something to do; a work group is on one core. And what a
 * dispatch costs with its barrier, in that unit. */
double vrn_gpu_fill(double work_groups, double invocations);
extern const double vrn_gpu_dispatch_cost;

double vrn_tile_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);
uint64_t vrn_tile_scratch(const vrn_op_desc *desc, const vrn_kernel *kernel, uint32_t scratch,
                          uint32_t images);

/* Of conv_direct.comp's variant for GPUs, in the same unit. */
double vrn_direct_gpu_merit(const vrn_kernel *kernel, const vrn_op_desc *desc, uint32_t images);

/* Two panels, of rows of m (and four, against bank conflicts) and n words. A row is a value of k,
 * or four bytes. */
#define VRN_TILE_SHARED(m, n, rows) (2 * (rows) * ((m) + 4 + (n)) * 4)

/* Invocations compute 4 thread_m4 pixels x 4 thread_n4 channels of a tile of m x n, in steps of k.
 * Their number must be a multiple of k / 4 and of n / 4, and divide m * k / 4 and rows * n / 4. */
#define VRN_TILE_PASS(module_, m, n, k, thread_m4, thread_n4, split)                               \
    .module = &vrn_module_##module_, .row_count = VRN_TILE_ROW_COUNT,                              \
    .row = {(m) / 4 / (thread_m4) * ((n) / 4 / (thread_n4)),                                       \
            m,                                                                                     \
            (n) / 4,                                                                               \
            (k) / 4,                                                                               \
            thread_m4,                                                                             \
            thread_n4,                                                                             \
            split},                                                                                \
    .grid = vrn_tile_grid

#define VRN_TILE_PASSES(m, n, k, thread_m4, thread_n4)                                             \
    .shared_bytes = VRN_TILE_SHARED(m, n, k), .merit = vrn_tile_merit, .pass_count = 1,            \
    .pass = {{VRN_TILE_PASS(conv_tile, m, n, k, thread_m4, thread_n4, 1)}}

#define VRN_INT8_TILE_PASSES(m, n, k, thread_m4, thread_n4)                                        \
    .bytes = true, .shared_bytes = VRN_TILE_SHARED(m, n, (k) / 4), .merit = vrn_tile_merit,        \
    .pass_count = 1, .pass = {{VRN_TILE_PASS(conv_tile_int8, m, n, k, thread_m4, thread_n4, 1)}}

/* The same with K shared out among `split` work groups, and a second pass that adds up. */
#define VRN_SPLIT_IN(tile, reduce, m, n, k, rows, thread_m4, thread_n4, split)                     \
    .shared_bytes = VRN_TILE_SHARED(m, n, rows), .merit = vrn_tile_merit,                          \
    .scratch_bytes = vrn_tile_scratch, .pass_count = 2,                                            \
    .pass = {{.scratch = {[VRN_BIND_Y] = 1},                                                       \
              VRN_TILE_PASS(tile, m, n, k, thread_m4, thread_n4, split)},                          \
             {.module = &vrn_module_##reduce,                                                      \
              .scratch = {[VRN_BIND_X] = 1},                                                       \
              .row_count = 2,                                                                      \
              .row = {64, split},                                                                  \
              .grid = vrn_grid_output}}

#define VRN_SPLIT_PASSES(m, n, k, thread_m4, thread_n4, split)                                     \
    VRN_SPLIT_IN(conv_tile, conv_reduce, m, n, k, k, thread_m4, thread_n4, split)

#define VRN_INT8_SPLIT_PASSES(m, n, k, thread_m4, thread_n4, split)                                \
    .bytes = true,                                                                                 \
    VRN_SPLIT_IN(conv_tile_int8, conv_reduce_int8, m, n, k, (k) / 4, thread_m4, thread_n4, split)

#endif
