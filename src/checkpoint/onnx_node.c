/* The attributes of an ONNX node, and its description for messages. */
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "checkpoint/onnx_fields.h"
#include "checkpoint/onnx_model.h"

const char *vrn_onnx_show_text(vrn_onnx_text name, char text[VRN_ONNX_SHOWN_MAX])
{
    size_t length = vrn_min_u64(name.length, VRN_ONNX_SHOWN_MAX - 32);
    for (size_t i = 0; i < length; i++) {
        text[i] = name.at[i];
        if (text[i] < ' ' || text[i] > '~') text[i] = '?';
    }
    text[length] = 0;
    return text;
}

const char *vrn_onnx_show(const vrn_onnx_model *model, const vrn_onnx_node *node,
                          char text[VRN_ONNX_SHOWN_MAX])
{
    char name[VRN_ONNX_SHOWN_MAX], op[VRN_ONNX_SHOWN_MAX];
    vrn_onnx_text called = node->name;
    if (called.length == 0 && node->output_count > 0) {
        const uint32_t value = model->links[node->first_output];
        if (value != VRN_ONNX_NONE) called = model->values[value].name;
    }
    vrn_onnx_show_text(called, name);
    vrn_onnx_show_text(node->op, op);
    *text = 0;
    vrn_append(text, VRN_ONNX_SHOWN_MAX, "'%s' (%.28s)", name, op);
    return text;
}

bool vrn_onnx_is(const vrn_onnx_node *node, const char *op)
{
    const bool own = node->domain.length == 0 || vrn_onnx_text_is(node->domain, "ai.onnx");
    return own && vrn_onnx_text_is(node->op, op);
}

uint32_t vrn_onnx_input(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot)
{
    if (slot >= node->input_count) return VRN_ONNX_NONE;
    const uint32_t value = model->links[node->first_input + slot];
    return value == VRN_ONNX_NONE ? VRN_ONNX_NONE : model->values[value].same;
}

uint32_t vrn_onnx_output(const vrn_onnx_model *model, const vrn_onnx_node *node)
{
    return node->output_count == 0 ? VRN_ONNX_NONE : model->links[node->first_output];
}

bool vrn_onnx_attribute(const vrn_onnx_node *node, const char *name, vrn_proto *attribute)
{
    vrn_proto message = node->message;
    vrn_proto_field field, part;
    while (vrn_proto_next(&message, &field)) {
        if (field.number != NODE_ATTRIBUTE || field.wire != VRN_WIRE_BYTES) continue;
        *attribute = field.bytes;
        vrn_proto inside = field.bytes;
        while (vrn_proto_next(&inside, &part)) {
            if (part.number != ATTRIBUTE_NAME || part.wire != VRN_WIRE_BYTES) continue;
            if (vrn_onnx_text_is(vrn_onnx_text_of(part.bytes), name)) return true;
        }
    }
    return false;
}

/* The last field of a number in an attribute. */
static bool attribute_field(const vrn_onnx_node *node, const char *name, uint32_t number,
                            vrn_proto_field *found)
{
    vrn_proto attribute;
    vrn_proto_field field;
    bool any = false;
    if (!vrn_onnx_attribute(node, name, &attribute)) return false;
    while (vrn_proto_next(&attribute, &field)) {
        if (field.number != number) continue;
        *found = field;
        any = true;
    }
    return any;
}

int64_t vrn_onnx_int(const vrn_onnx_node *node, const char *name, int64_t otherwise)
{
    vrn_proto_field field;
    return attribute_field(node, name, ATTRIBUTE_I, &field) ? (int64_t)field.value : otherwise;
}

double vrn_onnx_float(const vrn_onnx_node *node, const char *name, double otherwise)
{
    vrn_proto_field field;
    if (!attribute_field(node, name, ATTRIBUTE_F, &field)) return otherwise;
    return (double)vrn_proto_float(field.value);
}

bool vrn_onnx_attribute_is(const vrn_onnx_node *node, const char *name, const char *text,
                           bool otherwise)
{
    vrn_proto_field field;
    if (!attribute_field(node, name, ATTRIBUTE_S, &field)) return otherwise;
    return vrn_onnx_text_is(vrn_onnx_text_of(field.bytes), text);
}

bool vrn_onnx_ints(const vrn_onnx_node *node, const char *name, int64_t *values, uint32_t count)
{
    vrn_proto attribute;
    vrn_proto_field field;
    uint32_t found = 0;
    uint64_t value;
    if (!vrn_onnx_attribute(node, name, &attribute)) return false;
    while (vrn_proto_next(&attribute, &field)) {
        if (field.number != ATTRIBUTE_INTS) continue;
        if (field.wire == VRN_WIRE_VARINT) {
            if (found < count) values[found] = (int64_t)field.value;
            found++;
            continue;
        }
        while (vrn_proto_varint(&field.bytes, &value)) {
            if (found < count) values[found] = (int64_t)value;
            found++;
        }
    }
    return found == count;
}

bool vrn_onnx_attribute_is_sound(vrn_proto attribute)
{
    vrn_proto_field field;
    uint64_t ignored;
    bool sound = true;
    while (vrn_proto_next(&attribute, &field)) {
        switch (field.number) {
        case ATTRIBUTE_F: sound = sound && field.wire == VRN_WIRE_FIXED32; break;
        case ATTRIBUTE_I: sound = sound && field.wire == VRN_WIRE_VARINT; break;
        case ATTRIBUTE_NAME:
        case ATTRIBUTE_S:
        case ATTRIBUTE_T: sound = sound && field.wire == VRN_WIRE_BYTES; break;
        case ATTRIBUTE_FLOATS:
            sound = sound && (field.wire == VRN_WIRE_FIXED32 ||
                              (field.wire == VRN_WIRE_BYTES && field.bytes.left % 4 == 0));
            break;
        case ATTRIBUTE_INTS:
            sound = sound && (field.wire == VRN_WIRE_VARINT || field.wire == VRN_WIRE_BYTES);
            while (field.wire == VRN_WIRE_BYTES && vrn_proto_varint(&field.bytes, &ignored)) {
            }
            sound = sound && !field.bytes.failed;
            break;
        default: break;
        }
    }
    return sound && !attribute.failed;
}
