#include "cli/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/system/os.h"
#include "cli/system/report.h"

enum { BAR_COLUMNS = 32, EIGHTHS = 8, OTHER_COLUMNS = 40 };

static int compare_scores(const void *a, const void *b)
{
    const cli_score *x = a, *y = b;
    int x_nan = isnan(x->value) != 0, y_nan = isnan(y->value) != 0;
    if (x_nan != y_nan) return x_nan - y_nan;
    if (!x_nan && x->value != y->value) return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

void cli_rank(cli_score *scores, const float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) scores[i] = (cli_score){values[i], i};
    qsort(scores, count, sizeof *scores, compare_scores);
}

uint32_t cli_count_shown(const cli_model *model, const cli_score *scores, uint32_t top)
{
    uint32_t count = 0;
    while (count < top && !(scores[count].value < model->info.threshold)) count++;
    return model->info.threshold > 0 ? count : top;
}

bool cli_check_outputs(const char *path, const float *outputs, size_t count)
{
    size_t finite = 0;
    while (finite < count && isfinite(outputs[finite])) finite++;
    return finite == count ||
           cli_error("%s: not all of the network's results for this image are finite numbers",
                     path);
}

void cli_answer_write_class(cli_json *json, const cli_model *model, cli_score score)
{
    char buffer[32];
    cli_json_write(json, "{index: %u, label: %s", score.index,
                   cli_model_label(model, score.index, buffer));
    if (model->info.probabilities == VRN_PROBABILITIES_LOGITS) {
        cli_json_write(json, "logit: %g}", (double)score.value);
    } else {
        cli_json_write(json, "probability: %g}", (double)score.value);
    }
}

void cli_answer_write(cli_json *json, const cli_model *model, const char *path,
                      const cli_score *scores, uint32_t count)
{
    cli_json_write(json, "file: %s, model: %s, top: [", path, model->info.name);
    for (uint32_t i = 0; i < count; i++) cli_answer_write_class(json, model, scores[i]);
    cli_json_write(json, "]");
}

static void print_json(const cli_model *model, const char *path, const cli_score *scores,
                       uint32_t count)
{
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{");
    cli_answer_write(&json, model, path, scores, count);
    cli_json_write(&json, "}\n");
}

/* Prints "ship.png ship 0.9931 airplane 0.0042", separated by tabs. A tab or a line feed in a name
 * becomes '?'. */
static void print_line(const cli_model *model, const char *path, const cli_score *scores,
                       uint32_t count)
{
    cli_print_name(path);
    for (uint32_t i = 0; i < count; i++) {
        char buffer[32];
        putchar('\t');
        cli_print_name(cli_model_label(model, scores[i].index, buffer));
        printf("\t%.4f", (double)scores[i].value);
    }
    putchar('\n');
}

/* Prints a bar over the part `value` of `columns`, in steps of an eighth of a column if the
 * terminal has such characters. */
static void print_bar(double value, uint32_t columns, bool utf8)
{
    static const char *const parts[EIGHTHS] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint32_t eighths = (uint32_t)lround(value * columns * (double)EIGHTHS);
    uint32_t used = eighths / EIGHTHS;
    if (!utf8) {
        used = (uint32_t)lround(value * columns);
        for (uint32_t i = 0; i < columns; i++) putchar(i < used ? '#' : ' ');
        return;
    }
    for (uint32_t i = 0; i < used; i++) fputs("█", stdout);
    if (eighths % EIGHTHS > 0) {
        fputs(parts[eighths % EIGHTHS], stdout);
        used++;
    }
    for (uint32_t i = used; i < columns; i++) putchar(' ');
}

static void print_table(const cli_model *model, const char *path, const cli_score *scores,
                        uint32_t count)
{
    const uint32_t known = cli_terminal_width(stdout), width = known ? known : 80;
    uint32_t columns = width > OTHER_COLUMNS ? width - OTHER_COLUMNS : 0;
    bool utf8 = cli_text_is_utf8();
    if (columns > BAR_COLUMNS) columns = BAR_COLUMNS;
    cli_print_name(path);
    putchar('\n');
    for (uint32_t i = 0; i < count; i++) {
        char buffer[32];
        double value = isfinite(scores[i].value) ? (double)scores[i].value : 0;
        if (model->info.probabilities == VRN_PROBABILITIES_LOGITS) {
            printf("  %8.4f", value);
        } else {
            printf("  %6.2f %%  ", value * 100);
            print_bar(value, columns, utf8);
        }
        printf("  %4u  ", scores[i].index);
        cli_print_name(cli_model_label(model, scores[i].index, buffer));
        putchar('\n');
    }
}

void cli_answer_print(cli_answer_form form, const cli_model *model, const char *path,
                      const cli_score *scores, uint32_t count)
{
    switch (form) {
    case CLI_ANSWER_TABLE: print_table(model, path, scores, count); break;
    case CLI_ANSWER_LINE: print_line(model, path, scores, count); break;
    case CLI_ANSWER_JSON: print_json(model, path, scores, count); break;
    }
}
