#!/usr/bin/env python3
"""No file of code is longer than a thousand lines: a file is a room with one subject.

    check_sizes.py ROOT
"""

import sys

from sources import read, report, walk

LIMIT = 1000
FOLDERS = ["src", "include", "shaders", "examples", "tests", "scripts", "cmake"]
SUFFIXES = (".c", ".h", ".cpp", ".comp", ".glsl", ".py", ".sh", ".txt", ".cmake")


def check(root):
    problems, checked = [], 0
    for path in walk(root, *FOLDERS, suffixes=SUFFIXES):
        checked += 1
        lines = read(root, path).count("\n")
        if lines > LIMIT:
            problems.append(f"{path}: {lines} lines, of at most {LIMIT}")
    return problems, checked


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1])))
