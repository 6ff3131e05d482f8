/* Estimates of what a convolution costs a kernel, of which merits are made. */
#ifndef VRN_OPS_MERIT_H
#define VRN_OPS_MERIT_H

#include "ops/kernel.h"

/* On a processor. */
typedef struct vrn_cpu_cost {
    double multiplies; /* multiply-adds, those on padding included */
    double speed;      /* of these, beside the fastest kernel's */
    double moved;      /* values that passes hand to each other */
    double weights;    /* floats that are read at least once */
    double passes;
} vrn_cpu_cost;

double vrn_cpu_merit(const vrn_op_desc *desc, uint32_t images, const vrn_cpu_cost *cost);

/* On a GPU, from the time in multiply-adds of floats of a large device that is full.
 *
 * The work of all tiles, the padding of tiles that reach over the edge included, is done at a share
 * of the peak that grows with what an invocation and a work group reuse. A device that is not full
 * does it no faster. */
double vrn_gpu_merit(double time);

/* The share of a large device that has something to do; a work group is on one core. */
double vrn_gpu_fill(double work_groups, double invocations);

/* Multiply-adds of a kernel's numbers in the time of one of floats. */
double vrn_gpu_rate(const vrn_kernel *kernel);

/* What a dispatch costs with its barrier, and a value's way to memory or back. */
#define VRN_GPU_DISPATCH 2e6
#define VRN_GPU_WORD     40.0

#endif
