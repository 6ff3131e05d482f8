"""ONNX: what info says, convert, external data, and what is refused."""

import os
import shutil

import files
from program import ProgramTest

CASE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data",
                    "reference", "onnx")


def file_of(name):
    with open(os.path.join(CASE, name), "rb") as file:
        return file.read()


class Onnx(ProgramTest):
    def logits(self, model):
        y = self.path("y.npy")
        self.run_program("infer", "--model", model, "--input", os.path.join(CASE, "x.npy"),
                         "--output", y)
        return files.read_npy(y)

    def test_info(self):
        said = self.run_program("info", "--model", os.path.join(CASE, "folded.onnx"))
        self.assertIn("architecture  resnet,layers=1:1,planes=3:4,num_classes=5,norm=none", said)
        self.assertIn("resize 33x28 bilinear, crop 33x28", said)
        self.assertNotIn("assumed", said)
        said = self.run_program("info", "--model", os.path.join(CASE, "kept.onnx"))
        self.assertIn("architecture  resnet,layers=1:1,planes=3:4,num_classes=5\n", said)
        said = self.run_program("info", "--model", os.path.join(CASE, "dynamo.onnx"))
        self.assertIn("5: ant, bee, cat, dog, eel", said)

    def test_convert(self):
        out = self.path("out.safetensors")
        for name in ("folded.onnx", "kept.onnx", "dynamo.onnx"):
            source = os.path.join(CASE, name)
            self.run_program("convert", source, out, "--quiet")
            self.assertEqual(self.logits(out), self.logits(source))
        self.assertIn("5: ant, bee, cat, dog, eel", self.run_program("info", "--model", out))

    def test_by_content(self):
        shutil.copy(os.path.join(CASE, "kept.onnx"), self.path("kept.pth"))
        self.assertIn("planes=3:4", self.run_program("info", "--model", self.path("kept.pth")))

    def test_external_data(self):
        """Beside the file, below its folder, and nowhere else."""
        model, data = file_of("dynamo.onnx"), file_of("dynamo.onnx.data")
        name = b"dynamo.onnx.data"
        path = self.write("model.onnx", model)
        self.fails("info", "--model", path, expected="dynamo.onnx.data: cannot open")
        self.write("dynamo.onnx.data", data)
        self.assertIn("planes=3:4", self.run_program("info", "--model", path))
        self.write("dynamo.onnx.data", data[:-400])
        self.fails("info", "--model", path, expected="found the end of that file")
        os.makedirs(self.path("sub", "folder"))
        self.write(os.path.join("sub", "folder", "a.bin"), data)
        path = self.write("model.onnx", model.replace(name, b"sub/folder/a.bin"))
        self.assertIn("planes=3:4", self.run_program("info", "--model", path))
        for elsewhere in (b"../" + name[3:], b"/tmp/model.data.", b"sub/../../a.data",
                          b"C:\\model.data.00", b".hidden/model.da"):
            self.assertEqual(len(elsewhere), len(name))
            path = self.write("model.onnx", model.replace(name, elsewhere))
            self.fails("info", "--model", path,
                       expected="expected external data in the model's folder or below it")

    def test_refused(self):
        model = file_of("kept.onnx")
        for old, new, expected in (
                (b'"\x04Relu', b'"\x04Tanh', "(Tanh) does not fit: expected the activation"),
                (b'"\x03Add', b'"\x03Mul', "(Mul) does not fit"),
                (b'"\x07MaxPool', b'"\x07LpPools', "(LpPools) does not fit"),
                (b'"\x12BatchNormalization', b'"\x12QLinearConv_______',
                 "quantized models cannot be read: export the network before it is quantized"),
                (b"conv1.weight", b"conv1.weighs", "weigh")):
            self.assertIn(old, model)
            path = self.write("model.onnx", model.replace(old, new, 1))
            self.fails("info", "--model", path, expected=expected)
        path = self.write("model.onnx", model[:len(model) // 2])
        self.fails("info", "--model", path, expected="this file is damaged, incomplete")
