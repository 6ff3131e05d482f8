#include "checkpoint/class_names.h"

#include <stdio.h>
#include <string.h>

#include "base/class_list.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/util.h"

enum { BYTES_MAX = 1 << 24, NAME_MAX_BYTES = 1 << 12, MEMORY_MULTIPLE = 4 };

/* The places of lists: in the dictionary of the first key, and there in that of the second. */
static const char *const places[][2] = {
    {NULL, NULL},      {"meta", NULL},   {"meta", "dataset_meta"}, {"hyper_parameters", NULL},
    {"hparams", NULL}, {"config", NULL},
};

static const vrn_pickle_value *step(const vrn_pickle_value *dict, const char *key)
{
    if (!key || !dict) return dict;
    const vrn_pickle_value *value = vrn_pickle_lookup(dict, key);
    return value && value->kind == VRN_PICKLE_DICT ? value : NULL;
}

typedef struct collector {
    vrn_class_list list;
    vrn_arena arena;
    char message[VRN_CLASS_LIST_MESSAGE];
} collector;

static bool refuse(collector *c, const char *text)
{
    snprintf(c->message, sizeof c->message, "%s", text);
    return false;
}

static bool enter(collector *c, int64_t index, const vrn_pickle_value *name)
{
    if (index < 0) return refuse(c, "a class has a negative number");
    if (name->length > NAME_MAX_BYTES) return refuse(c, "a name is too long");
    if (!vrn_utf8_valid(name->as.text, name->length)) return refuse(c, "a name is not UTF-8");
    const char *copy = vrn_arena_text(&c->arena, name->as.text, name->length);
    return vrn_class_list_set(&c->list, &c->arena, (uint64_t)index, copy, c->message);
}

/* A class's number, which JSON makes a text of. */
static bool number_of(const vrn_pickle_value *value, int64_t *number)
{
    uint64_t parsed = 0;
    if (value->kind == VRN_PICKLE_INT) {
        *number = value->as.integer;
        return true;
    }
    if (value->kind != VRN_PICKLE_TEXT ||
        !vrn_parse_number(value->as.text, value->length, INT64_MAX, &parsed)) {
        return false;
    }
    *number = (int64_t)parsed;
    return true;
}

static bool enter_pair(collector *c, const vrn_pickle_value *key, const vrn_pickle_value *value)
{
    int64_t index;
    if (key->kind == VRN_PICKLE_TEXT && value->kind == VRN_PICKLE_INT) {
        return enter(c, value->as.integer, key);
    }
    if (value->kind == VRN_PICKLE_TEXT && number_of(key, &index)) return enter(c, index, value);
    return refuse(c, "expected pairs of a name and a number");
}

static bool collect(collector *c, const vrn_pickle_value *value)
{
    if (value->kind == VRN_PICKLE_DICT) {
        const vrn_pickle_items *items = value->as.container;
        for (size_t i = 0; i + 1 < items->count; i += 2) {
            if (!enter_pair(c, &items->values[i], &items->values[i + 1])) return false;
        }
        return vrn_class_list_complete(&c->list, c->message);
    }
    const bool tuple = value->kind == VRN_PICKLE_TUPLE;
    const vrn_pickle_value *values = tuple ? value->as.items : value->as.container->values;
    const size_t count = tuple ? value->length : value->as.container->count;
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind != VRN_PICKLE_TEXT)
            return refuse(c, "expected only strings in the list");
        if (!enter(c, (int64_t)i, &values[i])) return false;
    }
    return vrn_class_list_complete(&c->list, c->message);
}

static vrn_result add(vrn_tensor_list *list, const vrn_source *source, const vrn_class_list *names)
{
    size_t bytes = 0;
    for (size_t i = 0; i < names->count; i++) bytes += strlen(names->names[i]) + 1;
    if (bytes > BYTES_MAX) return VRN_OK;
    char *text = vrn_arena_alloc(&list->arena, bytes, 1), *at = text;
    if (!text) return vrn_arena_fail(&list->arena, source->name, source->log);
    for (size_t i = 0; i < names->count; i++) {
        const size_t length = strlen(names->names[i]);
        memcpy(at, names->names[i], length);
        at += length;
        *at++ = i + 1 < names->count ? '\n' : 0;
    }
    return vrn_tensor_list_add_metadata(list, source, "file.classes", text);
}

/* Takes a value for the classes' list, if it is one. */
static bool take(vrn_tensor_list *list, const vrn_source *source, const char *key,
                 const vrn_pickle_value *value, vrn_result *result)
{
    if (!value || (value->kind != VRN_PICKLE_DICT && value->kind != VRN_PICKLE_LIST &&
                   value->kind != VRN_PICKLE_TUPLE)) {
        return false;
    }
    collector c = {0};
    vrn_arena_init(&c.arena, source->size, MEMORY_MULTIPLE);
    const bool good = collect(&c, value);
    if (good) {
        *result = add(list, source, &c.list);
    } else {
        vrn_log_write(source->log, VRN_LOG_WARNING, "%s: %s: not used as class names: %s",
                      source->name, key, c.message);
    }
    vrn_arena_free(&c.arena);
    return good;
}

vrn_result vrn_class_names_read(vrn_tensor_list *list, const vrn_source *source,
                                const vrn_pickle_value *top)
{
    vrn_result result = VRN_OK;
    for (size_t i = 0; i < VRN_COUNT(places); i++) {
        const vrn_pickle_value *dict = step(step(top, places[i][0]), places[i][1]);
        if (!dict) continue;
        const char *key;
        for (size_t k = 0; (key = vrn_class_list_key(k)) != NULL; k++) {
            if (take(list, source, key, vrn_pickle_lookup(dict, key), &result)) return result;
        }
    }
    return result;
}
