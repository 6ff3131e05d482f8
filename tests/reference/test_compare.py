#!/usr/bin/env python3
"""compare.py accepts correct results and finds wrong ones, with a program that copies the answers.
"""

import contextlib
import io
import os
import struct
import sys
import tempfile
import unittest

import compare

PROGRAM = """#!{python}
import os, shutil, sys
words = sys.argv[2:]
option = dict(zip(words[::2], words[1::2]))
folder = os.path.dirname(option["--input"])
taps = [words[i + 1].split("=") for i in range(len(words)) if words[i] == "--tap"]
for name, path in [("logits", option["--output"]), *taps]:
    shutil.copy(os.path.join(folder, name + ".npy"), path)
{then}
"""


def write_npy(path, shape, values):
    header = str({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header)
        file.write(struct.pack(f"<{len(values)}f", *values))


class Compare(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.folder = os.path.join(work.name, "case")
        os.mkdir(self.folder)
        self.program = os.path.join(work.name, "program")
        with open(os.path.join(self.folder, "case.json"), "w", encoding="utf-8") as file:
            file.write(
                '{"arch": "x", "tell": true, "models": ["m"], "outputs": ["conv1", "logits"]}')
        for name in ("x", "conv1", "logits"):
            write_npy(os.path.join(self.folder, name + ".npy"), (2, 2), [1.0, 2.0, 3.0, 4.0])

    def run_with(self, then="", tolerance=1e-5):
        """Runs the comparison with a program that copies the answers and then does something else.
        """
        with open(self.program, "w", encoding="utf-8") as file:
            file.write(PROGRAM.format(python=sys.executable, then=then))
        os.chmod(self.program, 0o755)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = compare.compare(self.program, [self.folder], [], tolerance)
        return status, said.getvalue()

    def spoil(self, name, shape, values):
        path = os.path.join(os.path.dirname(self.folder), "spoiled.npy")
        write_npy(path, shape, values)
        return self.run_with(f"shutil.copy({path!r}, dict([('logits', option['--output']), *taps])"
                             f"[{name!r}])")

    def test_equal(self):
        self.assertEqual(self.run_with()[0], 0)

    def test_tap_differs(self):
        status, said = self.spoil("conv1", (2, 2), [1.0, 2.0, 3.0, 4.001])
        self.assertEqual(status, 1)
        self.assertIn("conv1 1.8e-04 (!)", said)
        self.assertIn("logits 0.0e+00\n", said)

    def test_within_tolerance(self):
        self.assertEqual(self.spoil("logits", (2, 2), [1.0, 2.0, 3.0, 4.00001])[0], 0)

    def test_not_a_number(self):
        self.assertEqual(self.spoil("logits", (2, 2), [1.0, 2.0, 3.0, float("nan")])[0], 1)

    def test_shape(self):
        status, said = self.spoil("logits", (4,), [1.0, 2.0, 3.0, 4.0])
        self.assertEqual(status, 1)
        self.assertIn("expected (2, 2), found (4,)", said)

    def test_program_fails(self):
        status, said = self.run_with("sys.exit('m: no weights')")
        self.assertEqual(status, 1)
        self.assertIn("no weights", said)

    def test_architecture_is_told(self):
        self.assertEqual(self.run_with("assert option['--arch'] == 'x'")[0], 0)
        self.assertEqual(self.run_with("assert option['--arch'] == 'y'")[0], 1)

    def test_no_device(self):
        lost = "sys.exit('no Vulkan device on this machine')"
        required = os.environ.pop("VRN_TEST_REQUIRE_DEVICE", None)
        try:
            self.assertEqual(self.run_with(lost)[0], compare.SKIPPED)
            os.environ["VRN_TEST_REQUIRE_DEVICE"] = "1"
            self.assertEqual(self.run_with(lost)[0], 1)
        finally:
            os.environ.pop("VRN_TEST_REQUIRE_DEVICE")
            if required:
                os.environ["VRN_TEST_REQUIRE_DEVICE"] = required


if __name__ == "__main__":
    unittest.main()
