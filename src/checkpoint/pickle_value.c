#include "checkpoint/pickle_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

void vrn_pickle_describe(const vrn_pickle_value *value, char *text, size_t capacity)
{
    static const char *const names[] = {
        [VRN_PICKLE_UNSET] = "nothing",      [VRN_PICKLE_NONE] = "None",
        [VRN_PICKLE_BOOL] = "a truth value", [VRN_PICKLE_INT] = "the number ",
        [VRN_PICKLE_FLOAT] = "a number",     [VRN_PICKLE_TEXT] = "the text ",
        [VRN_PICKLE_BYTES] = "bytes",        [VRN_PICKLE_TUPLE] = "a tuple",
        [VRN_PICKLE_LIST] = "a list",        [VRN_PICKLE_DICT] = "a dictionary",
        [VRN_PICKLE_GLOBAL] = "the name ",   [VRN_PICKLE_STORAGE] = "a storage",
        [VRN_PICKLE_TENSOR] = "a tensor",    [VRN_PICKLE_OPAQUE] = "an object of ",
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
    } else {
        snprintf(text, capacity, "%s", name);
    }
}

vrn_result vrn_pickle_fail(const vrn_pickle_context *context, const char *expected,
                           const char *found)
{
    return vrn_source_fail(context->source, "%s: at byte %zu: expected %s, found %s", context->what,
                           context->position, expected, found);
}

vrn_result vrn_pickle_fail_value(const vrn_pickle_context *context, const char *expected,
                                 const vrn_pickle_value *found)
{
    char text[160];
    vrn_pickle_describe(found, text, sizeof text);
    return vrn_pickle_fail(context, expected, text);
}

vrn_result vrn_pickle_fail_memory(const vrn_pickle_context *context)
{
    return vrn_arena_fail(context->arena, context->source->name, context->source->log);
}

vrn_result vrn_pickle_container(const vrn_pickle_context *context, vrn_pickle_kind kind,
                                vrn_pickle_value *value)
{
    *value = (vrn_pickle_value){.kind = kind};
    value->as.container = vrn_arena_alloc(context->arena, 1, sizeof *value->as.container);
    return value->as.container ? VRN_OK : vrn_pickle_fail_memory(context);
}

vrn_result vrn_pickle_append(const vrn_pickle_context *context, vrn_pickle_items *items,
                             const vrn_pickle_value *values, size_t count)
{
    if (count == 0) return VRN_OK;
    vrn_pickle_value *grown = vrn_arena_grow(context->arena, items->values, &items->capacity,
                                             items->count + count, sizeof *values);
    if (!grown) return vrn_pickle_fail_memory(context);
    items->values = grown;
    memcpy(items->values + items->count, values, count * sizeof *values);
    items->count += count;
    return VRN_OK;
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
