/* The running mean and variance of a channel's values. */
#ifndef VRN_TOOLS_MOMENTS_H
#define VRN_TOOLS_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it before its first use. */
typedef struct vrn_moments {
    uint64_t count;
    double mean;
    double squares;  /* the sum of squared distances from the mean */
    bool not_finite; /* a value was infinite or NaN: mean and squares are invalid */
} vrn_moments;

/* Adds the values of `pixels` pixels of `channels` channels, stored with `padded` values per pixel,
 * to moments [channels]. Sums are doubles of distances from one of the values, and parts are
 * combined as in Chan, Golub and LeVeque 1979, so that a large mean does not cost precision. */
void vrn_moments_add(vrn_moments *moments, uint32_t channels, uint32_t padded, const float *values,
                     size_t pixels);

/* The unbiased variance, which batch norms store; 0 for a single value. */
double vrn_moments_variance(const vrn_moments *moments);

#endif
