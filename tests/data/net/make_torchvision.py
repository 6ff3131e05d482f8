#!/usr/bin/env python3
"""Writes torchvision.txt: what torchvision's own ResNet says of names, shapes, strides, dilations
and sizes, for tests/unit/test_graph.c and test_arch.c. Needs Debian's python3-torchvision.

    arch TEXT          as for vrn_arch_parse; what follows is about it, at an input of 65 x 50
    parameters N       elements of all weights and biases: torch's count, where norms are not frozen
    tensors N HASH     of state_dict without num_batches_tracked: lines "name 64,3,7,7"
    layers N HASH      convolutions, norms, max pool in order of state_dict: lines as in layer_line
    tensor LINE        the same lines in full, for a few
    layer LINE
    refuse TEXT|WORDS  what torchvision refuses, and why
HASH is FNV-1a, 64 bits, of the lines with their line feeds.
"""
import functools
import pathlib

import torch
from torch import nn
from torchvision.models import resnet
from torchvision.ops import FrozenBatchNorm2d

HEIGHT, WIDTH = 65, 50
GROUP = functools.partial(nn.GroupNorm, 32)
BASIC, BOTTLENECK = resnet.BasicBlock, resnet.Bottleneck


def named(name, **keys):
    return lambda: getattr(resnet, name)(**keys)


def custom(block, layers, **keys):
    return lambda: resnet.ResNet(block, layers, **keys)


ARCHS = [(name, named(name)) for name in (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2")]
ARCHS += [
    ("resnet50,num_classes=21,dilate=0:1:1",
     named("resnet50", num_classes=21, replace_stride_with_dilation=[False, True, True])),
    ("resnet50,dilate=1:1:1", named("resnet50", replace_stride_with_dilation=[True, True, True])),
    ("resnet50,dilate=1:0:1", named("resnet50", replace_stride_with_dilation=[True, False, True])),
    ("resnet50,dilate=0:1:0", named("resnet50", replace_stride_with_dilation=[False, True, False])),
    ("resnext50_32x4d,dilate=0:0:1",
     named("resnext50_32x4d", replace_stride_with_dilation=[False, False, True])),
    ("resnet50,norm=frozen", named("resnet50", norm_layer=FrozenBatchNorm2d)),
    ("resnet18,norm=group", named("resnet18", norm_layer=GROUP)),
    ("resnet50,norm=group,norm_groups=16,norm_eps=0.001",
     named("resnet50", norm_layer=lambda channels: nn.GroupNorm(16, channels, eps=1e-3))),
    ("resnet50,width_per_group=100", named("resnet50", width_per_group=100)),
    ("resnet50,width_per_group=33", named("resnet50", width_per_group=33)),
    ("resnet,block=bottleneck,layers=1:1:1:1,groups=3,width_per_group=5",
     custom(BOTTLENECK, [1, 1, 1, 1], groups=3, width_per_group=5)),
    ("resnet,block=bottleneck,layers=1:2:3:1,groups=8,width_per_group=24,dilate=0:1:1",
     custom(BOTTLENECK, [1, 2, 3, 1], groups=8, width_per_group=24,
            replace_stride_with_dilation=[False, True, True])),
    ("resnet,layers=1:1:1:1", custom(BASIC, [1, 1, 1, 1])),
    # One block dilates nothing after itself: torchvision lets it pass.
    ("resnet,layers=2:2:2:1,dilate=0:0:1",
     custom(BASIC, [2, 2, 2, 1], replace_stride_with_dilation=[False, False, True])),
]
IN_FULL = {"resnet18,norm=group", "resnet50,num_classes=21,dilate=0:1:1",
           "resnext50_32x4d,dilate=0:0:1"}

REFUSED = [
    ("resnet18,groups=2", named("resnet18", groups=2)),
    ("resnet18,width_per_group=128", named("resnet18", width_per_group=128)),
    ("resnet34,dilate=0:0:1", named("resnet34", replace_stride_with_dilation=[False, False, True])),
    ("resnet18,dilate=1:0:0", named("resnet18", replace_stride_with_dilation=[True, False, False])),
    ("resnet,layers=1:1:1:1,dilate=0:1:0",
     custom(BASIC, [1, 1, 1, 1], replace_stride_with_dilation=[False, True, False])),
    ("resnet50,dilate=0:1", named("resnet50", replace_stride_with_dilation=[False, True])),
    ("resnet50,norm=group,norm_groups=48",
     named("resnet50", norm_layer=lambda channels: nn.GroupNorm(48, channels))),
]


def fnv(lines):
    value = 0xcbf29ce484222325
    for byte in "".join(line + "\n" for line in lines).encode():
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return f"{len(lines)} {value:016x}"


def both(value):
    return f"{value[0]},{value[1]}" if isinstance(value, tuple) else f"{value},{value}"


def layer_line(name, module, output):
    size = f"{output.shape[1]},{output.shape[2]},{output.shape[3]}"
    if isinstance(module, (nn.Conv2d, nn.MaxPool2d)):
        groups = module.groups if isinstance(module, nn.Conv2d) else 1
        return (f"{name} {size} kernel {both(module.kernel_size)} stride {both(module.stride)} "
                f"padding {both(module.padding)} dilation {both(module.dilation)} groups {groups}")
    groups = module.num_groups if isinstance(module, nn.GroupNorm) else 1
    return f"{name} {size} eps {round(module.eps * 1e6)}e-6 groups {groups}"


def describe(model):
    tensors = [f"{name} {','.join(map(str, tensor.shape))}"
               for name, tensor in model.state_dict().items()
               if not name.endswith("num_batches_tracked")]
    modules = [(name, module) for name, module in model.named_modules()
               if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.BatchNorm2d, FrozenBatchNorm2d,
                                      nn.GroupNorm))]
    outputs = {}
    for name, module in modules:
        module.register_forward_hook(
            lambda _, __, output, name=name: outputs.__setitem__(name, output))
    with torch.no_grad():
        model.eval()(torch.zeros(1, 3, HEIGHT, WIDTH))
    return tensors, [layer_line(name, module, outputs[name]) for name, module in modules]


def count(model):
    """Files older than num_batches_tracked look frozen; their count shall not depend on that."""
    return sum(tensor.numel() for name, tensor in model.state_dict().items()
               if name.endswith((".weight", ".bias")))


def reason(build):
    try:
        build()
    except (ValueError, NotImplementedError) as error:
        return str(error).split(", got")[0]
    raise SystemExit("torchvision accepts what it should refuse")


def main():
    lines = []
    for text, build in ARCHS:
        model = build()
        tensors, layers = describe(model)
        lines += [f"arch {text}", f"parameters {count(model)}",
                  f"tensors {fnv(tensors)}", f"layers {fnv(layers)}"]
        if text in IN_FULL:
            lines += [f"tensor {line}" for line in tensors] + [f"layer {line}" for line in layers]
    lines += [f"refuse {text}|{reason(build)}" for text, build in REFUSED]
    pathlib.Path(__file__).with_name("torchvision.txt").write_text("\n".join(lines) + "\n")


main()
