#include "cli/evaluation/evaluation.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/system/os.h"
#include "cli/system/report.h"

enum { PAIRS_SHOWN = 5, CLASSES_SHOWN = 3 };

/* The result for a class that has images. */
typedef struct class_result {
    uint32_t index;
    uint64_t images, right;
} class_result;

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

void cli_evaluation_write(cli_json *json, const cli_evaluation *e)
{
    cli_json_write(json,
                   "{images: %ju, wrong: %ju, top1: %g, top5: %g, top1_count: %ju, "
                   "top5_count: %ju, images_per_s: %g",
                   (uintmax_t)e->images, (uintmax_t)(e->images - e->top1),
                   percent(e->top1, e->images), percent(e->top5, e->images), (uintmax_t)e->top1,
                   (uintmax_t)e->top5, e->images_per_s);
    cli_json_write(json, "model: %s, device: %s, weights: %s, precision: %s, transform: %s",
                   e->model, e->device, e->weights, e->precision, e->transform);
    cli_json_write(json, "unreadable: %ju, total: %ju", (uintmax_t)e->unreadable,
                   (uintmax_t)e->total);
    if (e->shard.count > 1) {
        cli_json_write(json, "shard: %u, shards: %u", e->shard.index, e->shard.count);
    }
    cli_json_write(json, "num_classes: %u", e->classes);
    if (e->names) {
        cli_json_write(json, "classes: [");
        for (uint32_t i = 0; i < e->classes; i++) cli_json_write(json, "%s", e->names[i]);
        cli_json_write(json, "]");
    }
    cli_json_write(json, "confidence: [");
    for (int i = 0; i < CLI_EVALUATION_BINS; i++) {
        const cli_confidence *bin = &e->confidence[i];
        cli_json_write(json, "[%ju, %ju, %g]", (uintmax_t)bin->images, (uintmax_t)bin->right,
                       bin->sum);
    }
    cli_json_write(json, "], confusion: [");
    for (size_t i = 0; i < e->confusion.count; i++) {
        const cli_confusion_pair *pair = &e->confusion.pairs[i];
        cli_json_write(json, pair->predicted == CLI_NO_CLASS ? "[%u, null" : "[%u, %u", pair->label,
                       pair->predicted);
        cli_json_write(json, "%ju]", (uintmax_t)pair->count);
    }
    cli_json_write(json, "]}");
}

static void print_label(const cli_evaluation *evaluation, uint32_t index)
{
    if (index == CLI_NO_CLASS) {
        printf("(not a number)");
    } else if (evaluation->names) {
        cli_print_name(evaluation->names[index]);
    } else {
        printf("class %u", index);
    }
}

/* Finds the pairs of different classes, the most frequent first, equal ones in order of label.
 * Writes at most `most` to `out` and returns their number. */
static size_t find_most_confused(const cli_confusion *confusion, cli_confusion_pair *out,
                                 size_t most)
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

static void print_confusion(const cli_evaluation *evaluation)
{
    cli_confusion_pair pairs[PAIRS_SHOWN];
    size_t count = find_most_confused(&evaluation->confusion, pairs, PAIRS_SHOWN);
    const char *arrow = cli_text_is_utf8() ? " → " : " -> ";
    if (count > 0) puts("\nmost confused");
    for (size_t i = 0; i < count; i++) {
        printf("%7llu  ", (unsigned long long)pairs[i].count);
        print_label(evaluation, pairs[i].label);
        fputs(arrow, stdout);
        print_label(evaluation, pairs[i].predicted);
        putchar('\n');
    }
}

static void print_class(const cli_evaluation *evaluation, const class_result *result)
{
    printf("%7.2f %%  ", percent(result->right, result->images));
    print_label(evaluation, result->index);
    printf(" (%llu of %llu)\n", (unsigned long long)result->right,
           (unsigned long long)result->images);
}

static int compare_classes(const void *a, const void *b)
{
    const class_result *x = a, *y = b;
    double p = (double)x->right / (double)x->images, q = (double)y->right / (double)y->images;
    if (p != q) return p < q ? -1 : 1;
    if (x->images != y->images) return x->images > y->images ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Finds the classes that have images, the least accurate first. NULL: out of memory, which is
 * reported. */
static class_result *find_classes(const cli_confusion *confusion, size_t *count)
{
    class_result *results = cli_alloc(confusion->count, sizeof *results);
    *count = 0;
    for (size_t i = 0; i < confusion->count && results; i++) {
        const cli_confusion_pair *pair = &confusion->pairs[i];
        if (i == 0 || pair->label != pair[-1].label) results[(*count)++].index = pair->label;
        class_result *result = &results[*count - 1];
        result->images += pair->count;
        if (pair->label == pair->predicted) result->right += pair->count;
    }
    if (*count > 0) qsort(results, *count, sizeof *results, compare_classes);
    return results;
}

/* Prints all classes, or the worst and best ones if there are many. */
static bool print_classes(const cli_evaluation *evaluation)
{
    size_t count;
    class_result *results = find_classes(&evaluation->confusion, &count);
    if (!results) return false;
    bool all = count <= 2 * (size_t)CLASSES_SHOWN;
    size_t first = all ? count : CLASSES_SHOWN;
    if (count > 1) puts(all ? "\nclasses" : "\nworst classes");
    for (size_t i = 0; i < first && count > 1; i++) print_class(evaluation, &results[i]);
    if (!all) puts("best classes");
    for (size_t i = count; !all && i > count - CLASSES_SHOWN; i--) {
        print_class(evaluation, &results[i - 1]);
    }
    free(results);
    return true;
}

bool cli_evaluation_print(const cli_evaluation *evaluation, bool as_json)
{
    if (as_json) {
        cli_json json = {.out = stdout};
        cli_evaluation_write(&json, evaluation);
        putchar('\n');
        return true;
    }
    unsigned long long images = evaluation->images, right = evaluation->top1,
                       top = evaluation->top5, unreadable = evaluation->unreadable;
    printf("images  %llu\n", images);
    if (evaluation->shard.count > 1) {
        printf("part    %u/%u of %llu\n", evaluation->shard.index, evaluation->shard.count,
               (unsigned long long)evaluation->total);
    }
    if (unreadable > 0) printf("unread  %llu\n", unreadable);
    printf("wrong   %llu\n", images - right);
    printf("top-1   %6.2f %%  (%llu of %llu)\n", percent(right, images), right, images);
    printf("top-5   %6.2f %%  (%llu of %llu)\n", percent(top, images), top, images);
    printf("speed   %.1f images/s, including reading files\n", evaluation->images_per_s);
    print_confusion(evaluation);
    return print_classes(evaluation);
}
