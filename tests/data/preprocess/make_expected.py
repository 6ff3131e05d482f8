#!/usr/bin/env python3
"""Makes expected.bin: what torchvision's classification transform (on PIL images) does to pictures
of many sizes. Needs the distribution's python3-torchvision: /usr/bin/python3 make_expected.py

The pictures come from a generator that tests/device/test_preprocess.c repeats. The file: for each
case six little-endian 32-bit integers (width, height, resize, crop height, crop width,
interpolation), then the cropped RGB bytes."""
import itertools
import pathlib
import struct

import numpy
from PIL import Image
from torchvision.transforms import InterpolationMode, functional

# As vrn_interpolation numbers them.
INTERPOLATIONS = [InterpolationMode.BILINEAR, InterpolationMode.BICUBIC]

CASES = [  # width, height, resize (0: none), crop height, crop width
    (32, 32, 32, 32, 32), (32, 32, 0, 32, 32), (64, 48, 32, 28, 28), (48, 64, 32, 28, 28),
    (33, 47, 16, 15, 13), (200, 31, 24, 24, 24), (31, 200, 24, 24, 24), (500, 3, 16, 16, 16),
    (3, 400, 16, 12, 16), (20, 20, 40, 37, 37), (7, 5, 30, 26, 26), (1, 1, 8, 8, 8),
    (40, 30, 24, 30, 40), (40, 30, 0, 35, 20), (10, 300, 0, 24, 24), (257, 301, 37, 33, 32),
    (99, 98, 97, 21, 20), (640, 427, 36, 32, 32), (2, 7, 3, 3, 3),
]


def picture(width, height):
    """Noise on a gradient, from a 32-bit linear congruential generator."""
    state, values = 12345, []
    for i in range(width * height * 3):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        values.append(((state >> 24) // 2 + i * 128 // (width * height * 3)) & 255)
    return Image.fromarray(numpy.array(values, numpy.uint8).reshape(height, width, 3))


def main():
    with open(pathlib.Path(__file__).with_name("expected.bin"), "wb") as out:
        for (width, height, resize, crop_h,
             crop_w), mode in itertools.product(CASES, INTERPOLATIONS):
            if not resize and mode != INTERPOLATIONS[0]:
                continue # the same
            image = picture(width, height)
            if resize:
                image = functional.resize(image, resize, mode)
            image = functional.center_crop(image, [crop_h, crop_w])
            out.write(
                struct.pack("<6I", width, height, resize, crop_h, crop_w,
                            INTERPOLATIONS.index(mode)))
            out.write(numpy.asarray(image).tobytes())


main()
