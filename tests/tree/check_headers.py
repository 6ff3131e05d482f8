#!/usr/bin/env python3
"""Every header compiles alone: all as C, the public ones as C++ too.

    check_headers.py ROOT c|c++ COMPILER [COMPILER OPTION]...
"""

import os
import subprocess
import sys

from sources import report, walk

LANGUAGES = {
    "c": (["-x", "c", "-std=c11"], ["include", "src"]),
    "c++": (["-x", "c++", "-std=c++17"], ["include"]),
}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror"]


def check(root, language, compiler, options):
    flags, folders = LANGUAGES[language]
    problems, checked = [], 0
    for path in walk(root, *folders, suffixes=".h"):
        checked += 1
        # Twice: the guard has to work as well.
        include = f'#include "{os.path.join(root, path)}"\n'
        command = [compiler, *flags, *WARNINGS, "-DVK_NO_PROTOTYPES",
                   "-I" + os.path.join(root, "include"), "-I" + os.path.join(root, "src"),
                   *options, "-fsyntax-only", "-"]
        run = subprocess.run(command, input=include * 2 + "typedef int not_empty;\n", text=True,
                             stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
        if run.returncode:
            problems.append(f"{path}: does not compile alone as {language}:\n{run.stdout}")
    return problems, checked


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])))
