#!/usr/bin/env python3
"""Classifies photos, from a folder or a list of files, with any model.

    classify.py [--model NAME|FILE] PHOTO|FOLDER...

The cells (# %%) can be run one by one in an editor or a notebook.
"""

# %%
import argparse
import pathlib

import vkresnet

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--model", help="a checkpoint or a name (resnet50); default: the bundled model")
parser.add_argument("photos", nargs="+", type=pathlib.Path)
options = parser.parse_args()

# %% The devices of this machine: the one with the highest score is the default.
for device in vkresnet.devices():
    print(f"device {device.index}: {device.name} ({device.type}), score {device.score}")

# %% The files. Folders give their pictures.
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
paths = []
for photo in options.photos:
    inside = sorted(photo.rglob("*")) if photo.is_dir() else [photo]
    paths += [path for path in inside if path == photo or path.suffix.lower() in SUFFIXES]

# %% The classes: while a batch runs on the device, the next photos are read.
model = vkresnet.load(options.model)
print(model)
for path, predictions in zip(paths, model.classify(paths, top=3)):
    best = "  ".join(f"{p.label} {p.probability:.1%}" for p in predictions)
    print(f"{path}: {best}")
