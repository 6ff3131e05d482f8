#include "ops/layout.h"

#include <math.h>
#include <string.h>

#include "base/util.h"
#include "ops/conv_shape.h"

double vrn_params_scale(const vrn_params *params, uint32_t k)
{
    if (!params->norm[VRN_PARAM_WEIGHT]) return 1;
    return params->norm[VRN_PARAM_WEIGHT][k] /
           sqrt((double)params->norm[VRN_PARAM_VAR][k] + params->norm_eps);
}

double vrn_params_bias(const vrn_params *params, uint32_t k)
{
    double bias = params->own[VRN_PARAM_BIAS] ? params->own[VRN_PARAM_BIAS][k] : 0;
    if (!params->norm[VRN_PARAM_WEIGHT]) return bias;
    return (bias - params->norm[VRN_PARAM_MEAN][k]) * vrn_params_scale(params, k) +
           params->norm[VRN_PARAM_BIAS][k];
}

uint64_t vrn_bias_numbers(const vrn_op_desc *d)
{
    return (uint64_t)vrn_c4(d->out.c) * 4;
}

void vrn_bias_pack(const vrn_op_desc *d, const vrn_params *params, float *packed)
{
    const uint32_t padded = vrn_c4(d->out.c) * 4;
    for (uint32_t k = 0; k < padded; k++) {
        packed[k] = k < d->out.c ? (float)vrn_params_bias(params, k) : 0;
    }
}

static uint64_t rsck_numbers(const vrn_kernel *kernel, const vrn_op_desc *d)
{
    (void)kernel;
    return vrn_bias_numbers(d) * (1 + (uint64_t)vrn_conv_window(d) * vrn_c4(vrn_conv_in(d)) * 4);
}

enum { PACK_TILE = 16 }; /* floats in a cache line */

static void rsck_pack(const vrn_kernel *kernel, const vrn_op_desc *d, const vrn_params *params,
                      float *packed)
{
    const uint32_t channels = vrn_conv_in(d), rows = vrn_c4(channels) * 4;
    const uint32_t padded_k = vrn_c4(d->out.c) * 4, positions = vrn_conv_window(d);
    const size_t each = (size_t)channels * positions;
    (void)kernel;
    vrn_bias_pack(d, params, packed);
    packed += padded_k;
    if (rows != channels || padded_k != d->out.c) {
        memset(packed, 0, (size_t)positions * rows * padded_k * sizeof *packed);
    }
    /* In tiles of a cache line in both directions: each line is read and written once, as a
     * whole. */
    for (uint32_t k0 = 0; k0 < d->out.c; k0 += PACK_TILE) {
        const uint32_t count_k = vrn_min_u32(PACK_TILE, d->out.c - k0);
        double scale[PACK_TILE];
        for (uint32_t k = 0; k < count_k; k++) scale[k] = vrn_params_scale(params, k0 + k);
        for (size_t i0 = 0; i0 < each; i0 += PACK_TILE) {
            const size_t count_i = each - i0 < PACK_TILE ? each - i0 : PACK_TILE;
            float tile[PACK_TILE][PACK_TILE];
            for (uint32_t k = 0; k < count_k; k++) {
                const float *from = params->own[VRN_PARAM_WEIGHT] + (k0 + k) * each + i0;
                for (size_t i = 0; i < count_i; i++) tile[k][i] = (float)(from[i] * scale[k]);
            }
            for (size_t i = 0; i < count_i; i++) {
                const size_t c = (i0 + i) / positions, rs = (i0 + i) % positions;
                float *to = packed + (rs * rows + c) * padded_k + k0;
                for (uint32_t k = 0; k < count_k; k++) to[k] = tile[k][i];
            }
        }
    }
}

const vrn_layout vrn_layout_rsck = {.numbers = rsck_numbers, .pack = rsck_pack};
