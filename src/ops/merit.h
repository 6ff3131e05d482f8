/* Estimates of what a convolution costs a kernel, of which merits are made. */
#ifndef VRN_OPS_MERIT_H
#define VRN_OPS_MERIT_H

#include "gpu/cores.h"
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

/* What a dispatch asks of a GPU. */
typedef struct vrn_gpu_work {
    double groups;      /* work groups */
    double threads;     /* invocations of one */
    double multiplies;  /* multiply-adds of one, on padding as well */
    double rate;        /* .. that take the time of one of floats */
    double efficiency;  /* the share of the time in which something is multiplied */
    double sums;        /* that an invocation has: independent multiply-adds */
    uint32_t registers; /* of an invocation, an estimate */
    uint32_t shared_bytes;
    double bytes; /* from memory and to it */
} vrn_gpu_work;

/* Microseconds, with the dispatch itself. */
double vrn_gpu_time(const vrn_cores *cores, const vrn_gpu_work *work);

/* Of so many microseconds. */
double vrn_gpu_merit(double time);

/* Multiply-adds of a kernel's numbers in the time of one of floats. */
double vrn_gpu_rate(const vrn_kernel *kernel);

/* What an operation's tensors are in memory, in bytes, for so many images. */
double vrn_gpu_bytes(const vrn_op_desc *desc, uint32_t images);

#endif
