#!/usr/bin/env python3
"""Writes data/registry.json, the weights that the hub knows, from torchvision's own metadata.

    pip download --no-deps torchvision
    data/make_registry.py torchvision-*.whl > data/registry.json

Takes a wheel or an unpacked one, of torchvision 0.15 or newer, and reads its sources without
running them: neither PyTorch nor an installation is needed.

torchvision says of a file its address, with the first eight digits of its SHA-256 in the name, and
its size in MiB, rounded to three decimals. KNOWN has the whole SHA-256 of some files, and sizes to
the byte, as several independent projects have published them; each is checked against torchvision's
figures here. The others have the eight digits and a range for the size.
"""

import ast
import json
import math
import os
import re
import sys
import zipfile

BASE = "https://download.pytorch.org/models/"
BUILDERS = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"
]
MIB = 1 << 20

KNOWN = {  # file: (SHA-256, bytes or None)
    "resnet18-f37072fd.pth": (
        "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 46830571),
    "resnet34-b627a593.pth": (
        "b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f", 87319819),
    "resnet50-0676ba61.pth": (
        "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 102530333),
    "resnet50-11ad3fa6.pth": (
        "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca", 102540417),
    "resnet101-63fe2227.pth": (
        "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a", None),
    "resnet152-394f9c45.pth": (
        "394f9c45966e3651a89bbb78a48410a6755854ce4a5ab64927cf1c7247f85e58", None),
}


class Sources:
    """The files of a wheel, or of a folder with the same contents."""

    def __init__(self, path):
        self.path = path
        self.archive = None if os.path.isdir(path) else zipfile.ZipFile(path)

    def read(self, name):
        if self.archive:
            return self.archive.read(name).decode("utf-8")
        with open(os.path.join(self.path, name), encoding="utf-8") as file:
            return file.read()


def keywords(call):
    return {keyword.arg: keyword.value for keyword in call.keywords}


def literals(node, ignore=()):
    """A dictionary's entries that are literals; `**others` and what is named in `ignore` are left
    out."""
    return {
        ast.literal_eval(key): ast.literal_eval(value)
        for key, value in zip(node.keys, node.values)
        if key is not None and ast.literal_eval(key) not in ignore
    }


def preset_defaults(sources):
    """The defaults of torchvision's ImageClassification."""
    tree = ast.parse(sources.read("torchvision/transforms/_presets.py"))
    preset = next(node for node in tree.body
                  if isinstance(node, ast.ClassDef) and node.name == "ImageClassification")
    start = next(node for node in preset.body
                 if isinstance(node, ast.FunctionDef) and node.name == "__init__")
    return {
        argument.arg: value
        for argument, value in zip(start.args.kwonlyargs, start.args.kw_defaults) if value
    }


def transform(call, defaults):
    """partial(ImageClassification, crop_size=224, ..)"""
    assert call.func.id == "partial" and call.args[0].id == "ImageClassification", ast.dump(call)
    values = {**defaults, **keywords(call)}
    assert set(values) == {"crop_size", "resize_size", "mean", "std", "interpolation",
                           "antialias"}, set(values)
    assert ast.literal_eval(values["antialias"]) is True
    return {
        "resize": ast.literal_eval(values["resize_size"]),
        "crop": ast.literal_eval(values["crop_size"]),
        "interpolation": values["interpolation"].attr.lower(),  # InterpolationMode.BILINEAR
        "mean": list(ast.literal_eval(values["mean"])),
        "std": list(ast.literal_eval(values["std"])),
    }


def identity(url, mib):
    """Name, hash and size of a file."""
    assert url.startswith(BASE), url
    name = url[len(BASE):]
    prefix = re.fullmatch(r"[\w.-]+-([0-9a-f]{8,64})\.pth", name).group(1)
    digest, size = KNOWN.get(name, (prefix, None))
    assert digest.startswith(prefix) and len(digest) in (len(prefix), 64), name
    described = {"file": name, "sha256": digest}
    least, most = math.floor((mib - 0.0005) * MIB), math.ceil((mib + 0.0005) * MIB)
    if size is None:
        described.update(min_bytes=least, max_bytes=most)
    else:
        assert least <= size <= most, name
        described.update(bytes=size)
    return described


def entries_of(builder, members, defaults):
    default = next(node.value.id for node in members if node.targets[0].id == "DEFAULT")
    for node in members:
        weights = node.targets[0].id
        if weights == "DEFAULT":
            continue
        said = keywords(node.value)
        assert any(key is None and value.id == "_COMMON_META"
                   for key, value in zip(said["meta"].keys, said["meta"].values)), weights
        meta = literals(said["meta"], ignore=("_docs",))
        metrics = meta["_metrics"]["ImageNet-1K"]
        yield {
            "network": builder,
            "weights": weights,
            "default": weights == default,
            **identity(ast.literal_eval(said["url"]), meta["_file_size"]),
            "parameters": meta["num_params"],
            "classes": "imagenet",
            **transform(said["transforms"], defaults),
            "acc1": metrics["acc@1"],
            "acc5": metrics["acc@5"],
            "recipe": meta["recipe"],
        }


def main(path):
    sources = Sources(path)
    version = re.search(r"__version__ = '([^'+]+)", sources.read("torchvision/version.py")).group(1)
    defaults = preset_defaults(sources)
    text = sources.read("torchvision/models/resnet.py")
    # Every weight of that file is for ImageNet's names, which data/imagenet-classes.txt has.
    assert re.search(
        r'_COMMON_META = \{\s*"min_size": \(1, 1\),\s*"categories": _IMAGENET_CATEGORIES,\s*\}',
        text)
    # The class of a builder's weights: ResNet50_Weights, Wide_ResNet50_2_Weights
    classes = {node.name[:-len("_Weights")].lower(): node for node in ast.parse(text).body
               if isinstance(node, ast.ClassDef) and node.name.endswith("_Weights")}
    assert sorted(classes) == sorted(BUILDERS), sorted(classes)
    entries = [entry for builder in BUILDERS
               for entry in entries_of(builder, [node for node in classes[builder].body
                                                 if isinstance(node, ast.Assign)], defaults)]
    written = json.dumps(
        {"format": 1, "source": f"torchvision {version}", "base": BASE, "entries": entries},
        indent=1)
    print(re.sub(r"\[\s*([\d.]+),\s*([\d.]+),\s*([\d.]+)\s*\]", r"[\1, \2, \3]", written))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
