#!/usr/bin/env python3
"""Public structs can grow: each ends in reserved words, unless the rule at the top of vkresnet.h
names it as complete. tests/unit/test_abi.c has a row for each. The classes of the headers for C++
that fill a struct have a function for each of its members.

    check_structs.py ROOT
"""

import re
import sys

from sources import code, read, report, walk

STRUCT = re.compile(r"^(?:typedef )?struct (vrn_\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
COMPLETE = re.compile(r"have no reserved words:(.*?)\.", re.DOTALL)

# vkresnet.hpp: class NAME : public filled<NAME, STRUCT> { ... VKRESNET_SET(MEMBER) ... };
FILLED = re.compile(r"class (\w+)\s*: public filled<\1, (vrn_\w+)>\n\{\n(.*?)^\};",
                    re.MULTILINE | re.DOTALL)
SET = re.compile(r"VKRESNET_SET(?:_LIST|_PLACE)?\((\w+)(?:, (\w+))?\)")
FUNCTION = re.compile(r"\(\*(\w+)\)\(")


def members(body):
    """The names that the lines of a struct declare, but the reserved words."""
    for line in body.split(";"):
        function = FUNCTION.search(line)
        names = [function.group(1)] if function else re.findall(r"(\w+)(?:\[\w+\])?(?=,|$)",
                                                                line.strip())
        yield from (name for name in names if name != "reserved")


def check_filled(root, structs):
    """The classes that fill structs."""
    problems, checked = [], 0
    for path in walk(root, "include", suffixes=".hpp"):
        text = code(root, path)
        classes = FILLED.findall(text)
        checked += len(classes)
        if len(classes) != text.count("public filled<"):
            problems.append(f"{path}: classes that fill a struct are not read")
        for name, struct, body in classes:
            functions = {member for pair in SET.findall(body) for member in pair if member}
            for member in sorted(set(members(structs[struct])) - functions):
                problems.append(f"{path}: {name}: no function for {struct}.{member}")
    return problems, checked


def check(root):
    complete = set(
        re.findall(r"vrn_\w+",
                   COMPLETE.search(read(root, "include/vkresnet/vkresnet.h")).group(1)))
    rows = read(root, "tests/unit/test_abi.c")
    problems, found = [], {}
    for path in walk(root, "include", suffixes=".h"):
        for name, body in STRUCT.findall(code(root, path)):
            found[name] = body
            last = body.strip().splitlines()[-1].strip()
            if name not in complete and not re.fullmatch(r"uint64_t reserved\[\d+\];", last):
                problems.append(f"{path}: {name}: does not end in reserved words")
            if f"({name}, " not in rows:
                problems.append(f"{path}: {name}: no row in tests/unit/test_abi.c")
    for name in sorted(complete - found.keys()):
        problems.append(f"{name}: called complete, but not there")
    more, filled = check_filled(root, found)
    return problems + more, len(found) + filled


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1])))
