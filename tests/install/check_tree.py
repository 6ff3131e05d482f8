#!/usr/bin/env python3
"""Installs a build folder and looks at what came out of it.

    check_tree.py BUILD PREFIX LIBDIR VERSION [--optimised]

VERSION is CMake's. With --optimised the binaries were built without assertions and debug
information, so that nothing in them names a folder of the machine that they were built on.
"""

import argparse
import os
import re
import shutil
import subprocess
import unittest

ARGUMENTS = None
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def output(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def path(*parts):
    return os.path.join(ARGUMENTS.prefix, *parts)


def installed():
    """The paths of all installed files, relative to the prefix."""
    found = set()
    for where, _, files in os.walk(ARGUMENTS.prefix):
        found |= {os.path.relpath(os.path.join(where, name), ARGUMENTS.prefix) for name in files}
    return found


def soversion():
    """The version of the interface, which changes with the minor version before 1.0."""
    major, minor, _ = ARGUMENTS.version.split(".")
    return major if int(major) else f"0.{minor}"


class Tree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(ARGUMENTS.prefix, ignore_errors=True)
        output("cmake", "--install", ARGUMENTS.build, "--prefix", ARGUMENTS.prefix)
        cls.library = path(ARGUMENTS.libdir, "libvkresnet.so")

    def test_files(self):
        version, interface = ARGUMENTS.version, soversion()
        headers = {
            f"include/vkresnet/{name}"
            for name in os.listdir(os.path.join(SOURCE, "include/vkresnet"))
        }
        library = {
            "libvkresnet.a", "libvkresnet.so", f"libvkresnet.so.{interface}",
            f"libvkresnet.so.{version}", "pkgconfig/vkresnet.pc", "pkgconfig/vkresnet-hub.pc"
        }
        library |= {
            name.replace("libvkresnet", "libvkresnet_hub") for name in library
            if name.startswith("lib")
        }
        package = {f"cmake/vkresnet/vkresnet-{name}.cmake"
                   for name in ("config", "config-version", "targets", "hub-targets")}
        others = {
            "bin/vkresnet", "share/man/man1/vkresnet.1",
            "share/bash-completion/completions/vkresnet",
            "share/vkresnet/resnet20-cifar10.safetensors"
        }
        found = {name for name in installed() if not re.search(r"-targets-\w+\.cmake$", name)}
        self.assertEqual(
            found, headers | others | {f"{ARGUMENTS.libdir}/{name}" for name in library | package})

    def test_no_foreign_paths(self):
        for name in installed():
            with open(path(name), "rb") as file:
                content = file.read()
            if b"\0" in content and not ARGUMENTS.optimised:
                continue
            for folder in (SOURCE, ARGUMENTS.build):
                self.assertNotIn(folder.encode(), content, name)

    def test_symbols(self):
        names = [
            line.split()[-1]
            for line in output("nm", "-D", "--defined-only", self.library).splitlines()
        ]
        self.assertGreater(len(names), 10)
        self.assertEqual([name for name in names if not name.startswith("vrn_")], [])
        hub = path(ARGUMENTS.libdir, "libvkresnet_hub.so")
        names = [
            line.split()[-1] for line in output("nm", "-D", "--defined-only", hub).splitlines()
        ]
        self.assertGreater(len(names), 5)
        self.assertEqual([name for name in names if not name.startswith("vrn_hub_")], [])

    def test_dependencies(self):
        dynamic = output("readelf", "--dynamic", "--wide", self.library)
        self.assertIn(f"[libvkresnet.so.{soversion()}]", dynamic)
        hub = output("readelf", "--dynamic", "--wide", path(ARGUMENTS.libdir, "libvkresnet_hub.so"))
        self.assertIn(f"[libvkresnet_hub.so.{soversion()}]", hub)
        needed = set(re.findall(r"NEEDED.*\[(.*?)\.so", dynamic))
        self.assertLessEqual(needed, {"libc", "libm", "libdl", "libpthread"})
        self.assertNotRegex(dynamic, r"R(UN)?PATH")

    def test_versions(self):
        with open(path("include/vkresnet/vkresnet.h"), encoding="utf-8") as file:
            header = re.findall(r"^#define VRN_VERSION_\w+ (\d+)$", file.read(), re.MULTILINE)
        self.assertEqual(".".join(header), ARGUMENTS.version)
        self.assertEqual(output(path("bin/vkresnet"), "--version"),
                         f"vkresnet {ARGUMENTS.version}\n")
        with open(path(ARGUMENTS.libdir, "pkgconfig/vkresnet.pc"), encoding="utf-8") as file:
            self.assertIn(f"Version: {ARGUMENTS.version}\n", file.read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for argument in ("build", "prefix", "libdir", "version"):
        parser.add_argument(argument)
    parser.add_argument("--optimised", action="store_true")
    ARGUMENTS = parser.parse_args()
    unittest.main(argv=["check_tree"])
