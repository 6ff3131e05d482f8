#!/usr/bin/env python3
"""Makes the files beside it, which tests/unit/test_checkpoint.c reads, from PyTorch (1.13 made
those in the repository). Element i of tensor number n is ((7 * i + n) % 31 - 15) / 8, in C order:
exact in every float type, so that the test knows all values without another file."""

import argparse
import json
import os
import struct
from collections import OrderedDict

import numpy
import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def path(name):
    return os.path.join(HERE, name)


def values(n, *shape):
    count = int(numpy.prod(shape, dtype=int))
    return torch.tensor([((7 * i + n) % 31 - 15) / 8 for i in range(count)]).reshape(shape)


def all_kinds():
    tensors = OrderedDict()
    tensors["conv.weight"] = values(0, 2, 3)
    tensors["half"] = values(1, 5).half()
    tensors["bfloat"] = values(2, 3, 2).bfloat16()
    tensors["double"] = values(3, 4).double()
    tensors["num_batches_tracked"] = torch.tensor(1234567890123)
    tensors["bytes"] = torch.tensor([1, 2, 3], dtype=torch.uint8)
    tensors["flags"] = torch.tensor([True, False])
    tensors["scalar"] = values(4)
    tensors["empty"] = torch.zeros(0, 4)
    # One storage: a transposed view, every second row and third column, and a row.
    tensors["transposed"] = values(5, 2, 3).t().contiguous().t()
    wide = torch.zeros(4, 6)
    wide[1::2, ::3] = values(6, 2, 2)
    tensors["strided"] = wide[1::2, ::3]
    tensors["row"] = wide[0]
    tensors["channels_last"] = values(7, 2, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    tensors["parameter"] = torch.nn.Parameter(values(8, 3))
    tensors["expanded"] = torch.zeros(1).expand(3)
    tensors["größe.π"] = values(9, 2)
    tensors._metadata = OrderedDict([("", {"version": 1})])
    return tensors


def wrapped():
    weights = OrderedDict()
    weights["module.conv.weight"] = values(0, 2, 3)
    weights["module.conv.bias"] = values(1, 2)
    return {
        "epoch": 3,
        "args": argparse.Namespace(lr=0.1, name="resnet", sizes={1, 2}),
        "best": numpy.float64(0.5),
        "history": numpy.zeros(2),
        "optimizer": {
            "state": {0: {"momentum_buffer": values(2, 2, 3)}},
            "param_groups": [{"lr": 0.1, "params": [0, 1], "big": 2**100}],
        },
        "state_dict": weights,
    }


def write_safetensors(name, header, data, metadata=None):
    if metadata is not None:
        header = {"__metadata__": metadata, **header}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path(name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def make_safetensors():
    header, data = {}, b""
    types = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
             torch.float64: "F64", torch.int64: "I64", torch.uint8: "U8", torch.bool: "BOOL"}
    for name, tensor in all_kinds().items():
        tensor = tensor.detach().contiguous()
        raw = tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor
        blob = raw.numpy().tobytes()
        header[name] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(blob)]}
        data += blob
    write_safetensors("kinds.safetensors", header, data,
                      {"format": "pt", "text": "a \"quoted\" \\ line\n\u00e4\U0001f600"})


class Tagged(torch.Tensor):
    """A subclass with attributes is saved through torch._tensor._rebuild_from_type_v2."""


def main():
    torch.save(all_kinds(), path("kinds-zip.pth"))
    torch.save(all_kinds(), path("kinds-zip5.pth"), pickle_protocol=5)
    torch.save(all_kinds(), path("kinds-legacy.pth"), _use_new_zipfile_serialization=False)
    torch.save(all_kinds(), path("kinds-legacy4.pth"), pickle_protocol=4,
               _use_new_zipfile_serialization=False)
    torch.save(wrapped(), path("wrapped-zip.pth"))
    torch.save(wrapped(), path("wrapped-legacy.pth"), _use_new_zipfile_serialization=False)
    torch.save({"epoch": 1, "args": argparse.Namespace(),
                "weights": {"a": {"b": values(0, 2, 3)}, 7: values(1, 2)}}, path("nested.pth"))
    tagged = values(0, 2, 3).as_subclass(Tagged)
    tagged.tag = "x"
    with_state = torch.nn.Parameter(values(1, 2))
    with_state.tag = "y"
    torch.save({"a": tagged, "b": with_state}, path("subclass.pth"))
    torch.save(torch.nn.Linear(1, 1), path("module.pth"))
    make_safetensors()

    # Files that are to be refused.
    torch.save({"state_dict": {"a": values(0, 1), "fc.weight": numpy.zeros(2)}},
               path("refused-numpy.pth"))
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), path("refused-script.pth"))
    numpy.savez(path("refused-arrays.npz"), a=numpy.zeros(2))


if __name__ == "__main__":
    main()
