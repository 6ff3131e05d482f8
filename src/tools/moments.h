/* Mean and variance of a channel's values, as they come. */
#ifndef VRN_TOOLS_MOMENTS_H
#define VRN_TOOLS_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero it before its first use. */
typedef struct vrn_moments {
    uint64_t count;
    double mean;
    double squares;  /* of the distances from the mean, summed */
    bool not_finite; /* a value was an infinity or a NaN: mean and squares mean nothing */
} vrn_moments;

/* Adds the values of `pixels` pixels of `channels` channels, of which each pixel has room for
 * `padded`, to moments [channels]. Sums are doubles of distances from a value that is there, and
 * parts are joined by Chan, Golub and LeVeque 1979: a large mean costs no digits. */
void vrn_moments_add(vrn_moments *moments, uint32_t channels, uint32_t padded, const float *values,
                     size_t pixels);

/* The unbiased variance, which batch norms keep; 0 of one value. */
double vrn_moments_variance(const vrn_moments *moments);

#endif
