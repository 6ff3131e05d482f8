"""The names that other people's code gives the parameters of a ResNet: dictionaries of names to
values, with torchvision's names before and others after. Needs no torch."""

import collections
import re

CHILDREN = {"conv1": 0, "bn1": 1, "layer1": 4, "layer2": 5, "layer3": 6, "layer4": 7}


def renamed(weights, *rules):
    """`weights` with patterns of names replaced; where a replacement is None they are left out."""
    result = collections.OrderedDict()
    for name, value in weights.items():
        for pattern, replacement in rules:
            if re.match(pattern, name):
                name = None if replacement is None else re.sub(pattern, replacement, name)
                break
        if name is not None:
            result[name] = value
    return result


def prefixed(weights, prefix):
    return collections.OrderedDict((prefix + name, value) for name, value in weights.items())


def by_number(named, prefix="", fc=None):
    """nn.Sequential(*resnet.children())"""
    def convert(name):
        first, rest = name.split(".", 1)
        return f"{fc}.{rest}" if first == "fc" else f"{prefix}{CHILDREN[first]}.{rest}"
    return {convert(name): value for name, value in named.items()
            if fc is not None or not name.startswith("fc.")}


def hugging_face(weights):
    def convert(name):
        parts = name.split(".")
        kind = "convolution" if "conv" in name or "downsample.0" in name else "normalization"
        if parts[0] == "fc":
            return "classifier.1." + parts[1]
        if not parts[0].startswith("layer"):
            return f"resnet.embedder.embedder.{kind}.{parts[1]}"
        block = f"resnet.encoder.stages.{int(parts[0][5:]) - 1}.layers.{parts[1]}."
        if parts[2] == "downsample":
            return f"{block}shortcut.{kind}.{parts[4]}"
        return f"{block}layer.{int(parts[2][-1]) - 1}.{kind}.{parts[3]}"
    return {convert(name): value for name, value in weights.items()}
