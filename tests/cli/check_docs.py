"""The commands in README.md, CONTRIBUTING.md and docs/: each runs as it stands, or is named here
with what runs it instead. A new command that does neither fails the test."""

import os
import re
import shutil
import subprocess
import sys

import program
from program import ProgramTest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STB = "/usr/include/stb"

# The beginning of a command, the file of this tree that runs it, and what that file has of it.
ELSEWHERE = (
    ("scripts/demo.sh", "scripts/newcomer.sh", "README.md"),
    ("scripts/test.sh", ".ci/run", "scripts/test.sh"),
    ("scripts/coverage.sh", "scripts/coverage.sh", "test.sh"),
    ("/usr/bin/python3 tests/reference/family.py", "tests/reference/CMakeLists.txt", "family.py"),
    ("/usr/bin/python3 tests/reference/rounding.py", "tests/reference/CMakeLists.txt",
     "rounding.py"),
    ("tests/reference/precision.py", "tests/reference/CMakeLists.txt", "precision.py"),
    ("/usr/bin/python3 tests/pixels/check_phone.py", "tests/pixels/CMakeLists.txt",
     "check_phone.py"),
    ("/usr/bin/python3 tests/pixels/check_pixels.py", "tests/pixels/CMakeLists.txt",
     "check_pixels.py"),
    ("python3 -m venv env", "python/tests/CMakeLists.txt", "python_wheel"),
    ("pip install .", "python/tests/CMakeLists.txt", "python_wheel"),
    ("python3 bench/python_overhead.py", "tests/bench/test_bench.py", "python_overhead.py"),
    ("examples/scale/with_", "python/tests/CMakeLists.txt", "python_scale"),
    ("ls photos/*.jpg > list.txt", "python/tests/CMakeLists.txt", "python_scale"),
    ("job=$(sbatch", "scripts/prove_slurm.sh", "sbatch"),
    ("scontrol requeue", "scripts/prove_slurm.sh", "requeue"),
    ("pip wheel", "scripts/release_inside.sh", "wheel"),
    ("auditwheel repair", "scripts/release_inside.sh", "auditwheel"),
    ("cmake -S . -B build/deb", "scripts/prove_deb.sh", "cpack"),
    ("cmake --build build/deb", "scripts/prove_deb.sh", "cpack"),
    ("(cd build/deb && cpack", "scripts/prove_deb.sh", "cpack"),
    ("conan create", "scripts/prove_recipes.sh", "conan create"),
    ("vcpkg install", "scripts/prove_recipes.sh", "vcpkg"),
)

# Downloads: without a network they fail with one line, which says what to fetch.
DOWNLOADS = ("vkresnet classify --model resnet50 ", "vkresnet models --fetch ")


def commands(text):
    """The commands of the blocks without a language, or with "sh", which are not drawings."""
    for kind, block in re.findall(r"^```(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if kind not in ("", "sh") or re.search(r"={8}|█", block):
            continue
        for line in re.sub(r"\\\n", " ", block).splitlines():
            line = re.sub(r"(^|\s+)# .*", "", line).strip()
            if line:
                yield line


class Docs(ProgramTest):
    def setUp(self):
        super().setUp()
        build = os.path.dirname(program.PROGRAM)
        for name in ("samples", "examples", "models"):
            os.symlink(os.path.join(SOURCE, name), self.path(name))
        os.mkdir(self.path("build"))
        os.symlink(build, self.path("build", "demo"))
        os.mkdir(self.path("bin"))
        os.symlink(program.PROGRAM, self.path("bin", "vkresnet"))
        # What is installed is tested elsewhere: here it is what was built.
        flags = f"-I{SOURCE}/include -L{build} -lvkresnet -Wl,-rpath,{build}"
        self.write("bin/pkg-config", f"#!/bin/sh\necho '{flags}'\n".encode())
        os.chmod(self.path("bin", "pkg-config"), 0o755)
        self.compiles = (sys.platform == "linux" and "LSAN_OPTIONS" not in os.environ and
                         os.path.exists(os.path.join(build, "libvkresnet.so")) and
                         os.path.isdir(STB) and bool(shutil.which("cc") and shutil.which("ld")))
        self.stand_ins()

    def stand_ins(self):
        """For the weights and photos that a reader has: the bundled model, and drawings."""
        bundled = os.path.join(program.MODELS, "resnet20-cifar10.safetensors")
        for name in ("resnet50.pth", "resnet50-11ad3fa6.pth", "resnet56-4bfd9763.th"):
            shutil.copy(bundled, self.path(name))
        samples = os.path.join(SOURCE, "samples")
        drawn = (("ship", 8), ("airplane", 0), ("truck", 9))
        for folder in ("photos", "val"):
            os.mkdir(self.path(folder))
            for name, _ in drawn:
                shutil.copy(os.path.join(samples, f"{name}.png"), self.path(folder))
        shutil.copy(os.path.join(samples, "ship.png"), self.path("photo.jpg"))
        rows = "".join(f"{{}}{name}.png,{index}\n" for name, index in drawn)
        self.write("val/labels.csv", rows.replace("{}", "").encode())
        self.write("labels.csv", rows.replace("{}", "val/").encode())

    def shell(self, line):
        environment = {
            **os.environ, "PATH": f"{self.path('bin')}:{os.environ['PATH']}",
            "VKRESNET_OFFLINE": "1", "TORCH_HOME": self.path("none")
        }
        return subprocess.run(["bash", "-c", line], cwd=self.folder, env=environment, timeout=900,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)

    def is_left_out(self, line):
        """What something else runs, or what this machine lacks."""
        for begin, path, text in ELSEWHERE:
            if line.startswith(begin):
                with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
                    self.assertIn(text, file.read(), f"{path} no longer runs {line}")
                return True
        if re.match(r"cc |ld |\./", line) and not self.compiles:
            return True
        example = re.match(r"build/demo/(examples/\S+)", line)
        if example and not os.path.exists(self.path("build", "demo", example.group(1))):
            return True
        return "parallel " in line and not shutil.which("parallel")

    def run_page(self, page):
        """What each command of a page printed."""
        said = {}
        with open(os.path.join(SOURCE, page), encoding="utf-8") as file:
            text = file.read()
        if "parts.c" in text:
            self.write("parts.c", re.search(r"^```c\n(.*?)^```$", text,
                                            re.MULTILINE | re.DOTALL).group(1).encode())
        for line in commands(text):
            if self.is_left_out(line):
                continue
            done = self.shell(line)
            shown = f"{page}: {line}\n{done.stdout}{done.stderr}"
            if line.startswith(DOWNLOADS):
                self.assertEqual(done.returncode, 1, shown)
                self.assertRegex(done.stderr, r"\A(vkresnet: .*https://.*\n)+\Z", shown)
                continue
            self.assertEqual(done.returncode, 0, shown)
            said[line] = done.stdout
        return said

    def check_readme(self, said):
        self.assertRegex(said["vkresnet classify samples/"], r"(?m)^samples/ship\.png\t.*ship")
        for made in ("heat.png", "profile.html"):
            self.assertGreater(os.path.getsize(self.path(made)), 1000)
        if os.path.exists(self.path("frames", "labels.csv")):
            self.assertGreater(os.path.getsize(self.path("report", "index.html")), 1000)

    def check_scale(self, said):
        merged = [text for line, text in said.items() if line.startswith("vkresnet merge")]
        if shutil.which("parallel"):
            self.assertRegex(merged[0], r"of 3\b")

    def check_own_classes(self, said):
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
            return
        first = said["./classify parts.safetensors new/washer/washer-01.png"]
        index, name, percent = re.fullmatch(r"(\d) (\w+) ([\d.]+) %\n", first).groups()
        rows = re.findall(r"(\w+) ([\d.]+) %\n",
                          said["./parts-classifier new/washer/washer-01.png"])
        self.assertEqual([row[0] for row in rows], ["bolt", "nut", "washer"])
        self.assertEqual(rows[int(index)], (name, percent))

    def test_commands(self):
        pages = sorted(f"docs/{name}" for name in os.listdir(os.path.join(SOURCE, "docs"))
                       if name.endswith(".md"))
        checks = {"README.md": self.check_readme, "docs/scale.md": self.check_scale,
                  "docs/own-classes.md": self.check_own_classes}
        for page in ["README.md", "CONTRIBUTING.md", *pages]:
            with self.subTest(page=page):
                said = self.run_page(page)
                checks.get(page, lambda said: None)(said)
