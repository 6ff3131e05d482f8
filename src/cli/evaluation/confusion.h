/* How often which class was taken for which: only pairs that occur, so that memory grows with them
 * and not with the square of the classes. */
#ifndef VRN_CLI_CONFUSION_H
#define VRN_CLI_CONFUSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands for the prediction where the network gave no number (NaN). */
#define CLI_NO_CLASS UINT32_MAX

typedef struct cli_confusion_pair {
    uint32_t label, predicted;
    uint64_t count;
} cli_confusion_pair;

typedef struct cli_confusion {
    /* [count]; once settled, in order of label and predicted, each once */
    cli_confusion_pair *pairs;
    size_t count, capacity;
} cli_confusion;

/* Returns false when there is no memory, which is reported. */
bool cli_confusion_add(cli_confusion *confusion, uint32_t label, uint32_t predicted,
                       uint64_t count);

/* To be called before `pairs` is read. */
void cli_confusion_settle(cli_confusion *confusion);

/* Both are settled. */
bool cli_confusion_same(const cli_confusion *a, const cli_confusion *b);

/* The pairs of different classes, the most frequent first, else in order of label: fills `out` [at
 * most `most`] and returns how many. The confusion is settled. */
size_t cli_confusion_most(const cli_confusion *confusion, cli_confusion_pair *out, size_t most);

void cli_confusion_free(cli_confusion *confusion);

#endif
