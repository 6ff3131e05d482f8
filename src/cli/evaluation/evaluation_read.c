#include "cli/evaluation/evaluation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "cli/system/report.h"

enum { REASON_BYTES = 160 };

static const uint64_t count_max = UINT64_C(1) << 53; /* so that sums of parts cannot overflow */

typedef struct line_reader {
    vrn_json json;
    vrn_arena arena; /* holds texts until they are copied */
    cli_evaluation evaluation;
    uint64_t classes, name_count, shard, shards;
    char *reason; /* [REASON_BYTES] */
} line_reader;

typedef enum entry_kind {
    ENTRY_TEXT,
    ENTRY_COUNT,
    ENTRY_NUMBER,
    ENTRY_NAMES,
    ENTRY_CONFIDENCE,
    ENTRY_CONFUSION,
} entry_kind;

typedef struct entry {
    const char *name;
    entry_kind kind;
    bool optional;
    size_t offset; /* in line_reader */
} entry;

#define READER(field) offsetof(line_reader, field)

static const entry entries[] = {
    {"images", ENTRY_COUNT, false, READER(evaluation.images)},
    {"top1_count", ENTRY_COUNT, false, READER(evaluation.top1)},
    {"top5_count", ENTRY_COUNT, false, READER(evaluation.top5)},
    {"images_per_s", ENTRY_NUMBER, false, READER(evaluation.images_per_s)},
    {"model", ENTRY_TEXT, false, READER(evaluation.model)},
    {"device", ENTRY_TEXT, false, READER(evaluation.device)},
    {"weights", ENTRY_TEXT, false, READER(evaluation.weights)},
    {"precision", ENTRY_TEXT, false, READER(evaluation.precision)},
    {"transform", ENTRY_TEXT, false, READER(evaluation.transform)},
    {"unreadable", ENTRY_COUNT, false, READER(evaluation.unreadable)},
    {"total", ENTRY_COUNT, false, READER(evaluation.total)},
    {"shard", ENTRY_COUNT, true, READER(shard)},
    {"shards", ENTRY_COUNT, true, READER(shards)},
    {"num_classes", ENTRY_COUNT, false, READER(classes)},
    {"classes", ENTRY_NAMES, true, 0},
    {"confidence", ENTRY_CONFIDENCE, false, 0},
    {"confusion", ENTRY_CONFUSION, false, 0},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

VRN_PRINTF(2, 3) static bool refuse(line_reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->reason, REASON_BYTES, format, args);
    va_end(args);
    return false;
}

static bool read_count(line_reader *reader, uint64_t *count)
{
    return vrn_json_unsigned(&reader->json, count) && *count <= count_max;
}

static bool read_string(line_reader *reader, char **text)
{
    char *found;
    *text = vrn_json_string(&reader->json, &reader->arena, &found) && found ? cli_copy_text(found)
                                                                            : NULL;
    return *text;
}

static bool read_names(line_reader *reader)
{
    vrn_json *json = &reader->json;
    size_t capacity = 0;
    if (!vrn_json_take(json, '[') || vrn_json_take(json, ']')) return false;
    do {
        char ***names = &reader->evaluation.names;
        if (!cli_grow(names, (size_t)reader->name_count, &capacity, sizeof **names) ||
            !read_string(reader, &(*names)[reader->name_count])) {
            return false;
        }
        reader->name_count++;
    } while (vrn_json_take(json, ','));
    return vrn_json_take(json, ']');
}

static bool read_confidence(line_reader *reader)
{
    vrn_json *json = &reader->json;
    for (int i = 0; i < CLI_EVALUATION_BINS; i++) {
        cli_confidence *bin = &reader->evaluation.confidence[i];
        if (!vrn_json_take(json, i == 0 ? '[' : ',') || !vrn_json_take(json, '[') ||
            !read_count(reader, &bin->images) || !vrn_json_take(json, ',') ||
            !read_count(reader, &bin->right) || !vrn_json_take(json, ',') ||
            !vrn_json_number(json, &bin->sum) || !vrn_json_take(json, ']')) {
            return false;
        }
    }
    return vrn_json_take(json, ']');
}

static bool read_pair(line_reader *reader)
{
    vrn_json *json = &reader->json;
    uint64_t label, predicted = CLI_NO_CLASS, count;
    return vrn_json_take(json, '[') && vrn_json_unsigned(json, &label) && label < CLI_NO_CLASS &&
           vrn_json_take(json, ',') &&
           (vrn_json_word(json, "null") ||
            (vrn_json_unsigned(json, &predicted) && predicted < CLI_NO_CLASS)) &&
           vrn_json_take(json, ',') && read_count(reader, &count) && count > 0 &&
           vrn_json_take(json, ']') &&
           cli_confusion_add(&reader->evaluation.confusion, (uint32_t)label, (uint32_t)predicted,
                             count);
}

static bool read_confusion(line_reader *reader)
{
    if (!vrn_json_take(&reader->json, '[')) return false;
    if (vrn_json_take(&reader->json, ']')) return true;
    do {
        if (!read_pair(reader)) return false;
    } while (vrn_json_take(&reader->json, ','));
    return vrn_json_take(&reader->json, ']');
}

static bool read_entry(line_reader *reader, const entry *row)
{
    void *field = (char *)reader + row->offset;
    switch (row->kind) {
    case ENTRY_TEXT: return read_string(reader, field);
    case ENTRY_COUNT: return read_count(reader, field);
    case ENTRY_NUMBER: return vrn_json_number(&reader->json, field);
    case ENTRY_NAMES: return read_names(reader);
    case ENTRY_CONFIDENCE: return read_confidence(reader);
    case ENTRY_CONFUSION: return read_confusion(reader);
    }
    return false;
}

/* Reads one key and its value. *seen has a bit for each entry. */
static bool read_member(line_reader *reader, uint32_t *seen)
{
    char *key;
    int which = 0;
    if (!vrn_json_string(&reader->json, &reader->arena, &key) || !key ||
        !vrn_json_take(&reader->json, ':')) {
        return refuse(reader, "not an object like those that eval --json prints");
    }
    while (which < ENTRIES && strcmp(entries[which].name, key) != 0) which++;
    if (which == ENTRIES) return vrn_json_skip(&reader->json);
    const char *name = entries[which].name;
    if (*seen >> which & 1) return refuse(reader, "\"%s\" is given twice", name);
    *seen |= UINT32_C(1) << which;
    return read_entry(reader, &entries[which]) ||
           refuse(reader, "\"%s\" does not have a value that eval writes", name);
}

static bool read_object(line_reader *reader)
{
    uint32_t seen = 0;
    if (!vrn_json_take(&reader->json, '{'))
        return refuse(reader, "not an object like those that eval --json prints");
    if (!vrn_json_take(&reader->json, '}')) {
        do {
            if (!read_member(reader, &seen)) return false;
        } while (vrn_json_take(&reader->json, ','));
    }
    for (int i = 0; i < ENTRIES; i++) {
        if (!entries[i].optional && !(seen >> i & 1)) {
            return refuse(reader, "not a line of eval --json: \"%s\" is missing", entries[i].name);
        }
    }
    return true;
}

/* Adds to a sum, which must not exceed a limit. */
static bool add_within(uint64_t *sum, uint64_t count, uint64_t limit)
{
    if (count > limit - *sum) return false;
    *sum += count;
    return true;
}

static bool check_confusion(line_reader *reader)
{
    cli_evaluation *evaluation = &reader->evaluation;
    uint64_t images = 0, right = 0;
    for (size_t i = 0; i < evaluation->confusion.count; i++) {
        const cli_confusion_pair *pair = &evaluation->confusion.pairs[i];
        bool known = pair->label < evaluation->classes &&
                     (pair->predicted == CLI_NO_CLASS || pair->predicted < evaluation->classes);
        if (!known || !add_within(&images, pair->count, evaluation->images)) {
            return refuse(reader, "its confusion matrix has more classes or images than it states");
        }
        if (pair->label == pair->predicted) right += pair->count;
    }
    cli_confusion_settle(&evaluation->confusion);
    if (images != evaluation->images || right != evaluation->top1) {
        return refuse(reader, "its confusion matrix does not match its counts");
    }
    return true;
}

static bool check(line_reader *reader)
{
    cli_evaluation *evaluation = &reader->evaluation;
    if (reader->classes == 0 || reader->classes > CLI_EVALUATION_MOST_CLASSES ||
        (evaluation->names && reader->name_count != reader->classes)) {
        return refuse(reader, "its number of classes is impossible");
    }
    evaluation->classes = (uint32_t)reader->classes;
    if (reader->shards == 0) reader->shards = 1;
    if (reader->shards > CLI_SHARD_MOST || reader->shard >= reader->shards) {
        return refuse(reader, "there is no part %llu of %llu", (unsigned long long)reader->shard,
                      (unsigned long long)reader->shards);
    }
    evaluation->shard = (cli_shard){(uint32_t)reader->shard, (uint32_t)reader->shards};
    if (evaluation->images + evaluation->unreadable !=
        cli_shard_size(&evaluation->shard, (size_t)evaluation->total)) {
        return refuse(reader, "its number of images does not match its part of %llu images",
                      (unsigned long long)evaluation->total);
    }
    if (evaluation->top5 < evaluation->top1 || evaluation->top5 > evaluation->images ||
        evaluation->images_per_s < 0) {
        return refuse(reader, "its counts contradict each other");
    }
    uint64_t images = 0;
    for (int i = 0; i < CLI_EVALUATION_BINS; i++) {
        const cli_confidence *bin = &evaluation->confidence[i];
        if (bin->right > bin->images || !add_within(&images, bin->images, evaluation->images)) {
            return refuse(reader, "its confidence does not match its counts");
        }
    }
    return check_confusion(reader);
}

bool cli_evaluation_read(cli_evaluation *evaluation, const char *line, char reason[REASON_BYTES])
{
    *evaluation = (cli_evaluation){0};
    const size_t size = strlen(line);
    line_reader reader = {.json = {.text = line, .size = size}, .reason = reason};
    vrn_json whole = reader.json;
    reason[0] = 0;
    if (!vrn_json_skip(&whole) || !vrn_json_at_end(&whole)) return false;
    snprintf(reason, REASON_BYTES, "it cannot be read");
    vrn_arena_init(&reader.arena, size, 8);
    const bool good = read_object(&reader) && check(&reader);
    vrn_arena_free(&reader.arena);
    if (good) {
        *evaluation = reader.evaluation;
        return true;
    }
    /* The number of names may differ from the number of classes. */
    reader.evaluation.classes = (uint32_t)reader.name_count;
    cli_evaluation_free(&reader.evaluation);
    return false;
}
