#!/usr/bin/env python3
"""Compares networks of full size with PyTorch: random weights, saved in every form that there is.

    family.py --program VKRESNET [--models ARCH...] [--drivers NAME=ICD...] [--size HxW] [--batch N]
              [--forms zip legacy safetensors] [--tolerance 1e-5] [--seed N] [-- OPTION OF infer...]

Without --models: torchvision's ten. ARCH is a text as for --arch ("resnet50,dilate=0:1:1"). Without
--drivers: the device that the program chooses. Needs torch and torchvision, and exits with 77 where they
are not installed. The largest model takes 1.5 GB of disk while it is compared.
"""

import argparse
import importlib.util
import os
import sys
import tempfile

import compare

TEN = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
       "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"]
FORMS = ["zip", "legacy", "safetensors"]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--models", nargs="+", default=TEN, metavar="ARCH")
    parser.add_argument("--drivers", nargs="+", default=[], metavar="NAME=ICD")
    parser.add_argument("--size", default="224x224", metavar="HxW")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--forms", nargs="+", default=FORMS, choices=FORMS)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def make_case(folder, arch, shape, chosen):
    import references  # needs torch

    net, x = references.make(arch, shape, chosen.seed)
    expected, error = references.expect(net, x)
    models = [references.save_model(net, folder, form) for form in chosen.forms]
    # The keys behind the name may say what a file cannot tell.
    references.save_case(folder, arch, "," in arch, x, expected, models)
    print(f"{arch}: PyTorch's own float32 is off by {error:.1e}", flush=True)


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
    statuses = set()
    for arch in chosen.models:
        with tempfile.TemporaryDirectory() as work:
            folder = os.path.join(work, arch)
            os.mkdir(folder)
            make_case(folder, arch, (chosen.batch, 3, height, width), chosen)
            for driver in chosen.drivers or [None]:
                if driver:
                    print(f"on {use_driver(driver)}:")
                statuses.add(compare.compare(chosen.program, [folder], options, chosen.tolerance))
    return 1 if 1 in statuses else max(statuses)


if __name__ == "__main__":
    sys.exit(main())
