#include "base/half.h"

#include <string.h>

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float vrn_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = (half >> 10) & 0x1fu, fraction = half & 0x3ffu;
    if (exponent == 0x1f) return float_of(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24, which is exact */
        return float_of(bits_of((float)fraction * 5.9604644775390625e-8f) | sign);
    }
    return float_of(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

/* Branch-free, so that compilers vectorise loops over it. */
uint16_t vrn_float_to_half(float value)
{
    const uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000u,
                   magnitude = bits & 0x7fffffffu;
    /* Normal: add half a unit in the last place, or slightly less if the last bit is 0, so that
     * ties round to even. A carry into the exponent is correct. */
    uint32_t half =
        (magnitude - ((uint32_t)(127 - 15) << 23) + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
    /* Subnormal: the last place of 0.5 + x is 2^-24, so the addition rounds correctly. */
    const uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - 0x3f000000u;
    half = magnitude < 0x38800000u ? subnormal : half;
    /* from 65520, halfway between the largest half and the next step */
    half = magnitude >= 0x477ff000u ? 0x7c00u : half;
    /* NaN: the quiet bit and the upper bits of the payload */
    half = magnitude > 0x7f800000u ? 0x7e00u | (magnitude >> 13 & 0x3ffu) : half;
    return (uint16_t)(sign | half);
}

void vrn_floats_to_halves(uint16_t *to, const float *from, size_t count)
{
    for (size_t i = 0; i < count; i++) to[i] = vrn_float_to_half(from[i]);
}

void vrn_round_to_halves(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] = vrn_half_to_float(vrn_float_to_half(values[i]));
}
