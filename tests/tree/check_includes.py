#!/usr/bin/env python3
"""Includes point downward, and there are no cycles of files.

    check_includes.py ROOT

A file, here, is a .c with its .h, and all os_*.c and os_*.h with the os.h that they implement: a.c
that includes b.h and b.c that includes a.h are a circle, although the compiler sees none.
"""

import os
import re
import sys

from sources import APPLICATIONS, LAYERS, SOURCE, includes, owner, report, walk

STANDARD = set(
    "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal "
    "stdalign"
    " stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time "
    "uchar"
    " wchar wctype".split())
# Who may include what besides the C library and the public headers.
OTHERS = [
    (re.compile(r"(volk|vulkan/vulkan_core)\.h"), {"gpu", "ops", "plan", "session", "tools"}),
    (re.compile(r"(curl|openssl)/\w+\.h"), {"hub"}),
    (re.compile(r"(jpeglib|jerror)\.h"), {"pictures"}),
    (re.compile(r"(avif/avif|jxl/decode|libheif/heif|tiffio|webp/(decode|demux))\.h"),
     {"pictures"}),
    (re.compile(r"stb_image\.h"), {"pictures"}),
    (re.compile(r"stb_image_write\.h"), {"cli"}),
]
# Applications that know the public headers alone, and take what they like from elsewhere.
OUTSIDE = ("examples", "python")
# Headers that the build makes.
GENERATED = {"modules.h"}
# Files that talk to the operating system, and so may include its headers.
SYSTEM_FILE = re.compile(r"os(_\w+)?\.c")

# Circles that still have to go, as the files that are in them. One that is gone has to leave this
# list.
KNOWN_CIRCLES = []


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
    if mine in LAYERS or mine in APPLICATIONS or mine.startswith(OUTSIDE):
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
            if mine in users or mine.startswith(OUTSIDE):
                return None
            return f"{path}: includes <{name}>: only {', '.join(sorted(users))} may"
    if mine.startswith(OUTSIDE) or SYSTEM_FILE.fullmatch(os.path.basename(path)):
        return None
    return f"{path}: includes <{name}>: what C11 has not belongs in an os file"


def unit(path):
    """What a file belongs to: its path without the ending, or the system's name."""
    return re.sub(r"/os_\w+$", "/os", os.path.splitext(path)[0].replace(os.sep, "/"))


def circle_through(edges, start):
    """The shortest way from start back to itself, or None."""
    ways = [[start]]
    seen = set()
    for way in ways:
        for target in sorted(edges.get(way[-1], ())):
            if target == start:
                return way + [start]
            if target not in seen:
                seen.add(target)
                ways.append(way + [target])
    return None


def find_circles(edges):
    """The shortest circle through each unit that is in one; circles of the same units count once.
    """
    circles = {}
    for start in sorted(edges):
        circle = circle_through(edges, start)
        if circle:
            circles.setdefault(frozenset(circle), circle)
    return list(circles.values())


def check_circles(edges, known):
    """Circles that are not known, and known ones that are gone."""
    problems, found = [], set()
    for circle in find_circles(edges):
        names = [listed for listed in known if set(circle) <= set(listed.split())]
        found.update(names)
        if not names:
            problems.append("circle of files: " + " -> ".join(circle))
    for listed in known:
        if listed not in found:
            problems.append(f"no circle any more: {listed}: take it off this check's list")
    return problems


def check(root, known=()):
    problems, edges, checked = [], {}, 0
    for path in walk(root, "src", "include", *OUTSIDE, suffixes=SOURCE):
        checked += 1
        mine = edges.setdefault(unit(path), set())
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
                if unit(target) != unit(path):
                    mine.add(unit(target))
                problems.append(check_layer(path, name, target))
    problems += check_circles(edges, known)
    return [problem for problem in problems if problem], checked


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1], KNOWN_CIRCLES)))
