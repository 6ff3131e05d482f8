#include "cli/evaluation/confusion.h"

#include <stdlib.h>

#include "cli/system/report.h"

static int compare_pairs(const void *a, const void *b)
{
    const cli_confusion_pair *x = a, *y = b;
    if (x->label != y->label) return x->label < y->label ? -1 : 1;
    return x->predicted < y->predicted ? -1 : x->predicted > y->predicted;
}

void cli_confusion_settle(cli_confusion *confusion)
{
    cli_confusion_pair *pairs = confusion->pairs;
    size_t kept = 0;
    if (confusion->count == 0) return;
    qsort(pairs, confusion->count, sizeof *pairs, compare_pairs);
    for (size_t i = 1; i < confusion->count; i++) {
        if (compare_pairs(&pairs[kept], &pairs[i]) == 0) {
            pairs[kept].count += pairs[i].count;
        } else {
            pairs[++kept] = pairs[i];
        }
    }
    confusion->count = kept + 1;
}

bool cli_confusion_add(cli_confusion *confusion, uint32_t label, uint32_t predicted, uint64_t count)
{
    size_t needed = confusion->count;
    if (needed > 0 && needed == confusion->capacity) {
        /* Unless that leaves room enough, the next time would come soon. */
        cli_confusion_settle(confusion);
        needed =
            confusion->count > confusion->capacity / 2 ? confusion->capacity : confusion->count;
    }
    const cli_confusion_pair pair = {label, predicted, count};
    if (!cli_grow(&confusion->pairs, needed, &confusion->capacity, sizeof pair)) return false;
    confusion->pairs[confusion->count++] = pair;
    return true;
}

bool cli_confusion_same(const cli_confusion *a, const cli_confusion *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (compare_pairs(&a->pairs[i], &b->pairs[i]) != 0 ||
            a->pairs[i].count != b->pairs[i].count) {
            return false;
        }
    }
    return true;
}

size_t cli_confusion_most(const cli_confusion *confusion, cli_confusion_pair *out, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < confusion->count; i++) {
        const cli_confusion_pair *pair = &confusion->pairs[i];
        if (pair->label == pair->predicted) continue;
        size_t place = count;
        while (place > 0 && out[place - 1].count < pair->count) place--;
        if (place == most) continue;
        if (count < most) count++;
        for (size_t k = count - 1; k > place; k--) out[k] = out[k - 1];
        out[place] = *pair;
    }
    return count;
}

void cli_confusion_free(cli_confusion *confusion)
{
    free(confusion->pairs);
    *confusion = (cli_confusion){0};
}
