#include "ops/merit.h"

#include <math.h>

#include "ops/conv_shape.h"

/* A model with four terms: multiply-adds, values between passes, weights from memory and
 * dispatches, in units of a multiply-add of the fastest kernel; the factors come from timings of
 * ResNet's layers on lavapipe. */
double vrn_cpu_merit(const vrn_op_desc *d, uint32_t images, const vrn_cpu_cost *cost)
{
    const double per_moved = 18, per_weight = 10, per_pass = 5e5;
    double needed = vrn_op_flops(d) / 2 * images;
    double spent = cost->multiplies / cost->speed + cost->moved * per_moved +
                   cost->weights * per_weight + cost->passes * per_pass;
    return fmin(1000, 20 * needed / spent); /* F(4x4) reaches 250 */
}

double vrn_gpu_merit(double time)
{
    return 1000 * 10 / (10 + time);
}

double vrn_gpu_merit_time(double merit)
{
    return merit > 0 ? 1000 * 10 / merit - 10 : INFINITY;
}

double vrn_gpu_moving_time(const vrn_cores *cores, double bytes)
{
    return bytes / (cores->gbytes * 1e3) + cores->dispatch_us;
}

/* The core with the most work groups ends last. The number that it holds at once is limited by its
 * registers and its shared memory. It is busy with two invocations for each lane, which hide each
 * other's waits; an invocation with many sums hides more by itself. Code that spills is far too
 * slow. */
double vrn_gpu_time(const vrn_cores *cores, const vrn_gpu_work *work)
{
    const double spilling = 20;
    const double most = ceil(work->groups / cores->count);
    double held = cores->threads / work->threads;
    held = fmin(held, cores->register_file / (work->registers * work->threads));
    if (work->shared_bytes) held = fmin(held, (double)cores->shared_bytes / work->shared_bytes);
    held = fmax(1, floor(held));
    const double wanted = 2.0 * cores->lanes / sqrt(sqrt(fmax(work->sums, 1) / 16));
    const double busy = fmin(1, fmin(held, most) * work->threads / wanted);
    double cycles =
        most * work->multiplies / (cores->lanes * work->rate * work->efficiency * fmax(busy, 1e-3));
    if (work->registers > cores->registers) cycles *= spilling;
    const double computing = cycles / cores->mhz, moving = work->bytes / (cores->gbytes * 1e3);
    /* The shorter of the two is not hidden entirely. */
    return fmax(computing, moving) + 0.1 * fmin(computing, moving) + cores->dispatch_us;
}

double vrn_gpu_bytes(const vrn_op_desc *desc, uint32_t images)
{
    const double weights = (double)vrn_conv_window(desc) * vrn_conv_in(desc) * desc->out.c;
    return images * ((double)vrn_tensor_bytes(desc->in, desc->x.type) +
                     (double)vrn_tensor_bytes(desc->out, desc->y.type) *
                         (desc->epilogue.residual ? 2 : 1)) +
           weights * (desc->w == VRN_TYPE_F32   ? 4
                      : desc->w == VRN_TYPE_F16 ? 2
                                                : 1);
}

/* An integer dot product does four at once; one that is not an instruction is made of shifts and
 * products, by the driver or by the kernel. */
double vrn_gpu_rate(const vrn_kernel *kernel, const vrn_cores *cores)
{
    if (!vrn_kernel_takes_bytes(kernel)) return 1;
    if (!(kernel->variant->needs & VRN_CAPABILITY_INTEGER_DOT_PRODUCT)) return 0.4;
    return cores->emulates_dot ? 0.5 : 4;
}
