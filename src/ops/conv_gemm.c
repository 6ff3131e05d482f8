#include "ops/conv_gemm.h"

#include <math.h>
#include <string.h>

#include "base/util.h"

/* Where the constants of a row stand; the last three only of a product's. */
enum { ROW_THREADS, ROW_MODE, ROW_LANES_C, ROW_PIXELS, ROW_COLUMNS };

enum { WINOGRAD_SIDE_MAX = 6 };

static uint32_t mode_of(const vrn_kernel *kernel)
{
    return (kernel->layout - VRN_GEMM_LAYOUTS) / 2;
}

static bool in_blocks(const vrn_kernel *kernel)
{
    return (kernel->layout - VRN_GEMM_LAYOUTS) % 2;
}

/* How many products there are. */
static uint32_t products(uint32_t mode)
{
    return mode > VRN_GEMM_IM2COL ? (mode + 2) * (mode + 2) : 1;
}

/* The product's M for one image. */
static uint64_t rows(uint32_t mode, const vrn_op_desc *d)
{
    if (mode <= VRN_GEMM_IM2COL) return (uint64_t)d->out.h * d->out.w;
    return (uint64_t)vrn_div_up(d->out.h, mode) * vrn_div_up(d->out.w, mode);
}

/* The product's K in vec4s. */
static uint32_t k4_of(uint32_t mode, const vrn_op_desc *d)
{
    if (mode == VRN_GEMM_IM2COL) return vrn_div_up(d->kernel.y * d->kernel.x * d->in.c, 16) * 4;
    return vrn_c4(d->in.c);
}

bool vrn_gemm_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t mode = mode_of(kernel);
    if (d->groups != 1) return false;
    /* In blocks, four lanes load a vec4 each. */
    if (in_blocks(kernel) && k4_of(mode, d) % 4 != 0) return false;
    if (mode == VRN_GEMM_IM2COL) return true;
    if (mode == VRN_GEMM_PLAIN) {
        return d->kernel.y == 1 && d->kernel.x == 1 && d->padding.y == 0 && d->padding.x == 0 &&
               d->stride.y == 1 && d->stride.x == 1;
    }
    return d->kernel.y == 3 && d->kernel.x == 3 && d->stride.y == 1 && d->stride.x == 1 &&
           d->dilation.y == 1 && d->dilation.x == 1;
}

uint64_t vrn_gemm_scratch(const vrn_op_desc *d, const vrn_kernel *kernel, uint32_t scratch,
                          uint32_t images)
{
    const uint32_t mode = mode_of(kernel);
    if (scratch == 2 && mode <= VRN_GEMM_IM2COL) return 0;
    uint32_t columns = scratch == 1 ? k4_of(mode, d) : vrn_c4(d->out.c);
    return products(mode) * rows(mode, d) * images * columns * 4 * sizeof(float);
}

vrn_grid vrn_gemm_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    const uint32_t lanes_c = pass->row[ROW_LANES_C];
    uint64_t step = (uint64_t)(pass->row[ROW_THREADS] / lanes_c) * pass->row[ROW_PIXELS];
    uint32_t blocks = vrn_div_up(vrn_c4(d->out.c), lanes_c * pass->row[ROW_COLUMNS]);
    return (vrn_grid){
        .x = (rows(pass->mode, d) * images + step - 1) / step,
        .z = products(pass->mode) * blocks,
    };
}

vrn_grid vrn_im2col_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return vrn_grid_flat(pass, rows(pass->mode, d) * images * k4_of(pass->mode, d));
}

vrn_grid vrn_winograd_input_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return vrn_grid_flat(pass, rows(pass->mode, d) * images * vrn_c4(d->in.c));
}

vrn_grid vrn_winograd_output_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return vrn_grid_flat(pass, rows(pass->mode, d) * images * vrn_c4(d->out.c));
}

/* A model with four terms: multiply-adds, values between passes, weights from memory and dispatches, in units
 * of a multiply-add of the fastest kernel; the factors come from timings of ResNet's layers on lavapipe. */
double vrn_conv_merit(const vrn_op_desc *d, uint32_t images, const vrn_conv_cost *cost)
{
    const double per_moved = 18, per_weight = 10, per_pass = 5e5;
    double needed = vrn_op_flops(d) / 2 * images;
    double spent = cost->multiplies / cost->speed + cost->moved * per_moved +
                   cost->weights * per_weight + cost->passes * per_pass;
    return fmin(1000, 200 * needed / spent);
}

/* Beside the product of 8 rows x 2 columns that reads texel buffers. */
static double speed_of(const vrn_pass *product)
{
    if (product->texel) return product->row[ROW_PIXELS] >= 8 ? 1 : 0.78;
    return product->row[ROW_PIXELS] >= 16 ? 0.25 : 0.18;
}

double vrn_gemm_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const uint32_t mode = mode_of(kernel);
    const vrn_pass *product = &kernel->pass[mode == VRN_GEMM_PLAIN ? 0 : 1];
    vrn_grid grid = vrn_gemm_grid(product, d, images);
    double tile = (double)product->row[ROW_THREADS] * product->row[ROW_PIXELS] *
                  product->row[ROW_COLUMNS] * 4;
    vrn_conv_cost cost = {
        .multiplies = (double)grid.x * grid.z * tile * k4_of(mode, d) * 4,
        .speed = speed_of(product),
        .weights = (double)vrn_gemm_packed_floats(d, kernel),
        .passes = kernel->pass_count,
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX && kernel->scratch_bytes; i++) {
        cost.moved += (double)vrn_gemm_scratch(d, kernel, i, images) / sizeof(float);
    }
    return vrn_conv_merit(d, images, &cost);
}

uint64_t vrn_gemm_packed_floats(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    const uint32_t mode = mode_of(kernel);
    return (uint64_t)products(mode) * k4_of(mode, d) * 4 * vrn_c4(d->out.c) * 4;
}

/* G of shaders/winograd.glsl's algorithm: G g G' brings a 3x3 kernel to its domain. */
static const double g2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
#define SQRT2 1.41421356237309505
static const double g4[6][3] = {
    {1, 0, 0},
    {-2 / 3., -SQRT2 / 3, -1 / 3.},
    {-2 / 3., SQRT2 / 3, -1 / 3.},
    {1 / 6., SQRT2 / 6, 1 / 3.},
    {1 / 6., -SQRT2 / 6, 1 / 3.},
    {0, 0, 1},
};

/* Packing goes in tiles of four k and a cache line of n, so that lines are written as a whole, once. */
enum { TILE_K = 4, TILE_N = 16 };

typedef struct pack_tile {
    float values[WINOGRAD_SIDE_MAX * WINOGRAD_SIDE_MAX][TILE_K][TILE_N]; /* by product */
} pack_tile;

/* tile[..][k] = G g G', for side = m + 2, of TILE_N kernels g. */
static void transform_kernels(uint32_t m, double g[9][TILE_N], pack_tile *tile, uint32_t k)
{
    const uint32_t side = m + 2;
    const double(*matrix)[3] = m == VRN_GEMM_F2 ? g2 : g4;
    double half[WINOGRAD_SIDE_MAX][3][TILE_N]; /* G g */
    for (uint32_t i = 0; i < side; i++) {
        for (uint32_t s = 0; s < 3; s++) {
            for (uint32_t n = 0; n < TILE_N; n++) {
                half[i][s][n] = matrix[i][0] * g[s][n] + matrix[i][1] * g[3 + s][n] +
                                matrix[i][2] * g[6 + s][n];
            }
        }
    }
    for (uint32_t i = 0; i < side; i++) {
        for (uint32_t j = 0; j < side; j++) {
            for (uint32_t n = 0; n < TILE_N; n++) {
                tile->values[i * side + j][k][n] =
                    (float)(half[i][0][n] * matrix[j][0] + half[i][1][n] * matrix[j][1] +
                            half[i][2][n] * matrix[j][2]);
            }
        }
    }
}

/* Weights k0 .. and n0 .. of all products; zeros beyond K and N. scale: [TILE_N] */
static void fill_tile(pack_tile *tile, const vrn_op_desc *d, uint32_t mode,
                      const vrn_params *params, const double *scale, uint32_t k0, uint32_t n0)
{
    const uint32_t positions = d->kernel.y * d->kernel.x, channels = d->in.c;
    const uint32_t count_n = vrn_min_u32(TILE_N, d->out.c - n0);
    const float *weights = params->own[VRN_PARAM_WEIGHT];
    for (uint32_t k = 0; k < TILE_K; k++) {
        const bool winograd = mode > VRN_GEMM_IM2COL;
        double g[9][TILE_N] = {{0}};
        /* Rows of im2col have the channels of a position side by side. */
        const uint32_t c = (k0 + k) % channels, position = winograd ? 0 : (k0 + k) / channels;
        const bool inside = winograd ? k0 + k < channels : position < positions;
        for (uint32_t n = 0; n < count_n && inside; n++) {
            const float *from = weights + ((size_t)(n0 + n) * channels + c) * positions + position;
            for (uint32_t i = 0; i < (winograd ? 9u : 1u); i++) g[i][n] = from[i] * scale[n];
        }
        if (winograd) transform_kernels(mode, g, tile, k);
        for (uint32_t n = 0; n < TILE_N && !winograd; n++) tile->values[0][k][n] = (float)g[0][n];
    }
}

void vrn_gemm_pack(const vrn_op_desc *d, const vrn_kernel *kernel, const vrn_params *params,
                   float *packed)
{
    const uint32_t mode = mode_of(kernel), k_count = k4_of(mode, d) * 4;
    const size_t n_count = (size_t)vrn_c4(d->out.c) * 4;
    pack_tile tile;
    for (uint32_t n0 = 0; n0 < d->out.c; n0 += TILE_N) {
        double scale[TILE_N];
        for (uint32_t n = 0; n < TILE_N && n0 + n < d->out.c; n++) {
            scale[n] = vrn_params_scale(params, n0 + n);
        }
        for (uint32_t k0 = 0; k0 < k_count; k0 += TILE_K) {
            fill_tile(&tile, d, mode, params, scale, k0, n0);
            const size_t floats = n_count - n0 < TILE_N ? n_count - n0 : TILE_N;
            for (uint32_t line = 0; line < products(mode) * TILE_K; line++) {
                float(*values)[TILE_N] = tile.values[line / TILE_K];
                const uint32_t r = line % TILE_K; /* a k or, in blocks, an n of four */
                float *to = packed + ((size_t)(line / TILE_K) * k_count + k0 + r) * n_count + n0;
                if (in_blocks(kernel)) {
                    for (size_t i = 0; i < floats; i++) to[i] = values[i % 4][i / 4 * 4 + r];
                } else {
                    memcpy(to, values[r], floats * sizeof *to);
                }
            }
        }
    }
}
