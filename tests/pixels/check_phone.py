#!/usr/bin/env python3
"""The folder of a phone (phone.py): the decoded pixels of each file, and those after the
transforms, against Pillow's; broken files are said in one line each. The table is the output.
Without PIL, skipped (status 77).

    check_phone.py PREPARE [--stb-jpeg] [--without FORMAT]...

PREPARE is the program made of prepare.c; FORMAT, such as WEBP, one that its build cannot read: its
files have to be refused with the name of the package that is missing.
"""

import argparse
import itertools
import math
import os
import pathlib
import sys
import tempfile
import warnings

import check_pixels

if check_pixels.Image:
    import phone

FILES = 60
WHOLE = (0, 64) # the picture as it is, with black around it
SIZES = [(40, 32), (96, 64)]
PACKAGES = {"WEBP": "libwebp-dev", "AVIF": "libavif-dev", "HEIF": "libheif-dev",
            "TIFF": "libtiff-dev", "JXL": "libjxl-dev"}


def measure(arguments, folder, model, files):
    """The greatest differences of each file: decoded, and after the transforms. None: refused."""
    worst = {file[0]: [0.0, 0.0] for file in files}
    said = []
    paths = [folder / file[0] for file in files]
    for (size, side), name in [(WHOLE, "bilinear"),
                               *itertools.product(SIZES, check_pixels.FILTERS)]:
        found, said = check_pixels.prepare(arguments.prepare, model, folder / "seen", size, side,
                                           name, paths)
        for (file, _, _, image), values in zip(files, found):
            if math.isnan(values[0]):
                worst[file] = None
                continue
            column = 1 if size else 0
            worst[file][column] = max(
                worst[file][column],
                check_pixels.difference(values, check_pixels.expected(image, size, side, name)))
    return worst, said


def check_good(arguments, folder, model, files):
    worst, said = measure(arguments, folder, model, files)
    print(f"{'file':<24}{'Pillow has it as':<18}{'size':>8}{'decoded':>9}{'prepared':>10}   "
          f"(greatest difference, of 255)")
    failures = []
    for file, _, kind, image in files:
        form = kind.split()[0]
        allowed = phone.ALLOWED.get(file, 0)
        if arguments.stb_jpeg and form == "JPEG":
            allowed = check_pixels.LIMIT_STB_JPEG
        if arguments.stb_jpeg and file == "from-jpeg.jxl": # libjxl's pixels, of no JPEG decoder
            allowed = 8
        line = f"{file:<24}{kind:<18}{'x'.join(map(str, image.size)):>8}"
        if form in arguments.without:
            refused = [text for text in said
                       if f"{os.sep}{file}: " in text and PACKAGES[form] in text]
            good = worst[file] is None and len(refused) == 1
            print(f"{line}   {'refused, with the package' if good else 'FAILED'}")
        else:
            decoded, prepared = worst[file] or (math.inf, math.inf)
            good = (decoded <= allowed + check_pixels.ROUNDING and
                    prepared <= 2 * allowed + check_pixels.ROUNDING)
            line += f"{decoded:>9.2f}{prepared:>10.2f}" if worst[file] else "   refused"
            print(line + (f"   allowed: {allowed}, {2 * allowed}" if allowed else ""))
        if not good:
            failures.append(file)
    exact = sum(1 for shown in worst.values() if shown and max(shown) <= check_pixels.ROUNDING)
    print(f"{len(files)} files, {exact} equal in every pixel; Pillow "
          f"{check_pixels.Image.__version__}")
    return failures


def check_broken(arguments, folder, model):
    failures = []
    for name, content in phone.broken():
        path, good = folder / name, folder / "screenshot.png"
        path.write_bytes(content)
        (nothing, something), said = check_pixels.prepare(arguments.prepare, model,
                                                          folder / "seen", 8, 8, "bilinear",
                                                          [path, good])
        said = [line for line in said if not line.startswith("./lib/jxl/")] # libjxl 0.7's own
        print("\n".join(line.replace(f"{folder}{os.sep}", "") for line in said))
        if not (all(map(math.isnan, nothing)) and not any(map(math.isnan, something)) and
                len(said) == 1 and f"{name}: not an image that can be read: " in said[0]):
            failures.append(name)
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("prepare")
    parser.add_argument("--stb-jpeg", action="store_true")
    parser.add_argument("--without", action="append", choices=PACKAGES, default=[])
    arguments = parser.parse_args()
    if check_pixels.Image is None:
        print("PIL is not installed: skipped")
        return 77
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="vkresnet-phone-") as name:
        folder = pathlib.Path(name)
        check_pixels.write_model(folder / "model.safetensors")
        files = list(phone.good())
        for file in files:
            (folder / file[0]).write_bytes(file[1])
        failures = check_good(arguments, folder, folder / "model.safetensors", files)
        failures += check_broken(arguments, folder, folder / "model.safetensors")
        if len(files) + len(list(phone.broken())) != FILES:
            failures.append(f"there are not {FILES} files")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
