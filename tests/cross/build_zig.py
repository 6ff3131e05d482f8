#!/usr/bin/env python3
"""Builds the library and the program for another system with `zig cc`, warnings being errors, and
looks at what came out of it.

    build_zig.py TARGET SOURCE FOLDER VULKAN_INCLUDE VOLK_INCLUDE STB_INCLUDE [CMAKE_OPTION]...

TARGET: aarch64-macos, aarch64-windows-gnu or aarch64-linux-musl. zig is $VRN_ZIG, the program of
this name, or that of the package ziglang of a Python 3 (`pip install ziglang`). Exits with 77 where
there is none.
"""

import os
import shutil
import subprocess
import sys

from foreign import build

SKIPPED = 77
# Of each target: the files that are made, and how each begins.
COFF, ELF, MACH_O = b"MZ", b"\x7fELF\x02\x01", b"\xcf\xfa\xed\xfe"
RESULTS = {
    "aarch64-macos": (MACH_O, ["vkresnet", "libvkresnet.dylib"]),
    "aarch64-windows-gnu": (COFF, ["vkresnet.exe", "libvkresnet.dll"]),
    "aarch64-linux-musl": (ELF, ["vkresnet", "libvkresnet.so", "src/hub/libvkresnet_hub.so"]),
}


def find_zig():
    given = os.environ.get("VRN_ZIG") or shutil.which("zig")
    if given:
        return given
    for python in (sys.executable, shutil.which("python3")):
        found = python and subprocess.run(
            [python, "-c", "import os, ziglang; print(os.path.dirname(ziglang.__file__))"],
            check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if found and found.returncode == 0:
            return os.path.join(found.stdout.strip(), "zig")
    return None


def machine(content):
    """The processor that a file of one of these forms is for."""
    if content.startswith(COFF):
        header = int.from_bytes(content[0x3C:0x40], "little")
        return {0xAA64: "aarch64"}.get(int.from_bytes(content[header + 4:header + 6], "little"))
    if content.startswith(ELF):
        return {183: "aarch64"}.get(int.from_bytes(content[18:20], "little"))
    return {0x0100000C: "aarch64"}.get(int.from_bytes(content[4:8], "little"))


def main(target, source, folder, vulkan, volk, stb, *options):
    zig = find_zig()
    if not zig:
        print("skipped: no zig here (pip install ziglang, or VRN_ZIG=/path/to/zig)")
        return SKIPPED
    binaries = build(source, folder, "zig.cmake", (vulkan, volk, stb), [
        f"-DVRN_ZIG={zig}", f"-DVRN_ZIG_TARGET={target}", "-DVRN_BUILD_EXAMPLES=OFF", *options])
    magic, names = RESULTS[target]
    failed = 0
    for name in names:
        with open(os.path.join(binaries, name), "rb") as file:
            content = file.read()
        good = content.startswith(magic) and machine(content) == "aarch64"
        print(f"{name}: {len(content)} bytes, {'good' if good else 'of another kind'}")
        failed += not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
