/* A histogram of magnitudes, for choosing the scale of a tensor of bytes. */
#ifndef VRN_TOOLS_HISTOGRAM_H
#define VRN_TOOLS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { VRN_HISTOGRAM_BINS = 2048 };

/* Zero it before its first use. When a larger magnitude arrives, the range doubles and pairs of
 * bins are merged, so the range need not be known in advance. */
typedef struct vrn_histogram {
    double range;                /* bins divide 0 to `range` equally */
    uint64_t count, beyond_half; /* finite values; those above VRN_HALF_MAX in magnitude */
    uint64_t not_finite;
    float low, high;
    uint64_t bins[VRN_HISTOGRAM_BINS];
} vrn_histogram;

void vrn_histogram_add(vrn_histogram *histogram, const float *values, size_t count);

/* The largest magnitude, and the one that only `share` of the values exceed, within half a bin. */
float vrn_histogram_largest(const vrn_histogram *histogram);
float vrn_histogram_percentile(const vrn_histogram *histogram, double share);

/* The magnitude to map to 127 for the smallest squared error: larger values are clamped to it, and
 * smaller ones rounded to multiples of 1/127 of it. */
float vrn_histogram_least_error(const vrn_histogram *histogram);

#endif
