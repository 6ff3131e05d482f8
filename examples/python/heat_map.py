#!/usr/bin/env python3
"""Draws the class activation map of a class over a photo. Needs Pillow.

    heat_map.py [--model NAME|FILE] [--class INDEX] PHOTO OUTPUT.png
"""

# %%
import argparse

import numpy as np
from PIL import Image

import vkresnet

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--model", help="a checkpoint or a name (resnet50); default: the bundled model")
parser.add_argument("--class", dest="index", type=int, help="else the most probable one")
parser.add_argument("photo")
parser.add_argument("output")
options = parser.parse_args()

# %% The map has a value for each position of the network's last stage; their mean is the logit.
model = vkresnet.load(options.model)
photo = vkresnet.read_image(options.photo)[:, :, :3]
found = model.class_map(photo, options.index)
print(f"{found.label}: logit {found.logit:.2f}, map of {found.values.shape}")

# %% Yellow where the class is seen.
heat = found.heat(*photo.shape[:2])[:, :, None]
shown = photo * (1 - 0.6 * heat) + np.array([255, 220, 0]) * 0.6 * heat
Image.fromarray(shown.round().astype(np.uint8)).save(options.output)
print(options.output)
