#!/usr/bin/env python3
"""Lines end at column 100, with one line feed, and without space before it.

    check_lines.py ROOT

Markdown and JSON may be wider, for tables, links and texts that cannot be broken.
"""

import sys

from sources import read, report, walk

LIMIT = 100
FOLDERS = ["src", "include", "shaders", "examples", "tests", "bench", "scripts", "cmake", "data",
           "models", "samples", "packaging", "python", ".ci"]
SUFFIXES = (".c", ".h", ".cpp", ".hpp", ".comp", ".glsl", ".py", ".pyi", ".sh", ".cmake",
            "CMakeLists.txt", "bench/compare", ".ci/run")
FILES = ["CMakeLists.txt"]


def check(root, folders=tuple(FOLDERS), files=tuple(FILES)):
    problems, checked = [], 0
    paths = [path for path in walk(root, *folders)
             if path.replace("\\", "/").endswith(SUFFIXES)]
    for path in [*paths, *files]:
        checked += 1
        for number, line in enumerate(read(root, path).split("\n"), 1):
            if len(line) > LIMIT:
                problems.append(f"{path}:{number}: {len(line)} columns, of at most {LIMIT}")
            if line != line.rstrip():
                problems.append(f"{path}:{number}: space at the end")
    return problems, checked


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1])))
