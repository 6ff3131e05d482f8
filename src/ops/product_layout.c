/* The layouts of a product's right side in memory, after the bias: vrn_layout_lines, [b, K4 * 4, N]
 * floats; vrn_layout_blocks, for each b and VRN_BLOCK_N4 vec4s of n the blocks of gemm_blocks.comp,
 * the first of which also has the bias of these n if the product adds it. */
#include <string.h>

#include "base/util.h"
#include "ops/conv_shape.h"
#include "ops/product.h"

/* Packs tiles of four k and a cache line of n, so that each line is written once, as a whole. */
enum { TILE_K = 4, TILE_N = 16 };

enum { BLOCK_N = VRN_BLOCK_N4 * 4, WINOGRAD_SIDE_MAX = 6 };
_Static_assert(BLOCK_N == VRN_ADDRESS_PANEL, "panels of conv_address.comp and conv_straight.comp");
_Static_assert(VRN_BLOCK_NUMBERS == VRN_BLOCK_K4 * 4 * BLOCK_N, "a block of gemm_blocks.comp");

static uint64_t bias_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint64_t numbers = vrn_bias_numbers(d);
    if (vrn_product_addressed(kernel))
        return vrn_round_up(numbers, TILE_N) + (uint64_t)4 * vrn_c4(d->in.c);
    return vrn_product_in_blocks(kernel) ? vrn_round_up(numbers, VRN_BLOCK_NUMBERS) : numbers;
}

/* The blocks of BLOCK_N columns, including that of the bias. */
static uint32_t blocks_of_columns(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_product_k4(kernel, d) / VRN_BLOCK_K4 + (kernel->number[VRN_PRODUCT_M] ? 0 : 1);
}

uint64_t vrn_product_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint64_t count = vrn_product_count(kernel);
    if (vrn_product_in_blocks(kernel)) {
        return count * vrn_div_up(d->out.c, BLOCK_N) * blocks_of_columns(kernel, d) *
               VRN_BLOCK_NUMBERS;
    }
    const uint32_t columns = vrn_c4(d->out.c) * 4;
    return count * vrn_product_k4(kernel, d) * 4 *
           (vrn_product_addressed(kernel) ? vrn_round_up(columns, BLOCK_N) : columns);
}

static uint64_t numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return bias_numbers(kernel, d) + vrn_product_numbers(kernel, d);
}

/* G of shaders/winograd.glsl's algorithm: G g G' brings a 3x3 kernel to its domain. */
static const double g2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
/* [1, p, p^2] for each point p, divided by the product of its distances from the others. */
static const double g4[6][3] = {
    {1, 0, 0},
    {-81 / 130., -54 / 130., -36 / 130.},
    {-81 / 130., 54 / 130., -36 / 130.},
    {8 / 65., 12 / 65., 18 / 65.},
    {8 / 65., -12 / 65., 18 / 65.},
    {0, 0, 1},
};

typedef struct pack_tile {
    float values[WINOGRAD_SIDE_MAX * WINOGRAD_SIDE_MAX][TILE_K][TILE_N]; /* by product */
} pack_tile;

/* tile[...][k] = G g G', for side = m + 2, of TILE_N kernels g. */
static void transform_kernels(uint32_t m, double g[9][TILE_N], pack_tile *tile, uint32_t k)
{
    const uint32_t side = m + 2;
    const double(*matrix)[3] = m == 2 ? g2 : g4;
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

/* The weights of all products from k0 and n0 on; zeros beyond K and N. */
static void fill_tile(pack_tile *tile, const vrn_kernel *kernel, const vrn_op_desc *d,
                      const vrn_params *params, uint32_t k0, uint32_t n0)
{
    const uint32_t m = kernel->number[VRN_PRODUCT_M], positions = vrn_conv_window(d);
    const uint32_t channels = d->in.c, c4 = vrn_c4(channels);
    const uint32_t count_n = n0 < d->out.c ? vrn_min_u32(TILE_N, d->out.c - n0) : 0;
    const uint32_t line_k4 = vrn_product_line_k4(kernel, d);
    const uint32_t line = k0 / 4 / line_k4, in_line = k0 / 4 % line_k4;
    const uint32_t column = in_line / c4; /* of the window */
    const float *weights = params->own[VRN_PARAM_WEIGHT];
    double scale[TILE_N];
    for (uint32_t n = 0; n < count_n; n++) scale[n] = vrn_params_scale(params, n0 + n);
    for (uint32_t k = 0; k < TILE_K; k++) {
        double g[9][TILE_N] = {{0}};
        const uint32_t c = in_line % c4 * 4 + k;
        const uint32_t position = m ? 0 : line * d->kernel.x + column;
        const bool inside = column < (m || positions == 1 ? 1 : d->kernel.x) && c < channels;
        for (uint32_t n = 0; n < count_n && inside; n++) {
            const float *from = weights + ((size_t)(n0 + n) * channels + c) * positions + position;
            for (uint32_t i = 0; i < (m ? 9u : 1u); i++) g[i][n] = from[i] * scale[n];
        }
        if (m) transform_kernels(m, g, tile, k);
        for (uint32_t n = 0; n < TILE_N && !m; n++) tile->values[0][k][n] = (float)g[0][n];
    }
}

static void store_lines(const pack_tile *tile, const vrn_kernel *kernel, const vrn_op_desc *d,
                        uint32_t k0, uint32_t n0, float *packed)
{
    const size_t n_count = (size_t)vrn_c4(d->out.c) * 4;
    const size_t k_count = (size_t)vrn_product_k4(kernel, d) * 4;
    const size_t floats = n_count - n0 < TILE_N ? n_count - n0 : TILE_N;
    for (uint32_t b = 0; b < vrn_product_count(kernel); b++) {
        for (uint32_t k = 0; k < TILE_K; k++) {
            float *to = packed + (b * k_count + k0 + k) * n_count + n0;
            memcpy(to, tile->values[b][k], floats * sizeof *to);
        }
    }
}

static void pack_lines(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                       float *packed)
{
    const uint32_t k_count = vrn_product_k4(kernel, d) * 4;
    pack_tile tile;
    vrn_bias_pack(d, params, packed);
    for (uint32_t n0 = 0; n0 < d->out.c; n0 += TILE_N) {
        for (uint32_t k0 = 0; k0 < k_count; k0 += TILE_K) {
            fill_tile(&tile, kernel, d, params, k0, n0);
            store_lines(&tile, kernel, d, k0, n0, packed + vrn_bias_numbers(d));
        }
    }
}

static void store_blocks(const pack_tile *tile, const vrn_kernel *kernel, const vrn_op_desc *d,
                         uint32_t k0, uint32_t n0, float *packed)
{
    const size_t blocks = blocks_of_columns(kernel, d);
    const size_t column_blocks = vrn_div_up(d->out.c, BLOCK_N);
    const size_t block = blocks - vrn_product_k4(kernel, d) / VRN_BLOCK_K4 + k0 / 4 / VRN_BLOCK_K4;
    const size_t place = (size_t)(k0 / 4 % VRN_BLOCK_K4 * BLOCK_N + n0 % BLOCK_N) * 4;
    for (uint32_t b = 0; b < vrn_product_count(kernel); b++) {
        const size_t at = (b * column_blocks + n0 / BLOCK_N) * blocks + block;
        float *to = packed + at * VRN_BLOCK_NUMBERS + place;
        for (uint32_t i = 0; i < TILE_K * TILE_N; i++) to[i] = tile->values[b][i % 4][i / 4];
    }
}

static void pack_blocks(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                        float *packed)
{
    const uint32_t k_count = vrn_product_k4(kernel, d) * 4;
    const uint32_t n_count = vrn_div_up(d->out.c, BLOCK_N) * BLOCK_N;
    const uint64_t bias = bias_numbers(kernel, d);
    float *weights = packed + bias;
    pack_tile tile;
    memset(packed, 0, bias * sizeof *packed);
    vrn_bias_pack(d, params, packed);
    for (uint32_t n0 = 0; n0 < n_count; n0 += TILE_N) {
        for (uint32_t k0 = 0; k0 < k_count; k0 += TILE_K) {
            fill_tile(&tile, kernel, d, params, k0, n0);
            store_blocks(&tile, kernel, d, k0, n0, weights);
        }
    }
    if (kernel->number[VRN_PRODUCT_M]) return;
    for (uint32_t n0 = 0; n0 < n_count; n0 += BLOCK_N) {
        float *to =
            weights + (size_t)n0 / BLOCK_N * blocks_of_columns(kernel, d) * VRN_BLOCK_NUMBERS;
        memset(to, 0, VRN_BLOCK_NUMBERS * sizeof *to);
        memcpy(to, packed + n0, vrn_min_u32(BLOCK_N, vrn_c4(d->out.c) * 4 - n0) * sizeof *to);
    }
}

uint32_t vrn_paired(uint32_t c)
{
    return c % 2 * 8 + c / 2;
}

/* With Winograd's algorithm the output's transform expects another order of the product
 * (winograd_address_output.comp). */
static void store_address(const pack_tile *tile, const vrn_kernel *kernel, const vrn_op_desc *d,
                          uint32_t k0, uint32_t n0, float *packed)
{
    const bool winograd =
        kernel->number[VRN_PRODUCT_M] && kernel->variant->layout == &vrn_layout_address;
    const size_t k_count = (size_t)vrn_product_k4(kernel, d) * 4;
    const size_t blocks = vrn_div_up(d->out.c, BLOCK_N);
    for (uint32_t i = 0; i < vrn_product_count(kernel) * TILE_K; i++) {
        const uint32_t b = i / TILE_K, k = k0 + i % TILE_K;
        float *to = packed + ((b * blocks + n0 / BLOCK_N) * k_count + k) * BLOCK_N + n0 % BLOCK_N;
        for (uint32_t n = 0; n < TILE_N; n++) {
            to[vrn_paired(winograd ? vrn_paired(n) : n)] = tile->values[b][i % TILE_K][n];
        }
    }
}

static void pack_address(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                         float *packed)
{
    const uint32_t k_count = vrn_product_k4(kernel, d) * 4;
    const uint64_t head = bias_numbers(kernel, d);
    /* winograd_output.comp adds it */
    const bool in_order =
        kernel->number[VRN_PRODUCT_M] && kernel->variant->layout == &vrn_layout_straight;
    pack_tile tile;
    memset(packed, 0, head * sizeof *packed);
    for (uint32_t n = 0; n < d->out.c; n++) {
        const uint32_t place = in_order ? n : n / TILE_N * TILE_N + vrn_paired(n % TILE_N);
        packed[place] = (float)vrn_params_bias(params, n);
    }
    for (uint32_t n0 = 0; n0 < vrn_round_up(d->out.c, BLOCK_N); n0 += TILE_N) {
        for (uint32_t k0 = 0; k0 < k_count; k0 += TILE_K) {
            fill_tile(&tile, kernel, d, params, k0, n0);
            store_address(&tile, kernel, d, k0, n0, packed + head);
        }
    }
}

/* Of conv_stationary.comp: for each 32 n and each DEPTH k, these and a row for the bias. */
static uint32_t stationary_depth(const vrn_kernel *kernel)
{
    return kernel->number[VRN_STATIONARY_DEPTH];
}

static uint64_t stationary_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    const uint64_t blocks = vrn_product_k4(kernel, d) * 4 / stationary_depth(kernel);
    return vrn_bias_numbers(d) *
           (1 + vrn_product_count(kernel) * blocks * (stationary_depth(kernel) + 1));
}

static void store_stationary(const pack_tile *tile, const vrn_kernel *kernel, const vrn_op_desc *d,
                             uint32_t k0, uint32_t n0, float *packed)
{
    const uint32_t depth = stationary_depth(kernel);
    const size_t blocks = vrn_product_k4(kernel, d) * 4 / depth;
    const size_t column_blocks = d->out.c / BLOCK_N;
    for (uint32_t i = 0; i < vrn_product_count(kernel) * TILE_K; i++) {
        const uint32_t b = i / TILE_K, k = k0 + i % TILE_K;
        const size_t block = (b * column_blocks + n0 / BLOCK_N) * blocks + k / depth;
        float *to = packed + (block * (depth + 1) + k % depth) * BLOCK_N + n0 % BLOCK_N;
        memcpy(to, tile->values[b][i % TILE_K], sizeof tile->values[b][i % TILE_K]);
    }
}

static void pack_stationary(const vrn_kernel *kernel, const vrn_op_desc *d,
                            const vrn_params *params, float *packed)
{
    const uint32_t depth = stationary_depth(kernel), k_count = vrn_product_k4(kernel, d) * 4;
    const size_t blocks = k_count / depth, columns = d->out.c / BLOCK_N;
    const size_t size = (size_t)(depth + 1) * BLOCK_N;
    float *weights = packed + vrn_bias_numbers(d);
    pack_tile tile;
    vrn_bias_pack(d, params, packed);
    for (uint32_t n0 = 0; n0 < d->out.c; n0 += TILE_N) {
        for (uint32_t k0 = 0; k0 < k_count; k0 += TILE_K) {
            fill_tile(&tile, kernel, d, params, k0, n0);
            store_stationary(&tile, kernel, d, k0, n0, weights);
        }
    }
    for (size_t i = 0; i < vrn_product_count(kernel) * columns * blocks; i++) {
        float *bias = weights + i * size + (size_t)depth * BLOCK_N;
        memset(bias, 0, BLOCK_N * sizeof *bias);
        if (i % blocks == 0 && !kernel->number[VRN_PRODUCT_M]) {
            memcpy(bias, packed + i / blocks * BLOCK_N, BLOCK_N * sizeof *bias);
        }
    }
}

/* Of gemm_input_stationary.comp. */
static uint64_t column_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    return vrn_round_up(vrn_bias_numbers(d), VRN_BLOCK_NUMBERS) +
           (uint64_t)vrn_product_count(kernel) * d->out.c * d->in.c;
}

static void pack_columns(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                         float *packed)
{
    const uint32_t depth = VRN_BLOCK_NUMBERS;
    const uint64_t head = vrn_round_up(vrn_bias_numbers(d), depth);
    const size_t blocks = d->in.c / depth;
    pack_tile tile;
    memset(packed, 0, head * sizeof *packed);
    vrn_bias_pack(d, params, packed);
    for (uint32_t n0 = 0; n0 < d->out.c; n0 += TILE_N) {
        for (uint32_t k0 = 0; k0 < d->in.c; k0 += TILE_K) {
            fill_tile(&tile, kernel, d, params, k0, n0);
            for (uint32_t i = 0; i < vrn_product_count(kernel) * TILE_N; i++) {
                const uint32_t b = i / TILE_N, n = i % TILE_N;
                const size_t line = (b * blocks + k0 / depth) * d->out.c + n0 + n;
                float *to = packed + head + line * depth + k0 % depth;
                for (uint32_t k = 0; k < TILE_K; k++) to[k] = tile.values[b][k][n];
            }
        }
    }
}

#define STATIONARY                                                                                 \
    {                                                                                              \
        .numbers = stationary_numbers, .pack = pack_stationary, .by_number = true                  \
    }
const vrn_layout vrn_layout_stationary_64 = STATIONARY;
const vrn_layout vrn_layout_stationary_128 = STATIONARY;
const vrn_layout vrn_layout_columns = {
    .numbers = column_numbers, .pack = pack_columns, .by_number = true};
const vrn_layout vrn_layout_lines = {.numbers = numbers, .pack = pack_lines, .by_number = true};
const vrn_layout vrn_layout_blocks = {.numbers = numbers, .pack = pack_blocks, .by_number = true};
const vrn_layout vrn_layout_address = {.numbers = numbers, .pack = pack_address, .by_number = true};
const vrn_layout vrn_layout_straight = {
    .numbers = numbers, .pack = pack_address, .by_number = true};
