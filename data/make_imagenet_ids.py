#!/usr/bin/env python3
"""Writes data/imagenet-ids.txt: the WordNet ids of ImageNet's 1000 classes, one a line, in the
order of the networks' outputs, which is that of the ids.

    data/make_imagenet_ids.py > data/imagenet-ids.txt

They are timm's (timm.data.ImageNetInfo). Needs timm 0.9 or newer.
"""

from timm.data import ImageNetInfo

ids = ImageNetInfo("imagenet-1k").label_names()
assert len(ids) == 1000 and ids == sorted(ids)
print("\n".join(ids))
