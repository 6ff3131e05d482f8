#include "ops/conv_gpu.h"

#include <math.h>

#include "base/util.h"

/* The linear layer has no groups. */
static uint32_t groups(const vrn_op_desc *d)
{
    return d->op == VRN_OP_CONV ? d->groups : 1;
}

static double depth(const vrn_op_desc *d)
{
    double window = d->op == VRN_OP_CONV ? (double)d->kernel.y * d->kernel.x : 1;
    return window * 4 * vrn_c4(d->in.c / groups(d));
}

/* Work groups that follow each other in x share weights; the parts of a split sum and the blocks of
 * channels stand along z. */
vrn_grid vrn_tile_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    uint64_t pixels = (uint64_t)images * d->out.h * d->out.w;
    uint32_t blocks = vrn_div_up(vrn_c4(d->out.c / groups(d)), pass->row[VRN_TILE_N4]);
    return (vrn_grid){
        .x = (pixels + pass->row[VRN_TILE_M] - 1) / pass->row[VRN_TILE_M],
        .z = blocks * groups(d) * pass->row[VRN_TILE_SPLIT],
    };
}

uint64_t vrn_tile_scratch(const vrn_op_desc *d, const vrn_kernel *kernel, uint32_t scratch,
                          uint32_t images)
{
    if (scratch != 1) return 0;
    return vrn_tensor_bytes(d->out, VRN_TYPE_F32) * images * kernel->pass[0].row[VRN_TILE_SPLIT];
}

/* Merits are made of an estimate of the time that a kernel takes, in multiply-adds of a device that
 * is full:
 *
 * The work of all tiles, the padding of tiles that reach over the edge included, is done at a share
 * of the peak that grows with what an invocation and a work group reuse. A device that is not full
 * does it no faster: the number of cores is not known, and so the invocations that are wanted are
 * those of a large GPU (some 80 cores of four SIMDs, with two subgroups of 32 each, to hide
 * latency). A split sum costs another dispatch and a trip of the partial sums through memory. */
static const double full_cores = 80;
static const double full_invocations = 80 * 4 * 2 * 32;
const double vrn_gpu_dispatch_cost = 2e6; /* of a dispatch and its barrier */
static const double word_cost = 40;       /* a value's way to memory or back */

double vrn_merit_of_time(double time)
{
    return 1000 * 10 * vrn_gpu_dispatch_cost / (10 * vrn_gpu_dispatch_cost + time);
}

double vrn_gpu_fill(double work_groups, double invocations)
{
    return fmin(1, fmin(work_groups / full_cores, invocations / full_invocations));
}

/* Multiply-adds beside those of floats: an integer dot product does four at once, and one that is
 * not there is made of shifts and products. */
static double rate(const vrn_kernel *kernel)
{
    if (!kernel->bytes) return 1;
    return kernel->needs & VRN_CAPABILITY_INTEGER_DOT_PRODUCT ? 4 : 0.4;
}

double vrn_tile_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const vrn_pass *pass = &kernel->pass[0];
    const uint32_t *row = pass->row;
    double m = row[VRN_TILE_M], n = 4.0 * row[VRN_TILE_N4], k = 4.0 * row[VRN_TILE_K4];
    double tm = 4.0 * row[VRN_TILE_THREAD_M4], tn = 4.0 * row[VRN_TILE_THREAD_N4];
    double split = row[VRN_TILE_SPLIT];
    vrn_grid grid = vrn_tile_grid(pass, d, images);
    double count = (double)grid.x * grid.z, threads = count * row[VRN_TILE_THREADS];

    /* Reuse of shared memory (4 for 8 x 8 in an invocation) and of global memory (64 for 128 x
     * 128). */
    double per_thread = tm * tn / (tm + tn), per_tile = m * n / (m + n);
    double efficiency = per_thread / (per_thread + 0.5) * per_tile / (per_tile + 6);
    /* An invocation with more sums of its own hides more latency by itself. */
    double filled = vrn_gpu_fill(count, threads * sqrt(sqrt(tm * tn / 16)));
    /* Until the first panel is there nothing is multiplied: some four steps. */
    double steps = ceil(ceil(depth(d) / k) / split) + 4;
    double time =
        count * m * n * k * steps / (rate(kernel) * efficiency * filled) + vrn_gpu_dispatch_cost;
    if (split > 1) {
        double values = (double)images * d->out.h * d->out.w * 4 * vrn_c4(d->out.c);
        time += vrn_gpu_dispatch_cost + word_cost * (2 * split + 1) * values;
    }
    return vrn_merit_of_time(time);
}

/* Every operand comes from a cache: with four or eight pixels an invocation reads a value for each
 * 5 or 11 multiply-adds, which the first level gives at a third of the peak. */
double vrn_direct_gpu_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const uint32_t *row = kernel->pass[0].row;
    double lanes_c = row[1], pixels = row[2];
    vrn_grid grid = kernel->pass[0].grid(&kernel->pass[0], d, images);
    double threads = (double)grid.x * grid.z * row[0];
    double filled = vrn_gpu_fill((double)grid.x * grid.z, threads * sqrt(sqrt(pixels / 4)));
    double efficiency = 0.5 * pixels / (pixels + 4) * lanes_c / (lanes_c + 4);
    return vrn_merit_of_time(threads * pixels * 4 * depth(d) /
                                 (rate(kernel) * efficiency * filled) +
                             vrn_gpu_dispatch_cost);
}
