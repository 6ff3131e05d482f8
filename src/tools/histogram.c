#include "tools/histogram.h"

#include <float.h>
#include <math.h>

#include "base/half.h"

/* Makes the range at least `magnitude`. */
static void widen(vrn_histogram *h, double magnitude)
{
    if (h->range == 0) h->range = fmax(magnitude, FLT_MIN);
    while (h->range < magnitude) {
        for (size_t i = 0; i < VRN_HISTOGRAM_BINS; i++) {
            h->bins[i] = i < VRN_HISTOGRAM_BINS / 2 ? h->bins[2 * i] + h->bins[2 * i + 1] : 0;
        }
        h->range *= 2;
    }
}

void vrn_histogram_add(vrn_histogram *h, const float *values, size_t count)
{
    /* Widens the range before counting, which usually happens once. */
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        const float value = values[i];
        if (!isfinite(value)) continue;
        largest = fmax(largest, fabs((double)value));
        if (value < h->low) h->low = value;
        if (value > h->high) h->high = value;
    }
    if (largest > 0) widen(h, largest);
    const double per_bin = h->range > 0 ? (double)VRN_HISTOGRAM_BINS / h->range : 0;
    for (size_t i = 0; i < count; i++) {
        const double magnitude = fabs((double)values[i]);
        if (!isfinite(magnitude)) {
            h->not_finite++;
            continue;
        }
        size_t bin = (size_t)(magnitude * per_bin);
        h->bins[bin < VRN_HISTOGRAM_BINS ? bin : VRN_HISTOGRAM_BINS - 1]++;
        h->count++;
        h->beyond_half += magnitude > VRN_HALF_MAX;
    }
}

float vrn_histogram_largest(const vrn_histogram *h)
{
    return fmaxf(-h->low, h->high);
}

static double bin_middle(const vrn_histogram *h, size_t bin)
{
    return ((double)bin + 0.5) * h->range / (double)VRN_HISTOGRAM_BINS;
}

float vrn_histogram_percentile(const vrn_histogram *h, double share)
{
    const double most = share * (double)h->count;
    uint64_t above = 0;
    for (size_t i = VRN_HISTOGRAM_BINS; i > 0; i--) {
        above += h->bins[i - 1];
        if ((double)above > most)
            return fminf((float)bin_middle(h, i - 1), vrn_histogram_largest(h));
    }
    return 0;
}

/* The sum of squared errors if values above `limit` are clamped. */
static double squared_error(const vrn_histogram *h, double limit)
{
    const double step = limit / 127;
    double sum = 0;
    for (size_t i = 0; i < VRN_HISTOGRAM_BINS; i++) {
        if (h->bins[i] == 0) continue;
        const double value = bin_middle(h, i);
        const double stored = fmin(127, nearbyint(value / step)) * step;
        sum += (double)h->bins[i] * (value - stored) * (value - stored);
    }
    return sum;
}

float vrn_histogram_least_error(const vrn_histogram *h)
{
    enum { CANDIDATES = 128 };
    const double largest = vrn_histogram_largest(h);
    double best = largest, least = INFINITY;
    for (int i = CANDIDATES; i >= CANDIDATES / 16; i--) {
        const double limit = largest * i / (double)CANDIDATES;
        const double error = limit > 0 ? squared_error(h, limit) : 0;
        if (error >= least) continue;
        least = error;
        best = limit;
    }
    return (float)best;
}
