#include "checkpoint/protobuf.h"

#include <string.h>

#include "checkpoint/source.h"

enum { VARINT_BYTES_MAX = 10, TAG_BITS = 3 };

bool vrn_proto_varint(vrn_proto *numbers, uint64_t *value)
{
    *value = 0;
    if (numbers->failed || numbers->left == 0) return false;
    for (size_t i = 0; i < numbers->left && i < VARINT_BYTES_MAX; i++) {
        const uint8_t byte = numbers->at[i];
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80) continue;
        numbers->at += i + 1;
        numbers->left -= i + 1;
        return true;
    }
    numbers->failed = true;
    return false;
}

static bool take_fixed(vrn_proto *message, size_t size, uint64_t *value)
{
    if (message->left < size) return false;
    *value = size == 8 ? vrn_load_u64(message->at) : vrn_load_u32(message->at);
    message->at += size;
    message->left -= size;
    return true;
}

static bool take_bytes(vrn_proto *message, vrn_proto *bytes)
{
    uint64_t length;
    if (!vrn_proto_varint(message, &length) || length > message->left) return false;
    *bytes = (vrn_proto){message->at, (size_t)length, false};
    message->at += length;
    message->left -= (size_t)length;
    return true;
}

bool vrn_proto_next(vrn_proto *message, vrn_proto_field *field)
{
    uint64_t tag;
    *field = (vrn_proto_field){0};
    if (!vrn_proto_varint(message, &tag)) return false;
    const uint64_t wire = tag & ((1u << TAG_BITS) - 1), number = tag >> TAG_BITS;
    bool good = number > 0 && number <= UINT32_MAX;
    if (wire == VRN_WIRE_VARINT) {
        good = good && vrn_proto_varint(message, &field->value);
    } else if (wire == VRN_WIRE_BYTES) {
        good = good && take_bytes(message, &field->bytes);
    } else if (wire == VRN_WIRE_FIXED32 || wire == VRN_WIRE_FIXED64) {
        good = good && take_fixed(message, wire == VRN_WIRE_FIXED64 ? 8 : 4, &field->value);
    } else {
        good = false;
    }
    field->number = (uint32_t)number;
    field->wire = (vrn_wire)wire;
    message->failed = !good;
    return good;
}

float vrn_proto_float(uint64_t value)
{
    const uint32_t bits = (uint32_t)value;
    float real;
    memcpy(&real, &bits, sizeof real);
    return real;
}
