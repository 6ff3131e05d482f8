#!/usr/bin/env python3
"""Files that name the project's version name the one in the public header.

    check_version.py ROOT

A file on the list has to name it at least once. Versions with which something was measured
(docs/benchmarks.md) stay as they are.
"""

import re
import sys

from sources import read, report

HEADER = "include/vkresnet/vkresnet.h"
DEFINE = re.compile(r"^#define VRN_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)$", re.MULTILINE)
# What names it where; with two numbers, the patch is left out.
NAMES = {
    "packaging/vcpkg/ports/vkresnet/vcpkg.json": r'"version": "([\d.]+)"',
    "README.md": r"find_package\(vkresnet ([\d.]+)",
    "docs/building.md": r"find_package\(vkresnet ([\d.]+)|libvkresnet\w*\.so\.([\d.]*\d)",
    "docs/packaging.md": r"version: '>=([\d.]+)'|libvkresnet(\d[\d.]*)|git tag v([\d.]*\d)"
                         r"|vkresnet-([\d.]+)(?:-cp|\.tar)",
    "tests/install/consumers/hub/CMakeLists.txt": r"find_package\(vkresnet ([\d.]+)",
    "tests/install/consumers/volk/CMakeLists.txt": r"find_package\(vkresnet ([\d.]+)",
    "tests/install/consumers/meson/meson.build": r"version: '>=([\d.]+)'",
}
CHANGES = "CHANGELOG.md"


def check(root, names=None):
    names = NAMES if names is None else names
    version = ".".join(DEFINE.findall(read(root, HEADER)))
    problems = []
    for path, pattern in names.items():
        found = [next(filter(None, match.groups()))
                 for match in re.finditer(pattern, read(root, path))]
        problems += [f"{path}: {other} instead of {version}" for other in found
                     if version not in (other, f"{other}.{version.rpartition('.')[2]}")]
        if not found:
            problems.append(f"{path}: no version that the check knows")
    headings = re.findall(r"^## \[(\d.*?)\] - ", read(root, CHANGES), re.MULTILINE)
    if headings[:1] != [version]:
        problems.append(f"{CHANGES}: the newest version is {headings[:1]}, not {version}")
    return problems, len(names) + 1


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1])))
