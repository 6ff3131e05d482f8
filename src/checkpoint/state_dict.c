#include "checkpoint/state_dict.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "base/text.h"
#include "base/util.h"
#include "checkpoint/script.h"
#include "checkpoint/class_names.h"

/* Deeper nesting and longer names than any framework makes. */
enum { DEPTH_MAX = 16, NAME_CAPACITY = 1024 };

typedef struct walk {
    vrn_tensor_list *list;
    const vrn_source *source;
    vrn_storage_finder find;
    vrn_program_finder program; /* or NULL */
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
    return vrn_source_fail(w->source, "%s%sexpected %s, found %s", w->name, w->length ? ": " : "",
                           expected, found);
}

/* Appends ".key" to the name; false if it becomes too long. Keys that are not names give "". */
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

/* True if every element lies in the storage: the last one is the farthest, because no stride is
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
        snprintf(found, sizeof found, "a storage of %" PRIu64 " element%s", storage->view_count,
                 storage->view_count == 1 ? "" : "s");
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

/* The steps that remain after a search through an object's attributes: a hostile file may refer to
 * a large object from many places. */
static size_t take_steps(size_t steps, const vrn_pickle_value *attributes)
{
    const size_t count = attributes->as.container->count / 2;
    return steps - (count < steps ? count : steps);
}

/* Of PyTorch, or of TorchScript. */
static bool is_module(const vrn_pickle_value *attributes)
{
    return vrn_pickle_lookup(attributes, "_modules") || vrn_pickle_lookup(attributes, "training");
}

/* The attributes of a module that are recorded besides its tensors, in this order. */
static const char *const told[] = {
    "kernel_size", "stride",         "padding",   "dilation",     "groups",    "eps",
    "num_groups",  "negative_slope", "ceil_mode", "padding_mode", "filt_size", "pad_mode",
};

/* The first two of a tuple or a list of integers. */
static bool append_integers(char *text, size_t capacity, const vrn_pickle_value *items,
                            size_t count)
{
    for (size_t i = 0; i < count && i < 2; i++) {
        if (items[i].kind != VRN_PICKLE_INT) return false;
        vrn_append(text, capacity, "%s%" PRId64, i ? "," : "", items[i].as.integer);
    }
    return count > 0;
}

/* "2,2" of (2, 2) and of [2, 2], "2" of 2, "1" of True, a word of small letters; false for other
 * kinds. */
static bool append_attribute(char *text, size_t capacity, const vrn_pickle_value *value)
{
    char real[VRN_REAL_MAX];
    switch ((int)value->kind) {
    case VRN_PICKLE_BOOL: vrn_append(text, capacity, "%d", value->as.boolean); return true;
    case VRN_PICKLE_INT: vrn_append(text, capacity, "%" PRId64, value->as.integer); return true;
    case VRN_PICKLE_FLOAT:
        vrn_format_real((float)value->as.number, real);
        vrn_append(text, capacity, "%s", real);
        return true;
    case VRN_PICKLE_TUPLE: return append_integers(text, capacity, value->as.items, value->length);
    case VRN_PICKLE_LIST:
        return append_integers(text, capacity, value->as.container->values,
                               value->as.container->count);
    case VRN_PICKLE_TEXT: /* "zeros", "same" */
        for (uint32_t i = 0; i < value->length; i++) {
            if (value->as.text[i] < 'a' || value->as.text[i] > 'z') return false;
        }
        vrn_append(text, capacity, "%.*s", (int)vrn_min_u32(value->length, 16), value->as.text);
        return value->length > 0;
    default: return false;
    }
}

/* Adds "module.NAME" with "CLASS stride=2,2 ...", which net/modules.h reads. */
static vrn_result tell_module(walk *w, const vrn_pickle_value *module,
                              const vrn_pickle_value *attributes)
{
    const vrn_pickle_global *class = module->as.global;
    char text[320] = "";
    vrn_append(text, sizeof text, "%.*s", (int)vrn_min_u64(class->name_length, 64), class->name);
    for (size_t i = 0; i < VRN_COUNT(told); i++) {
        const vrn_pickle_value *value = vrn_pickle_lookup(attributes, told[i]);
        char number[64] = "";
        if (!value || !append_attribute(number, sizeof number, value)) continue;
        vrn_append(text, sizeof text, " %s=%s", told[i], number);
    }
    if (w->program) {
        const char *program = NULL;
        size_t size = 0;
        vrn_result result = w->program(w->user, class, &program, &size);
        if (result != VRN_OK) return result;
        if (program) {
            vrn_append(text, sizeof text, " program");
            vrn_script_describe(text, sizeof text, program, size, class);
        }
    }
    vrn_arena *arena = &w->list->arena;
    char *key = vrn_arena_alloc(arena, w->length + sizeof "module.", 1);
    char *value = key ? vrn_arena_text(arena, text, strlen(text)) : NULL;
    if (!value) return vrn_arena_fail(arena, w->source->name, w->source->log);
    memcpy(key, "module.", strlen("module."));
    memcpy(key + strlen("module."), w->name, w->length);
    return vrn_tensor_list_add_metadata(w->list, w->source, key, value);
}

/* Walks a whole module of PyTorch: its tensors and submodules. A TorchScript module has them among
 * its attributes. NOLINTNEXTLINE(misc-no-recursion): see walk_dict */
static vrn_result walk_module(walk *w, const vrn_pickle_value *module,
                              const vrn_pickle_value *attributes, uint32_t depth)
{
    static const char *const parts[] = {"_parameters", "_buffers", "_modules"};
    const bool strict = w->strict;
    bool plain = false;
    vrn_result result = tell_module(w, module, attributes);
    w->strict = false;
    for (size_t i = 0; i < VRN_COUNT(parts) && result == VRN_OK; i++) {
        const vrn_pickle_value *part = vrn_pickle_lookup(attributes, parts[i]);
        if (!part || part->kind != VRN_PICKLE_DICT) continue;
        plain = true;
        result = walk_dict(w, part, depth);
    }
    if (!plain && result == VRN_OK) result = walk_dict(w, attributes, depth);
    w->strict = strict;
    return result;
}

/* Describes an object in the place of a weight, and what to do about it. */
static const char *strange_tensor(const char *found)
{
    static const char *const kinds[][2] = {
        {"qtensor", "a quantized tensor: save the network before it is quantized, or call "
                    "dequantize() on its tensors"},
        {"numpy", "one of NumPy's arrays: in Python, make tensors of them with torch.as_tensor, "
                  "and torch.save the dictionary again"},
        {"sparse", "a sparse tensor: call to_dense() on it before the network is saved"},
    };
    for (size_t i = 0; i < VRN_COUNT(kinds); i++) {
        if (strstr(found, kinds[i][0])) return kinds[i][1];
    }
    return found;
}

/* NOLINTNEXTLINE(misc-no-recursion): see walk_dict */
static vrn_result walk_value(walk *w, const vrn_pickle_value *key, const vrn_pickle_value *value,
                             uint32_t depth)
{
    if (value->kind == VRN_PICKLE_TENSOR) return add_weight(w, value->as.tensor);
    if (value->kind == VRN_PICKLE_DICT) return walk_dict(w, value, depth + 1);
    const vrn_pickle_value *attributes = vrn_pickle_attributes(value);
    if (attributes) w->steps = take_steps(w->steps, attributes);
    if (attributes && is_module(attributes)) {
        return walk_module(w, value, attributes, depth + 1);
    }
    bool dotted = key->kind == VRN_PICKLE_TEXT && memchr(key->as.text, '.', key->length);
    if (value->kind == VRN_PICKLE_OPAQUE && (w->strict || dotted)) {
        char found[160];
        vrn_pickle_describe(value, found, sizeof found);
        return fail_walk(w, "a tensor", strange_tensor(found));
    }
    return VRN_OK;
}

/* Recurses DEPTH_MAX deep at most. NOLINTNEXTLINE(misc-no-recursion) */
static vrn_result walk_dict(walk *w, const vrn_pickle_value *dict, uint32_t depth)
{
    if (depth > DEPTH_MAX) {
        return fail_walk(w, "tensors",
                         "dictionaries that are nested too deeply or contain themselves");
    }
    const vrn_pickle_items *items = dict->as.container;
    size_t length = w->length;
    for (size_t i = 0; i < items->count; i += 2) {
        if (w->steps == 0)
            return fail_walk(w, "each dictionary once", "the same ones again and again");
        w->steps--;
        if (!append_key(w, &items->values[i])) {
            return fail_walk(w, "names of fewer than 1024 bytes",
                             "a longer one in this dictionary");
        }
        vrn_result result = walk_value(w, &items->values[i], &items->values[i + 1], depth);
        if (result != VRN_OK) return result;
        w->length = length;
        w->name[length] = 0;
    }
    return VRN_OK;
}

/* True if a dictionary, or one inside it, has a tensor. Recurses DEPTH_MAX deep at most.
 * NOLINTNEXTLINE(misc-no-recursion) */
static bool holds_tensor(const vrn_pickle_value *dict, bool inside, uint32_t depth, size_t *steps)
{
    const vrn_pickle_value *attributes = vrn_pickle_attributes(dict);
    if (attributes) {
        *steps = take_steps(*steps, attributes);
        return is_module(attributes);
    }
    if (dict->kind != VRN_PICKLE_DICT || depth > DEPTH_MAX) return false;
    for (size_t i = 1; i<dict->as.container->count && * steps> 0; i += 2) {
        --*steps;
        const vrn_pickle_value *value = &dict->as.container->values[i];
        if (value->kind == VRN_PICKLE_TENSOR) return true;
        if (inside && holds_tensor(value, inside, depth + 1, steps)) return true;
    }
    return false;
}

static bool ends_with_weight(const vrn_pickle_value *key)
{
    static const char end[] = ".weight";
    const size_t own = sizeof end - 1;
    return key->kind == VRN_PICKLE_TEXT && key->length >= own &&
           memcmp(key->as.text + key->length - own, end, own) == 0;
}

/* True if a dictionary, or one inside it, has weights, by their names. Recurses DEPTH_MAX deep at
 * most. NOLINTNEXTLINE(misc-no-recursion) */
static bool holds_weights(const vrn_pickle_value *dict, uint32_t depth, size_t *steps)
{
    const vrn_pickle_value *attributes = vrn_pickle_attributes(dict);
    if (attributes) return holds_tensor(dict, false, 0, steps);
    if (dict->kind != VRN_PICKLE_DICT || depth > DEPTH_MAX) return false;
    const vrn_pickle_items *items = dict->as.container;
    for (size_t i = 0; i + 1 < items->count && *steps > 0; i += 2) {
        --*steps;
        const vrn_pickle_value *value = &items->values[i + 1];
        if (value->kind == VRN_PICKLE_TENSOR && ends_with_weight(&items->values[i])) return true;
        if (holds_weights(value, depth + 1, steps)) return true;
    }
    return false;
}

/* True if a wrapper has weights outside `inner`. */
static bool has_others(const vrn_pickle_value *top, const vrn_pickle_value *inner, size_t steps)
{
    const vrn_pickle_items *items = top->as.container;
    for (size_t i = 1; i < items->count && steps > 0; i += 2) {
        steps--;
        if (&items->values[i] != inner && holds_weights(&items->values[i], 0, &steps)) return true;
    }
    return false;
}

/* The wrapper's inner dictionary: the first that has tensors of its own, else the first that has
 * any; NULL if there are averaged weights beside others: their names will tell them apart. */
static const vrn_pickle_value *find_inner(const vrn_pickle_value *top, size_t steps,
                                          const char **name)
{
    static const char *const names[] = {"state_dict", "model", "model_state_dict", "net"};
    static const char *const averaged[] = {"state_dict_ema", "model_ema"};
    for (size_t i = 0; i < VRN_COUNT(averaged); i++) {
        const vrn_pickle_value *value = vrn_pickle_lookup(top, averaged[i]);
        if (value && holds_tensor(value, true, 0, &steps)) return NULL;
    }
    const vrn_pickle_value *first = NULL;
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        const vrn_pickle_value *value = vrn_pickle_lookup(top, names[i]);
        if (!value) continue;
        const bool own = holds_tensor(value, false, 0, &steps);
        if (!own && (first || !holds_tensor(value, true, 0, &steps))) continue;
        *name = names[i];
        if (own) return value;
        first = value;
    }
    return first;
}

/* Reads the file's name for its network (net/metadata.h). */
static vrn_result read_network(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_pickle_value *top)
{
    static const char *const names[] = {"arch", "model_name", "architecture", "backbone"};
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        const vrn_pickle_value *value = vrn_pickle_lookup(top, names[i]);
        if (!value || value->kind != VRN_PICKLE_TEXT) continue;
        char *text = vrn_arena_text(&list->arena, value->as.text, value->length);
        if (!text) return vrn_arena_fail(&list->arena, source->name, source->log);
        return vrn_tensor_list_add_metadata(list, source, "file.network", text);
    }
    return VRN_OK;
}

/* Fails with a description of a dictionary without tensors. */
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
    return vrn_source_fail(source,
                           "expected a dictionary of tensors, as model.state_dict() gives, found "
                           "one without tensors: {%s%s}",
                           text,
                           items->count / 2 <= shown ? ""
                           : shown                   ? ", ..."
                                                     : "...");
}

/* The dictionaries of a list or a tuple. */
static vrn_result walk_sequence(walk *w, const vrn_pickle_value *top)
{
    const bool tuple = top->kind == VRN_PICKLE_TUPLE;
    const vrn_pickle_value *items = tuple ? top->as.items : top->as.container->values;
    const size_t count = tuple ? top->length : top->as.container->count;
    vrn_result result = VRN_OK;
    for (size_t i = 0; i < count && result == VRN_OK && w->steps > 0; i++) {
        w->steps--;
        if (items[i].kind == VRN_PICKLE_DICT) result = walk_dict(w, &items[i], 0);
    }
    return result;
}

vrn_result vrn_state_dict_read(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_pickle_value *top, vrn_storage_finder find,
                               vrn_program_finder program, void *user)
{
    const bool dict = top->kind == VRN_PICKLE_DICT;
    const bool sequence = top->kind == VRN_PICKLE_LIST || top->kind == VRN_PICKLE_TUPLE;
    const char *part = NULL;
    const vrn_pickle_value *inner = dict ? find_inner(top, source->size, &part) : NULL;
    /* Other weights are listed as well, so that --prefix can choose them. */
    const bool several = inner && has_others(top, inner, source->size);
    if (several) inner = NULL;
    const vrn_pickle_value *chosen = inner ? inner : top;
    const vrn_pickle_value *attributes = vrn_pickle_attributes(chosen);
    const bool module = attributes && is_module(attributes);
    walk w = {.list = list,
              .source = source,
              .find = find,
              .program = program,
              .user = user,
              .strict = inner != NULL,
              .steps = source->size};
    vrn_result result = module     ? walk_module(&w, chosen, attributes, 0)
                        : sequence ? walk_sequence(&w, top)
                        : dict     ? walk_dict(&w, chosen, 0)
                                   : VRN_OK;
    if (result == VRN_OK && list->count == 0) {
        if (dict && !module) return fail_empty(source, chosen);
        char found[160];
        vrn_pickle_describe(top, found, sizeof found);
        bool object = top->kind == VRN_PICKLE_OPAQUE;
        const bool frozen = strstr(found, "__torch__") != NULL;
        return vrn_source_fail(source, "expected a dictionary of tensors, found %s%s", found,
                               frozen   ? ": this program of TorchScript was frozen or optimised, "
                                          "so that its weights are part of its code: save it "
                                          "before torch.jit.freeze, or give model.state_dict()"
                               : object ? ": save model.state_dict() instead of the model"
                                        : "");
    }
    if (result == VRN_OK && several) {
        result = vrn_tensor_list_add_metadata(list, source, "file.part", part);
    }
    if (result == VRN_OK && dict) result = read_network(list, source, top);
    return result == VRN_OK ? vrn_class_names_read(list, source, top) : result;
}
