"""A reader of C for the checks beside it: functions, structs and assignments.

It knows nothing of the preprocessor: directives are dropped, and both branches of an #if are read.
A function is what follows a parenthesis with a brace outside of all other braces. A struct's field
is a declarator in its braces; those of an anonymous struct or union inside count as its own, while
a named one inside counts as one field.

What writes a field is an assignment, ++ or -- to `a->b.c` and the like. The type of `a` is looked
for among the declarations of the function, then in the file; where it is not found, the last name
counts if a single struct has such a field. Not seen: memset, copies of whole structs, addresses
that are handed to another function, and initialisers, which make a struct and change none. A
struct that a function has as a variable of its own, and not by a pointer, is its own copy: changing
that is not counted either.
"""

import re

_BLANKED = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*',
    re.DOTALL | re.MULTILINE)
_STRUCT = re.compile(r"\b(?:struct|union)\s*(\w*)\s*\{")
_DECLARATION = re.compile(r"\b(?:struct\s+)?([A-Za-z_]\w*)[\s*]*[*\s]\s*(?:const\s+)?(\w+)\s*"
                          r"(?=[;,=)\[])")
_INDEX = r"(?:\s*\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\])*"
_WRITE = re.compile(
    rf"(?<![\w.>])(\w+)({_INDEX}(?:\s*(?:->|\.)\s*\w+{_INDEX})+)\s*"
    r"(?:=(?!=)|[-+*/%&|^]=|<<=|>>=|\+\+|--)"
    rf"|(?:\+\+|--)\s*(\w+)({_INDEX}(?:\s*(?:->|\.)\s*\w+{_INDEX})+)")
_VALUE = re.compile(r"\b([A-Za-z_]\w*)\s+(\w+)\s*(?=[;,=])")
_STEP = re.compile(r"(->|\.)\s*(\w+)")
_NOT_TYPES = {"return", "else", "goto", "case", "sizeof", "const", "unsigned", "static"}


def blank(text):
    """The text without comments, strings and directives, with every line where it was."""
    return _BLANKED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def closing(text, opening):
    """Where the brace that opens at `opening` closes."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.start()
    return len(text)


def functions(text):
    """Yields (name, first line, lines, its text) of every function in a blanked text."""
    position, begin = 0, 0
    while True:
        match = re.compile(r"[{};]").search(text, position)
        if not match:
            return
        if match.group() != "{":
            position = begin = match.end()
            continue
        end = closing(text, match.start())
        head = text[begin:match.start()]
        if head.rstrip().endswith(")"):
            begin += len(head) - len(head.lstrip())
            name = re.search(r"(\w+)\s*\(", head)
            yield (name.group(1) if name else "?", text.count("\n", 0, begin) + 1,
                   text.count("\n", begin, end) + 1, text[begin:end + 1])
            position = begin = end + 1
        elif re.search(r"\bextern\s*$", head):  # extern "C": its contents stand outside of braces
            position = begin = match.end()
        else:
            position = end + 1


class Struct:
    """A struct's fields (name to type), and the files that write them, which the check fills in."""

    def __init__(self, name, path, line):
        self.name, self.path, self.line = name, path, line
        self.fields, self.writers = {}, set()


def _fields(struct, body, found, path, line):
    """Reads the declarators of a struct's body, and the structs inside it."""
    position = 0
    while True:
        inner = _STRUCT.search(body, position)
        semicolon = body.find(";", position)
        if semicolon < 0:
            return
        if inner and inner.start() < semicolon:
            end = closing(body, inner.end() - 1)
            stop = body.index(";", end)
            name = body[end + 1:stop].strip(" \n*")
            below = body[inner.end():end]
            at = line + body.count("\n", 0, inner.start())
            if name:
                type_name = inner.group(1) or f"{struct.name}.{name}"
                nested = Struct(type_name, path, at)
                _fields(nested, below, found, path, at)
                found[type_name] = nested
                for declared in re.findall(r"(\w+)\s*(?:\[[^\]]*\]\s*)*(?:,|$)", name):
                    struct.fields[declared] = type_name
            else:
                _fields(struct, below, found, path, at)
            position = stop + 1
            continue
        declaration = body[position:semicolon]
        position = semicolon + 1
        pointer = re.search(r"\(\s*\*\s*(\w+)[^)]*\)\s*\(", declaration)
        if pointer:
            struct.fields[pointer.group(1)] = ""
            continue
        words = re.sub(r"\[[^\]]*\]|:\s*\w+", "", declaration)
        parts = [part.strip() for part in words.split(",")]
        head = re.findall(r"\w+", parts[0])
        if len(head) < 2:
            continue
        type_name = [word for word in head[:-1] if word not in ("const", "struct", "enum")]
        for name in [head[-1], *(part.strip("* \n") for part in parts[1:])]:
            struct.fields[name] = type_name[-1] if type_name else ""


def structs(path, text):
    """Name to Struct, of a blanked text; unnamed ones have the name of their typedef."""
    found, position = {}, 0
    while True:
        match = _STRUCT.search(text, position)
        if not match:
            return found
        end = closing(text, match.end() - 1)
        after = re.match(r"\s*(\w+)?", text[end + 1:])
        name = match.group(1) or after.group(1)
        if name:
            line = text.count("\n", 0, match.start()) + 1
            struct = Struct(name, path, line)
            _fields(struct, text[match.end():end], found, path, line)
            found[name] = struct
        position = end


def declared(text):
    """Name to type, of what looks like a declaration."""
    return {name: kind for kind, name in _DECLARATION.findall(text) if kind not in _NOT_TYPES}


def written(text, types, all_structs):
    """The structs that a function writes a field of. `types`: what names outside of it mean."""
    owners = {}
    for struct in all_structs.values():
        for field in struct.fields:
            owners.setdefault(field, []).append(struct)
    types = {**types, **declared(text)}
    copies = {name for kind, name in _VALUE.findall(text) if kind not in _NOT_TYPES}
    for match in _WRITE.finditer(text):
        root = match.group(1) or match.group(3)
        steps = _STEP.findall(match.group(2) or match.group(4))
        if root in copies and steps[0][0] == ".":
            continue
        kind, inside = types.get(root), []
        for arrow, field in steps:
            struct = all_structs.get(kind)
            if struct is None or field not in struct.fields:
                struct = owners[field][0] if len(owners.get(field, ())) == 1 else None
            # Behind an arrow is another object: what points to it is not changed.
            if arrow == "->":
                inside = []
            if struct is not None:
                inside.append(struct)
            kind = struct.fields[field] if struct is not None else None
        yield from inside
