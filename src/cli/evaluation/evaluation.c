#include "cli/evaluation/evaluation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/system/report.h"
#include "cli/transform.h"

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
        /* Grow if settling freed little room, or it would be needed again soon. */
        cli_confusion_settle(confusion);
        needed =
            confusion->count > confusion->capacity / 2 ? confusion->capacity : confusion->count;
    }
    const cli_confusion_pair pair = {label, predicted, count};
    if (!cli_grow(&confusion->pairs, needed, &confusion->capacity, sizeof pair)) return false;
    confusion->pairs[confusion->count++] = pair;
    return true;
}

static char *describe_transform(const vrn_transform *transform)
{
    char text[CLI_TRANSFORM_TEXT];
    cli_transform_describe(transform, text);
    return cli_copy_text(text);
}

static bool copy_names(cli_evaluation *evaluation, const cli_model *model)
{
    if (!cli_model_class_name(model, 0)) return true;
    evaluation->names = cli_alloc(evaluation->classes, sizeof *evaluation->names);
    bool good = evaluation->names;
    for (uint32_t i = 0; i < evaluation->classes && good; i++) {
        char buffer[32];
        evaluation->names[i] = cli_copy_text(cli_model_label(model, i, buffer));
        good = evaluation->names[i];
    }
    return good;
}

/* Appends a device's name: "a + b". */
static bool append_device(cli_evaluation *evaluation, const char *device)
{
    char *text = vrn_join(evaluation->device, " + ", device);
    if (!text) return cli_error("out of memory");
    free(evaluation->device);
    evaluation->device = text;
    return true;
}

bool cli_evaluation_begin(cli_evaluation *evaluation, const cli_crew *crew, const char *weights,
                          const vrn_transform *transform)
{
    const cli_engine *first = &crew->engines[0];
    *evaluation = (cli_evaluation){
        .model = cli_copy_text(first->model.info.name),
        .weights = cli_copy_text(weights),
        .precision = cli_copy_text(vrn_precision_name(first->info.precision)),
        .transform = describe_transform(transform),
        .device = cli_copy_text(first->device_info.name),
        .classes = first->info.classes,
        .shard = {.count = 1},
    };
    bool good = evaluation->model && evaluation->weights && evaluation->precision &&
                evaluation->transform && evaluation->device &&
                copy_names(evaluation, &first->model);
    for (uint32_t i = 1; i < crew->count && good; i++) {
        good = append_device(evaluation, crew->engines[i].device_info.name);
    }
    return good;
}

void cli_evaluation_free(cli_evaluation *evaluation)
{
    for (uint32_t i = 0; evaluation->names && i < evaluation->classes; i++) {
        free(evaluation->names[i]);
    }
    free(evaluation->names);
    free(evaluation->model);
    free(evaluation->weights);
    free(evaluation->precision);
    free(evaluation->transform);
    free(evaluation->device);
    free(evaluation->confusion.pairs);
    *evaluation = (cli_evaluation){0};
}

/* Computes the softmax of the best class and of the label. The sum begins with the smallest
 * term. */
static void find_probabilities(cli_verdict *verdict, const cli_score *scores, uint32_t classes)
{
    double best = (double)scores[0].value, sum = 0, label = 0;
    for (uint32_t i = classes; i-- > 0;) {
        double part = exp((double)scores[i].value - best);
        if (scores[i].index == verdict->label) label = part;
        sum += part;
    }
    verdict->probability = 1 / sum;
    verdict->label_probability = label / sum;
}

/* The same for independent classes. */
static void find_sigmoids(cli_verdict *verdict, const cli_score *scores, uint32_t classes)
{
    verdict->probability = 1 / (1 + exp(-(double)scores[0].value));
    for (uint32_t i = 0; i < classes; i++) {
        if (scores[i].index != verdict->label) continue;
        verdict->label_probability = 1 / (1 + exp(-(double)scores[i].value));
    }
}

static void count_confidence(cli_evaluation *evaluation, const cli_verdict *verdict)
{
    if (!isfinite(verdict->probability)) return;
    int bin = (int)(verdict->probability * (double)CLI_EVALUATION_BINS);
    cli_confidence *confidence =
        &evaluation->confidence[bin < CLI_EVALUATION_BINS ? bin : CLI_EVALUATION_BINS - 1];
    confidence->images++;
    confidence->right += verdict->predicted == verdict->label;
    confidence->sum += verdict->probability;
}

bool cli_evaluation_add(cli_evaluation *evaluation, vrn_probabilities kind, uint32_t label,
                        const cli_score *scores, cli_verdict *verdict)
{
    *verdict = (cli_verdict){
        .label = label,
        .predicted = isnan(scores[0].value) ? CLI_NO_CLASS : scores[0].index,
    };
    if (kind == VRN_PROBABILITIES_SIGMOID) {
        find_sigmoids(verdict, scores, evaluation->classes);
    } else {
        find_probabilities(verdict, scores, evaluation->classes);
    }
    count_confidence(evaluation, verdict);
    evaluation->images++;
    for (uint32_t i = 0; i < CLI_EVALUATION_TOP && i < evaluation->classes; i++) {
        if (scores[i].index != label || isnan(scores[i].value)) continue;
        evaluation->top1 += i == 0;
        evaluation->top5++;
    }
    return cli_confusion_add(&evaluation->confusion, label, verdict->predicted, 1);
}

void cli_mistakes_add(cli_mistakes *mistakes, size_t item, const cli_verdict *verdict)
{
    if (verdict->label == verdict->predicted || !isfinite(verdict->probability)) return;
    uint32_t place = mistakes->count;
    while (place > 0 && mistakes->items[place - 1].verdict.probability < verdict->probability) {
        place--;
    }
    if (place == CLI_MISTAKES_MOST) return;
    if (mistakes->count < CLI_MISTAKES_MOST) mistakes->count++;
    for (uint32_t i = mistakes->count - 1; i > place; i--) {
        mistakes->items[i] = mistakes->items[i - 1];
    }
    mistakes->items[place] = (cli_mistake){item, *verdict};
}

/* Appends a device's name unless it is listed already. */
static bool add_device(cli_evaluation *evaluation, const char *device)
{
    size_t length = strlen(device);
    for (const char *at = evaluation->device; (at = strstr(at, device)); at++) {
        bool begins = at == evaluation->device || at[-1] == ' ';
        if (begins && (!at[length] || strncmp(at + length, " + ", 3) == 0)) return true;
    }
    return append_device(evaluation, device);
}

bool cli_evaluation_sum(cli_evaluation *evaluation, const cli_evaluation *part)
{
    evaluation->images += part->images;
    evaluation->unreadable += part->unreadable;
    evaluation->top1 += part->top1;
    evaluation->top5 += part->top5;
    evaluation->images_per_s += part->images_per_s;
    for (int i = 0; i < CLI_EVALUATION_BINS; i++) {
        evaluation->confidence[i].images += part->confidence[i].images;
        evaluation->confidence[i].right += part->confidence[i].right;
        evaluation->confidence[i].sum += part->confidence[i].sum;
    }
    for (size_t i = 0; i < part->confusion.count; i++) {
        const cli_confusion_pair *pair = &part->confusion.pairs[i];
        if (!cli_confusion_add(&evaluation->confusion, pair->label, pair->predicted, pair->count)) {
            return false;
        }
    }
    return add_device(evaluation, part->device);
}
