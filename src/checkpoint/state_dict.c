#include "checkpoint/state_dict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"

/* Deeper nesting and longer names than any framework makes. */
enum { DEPTH_MAX = 16, NAME_CAPACITY = 1024 };

typedef struct walk {
    vrn_tensor_list *list;
    const vrn_source *source;
    vrn_storage_finder find;
    void *user;
    bool strict; /* inside a wrapper: everything should be a weight */
    /* entries that may still be visited: dictionaries can be shared, so that a few bytes could
     * spell out a walk without end */
    size_t steps;
    char name[NAME_CAPACITY];
    size_t length;
} walk;

static vrn_result fail_walk(const walk *w, const char *expected, const char *found)
{
    return vrn_source_fail(w->source, "%s: expected %s, found %s", w->name, expected, found);
}

/* Appends ".key" to the name; false where it becomes too long. Keys that are no names give "". */
static bool append_key(walk *w, const vrn_pickle_value *key)
{
    char number[24];
    const char *text = number;
    size_t length = 0;
    if (key->kind == VRN_PICKLE_TEXT) {
        text = key->as.text;
        length = key->length;
    } else if (key->kind == VRN_PICKLE_INT) {
        length = (size_t)snprintf(number, sizeof number, "%" PRId64, key->as.integer);
    }
    size_t dot = w->length ? 1 : 0;
    if (length >= NAME_CAPACITY - w->length - dot) return false;
    if (dot) w->name[w->length] = '.';
    memcpy(w->name + w->length + dot, text, length);
    w->length += dot + length;
    w->name[w->length] = 0;
    return true;
}

/* Whether every element lies in the storage: the last one is the farthest, as no stride is
 * negative. */
static bool inside_storage(const vrn_pickle_tensor *tensor)
{
    uint64_t available = tensor->storage->view_count, last = tensor->offset;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (tensor->shape[i] == 0) return tensor->offset <= available;
    }
    for (uint32_t i = 0; i < tensor->rank; i++) {
        uint64_t distance;
        if (!vrn_mul_u64(tensor->shape[i] - 1, tensor->stride[i], &distance)) return false;
        if (distance > UINT64_MAX - last) return false;
        last += distance;
    }
    return last < available;
}

static vrn_result add_weight(walk *w, const vrn_pickle_tensor *from)
{
    vrn_pickle_storage *storage = from->storage;
    if (!inside_storage(from)) {
        char found[80];
        snprintf(found, sizeof found, "a storage of %" PRIu64 " elements", storage->view_count);
        return fail_walk(w, "its elements to lie inside its storage", found);
    }
    if (!storage->data) {
        vrn_result result = w->find(w->user, storage, w->name);
        if (result != VRN_OK) return result;
    }
    vrn_tensor tensor = {.dtype = storage->dtype, .rank = from->rank};
    memcpy(tensor.shape, from->shape, sizeof tensor.shape);
    memcpy(tensor.stride, from->stride, sizeof tensor.stride);
    tensor.data = storage->data + (storage->view_offset + from->offset) * storage->element_size;
    return vrn_tensor_list_add(w->list, w->source, &tensor, storage->element_size * 8, w->name,
                               w->length);
}

static vrn_result walk_dict(walk *w, const vrn_pickle_value *dict, uint32_t depth);

/* NOLINTNEXTLINE(misc-no-recursion): see walk_dict */
static vrn_result walk_value(walk *w, const vrn_pickle_value *key, const vrn_pickle_value *value,
                             uint32_t depth)
{
    if (value->kind == VRN_PICKLE_TENSOR) return add_weight(w, value->as.tensor);
    if (value->kind == VRN_PICKLE_DICT) return walk_dict(w, value, depth + 1);
    bool dotted = key->kind == VRN_PICKLE_TEXT && memchr(key->as.text, '.', key->length);
    if (value->kind == VRN_PICKLE_OPAQUE && (w->strict || dotted)) {
        char found[160];
        vrn_pickle_describe(value, found, sizeof found);
        return fail_walk(w, "a tensor", found);
    }
    return VRN_OK;
}

/* Recurses DEPTH_MAX deep at most. NOLINTNEXTLINE(misc-no-recursion) */
static vrn_result walk_dict(walk *w, const vrn_pickle_value *dict, uint32_t depth)
{
    if (depth > DEPTH_MAX) {
        return fail_walk(w, "tensors", "dictionaries that are nested too deep, or hold themselves");
    }
    const vrn_pickle_items *items = dict->as.container;
    size_t length = w->length;
    for (size_t i = 0; i < items->count; i += 2) {
        if (w->steps == 0)
            return fail_walk(w, "each dictionary once", "the same ones again and again");
        w->steps--;
        if (!append_key(w, &items->values[i])) {
            return fail_walk(w, "names of less than 1024 bytes", "a longer one below this");
        }
        vrn_result result = walk_value(w, &items->values[i], &items->values[i + 1], depth);
        if (result != VRN_OK) return result;
        w->length = length;
        w->name[length] = 0;
    }
    return VRN_OK;
}

static bool holds_tensor(const vrn_pickle_value *dict)
{
    for (size_t i = 1; i < dict->as.container->count; i += 2) {
        if (dict->as.container->values[i].kind == VRN_PICKLE_TENSOR) return true;
    }
    return false;
}

/* The wrapper's inner dictionary: the first that has tensors of its own, else the first at all. */
static const vrn_pickle_value *find_inner(const vrn_pickle_value *top)
{
    static const char *const names[] = {"state_dict", "model", "model_state_dict", "net"};
    const vrn_pickle_value *first = NULL;
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        const vrn_pickle_value *value = vrn_pickle_lookup(top, names[i]);
        if (!value || value->kind != VRN_PICKLE_DICT) continue;
        if (holds_tensor(value)) return value;
        if (!first) first = value;
    }
    return first;
}

/* Says what is in a dictionary without tensors. */
static vrn_result fail_empty(const vrn_source *source, const vrn_pickle_value *dict)
{
    const vrn_pickle_items *items = dict->as.container;
    char text[1024] = "", value[160];
    size_t shown = 0;
    for (size_t i = 0; i < items->count && shown < 4; i += 2) {
        const vrn_pickle_value *key = &items->values[i];
        if (key->kind != VRN_PICKLE_TEXT) continue;
        vrn_pickle_describe(&items->values[i + 1], value, sizeof value);
        vrn_append(text, sizeof text, "%s'%.*s': %s", shown++ ? ", " : "",
                   (int)vrn_min_u32(key->length, 60), key->as.text, value);
    }
    return vrn_source_fail(
        source,
        "expected a dictionary of tensors, as model.state_dict() gives, found one without: {%s%s}",
        text, items->count / 2 > shown ? ", .." : "");
}

vrn_result vrn_state_dict_read(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_pickle_value *top, vrn_storage_finder find, void *user)
{
    if (top->kind != VRN_PICKLE_DICT) {
        char found[160];
        vrn_pickle_describe(top, found, sizeof found);
        bool object = top->kind == VRN_PICKLE_OPAQUE;
        return vrn_source_fail(source, "expected a dictionary of tensors, found %s%s", found,
                               object ? ": save model.state_dict() instead of the model" : "");
    }
    const vrn_pickle_value *inner = find_inner(top);
    walk w = {.list = list,
              .source = source,
              .find = find,
              .user = user,
              .strict = inner != NULL,
              .steps = source->size};
    const vrn_pickle_value *chosen = inner ? inner : top;
    vrn_result result = walk_dict(&w, chosen, 0);
    if (result == VRN_OK && list->count == 0) result = fail_empty(source, chosen);
    return result;
}
