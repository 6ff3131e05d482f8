#include "checkpoint/pickle_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

void vrn_pickle_describe(const vrn_pickle_value *value, char *text, size_t capacity)
{
    static const char *const names[] = {
        [VRN_PICKLE_UNSET] = "nothing",    [VRN_PICKLE_NONE] = "None",
        [VRN_PICKLE_BOOL] = "a bool",      [VRN_PICKLE_INT] = "the number ",
        [VRN_PICKLE_FLOAT] = "a number",   [VRN_PICKLE_TEXT] = "the string ",
        [VRN_PICKLE_BYTES] = "bytes",      [VRN_PICKLE_TUPLE] = "a tuple",
        [VRN_PICKLE_LIST] = "a list",      [VRN_PICKLE_DICT] = "a dictionary",
        [VRN_PICKLE_GLOBAL] = "the name ", [VRN_PICKLE_STORAGE] = "a storage",
        [VRN_PICKLE_TENSOR] = "a tensor",  [VRN_PICKLE_OPAQUE] = "an object of ",
    };
    const char *name = names[value->kind];
    if (value->kind == VRN_PICKLE_INT) {
        snprintf(text, capacity, "%s%" PRId64, name, value->as.integer);
    } else if (value->kind == VRN_PICKLE_TEXT) {
        snprintf(text, capacity, "%s'%.*s'", name, (int)vrn_min_u32(value->length, 60),
                 value->as.text);
    } else if (value->kind == VRN_PICKLE_GLOBAL || value->kind == VRN_PICKLE_OPAQUE) {
        const vrn_pickle_global *global = value->as.global;
        snprintf(text, capacity, "%s%.*s.%.*s", name, (int)vrn_min_u64(global->module_length, 60),
                 global->module, (int)vrn_min_u64(global->name_length, 60), global->name);
    } else if (value->kind == VRN_PICKLE_TUPLE || value->kind == VRN_PICKLE_LIST) {
        const size_t count =
            value->kind == VRN_PICKLE_TUPLE ? value->length : value->as.container->count;
        snprintf(text, capacity, count ? "%s of %zu value%s" : "%s without values", name, count,
                 count == 1 ? "" : "s");
    } else {
        snprintf(text, capacity, "%s", name);
    }
}

void vrn_pickle_fail(vrn_pickle_context *context, const char *expected, const char *found)
{
    if (context->result != VRN_OK) return;
    context->result = vrn_source_fail(context->source, "%s: at byte %zu: expected %s, found %s",
                                      context->what, context->position, expected, found);
}

vrn_pickle_value vrn_pickle_refuse(vrn_pickle_context *context, const char *expected,
                                   const vrn_pickle_value *found)
{
    char text[160];
    vrn_pickle_describe(found, text, sizeof text);
    vrn_pickle_fail(context, expected, text);
    return (vrn_pickle_value){.kind = VRN_PICKLE_NONE};
}

static void *checked(vrn_pickle_context *context, void *memory)
{
    if (!memory && context->result == VRN_OK) {
        context->result =
            vrn_arena_fail(context->arena, context->source->name, context->source->log);
    }
    return memory;
}

void *vrn_pickle_alloc(vrn_pickle_context *context, size_t count, size_t size)
{
    return checked(context, vrn_arena_alloc(context->arena, count, size));
}

void *vrn_pickle_grow(vrn_pickle_context *context, void *array, size_t *capacity, size_t needed,
                      size_t size)
{
    return checked(context, vrn_arena_grow(context->arena, array, capacity, needed, size));
}

vrn_pickle_value vrn_pickle_container(vrn_pickle_context *context, vrn_pickle_kind kind)
{
    vrn_pickle_items *items = vrn_pickle_alloc(context, 1, sizeof *items);
    return (vrn_pickle_value){.kind = items ? kind : VRN_PICKLE_NONE, .as.container = items};
}

void vrn_pickle_append(vrn_pickle_context *context, vrn_pickle_items *items,
                       const vrn_pickle_value *values, size_t count)
{
    if (count == 0) return;
    vrn_pickle_value *grown = vrn_pickle_grow(context, items->values, &items->capacity,
                                              items->count + count, sizeof *values);
    if (!grown) return;
    items->values = grown;
    memcpy(items->values + items->count, values, count * sizeof *values);
    items->count += count;
}

const vrn_pickle_value *vrn_pickle_attributes(const vrn_pickle_value *object)
{
    if (object->kind != VRN_PICKLE_OPAQUE || !object->as.global->state) return NULL;
    const vrn_pickle_value *state = object->as.global->state;
    return state->kind == VRN_PICKLE_DICT ? state : NULL;
}

const vrn_pickle_value *vrn_pickle_lookup(const vrn_pickle_value *dict, const char *key)
{
    const vrn_pickle_value *found = NULL;
    if (dict->kind != VRN_PICKLE_DICT) return NULL;
    for (size_t i = 0; i < dict->as.container->count; i += 2) {
        const vrn_pickle_value *candidate = &dict->as.container->values[i];
        if (candidate->kind == VRN_PICKLE_TEXT &&
            vrn_equals_text(candidate->as.text, candidate->length, key)) {
            found = candidate + 1; /* a later one replaces an earlier one */
        }
    }
    return found;
}
