/* IEEE 754 half precision. */
#ifndef VRN_BASE_HALF_H
#define VRN_BASE_HALF_H

#include <stddef.h>
#include <stdint.h>

#define VRN_HALF_MAX        65504.0f        /* the largest number */
#define VRN_HALF_MIN_NORMAL 6.103515625e-5f /* below it precision is lost, 2^-24 at a time */

/* Exact one way, round to nearest even the other (overflow becomes infinity). NaN stays NaN. */
float vrn_half_to_float(uint16_t half);
uint16_t vrn_float_to_half(float value);

/* The same for arrays, which may not overlap. */
void vrn_floats_to_halves(uint16_t *to, const float *from, size_t count);

#endif
