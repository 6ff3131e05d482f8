/* Protocol buffers' wire format (https://protobuf.dev/programming-guides/encoding): a cursor over
 * the fields of a message, which are numbers or ranges of bytes. What they mean is up to the
 * caller.
 *
 * Why not protobuf-c or nanopb, which distributions package: both need code that is generated from
 * onnx.proto, and protobuf-c copies the whole file, weights included, while nothing here is copied.
 * Reading the format takes less than a hundred lines, and its contents would have to be checked in
 * any case. */
#ifndef VRN_CHECKPOINT_PROTOBUF_H
#define VRN_CHECKPOINT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rest of a message, or of packed numbers. */
typedef struct vrn_proto {
    const uint8_t *at;
    size_t left;
    bool failed; /* damaged: nothing more is read */
} vrn_proto;

typedef enum vrn_wire {
    VRN_WIRE_VARINT = 0,
    VRN_WIRE_FIXED64 = 1,
    VRN_WIRE_BYTES = 2,
    VRN_WIRE_FIXED32 = 5,
} vrn_wire;

typedef struct vrn_proto_field {
    uint32_t number;
    vrn_wire wire;
    uint64_t value;  /* of a number */
    vrn_proto bytes; /* of VRN_WIRE_BYTES: a message, a text, or packed numbers */
} vrn_proto_field;

/* Takes the next field. False at the end, and if the message is damaged: a length or a number
 * beyond its end, or a kind of field that does not exist. */
bool vrn_proto_next(vrn_proto *message, vrn_proto_field *field);

/* Takes the next number of packed ones; false at the end, or `failed`. */
bool vrn_proto_varint(vrn_proto *numbers, uint64_t *value);

/* The float that a field of 32 bits holds. */
float vrn_proto_float(uint64_t value);

#endif
