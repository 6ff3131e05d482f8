#!/usr/bin/env python3
"""Builds the project for 64-bit Windows, warnings being errors, and looks at what came out of it.

    build_windows.py SOURCE FOLDER VULKAN_INCLUDE VOLK_INCLUDE STB_INCLUDE [CMAKE_OPTION]...
"""

import os
import re
import subprocess
import sys

from foreign import build

TARGET = "x86_64-w64-mingw32"
# Windows itself: its kernel, its C library, and the shell, which splits the program's command line.
SYSTEM = re.compile(r"kernel32|msvcrt|ucrtbase|api-ms-win-crt-.*|shell32", re.IGNORECASE)


def build_plugin(source, folder):
    """A DLL of an application with the static library inside."""
    path = os.path.join(folder, "plugin.dll")
    subprocess.run([
        f"{TARGET}-gcc", "-Wall", "-Werror", "-shared",
        os.path.join(source, "tests/install/consumers/plugin/plugin.c"),
        "-I" + os.path.join(source, "include"),
        os.path.join(folder, "src/hub/libvkresnet_hub.a"),
        os.path.join(folder, "libvkresnet.a"), "-l:libwinpthread.a", "-o", path
    ], check=True)
    return path


def exports(path):
    """The names that a DLL or a program exports, and what objdump says of it."""
    table = subprocess.run([f"{TARGET}-objdump", "-p", path], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    # A heading, lines of "[index] name" or "[index] +base[ordinal] hint name", an empty line.
    names = table.partition("[Ordinal/Name Pointer] Table")[2].partition("\n\n")[0]
    return re.findall(r"^\s*\[.* (\w+)$", names, re.MULTILINE), table


def problems(path):
    """Names that a DLL exports and that are not the interface's, and libraries that are not
    Windows'."""
    names, table = exports(path)
    for name in re.findall(r"DLL Name: (\S+)\.dll", table, re.IGNORECASE):
        if not SYSTEM.fullmatch(name):
            yield f"{path}: needs {name}.dll"
    if path.endswith(".dll") and len(names) < 10:
        yield f"{path}: exports only {names}"
    for name in names:
        if not name.startswith("vrn_"):
            yield f"{path}: exports {name}"


def main(source, folder, vulkan, volk, stb, *options):
    binaries = build(source, folder, "mingw-w64.cmake", (vulkan, volk, stb), options)
    found = [problem for name in ("libvkresnet.dll", "vkresnet.exe")
             for problem in problems(os.path.join(binaries, name))]
    names, _ = exports(build_plugin(source, binaries))
    if names != ["plug"]:
        found.append(f"a plugin with the static library exports {names}")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
