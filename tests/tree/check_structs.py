#!/usr/bin/env python3
"""Public structs can grow: each ends in reserved words, unless the rule at the top of vkresnet.h
names it as complete. tests/unit/test_abi.c has a row for each.

    check_structs.py ROOT
"""

import re
import sys

from sources import code, read, report, walk

STRUCT = re.compile(r"^(?:typedef )?struct (vrn_\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
COMPLETE = re.compile(r"have no reserved words:(.*?)\.", re.DOTALL)


def check(root):
    complete = set(
        re.findall(r"vrn_\w+",
                   COMPLETE.search(read(root, "include/vkresnet/vkresnet.h")).group(1)))
    rows = read(root, "tests/unit/test_abi.c")
    problems, found = [], set()
    for path in walk(root, "include", suffixes=".h"):
        for name, body in STRUCT.findall(code(root, path)):
            found.add(name)
            last = body.strip().splitlines()[-1].strip()
            if name not in complete and not re.fullmatch(r"uint64_t reserved\[\d+\];", last):
                problems.append(f"{path}: {name}: does not end in reserved words")
            if f"({name}, " not in rows:
                problems.append(f"{path}: {name}: no row in tests/unit/test_abi.c")
    for name in sorted(complete - found):
        problems.append(f"{name}: called complete, but not there")
    return problems, len(found)


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1])))
