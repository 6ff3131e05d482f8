#!/usr/bin/env python3
"""Includes point downward, in no circle, and to nothing that a file has no business with.

    check_includes.py ROOT
"""

import os
import re
import sys

from sources import APPLICATIONS, LAYERS, SOURCE, includes, owner, report, walk

STANDARD = set(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign"
    " stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar"
    " wchar wctype".split()
)
# Who may include what besides the C library and the public headers.
OTHERS = [
    (re.compile(r"(volk|vulkan/vulkan_core)\.h"), {"gpu", "ops", "plan", "session", "tools"}),
    (re.compile(r"(curl|openssl)/\w+\.h"), {"hub"}),
    (re.compile(r"(jpeglib|jerror)\.h"), set(APPLICATIONS)),
    (re.compile(r"stb_image(_write)?\.h"), set(APPLICATIONS)),
]
# Headers that the build makes.
GENERATED = {"modules.h"}
# Files that talk to the operating system, and so may include its headers.
SYSTEM_FILE = re.compile(r"os(_\w+)?\.c")


def resolve(root, path, name):
    """The project's file that an include means, relative to root, or None."""
    for folder in (os.path.dirname(path), "src", "include"):
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_layer(path, name, target):
    mine, theirs = owner(path), owner(target)
    if mine == theirs or theirs == "include":
        return None
    if mine == "include":
        return f'{path}: includes "{name}": public headers know nothing inside'
    if theirs in LAYERS.get(mine, APPLICATIONS.get(mine, [])):
        return None
    if mine in LAYERS or mine in APPLICATIONS or mine.startswith("examples"):
        return f'{path}: includes "{name}": {mine} may not know {theirs}'
    return f"{path}: src/{mine} is no layer that this check knows"


def check_system(path, name):
    mine = owner(path)
    if name.endswith(".h") and name[:-2] in STANDARD:
        return None
    if mine == "include":
        allowed = path.endswith("/vulkan.h") and name == "vulkan/vulkan_core.h"
        return None if allowed else f"{path}: includes <{name}>: not for a public header"
    for pattern, users in OTHERS:
        if pattern.fullmatch(name):
            if mine in users or mine.startswith("examples"):
                return None
            return f"{path}: includes <{name}>: only {', '.join(sorted(users))} may"
    if mine.startswith("examples") or SYSTEM_FILE.fullmatch(os.path.basename(path)):
        return None
    return f"{path}: includes <{name}>: what C11 has not belongs in an os file"


def find_circles(edges):
    """Yields each circle of includes once, as a list of files."""
    state, stack = {}, []

    def visit(path):
        state[path] = "open"
        stack.append(path)
        for target in edges.get(path, ()):
            if state.get(target) == "open":
                yield stack[stack.index(target):] + [target]
            elif target not in state:
                yield from visit(target)
        stack.pop()
        state[path] = "done"

    for path in sorted(edges):
        if path not in state:
            yield from visit(path)


def check(root):
    problems, edges = [], {}
    for path in walk(root, "src", "include", "examples", suffixes=SOURCE):
        edges[path] = []
        for name, quoted in includes(root, path):
            public = name.startswith("vkresnet/")
            if not quoted and not public:
                problems.append(check_system(path, name))
                continue
            if name in GENERATED:
                continue
            target = resolve(root, path, name)
            if target is None:
                problems.append(f"{path}: includes {name}: no such file")
            else:
                edges[path].append(target)
                problems.append(check_layer(path, name, target))
    for circle in find_circles(edges):
        problems.append("circle of includes: " + " -> ".join(circle))
    return [problem for problem in problems if problem], len(edges)


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1])))
