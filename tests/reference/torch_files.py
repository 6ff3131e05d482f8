"""Checkpoint files as torch.save and safetensors write them, with the standard library alone."""

import array
import collections
import io
import json
import math
import pickle
import struct
import sys
import zipfile

# Names of types: in safetensors, of PyTorch's storages, their letter in struct, bytes.
TYPES = {"F64": ("Double", "d", 8), "F32": ("Float", "f", 4), "F16": ("Half", "e", 2),
         "BF16": ("BFloat16", None, 2), "I64": ("Long", "q", 8)}


class Global:
    """A name that a pickle imports; it may be called in a Reduced."""

    def __init__(self, name):
        self.module, self.name = name.rsplit(".", 1)

    def __call__(self):
        raise NotImplementedError


class Reduced:
    """What a call of a Global gives."""

    def __init__(self, name, *arguments, state=None):
        self.parts = (Global(name), arguments, state)


class Instance:
    """An object of a class, with its attributes."""

    def __init__(self, name, **attributes):
        self.kind, self.attributes = Global(name), attributes


class Storage:
    def __init__(self, kind, data, location="cpu"):
        self.kind, self.data, self.location = kind, data, location
        self.count = len(data) // TYPES[kind][2]


class Tensor:
    """A view of a storage. `strides` and `offset` count elements."""

    def __init__(self, shape, storage, strides=None, offset=0):
        self.shape, self.storage, self.offset = tuple(shape), storage, offset
        self.strides = strides or contiguous(shape)


def contiguous(shape):
    return tuple(math.prod(shape[i + 1:]) for i in range(len(shape)))


def pack(kind, values):
    if kind == "BF16":  # values of eight bits' precision
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    return struct.pack(f"<{len(values)}{TYPES[kind][1]}", *values)


def tensor(shape, values, kind="F32"):
    return Tensor(shape, Storage(kind, pack(kind, values)))


def values_of(one):
    """The values of a contiguous float32 tensor."""
    assert one.storage.kind == "F32" and one.strides == contiguous(one.shape)
    values = array.array("f", one.storage.data)
    if sys.byteorder == "big":
        values.byteswap()
    return values[one.offset:one.offset + math.prod(one.shape)]


class Pickler(pickle._Pickler):  # pylint: disable=protected-access
    """In protocol 2, or another. Storages are left out, and numbered in the order that they are met
    in."""

    dispatch = dict(pickle._Pickler.dispatch)  # pylint: disable=protected-access

    def __init__(self, file, legacy, protocol):
        super().__init__(file, protocol)
        self.legacy, self.storages = legacy, []

    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        if obj not in self.storages:
            self.storages.append(obj)
        whole = ("storage", Global(f"torch.{TYPES[obj.kind][0]}Storage"),
                 str(self.storages.index(obj)), obj.location, obj.count)
        return whole + (None,) if self.legacy else whole

    def reducer_override(self, obj):
        if isinstance(obj, Tensor):
            return Global("torch._utils._rebuild_tensor_v2"), (
                obj.storage, obj.offset, obj.shape, obj.strides, False, collections.OrderedDict())
        return obj.parts if isinstance(obj, Reduced) else NotImplemented

    def save_name(self, obj):
        self.write(f"c{obj.module}\n{obj.name}\n".encode())

    def save_instance(self, obj):
        self.save_name(obj.kind)
        self.write(b")\x81")
        self.memoize(obj)
        self.save(obj.attributes)
        self.write(b"b")


Pickler.dispatch[Global] = Pickler.save_name
Pickler.dispatch[Instance] = Pickler.save_instance


def pickled(content, legacy=False, protocol=2):
    """The pickle, and the storages that it names."""
    out = io.BytesIO()
    pickler = Pickler(out, legacy, protocol)
    pickler.dump(content)
    return out.getvalue(), pickler.storages


def pth(content, more=(), compression=zipfile.ZIP_STORED, protocol=2, change=bytes):
    """The form of today. `more`: further entries; `change`: what becomes of a storage's bytes."""
    data, storages = pickled(content, protocol=protocol)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data)
        for i, storage in enumerate(storages):
            archive.writestr(f"archive/data/{i}", change(storage.data))
        archive.writestr("archive/version", b"3\n")
        for name, entry in more:
            archive.writestr(f"archive/{name}", entry)
    return out.getvalue()


def legacy_pth(content):
    """_use_new_zipfile_serialization=False"""
    data, storages = pickled(content, True)
    about = {"protocol_version": 1001, "little_endian": True,
             "type_sizes": {"short": 2, "int": 4, "long": 4}}
    out = b"".join(pickle.dumps(part, 2) for part in (0x1950a86a20f9469cfc6c, 1001, about)) + data
    out += pickle.dumps([str(i) for i in range(len(storages))], 2)
    return out + b"".join(struct.pack("<q", each.count) + each.data for each in storages)


def safetensors(weights, metadata=None):
    """https://huggingface.co/docs/safetensors: header length, JSON, data."""
    header, data = {"__metadata__": metadata or {"format": "pt"}}, b""
    for name, one in weights.items():
        assert one.strides == contiguous(one.shape) and not one.offset
        header[name] = {"dtype": one.storage.kind, "shape": list(one.shape),
                        "data_offsets": [len(data), len(data) + len(one.storage.data)]}
        data += one.storage.data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data
