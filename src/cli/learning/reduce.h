/* Reduces the dimensions of samples that have more features than there are samples, to the number
 * of dimensions that they span. Lengths and angles are preserved, so a regression with an L2
 * penalty gives the same scores. */
#ifndef VRN_CLI_REDUCE_H
#define VRN_CLI_REDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_reduced {
    float *values;  /* [count, rank]: L of the pivoted Cholesky decomposition of X X^T = L L^T */
    double *square; /* [rank, rank]: the pivots' rows of L, in their order */
    size_t *pivots; /* [rank]: the samples that span the others, within a ten thousandth */
    uint32_t rank;
} cli_reduced;

/* Reduces `values` [count, width]. False: out of memory. Free it even then. */
bool cli_reduce(cli_reduced *reduced, const float *values, size_t count, uint32_t width);
void cli_reduced_free(cli_reduced *reduced);

/* Converts weights [rank, classes] for the reduced coordinates to weights `to` [width, classes] for
 * the features. Overwrites `weights`. */
void cli_reduced_expand(const cli_reduced *reduced, double *weights, uint32_t classes, double *to,
                        const float *values, uint32_t width);

#endif
