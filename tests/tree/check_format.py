#!/usr/bin/env python3
"""C is formatted as .clang-format says, by the version of clang-format that it names.

    check_format.py ROOT [CLANG_FORMAT]

Another version breaks some lines elsewhere: without that one the test is skipped (77).
"""

import re
import subprocess
import sys

from sources import read, report, walk

FOLDERS = ["src", "include", "examples", "tests", "bench", "python"]
SUFFIXES = (".c", ".h", ".cpp", ".hpp")
VERSION = re.compile(r"# clang-format (\d+)\b")


def version_of(tool):
    try:
        text = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"version (\d+)", text)
    return match and match.group(1)


def check(root, tool):
    paths = list(walk(root, *FOLDERS, suffixes=SUFFIXES))
    run = subprocess.run([tool, "--dry-run", "-Werror", *paths], cwd=root, text=True, check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    places = re.findall(r"^(\S+?:\d+):\d+: error: ", run.stdout, re.MULTILINE)
    problems = [f"{place}: not formatted: {tool} -i" for place in dict.fromkeys(places)]
    if run.returncode and not problems:
        problems.append(run.stdout)
    return problems, len(paths)


def main(root, tool=None):
    wanted = VERSION.search(read(root, ".clang-format")).group(1)
    found = version_of(tool) if tool else None
    if found != wanted:
        print(f"skipped: clang-format {wanted} is needed, found {found or 'none'}")
        return 77
    return report(*check(root, tool))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
