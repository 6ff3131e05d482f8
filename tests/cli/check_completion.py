"""Bash completion: the script that the program prints, run by bash, offers what the program
accepts."""

import json
import os
import re
import shutil
import subprocess

import program
from check_usage import COMMANDS
from program import ProgramTest

# Fills what bash fills before it calls the function, and prints what that offers, a line each.
ASK = """
cd "$2" && . "$1" || exit
program=$3; shift 3
COMP_WORDS=("$program" "$@"); COMP_CWORD=$#
_vkresnet "$program" "${!#}" && printf '%s\\n' "${COMPREPLY[@]}"
"""


class Completion(ProgramTest):
    def setUp(self):
        super().setUp()
        self.bash = shutil.which("bash")
        if not self.bash:
            self.skipTest("no bash")
        self.script = self.write("vkresnet.bash", self.run_program("--completion", "bash").encode())
        os.mkdir(self.path("here"))
        for name in ("ship.png", "Cat.JPG", "notes.txt", "labels.csv", "x.npy", "net.pth",
                     "resnet50.safetensors", "a b.png"):
            self.write(os.path.join("here", name), b"")
        os.mkdir(self.path("here", "photos"))

    def complete(self, *words):
        """What is offered for the last of the words behind the program's name, in order of names.
        """
        done = subprocess.run([
            self.bash, "--norc", "-c", ASK, "ask", self.script,
            self.path("here"), program.PROGRAM, *words
        ], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return sorted(line for line in done.stdout.splitlines() if line)

    def test_it_is_bash(self):
        done = subprocess.run([self.bash, "-n", self.script], capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_commands(self):
        self.assertLessEqual(
            set(COMMANDS) | {"--help", "--version", "--man"}, set(self.complete("")))
        self.assertEqual(self.complete("prof"), ["profile"])
        self.assertEqual(self.complete("cl"), ["classify"])
        self.assertEqual(self.complete("x"), [])
        self.assertEqual(self.complete("nothing", ""), [])
        self.assertEqual(self.complete("--completion", ""), ["bash"])

    def test_options(self):
        """Of each command those that its help has."""
        for command in COMMANDS:
            options = re.findall(r"(?m)^  (--?[a-z0-9-]+)", self.run_program(command, "--help"))
            self.assertEqual(self.complete(command, "-"), sorted(options), command)
        self.assertEqual(self.complete("classify", "--json", "--mod"), ["--model"])
        self.assertEqual(self.complete("profile", "--mod"), ["--model"])
        self.assertEqual(self.complete("selftest", "--mod"), [])

    def test_names(self):
        """The networks with weights; all that the program knows; the capabilities."""
        models = {
            json.loads(line)["network"]
            for line in self.run_program("models", "--json").splitlines()
        }
        self.assertEqual(set(self.complete("models", "")), models)
        networks = set(self.complete("bench", "--arch", ""))
        self.assertLessEqual(models, networks)
        for name in networks - models:
            self.run_program("info", "--model", name, "--random-weights", "1")
        text = self.run_program("info", "--device", "0")
        listed = re.findall(r"(?m)^  (?:has|lacks) +(.*)$", text)
        known = {name.replace(" ", "-") for line in listed for name in line.split(", ")} - {"none"}
        self.assertEqual(set(self.complete("bench", "--with", "")), known)
        self.assertEqual(set(self.complete("bench", "--without", "")), known)
        self.assertEqual(self.complete("models", "--fetch", "resnet1"),
                         ["resnet101", "resnet152", "resnet18"])

    def test_values(self):
        self.assertEqual(self.complete("bench", "--precision", ""), ["fp16", "fp32", "int8"])
        self.assertEqual(self.complete("bench", "--precision", "fp"), ["fp16", "fp32"])
        self.assertEqual(self.complete("bench", "--precision", "="), ["fp16", "fp32", "int8"])
        self.assertEqual(self.complete("bench", "--precision", "=", "i"), ["int8"])
        self.assertEqual(self.complete("bench", "--without", "texel"), ["texel-buffers"])
        self.assertEqual(self.complete("bench", "--without", "timestamps,texel"),
                         ["timestamps,texel-buffers"])
        self.assertEqual(self.complete("bench", "--arch", "wide"),
                         ["wide_resnet101_2", "wide_resnet50_2"])
        self.assertEqual(self.complete("bench", "--batch", ""), [])
        self.assertEqual(self.complete("classify", "--top", ""), [])
        devices = self.complete("bench", "--device", "")
        self.assertEqual(devices, sorted(map(str, range(len(devices) - 1))) + ["all"])
        self.assertGreaterEqual(len(devices), 2)

    def test_files(self):
        """By what their names end in; folders always."""
        self.assertEqual(self.complete("classify", ""),
                         ["Cat.JPG", "a b.png", "photos", "ship.png"])
        self.assertEqual(self.complete("explain", "ship.png", "-o", "heat.png", "s"), ["ship.png"])
        self.assertEqual(self.complete("classify", "--json", "sh"), ["ship.png"])
        self.assertEqual(self.complete("classify", "a\\ b"), ["a b.png"])
        self.assertEqual(self.complete("classify", "\"a b"), ["a b.png"])
        self.assertEqual(self.complete("classify", "--model", "resnet5"),
                         ["resnet50", "resnet50.safetensors", "resnet56"])
        self.assertIn("net.pth", self.complete("classify", "--model", ""))
        self.assertNotIn("ship.png", self.complete("classify", "--model", ""))
        self.assertEqual(self.complete("infer", "--input", ""), ["photos", "x.npy"])
        self.assertEqual(self.complete("eval", "--labels", "=", "l"), ["labels.csv"])
        self.assertEqual(self.complete("calibrate", "--images", ""), ["photos"])
        self.assertEqual(self.complete("explain", "-o", "n"), ["net.pth", "notes.txt"])
        self.assertEqual(self.complete("convert", "n"), ["net.pth", "notes.txt"])
        self.assertEqual(self.complete("selftest", ""), [])

    def test_errors(self):
        self.usage("--completion", expected="--completion: expected bash")
        self.usage("--completion", "fish", expected="--completion: expected bash")
