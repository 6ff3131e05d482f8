#!/usr/bin/env python3
"""Writes tests/data/files with PyTorch: one small network as the code that people train with saves
it, under their names, in their dictionaries, beside their modules; needs torch and torchvision.

    make_files.py [FOLDER]
"""

import argparse
import collections
import copy
import json
import os
import shutil
import sys
import zipfile

import torch

import references
import resnet
from renames import hugging_face, prefixed, renamed

ARCH = "resnet,layers=1:1,planes=3:4,num_classes=5"
SEQUENCE = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5"}


def sequential(weights):
    """nn.Sequential(nn.Sequential(*list(resnet.children())[:-1]), nn.Flatten(), fc)"""
    def convert(name):
        first, rest = name.split(".", 1)
        return f"2.{rest}" if first == "fc" else f"0.{SEQUENCE[first]}.{rest}"
    return {convert(name): value for name, value in weights.items()}


def residual_function(weights):
    """weiaicunzai/pytorch-cifar100"""
    return renamed(
        weights, (r"conv1\.", "conv1.0."), (r"bn1\.", "conv1.1."),
        (r"layer1\.0\.downsample\.", "conv2_x.0.shortcut."),
        (r"layer2\.0\.downsample\.", "conv3_x.0.shortcut."),
        (r"layer1\.0\.conv1\.", "conv2_x.0.residual_function.0."),
        (r"layer1\.0\.bn1\.", "conv2_x.0.residual_function.1."),
        (r"layer1\.0\.conv2\.", "conv2_x.0.residual_function.3."),
        (r"layer1\.0\.bn2\.", "conv2_x.0.residual_function.4."),
        (r"layer2\.0\.conv1\.", "conv3_x.0.residual_function.0."),
        (r"layer2\.0\.bn1\.", "conv3_x.0.residual_function.1."),
        (r"layer2\.0\.conv2\.", "conv3_x.0.residual_function.3."),
        (r"layer2\.0\.bn2\.", "conv3_x.0.residual_function.4."))


def parted(net, how):
    """The same weights in the parts of weight_norm."""
    net = copy.deepcopy(net)
    for module in net.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            how(module)
    return net.state_dict()


def spectral(weights):
    """Weights that spectral_norm's u and v divide by two: their product with the double is two."""
    result = collections.OrderedDict(weights)
    for name in [name for name, value in weights.items() if value.dim() in (2, 4)]:
        double = result.pop(name).double() * 2
        flat = double.flatten(1)
        left = torch.randn(len(flat), dtype=torch.double)
        right = flat.t() @ left
        right *= 2 / (left @ flat @ right)
        for part, value in ("orig", double), ("u", left), ("v", right):
            result[f"{name}_{part}"] = value.float()
    return result


def pruned(weights):
    """Weights whose mask halves what has been doubled."""
    result = collections.OrderedDict()
    for name, value in weights.items():
        if value.dim() in (2, 4):
            mask = torch.where(value > 0, torch.ones_like(value), torch.full_like(value, 0.5))
            result[name + "_orig"] = value / mask
            result[name + "_mask"] = mask
        else:
            result[name] = value
    return result


def save_hugging_face(weights, folder):
    os.makedirs(folder)
    references.save_safetensors(hugging_face(weights), os.path.join(folder, "model.safetensors"))
    labels = {str(i): name for i, name in enumerate(["ant", "bee", "cat", "dog", "eel"])}
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump({"architectures": ["ResNetForImageClassification"], "hidden_act": "relu",
                   "downsample_in_bottleneck": False, "id2label": labels}, file)


def save_parts(weights, folder):
    os.makedirs(folder)
    names = list(weights)
    parts = names[:len(names) // 2], names[len(names) // 2:]
    where = {}
    for i, part in enumerate(parts, 1):
        file = f"model-{i:05}-of-00002.safetensors"
        references.save_safetensors({name: weights[name] for name in part},
                                    os.path.join(folder, file))
        where.update((name, file) for name in part)
    with open(os.path.join(folder, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
        json.dump({"metadata": {"total_size": 1}, "weight_map": where}, file)


def pack_again(source, target):
    """As somebody does who unpacks an archive and packs it with compression."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))


def main(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    net, x = references.make(ARCH, (1, 3, 33, 28), 1)
    expected, _ = references.expect(net, x)
    weights = net.state_dict()
    raw = references.make(ARCH, (1, 3, 33, 28), 2)[0].state_dict()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1).state_dict()
    backbone = renamed(weights, (r"fc\.", None))
    head = renamed(weights, (r"(?!fc\.)", None))
    saved = {
        "module.pth": {"state_dict": prefixed(weights, "module."), "epoch": 3, "arch": "resnet18",
                       "optimizer": optimizer, "args": argparse.Namespace(lr=0.1)},
        "lightning.ckpt": {"state_dict": {**prefixed(weights, "model."),
                                          "criterion.weight": torch.ones(5),
                                          "metric.confmat": torch.zeros(5, 5, dtype=torch.long)}},
        "mmpretrain.pth": {"meta": {"epoch": 1}, "state_dict": {
            **prefixed(backbone, "backbone."), **prefixed(head, "head.")}},
        "any-key.pth": {"weights": weights, "optimizer": optimizer, "epoch": 5},
        "nested.pth": {"a": {"b": {"c": {"trunk": prefixed(weights, "_feature_blocks.")}}}},
        "ema.pth.tar": {"state_dict": raw, "state_dict_ema": weights, "arch": "resnet18"},
        "tuple.pth": (5, weights),
        "default-dict.pth": collections.defaultdict(list, weights),
        "sequential.pth": sequential(weights),
        "residual-function.pth": residual_function(weights),
        "classifier.pth": renamed(weights, (r"fc\.", "classifier.1.")),
        "second-head.pth": {**weights, "aux.weight": torch.ones(2, 4), "aux.bias": torch.ones(2)},
        "same-twice.pth": {**prefixed(weights, "online."), **prefixed(weights, "target.")},
        "whole.pth": net,
        "weight-norm.pth": parted(net, torch.nn.utils.weight_norm),
        "weight-norm-form.pth": renamed(
            parted(net, torch.nn.utils.weight_norm),
            (r"(.*)weight_g$", r"\1parametrizations.weight.original0"),
            (r"(.*)weight_v$", r"\1parametrizations.weight.original1")),
        "spectral-norm.pth": spectral(weights),
        "pruned.pth": pruned(weights),
        "other-head.pth": {**prefixed(backbone, "encoder."), **prefixed(
            renamed(head, (r"fc\.", "answer.")), "my_")},
        "several.pth": {"model": weights, "best": raw, "optimizer": optimizer},
        "whole-wrapped.pth": {"model": torch.nn.DataParallel(net), "epoch": 3},
    }
    for name, value in saved.items():
        torch.save(value, os.path.join(folder, name))
    # The legacy form has the text of each class, and where that stands.
    torch.serialization.get_source_lines_and_file = lambda *_: (["class Block:\n"], 1, "resnet.py")
    torch.save(net, os.path.join(folder, "whole-legacy.pth"), _use_new_zipfile_serialization=False)
    references.save_script(net, x, os.path.join(folder, "script.pt"))
    pack_again(os.path.join(folder, "module.pth"), os.path.join(folder, "packed.pth"))
    save_hugging_face(weights, os.path.join(folder, "hugging-face"))
    save_parts(weights, os.path.join(folder, "parts"))
    models = [*saved, "packed.pth", "whole-legacy.pth", "script.pt", "hugging-face", "parts",
              "parts/model.safetensors.index.json", "parts/model-00002-of-00002.safetensors"]
    references.save_case(folder, ARCH, False, x, expected, models)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "data", "files"))
