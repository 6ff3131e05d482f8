#include "cli/learning/reduce.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parallel.h"

/* A sample adds no dimension if its squared remainder is less than this part of the longest one. */
static const double least = 1e-8;

typedef struct work {
    const float *values;
    double *gram; /* [count, count] */
    size_t count;
    uint32_t width;
} work;

static vrn_result fill_row(void *user, uint32_t index)
{
    const work *w = user;
    const float *a = w->values + (size_t)index * w->width;
    for (size_t k = 0; k <= index; k++) {
        const float *b = w->values + k * w->width;
        double sum = 0;
        for (uint32_t i = 0; i < w->width; i++) sum += (double)a[i] * (double)b[i];
        w->gram[index * w->count + k] = w->gram[k * w->count + index] = sum;
    }
    return VRN_OK;
}

/* Decomposes X X^T into `factor` [count, count], a column at a time. `rest` [count] holds the
 * remainder of each sample's squared length. */
static void decompose(cli_reduced *reduced, const work *w, double *factor, double *rest)
{
    const size_t n = w->count;
    double longest = 0;
    for (size_t i = 0; i < n; i++) {
        rest[i] = w->gram[i * n + i];
        longest = fmax(longest, rest[i]);
    }
    for (; reduced->rank < n; reduced->rank++) {
        const uint32_t rank = reduced->rank;
        size_t pivot = 0;
        for (size_t i = 1; i < n; i++) pivot = rest[i] > rest[pivot] ? i : pivot;
        if (!(rest[pivot] > least * longest)) break;
        const double diagonal = sqrt(rest[pivot]);
        const double *own = factor + pivot * n;
        for (size_t i = 0; i < n; i++) {
            double sum = w->gram[i * n + pivot];
            for (uint32_t k = 0; k < rank; k++) sum -= factor[i * n + k] * own[k];
            factor[i * n + rank] = rest[i] > 0 ? sum / diagonal : 0;
        }
        factor[pivot * n + rank] = diagonal;
        for (size_t i = 0; i < n; i++) rest[i] -= factor[i * n + rank] * factor[i * n + rank];
        /* Set the remainder of this and earlier pivots to 0 in spite of rounding. */
        reduced->pivots[rank] = pivot;
        for (uint32_t k = 0; k <= rank; k++) rest[reduced->pivots[k]] = 0;
    }
}

bool cli_reduce(cli_reduced *reduced, const float *values, size_t count, uint32_t width)
{
    *reduced = (cli_reduced){0};
    work w = {.values = values, .count = count, .width = width};
    w.gram = vrn_alloc(count, count * sizeof *w.gram);
    double *factor = vrn_alloc(count, count * sizeof *factor);
    double *rest = vrn_alloc(count, sizeof *rest);
    reduced->pivots = vrn_alloc(count, sizeof *reduced->pivots);
    bool good = w.gram && factor && rest && reduced->pivots;
    if (good) {
        vrn_parallel_for((uint32_t)count, fill_row, &w);
        decompose(reduced, &w, factor, rest);
        const uint32_t rank = reduced->rank;
        reduced->values = vrn_alloc(count, rank * sizeof *reduced->values);
        reduced->square = vrn_alloc(rank, rank * sizeof *reduced->square);
        good = reduced->values && reduced->square;
    }
    const uint32_t rank = reduced->rank;
    for (size_t i = 0; i < count && good; i++) {
        for (uint32_t k = 0; k < rank; k++) {
            reduced->values[i * rank + k] = (float)factor[i * count + k];
        }
    }
    for (uint32_t i = 0; i < rank && good; i++) {
        memcpy(reduced->square + (size_t)i * rank, factor + reduced->pivots[i] * count,
               rank * sizeof *factor);
    }
    vrn_free(w.gram);
    vrn_free(factor);
    vrn_free(rest);
    return good;
}

void cli_reduced_free(cli_reduced *reduced)
{
    vrn_free(reduced->values);
    vrn_free(reduced->square);
    vrn_free(reduced->pivots);
    *reduced = (cli_reduced){0};
}

/* The axes are Q = S^-1 P, where P are the pivots' features and S is `square`. The weights are Q^T
 * u = P^T (S^-T u). */
void cli_reduced_expand(const cli_reduced *reduced, double *weights, uint32_t classes, double *to,
                        const float *values, uint32_t width)
{
    const uint32_t rank = reduced->rank;
    const double *square = reduced->square;
    memset(to, 0, (size_t)width * classes * sizeof *to);
    for (uint32_t i = rank; i-- > 0;) {
        double *own = weights + (size_t)i * classes;
        for (uint32_t k = 0; k < classes; k++) own[k] /= square[(size_t)i * rank + i];
        for (uint32_t j = 0; j < i; j++) {
            const double factor = square[(size_t)i * rank + j];
            double *other = weights + (size_t)j * classes;
            for (uint32_t k = 0; k < classes; k++) other[k] -= factor * own[k];
        }
        const float *features = values + reduced->pivots[i] * width;
        for (uint32_t c = 0; c < width; c++) {
            const double factor = (double)features[c];
            double *target = to + (size_t)c * classes;
            for (uint32_t k = 0; k < classes; k++) target[k] += factor * own[k];
        }
    }
}
