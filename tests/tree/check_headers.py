#!/usr/bin/env python3
"""Every header compiles alone as C11. The public ones also compile alone and together, in every C
from C99 and C++ from C++11 that the compiler knows, with all useful warnings, without exceptions
and RTTI; those for C++ (.hpp) from C++17 on, without exceptions and with, and filled.cpp, which
uses them.

    check_headers.py ROOT c|public-c|public-c++ COMPILER [COMPILER OPTION]...
"""

import concurrent.futures
import os
import subprocess
import sys

from sources import read, report, walk

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wundef", "-Werror"]
# Of standards with two names the compiler's first known one counts.
STANDARDS = {"c": [["c99"], ["c11"], ["c17"], ["c23", "c2x"]],
             "c++": [["c++11"], ["c++14"], ["c++17"], ["c++20"], ["c++23", "c++2b"]]}
EVERYTHING = {
    "gcc": [
        "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow",
        "-Wundef", "-Wcast-qual", "-Wcast-align", "-Wformat=2", "-Wswitch-enum",
        "-Wredundant-decls", "-Wmissing-declarations", "-Wwrite-strings", "-Wdouble-promotion"
    ],
    "gcc c": ["-Wstrict-prototypes", "-Wold-style-definition", "-Wc++-compat"],
    "gcc c++": [
        "-Wold-style-cast", "-Wuseless-cast", "-Wzero-as-null-pointer-constant",
        "-Wnon-virtual-dtor", "-Weffc++", "-Wextra-semi", "-Wcomma-subscript", "-fno-exceptions",
        "-fno-rtti"
    ],
    # Padding is part of the layout, which tests/unit/test_abi.c holds.
    "clang": ["-Weverything", "-Wno-padded", "-Wno-unknown-warning-option"],
    # `bool` is stdbool.h's before C23, and a keyword in it.
    "clang c": ["-Wno-pre-c23-compat"],
    # The headers are valid C++11: being invalid C++98 is no fault.
    "clang c++": [
        "-Wno-c++98-compat", "-Wno-c++98-compat-pedantic", "-fno-exceptions", "-fno-rtti"
    ],
}
# The headers for C++ are code, not declarations: classes without a file of their own, pointers that
# are indexed, a text for each thread.
CODE = {
    "gcc": [],
    "clang": ["-Wno-weak-vtables", "-Wno-exit-time-destructors", "-Wno-unsafe-buffer-usage"],
}
# The macros, in expressions and for the preprocessor.
USE = """
#ifdef VRN_VERSION
#if VRN_VERSION < VRN_MAKE_VERSION(0, 1, 0)
#error "a version that does not compare"
#endif
uint32_t use_of_version(void);
uint32_t use_of_version(void) { return VRN_VERSION; }
#endif
typedef int not_empty;
"""


def compile_text(text, flags):
    run = subprocess.run([*flags, "-fsyntax-only", "-"], input=text, text=True,
                         stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
    return None if run.returncode == 0 else run.stdout


def include_of(root, path):
    return f'#include "{os.path.join(root, path)}"\n'


def check(root, compiler, options):
    """All headers, alone. Each is included twice: the guard has to work as well."""
    flags = [
        compiler, "-x", "c", "-std=c11", *WARNINGS, "-DVK_NO_PROTOTYPES",
        "-I" + os.path.join(root, "include"), "-I" + os.path.join(root, "src"), *options
    ]
    problems, checked = [], 0
    for path in walk(root, "include", "src", suffixes=".h"):
        checked += 1
        found = compile_text(include_of(root, path) * 2 + "typedef int not_empty;\n", flags)
        if found is not None:
            problems.append(f"{path}: does not compile alone as c:\n{found}")
    return problems, checked


def standards(language, flags):
    """The first name of each standard that the compiler knows."""
    for names in STANDARDS[language]:
        for name in names:
            if compile_text("typedef int not_empty;\n", [*flags, "-std=" + name]) is None:
                yield name
                break


def family(compiler):
    run = subprocess.run([compiler, "--version"], text=True, stdout=subprocess.PIPE, check=True)
    return "clang" if "clang" in run.stdout else "gcc"


def check_public(root, language, compiler, options):
    kind = family(compiler)
    basic = [compiler, "-x", language]
    flags = [*basic, *EVERYTHING[kind], *EVERYTHING[kind + " " + language], "-Werror",
             "-I" + os.path.join(root, "include"), *options]
    paths = list(walk(root, "include", suffixes=".h"))
    texts = {path: include_of(root, path) * 2 + "typedef int not_empty;\n" for path in paths}
    texts["all headers"] = "".join(include_of(root, path) for path in reversed(paths)) + USE
    jobs = [(what, name) for name in standards(language, basic) for what in texts]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(
            pool.map(lambda job: compile_text(texts[job[0]], [*flags, "-std=" + job[1]]), jobs))
    problems = [f"{what}: does not compile as {name} with {compiler}:\n{found}"
                for (what, name), found in zip(jobs, results) if found is not None]
    if language == "c++":
        more, checked = check_code(root, kind, basic, [*flags, *CODE[kind]])
        return problems + more, len(jobs) + checked
    return problems, len(jobs)


def check_code(root, kind, basic, flags):
    """The headers for C++, and a program that uses them."""
    problems, checked = [], 0
    here = os.path.dirname(os.path.relpath(os.path.abspath(__file__), os.path.abspath(root)))
    texts = {path: include_of(root, path) * 2 + "typedef int not_empty;\n"
             for path in walk(root, "include", suffixes=".hpp")}
    texts[os.path.join(here, "filled.cpp")] = read(root, os.path.join(here, "filled.cpp"))
    for path, text in texts.items():
        for name in standards("c++", basic):
            if name in ("c++11", "c++14"):
                continue
            for exceptions in ("-fno-exceptions", "-fexceptions"):
                checked += 1
                found = compile_text(text, [*flags, exceptions, "-std=" + name])
                if found is not None:
                    problems.append(f"{path}: does not compile as {name} {exceptions} with {kind}:"
                                    f"\n{found}")
    return problems, checked


def main(root, what, compiler, *options):
    if what == "c":
        return report(*check(root, compiler, options))
    return report(*check_public(root, what.split("-")[1], compiler, options))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
