#!/usr/bin/env python3
"""SPIR-V of the shaders that older compilers cannot compile, kept in shaders/kept/.

    keep_spirv.py --make GLSLANG       compiles them with this compiler and writes the files
    keep_spirv.py --check [FOLDER]     whether they belong to the shaders as they are now; FOLDER:
                                       where a build put its SPIR-V, NAME.spv.h, which must be the
                                       same where the same version of the compiler made it

Which shaders these are is said in the shaders (cmake/VrnShaders.cmake). Each file names the
compiler, and has a hash of the code without comments and spaces. scripts/keep_spirv.sh finds the
compiler that is recorded.
"""

import collections
import hashlib
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = os.path.join(ROOT, "shaders", "kept")
FOLDERS = [os.path.join(ROOT, "shaders"), os.path.join(ROOT, "src")]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
WORD = re.compile(r"0x([0-9a-fA-F]{8})\b")
DEFINE = re.compile(r"^#define (\w+) [^\n\\]*$", re.MULTILINE)
COMPILER = re.compile(r"^\s*// (\d[\d.]*)$", re.MULTILINE)
TARGETS = {
    "COOPERATIVE_MATRIX": ["--target-env", "vulkan1.1"],
    "COOPERATIVE_MATRIX_2": ["--target-env", "vulkan1.1", "--target-env", "spirv1.6"],
}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def modules():
    """Yields (module, shader, options, target) of each module that is kept."""
    for name in sorted(os.listdir(FOLDERS[0])):
        path = os.path.join(FOLDERS[0], name)
        if not name.endswith(".comp"):
            continue
        text = read(path)
        needs = re.search(r"^// needs: ([A-Z0-9_]+)$", text, re.MULTILINE)
        if needs:
            yield name[:-5], path, [], TARGETS[needs[1]]
        for line in re.finditer(r"^// variants(?: with ([A-Z0-9_]+))?: (.*)$", text, re.MULTILINE):
            needed = line[1] or (needs and needs[1])
            for variant in line[2].split() if needed else []:
                suffix, options = variant.split("=", 1)
                yield f"{name[:-5]}_{suffix}", path, options.split(","), TARGETS[needed]


def sources(path, seen):
    """The shader and all that it includes, in the order of the compiler."""
    if path in seen:
        return
    seen.append(path)
    for name in INCLUDE.findall(read(path)):
        for folder in [os.path.dirname(path), *FOLDERS]:
            if os.path.exists(os.path.join(folder, name)):
                sources(os.path.normpath(os.path.join(folder, name)), seen)
                break


def source_hash(path, options, target):
    seen = []
    sources(path, seen)
    code = "\n".join([*options, *target, *(COMMENT.sub(" ", read(one)) for one in seen)])
    # Without the constants that other shaders share with the library.
    words = collections.Counter(re.findall(r"\w+", code))
    code = DEFINE.sub(lambda line: line[0] if words[line[1]] > 1 else "", code)
    return hashlib.sha256("".join(code.split()).encode()).hexdigest()


def words_of(text):
    return WORD.findall(text[text.index("{"):])


def make(compiler):
    os.makedirs(KEPT, exist_ok=True)
    version = subprocess.run([compiler, "--version"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.split("\n")[0]
    for name, path, options, target in modules():
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.h")
            subprocess.run([compiler, "--quiet", "-V", *target, *(f"-I{one}" for one in FOLDERS),
                            *options, "--vn", "words", "-o", out, path], check=True)
            text = read(out)
        words = [f"0x{word}," for word in words_of(text)]
        lines = [" ".join(words[i:i + 8]) for i in range(0, len(words), 8)]
        with open(os.path.join(KEPT, f"{name}.spv.inc"), "w", encoding="utf-8") as file:
            file.write("\n".join([
                f"// Made of {os.path.basename(path)} by scripts/keep_spirv.py. {version}.",
                f"// {COMPILER.search(text)[1]}",
                f"// source {source_hash(path, options, target)}",
                f"const uint32_t vrn_spirv_{name}[] = {{",
                *lines,
                "};",
                "",
            ]))
        print(f"{name}: {len(words) * 4} bytes")


def check(folder):
    problems, count, compared = [], 0, 0
    for name, path, options, target in modules():
        count += 1
        kept = os.path.join(KEPT, f"{name}.spv.inc")
        if not os.path.exists(kept):
            problems.append(f"shaders/kept/{name}.spv.inc is missing")
            continue
        text = read(kept)
        if f"// source {source_hash(path, options, target)}\n" not in text:
            problems.append(f"shaders/kept/{name}.spv.inc was made of another "
                            f"{os.path.basename(path)} or of other files that it includes")
        built = os.path.join(folder, f"{name}.spv.h") if folder else ""
        if not os.path.exists(built):
            continue
        fresh = read(built)
        if COMPILER.search(fresh)[1] == COMPILER.search(text)[1]:
            compared += 1
            if words_of(fresh) != words_of(text):
                problems.append(f"shaders/kept/{name}.spv.inc differs from what the same compiler "
                                "makes now")
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("Make them again: scripts/keep_spirv.sh", file=sys.stderr)
    print(f"{count} modules are kept; {compared} were compared with this build's")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--make":
        make(sys.argv[2])
    elif len(sys.argv) in (2, 3) and sys.argv[1] == "--check":
        sys.exit(check(sys.argv[2] if len(sys.argv) == 3 else None))
    else:
        sys.exit(__doc__)
