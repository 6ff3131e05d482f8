/* Reads safetensors: a 64-bit little-endian length, so many bytes of JSON ({name: {dtype, shape,
 * data_offsets: [begin, end]}}, and {"__metadata__": {text: text}}), and the data that the offsets
 * count in. See https://github.com/huggingface/safetensors. Bytes that belong to no tensor are
 * refused, as they are there, and shapes of more than VRN_MAX_RANK sizes, which are not. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/util.h"
#include "checkpoint/format.h"

enum { LENGTH_SIZE = 8, HEADER_MAX_BYTES = 100 * 1000 * 1000 /* the format's own bound */ };

static const struct {
    const char *name;
    vrn_dtype dtype;
    uint32_t bits;
} types[] = {
    {"F32", VRN_DTYPE_F32, 32},      {"F16", VRN_DTYPE_F16, 16},
    {"BF16", VRN_DTYPE_BF16, 16},    {"F64", VRN_DTYPE_F64, 64},
    {"I64", VRN_DTYPE_I64, 64},      {"I32", VRN_DTYPE_OTHER, 32},
    {"I16", VRN_DTYPE_OTHER, 16},    {"I8", VRN_DTYPE_OTHER, 8},
    {"U64", VRN_DTYPE_OTHER, 64},    {"U32", VRN_DTYPE_OTHER, 32},
    {"U16", VRN_DTYPE_OTHER, 16},    {"U8", VRN_DTYPE_OTHER, 8},
    {"BOOL", VRN_DTYPE_OTHER, 8},    {"C64", VRN_DTYPE_OTHER, 64},
    {"F8_E4M3", VRN_DTYPE_OTHER, 8}, {"F8_E5M2", VRN_DTYPE_OTHER, 8},
    {"F8_E8M0", VRN_DTYPE_OTHER, 8}, {"F6_E2M3", VRN_DTYPE_OTHER, 6},
    {"F6_E3M2", VRN_DTYPE_OTHER, 6}, {"F4", VRN_DTYPE_OTHER, 4},
};

typedef struct reader {
    vrn_tensor_list *list;
    const vrn_source *source;
    vrn_json json;
    const uint8_t *data;
    uint64_t data_size;
    uint64_t sum, end; /* of the tensors so far: their bytes, and the last one's end */
    bool has_metadata;
    vrn_result result; /* after a failure, the rest is read without effect */
} reader;

/* The header's entry of a tensor. */
typedef struct entry {
    char *dtype;
    vrn_tensor tensor;
    uint64_t begin, end;
    bool has_shape, has_offsets;
} entry;

/* Fails with the text at the cursor. Only the first failure is reported. */
static void fail_syntax(reader *r, const char *expected)
{
    if (r->result) return;
    char found[VRN_JSON_FOUND_MAX];
    r->result =
        vrn_source_fail(r->source, "safetensors header: at byte %zu: expected %s, found %s",
                        r->json.at + LENGTH_SIZE, expected, vrn_json_found(&r->json, found));
}

static void fail_twice(reader *r, const char *key)
{
    if (r->result) return;
    r->result = vrn_source_fail(r->source,
                                "safetensors header: at byte %zu: expected %s once, found it twice",
                                r->json.at + LENGTH_SIZE, key);
}

static void take(reader *r, char punctuation, const char *expected)
{
    if (!vrn_json_take(&r->json, punctuation)) fail_syntax(r, expected);
}

static char *read_string(reader *r, const char *expected)
{
    char *text = NULL;
    if (!vrn_json_string(&r->json, &r->list->arena, &text)) {
        fail_syntax(r, expected);
    } else if (!text && !r->result) {
        r->result = vrn_arena_fail(&r->list->arena, r->source->name, r->source->log);
    }
    return text;
}

/* Reads an object. `read_value` gets each key, and reads the value after the colon. `object` and
 * `key` name the expected things in messages. */
static void read_object(reader *r, const char *object, const char *key,
                        void (*read_value)(reader *r, const char *name, void *user), void *user)
{
    take(r, '{', object);
    if (r->result || vrn_json_take(&r->json, '}')) return;
    do {
        char *name = read_string(r, key);
        take(r, ':', "':'");
        if (!r->result) read_value(r, name, user);
    } while (!r->result && vrn_json_take(&r->json, ','));
    take(r, '}', "',' or '}'");
}

static void read_metadata(reader *r, const char *key, void *user)
{
    (void)user;
    char *value = read_string(r, "a string as metadata");
    if (!r->result) r->result = vrn_tensor_list_add_metadata(r->list, r->source, key, value);
}

/* A list of at most `capacity` numbers. */
static bool read_numbers(reader *r, uint64_t *numbers, uint32_t capacity, uint32_t *count)
{
    *count = 0;
    if (!vrn_json_take(&r->json, '[')) return false;
    if (vrn_json_take(&r->json, ']')) return true;
    do {
        if (*count == capacity || !vrn_json_unsigned(&r->json, &numbers[*count])) return false;
        ++*count;
    } while (vrn_json_take(&r->json, ','));
    return vrn_json_take(&r->json, ']');
}

/* One value of a tensor's object. */
static void read_field(reader *r, const char *key, void *user)
{
    entry *e = user;
    if (strcmp(key, "dtype") == 0) {
        if (e->dtype) fail_twice(r, "dtype");
        e->dtype = read_string(r, "a dtype");
    } else if (strcmp(key, "shape") == 0) {
        if (e->has_shape) fail_twice(r, "shape");
        e->has_shape = true;
        bool ok = read_numbers(r, e->tensor.shape, VRN_MAX_RANK, &e->tensor.rank);
        if (!ok) fail_syntax(r, "a shape of at most 8 sizes");
    } else if (strcmp(key, "data_offsets") == 0) {
        uint64_t offsets[2] = {0};
        uint32_t count;
        if (e->has_offsets) fail_twice(r, "data_offsets");
        e->has_offsets = true;
        bool ok = read_numbers(r, offsets, 2, &count) && count == 2;
        if (!ok) fail_syntax(r, "data_offsets as [begin, end]");
        e->begin = offsets[0];
        e->end = offsets[1];
    } else if (!vrn_json_skip(&r->json)) {
        fail_syntax(r, "a value");
    }
}

static vrn_result fail_tensor(const reader *r, const char *name, const char *expected,
                              const char *found)
{
    return vrn_source_fail(r->source, "%s: expected %s, found %s",
                           *name ? name : "a tensor without a name", expected, found);
}

/* Checks the entry of a tensor and adds the tensor to the list. */
static vrn_result add_tensor(reader *r, const char *name, entry *e)
{
    if (!e->dtype || !e->has_shape || !e->has_offsets) {
        return fail_tensor(r, name, "dtype, shape and data_offsets", "fewer keys");
    }
    size_t type = 0;
    while (type < VRN_COUNT(types) && strcmp(types[type].name, e->dtype) != 0) type++;
    if (type == VRN_COUNT(types)) return fail_tensor(r, name, "a known dtype", e->dtype);

    char expected[96], found[128];
    if (e->begin > e->end || e->end > r->data_size) {
        snprintf(expected, sizeof expected, "data inside the file's %" PRIu64 " bytes",
                 r->data_size);
        snprintf(found, sizeof found,
                 "offsets %" PRIu64 " to %" PRIu64 ": the file is damaged or incomplete", e->begin,
                 e->end);
        return fail_tensor(r, name, expected, found);
    }
    vrn_tensor *tensor = &e->tensor;
    uint64_t count, bits;
    bool fits = vrn_shape_count(tensor->shape, tensor->rank, &count) &&
                vrn_mul_u64(count, types[type].bits, &bits);
    if (!fits || bits % 8 || bits / 8 != e->end - e->begin) {
        char shape[192];
        vrn_tensor_format_shape(tensor, shape, sizeof shape);
        return vrn_source_fail(
            r->source, "%s: expected as many bytes as %s of %s takes, found %" PRIu64,
            *name ? name : "a tensor without a name", shape, e->dtype, e->end - e->begin);
    }
    vrn_tensor_set_contiguous(tensor);
    tensor->dtype = types[type].dtype;
    tensor->data = r->data + e->begin;
    r->sum += e->end - e->begin;
    if (e->end > r->end) r->end = e->end;
    return vrn_tensor_list_add(r->list, r->source, tensor, types[type].bits, name, strlen(name));
}

/* A tensor, or the metadata. */
static void read_entry(reader *r, const char *name, void *user)
{
    (void)user;
    if (strcmp(name, "__metadata__") != 0) {
        entry e = {0};
        read_object(r, "a tensor's object", "a key", read_field, &e);
        if (!r->result) r->result = add_tensor(r, name, &e);
        return;
    }
    if (r->has_metadata) fail_twice(r, "__metadata__");
    r->has_metadata = true;
    read_object(r, "an object of strings", "a metadata key", read_metadata, NULL);
}

/* True if the first bytes can be a header: a plausible length, and a brace. */
static bool recognise(const vrn_source *source)
{
    return source->size > LENGTH_SIZE && vrn_load_u64(source->data) <= HEADER_MAX_BYTES &&
           source->data[LENGTH_SIZE] == '{';
}

static vrn_result read(vrn_tensor_list *list, const vrn_source *source)
{
    uint64_t length = vrn_load_u64(source->data);
    if (length > source->size - LENGTH_SIZE) {
        return vrn_source_fail(source,
                               "expected a safetensors header of %" PRIu64
                               " bytes, found the end of the file: it is incomplete; "
                               "download or copy it again",
                               length);
    }
    reader r = {.list = list,
                .source = source,
                .json = {(const char *)source->data + LENGTH_SIZE, (size_t)length, 0},
                .data = source->data + LENGTH_SIZE + length,
                .data_size = source->size - LENGTH_SIZE - length};
    read_object(&r, "'{'", "a tensor's name", read_entry, NULL);
    if (!vrn_json_at_end(&r.json)) fail_syntax(&r, "spaces up to the data");
    if (!r.result && r.sum == r.data_size && r.end != r.data_size) {
        return vrn_source_fail(source,
                               "expected tensors that share no bytes, found some that do: the file "
                               "is damaged");
    }
    if (!r.result && r.sum != r.data_size) {
        return vrn_source_fail(source,
                               "expected tensors that fill the %" PRIu64
                               " bytes of data, found %" PRIu64
                               " bytes in them: the file is damaged or incomplete",
                               r.data_size, r.sum);
    }
    return r.result;
}

const vrn_checkpoint_format vrn_checkpoint_safetensors = {"safetensors", recognise, read};
