#include "ops/product.h"

#include "base/util.h"
#include "ops/conv_shape.h"
#include "ops/merit.h"

bool vrn_product_in_blocks(const vrn_kernel *kernel)
{
    return kernel->variant->layout == &vrn_layout_blocks;
}

uint32_t vrn_product_count(const vrn_kernel *kernel)
{
    const uint32_t m = kernel->number[VRN_PRODUCT_M];
    return m ? (m + 2) * (m + 2) : 1;
}

uint64_t vrn_product_rows(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t m = kernel->number[VRN_PRODUCT_M];
    if (!m) return (uint64_t)d->out.h * d->out.w;
    return (uint64_t)vrn_div_up(d->out.h, m) * vrn_div_up(d->out.w, m);
}

bool vrn_product_addressed(const vrn_kernel *kernel)
{
    return kernel->variant->layout == &vrn_layout_address ||
           kernel->variant->layout == &vrn_layout_straight;
}

/* The number of positions in a line of windows. */
static uint32_t window_width(const vrn_op_desc *d)
{
    return d->op == VRN_OP_CONV ? d->kernel.x : 1;
}

static bool of_windows(const vrn_kernel *kernel)
{
    return kernel->variant->layout != &vrn_layout_lines && !kernel->number[VRN_PRODUCT_M];
}

uint32_t vrn_product_line_k4(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t k4 = vrn_c4(d->in.c) * (of_windows(kernel) ? window_width(d) : 1);
    return vrn_product_in_blocks(kernel) ? vrn_div_up(k4, VRN_BLOCK_K4) * VRN_BLOCK_K4 : k4;
}

uint32_t vrn_product_k4(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_product_line_k4(kernel, d) *
           (of_windows(kernel) ? vrn_conv_window(d) / window_width(d) : 1);
}

vrn_grid vrn_product_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                          uint32_t images)
{
    const uint32_t *n = kernel->number;
    const uint32_t lanes_c = n[VRN_PRODUCT_LANES_C];
    const uint64_t step = (uint64_t)(threads / lanes_c) * n[VRN_PRODUCT_PIXELS];
    const uint32_t blocks = vrn_div_up(vrn_c4(d->out.c), lanes_c * n[VRN_PRODUCT_COLUMNS]);
    return (vrn_grid){
        .x = (vrn_product_rows(kernel, d) * images + step - 1) / step,
        .z = vrn_product_count(kernel) * blocks,
    };
}

/* Speed relative to the product of 8 rows x 2 columns that reads texel buffers. */
static double speed_of(const vrn_kernel *kernel)
{
    const uint32_t pixels = kernel->number[VRN_PRODUCT_PIXELS];
    if (vrn_product_in_blocks(kernel)) return pixels >= 2 ? 0.6 : 0.48;
    return pixels >= 8 ? 1 : 0.78;
}

double vrn_product_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images,
                         const vrn_cores *cores)
{
    (void)cores;
    const uint32_t *n = kernel->number, passes = vrn_kernel_pass_count(kernel);
    const uint32_t product = passes == 1 ? 0 : 1;
    const vrn_grid grid = vrn_kernel_grid(kernel, product, d, images);
    const double tile = (double)vrn_kernel_threads(kernel, product) * n[VRN_PRODUCT_PIXELS] *
                        n[VRN_PRODUCT_COLUMNS] * 4;
    vrn_cpu_cost cost = {
        .multiplies = (double)grid.x * grid.z * tile * vrn_product_k4(kernel, d) * 4,
        .speed = speed_of(kernel),
        /* SwiftShader is so slow that it does not wait for memory. */
        .weights =
            (double)vrn_product_numbers(kernel, d) * (vrn_product_in_blocks(kernel) ? 0.3 : 1),
        .passes = passes,
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX; i++) {
        cost.moved += (double)vrn_kernel_scratch_bytes(kernel, d, i, images) / sizeof(float);
    }
    return vrn_cpu_merit(d, images, &cost);
}

static uint64_t padded_vec4s(const vrn_op_desc *d, uint32_t images)
{
    const uint64_t h = d->in.h + 2 * d->padding.y, w = d->in.w + 2 * d->padding.x;
    return images * h * w * vrn_c4(d->in.c) + 1;
}

uint64_t vrn_padded_bytes(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t scratch,
                          uint32_t images)
{
    (void)kernel;
    return scratch == 1 ? padded_vec4s(d, images) * 16 : 0;
}

vrn_grid vrn_pad_grid(const vrn_kernel *kernel, uint32_t threads, const vrn_op_desc *d,
                      uint32_t images)
{
    (void)kernel;
    return vrn_grid_flat(threads, padded_vec4s(d, images));
}
