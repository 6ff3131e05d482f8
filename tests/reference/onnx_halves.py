"""Turns an ONNX file of float32 into one of float16, as converters do: initializers, constants and
the types of inputs and outputs. Python's standard library alone.

A message is a list of [field, wire, value]; value is a number, or bytes.
"""

import struct

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def take_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def parse(data):
    fields, at = [], 0
    while at < len(data):
        tag, at = take_varint(data, at)
        wire = tag & 7
        if wire == VARINT:
            value, at = take_varint(data, at)
        else:
            length = {FIXED64: 8, FIXED32: 4}.get(wire)
            if length is None:
                length, at = take_varint(data, at)
            value, at = data[at:at + length], at + length
        fields.append([tag >> 3, wire, value])
    return fields


def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def join(fields):
    out = bytearray()
    for field, wire, value in fields:
        out += varint(field << 3 | wire)
        if wire == VARINT:
            out += varint(value)
        else:
            out += (varint(len(value)) if wire == BYTES else b"") + value
    return bytes(out)


def change(data, number, function):
    """The message with `function` applied to each field of a number."""
    return join([[field, wire, function(value) if field == number else value]
                 for field, wire, value in parse(data)])


def halve_tensor(data):
    """TensorProto: data_type is 2, raw_data 9."""
    fields = parse(data)
    if [2, VARINT, 1] not in fields:
        return data
    for entry in fields:
        if entry[0] == 2:
            entry[2] = 10
        if entry[0] == 9:
            count = len(entry[2]) // 4
            entry[2] = struct.pack(f"<{count}e", *struct.unpack(f"<{count}f", entry[2]))
    return join(fields)


def halve_value(data):
    """ValueInfoProto: type (2), tensor_type (1), elem_type (1)."""
    def halve_type(kind):
        return 10 if kind == 1 else kind
    return change(data, 2, lambda kind: change(kind, 1, lambda tensor: change(tensor, 1,
                                                                             halve_type)))


def halve_graph(data):
    """Nodes (1) with constants among their attributes (5, t: 5), initializers (5), inputs, outputs
    (11, 12)."""
    changes = {1: lambda node: change(node, 5, lambda each: change(each, 5, halve_tensor)),
               5: halve_tensor, 11: halve_value, 12: halve_value}
    return join([[field, wire, changes[field](value) if field in changes else value]
                 for field, wire, value in parse(data)])


def convert(source, target):
    with open(source, "rb") as file:
        data = file.read()
    with open(target, "wb") as file:
        file.write(change(data, 7, halve_graph))
