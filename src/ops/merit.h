/* Estimates of what a convolution costs with a given kernel. Merits (ops/kernel.h) are computed
 * from them. */
#ifndef VRN_OPS_MERIT_H
#define VRN_OPS_MERIT_H

#include "gpu/cores.h"
#include "ops/kernel.h"

/* The cost on a processor. */
typedef struct vrn_cpu_cost {
    double multiplies; /* multiply-adds, including those on padding */
    double speed;      /* of the multiply-adds, relative to the fastest kernel */
    double moved;      /* values passed from one pass to the next */
    double weights;    /* floats that are read at least once */
    double passes;
} vrn_cpu_cost;

double vrn_cpu_merit(const vrn_op_desc *desc, uint32_t images, const vrn_cpu_cost *cost);

/* The work of a dispatch on a GPU. */
typedef struct vrn_gpu_work {
    double groups;      /* work groups */
    double threads;     /* invocations of one */
    double multiplies;  /* multiply-adds of a work group, including padding */
    double rate;        /* multiply-adds in the time of one float32 multiply-add */
    double efficiency;  /* the share of the time in which something is multiplied */
    double sums;        /* independent multiply-adds of an invocation */
    uint32_t registers; /* of an invocation, an estimate */
    uint32_t shared_bytes;
    double bytes; /* read from and written to memory */
} vrn_gpu_work;

/* Microseconds, including the dispatch itself. */
double vrn_gpu_time(const vrn_cores *cores, const vrn_gpu_work *work);

/* The merit for a time in microseconds, and the time for a merit. */
double vrn_gpu_merit(double time);
double vrn_gpu_merit_time(double merit);

/* Microseconds of a dispatch that only moves this many bytes. */
double vrn_gpu_moving_time(const vrn_cores *cores, double bytes);

/* Multiply-adds of a kernel's type in the time of one float32 multiply-add. */
double vrn_gpu_rate(const vrn_kernel *kernel, const vrn_cores *cores);

/* The size of an operation's tensors in memory, in bytes, for this many images. */
double vrn_gpu_bytes(const vrn_op_desc *desc, uint32_t images);

#endif
