"""The command line itself: help, wrong options, exit statuses. Nothing here uses a device."""

import os
import re
import subprocess

import program
from program import RANDOM, ProgramTest

COMMANDS = ("classify", "explain", "infer", "eval", "merge", "features", "search", "fit", "bench",
            "profile", "info", "models", "convert", "calibrate", "check", "selftest")
COMMON = ("--device", "--precision", "--fp32-layers", "--quiet", "--help", "--verbose",
          "--validation", "--without", "--with", "--no-cache")
DEVICELESS = ("merge",)  # of the common options they have --quiet and --help


class Help(ProgramTest):
    def test_program(self):
        text = self.run_program("--help")
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")
        self.assertRegex(self.run_program("--version"), r"^vkresnet \d+\.\d+\.\d+\n$")

    def test_commands(self):
        for command in COMMANDS:
            text = self.run_program(command, "--help")
            self.assertTrue(text.startswith(f"usage: vkresnet {command} "), text)
            for option in ("--quiet", "--help") if command in DEVICELESS else COMMON:
                self.assertRegex(text, rf"(?m)^  {option}\b")
            self.assertLessEqual(max(map(len, text.splitlines())), 100)
            self.assertEqual(self.run_program(command, "-h"), text)

    def test_manual(self):
        """Every command, and every option of its help, has a heading in the page for man."""
        page = self.run_program("--man")
        self.assertTrue(page.startswith(".TH VKRESNET 1 "))
        for command in COMMANDS:
            self.assertIn(f"\n.SS {command}\n", page)
            for option in re.findall(r"(?m)^  (--?[a-z0-9-]+)", self.run_program(command,
                                                                                 "--help")):
                self.assertIn("\n.TP\n.B " + option.replace("-", r"\-"), page)
        # No line is a request by accident.
        requests = set(re.findall(r"(?m)^[.'](\S*)", page))
        self.assertLessEqual(requests,
                             {"TH", "SH", "SS", "TP", "PP", "B", "I", "ad", "br", "nf", "fi"})

    def test_examples_are_accepted(self):
        """The options of every example are options of its command: only files are missing."""
        for command in COMMANDS:
            text = self.run_program(command, "--help").split("\nexamples:\n")[1]
            known = set(re.findall(r"(?m)^  (--[a-z0-9-]+)", self.run_program(command, "--help")))
            lines = text.replace("\\\n", " ").splitlines()
            self.assertGreaterEqual(len(lines), 2)
            for line in lines:
                self.assertTrue(line.startswith(f"  vkresnet {command}"), line)
                self.assertLessEqual(set(re.findall(r"--[a-z0-9-]+", line)), known)


class Usage(ProgramTest):
    def test_commands(self):
        self.usage(expected="no command")
        self.usage("paint", expected="unknown command 'paint' (")
        self.usage("clasify", expected="unknown command 'clasify': did you mean 'classify'?")
        self.usage("info", "--jsno", expected="unknown option '--jsno': did you mean '--json'?")
        self.usage("", expected="unknown command ''")
        self.usage("classify", expected="expected images or folders")
        self.usage("convert", "a.pth", expected="expected IN and OUT.safetensors")
        self.usage("convert", "a", "b", "c", expected="unexpected argument 'c'")
        self.usage("selftest", "photo.jpg", expected="unexpected argument 'photo.jpg'")
        self.usage("bench", "--", "--json", expected="unexpected argument '--json'")
        self.usage("infer", *RANDOM, "--output", "y.npy", expected="--input")
        self.usage("infer", *RANDOM, "--input", "x.npy", expected="--output")
        self.usage("eval", *RANDOM, expected="--labels")
        self.usage("bench", expected="--model")
        self.usage("bench", "--random-weights", "1", expected="--random-weights needs a network")

    def test_options(self):
        for arguments, expected in (
                (["--colour"], "unknown option '--colour'"),
                (["--top", "3"], "unknown option '--top'"),
                (["-x"], "unknown option '-x'"),
                (["--json=1"], "--json takes no value"),
                (["--model"], "--model needs a value"),
                (["--model="], "--model: expected NAME|FILE"),
                (["--precision", "fp99"], "--precision: expected fp32|fp16|int8, found 'fp99'"),
                (["--without", "timestamps,wings"], "'wings' is not a capability"),
                (["--without", ""], "is not a capability"),
                (["--size", "224"], "expected HxW"),
                (["--size", "0x8"], "expected HxW"),
                (["--size", "8x8x8"], "expected HxW"),
                (["--arch", "resnet51", "--random-weights", "1"], "resnet51"),
                (["--arch", "resnet50,wheels=4", "--random-weights", "1"], "wheels"),
                (["--model", "resnet50", "--random-weights", "0x10"], "--random-weights")):
            self.usage("bench", *arguments, expected=expected)

    def test_numbers(self):
        for value in ("", "0", "-1", "+1", "1.5", " 1", "1 ", "1e3", "0x4", "4294967297",
                      "99999999999999999999"):
            self.usage("bench", "--batch", value, expected="--batch: expected a number")
        for value in ("1,2", "1,2,3,4", "1,,3", "a,b,c", "inf,0,0", "nan,0,0", "0x1,0,0",
                      "1e99,0,0", " 1,2,3"):
            self.usage("classify", "x.png", "--mean", value,
                       expected="--mean: expected three numbers")

    def test_interpolation(self):
        for value in ("", "Bicubic", "lanczos"):
            self.usage("classify", "x.png", "--interpolation", value,
                       expected=f"--interpolation: expected bilinear|bicubic, found '{value}'")

    def test_taps(self):
        for value in ("conv1", "=a.npy", "conv1=", ""):
            self.usage("infer", "--tap", value, expected="--tap: expected NAME=FILE.npy")
        self.usage("infer", *RANDOM, "--input", "x.npy", "--output", "y.npy", "--tap",
                   "conv1=a.npy", "--tap", "layer1=a.npy", expected="a.npy: two outputs")
        self.usage("infer", *RANDOM, "--input", "x.npy", "--output", self.path("y.npy"),
                   "--tap", f"conv1={self.path('.', 'y.npy')}", expected="y.npy: two outputs")

    def test_forms(self):
        """--option=value and --option value, before and after arguments."""
        one, two = self.path("1.safetensors"), self.path("2.safetensors")
        self.run_program("convert", "--random-weights=7", "resnet8", one, "--quiet")
        self.run_program("convert", "--quiet", "resnet8", "--random-weights", "7", "--", two)
        with open(one, "rb") as first, open(two, "rb") as second:
            self.assertEqual(first.read(), second.read())

    def test_output_that_cannot_be_written(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([program.PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write to standard output", done.stderr)


class Models(ProgramTest):
    def test_missing(self):
        nowhere = {"VKRESNET_OFFLINE": "1", "TORCH_HOME": self.folder}
        self.run_program("classify", "--model", "resnet50", "x.png", status=1, environment=nowhere,
                         errors=["https://download.pytorch.org/models/resnet50-11ad3fa6.pth"])
        self.fails("info", "--model", "resnet20", expected="no file of this name")
        self.fails("classify", "--model", "resnet51", "x.png", expected="resnet51: no such file")
        self.fails("info", "--model", self.path("none.pth"), expected="none.pth: no such file")
        self.fails("info", "--model", self.folder, expected=self.folder)

    def test_file_and_seed(self):
        self.usage("info", "--model", self.write("a.pth", b"x"), "--random-weights", "1",
                   expected="the file has its own weights")

    def test_damaged(self):
        self.run_program("convert", "resnet8", self.path("good"), "--random-weights", "1",
                         "--quiet")
        with open(self.path("good"), "rb") as file:
            good = file.read()
        for name, content in (("empty",
                               b""), ("text", b"hello\n"), ("head", good[:100]), ("cut", good[:-1]),
                              ("zip", b"PK\x03\x04" + bytes(100)), ("pickle", b"\x80\x02}q\x00.")):
            self.fails("info", "--model", self.write(name, content), expected=self.path(name))

    def test_description(self):
        model = self.run_json("info", "--model", "resnet20", "--random-weights", "1", "--resize",
                              "40")
        self.assertEqual(model["arch"], "resnet20")
        self.assertEqual(model["parameters"], 269722)
        self.assertEqual(model["num_classes"], 10)
        self.assertEqual((model["transform"]["resize"], model["transform"]["crop"]), (40, 32))
        self.assertEqual(model["transform"]["mean"], [0.485, 0.456, 0.406])
        self.assertEqual(model["transform"]["interpolation"], "bilinear")
        model = self.run_json("info", "--model", "resnet18", "--random-weights", "1",
                              "--interpolation=bicubic")
        self.assertEqual(model["transform"]["interpolation"], "bicubic")
        self.assertEqual(model["parameters"], 11689512)
        self.assertEqual((len(model["classes"]), model["classes"][281]), (1000, "tabby"))
        self.assertIn("11689512",
                      self.run_program("info", "--model", "resnet18", "--random-weights", "1"))
