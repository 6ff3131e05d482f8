#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/evaluation/evaluation.h"
#include "cli/pages/page.h"
#include "cli/shard.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { MISSING_SHOWN = 16 };

typedef struct merge_part {
    cli_evaluation evaluation;
    const char *file; /* from the command line */
    size_t line;
} merge_part;

typedef struct merge_parts {
    merge_part **items; /* [count], by shard; NULL: not read yet */
    merge_part *first;  /* the first part read; it owns the class names */
    uint32_t count, found;
} merge_parts;

/* ---- Reading --------------------------------------------------------------------------------- */

/* Keeps the class names only once. Returns whether they are equal. */
static bool share_names(const cli_evaluation *first, cli_evaluation *part)
{
    bool same = !first->names == !part->names;
    for (uint32_t i = 0; part->names && i < part->classes; i++) {
        same = same && strcmp(first->names[i], part->names[i]) == 0;
        free(part->names[i]);
    }
    free(part->names);
    part->names = NULL;
    return same;
}

/* True if two parts can belong to one whole. */
static bool fits(const merge_part *first, merge_part *part)
{
    const cli_evaluation *a = &first->evaluation;
    cli_evaluation *b = &part->evaluation;
    const struct {
        const char *name, *a, *b;
    } texts[] = {
        {"model", a->model, b->model},
        {"weights", a->weights, b->weights},
        {"precision", a->precision, b->precision},
        {"transform", a->transform, b->transform},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strcmp(texts[i].a, texts[i].b) == 0) continue;
        return cli_error("%s:%zu: its %s is %s, but that of %s:%zu is %s", part->file, part->line,
                         texts[i].name, texts[i].b, first->file, first->line, texts[i].a);
    }
    if (a->shard.count != b->shard.count || a->total != b->total) {
        return cli_error("%s:%zu: this is one of %u parts of a set of %llu images, but %s:%zu is "
                         "one of %u parts "
                         "of a set of %llu images",
                         part->file, part->line, b->shard.count, (unsigned long long)b->total,
                         first->file, first->line, a->shard.count, (unsigned long long)a->total);
    }
    const bool same = a->classes == b->classes && share_names(a, b);
    if (!same) {
        cli_error("%s:%zu: its classes differ from those of %s:%zu", part->file, part->line,
                  first->file, first->line);
    }
    return same;
}

/* Checks that a repeated shard has the same counts. */
static bool repeats(const merge_part *other, const merge_part *part)
{
    const cli_shard *shard = &part->evaluation.shard;
    const cli_evaluation *a = &other->evaluation, *b = &part->evaluation;
    const cli_confusion_pair *pairs = a->confusion.pairs, *others = b->confusion.pairs;
    const size_t count = a->confusion.count;
    bool same = a->images == b->images && a->unreadable == b->unreadable && a->top5 == b->top5 &&
                count == b->confusion.count &&
                (count == 0 || memcmp(pairs, others, count * sizeof *pairs) == 0);
    if (same) {
        cli_note("%s:%zu: part %u/%u is also at %s:%zu, with the same counts: counted once",
                 part->file, part->line, shard->index, shard->count, other->file, other->line);
    } else {
        cli_error("%s:%zu: part %u/%u is also at %s:%zu, with different counts: leave one of them "
                  "out",
                  part->file, part->line, shard->index, shard->count, other->file, other->line);
    }
    return same;
}

/* Takes ownership of a part. The first one tells how many there are. */
static bool add_part(merge_parts *parts, merge_part *part)
{
    const cli_shard *shard = &part->evaluation.shard;
    if (!parts->items) {
        parts->items = cli_alloc(shard->count, sizeof *parts->items);
        parts->count = parts->items ? shard->count : 0;
    }
    bool good = parts->items && (!parts->first || fits(parts->first, part));
    merge_part **place = good ? &parts->items[shard->index] : NULL;
    if (good && !*place) {
        *place = cli_alloc(1, sizeof **place);
        good = *place;
        if (good) {
            **place = *part;
            if (!parts->first) parts->first = *place;
            parts->found++;
            return true;
        }
    }
    good = good && repeats(*place, part);
    cli_evaluation_free(&part->evaluation);
    return good;
}

/* Finds where a complete line may begin after one that was cut off without a line feed, as happens
 * in files that are appended to; NULL: nowhere. */
static const char *find_next_object(const char *line)
{
    static const char begin[] = "{\"images\"";
    const char *last = NULL;
    for (const char *at = line + 1; *at && (at = strstr(at, begin)); at++) last = at;
    return last;
}

/* Reads a line. Reports only the first damaged line, and counts them in *damaged. */
static bool read_line(merge_parts *parts, const char *file, size_t number, const char *line,
                      size_t *damaged)
{
    char reason[160];
    merge_part part = {.file = file, .line = number};
    bool good = cli_evaluation_read(&part.evaluation, line, reason);
    if (!good && !*reason) {
        if (++*damaged == 1) {
            cli_note("%s:%zu: cut off or damaged: ignored", file, number);
        }
        line = find_next_object(line);
        if (!line) return true;
        good = cli_evaluation_read(&part.evaluation, line, reason);
    }
    if (good) return add_part(parts, &part);
    return !*reason || cli_error("%s:%zu: %s", file, number, reason);
}

/* Reads the lines of a text, in place, up to the first error. */
static bool read_lines(merge_parts *parts, const char *file, char *text)
{
    bool good = true;
    size_t damaged = 0;
    for (size_t number = 1; *text && good; number++) {
        size_t length = strcspn(text, "\n");
        char *next = text + length + (text[length] == '\n');
        text[length] = 0;
        if (strspn(text, " \t\r") < length) {
            good = read_line(parts, file, number, text, &damaged);
        }
        text = next;
    }
    if (damaged > 1)
        cli_note("%s: in all, %zu lines are cut off or damaged: ignored", file, damaged);
    return good;
}

static bool read_file(merge_parts *parts, const char *path)
{
    const bool is_input = strcmp(path, "-") == 0;
    uint64_t size;
    FILE *stream = is_input ? stdin : cli_open_file(path, &size);
    const char *name = is_input ? "standard input" : path;
    char *text = stream ? cli_read_text(stream, name) : NULL;
    bool good = text && read_lines(parts, name, text);
    free(text);
    if (stream && !is_input) fclose(stream);
    return good;
}

/* ---- Merging --------------------------------------------------------------------------------- */

/* Reports which parts are missing, in the form of --shard. */
static bool is_complete(const merge_parts *parts)
{
    uint32_t count = parts->count, missing = count - parts->found, shown = 0;
    if (missing == 0) return true;
    char list[MISSING_SHOWN * 20 + 32] = "";
    for (uint32_t i = 0; i < count && shown < MISSING_SHOWN; i++) {
        if (parts->items[i]) continue;
        vrn_append(list, sizeof list, "%s%u/%u", shown ? ", " : "", i, count);
        shown++;
    }
    if (missing > shown) vrn_append(list, sizeof list, " and %u more", missing - shown);
    return cli_error("%u of %u parts %s missing: %s", missing, count, missing == 1 ? "is" : "are",
                     list);
}

/* Adds all parts to the first one, in the order of shards. */
static bool sum_parts(merge_parts *parts)
{
    char **names = parts->first->evaluation.names;
    parts->first->evaluation.names = NULL;
    cli_evaluation *whole = &parts->items[0]->evaluation;
    whole->names = names;
    whole->shard = (cli_shard){.count = 1};
    bool good = true;
    for (uint32_t i = 1; i < parts->count && good; i++) {
        good = cli_evaluation_sum(whole, &parts->items[i]->evaluation);
    }
    cli_confusion_settle(&whole->confusion);
    return good;
}

static bool run(const cli_options *options)
{
    merge_parts parts = {0};
    cli_file page = {0};
    bool good = !options->report || cli_evaluation_page_begin(&page, options->report);
    if (options->argument_count == 0) good = good && read_file(&parts, "-");
    for (uint32_t i = 0; i < options->argument_count; i++) {
        good = good && read_file(&parts, options->arguments[i]);
    }
    if (good && !parts.first) good = cli_error("expected lines of eval --json, found none");
    good = good && is_complete(&parts) && sum_parts(&parts);
    if (good) {
        const cli_evaluation *whole = &parts.items[0]->evaluation;
        good = cli_evaluation_print(whole, options->json);
        cli_evaluation_page_write(good ? page.stream : NULL,
                                  &(cli_evaluation_page){.evaluation = whole, .options = options});
    }
    good = cli_file_end(&page, good) && good;
    for (uint32_t i = 0; i < parts.count; i++) {
        if (parts.items[i]) cli_evaluation_free(&parts.items[i]->evaluation);
        free(parts.items[i]);
    }
    free(parts.items);
    return good;
}

const cli_command cli_merge = {
    .name = "merge",
    .summary = "combine the results of eval's shards",
    .usage = "[OPTION]... [FILE]...",
    .details = "Reads lines that eval --shard I/N --json printed, any number of them in a file,\n"
               "and prints what one eval of all images would print. Without a file, or with -,\n"
               "it reads standard input. images/s is the sum over the shards.\n"
               "\n"
               "All shards must be there, with the same model, precision, transform and number\n"
               "of images; missing ones are listed in the form that --shard takes. A shard that\n"
               "ran twice with the same counts is counted once. A line that was cut off, for\n"
               "example because a run was stopped, is ignored.",
    .examples = "  vkresnet merge part-*.jsonl\n"
                "  vkresnet merge --json part-*.jsonl > whole.json\n"
                "  vkresnet merge --report report part-*.jsonl\n",
    .options = CLI_BIT(REPORT) | CLI_BIT(JSON) | CLI_BIT(QUIET) | CLI_BIT(HELP),
    .most = UINT32_MAX,
    .arguments = "files",
    .run = run,
};
