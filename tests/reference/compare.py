#!/usr/bin/env python3
"""Compares the program's results with those of PyTorch: every stage and the logits.

    compare.py --program VKRESNET [--tolerance 1e-5] [--validate] CASE_FOLDER... [-- OPTION OF
    infer...]

The folders are written by make_references.py and family.py. --validate: with the validation layer,
whose messages fail the program. Needs Python's standard library alone. Exits with 1 on a difference
or a failure, with 77 where there is no Vulkan device at all. As in tests/device/fixture.h, a device
and the layer must be there if VRN_TEST_REQUIRE_DEVICE is set, and VRN_TEST_NO_VALIDATION does
without the layer.
"""

import argparse
import array
import ast
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

SKIPPED = 77


class Failure(Exception):
    pass


class NoDevice(Exception):
    pass


def read_npy(path):
    """(shape, values) of a NumPy file of float32 in C order."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x93NUMPY" or data[6] not in (1, 2):
        raise Failure(f"{path}: no NumPy file of version 1 or 2")
    start = 10 if data[6] == 1 else 12
    end = start + struct.unpack_from("<H" if data[6] == 1 else "<I", data, 8)[0]
    header = ast.literal_eval(data[start:end].decode("latin-1"))
    if header["descr"] != "<f4" or header["fortran_order"]:
        raise Failure(f"{path}: expected <f4 in C order, found {header}")
    values = array.array("f", data[end:])
    if sys.byteorder == "big":
        values.byteswap()
    if len(values) != math.prod(header["shape"]):
        raise Failure(f"{path}: expected {header['shape']}, found {len(values)} values")
    return header["shape"], values


def relative_error(found, expected):
    """|found - expected| / |expected| in the L2 norm; infinite where something is not finite."""
    difference = math.fsum((a - b) ** 2 for a, b in zip(found, expected))
    size = math.fsum(b * b for b in expected)
    if not math.isfinite(difference) or size == 0:
        return math.inf
    return math.sqrt(difference / size)


def infer(program, model, arch, x, outputs, options, folder):
    """Runs the program; returns the path of each output."""
    paths = {name: os.path.join(folder, name + ".npy") for name in outputs}
    command = [program, "infer", "--model", model, "--input", x, "--output", paths["logits"]]
    if arch:
        command += ["--arch", arch]
    for name in outputs:
        if name != "logits":
            command += ["--tap", f"{name}={paths[name]}"]
    run = subprocess.run(command + options, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    said = run.stdout.decode(errors="replace").strip()
    if run.returncode:
        nothing = "no Vulkan device on" in said or "Vulkan loader" in said
        if nothing and not os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
            raise NoDevice(said)
        raise Failure(f"exit status {run.returncode}: {' '.join(command + options)}\n{said}")
    return paths


def compare_model(program, folder, case, model, options, tolerance, title, held=None):
    """Prints a line of errors; returns whether all, or those of the outputs in `held`, are within
    the tolerance."""
    with tempfile.TemporaryDirectory() as work:
        paths = infer(program, os.path.join(folder, model), case["arch"] if case["tell"] else None,
                      os.path.join(folder, "x.npy"), case["outputs"], options, work)
        good, columns = True, []
        for name in case["outputs"]:
            shape, expected = read_npy(os.path.join(folder, name + ".npy"))
            found_shape, found = read_npy(paths[name])
            if found_shape != shape:
                raise Failure(f"{folder}: {name}: expected {shape}, found {found_shape}")
            error = relative_error(found, expected)
            within = error <= tolerance or (held is not None and name not in held)
            good = good and within
            columns.append(f"{name} {error:.1e}{'' if within else ' (!)'}")
    print(f"{'ok  ' if good else 'FAIL'} {title}: {', '.join(columns)}", flush=True)
    return good


def compare(program, folders, options, tolerance, held=None):
    """Compares every model of every case; returns an exit status."""
    status = 0
    for folder in folders:
        with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
            case = json.load(file)
        for model in case["models"]:
            title = f"{os.path.basename(os.path.normpath(folder))} ({model})"
            try:
                if not compare_model(program, folder, case, model, options, tolerance, title, held):
                    status = 1
            except NoDevice as error:
                print(f"skipped: {error}")
                return SKIPPED
            except Failure as error:
                print(f"FAIL {title}: {error}", flush=True)
                status = 1
    print(f"relative L2 errors; at most {tolerance:g} is allowed")
    return status


def validation(program):
    """The options that turn validation on, where it is wanted and there."""
    if os.environ.get("VRN_TEST_NO_VALIDATION"):
        return []
    probe = subprocess.run([program, "info", "--validation"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if probe.returncode and not os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
        print("without validation: no layer, or no device")
        return []
    return ["--validation"]


def split_options(arguments):
    """The arguments before and after a "--"."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1:]


def main():
    arguments, options = split_options(sys.argv[1:])
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("folders", nargs="+")
    chosen = parser.parse_args(arguments)
    if chosen.validate:
        options += validation(chosen.program)
    return compare(chosen.program, chosen.folders, options, chosen.tolerance)


if __name__ == "__main__":
    sys.exit(main())
