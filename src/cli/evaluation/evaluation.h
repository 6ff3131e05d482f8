/* What an evaluation found: of all images, or of one part of them. */
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

/* What stands for the prediction where the network gave no number (NaN). */
#define CLI_NO_CLASS UINT32_MAX

typedef struct cli_confusion_pair {
    uint32_t label, predicted;
    uint64_t count;
} cli_confusion_pair;

/* How often which class was taken for which: only pairs that occur, so that memory grows with them
 * and not with the square of the classes. */
typedef struct cli_confusion {
    /* [count]; once settled, in order of label and predicted, each once */
    cli_confusion_pair *pairs;
    size_t count, capacity;
} cli_confusion;

bool cli_confusion_add(cli_confusion *confusion, uint32_t label, uint32_t predicted,
                       uint64_t count);

/* To be called before `pairs` is read. */
void cli_confusion_settle(cli_confusion *confusion);

/* The images whose best class has a probability in one tenth of 0 to 1. */
typedef struct cli_confidence {
    uint64_t images, right;
    double sum; /* of the probabilities */
} cli_confidence;

typedef struct cli_evaluation {
    /* What was evaluated; parts that differ in these but for the device are none of one whole. */
    char *model, *weights, *precision, *transform, *device;
    uint32_t classes;
    char **names; /* [classes], or NULL: the model knows none */
    cli_shard shard;
    uint64_t total; /* images of all parts, those that could not be read too */

    uint64_t images, unreadable; /* of this part; `images` are those that were classified */
    uint64_t top1, top5;         /* of `images`, right */
    double images_per_s;
    cli_confusion confusion;
    cli_confidence confidence[CLI_EVALUATION_BINS];
} cli_evaluation;

/* Says what is evaluated. A zeroed evaluation, or one that was begun in part, can be freed. */
bool cli_evaluation_begin(cli_evaluation *evaluation, const cli_crew *crew, const char *weights,
                          const vrn_transform *transform);
void cli_evaluation_free(cli_evaluation *evaluation);

/* What became of one image. */
typedef struct cli_verdict {
    uint32_t label, predicted;             /* CLI_NO_CLASS: the network gave no number */
    double probability, label_probability; /* NaN where they are none */
} cli_verdict;

/* Counts an image, whose logits are ranked in `scores` [classes], and become probabilities as
 * `kind` says. */
bool cli_evaluation_add(cli_evaluation *evaluation, vrn_probabilities kind, uint32_t label,
                        const cli_score *scores, cli_verdict *verdict);

/* The mistakes that a network was surest of. */
enum { CLI_MISTAKES_MOST = 24 };

typedef struct cli_mistake {
    size_t item; /* in the list of images */
    cli_verdict verdict;
} cli_mistake;

typedef struct cli_mistakes {
    cli_mistake items[CLI_MISTAKES_MOST]; /* [count], the most probable first */
    uint32_t count;
} cli_mistakes;

/* Keeps it if it is a mistake, and one of the surest. */
void cli_mistakes_add(cli_mistakes *mistakes, size_t item, const cli_verdict *verdict);

/* Adds another part's counts, its rate and its device's name. */
bool cli_evaluation_sum(cli_evaluation *evaluation, const cli_evaluation *part);

/* evaluation_print.c: prints a short table to standard output, or JSON on one line. The confusion
 * is settled. */
bool cli_evaluation_print(const cli_evaluation *evaluation, bool as_json);

/* The same JSON as a value inside other. */
void cli_evaluation_write(cli_json *json, const cli_evaluation *evaluation);

/* evaluation_read.c: reads a line of that JSON, and checks that its numbers agree with each other.
 * Then the evaluation is complete, its confusion settled, and has to be freed. Else it is zeroed,
 * and `reason` says what is wrong with JSON that is not eval's; it is empty where the line is no
 * JSON: one that was cut off, or two in one. */
bool cli_evaluation_read(cli_evaluation *evaluation, const char *line, char reason[160]);

#endif
