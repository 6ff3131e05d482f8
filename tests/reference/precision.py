#!/usr/bin/env python3
"""Measures the accuracy of fp16 and int8 on real networks, for the table in docs/accuracy.md.

    precision.py --program VKRESNET --data FOLDER [--drivers NAME=ICD...] [--calibration N]

FOLDER is the one with CIFAR-10's weights, test images and training images (VRN_TEST_DATA). int8 is
calibrated on N training images (default 200). Exits with 1 where fp16 agrees with fp32 on fewer
than 99.6 % of the images, or int8 on fewer than 98.5 % or with more than 0.6 points more errors;
with 77 where the data is absent. Needs Python's standard library alone.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tarfile
import tempfile

import compare

LIMITS = {"fp32": (100, 0), "fp16": (99.6, 100),
          "int8": (98.5, 0.6)}  # agreement at least, errors more at most


def run(arguments, *words):
    return subprocess.run([arguments.program, *words], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout.decode()


def training_images(archive, folder, count):
    """The first images of each class, as many of each."""
    taken = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            label = os.path.basename(os.path.dirname(member.name))
            if not member.isfile() or taken.get(label, 0) == count // 10:
                continue
            taken[label] = taken.get(label, 0) + 1
            with open(os.path.join(folder, f"{label}-{taken[label]}.jpg"), "wb") as file:
                file.write(tar.extractfile(member).read())
            if len(taken) == 10 and min(taken.values()) == count // 10:
                return


def classes(path):
    (rows, columns), values = compare.read_npy(path)
    rows = [values[i * columns:(i + 1) * columns] for i in range(rows)]
    return [max(range(columns), key=row.__getitem__) for row in rows], values


def measure(arguments, model, labels, work):
    """A row for each precision: agreement and errors in percent, distance of the logits."""
    calibrated = os.path.join(work, "int8.safetensors")
    run(arguments, "calibrate", "--model", model, "--images", os.path.join(work, "images"), "-o",
        calibrated)
    good, first = True, None
    for precision, (least, most) in LIMITS.items():
        logits = os.path.join(work, precision + ".npy")
        tally = json.loads(
            run(arguments, "eval", "--model", calibrated, "--precision", precision, "--labels",
                labels, "--logits", logits, "--json"))
        found, values = classes(logits)
        first = first or (found, values, tally["wrong"])
        agree = 100 * sum(a == b for a, b in zip(found, first[0])) / len(found)
        more = 100 * (tally["wrong"] - first[2]) / len(found)
        within = agree >= least and more <= most
        good = good and within
        print(
            f"| {os.path.basename(model).split('-')[0]} | {precision} | {agree:.1f} % | "
            f"{tally['wrong']} of "
            f"{len(found)} | {compare.relative_error(values, first[1]):.1e} "
            f"|{'' if within else ' (!)'}",
            flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--drivers", nargs="+", default=[], metavar="NAME=ICD")
    parser.add_argument("--calibration", type=int, default=200, metavar="N")
    arguments = parser.parse_args()
    archive = os.path.join(arguments.data, "cifar10-train", "train-jpeg.tar.xz")
    models = sorted(glob.glob(os.path.join(arguments.data, "cifar10", "*.th")))
    if not models or not os.path.exists(archive):
        print(f"skipped: {arguments.data} has no weights or no training images")
        return 77
    good = True
    with tempfile.TemporaryDirectory() as work:
        os.mkdir(os.path.join(work, "images"))
        training_images(archive, os.path.join(work, "images"), arguments.calibration)
        for driver in arguments.drivers or [None]:
            if driver:
                name, icd = driver.split("=", 1)
                os.environ.update(VK_DRIVER_FILES=icd, VK_ICD_FILENAMES=icd)
                print(f"{name}:")
            print(
                "| network | precision | the same class as fp32 | wrong | distance of the logits, "
                "L2 |\n|---|---|---|---|---|"
            )
            for model in models:
                good = measure(arguments, model,
                               os.path.join(arguments.data, "cifar10", "labels.csv"), work) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
