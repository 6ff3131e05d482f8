#!/usr/bin/env python3
"""spirv-cross translates every module that a MoltenVK device could choose to Metal's language.

    check_msl.py SPIRV_CROSS FOLDER

FOLDER is as for check_spirv.py. What a module declares says on which devices it is used.
"""

import os
import struct
import subprocess
import sys
import tempfile

from check_spirv import modules
from sources import report

OP_CAPABILITY = 17
# Capabilities of modules that MoltenVK does not get.
NEVER = {
    5302: "RuntimeDescriptorArray: buffer arrays are for drivers on the processor",
    5347: "PhysicalStorageBufferAddresses: so are buffer addresses",
    6022: "CooperativeMatrixKHR: MoltenVK has none",
}
# DotProductInput4x8BitPacked: MoltenVK has it from 1.2.8 on, with a SPIRV-Cross that knows it;
# older ones say this.
DOT_PRODUCT, UNKNOWN = 6018, "Cannot resolve expression type."
# Metal 2.3, of the first systems for Apple's processors.
OPTIONS = ["--msl", "--msl-version", "20300"]


def capabilities(words):
    at = 5
    while at < len(words) and words[at] & 0xffff == OP_CAPABILITY:
        yield words[at + 1]
        at += words[at] >> 16


def translate(translator, words):
    """The translation, or the last line of what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "module.spv")
        with open(path, "wb") as file:
            file.write(struct.pack(f"<{len(words)}I", *words))
        run = subprocess.run([translator, *OPTIONS, path], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, errors="replace")
    complaint = (run.stderr.strip().split("\n") or [""])[-1]
    return run.stdout, None if run.returncode == 0 else complaint or "no reason given"


def check(translator, folder):
    problems = []
    count = 0
    for path, words in modules(folder):
        declared = set(capabilities(words))
        if NEVER.keys() & declared:
            continue
        count += 1
        text, wrong = translate(translator, words)
        if wrong and wrong.endswith(UNKNOWN) and DOT_PRODUCT in declared:
            continue
        if wrong:
            problems.append(f"{path}: {wrong}")
        elif "kernel void" not in text:
            problems.append(f"{path}: the translation has no kernel")
    if not count:
        problems.append(f"{folder}: no module that MoltenVK could use")
    return problems, count


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1], sys.argv[2])))
