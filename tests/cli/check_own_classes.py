"""docs/own-classes.md: every command in it runs as it stands."""

import os
import re
import shutil
import subprocess
import sys

import program
from program import ProgramTest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STB = "/usr/include/stb"


class OwnClasses(ProgramTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(SOURCE, "docs", "own-classes.md"), encoding="utf-8") as file:
            self.text = file.read()
        for name in ("samples", "examples"):
            os.symlink(os.path.join(SOURCE, name), self.path(name))
        build = os.path.dirname(program.PROGRAM)
        library = os.path.join(build, "libvkresnet.so")
        # What is installed is tested elsewhere: here it is what was built.
        flags = f"-I{SOURCE}/include -L{build} -lvkresnet -Wl,-rpath,{build}"
        self.write("pkg-config", f"#!/bin/sh\necho '{flags}'\n".encode())
        os.chmod(self.path("pkg-config"), 0o755)
        os.symlink(program.PROGRAM, self.path("vkresnet"))
        compiles = (os.path.exists(library) and os.path.isdir(STB) and shutil.which("cc") and
                    shutil.which("ld") and "LSAN_OPTIONS" not in os.environ)
        self.compiles = bool(compiles) and sys.platform == "linux"

    def run_line(self, line):
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-c", line], cwd=self.folder, env=environment, timeout=600,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, f"{line}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_commands(self):
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        said = {}
        for kind, text in blocks:
            if kind == "c":
                self.write("parts.c", text.encode())
                continue
            self.assertEqual(kind, "sh")
            for line in text.splitlines():
                if self.compiles or not re.match(r"cc |ld |\./", line):
                    said[line] = self.run_line(line)
        said_by = {line.split(" -")[0].split(" parts")[0]: out for line, out in said.items()}
        # The example's figures are those of one driver; others may differ by a photo.
        counted = re.search(r"held-out accuracy: (\d+\.\d) % of 36 photos", said_by["vkresnet fit"])
        self.assertGreater(float(counted.group(1)), 75)
        right = re.search(r"\((\d+) of 30\)", said_by["vkresnet eval"])
        self.assertGreaterEqual(int(right.group(1)), 23)
        self.assertGreater(os.path.getsize(self.path("heat.png")), 1000)
        found = said["vkresnet search --in parts.npy --top 3 parts/nut/nut-02.png"].split("\t")
        self.assertEqual(found[:3], ["parts/nut/nut-02.png", "parts/nut/nut-02.png", "1.0000"])
        if not self.compiles:
            self.skipTest("the part in C: no shared library, stb, cc or ld")
        first = said["./classify parts.safetensors new/washer/washer-01.png"]
        index, name, percent = re.fullmatch(r"(\d) (\w+) ([\d.]+) %\n", first).groups()
        rows = re.findall(r"(\w+) ([\d.]+) %\n",
                          said["./parts-classifier new/washer/washer-01.png"])
        self.assertEqual([row[0] for row in rows], ["bolt", "nut", "washer"])
        self.assertEqual(rows[int(index)], (name, percent))
