#!/usr/bin/env python3
"""Gives Doxygen a public header with its comments marked; in the file they are plain C.

    filter.py HEADER

A comment above a declaration becomes `/** .. */`, one behind a field or an enumerator `/**< .. */`;
if that line declares several fields, each of them gets it. The first comment is the file's.
Comments of sections (`/* ---- .. */`) and behind directives stay as they are. Reserved words, which
the rules at the top of vkresnet.h describe, are said to be zero.
"""

import os
import re
import sys

_TRAILING = re.compile(r"^(\s*[^\s/*#}].*?)/\*(.*)$")
_SEVERAL = re.compile(r"^(\s+(?:const )?[\w:]+ )([^(){};]+,[^(){};]+);\s*$")
_RESERVED = re.compile(r"^\s*\w+ reserved\[\d+\];$")


def escape(text):
    """Text of a comment, of which Doxygen would take some characters for its own. Indented lines
    are code."""
    if re.match(r"\s*\*? {4,}\S", text):
        return text
    text = re.sub(r"([<>&#@\\%])", r"\\\1", text)
    return re.sub(r"^(\s*\*?\s*)\.", r"\1\\.", text)  # a dot alone would end a list


def convert(name, lines):
    first, inside = True, False
    for line in lines:
        start, text, end = "", line, ""
        if not inside:
            trailing = _TRAILING.match(line)
            several = trailing and _SEVERAL.match(trailing[1])
            if several and "*/" in trailing[2]:  # the comment is about each of them
                comment = escape(trailing[2].split("*/")[0])
                yield "".join(f"{several[1]}{one.strip()}; /**<{comment}*/"
                              for one in several[2].split(","))
                continue
            if trailing:
                start, text = trailing[1] + "/**<", trailing[2]
            elif re.match(r"\s*/\*(?! -{4})", line):
                start, text = line.split("/*", 1)
                start += f"/** @file {name}\n" if first else "/**"
                first = False
            elif _RESERVED.match(line):
                yield line + " /**< zero */"
                continue
            else:
                yield line
                continue
        inside = "*/" not in text
        if not inside:
            text, end = text.split("*/", 1)
            end = "*/" + end
        yield start + escape(text) + end


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        print("\n".join(convert(os.path.basename(sys.argv[1]), file.read().split("\n"))), end="")
