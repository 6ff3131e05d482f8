"""Runs the program for the tests, with checks that every run must pass."""

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import tempfile
import termios
import unittest

PROGRAM = ""  # set by test_program.py
MODELS = ""
DATA = ""
FAULTS = ""
RANDOM = ("--model", "resnet8", "--random-weights", "1")
PROCESSOR = b"vkresnet: no GPU "  # how the note begins that the device is a processor


def sanitizer_environment(arguments):
    """LeakSanitizer cannot tell whose leak it is when a driver has been unloaded, and so not leave
    it out as tests/leaks.supp asks. Preloaded, the driver stays. The validation layer, which may
    not be installed, is not preloaded: leaks are not looked for in its runs, each of which has its
    like without it."""
    icd = os.environ.get("VK_DRIVER_FILES", "")
    if "LSAN_OPTIONS" not in os.environ or not os.path.isfile(icd):
        return {}
    with open(icd, encoding="utf-8") as file:
        library = json.load(file)["ICD"]["library_path"]
    if "/" in library:
        library = os.path.join(os.path.dirname(icd), library)
    options = os.environ.get("ASAN_OPTIONS", "")
    leaks = 0 if "--validation" in arguments else 1
    return {
        "LD_PRELOAD": library,
        "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0:detect_leaks={leaks}"
    }


def without_note(complaint):
    """Standard error without the note that all drivers that are tested have in common."""
    return b"".join(line for line in complaint.splitlines(True) if not line.startswith(PROCESSOR))


class ProgramTest(unittest.TestCase):
    """Each test has a folder of its own, self.folder."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vkresnet-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def start(self, *arguments, environment=None, stdin=subprocess.DEVNULL):
        """environment: variables to set, or to take away where the value is None."""
        values = {**os.environ, **sanitizer_environment(arguments), **(environment or {})}
        done = subprocess.run(
            [PROGRAM, *arguments], stdin=stdin, capture_output=True, timeout=1200, check=False,
            env={name: value for name, value in values.items() if value is not None})
        self.notes = done.stderr
        done.stderr = without_note(done.stderr)
        return done

    def run_program(self, *arguments, status=0, errors=None, environment=None):
        """Standard output. `errors`: texts, of which one must be in each line of standard error."""
        done = self.start(*arguments, environment=environment)
        complaint = done.stderr.decode("utf-8", "replace")
        shown = f"{arguments}: {done.returncode}\n{complaint}"
        self.assertEqual(done.returncode, status, shown)
        lines = complaint.splitlines()
        self.assertEqual(len(lines), len(errors or []), shown)
        for line, expected in zip(lines, errors or []):
            self.assertTrue(line.startswith("vkresnet: "), shown)
            self.assertIn(expected, line)
            self.assertTrue(status != 2 or line.endswith("--help)"), shown)
        return done.stdout.decode("utf-8")

    def run_in_terminal(self, *arguments, columns, environment=None):
        """Standard output of a run that succeeds, with a terminal of so many columns there."""
        values = {**os.environ, **sanitizer_environment(arguments), **(environment or {})}
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=theirs,
                              stderr=subprocess.PIPE, env=values) as process:
            os.close(theirs)
            text = b""
            try:
                while part := os.read(ours, 65536):
                    text += part
            except OSError:  # Linux's word for the end
                pass
            os.close(ours)
            complaint = without_note(process.stderr.read())
            self.assertEqual((process.wait(), complaint), (0, b""))
        return text.decode("utf-8").replace("\r\n", "\n")

    def run_json(self, *arguments, **options):
        return json.loads(self.run_program(*arguments, "--json", **options))

    def usage(self, *arguments, expected):
        self.assertEqual(self.run_program(*arguments, status=2, errors=[expected]), "")

    def fails(self, *arguments, expected):
        return self.run_program(*arguments, status=1, errors=[expected])
