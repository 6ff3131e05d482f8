#include "ops/conv_gemm.h"

#include <math.h>
#include <string.h>

#include "base/util.h"

/* Where the constants of a row stand; the last three only of a product's. */
enum { ROW_THREADS, ROW_MODE, ROW_LANES_C, ROW_PIXELS, ROW_COLUMNS };

enum { WINOGRAD_SIDE_MAX = 6 };

/* Of a block of gemm_blocks.comp: vec4s of k, output channels, floats. */
enum { BLOCK_K4 = 2, BLOCK_N = 32, BLOCK_FLOATS = BLOCK_K4 * 4 * BLOCK_N };
_Static_assert((int)BLOCK_FLOATS == (int)VRN_BLOCK_NUMBERS, "a block of gemm_blocks.comp");

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
    return mode > VRN_GEMM_IMPLICIT ? (mode + 2) * (mode + 2) : 1;
}

/* The product's M for one image. */
static uint64_t rows(uint32_t mode, const vrn_op_desc *d)
{
    if (mode <= VRN_GEMM_IMPLICIT) return (uint64_t)d->out.h * d->out.w;
    return (uint64_t)vrn_div_up(d->out.h, mode) * vrn_div_up(d->out.w, mode);
}

/* The vec4s of a row's line, of which an implicit product has several; in blocks, filled up with
 * zeros. */
static uint32_t line_k4(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    uint32_t k4 = vrn_c4(d->in.c) * (mode_of(kernel) == VRN_GEMM_IMPLICIT ? d->kernel.x : 1);
    return in_blocks(kernel) ? vrn_div_up(k4, BLOCK_K4) * BLOCK_K4 : k4;
}

/* The product's K in vec4s. */
static uint32_t k4_of(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return line_k4(kernel, d) * (mode_of(kernel) == VRN_GEMM_IMPLICIT ? d->kernel.y : 1);
}

bool vrn_gemm_fits(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint32_t mode = mode_of(kernel);
    if (d->groups != 1) return false;
    if (mode == VRN_GEMM_IMPLICIT) {
        /* The positions of a line lie side by side. */
        if (d->kernel.x > 1 && d->dilation.x > 1) return false;
        const bool as_it_is =
            d->padding.y == 0 && d->padding.x == 0 && d->kernel.x * vrn_c4(d->in.c) % BLOCK_K4 == 0;
        return as_it_is == (kernel->pass_count == 1);
    }
    if (in_blocks(kernel) && vrn_c4(d->in.c) % BLOCK_K4 != 0) return false;
    if (mode == VRN_GEMM_PLAIN) {
        return d->kernel.y == 1 && d->kernel.x == 1 && d->padding.y == 0 && d->padding.x == 0 &&
               d->stride.y == 1 && d->stride.x == 1;
    }
    return d->kernel.y == 3 && d->kernel.x == 3 && d->stride.y == 1 && d->stride.x == 1 &&
           d->dilation.y == 1 && d->dilation.x == 1;
}

/* What pad.comp writes. */
static uint64_t padded_vec4s(const vrn_op_desc *d, uint32_t images)
{
    const uint64_t h = d->in.h + 2 * d->padding.y, w = d->in.w + 2 * d->padding.x;
    return images * h * w * vrn_c4(d->in.c) + 1;
}

uint64_t vrn_gemm_scratch(const vrn_op_desc *d, const vrn_kernel *kernel, uint32_t scratch,
                          uint32_t images)
{
    const uint32_t mode = mode_of(kernel);
    if (mode == VRN_GEMM_IMPLICIT) return scratch == 1 ? padded_vec4s(d, images) * 16 : 0;
    uint32_t columns = vrn_c4(scratch == 1 ? d->in.c : d->out.c);
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

vrn_grid vrn_pad_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return vrn_grid_flat(pass, padded_vec4s(d, images));
}

vrn_grid vrn_winograd_input_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return vrn_grid_flat(pass, rows(pass->mode, d) * images * vrn_c4(d->in.c));
}

vrn_grid vrn_winograd_output_grid(const vrn_pass *pass, const vrn_op_desc *d, uint32_t images)
{
    return vrn_grid_flat(pass, rows(pass->mode, d) * images * vrn_c4(d->out.c));
}

/* A model with four terms: multiply-adds, values between passes, weights from memory and
 * dispatches, in units of a multiply-add of the fastest kernel; the factors come from timings of
 * ResNet's layers on lavapipe. */
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
    return product->row[ROW_PIXELS] >= 2 ? 0.6 : 0.48;
}

double vrn_gemm_merit(const vrn_kernel *kernel, const vrn_op_desc *d, uint32_t images)
{
    const vrn_pass *product = &kernel->pass[kernel->pass_count == 1 ? 0 : 1];
    vrn_grid grid = vrn_gemm_grid(product, d, images);
    double tile = (double)product->row[ROW_THREADS] * product->row[ROW_PIXELS] *
                  product->row[ROW_COLUMNS] * 4;
    vrn_conv_cost cost = {
        .multiplies = (double)grid.x * grid.z * tile * k4_of(kernel, d) * 4,
        .speed = speed_of(product),
        /* SwiftShader is not fast enough to wait for memory. */
        .weights = (double)vrn_gemm_packed_floats(d, kernel) * (in_blocks(kernel) ? 0.3 : 1),
        .passes = kernel->pass_count,
    };
    for (uint32_t i = 1; i <= VRN_SCRATCH_MAX && kernel->scratch_bytes; i++) {
        cost.moved += (double)vrn_gemm_scratch(d, kernel, i, images) / sizeof(float);
    }
    return vrn_conv_merit(d, images, &cost);
}

uint64_t vrn_gemm_bias_floats(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    const uint64_t floats = (uint64_t)vrn_c4(d->out.c) * 4;
    return in_blocks(kernel) ? vrn_round_up(floats, BLOCK_FLOATS) : floats;
}

/* In blocks: those of BLOCK_N columns, the first of which has their bias if the product finishes
 * them. */
static uint32_t blocks_of_columns(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    return k4_of(kernel, d) / BLOCK_K4 + (mode_of(kernel) > VRN_GEMM_IMPLICIT ? 0 : 1);
}

uint64_t vrn_gemm_packed_floats(const vrn_op_desc *d, const vrn_kernel *kernel)
{
    const uint64_t count = products(mode_of(kernel));
    if (in_blocks(kernel)) {
        return count * vrn_div_up(d->out.c, BLOCK_N) * blocks_of_columns(d, kernel) * BLOCK_FLOATS;
    }
    return count * k4_of(kernel, d) * 4 * vrn_c4(d->out.c) * 4;
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

/* Packing goes in tiles of four k and a cache line of n, so that lines are written as a whole,
 * once. */
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

/* Weights k0 .. and n0 .. of all products; zeros beyond K and N. */
static void fill_tile(pack_tile *tile, const vrn_op_desc *d, const vrn_kernel *kernel,
                      const vrn_params *params, uint32_t k0, uint32_t n0)
{
    const uint32_t mode = mode_of(kernel), positions = d->kernel.y * d->kernel.x;
    const uint32_t channels = d->in.c, c4 = vrn_c4(channels);
    const uint32_t count_n = n0 < d->out.c ? vrn_min_u32(TILE_N, d->out.c - n0) : 0;
    const uint32_t line = k0 / 4 / line_k4(kernel, d), in_line = k0 / 4 % line_k4(kernel, d);
    const uint32_t column = in_line / c4; /* of the window */
    const float *weights = params->own[VRN_PARAM_WEIGHT];
    double scale[TILE_N];
    for (uint32_t n = 0; n < count_n; n++) scale[n] = vrn_params_scale(params, n0 + n);
    for (uint32_t k = 0; k < TILE_K; k++) {
        const bool winograd = mode > VRN_GEMM_IMPLICIT;
        double g[9][TILE_N] = {{0}};
        const uint32_t c = in_line % c4 * 4 + k;
        const uint32_t position = winograd ? 0 : line * d->kernel.x + column;
        const bool inside = column < (winograd ? 1 : d->kernel.x) && c < channels;
        for (uint32_t n = 0; n < count_n && inside; n++) {
            const float *from = weights + ((size_t)(n0 + n) * channels + c) * positions + position;
            for (uint32_t i = 0; i < (winograd ? 9u : 1u); i++) g[i][n] = from[i] * scale[n];
        }
        if (winograd) transform_kernels(mode, g, tile, k);
        for (uint32_t n = 0; n < TILE_N && !winograd; n++) tile->values[0][k][n] = (float)g[0][n];
    }
}

static void store_lines(const pack_tile *tile, const vrn_op_desc *d, const vrn_kernel *kernel,
                        uint32_t k0, uint32_t n0, float *packed)
{
    const size_t n_count = (size_t)vrn_c4(d->out.c) * 4, k_count = (size_t)k4_of(kernel, d) * 4;
    const size_t floats = n_count - n0 < TILE_N ? n_count - n0 : TILE_N;
    for (uint32_t b = 0; b < products(mode_of(kernel)); b++) {
        for (uint32_t k = 0; k < TILE_K; k++) {
            float *to = packed + (b * k_count + k0 + k) * n_count + n0;
            memcpy(to, tile->values[b][k], floats * sizeof *to);
        }
    }
}

static void store_blocks(const pack_tile *tile, const vrn_op_desc *d, const vrn_kernel *kernel,
                         uint32_t k0, uint32_t n0, float *packed)
{
    const size_t blocks = blocks_of_columns(d, kernel),
                 column_blocks = vrn_div_up(d->out.c, BLOCK_N);
    const size_t block = blocks - k4_of(kernel, d) / BLOCK_K4 + k0 / 4 / BLOCK_K4;
    const size_t place = (size_t)(k0 / 4 % BLOCK_K4 * BLOCK_N + n0 % BLOCK_N) * 4;
    for (uint32_t b = 0; b < products(mode_of(kernel)); b++) {
        float *to =
            packed + ((b * column_blocks + n0 / BLOCK_N) * blocks + block) * BLOCK_FLOATS + place;
        for (uint32_t i = 0; i < TILE_K * TILE_N; i++) to[i] = tile->values[b][i % 4][i / 4];
    }
}

void vrn_gemm_pack(const vrn_op_desc *d, const vrn_kernel *kernel, const vrn_params *params,
                   const float *bias, float *packed)
{
    const bool blocks = in_blocks(kernel);
    const uint32_t k_count = k4_of(kernel, d) * 4;
    const uint32_t n_count = blocks ? vrn_div_up(d->out.c, BLOCK_N) * BLOCK_N : d->out.c;
    pack_tile tile;
    for (uint32_t n0 = 0; n0 < n_count; n0 += TILE_N) {
        for (uint32_t k0 = 0; k0 < k_count; k0 += TILE_K) {
            fill_tile(&tile, d, kernel, params, k0, n0);
            if (blocks) {
                store_blocks(&tile, d, kernel, k0, n0, packed);
            } else {
                store_lines(&tile, d, kernel, k0, n0, packed);
            }
        }
    }
    if (!blocks || mode_of(kernel) > VRN_GEMM_IMPLICIT) return;
    for (uint32_t n0 = 0; n0 < n_count; n0 += BLOCK_N) {
        float *to = packed + (size_t)n0 / BLOCK_N * blocks_of_columns(d, kernel) * BLOCK_FLOATS;
        memset(to, 0, BLOCK_FLOATS * sizeof *to);
        memcpy(to, bias + n0, vrn_min_u32(BLOCK_N, vrn_c4(d->out.c) * 4 - n0) * sizeof *to);
    }
}
