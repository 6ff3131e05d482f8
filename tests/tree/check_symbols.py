#!/usr/bin/env python3
"""What the static libraries define together: the functions of the public headers for everyone, other names that
begin with vrn_, which stay hidden, and nothing else.

    check_symbols.py READELF ROOT LIBRARY...
"""

import re
import subprocess
import sys

from sources import read, report, walk

DECLARED = re.compile(r"\bVRN_API\b[^;{]*?\b(vrn_\w+)\s*\(")
# Num: Value Size Type Bind Vis Ndx Name
SYMBOL = re.compile(r"^ *\d+: \S+ +\S+ (\w+) +(GLOBAL|WEAK) +(\w+) +(\w+) (\S+)$", re.MULTILINE)
OWN = re.compile(r"vrn_")
SANITIZERS = re.compile(r"__(odr_)?asan|__ubsan|__tsan")


def check(table, declared):
    """`table` is what readelf says, `declared` the names of the public headers."""
    problems, exported, checked = [], set(), 0
    for _, _, visibility, section, name in SYMBOL.findall(table):
        if section == "UND" or SANITIZERS.match(name):
            continue
        checked += 1
        if visibility == "DEFAULT":
            exported.add(name)
            if name not in declared:
                problems.append(f"{name}: visible outside, but declared in no public header")
        elif name in declared:
            problems.append(f"{name}: declared in a public header, but hidden")
        if not OWN.match(name):
            problems.append(f"{name}: does not begin with vrn_")
    for name in sorted(declared - exported):
        problems.append(f"{name}: declared in a public header, but not defined")
    return problems, checked


def declarations(text):
    return set(DECLARED.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))


def main(readelf, root, *libraries):
    table = subprocess.run([readelf, "--syms", "--wide", *libraries], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    declared = set()
    for path in walk(root, "include", suffixes=".h"):
        declared |= declarations(read(root, path))
    return report(*check(table, declared))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
