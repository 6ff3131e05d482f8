#!/usr/bin/env python3
"""Compares networks of full size with PyTorch: random weights, saved in every file format.

    family.py --program VKRESNET [--models ARCH...] [--drivers NAME=ICD...] [--size HxW] [--batch N]
              [--forms zip legacy safetensors] [--precision fp32|fp16|int8] [--tolerance T] [--seed
              N] [-- OPTION OF infer...]

Without --models: torchvision's ten. ARCH is a text as for --arch ("resnet50,dilate=0:1:1"). Without
--drivers: the device that the program chooses. Needs torch and torchvision, and exits with 77 where
they are not installed. --precision int8 calibrates each model on 32 random images first, and holds
only the logits against the tolerance. Tolerances: 1e-5, 5e-3 and 0.08. The largest model takes 1.5
GB of disk while it is compared.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

import compare

TEN = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
       "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"]
FORMS = ["zip", "legacy", "safetensors"]
TOLERANCES = {"fp32": 1e-5, "fp16": 5e-3, "int8": 0.08}
CALIBRATION_IMAGES = 32


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--models", nargs="+", default=TEN, metavar="ARCH")
    parser.add_argument("--drivers", nargs="+", default=[], metavar="NAME=ICD")
    parser.add_argument("--size", default="224x224", metavar="HxW")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--forms", nargs="+", default=FORMS, choices=FORMS)
    parser.add_argument("--precision", choices=TOLERANCES, default="fp32")
    parser.add_argument("--tolerance", type=float)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def make_case(folder, arch, shape, chosen):
    import references  # needs torch
    import resnet

    net, x = references.make(arch, shape, chosen.seed)
    expected, error = references.expect(net, x)
    models = [references.save_model(net, folder, form) for form in chosen.forms]
    # The keys behind the name may say what a file cannot tell, as the side of option A's zeros.
    tell = "," in arch or resnet.parse(arch).shortcut == "pad"
    references.save_case(folder, arch, tell, x, expected, models)
    print(f"{arch}: PyTorch's own float32 is off by {error:.1e}", flush=True)


def calibrate(program, folder, shape, seed):
    """Replaces the case's models by ones with scales for int8."""
    import numpy

    random = numpy.random.default_rng(seed + 1)
    images = os.path.join(folder, "calibration.npy")
    numpy.save(images, random.standard_normal((CALIBRATION_IMAGES,) + shape[1:]).astype("float32"))
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    for index, model in enumerate(case["models"]):
        output = f"int8-{index}.safetensors"
        command = [program, "calibrate", "--model", os.path.join(folder, model), "--input", images,
                   "-o", os.path.join(folder, output)]
        if case["tell"]:
            command += ["--arch", case["arch"]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        case["models"][index] = output
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as file:
        json.dump(case, file)


def use_driver(driver):
    """Points the loader at one driver; returns its name."""
    name, icd = driver.split("=", 1)
    os.environ.update(VK_DRIVER_FILES=icd, VK_ICD_FILENAMES=icd, VRN_TEST_REQUIRE_DEVICE="1")
    return name


def main():
    arguments, options = compare.split_options(sys.argv[1:])
    chosen = parse_arguments(arguments)
    missing = [name for name in ("torch", "torchvision") if not importlib.util.find_spec(name)]
    if missing:
        print(f"skipped: {sys.executable} has no {' and no '.join(missing)}")
        return compare.SKIPPED
    height, width = map(int, chosen.size.split("x"))
    tolerance = chosen.tolerance or TOLERANCES[chosen.precision]
    options = ["--precision", chosen.precision] + options
    statuses = set()
    for arch in chosen.models:
        with tempfile.TemporaryDirectory() as work:
            folder = os.path.join(work, arch)
            os.mkdir(folder)
            make_case(folder, arch, (chosen.batch, 3, height, width), chosen)
            if chosen.precision == "int8":
                calibrate(chosen.program, folder, (chosen.batch, 3, height, width), chosen.seed)
            for driver in chosen.drivers or [None]:
                if driver:
                    print(f"on {use_driver(driver)}:")
                statuses.add(compare.compare(chosen.program, [folder], options, tolerance,
                                             ["logits"] if chosen.precision == "int8" else None))
    return 1 if 1 in statuses else max(statuses)


if __name__ == "__main__":
    sys.exit(main())
