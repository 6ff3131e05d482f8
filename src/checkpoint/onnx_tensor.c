#include "checkpoint/onnx_tensor.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/os.h"
#include "base/util.h"
#include "checkpoint/onnx_fields.h"

enum { PATH_MAX_BYTES = 512 };

static const struct {
    uint64_t type;
    vrn_dtype dtype;
    uint32_t size, field;
} types[] = {
    {1, VRN_DTYPE_F32, 4, TENSOR_FLOATS},
    {10, VRN_DTYPE_F16, 2, TENSOR_INT32},
    {16, VRN_DTYPE_BF16, 2, TENSOR_INT32},
    {11, VRN_DTYPE_F64, 8, TENSOR_DOUBLES},
    {VRN_ONNX_TYPE_INT64, VRN_DTYPE_I64, 8, TENSOR_INT64},
    {VRN_ONNX_TYPE_INT32, VRN_DTYPE_OTHER, 4, TENSOR_INT32},
};

static void add_dimension(vrn_onnx_tensor *p, uint64_t size)
{
    if (size > INT64_MAX) {
        p->fault = "expected a shape of sizes from 0, found a negative one";
        return;
    }
    if (p->tensor.rank == VRN_MAX_RANK) {
        p->fault = "expected a shape of at most 8 sizes, found a longer one";
        return;
    }
    p->tensor.shape[p->tensor.rank++] = size;
}

vrn_onnx_tensor vrn_onnx_take_apart(vrn_proto message)
{
    vrn_onnx_tensor p = {.message = message};
    vrn_proto_field field;
    uint64_t size;
    while (vrn_proto_next(&message, &field)) {
        const bool bytes = field.wire == VRN_WIRE_BYTES, number = field.wire == VRN_WIRE_VARINT;
        if (field.number == TENSOR_DIMS && number) add_dimension(&p, field.value);
        while (field.number == TENSOR_DIMS && bytes && vrn_proto_varint(&field.bytes, &size)) {
            add_dimension(&p, size);
        }
        if (field.bytes.failed) message.failed = true;
        if (field.number == TENSOR_DATA_TYPE && number) p.type = field.value;
        if (field.number == TENSOR_RAW && bytes) p.raw = field.bytes;
        if (field.number == TENSOR_LOCATION && number) p.external = field.value == 1;
    }
    if (message.failed) p.fault = "expected a tensor, found a damaged one";
    if (!vrn_shape_count(p.tensor.shape, p.tensor.rank, &p.count))
        p.fault = "its shape has too many values";
    if (!p.fault) vrn_tensor_set_contiguous(&p.tensor);
    p.tensor.dtype = VRN_DTYPE_OTHER;
    for (size_t i = 0; i < VRN_COUNT(types); i++) {
        if (types[i].type != p.type) continue;
        p.tensor.dtype = types[i].dtype;
        p.size = types[i].size;
        p.field = types[i].field;
    }
    return p;
}

bool vrn_onnx_find_attribute(const vrn_onnx_node *node, vrn_proto *message)
{
    vrn_proto attribute;
    vrn_proto_field field;
    if (!vrn_onnx_attribute(node, "value", &attribute)) return false;
    while (vrn_proto_next(&attribute, &field)) {
        if (field.number != ATTRIBUTE_T) continue;
        *message = field.bytes;
        return true;
    }
    return false;
}

bool vrn_onnx_find_tensor(const vrn_onnx_model *model, uint32_t value, vrn_proto *message)
{
    if (value == VRN_ONNX_NONE) return false;
    const vrn_onnx_value *v = &model->values[value];
    *message = v->tensor;
    if (v->tensor.at) return true;
    if (v->node == VRN_ONNX_NONE || !vrn_onnx_is(&model->nodes[v->node], "Constant")) return false;
    return vrn_onnx_find_attribute(&model->nodes[v->node], message);
}

/* ---- Where the numbers lie ------------------------------------------------------------------- */

/* Writes number `i` of those that have a field of their own, in `size` bytes. */
static void put(uint8_t *data, uint64_t i, uint32_t size, uint64_t value)
{
    for (uint32_t k = 0; k < size; k++) data[i * size + k] = (uint8_t)(value >> (8 * k));
}

/* Collects values from fields of their own type; `data` NULL: only counts them. */
static uint64_t collect(const vrn_onnx_tensor *p, uint8_t *data)
{
    vrn_proto message = p->message;
    vrn_proto_field field;
    const uint32_t size = p->size;
    const bool varints = p->field == TENSOR_INT32 || p->field == TENSOR_INT64;
    uint64_t count = 0, value;
    while (vrn_proto_next(&message, &field)) {
        if (field.number != p->field) continue;
        if (field.wire != VRN_WIRE_BYTES) {
            if (data) put(data, count, size, field.value);
            count++;
        } else if (varints) {
            while (vrn_proto_varint(&field.bytes, &value)) {
                if (data) put(data, count, size, value);
                count++;
            }
            if (field.bytes.failed) return UINT64_MAX;
        } else {
            if (field.bytes.left % size) return UINT64_MAX;
            if (data && field.bytes.left)
                memcpy(data + count * size, field.bytes.at, field.bytes.left);
            count += field.bytes.left / size;
        }
    }
    return count;
}

bool vrn_onnx_copy(const vrn_onnx_tensor *tensor, uint8_t *data, uint64_t count)
{
    const vrn_onnx_tensor *p = tensor;
    if (p->fault || p->external || p->size == 0 || p->count > count) return false;
    if (!p->raw.at) return collect(p, NULL) == p->count && collect(p, data) == p->count;
    if (p->raw.left != p->count * p->size) return false;
    memcpy(data, p->raw.at, p->raw.left);
    return true;
}

/* The value of a key of external data, as a text with a NUL. */
static bool external_entry(const vrn_onnx_tensor *p, const char *key, char value[PATH_MAX_BYTES])
{
    vrn_proto message = p->message;
    vrn_proto_field field, part;
    while (vrn_proto_next(&message, &field)) {
        if (field.number != TENSOR_EXTERNAL || field.wire != VRN_WIRE_BYTES) continue;
        bool same = false;
        *value = 0;
        while (vrn_proto_next(&field.bytes, &part)) {
            const char *text = (const char *)part.bytes.at;
            const size_t length = part.bytes.left;
            if (part.wire != VRN_WIRE_BYTES) continue;
            if (part.number == ENTRY_KEY) same = vrn_equals_text(text, length, key);
            if (part.number != ENTRY_VALUE) continue;
            if (length >= PATH_MAX_BYTES || memchr(text, 0, length)) return false;
            memcpy(value, text, length);
            value[length] = 0;
        }
        if (same) return true;
    }
    return false;
}

/* A path of plain names, downward from the folder of the file. */
static bool stays_inside(const char *path)
{
    for (const char *part = path;;) {
        const size_t length = strcspn(part, "/");
        if (length == 0 || *part == '.') return false;
        for (size_t i = 0; i < length; i++) {
            if ((unsigned char)part[i] < ' ' || part[i] == '\\' || part[i] == ':') return false;
        }
        if (part[length] == 0) return true;
        part += length + 1;
    }
}

static vrn_result find_external(const vrn_onnx_model *m, vrn_onnx_tensor *p, const char *name,
                                uint64_t bytes)
{
    char location[PATH_MAX_BYTES], number[PATH_MAX_BYTES];
    uint64_t offset = 0, length = bytes;
    if (!external_entry(p, "location", location)) {
        return vrn_source_fail(
            m->source, "%s: expected the name of the file with its external data, found none",
            name);
    }
    if (!stays_inside(location)) {
        return vrn_source_fail(m->source,
                               "%s: expected external data in the model's folder or below it, by a "
                               "path without parts that begin with '.', found '%.80s'",
                               name, location);
    }
    if (external_entry(p, "offset", number) &&
        !vrn_parse_number(number, strlen(number), INT64_MAX, &offset)) {
        return vrn_source_fail(
            m->source, "%s: expected a number as the offset of its external data, found '%.24s'",
            name, number);
    }
    if (external_entry(p, "length", number) &&
        (!vrn_parse_number(number, strlen(number), INT64_MAX, &length) || length != bytes)) {
        return vrn_source_fail(m->source,
                               "%s: expected %" PRIu64 " bytes of external data, found '%.24s'",
                               name, bytes, number);
    }
    const vrn_mapping *mapping;
    vrn_result result = vrn_tensor_list_map(m->list, m->source, location, &mapping);
    if (result) return result;
    if (offset > mapping->size || bytes > mapping->size - offset) {
        return vrn_source_fail(m->source,
                               "%s: expected its values at byte %" PRIu64 " of %s, found "
                               "the end of that file",
                               name, offset, location);
    }
    p->tensor.data = mapping->data + offset;
    return VRN_OK;
}

vrn_result vrn_onnx_find_data(const vrn_onnx_model *model, vrn_onnx_tensor *tensor,
                              const char *name)
{
    const vrn_onnx_model *m = model;
    vrn_onnx_tensor *p = tensor;
    uint64_t bytes;
    const uint32_t size = p->size;
    if (!vrn_mul_u64(p->count, size, &bytes) || bytes > SIZE_MAX) {
        return vrn_source_fail(m->source, "%s: its shape has too many values", name);
    }
    if (p->external) return find_external(m, p, name, bytes);
    uint64_t found = p->raw.left / size;
    p->tensor.data = p->raw.at;
    if (p->raw.left % size == 0 && found == p->count && p->raw.at) return VRN_OK;
    if (!p->raw.at) {
        found = collect(p, NULL);
        if (found == p->count) {
            uint8_t *data = vrn_arena_alloc(&m->list->arena, (size_t)p->count, size);
            if (!data) return vrn_arena_fail(&m->list->arena, m->source->name, m->source->log);
            collect(p, data);
            p->tensor.data = data;
            return VRN_OK;
        }
    }
    char shape[128];
    vrn_tensor_format_shape(&p->tensor, shape, sizeof shape);
    return vrn_source_fail(m->source, "%s: expected as many values as the shape %s has, found %s",
                           name, shape, found < p->count ? "fewer" : "more");
}
