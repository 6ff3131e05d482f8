#include "ops/merit.h"

#include <math.h>

/* A model with four terms: multiply-adds, values between passes, weights from memory and
 * dispatches, in units of a multiply-add of the fastest kernel; the factors come from timings of
 * ResNet's layers on lavapipe. */
double vrn_cpu_merit(const vrn_op_desc *d, uint32_t images, const vrn_cpu_cost *cost)
{
    const double per_moved = 18, per_weight = 10, per_pass = 5e5;
    double needed = vrn_op_flops(d) / 2 * images;
    double spent = cost->multiplies / cost->speed + cost->moved * per_moved +
                   cost->weights * per_weight + cost->passes * per_pass;
    return fmin(1000, 200 * needed / spent);
}

double vrn_gpu_merit(double time)
{
    return 1000 * 10 * VRN_GPU_DISPATCH / (10 * VRN_GPU_DISPATCH + time);
}

/* The number of cores is not known. The invocations that are wanted are those of a large GPU: some
 * 80 cores of four SIMDs, with two subgroups of 32 each, to hide latency. */
double vrn_gpu_fill(double work_groups, double invocations)
{
    const double full_cores = 80, full_invocations = 80 * 4 * 2 * 32;
    return fmin(1, fmin(work_groups / full_cores, invocations / full_invocations));
}

/* An integer dot product does four at once; one that is not there is made of shifts and
 * products. */
double vrn_gpu_rate(const vrn_kernel *kernel)
{
    if (!vrn_kernel_takes_bytes(kernel)) return 1;
    return kernel->variant->needs & VRN_CAPABILITY_INTEGER_DOT_PRODUCT ? 4 : 0.4;
}
