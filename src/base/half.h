/* Converts between floats and IEEE 754 half precision. */
#ifndef VRN_BASE_HALF_H
#define VRN_BASE_HALF_H

#include <stddef.h>
#include <stdint.h>

#define VRN_HALF_MAX        65504.0f        /* the largest finite value */
#define VRN_HALF_MIN_NORMAL 6.103515625e-5f /* smaller values have a fixed spacing of 2^-24 */

/* Converting to float is exact; converting to half rounds to nearest even, and overflow gives
 * infinity. NaN stays NaN. */
float vrn_half_to_float(uint16_t half);
uint16_t vrn_float_to_half(float value);

/* The same for arrays, which may not overlap. */
void vrn_floats_to_halves(uint16_t *to, const float *from, size_t count);
void vrn_round_to_halves(float *values, size_t count); /* to numbers that halves can hold */

#endif
