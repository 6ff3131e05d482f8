"""Random networks with known answers: weights, checkpoint files in every form, and what PyTorch
computes.

The expected values are computed in float64 from the float32 weights and inputs, so that they are
right to the last digit that float32 has; `own_error` says how far PyTorch's own float32 is from
them.
"""

import collections
import io
import json
import os
import struct
import zipfile

import numpy
import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

import resnet

FORMS = {"zip": "zip.pth", "legacy": "legacy.pth", "safetensors": "safetensors",
         "whole": "whole.pth", "script": "script.pt"}
NORMS = (nn.BatchNorm2d, FrozenBatchNorm2d, nn.GroupNorm)


def randomise(net, x):
    """Gives every parameter and every statistic a value that matters.

    The running statistics are scattered about those that the norm's input really has for x, as they
    are in a trained network; statistics out of thin air would let the activations of 152 layers
    explode or vanish, and a comparison of what is all zero or all infinite says nothing.
    """
    def scatter(norm, inputs):
        if isinstance(norm, nn.GroupNorm):
            return
        mean, deviation = inputs[0].mean(), inputs[0].std(unbiased=False) + 1e-3
        norm.running_mean.normal_(0, 0.2).mul_(deviation).add_(mean)
        norm.running_var.uniform_(0.5, 1.5).mul_(deviation**2)

    hooks = []
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d):  # also those that are standardised
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, NORMS):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
                hooks.append(module.register_forward_pre_hook(scatter))
        net.eval()(x)
    for hook in hooks:
        hook.remove()
    return net


def make(arch, shape, seed):
    """The network of an --arch text, and an input [N, 3, H, W] for it."""
    torch.manual_seed(seed)
    net = resnet.build(arch).eval()
    x = torch.randn(shape)
    return randomise(net, x), x


def forward(net, x):
    """The logits and the outputs of the modules that are compared, by name."""
    names = ["conv1", *(name for name, _ in net.named_children() if name.startswith("layer")),
             "avgpool"]
    outputs = collections.OrderedDict()
    hooks = [getattr(net, name).register_forward_hook(
        lambda module, inputs, output, name=name: outputs.__setitem__(name, output.detach()))
        for name in names]
    with torch.no_grad():
        outputs["logits"] = net(x)
    for hook in hooks:
        hook.remove()
    return outputs


def expect(net, x):
    """(expected outputs as float32, the relative L2 error of PyTorch's own float32 logits)"""
    single = forward(net, x)["logits"].double()
    exact = forward(net.double(), x.double())
    net.float()
    error = torch.linalg.norm(single - exact["logits"]) / torch.linalg.norm(exact["logits"])
    return {name: value.float() for name, value in exact.items()}, error.item()


def save_safetensors(weights, path):
    """https://huggingface.co/docs/safetensors: header length, JSON, data."""
    kinds = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}
    header, offset, data = {"__metadata__": {"format": "pt"}}, 0, []
    for name, value in weights.items():
        data.append(value.contiguous().numpy().tobytes())
        header[name] = {"dtype": kinds[value.dtype], "shape": list(value.shape),
                        "data_offsets": [offset, offset + len(data[-1])]}
        offset += len(data[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


def save_script(net, x, path):
    """TorchScript, without the places in source files that it remembers for messages."""
    program = io.BytesIO()
    torch.jit.save(torch.jit.trace(net, x), program)
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(path, "w") as new:
        for entry in old.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                new.writestr(entry.filename, old.read(entry), entry.compress_type)


def save_model(net, folder, form, x=None):
    """Writes the weights in one of FORMS; returns the file's name. `x`: an input, to trace with."""
    name = "model." + FORMS[form]
    path, weights = os.path.join(folder, name), net.state_dict()
    if form == "safetensors":
        save_safetensors(weights, path)
    elif form == "whole":
        torch.save(net, path)
    elif form == "script":
        save_script(net, x, path)
    else:
        torch.save(weights, path, _use_new_zipfile_serialization=form == "zip")
    return name


def save_case(folder, arch, tell, x, expected, models):
    """Writes what compare.py reads. `tell`: the architecture cannot be seen in the file."""
    for name, value in {"x": x, **expected}.items():
        numpy.save(os.path.join(folder, name + ".npy"), value.numpy())
    case = {"arch": arch, "tell": tell, "models": models, "outputs": list(expected)}
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as file:
        json.dump(case, file, indent=1)
        file.write("\n")
