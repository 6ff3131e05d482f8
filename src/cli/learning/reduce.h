/* Samples of more features than there are samples, in coordinates of their own: as many as they
 * span. Lengths and angles stay, so a regression with an L2 penalty has the same scores. */
#ifndef VRN_CLI_REDUCE_H
#define VRN_CLI_REDUCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_reduced {
    float *values;  /* [count, rank]: L of the pivoted Cholesky decomposition of X X^T = L L^T */
    double *square; /* [rank, rank]: the pivots' rows of L, in their order */
    size_t *pivots; /* [rank]: the samples that span the others, up to a ten thousandth */
    uint32_t rank;
} cli_reduced;

/* `values` [count, width]. False: no memory. Free it also then. */
bool cli_reduce(cli_reduced *reduced, const float *values, size_t count, uint32_t width);
void cli_reduced_free(cli_reduced *reduced);

/* Weights [rank, classes] for the coordinates become weights `to` [width, classes] for the
 * features; `weights` is overwritten. */
void cli_reduced_expand(const cli_reduced *reduced, double *weights, uint32_t classes, double *to,
                        const float *values, uint32_t width);

#endif
