"""Small files for the tests of the program: NumPy arrays and PNG images, with the standard library
alone."""

import ast
import array
import struct
import sys
import zlib


def write_npy(path, shape, values, version=1, descr="<f4", fortran=False):
    header = repr({"descr": descr, "fortran_order": fortran, "shape": tuple(shape)}).encode()
    length_bytes = 2 if version == 1 else 4
    padding = -(8 + length_bytes + len(header) + 1) % 64
    header += b" " * padding + b"\n"
    data = array.array("f", values)
    if sys.byteorder == "big":
        data.byteswap()
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY" + bytes([version, 0]) +
                   len(header).to_bytes(length_bytes, "little"))
        file.write(header + data.tobytes())


def read_npy(path):
    """The shape and the values of a float32 file of version 1.0, after a check of its form."""
    with open(path, "rb") as file:
        content = file.read()
    assert content[:8] == b"\x93NUMPY\x01\x00", content[:8]
    begin = 10 + struct.unpack("<H", content[8:10])[0]
    assert begin % 64 == 0 and content[begin - 1:begin] == b"\n"
    header = ast.literal_eval(content[10:begin].decode("latin-1"))
    assert set(header) == {"descr", "fortran_order", "shape"}, header
    assert header["descr"] == "<f4" and header["fortran_order"] is False, header
    values = array.array("f", content[begin:])
    if sys.byteorder == "big":
        values.byteswap()
    count = 1
    for side in header["shape"]:
        count *= side
    assert len(values) == count, (header, len(values))
    return header["shape"], list(values)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, pixel, depth=8, alpha=False):
    """A PNG; pixel(x, y) gives the channels, of `depth` bits each."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            for channel in pixel(x, y):
                rows += channel.to_bytes(depth // 8, "big")
    head = struct.pack(">IIBBBBB", width, height, depth, 6 if alpha else 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head)
            + png_chunk(b"IDAT", zlib.compress(bytes(rows))) + png_chunk(b"IEND", b""))


def read_png(content):
    """Width, height and the rows, each a list of (r, g, b), of a PNG with three channels of 8 bits,
    not interlaced."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n"), content[:8]
    at, data = 8, b""
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at:at + 8])
        chunk = content[at + 8:at + 8 + length]
        assert struct.unpack(">I", content[at + 8 + length:at + 12 +
                                           length])[0] == zlib.crc32(kind + chunk), kind
        if kind == b"IHDR":
            width, height, *form = struct.unpack(">IIBBBBB", chunk)
            assert form == [8, 2, 0, 0, 0], form
        elif kind == b"IDAT":
            data += chunk
        at += 12 + length
    data = zlib.decompress(data)
    stride = width * 3
    rows, above = [], bytearray(stride)
    for y in range(height):
        kind, line = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) *
                                                            (stride + 1)])
        for i in range(stride):
            left, up, corner = (line[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda value: abs(guess - value))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[kind]) & 255
        rows.append([tuple(line[i:i + 3]) for i in range(0, stride, 3)])
        above = line
    return width, height, rows


def png_bomb(width, height, data_bytes):
    """A PNG that claims `width` x `height` pixels and decompresses to `data_bytes` zeros."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head)
            + png_chunk(b"IDAT", zlib.compress(bytes(data_bytes))) + png_chunk(b"IEND", b""))
