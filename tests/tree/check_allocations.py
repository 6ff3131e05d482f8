#!/usr/bin/env python3
"""The library has one source of host memory, src/base/alloc.c, so that a test can make any
allocation fail.

    check_allocations.py ROOT
"""

import re
import sys

from sources import LAYERS, SOURCE, code, report, walk

CALL = re.compile(
    r"(?<![\w.>])(malloc|calloc|realloc|reallocarray|aligned_alloc|posix_memalign|strdup|strndup"
    r"|asprintf|vasprintf|getline|getdelim|open_memstream|realpath|free)\s*\("
)
PLACE = "src/base/alloc.c"


def check(root, layers):
    problems, checked = [], 0
    for path in walk(root, *(f"src/{layer}" for layer in layers), suffixes=SOURCE):
        if path.replace("\\", "/") == PLACE:
            continue
        checked += 1
        for number, line in enumerate(code(root, path).splitlines(), 1):
            for match in CALL.finditer(line):
                problems.append(f"{path}:{number}: {match.group(1)}: only {PLACE} may")
    return problems, checked


if __name__ == "__main__":
    # Memory of the hub and of pictures comes from the libraries that they use, too.
    sys.exit(report(*check(sys.argv[1], sorted(set(LAYERS) - {"hub", "pictures"}))))
