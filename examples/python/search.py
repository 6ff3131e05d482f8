#!/usr/bin/env python3
"""Finds the pictures of a folder that are most similar to one picture (cosine of features).

    search.py [--model NAME|FILE] [--top K] PICTURE FOLDER
"""

# %%
import argparse
import pathlib

import numpy as np

import vkresnet

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--model", help="a checkpoint or a name (resnet50); default: the bundled model")
parser.add_argument("--top", type=int, default=5)
parser.add_argument("picture")
parser.add_argument("folder", type=pathlib.Path)
options = parser.parse_args()

# %% A vector for each picture: the average pool's output, of length 1.
model = vkresnet.load(options.model)
paths = sorted(path for path in options.folder.rglob("*")
               if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp"})
features = model.features([options.picture, *paths])
features /= np.linalg.norm(features, axis=1, keepdims=True)

# %% The cosine of the angle between two vectors: 1 for the same direction.
likeness = features[1:] @ features[0]
for i in np.argsort(-likeness, kind="stable")[:options.top]:
    print(f"{likeness[i]:.4f}  {paths[i]}")
