#!/usr/bin/env python3
"""Checkpoints as other people's code writes them: the program computes PyTorch's values from each,
or refuses it with a message that says what to do, and then doing that gives PyTorch's values.

    zoo.py --program VKRESNET [NAME]...
    zoo.py --record

The files are written here, by zoo_files.py, and tests/data/zoo.json has PyTorch's values. --record
computes these anew, and loads every file of torch.save with PyTorch; it alone needs torch. Exits
with 77 where there is no Vulkan device.
"""

import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import compare
import zoo_files
import zoo_networks

KEPT = os.path.join(zoo_files.DATA, "zoo.json")
TOLERANCE = 1e-5


def write_npy(path, shape, values):
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(11 + len(header)) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header +
                   struct.pack(f"<{len(values)}f", *values))


def run(program, *arguments):
    """The exit status, and what the program says of why."""
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    said = done.stderr.decode(errors="replace").strip()
    if "no Vulkan device on" in said or "Vulkan loader" in said:
        if not os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
            raise compare.NoDevice(said)
    return done.returncode, said


class Zoo:
    def __init__(self, program, folder):
        self.program, self.folder, self.inferred = program, folder, {}
        with open(KEPT, encoding="utf-8") as file:
            self.kept = json.load(file)

    def path(self, name):
        return os.path.join(self.folder, name)

    def infer(self, model, x, features, options):
        out = self.path("y.npy")
        result = ("--tap", "avgpool=" + out) if features else ("--output", out)
        status, said = run(self.program, "infer", "--model", model, "--input", x, *result, *options)
        if status:
            raise compare.Failure(said)
        return compare.read_npy(out)[1]

    def convert(self, model, options):
        """What the program has read: the architecture and the weights."""
        out = self.path("read.safetensors")
        status, said = run(self.program, "convert", *options, model, out)
        if status:
            raise compare.Failure(said)
        with open(out, "rb") as file:
            data = file.read()
        begin = 8 + struct.unpack_from("<Q", data)[0]
        header = json.loads(data[8:begin])
        about = header.pop("__metadata__")
        return about["vkresnet.arch"], json.dumps(header), data[begin:]

    def check_values(self, case, model):
        """Compares the first image's logits, or features. Files that are read as the same network
        with the same weights are run once."""
        read = self.convert(model, case.options)
        if read not in self.inferred:
            x = self.path("x.npy")
            write_npy(x, *zoo_networks.image(case.net))
            self.inferred[read] = self.infer(model, x, "head=none" in case.net, case.options)
        expected = self.kept[case.net]
        error = compare.relative_error(self.inferred[read][:len(expected)], expected)
        if not error <= TOLERANCE:
            raise compare.Failure(f"a relative error of {error:.1e}, read as {read[0]}")

    def check_elsewhere(self, path):
        """A file that is kept with its input and its values."""
        folder = os.path.dirname(path)
        found = self.infer(path, os.path.join(folder, "x.npy"), False, ())
        error = compare.relative_error(
            found, compare.read_npy(os.path.join(folder, "logits.npy"))[1])
        if not error <= TOLERANCE:
            raise compare.Failure(f"a relative error of {error:.1e}")

    def check_refusal(self, case, model):
        x = self.path("x.npy")
        write_npy(x, *zoo_networks.image(case.net or zoo_files.BASIC))
        status, said = run(self.program, "infer", "--model", model, "--input", x, "--output",
                           self.path("y.npy"))
        last = said.rsplit("\n", 1)[-1]
        if status != 1 or not re.search(case.refused, last):
            raise compare.Failure(f"status {status}, expected '{case.refused}': {last}")

    def check(self, case):
        if isinstance(case.content, str):
            self.check_elsewhere(os.path.join(zoo_files.DATA, case.content))
            return
        model = case.write(self.path(case.name))
        if case.refused:
            self.check_refusal(case, model)
        if case.net:
            self.check_values(case, model)


def check(program, names):
    failures = count = 0
    with tempfile.TemporaryDirectory() as folder:
        zoo = Zoo(program, folder)
        for case in zoo_files.cases():
            if names and case.name not in names:
                continue
            count += 1
            try:
                zoo.check(case)
            except compare.Failure as failure:
                failures += 1
                print(f"FAIL {case.name}: {failure}", flush=True)
            except compare.NoDevice as reason:
                print(f"skipped: {reason}")
                return compare.SKIPPED
    print(f"{count} kinds of files, {failures} wrong; {len(zoo.inferred)} networks run")
    return 1 if failures or not count else 0


def to_torch(one):
    import torch

    kind = torch.float32 if one.storage.kind == "F32" else torch.int64
    return torch.frombuffer(bytearray(one.storage.data), dtype=kind).view(one.shape)


def expect(net):
    """PyTorch's values for the first image, in double precision."""
    import references
    import resnet
    import torch

    arch, named = net.replace(",head=none", "").replace(",head_bias=0", ""), zoo_networks.weights(
        net)
    made = resnet.build(arch).eval()
    lacking = made.load_state_dict({name: to_torch(one) for name, one in named.items()}, False)
    assert not lacking.unexpected_keys, lacking
    assert arch != net or not lacking.missing_keys, lacking
    if arch != net:
        assert all(name.startswith("fc.") for name in lacking.missing_keys), lacking
        made.fc.bias.data.zero_()
    shape, values = zoo_networks.image(net)
    found = references.forward(made.double(), torch.tensor(values).view(shape).double())
    return found["avgpool" if "head=none" in net else "logits"][0].flatten().tolist()


def record():
    import torch

    kept, loaded = {}, 0
    sys.modules["__main__"].MyHyper = argparse.Namespace  # for PyTorch; of a class of the trainer's
    with tempfile.TemporaryDirectory() as folder:
        for case in zoo_files.cases():
            if case.net and case.net not in kept:
                kept[case.net] = [float(f"{value:.9g}") for value in expect(case.net)]
            path = isinstance(case.content, str) or case.write(folder)
            if not case.net or path is True or not path.endswith((".pth", ".ckpt", ".tar", ".th")):
                continue
            try:
                torch.load(path, map_location="cpu")
                loaded += 1
            except Exception as error:  # pylint: disable=broad-except
                print(f"{case.name}: torch.load: {str(error)[:200]}")
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=0)
        file.write("\n")
    print(f"{len(kept)} networks; PyTorch loads {loaded} files")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--program")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    if chosen.record:
        record()
        return 0
    return check(chosen.program, chosen.names)


if __name__ == "__main__":
    sys.exit(main())
