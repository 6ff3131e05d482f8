/* A linear classifier for features. Held-out samples decide how strong its penalty is. */
#ifndef VRN_CLI_CLASSIFIER_H
#define VRN_CLI_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cli_classifier_params {
    float *features;        /* [count, width]; changed */
    const uint32_t *labels; /* [count]; each class below `classes` has a sample */
    size_t count;
    uint32_t width, classes;
    float holdout; /* the part of the samples of each class that is held out, 0 to 0.5 */
    uint64_t seed; /* seed of the choice of held-out samples */
} cli_classifier_params;

enum { CLI_STRENGTHS = 11 };

/* The result of a strength of the penalty on held-out samples. */
typedef struct cli_strength {
    double strength;
    size_t right;
    double loss; /* mean of -log of the labels' probabilities */
} cli_strength;

typedef struct cli_classifier {
    float *weight, *bias;                  /* [classes, width] and [classes] */
    cli_strength strengths[CLI_STRENGTHS]; /* [strength_count]: those tried */
    uint32_t strength_count, chosen;
    uint32_t folds;           /* each sample is held out in one of them; 1: one part; 0: none */
    size_t held_out;          /* the number of held-out samples */
    uint32_t *predicted;      /* [count]: each held-out sample's class, by a fit without it */
    size_t right_in_training; /* among all samples, by the final classifier */
} cli_classifier;

/* The value in `predicted` for a sample that was not held out. */
#define CLI_NOT_HELD_OUT UINT32_MAX

/* Holds out each part of the samples in turn and trains on the others. Of the strengths whose
 * number of correct held-out samples is the highest, or differs from it by no more than chance
 * explains, the one with the smallest loss is used to train on all samples. A class with one sample
 * is never held out; large problems hold out only one part and try few strengths. Reports and
 * returns false if memory runs out, if there are too many classes, or if all samples are equal.
 * Free the classifier even then. */
bool cli_classifier_fit(cli_classifier *classifier, const cli_classifier_params *params);
void cli_classifier_free(cli_classifier *classifier);

#endif
