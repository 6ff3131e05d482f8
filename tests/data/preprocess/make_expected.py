#!/usr/bin/env python3
"""Makes expected.bin and modes.bin: what torchvision's classification transform (on PIL images)
does to pictures of many sizes. Needs the distribution's python3-torchvision:
/usr/bin/python3 make_expected.py

The pictures come from a generator that tests/device/test_preprocess.c repeats. expected.bin: for
each case six little-endian 32-bit integers (width, height, resize, crop height, crop width,
interpolation), then the cropped RGB bytes. modes.bin has ten integers: width, height, mode, resize,
resize's width, crop height, crop width, interpolation, fill (RGB from the lowest byte), channels.
"""
import itertools
import pathlib
import struct

import numpy
from PIL import Image, ImageOps
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


SHORTER, LONGER, EXACT, LETTERBOX = range(4) # as vrn_resize_mode numbers them
MODES = [  # width, height, mode, resize, its width, crop height, crop width
    (64, 48, EXACT, 32, 32, 32, 32), (48, 64, EXACT, 24, 40, 24, 40),
    (20, 33, EXACT, 33, 20, 33, 20), (31, 200, EXACT, 40, 24, 32, 16),
    (7, 5, EXACT, 30, 20, 30, 20), (32, 20, EXACT, 32, 20, 20, 32),
    (64, 48, LONGER, 32, 0, 32, 32), (48, 64, LONGER, 37, 0, 32, 24),
    (200, 31, LONGER, 24, 0, 9, 24), (20, 20, LONGER, 40, 0, 37, 37),
    (7, 5, LONGER, 30, 0, 26, 30), (64, 48, SHORTER, 32, 0, 40, 20),
    (48, 64, SHORTER, 16, 0, 12, 30), (33, 47, SHORTER, 0, 0, 21, 50),
    (64, 48, LETTERBOX, 0, 0, 32, 32), (48, 64, LETTERBOX, 0, 0, 32, 24),
    (200, 31, LETTERBOX, 0, 0, 24, 40), (7, 5, LETTERBOX, 0, 0, 30, 20),
    (5, 7, LETTERBOX, 0, 0, 23, 30), (40, 30, LETTERBOX, 0, 0, 30, 40),
    (99, 98, LETTERBOX, 0, 0, 33, 33), (31, 9, LETTERBOX, 0, 0, 31, 31),
    (300, 7, LETTERBOX, 0, 0, 24, 24),
]


def picture(width, height):
    """Noise on a gradient, from a 32-bit linear congruential generator."""
    state, values = 12345, []
    for i in range(width * height * 3):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        values.append(((state >> 24) // 2 + i * 128 // (width * height * 3)) & 255)
    return Image.fromarray(numpy.array(values, numpy.uint8).reshape(height, width, 3))


def filled_crop(image, height, width, fill):
    """torchvision's center_crop with another colour than black."""
    left, top = ((size - crop) // 2 if size < crop else round((size - crop) / 2.0)
                 for size, crop in zip(image.size, (width, height)))
    left, top = (-((crop - size) // 2) if size < crop else place
                 for size, crop, place in zip(image.size, (width, height), (left, top)))
    out = Image.new("RGB", (width, height), fill)
    out.paste(image, (-left, -top))
    if fill == (0, 0, 0):
        assert out.tobytes() == functional.center_crop(image, [height, width]).tobytes()
    return out


def prepare(image, mode, sizes, interpolation, fill):
    """One case of MODES."""
    resize, resize_width, height, width = sizes
    if mode == LETTERBOX:
        by_pil = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC][interpolation]
        return ImageOps.pad(image, (width, height), by_pil, fill)
    filters = INTERPOLATIONS[interpolation]
    if mode == EXACT:
        image = functional.resize(image, [resize, resize_width], filters)
    elif mode == LONGER: # what later versions write as Resize(None, max_size=resize)
        long = max(image.size)
        size = [max(int(resize * side / long), 1) for side in image.size]
        image = functional.resize(image, size[::-1], filters)
    elif resize:
        image = functional.resize(image, resize, filters)
    return filled_crop(image, height, width, fill)


def write_modes():
    with open(pathlib.Path(__file__).with_name("modes.bin"), "wb") as out:
        for i, (width, height, mode, *sizes) in enumerate(MODES):
            interpolation, channels = i % 2, i // 2 % 2
            fill = ((0, 0, 0), (114, 7, 255))[i // 3 % 2]
            image = prepare(picture(width, height), mode, sizes, interpolation, fill)
            out.write(struct.pack("<10I", width, height, mode, *sizes, interpolation,
                                  fill[0] | fill[1] << 8 | fill[2] << 16, channels))
            out.write(numpy.asarray(image)[..., ::-1 if channels else 1].tobytes())


def main():
    write_modes()
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
