/* How often magnitudes occur: what the scale of a tensor of bytes is chosen by. */
#ifndef VRN_TOOLS_HISTOGRAM_H
#define VRN_TOOLS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { VRN_HISTOGRAM_BINS = 2048 };

/* Zero it before its first use. Its range doubles when a larger magnitude comes, and pairs of bins
 * become one: nothing has to be known before, and no value is looked at twice. */
typedef struct vrn_histogram {
    double range;                /* bins share it equally, from 0 on */
    uint64_t count, beyond_half; /* finite values; of them above VRN_HALF_MAX in magnitude */
    uint64_t not_finite;
    float low, high;
    uint64_t bins[VRN_HISTOGRAM_BINS];
} vrn_histogram;

void vrn_histogram_add(vrn_histogram *histogram, const float *values, size_t count);

/* The largest magnitude; the one that only `share` of the values exceed, to half a bin. */
float vrn_histogram_largest(const vrn_histogram *histogram);
float vrn_histogram_percentile(const vrn_histogram *histogram, double share);

/* The magnitude that should become 127 for the smallest squared error of all values: those above
 * are clamped to it, and those below rounded to multiples of 1/127 of it. */
float vrn_histogram_least_error(const vrn_histogram *histogram);

#endif
