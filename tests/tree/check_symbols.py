#!/usr/bin/env python3
"""Checks the symbols that the libraries define. All names begin with vrn_. The shared ones export
the functions of the public headers and nothing else; the static ones export nothing, so that
neither does a plugin that links them.

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


def find(table):
    """Yields (visibility, name) for what readelf's table defines for other files."""
    for _, _, visibility, section, name in SYMBOL.findall(table):
        if section != "UND" and not SANITIZERS.match(name):
            yield visibility, name


def check_static(table, declared):
    """`table` is what readelf says of all static libraries, `declared` the names of the public
    headers."""
    problems, defined = [], set()
    for visibility, name in find(table):
        defined.add(name)
        if visibility == "DEFAULT":
            problems.append(f"{name}: visible outside in a static library")
        if not OWN.match(name):
            problems.append(f"{name}: does not begin with vrn_")
    problems += [
        f"{name}: declared in a public header, but not defined"
        for name in sorted(declared - defined)
    ]
    return problems, len(defined)


def check_shared(table, declared):
    """The same of all shared libraries' dynamic symbols."""
    exported = {name for _, name in find(table)}
    problems = [
        f"{name}: exported, but declared in no public header"
        for name in sorted(exported - declared)
    ]
    problems += [
        f"{name}: declared in a public header, but not exported (run cmake again if its "
        f"definition moved)"
        for name in sorted(declared - exported)
    ]
    return problems, len(exported)


def declarations(text):
    return set(DECLARED.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))


def main(readelf, root, *libraries):
    declared = set()
    for path in walk(root, "include", suffixes=".h"):
        declared |= declarations(read(root, path))
    problems, checked = [], 0
    for option, check, kind in (("--syms", check_static, ".a"), ("--dyn-syms", check_shared,
                                                                 ".so")):
        paths = [path for path in libraries if kind in path]
        table = subprocess.run([readelf, option, "--wide", *paths], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        found, count = check(table, declared)
        problems += found
        checked += count
    return report(problems, checked)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
