#!/usr/bin/env python3
"""spirv-val accepts every module that is embedded in the library.

    check_spirv.py SPIRV_VAL FOLDER

FOLDER has the headers that the build made of the shaders, NAME.spv.h; what is checked are the words
in these, which are the words that a driver gets.
"""

import glob
import os
import re
import struct
import subprocess
import sys

from sources import report

WORD = re.compile(r"0x([0-9a-fA-F]{8})\b")
MAGIC = 0x07230203
# What a module may be used with, by its version: SPIR-V 1.3 came with Vulkan 1.1, and what needs
# 1.6 is loaded on devices of 1.3 only.
ENVIRONMENTS = {0x10300: "vulkan1.1", 0x10600: "vulkan1.3"}


def modules(folder):
    """The paths of the headers, and the words in them."""
    for path in sorted(glob.glob(os.path.join(folder, "*.spv.h"))):
        with open(path, encoding="ascii") as file:
            text = file.read()
        yield path, [int(word, 16) for word in WORD.findall(text[text.index("{"):])]


def check(validator, folder):
    problems = []
    count = 0
    for path, words in modules(folder):
        count += 1
        if not words or words[0] != MAGIC:
            problems.append(f"{path}: no SPIR-V in it")
            continue
        if words[1] not in ENVIRONMENTS:
            problems.append(f"{path}: SPIR-V of version {words[1]:#x}")
            continue
        run = subprocess.run([validator, "--target-env", ENVIRONMENTS[words[1]], "-"],
                             input=struct.pack(f"<{len(words)}I", *words),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if run.returncode:
            problems.append(f"{path}: {run.stdout.decode(errors='replace')}")
    return problems, count


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1], sys.argv[2])))
