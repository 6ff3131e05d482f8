"""Weights and inputs for an --arch text that are the same everywhere, without PyTorch."""

import collections
import math
import random
import zlib

from torch_files import tensor

SHAPE = (2, 3, 64, 32)  # of the inputs; where means stride, whole windows
EXPANSION = {"basic": 1, "bottleneck": 4}


def settings(text):
    """The keys of `resnet,key=value,...`, lists as lists of integers."""
    found = {"block": "basic", "groups": 1, "width_per_group": 64, "norm": "batch",
             "stem": "imagenet", "shortcut": "projection", "in_channels": 3, "v2": 0,
             "final_norm": 0, "attention": "none", "head": "linear",
             "head_bias": 1}
    found.update(pair.split("=") for pair in text.split(",")[1:])
    for key, value in found.items():
        if key in ("layers", "planes", "strides", "attention_width"):
            found[key] = list(map(int, value.split(":")))
        elif str(value).isdigit():
            found[key] = int(value)
    stages = len(found["layers"])
    found.setdefault("strides", [1] + [2] * (stages - 1))
    found.setdefault("stem_planes", found["planes"][0])
    found.setdefault("stem_kernel", 7 if found["stem"] == "imagenet" else 3)
    found.setdefault("stem_width", found["stem_planes"] // 2)
    return found


class Shapes(collections.OrderedDict):
    """Of each parameter, by PyTorch's names."""

    def __init__(self, arch):
        super().__init__()
        self.arch = arch
        self.stem()
        channels = arch["stem_planes"]
        for i, count in enumerate(arch["layers"]):
            for j in range(count):
                channels = self.block(f"layer{i + 1}.{j}.", i, channels,
                                      arch["strides"][i] if j == 0 else 1)
        if arch["final_norm"]:
            self.norm("norm", channels)
        if arch["head"] == "mlp":
            self.linear("fc.0", channels, arch["head_width"])
            self.linear("fc.2", arch["head_width"], arch["num_classes"])
        elif arch["head"] == "linear":
            self.linear("fc", channels, arch["num_classes"])
            if not arch["head_bias"]:  # which --arch need not say
                del self["fc.bias"]

    def conv(self, name, into, out, kernel, groups=1):
        self[name + ".weight"] = (out, into // groups, kernel, kernel)

    def linear(self, name, into, out, *more):
        self[name + ".weight"], self[name + ".bias"] = (out, into, *more), (out,)

    def norm(self, name, channels):
        kinds = {"group": (), "frozen": ("running_mean", "running_var")}.get(
            self.arch["norm"], ("running_mean", "running_var", "num_batches_tracked"))
        for part in ("weight", "bias", *kinds):
            self[f"{name}.{part}"] = () if part == "num_batches_tracked" else (channels,)

    def stem(self):
        arch, channels = self.arch, self.arch["stem_planes"]
        if arch["stem"] == "deep":
            width = arch["stem_width"]
            for at, into, out in (0, arch["in_channels"], width), (3, width, width):
                self.conv(f"conv1.{at}", into, out, 3)
                self.norm(f"conv1.{at + 1}", out)
            self.conv("conv1.6", width, channels, 3)
        else:
            self.conv("conv1", arch["in_channels"], channels, arch["stem_kernel"])
        if not arch["v2"]:
            self.norm("bn1", channels)

    def block(self, at, stage, channels, stride):
        arch, planes = self.arch, self.arch["planes"][stage]
        out = planes * EXPANSION[arch["block"]]
        convs = [(channels, planes, 3, 1), (planes, planes, 3, 1)]
        if arch["block"] == "bottleneck":
            width = int(planes * (arch["width_per_group"] / 64)) * arch["groups"]
            convs = [(channels, width, 1, 1), (width, width, 3, arch["groups"]), (width, out, 1, 1)]
        for i, (into, to, kernel, groups) in enumerate(convs, 1):
            self.conv(f"{at}conv{i}", into, to, kernel, groups)
            self.norm(f"{at}bn{i}", into if arch["v2"] else to)
        if arch["attention"] == "se":
            self.linear(at + "se.fc1", out, arch["attention_width"][stage], 1, 1)
            self.linear(at + "se.fc2", arch["attention_width"][stage], out, 1, 1)
        if (stride != 1 or channels != out) and not arch["shortcut"].startswith("pad"):
            first = int(arch["shortcut"] == "mean")
            self.conv(f"{at}downsample.{first}", channels, out, 1)
            if not arch["v2"]:
                self.norm(f"{at}downsample.{first + 1}", out)
        return out


def made(name, shape, seed=0):
    """Values that follow from the name, so large that no layer's output vanishes or explodes."""
    if name.endswith("num_batches_tracked"):
        return tensor((), [5004], "I64")
    numbers = random.Random(zlib.crc32(f"{name} {seed}".encode()))
    count, fan = 1, 1
    for i, side in enumerate(shape):
        count *= side
        fan *= side if i else 1
    low, high = -0.4, 0.4  # of biases and means
    if len(shape) > 1:
        high = (6 / fan) ** 0.5
        low = -high
    elif name.endswith((".weight", ".running_var")):
        low, high = 0.5, 1.5
    return tensor(shape, [level(low + (high - low) * numbers.random()) for _ in range(count)])


def level(value):
    """The nearest value that all types of floats hold."""
    return round(value * 128) / 128


def weights(text, seed=0):
    return collections.OrderedDict(
        (name, made(name, shape, seed)) for name, shape in Shapes(settings(text)).items())


def image(text):
    """The input's shape and values."""
    shape, numbers = (SHAPE[0], settings(text)["in_channels"], *SHAPE[2:]), random.Random(1)
    return shape, [level(4 * numbers.random() - 2) for _ in range(math.prod(shape))]
