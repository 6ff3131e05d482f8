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

/* Work groups that follow each other in x share weights; the parts of a split sum and the blocks of channels
 * stand along z. */
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
    return vrn_shape_bytes(d->out) * images * kernel->pass[0].row[VRN_TILE_SPLIT];
}

/* An estimate of the time that the kernel takes, in a unit of its own, and 1000 over it.
 *
 * The work of all tiles, the padding of tiles that reach over the edge included, is done at a share of the
 * peak that grows with what an invocation and a work group reuse. A device that is not full does it no
 * faster: the number of cores is not known, and so the subgroups that are wanted are those of a large GPU
 * (some 80 cores of four SIMDs, with two subgroups each to hide latency). A split sum costs another dispatch
 * and a trip of the partial sums through memory. */
double vrn_tile_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const double full = 80 * 4 * 2 * 32; /* invocations */
    const double start =
        2e6; /* what a dispatch and its barrier cost, in multiply-adds of a full device */
    const double word = 40; /* a value's way to memory and back, in multiply-adds */
    const vrn_pass *pass = &kernel->pass[0];
    const uint32_t *row = pass->row;
    double m = row[VRN_TILE_M], n = 4.0 * row[VRN_TILE_N4], split = row[VRN_TILE_SPLIT];
    double tm = 4.0 * row[VRN_TILE_THREAD_M4], tn = 4.0 * row[VRN_TILE_THREAD_N4];
    vrn_grid grid = vrn_tile_grid(pass, d, images);
    double count = (double)grid.x * grid.z, threads = count * row[VRN_TILE_THREADS];

    /* Reuse of shared memory (4 for 8 x 8 in an invocation) and of global memory (64 for 128 x 128). */
    double per_thread = tm * tn / (tm + tn), per_tile = m * n / (m + n);
    double efficiency = per_thread / (per_thread + 1) * per_tile / (per_tile + 6);
    double filled = threads < full ? threads / full : 1;
    double steps = ceil(depth(d) / (4.0 * row[VRN_TILE_K4]) / split);
    /* Filling the pipeline costs a step or two of each work group. */
    double work = count * m * n * 4.0 * row[VRN_TILE_K4] * (steps + 1.5);
    double time = work / (efficiency * filled) + start;
    if (split > 1) {
        time +=
            start + word * (split + 1) * images * d->out.h * d->out.w * (4.0 * vrn_c4(d->out.c));
    }
    return 1000 * start / (start + time);
}
