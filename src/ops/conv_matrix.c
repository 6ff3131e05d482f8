#include "ops/conv_matrix.h"

#include <math.h>

#include "base/util.h"
#include "ops/conv_gpu.h"

/* Where the constants of a row stand. */
enum { ROW_THREADS, ROW_M, ROW_N4, ROW_K4 };

vrn_grid vrn_matrix_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    const uint64_t pixels = (uint64_t)images * d->out.h * d->out.w;
    return (vrn_grid){
        .x = (pixels + pass->row[ROW_M] - 1) / pass->row[ROW_M],
        .z = vrn_div_up(vrn_c4(d->out.c / d->groups), pass->row[ROW_N4]) * d->groups,
    };
}

bool vrn_matrix_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    /* Single bytes are not stored by operations on elements. */
    if (kernel->matrix.flexible && d->y.type == VRN_TYPE_I8) return false;
    return d->x.type == VRN_TYPE_F16 && d->w == VRN_TYPE_F16;
}

/* In the unit of conv_gpu.h. Matrix units do four times what the others do, at least, and twice
 * that with bytes, so that reading the panels, and having enough work groups, counts for more.
 * Between fragments of a subgroup there is a store through shared memory at the end that larger
 * matrices do without. */
double vrn_matrix_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const vrn_pass *pass = &kernel->pass[0];
    const uint32_t *row = pass->row;
    const double m = row[ROW_M], n = 4.0 * row[ROW_N4], k = 4.0 * row[ROW_K4];
    const double terms = 4.0 * vrn_c4(d->in.c / d->groups) * d->kernel.y * d->kernel.x;
    const vrn_grid grid = vrn_matrix_grid(pass, d, images);
    const double count = (double)grid.x * grid.z, per_tile = m * n / (m + n);
    const double efficiency = (kernel->bytes ? 8 : 4) * per_tile / (per_tile + 16);
    const double filled = vrn_gpu_fill(count, 2 * count * row[ROW_THREADS]);
    const double ends =
        kernel->matrix.flexible ? 3 : 4; /* steps that pass before and after the sum */
    return vrn_merit_of_time(count * m * n * k * (ceil(terms / k) + ends) / (efficiency * filled) +
                             vrn_gpu_dispatch_cost);
}
