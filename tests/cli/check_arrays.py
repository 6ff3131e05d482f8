"""infer and convert: NumPy arrays in and out."""

import math
import os
import random
import signal
import subprocess
import time

import files
import program
from program import RANDOM, ProgramTest


def distance(a, b):
    """Relative L2."""
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)) / sum(y * y for y in b))


class Arrays(ProgramTest):
    def setUp(self):
        super().setUp()
        source = random.Random(5)
        self.shape = (5, 3, 32, 40)
        self.values = [source.gauss(0, 1) for _ in range(math.prod(self.shape))]
        files.write_npy(self.path("x.npy"), self.shape, self.values)

    def infer(self, *arguments, model=RANDOM, output="y.npy"):
        self.run_program("infer", *model, "--input", self.path("x.npy"), "--output",
                         self.path(output), *arguments)
        return files.read_npy(self.path(output))

    def test_logits_and_taps(self):
        shapes = {
            "conv1": (5, 16, 32, 40), "layer1": (5, 16, 32, 40), "layer2": (5, 32, 16, 20),
            "layer3.0.bn1": (5, 64, 8, 10), "layer3": (5, 64, 8, 10), "avgpool": (5, 64, 1, 1)
        }
        taps = [word for name in shapes for word in ("--tap", f"{name}={self.path(name + '.npy')}")]
        shape, logits = self.infer(*taps)
        self.assertEqual(shape, (5, 10))
        self.assertTrue(all(map(math.isfinite, logits)))
        values = {}
        for name, expected in shapes.items():
            shape, values[name] = files.read_npy(self.path(name + ".npy"))
            self.assertEqual(shape, expected, name)
        self.assertGreaterEqual(min(values["layer3"]), 0)
        means = [sum(values["layer3"][i:i + 80]) / 80 for i in range(0, 5 * 64 * 80, 80)]
        self.assertLess(distance(values["avgpool"], means), 1e-5)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         sorted([name + ".npy" for name in shapes] + ["x.npy", "y.npy"]))

    def test_batches_agree(self):
        """To the bit, with kernels that are the same for any batch."""
        same = "--kernel=conv_direct"
        whole = self.infer("--batch", "5", same)
        self.assertEqual(self.infer("--batch", "2", same), whole)
        self.assertEqual(self.infer("--batch=1", same, "--tap", "avgpool=" + self.path("a.npy")),
                         whole)
        one = files.read_npy(self.path("a.npy"))
        self.infer(same, "--tap", "avgpool=" + self.path("a.npy"))
        self.assertEqual(files.read_npy(self.path("a.npy")), one)

    def test_plain_and_fused_agree(self):
        fused = self.infer()[1]
        self.assertLess(distance(self.infer("--no-fusion")[1], fused), 1e-5)
        self.assertLess(distance(self.infer("--kernel", "conv_generic")[1], fused), 1e-5)
        self.assertLess(distance(self.infer("--without", "texel-buffers,timestamps")[1], fused),
                        1e-5)

    def test_not_finite(self):
        for value in (math.nan, math.inf, -math.inf):
            values = list(self.values)
            values[3 * 32 * 40 * 2 + 7] = value
            files.write_npy(self.path("x.npy"), self.shape, values)
            self.fails("infer", *RANDOM, "--input", self.path("x.npy"), "--output",
                       self.path("y.npy"), expected="image 3 of 5: expected finite numbers")
            self.assertFalse(os.path.exists(self.path("y.npy")))

    def test_empty(self):
        files.write_npy(self.path("x.npy"), (0, 3, 32, 32), [])
        self.assertEqual(self.infer("--tap", "layer2=" + self.path("t.npy")), ((0, 10), []))
        self.assertEqual(files.read_npy(self.path("t.npy")), ((0, 32, 16, 16), []))

    def test_versions(self):
        expected = self.infer()
        for version in (2, 3):
            files.write_npy(self.path("x.npy"), self.shape, self.values, version=version)
            self.assertEqual(self.infer(), expected)

    def test_faults(self):
        def write(**options):
            files.write_npy(self.path("x.npy"), self.shape, self.values, **options)

        def edit(change):
            write()
            with open(self.path("x.npy"), "rb") as file:
                self.write("x.npy", change(file.read()))

        cases = (
            (lambda: write(descr="<f8"), "expected little-endian float32 ('<f4'), found '<f8'"),
            (lambda: write(descr=">f4"), "found '>f4'"),
            (lambda: write(fortran=True), "found Fortran order"),
            (lambda: write(version=9), "version 9.0"),
            (lambda: files.write_npy(self.path("x.npy"), (5, 10), [0] * 50), "found [5, 10]"),
            (lambda: files.write_npy(self.path("x.npy"),
                                     (1, 1, 4, 4), [0] * 16), "found [1, 1, 4, 4]"),
            (lambda: files.write_npy(self.path("x.npy"), (1, 3, 0, 4), []), "height and width"),
            (lambda: files.write_npy(self.path("x.npy"),
                                     (2, 3, 4, 4), [0] * 95), "bytes of values"),
            (lambda: files.write_npy(self.path("x.npy"),
                                     (2**40, 3, 2**20, 2**20), [0]), "more values"),
            (lambda: files.write_npy(self.path("x.npy"), (2**63, 0, 3, 2**63), []), "found ["),
            (lambda: edit(lambda data: data[:-1]), "bytes of values"),
            (lambda: edit(lambda data: data + b"x"), "bytes of values"),
            (lambda: edit(lambda data: data[:40]), "cut off"),
            (lambda: edit(lambda data: data[:8]), "not a .npy file"),
            (lambda: edit(lambda data: b""), "not a .npy file"),
            (lambda: edit(lambda data: data.replace(b"'shape'", b"'shade'")), "unknown entry"),
            (lambda: edit(lambda data: data.replace(b"(5, 3", b"(5; 3")), "its shape is damaged"),
            (lambda: edit(lambda data: data.replace(b"}", b" ")), "its header is damaged"),
            (lambda: edit(lambda data: data.replace(b"{", b"[")), "not a dictionary"),
            (lambda: edit(lambda data: data.replace(b"False", b"Never")), "fortran_order"),
        )
        for make, expected in cases:
            make()
            self.fails("infer", *RANDOM, "--input", self.path("x.npy"), "--output",
                       self.path("y.npy"), expected="x.npy: ")
            self.fails("infer", *RANDOM, "--input", self.path("x.npy"), "--output",
                       self.path("y.npy"), expected=expected)
            self.assertEqual(os.listdir(self.folder), ["x.npy"])

    def interrupt(self, number, *arguments, output):
        process = subprocess.Popen(
            [program.PROGRAM, *arguments],
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.kill)
        while process.poll() is None and not any(
                name.startswith(output + ".part") for name in os.listdir(self.folder)):
            time.sleep(0.001)
        process.send_signal(number)
        self.assertEqual(process.wait(timeout=600), -number)
        self.assertEqual(os.listdir(self.folder), ["x.npy"])

    def test_interrupted_runs_leave_nothing(self):
        x, y = self.path("x.npy"), self.path("y.npy")
        files.write_npy(x, (100000, 3, 8, 8), [])
        os.truncate(x, os.path.getsize(x) + 100000 * 3 * 8 * 8 * 4)  # zeros: seconds of work
        for number in (signal.SIGINT, signal.SIGTERM):
            self.interrupt(number, "infer", *RANDOM, "--input", x, "--output", y, "--batch", "1",
                           output="y.npy")
        # Half a gigabyte to write.
        self.interrupt(signal.SIGTERM, "convert", "wide_resnet101_2",
                       self.path("model.safetensors"), "--random-weights", "1",
                       output="model.safetensors")

    def test_failed_runs_leave_nothing(self):
        x, y = ("--input", self.path("x.npy")), ("--output", self.path("y.npy"))
        self.fails("infer", *RANDOM, "--input", self.path("none.npy"), *y,
                   expected="none.npy: cannot open")
        self.fails("infer", *RANDOM, "--input", self.folder, *y, expected="not a regular file")
        self.fails("infer", *RANDOM, *x, "--output", self.path("no", "y.npy"),
                   expected="y.npy: cannot write")
        self.fails("infer", *RANDOM, *x, *y, "--tap", "layer9=" + self.path("t.npy"),
                   expected="layer9")
        self.fails("infer", *RANDOM, *x, *y, "--tap", "conv1=" + self.path("no", "t.npy"),
                   expected="t.npy")
        self.fails("infer", *RANDOM, *x, *y, "--device", "no such device",
                   expected="no such device")
        self.assertEqual(os.listdir(self.folder), ["x.npy"])

    def test_output_to_a_device(self):
        self.run_program("infer", *RANDOM, "--input", self.path("x.npy"), "--output", "/dev/null")
        self.assertFalse(os.path.isfile("/dev/null"))

    def test_convert(self):
        expected = self.infer()
        one, two, half = (self.path(name)
                          for name in ("1.safetensors", "2.safetensors", "half.safetensors"))
        self.run_program("convert", "resnet8", one, "--random-weights", "1",
                         errors=["1.safetensors: resnet8, "])
        self.assertEqual(self.infer(model=("--model", one)), expected)
        self.run_program("convert", one, two, "--quiet")
        with open(one, "rb") as first, open(two, "rb") as second:
            self.assertEqual(first.read(), second.read())
        self.run_program("convert", one, half, "--fp16", "--quiet")
        self.assertLess(os.path.getsize(half), 0.6 * os.path.getsize(one))
        error = distance(self.infer(model=("--model", half))[1], expected[1])
        self.assertTrue(0 < error < 1e-2, error)

    def test_convert_faults(self):
        out = self.path("out.safetensors")
        self.fails("convert", self.path("none.pth"), out, expected="none.pth: no such file")
        self.fails("convert", self.path("x.npy"), out, expected="x.npy")
        self.fails("convert", "resnet8", self.folder, "--random-weights", "1",
                   expected="not a regular file")
        self.fails("convert", "resnet8", self.path("no", "out"), "--random-weights", "1",
                   expected="cannot write")
        self.assertEqual(os.listdir(self.folder), ["x.npy"])
