/* Reading the outputs of a network. */
#ifndef VRN_CLI_SCORE_H
#define VRN_CLI_SCORE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_score {
    float value;
    uint32_t index;
} cli_score;

/* Fills `scores` [count] and orders it: the largest value first, of equal ones the first index, NaN
 * last. */
void cli_rank(cli_score *scores, const float *values, uint32_t count);

/* Reports and returns false where the outputs [count] for an image are not all finite: nothing
 * follows from them. */
bool cli_check_outputs(const char *path, const float *outputs, uint32_t count);

#endif
