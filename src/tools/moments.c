#include "tools/moments.h"

#include <math.h>

#include "base/util.h"

enum { BLOCK = 32 }; /* channels at once: a few cache lines, and sums fit in registers */

static void join(vrn_moments *m, uint64_t count, double mean, double squares)
{
    const double distance = mean - m->mean, whole = (double)(m->count + count);
    m->not_finite = m->not_finite || !isfinite(mean) || !isfinite(squares);
    m->squares += squares + distance * distance * ((double)m->count * (double)count / whole);
    m->mean += distance * ((double)count / whole);
    m->count += count;
}

void vrn_moments_add(vrn_moments *moments, uint32_t channels, uint32_t padded, const float *values,
                     size_t pixels)
{
    for (uint32_t first = 0; first < channels && pixels > 0; first += BLOCK) {
        const uint32_t count = vrn_min_u32(BLOCK, channels - first);
        double from[BLOCK], sums[BLOCK] = {0}, squares[BLOCK] = {0};
        for (uint32_t c = 0; c < count; c++) from[c] = (double)values[first + c];
        for (size_t p = 0; p < pixels; p++) {
            const float *pixel = values + p * padded + first;
            for (uint32_t c = 0; c < count; c++) {
                const double distance = (double)pixel[c] - from[c];
                sums[c] += distance;
                squares[c] += distance * distance;
            }
        }
        for (uint32_t c = 0; c < count; c++) {
            const double mean = sums[c] / (double)pixels, rest = squares[c] - sums[c] * mean;
            join(&moments[first + c], pixels, from[c] + mean, rest > 0 ? rest : rest * 0);
        }
    }
}

double vrn_moments_variance(const vrn_moments *moments)
{
    return moments->count > 1 ? moments->squares / (double)(moments->count - 1) : 0;
}
