#!/usr/bin/env python3
"""Writes data/imagenet-classes.txt: ImageNet's 1000 class names, one a line, in the order of the
networks' outputs.

    data/make_imagenet_classes.py > data/imagenet-classes.txt

The names are torchvision's own (torchvision.models._meta, which every torchvision weight's metadata
points to). Needs torchvision 0.13 or newer.
"""

from torchvision.models._meta import _IMAGENET_CATEGORIES

assert len(_IMAGENET_CATEGORIES) == 1000
for name in _IMAGENET_CATEGORIES:
    assert name.isprintable() and name == name.strip()
    print(name)
