#!/usr/bin/env python3
"""Nothing grows without bound: lines of a file, lines of a function, fields of a struct that
several files write.

    check_structure.py ROOT

c_reader.py says how C is read, and what is not seen.
"""

import sys

import c_reader
from sources import SOURCE, read, report, walk

# Lines of a file, by the folders it is in. A test's file is a list of cases, and may be longer.
FILE_LIMITS = {
    500: ["src", "include", "shaders", "examples", "bench", "scripts", "cmake", "data", "models",
          "samples", "python/src", "python/vkresnet"],
    700: ["tests", "python/tests"],
}
FILE_SUFFIXES = (".c", ".h", ".cpp", ".comp", ".glsl", ".py", ".sh", ".cmake", "CMakeLists.txt")
FUNCTION_LIMIT = 80  # lines, from its first word to its closing brace
FIELD_LIMIT = 16  # fields, from which a struct may be written by one file alone

# Files that may be longer, and why.
LONG = {
    "include/vkresnet/vkresnet.h": "what an application has to read, in one piece; mostly comments",
    "include/vkresnet/vulkan.h": "the same for an application with Vulkan",
}

# What still is too large: a file, a file and its function, a struct. What no longer is has to leave
# this list.
KNOWN = set()


def check_files(root):
    problems, checked = {}, 0
    for limit, folders in FILE_LIMITS.items():
        for path in walk(root, *folders, suffixes=FILE_SUFFIXES):
            checked += 1
            lines = read(root, path).count("\n")
            if lines > limit and path not in LONG:
                problems[path] = f"{path}: {lines} lines, of at most {limit}"
    return problems, checked


def check_functions(texts):
    problems, checked = {}, 0
    for path, text in texts.items():
        for name, line, lines, _ in c_reader.functions(text):
            checked += 1
            if lines > FUNCTION_LIMIT:
                problems[f"{path} {name}"] = (
                    f"{path}:{line}: {name}: {lines} lines, of at most {FUNCTION_LIMIT}")
    return problems, checked


def check_structs(texts):
    """Structs of the library and the program. The API's are left out: applications fill them in."""
    structs = {}
    for path, text in texts.items():
        structs.update(c_reader.structs(path, text))
    for path, text in texts.items():
        types = c_reader.declared(text)
        for _, _, _, body in c_reader.functions(text):
            for struct in c_reader.written(body, types, structs):
                struct.writers.add(path)
    problems = {}
    for struct in structs.values():
        if (len(struct.fields) > FIELD_LIMIT and len(struct.writers) > 1
                and not struct.path.startswith("include")):
            problems[struct.name] = (
                f"{struct.path}:{struct.line}: {struct.name}: {len(struct.fields)} fields, more "
                f"than {FIELD_LIMIT}, and written by {', '.join(sorted(struct.writers))}")
    return problems, len(structs)


def check(root, known=()):
    texts = {path: c_reader.blank(read(root, path))
             for path in walk(root, "include", "src", "examples", "bench", "python",
                              suffixes=SOURCE)}
    problems, checked = {}, 0
    for part, count in (check_files(root), check_functions(texts), check_structs(texts)):
        problems.update(part)
        checked += count
    gone = sorted(set(known) - set(problems))
    gone = [f"{name}: no longer too large: take it off this check's list" for name in gone]
    return [text for name, text in problems.items() if name not in known] + gone, checked


if __name__ == "__main__":
    sys.exit(report(*check(sys.argv[1], KNOWN)))
