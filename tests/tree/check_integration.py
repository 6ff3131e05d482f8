#!/usr/bin/env python3
"""What an application adds for a network is at most 20 lines, in C and in C++, and
docs/embedding.md says how many.

    check_integration.py SOURCE_DIR

Counted are the lines of two programs from a comment that begins with "The network:" to one that
says "The application's own again", without comments and blank lines.
"""

import os
import re
import sys

MOST = 20
BEGIN, END = "/* The network:", "/* The application's own again"
PROGRAMS = {"C": "tests/embedding/volk_vma.c", "C++": "examples/render_and_classify.cpp"}


def integration(text):
    """The lines of code between the comments."""
    inside, found = False, []
    for line in text.splitlines():
        line = line.strip()
        if line.startswith(BEGIN):
            assert not inside, line
            inside = True
        elif line.startswith(END):
            assert inside, line
            inside = False
        elif inside and line and not line.startswith("/*"):
            found.append(line)
    assert not inside, "no end"
    return found


def main():
    source, problems = sys.argv[1], []
    with open(os.path.join(source, "docs", "embedding.md"), encoding="utf-8") as file:
        page = " ".join(file.read().split())
    said = re.search(r"(\d+) lines in C \(.*?\) and (\d+) in C\+\+", page)
    assert said, "docs/embedding.md does not say how many lines an integration has"
    for (language, path), number in zip(PROGRAMS.items(), said.groups()):
        with open(os.path.join(source, path), encoding="utf-8") as file:
            lines = integration(file.read())
        print(f"{path}: {len(lines)} lines")
        if not 5 < len(lines) <= MOST or len(lines) != int(number):
            problems.append(f"{path}: {len(lines)} lines of {language}; docs/embedding.md says "
                            f"{number}, at most {MOST} are allowed")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
