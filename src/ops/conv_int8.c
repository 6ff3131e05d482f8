#include "ops/conv_int8.h"

#include <math.h>
#include <string.h>

#include "base/util.h"

uint64_t vrn_int8_packed_words(const vrn_op_desc *d)
{
    const uint64_t channels4 = vrn_c4(d->in.c / d->groups), out = (uint64_t)vrn_c4(d->out.c) * 4;
    return out * (1 + channels4 * d->kernel.y * d->kernel.x);
}

/* Behind the bias: scales [K / 4] vec4, weights [kh, kw, C / 4, K] words of four bytes. */
void vrn_int8_pack(const vrn_op_desc *d, const vrn_params *params, float *packed)
{
    const uint32_t channels = d->in.c / d->groups, channels4 = vrn_c4(channels);
    const uint32_t positions = d->kernel.y * d->kernel.x;
    const size_t out = (size_t)vrn_c4(d->out.c) * 4, each = (size_t)channels * positions;
    float *scales = packed;
    int8_t *bytes = (int8_t *)(packed + out);
    memset(packed, 0, vrn_int8_packed_words(d) * sizeof *packed);
    for (uint32_t k = 0; k < d->out.c; k++) {
        const float *weights = params->own[VRN_PARAM_WEIGHT] + k * each;
        const double fold = vrn_params_scale(params, k);
        double largest = 0;
        for (size_t i = 0; i < each; i++) largest = fmax(largest, fabs(weights[i]));
        const double scale = largest * fabs(fold) / 127;
        scales[k] = (float)scale;
        if (!(scale > 0)) continue;
        for (uint32_t c = 0; c < channels; c++) {
            for (uint32_t p = 0; p < positions; p++) {
                size_t word = ((size_t)p * channels4 + c / 4) * out + k;
                bytes[word * 4 + c % 4] =
                    (int8_t)lrint(weights[(size_t)c * positions + p] * fold / scale);
            }
        }
    }
}
