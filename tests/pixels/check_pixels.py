#!/usr/bin/env python3
"""Compares the network's input from image files with torchvision's transforms on PIL images: at
most 1/255 off anywhere. Without torchvision, against the calls of PIL that those make; without PIL,
skipped (status 77).

    check_pixels.py PREPARE [--stb-jpeg] [--folder DIR]...

PREPARE is the program made of prepare.c. Pictures of a folder are tried besides those of
pictures.py. The reference is Image.open(..).convert("RGB"), as torchvision's datasets do it, with
EXIF's orientation applied.
"""

import argparse
import array
import itertools
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import warnings

try:
    from PIL import Image, ImageOps
    import pictures
except ImportError:
    Image = None
try:
    from torchvision.transforms import InterpolationMode, functional
except ImportError:
    functional = None

SIZES = [(256, 224), (32, 32), (40, 27), (24, 41), (0, 33)] # resize (0: none), crop
FILTERS = ["bilinear", "bicubic"]
LIMIT = 1 # of 255
LIMIT_STB_JPEG = 4 # another inverse transform and another enlargement of the colours
NOT_BY_STB = "422.jpg" # whose last column stb_image gets wrong, as the width is odd
ROUNDING = 1e-3 # of float32
SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".ppm", ".pgm", ".tga")


def write_model(path):
    """A network whose conv1 gives back its input: of each 3x3 window it keeps the middle."""
    shapes, values = {}, {}

    def parameter(name, *shape, value=0.0):
        shapes[name] = shape
        values[name] = [value] * math.prod(shape)

    def norm(name):
        for part in ("weight", "running_var"):
            parameter(f"{name}.{part}", 4, value=1.0)
        for part in ("bias", "running_mean"):
            parameter(f"{name}.{part}", 4)

    parameter("conv1.weight", 4, 3, 3, 3)
    for channel in range(3):
        values["conv1.weight"][(channel * 3 + channel) * 9 + 4] = 1.0
    norm("bn1")
    for conv in (1, 2):
        parameter(f"layer1.0.conv{conv}.weight", 4, 4, 3, 3)
        norm(f"layer1.0.bn{conv}")
    parameter("fc.weight", 2, 4)
    parameter("fc.bias", 2)
    header = {
        "__metadata__": {
            "vkresnet.arch": "resnet,block=basic,layers=1,planes=4,stem=cifar,num_classes=2"
        }
    }
    data = b""
    for name, numbers in values.items():
        content = array.array("f", numbers).tobytes()
        header[name] = {
            "dtype": "F32", "shape": shapes[name],
            "data_offsets": [len(data), len(data) + len(content)]
        }
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def resize_by_pil(image, size, name):
    """torchvision's functional.resize, restated."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    other = int(size * long / short)
    new = (size, other) if width <= height else (other, size)
    return image if new == image.size else image.resize(
        new, {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}[name])


def crop_by_pil(image, side):
    """torchvision's functional.center_crop, restated."""
    width, height = image.size
    if side > width or side > height:
        left, top = (max(0, (side - length) // 2) for length in image.size)
        right, bottom = (max(0, (side - length + 1) // 2) for length in image.size)
        wide = Image.new("RGB", (width + left + right, height + top + bottom))
        wide.paste(image, (left, top))
        image = wide
        width, height = image.size
    top, left = int(round((height - side) / 2.0)), int(round((width - side) / 2.0))
    return image.crop((left, top, left + side, top + side))


def expected(image, size, side, name):
    ours = crop_by_pil(resize_by_pil(image, size, name) if size else image, side)
    if functional:
        resized = functional.resize(image, size, InterpolationMode(name)) if size else image
        theirs = functional.center_crop(resized, [side, side])
        assert theirs.tobytes() == ours.tobytes(
        ), "torchvision does not do what this script says it does"
    return b"".join(band.tobytes() for band in ours.split()) # [3, H, W], as the network has it


def upright(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as image:
            return f"{image.format} {image.mode}", ImageOps.exif_transpose(image).convert("RGB")


def prepare(program, model, output, size, side, name, paths):
    """The prepared images, as floats, and what was said."""
    done = subprocess.run([program, model, output, str(size), str(side), name, *paths], check=False,
                          stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"{program}: status {done.returncode}\n{done.stderr}")
    values = array.array("f", output.read_bytes())
    each = 3 * side * side
    assert len(values) == len(paths) * each, (len(values), len(paths), each)
    return [values[i * each:(i + 1) * each] for i in range(len(paths))], done.stderr.splitlines()


def difference(found, wanted):
    """The greatest, in steps of 255; infinite where a number is none."""
    worst = max(abs(value * 255 - byte) for value, byte in zip(found, wanted))
    return worst if worst == worst and not any(map(math.isnan, found)) else math.inf


def gather(folder, folders):
    """[(name, path, kind, picture)] of all that can be read."""
    files = []
    for name, content, inside in pictures.good():
        path = folder / name
        path.write_bytes(content)
        kind, image = upright(path)
        files.append((name, path, kind, inside.convert("RGB") if inside else image))
    for other in folders:
        for path in sorted(other.rglob("*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            try:
                files.append((path.name, path, *upright(path)))
            except (OSError, SyntaxError) as error:
                print(f"{path.name}: PIL cannot read it: {error}")
    return files


def check_good(arguments, folder, model):
    files = gather(folder, arguments.folder)
    worst = {(file[0], name): 0.0 for file in files for name in FILTERS}
    for (size, side), name in itertools.product(SIZES, FILTERS):
        found, said = prepare(arguments.prepare, model, folder / "seen", size, side, name,
                              [file[1] for file in files])
        assert not said, said
        for (file, _, _, image), values in zip(files, found):
            worst[file, name] = max(worst[file, name],
                                    difference(values, expected(image, size, side, name)))
    print(
        f"{'file':<32}{'PIL has it as':<18}{'size':>12}{'bilinear':>10}{'bicubic':>10}   "
        f"(greatest difference, of 255)"
    )
    failures = []
    for file, _, kind, image in files:
        stb_jpeg = arguments.stb_jpeg and kind.startswith("JPEG")
        limit = LIMIT_STB_JPEG if stb_jpeg else LIMIT
        if stb_jpeg and file == NOT_BY_STB:
            limit = math.inf
        shown = [worst[file, name] for name in FILTERS]
        print(f"{file:<32}{kind:<18}{'x'.join(map(str, image.size)):>12}" +
              "".join(f"{value:>10.2f}" for value in shown) +
              ("" if limit == LIMIT else f"   allowed by stb_image: {limit}"))
        if max(shown) > limit + ROUNDING:
            failures.append(file)
    exact = sum(max(worst[file[0], name] for name in FILTERS) <= ROUNDING for file in files)
    print(f"{len(files)} files, {exact} equal in every pixel; against "
          + ("torchvision and PIL" if functional else "PIL") + f" {Image.__version__}")
    return failures


def check_bad(arguments, folder, model):
    """Each file that cannot be read is said in one line, and the others go on."""
    failures = []
    for name, content, part in pictures.bad():
        path, good = folder / name, folder / "1x1.png"
        path.write_bytes(content)
        (nothing, something), said = prepare(arguments.prepare, model, folder / "seen", 8, 8,
                                             "bilinear", [path, good])
        said = [line for line in said if not line.startswith("./lib/jxl/")] # libjxl 0.7's own
        print("\n".join(line.replace(f"{folder}{os.sep}", "") for line in said))
        if not (all(map(math.isnan, nothing)) and not any(map(math.isnan, something)) and len(said)
                == 1 and f"{name}: not an image that can be read: " in said[0] and part in said[0]):
            failures.append(name)
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("prepare")
    parser.add_argument("--stb-jpeg", action="store_true",
                        help="stb_image reads JPEG, which is a little off")
    parser.add_argument("--folder", action="append", type=pathlib.Path, default=[])
    arguments = parser.parse_args()
    if Image is None:
        print("PIL is not installed: skipped")
        return 77
    with tempfile.TemporaryDirectory(prefix="vkresnet-pixels-") as name:
        folder = pathlib.Path(name)
        write_model(folder / "model.safetensors")
        failures = check_good(arguments, folder, folder / "model.safetensors")
        failures += check_bad(arguments, folder, folder / "model.safetensors")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
