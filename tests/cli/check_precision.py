"""--precision, --fp32-layers and calibrate."""

import math
import os
import random

import files
from check_arrays import distance
from program import RANDOM, ProgramTest


class Precision(ProgramTest):
    def setUp(self):
        super().setUp()
        source = random.Random(9)
        self.shape = (4, 3, 32, 32)
        files.write_npy(self.path("x.npy"), self.shape,
                        [source.gauss(0, 1) for _ in range(math.prod(self.shape))])

    def infer(self, *arguments, model=RANDOM):
        self.run_program("infer", *model, "--input", self.path("x.npy"), "--output",
                         self.path("y.npy"), *arguments)
        return files.read_npy(self.path("y.npy"))[1]

    def calibrate(self, *arguments, model=RANDOM):
        return self.run_program("calibrate", *model, "--input", self.path("x.npy"), *arguments,
                                errors=["error of the int8 logits"] * 3 + ["calibrated on"])

    def test_fp16(self):
        expected = self.infer()
        error = distance(self.infer("--precision", "fp16"), expected)
        self.assertGreater(error, 1e-6)
        self.assertLess(error, 5e-3)

    def test_calibrated_model(self):
        expected = self.infer()
        text = self.calibrate("-o", self.path("int8.safetensors"))
        self.assertIn("layer1.0.conv1", text)
        model = ("--model", self.path("int8.safetensors"))
        self.assertEqual(self.infer(model=model), expected)
        error = distance(self.infer("--precision", "int8", model=model), expected)
        self.assertGreater(error, 1e-4)
        self.assertLess(error, 0.08)
        # The scales survive being written again.
        self.run_program("convert", self.path("int8.safetensors"), self.path("again.safetensors"),
                         errors=["as float32"])
        again = self.infer("--precision", "int8", model=("--model", self.path("again.safetensors")))
        self.assertEqual(distance(again, expected), error)

    def test_calibrated_model_has_the_transform(self):
        self.calibrate("-o", self.path("int8.safetensors"), "--letterbox", "--scale", "255",
                       "--channels", "bgr")
        info = self.run_json("info", "--model", self.path("int8.safetensors"))
        self.assertEqual(info["transform"]["channels"], "bgr")

    def test_attention(self):
        for kind in ("se", "eca"):
            random_model = ("--model", f"resnet8,attention={kind}", "--random-weights", "1")
            expected = self.infer(model=random_model)
            self.calibrate("-o", self.path(f"{kind}.safetensors"), model=random_model)
            model = ("--model", self.path(f"{kind}.safetensors"))
            self.assertEqual(self.infer(model=model), expected)
            error = distance(self.infer("--precision", "int8", model=model), expected)
            self.assertGreater(error, 1e-4)
            self.assertLess(error, 0.08)

    def test_ranges_without_a_model_to_write(self):
        result = self.run_json("calibrate", *RANDOM, "--input", self.path("x.npy"), "--count", "2")
        self.assertEqual(result["images"], 2)
        self.assertNotIn("method", result)
        layers = {layer["name"]: layer for layer in result["layers"]}
        self.assertEqual(layers["conv1"]["low"], 0)
        self.assertGreater(layers["conv1"]["high"], 0)
        self.assertEqual(layers["conv1"]["values"], 2 * 16 * 32 * 32)
        self.assertEqual(layers["fc"]["beyond_fp16"], 0)
        self.assertEqual(os.listdir(self.folder), ["x.npy"])

    def test_profile_says_what_runs_in_what(self):
        result = self.run_json("profile", *RANDOM, "--precision", "fp16", "--fp32-layers",
                               "layer2.0.conv1,conv1", "--repeats", "1")
        self.assertEqual(result["precision"], "fp16")
        precisions = {layer["name"]: layer["precision"] for layer in result["layers"]}
        self.assertEqual(
            [precisions[name] for name in ("conv1", "layer1.0.conv1", "layer2.0.conv1", "softmax")],
            ["fp32", "fp16", "fp32", "fp32"])

    def test_wrong_use(self):
        arrays = ("--input", self.path("x.npy"), "--output", self.path("y.npy"))
        self.fails("infer", *RANDOM, *arrays, "--precision", "int8", expected="calibrate it first")
        self.fails("infer", *RANDOM, *arrays, "--precision", "fp16", "--fp32-layers", "conv7",
                   expected="conv7")
        self.usage("calibrate", *RANDOM, expected="either --images")
        self.usage("calibrate", *RANDOM, "--input", self.path("x.npy"), "--precision", "int8",
                   expected="expected fp32")
        self.fails("calibrate", *RANDOM, "--input", self.path("x.npy"), "-o", self.folder,
                   expected="not a regular file")
