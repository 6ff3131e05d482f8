"""The project's files, their layers and their includes, for the checks beside this file."""

import os
import re

# The layers that each layer knows besides itself; docs/architecture.md draws them.
LAYERS = {
    "base": [],
    "checkpoint": ["base"],
    "net": ["base", "checkpoint"],
    "gpu": ["base"],
    "ops": ["base", "net", "gpu"],
    "plan": ["base", "net", "gpu", "ops"],
    "session": ["base", "net", "gpu", "ops", "plan"],
    "tools": ["base", "net", "gpu", "ops", "plan", "session"],
    "hub": ["base"],
    "pictures": ["base"],
}
# The layers that an application knows besides the public headers and its own files. The examples
# know none.
APPLICATIONS = {"cli": ["base", "pictures"], "python": ["pictures"]}
SOURCE = (".c", ".h")

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(<[^>\n]*>|"[^"\n]*")', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def walk(root, *folders, suffixes=None):
    """Yields the paths, relative to root, of the files in these folders, sorted."""
    for folder in folders:
        for where, names, files in sorted(os.walk(os.path.join(root, folder))):
            names[:] = [name for name in names if not name.startswith((".", "__"))]
            for name in sorted(files):
                if suffixes is None or name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(where, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def code(root, path):
    """A file of C without comments, with as many lines."""
    return _COMMENT.sub(lambda match: "\n" * match.group().count("\n"), read(root, path))


def includes(root, path):
    """Yields (name, quoted) for every #include of a file."""
    for match in _INCLUDE.finditer(code(root, path)):
        written = match.group(1)
        yield written[1:-1], written[0] == '"'


def owner(path):
    """The layer or application that a file belongs to: "gpu", "cli", "include", "examples/x"."""
    parts = path.replace(os.sep, "/").split("/")
    if parts[0] == "src":
        return parts[1]
    if parts[0] == "examples":
        return "/".join(parts[:2]) if len(parts) > 2 else "examples"
    return parts[0]  # "include", "python"


def report(problems, checked):
    """Prints what was found and gives the exit status. Nothing checked is a problem too."""
    for problem in problems:
        print(problem)
    print(f"{checked} checked, {len(problems)} problems")
    return 1 if problems or not checked else 0
