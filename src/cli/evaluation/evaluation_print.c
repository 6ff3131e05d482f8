#include "cli/evaluation/evaluation.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/system/os.h"
#include "cli/system/report.h"

enum { PAIRS_SHOWN = 5, CLASSES_SHOWN = 3 };

void cli_evaluation_write(cli_json *json, const cli_evaluation *e)
{
    cli_json_write(json,
                   "{images: %ju, wrong: %ju, top1: %g, top5: %g, top1_count: %ju, "
                   "top5_count: %ju, images_per_s: %g",
                   e->images, e->images - e->top1, cli_percent(e->top1, e->images),
                   cli_percent(e->top5, e->images), e->top1, e->top5, e->images_per_s);
    cli_json_write(json, "model: %s, device: %s, weights: %s, precision: %s, transform: %s",
                   e->model, e->device, e->weights, e->precision, e->transform);
    cli_json_write(json, "unreadable: %ju, total: %ju", e->unreadable, e->total);
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
        cli_json_write(json, "[%ju, %ju, %g]", bin->images, bin->right, bin->sum);
    }
    cli_json_write(json, "], confusion: [");
    for (size_t i = 0; i < e->confusion.count; i++) {
        const cli_confusion_pair *pair = &e->confusion.pairs[i];
        cli_json_write(json, pair->predicted == CLI_NO_CLASS ? "[%u, null" : "[%u, %u", pair->label,
                       pair->predicted);
        cli_json_write(json, "%ju]", pair->count);
    }
    cli_json_write(json, "]}");
}

static void print_label(const cli_evaluation *evaluation, uint32_t index)
{
    char buffer[32];
    cli_print_name(cli_evaluation_label(evaluation, index, buffer));
}

static void print_confusion(const cli_evaluation *evaluation)
{
    cli_confusion_pair pairs[PAIRS_SHOWN];
    size_t count = cli_confusion_most(&evaluation->confusion, pairs, PAIRS_SHOWN);
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

static void print_class(const cli_evaluation *evaluation, const cli_class_result *result)
{
    printf("%7.2f %%  ", cli_percent(result->right, result->images));
    print_label(evaluation, result->index);
    printf(" (%llu of %llu)\n", (unsigned long long)result->right,
           (unsigned long long)result->images);
}

/* All classes, or the worst and the best of many. */
static bool print_classes(const cli_evaluation *evaluation)
{
    size_t count;
    cli_class_result *results = cli_evaluation_classes(evaluation, &count);
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
    printf("top-1   %6.2f %%  (%llu of %llu)\n", cli_percent(right, images), right, images);
    printf("top-5   %6.2f %%  (%llu of %llu)\n", cli_percent(top, images), top, images);
    printf("speed   %.1f images/s with reading the files\n", evaluation->images_per_s);
    print_confusion(evaluation);
    return print_classes(evaluation);
}
