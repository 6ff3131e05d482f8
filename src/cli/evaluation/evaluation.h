/* The result of an evaluation of all images, or of one part of them. */
#ifndef VRN_CLI_EVALUATION_H
#define VRN_CLI_EVALUATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/engine.h"
#include "cli/answer.h"
#include "cli/shard.h"
#include "cli/formats/json.h"

enum { CLI_EVALUATION_TOP = 5, CLI_EVALUATION_BINS = 10, CLI_EVALUATION_MOST_CLASSES = 1 << 24 };

/* Stands for the prediction if the network gave no number (NaN). */
#define CLI_NO_CLASS UINT32_MAX

typedef struct cli_confusion_pair {
    uint32_t label, predicted;
    uint64_t count;
} cli_confusion_pair;

/* A confusion matrix that holds only pairs that occur, so that memory grows with them and not with
 * the square of the number of classes. */
typedef struct cli_confusion {
    /* [count]; once settled, unique and sorted by label and prediction */
    cli_confusion_pair *pairs;
    size_t count, capacity;
} cli_confusion;

bool cli_confusion_add(cli_confusion *confusion, uint32_t label, uint32_t predicted,
                       uint64_t count);

/* Call it before reading `pairs`. */
void cli_confusion_settle(cli_confusion *confusion);

/* The images whose best class has a probability in one tenth of 0 to 1. */
typedef struct cli_confidence {
    uint64_t images, right;
    double sum; /* of the probabilities */
} cli_confidence;

typedef struct cli_evaluation {
    /* What was evaluated. Parts of one whole agree in all of these except the device. */
    char *model, *weights, *precision, *transform, *device;
    uint32_t classes;
    char **names; /* [classes], or NULL: the model has none */
    cli_shard shard;
    uint64_t total; /* images of all parts, including unreadable ones */

    uint64_t images, unreadable; /* of this part; `images` are those that were classified */
    uint64_t top1, top5;         /* of `images`, right */
    double images_per_s;
    cli_confusion confusion;
    cli_confidence confidence[CLI_EVALUATION_BINS];
} cli_evaluation;

/* Fills in what is evaluated. A zeroed or partly begun evaluation can be freed. */
bool cli_evaluation_begin(cli_evaluation *evaluation, const cli_crew *crew, const char *weights,
                          const vrn_transform *transform);
void cli_evaluation_free(cli_evaluation *evaluation);

/* The result for one image. */
typedef struct cli_verdict {
    uint32_t label, predicted;             /* CLI_NO_CLASS: the network gave no number */
    double probability, label_probability; /* NaN if they do not exist */
} cli_verdict;

/* Counts an image. `scores` [classes] are its ranked logits, and `kind` says how they become
 * probabilities. */
bool cli_evaluation_add(cli_evaluation *evaluation, vrn_probabilities kind, uint32_t label,
                        const cli_score *scores, cli_verdict *verdict);

/* The mistakes with the highest probabilities. */
enum { CLI_MISTAKES_MOST = 24 };

typedef struct cli_mistake {
    size_t item; /* in the list of images */
    cli_verdict verdict;
} cli_mistake;

typedef struct cli_mistakes {
    cli_mistake items[CLI_MISTAKES_MOST]; /* [count], the most probable first */
    uint32_t count;
} cli_mistakes;

/* Keeps a verdict if it is a mistake and among the most probable ones. */
void cli_mistakes_add(cli_mistakes *mistakes, size_t item, const cli_verdict *verdict);

/* Adds another part's counts, its rate and its device's name. */
bool cli_evaluation_sum(cli_evaluation *evaluation, const cli_evaluation *part);

/* evaluation_print.c: prints a short table to standard output, or JSON on one line. The confusion
 * is settled. */
bool cli_evaluation_print(const cli_evaluation *evaluation, bool as_json);

/* The same JSON as a value inside other. */
void cli_evaluation_write(cli_json *json, const cli_evaluation *evaluation);

/* evaluation_read.c: reads a line of that JSON and checks that its numbers agree with each other.
 * On success the evaluation is complete, its confusion settled, and the caller frees it. Else it is
 * zeroed, and `reason` says why the JSON is not eval's; `reason` is empty if the line is not JSON
 * (cut off, or two lines in one). */
bool cli_evaluation_read(cli_evaluation *evaluation, const char *line, char reason[160]);

#endif
