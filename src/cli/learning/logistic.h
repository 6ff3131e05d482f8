/* Multinomial logistic regression with an L2 penalty on the weights, by L-BFGS (Nocedal and Wright,
 * Numerical Optimization, algorithms 7.4 and 7.5). It minimises
 *     mean over the samples of -log softmax(x W + b)[label]  +  strength / 2 * |W|^2
 * All sums are in double precision and in a fixed order: the same samples give the same bits,
 * whatever the number of threads. */
#ifndef VRN_CLI_LOGISTIC_H
#define VRN_CLI_LOGISTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_samples {
    const float *values;    /* [all, width] */
    const uint32_t *labels; /* [all], below `classes` */
    const uint32_t *rows;   /* [count]: indices of the samples used */
    size_t count;
    uint32_t width, classes;
} cli_samples;

typedef struct cli_logistic_params {
    double strength;
    uint32_t iterations; /* the most iterations */
    double tolerance;    /* stop when an iteration lowers the function by less than this part */
    bool threads;        /* use all cores */
} cli_logistic_params;

/* Fits `parameters` [width + 1, classes], whose last row is the bias, starting from their values.
 * False: out of memory, which is not reported. */
bool cli_logistic_fit(double *parameters, const cli_samples *samples,
                      const cli_logistic_params *params);

/* Writes the class with the largest logit, the first among equal ones, to `predicted` [all], only
 * for the samples used; and the mean of -log of the labels' probabilities to *loss. False: out of
 * memory. */
bool cli_logistic_judge(const double *parameters, const cli_samples *samples, uint32_t *predicted,
                        double *loss);

/* The memory that a fit takes, in bytes. */
double cli_logistic_bytes(uint32_t width, uint32_t classes);

#endif
