"""check: whether a checkpoint is read correctly. tests/device/test_check.c has small networks."""

import os

import files
import program
from program import ProgramTest

SHIPPED = "resnet20-cifar10.safetensors"
KEYS = {"reading", "options", "images", "variance", "mean", "divergence"}


class Check(ProgramTest):
    """The shipped model and pictures of a few colours."""

    def setUp(self):
        super().setUp()
        self.model = os.path.join(program.MODELS, SHIPPED)
        if not os.path.exists(self.model):
            self.skipTest("the shipped model is not here")
        os.mkdir(self.path("photos"))
        for i in range(3):
            picture = files.png(32, 32, lambda x, y, i=i: (8 * x * (i + 1) % 256, 7 * y, 60 * i))
            self.write(os.path.join("photos", f"{i}.png"), picture)

    def test_json(self):
        found = self.run_json("check", "--model", self.model, self.path("photos"), status=3,
                              errors=["images: 3; with fewer than"])
        self.assertEqual(found["images"], 3)
        self.assertIn(found["verdict"], ("other", "none"))
        self.assertEqual(len(found["norms"]), 19)
        self.assertEqual(found["norms"][0]["name"], "bn1")
        self.assertEqual(found["channels"], sum(norm["compared"] for norm in found["norms"]))
        for key in ("variance", "mean", "divergence"):
            self.assertGreater(found[key], 0)
        self.assertEqual(set(found["best"]), KEYS)
        loaded = found["readings"][0]
        self.assertEqual((set(loaded), loaded["reading"], loaded["options"], loaded["images"]),
                         (KEYS, "as loaded", "", 3))
        options = {reading["options"] for reading in found["readings"]}
        self.assertLessEqual(
            {"--arch pool=max", "--arch shortcut=pad_end", "--arch strides=2:1:2", "--channels bgr",
             "--scale 1", "--mean 0,0,0 --std 1,1,1"}, options)

    def test_text(self):
        text = self.run_program("check", "--model", self.model, "--count", "2", self.path("photos"),
                                status=3, errors=["images: 2; with fewer than"])
        self.assertRegex(text, r"(?m)^norm +channels +variance +mean +divergence$")
        self.assertRegex(text, r"(?m)^layer3\.2\.bn2 +64 +\d+\.\d+ +\d+\.\d+ +\d+\.\d+$")
        self.assertRegex(text, r"(?m)^in all +688 ")
        self.assertRegex(text, r"(?m)^ +\d+\.\d+ +\d+\.\d+ +\d+\.\d+ +2  as loaded$")
        self.assertRegex(text, "Another reading fits better|any of [0-9]+ readings:")

    def test_what_cannot_be_checked(self):
        photos = self.path("photos")
        self.run_program("convert", "resnet8", self.path("group"), "--random-weights", "1",
                         "--arch", "resnet8,norm=group,norm_groups=4", errors=["as float32"])
        self.fails("check", "--model", self.path("group"), photos, expected="group norms")
        self.run_program("convert", "resnet8", self.path("random"), "--random-weights", "1",
                         errors=["as float32"])
        self.fails("check", "--model", self.path("random"), photos, expected="never trained")
        broken = self.write("broken.png", b"no picture")
        self.run_program("check", "--model", self.model, photos, broken, status=1,
                         errors=["broken.png", "images: 3; with fewer than"])
        self.fails("check", "--model", self.model, broken, expected="broken.png")

    def test_wrong_use(self):
        self.usage("check", "--model", self.model, self.path("photos"), "--precision", "fp16",
                   expected="expected fp32")
        self.usage("check", self.path("photos"), expected="--model")
        self.usage("check", "--model", self.model, expected="image")


class Misreadings(ProgramTest):
    """Real weights and images: the faults that people make."""

    def setUp(self):
        super().setUp()
        self.model = os.path.join(program.DATA, "cifar10", "resnet20-12fca82f.th")
        self.images = os.path.join(program.DATA, "cifar10", "test")
        if not os.path.exists(self.model) or not os.path.exists(self.images):
            self.skipTest("the CIFAR-10 data is not here")

    def check(self, *options, status, notes=()):
        return self.run_json("check", "--model", self.model, "--count", "24", *options, self.images,
                             status=status, errors=list(notes))

    def test_a_right_reading_fits(self):
        found = self.check(status=0)
        self.assertEqual((found["verdict"], found["best"]["options"]), ("fits", ""))
        self.assertLess(found["variance"], 0.16)

    def test_other_readings(self):
        cases = {  # how far variances are off, about; what is right
            "strides=2:1:2": (0.14, "strides=1:2:2"),
            "strides=2:2:1": (0.2, "strides=1:2:2"),
            "shortcut=pad_end": (0.38, "shortcut=pad"),
            "pool=max,norm_eps=1e-5": (0.6, "norm_eps=1e-5,pool=none"),
        }
        for keys, (distance, right) in cases.items():
            found = self.check("--arch", keys, status=3)
            self.assertEqual(found["verdict"], "other", keys)
            self.assertEqual(found["best"]["options"], "--arch " + right)
            self.assertGreater(found["variance"], 0.8 * distance, keys)
            self.assertLess(found["variance"], 1.4 * distance, keys)
            self.assertLess(found["best"]["variance"], 0.16, keys)

    def test_other_preparations(self):
        usual = "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"
        cases = (
            (("--mean", "0,0,0", "--std", "1,1,1"), [], 0.88, usual),
            (("--mean", "0,0,0", "--std", "1,1,1", "--scale", "1"), ["--scale 1 leaves"], 5.6,
             "--scale 255 " + usual),
        )
        for options, notes, distance, right in cases:
            found = self.check(*options, status=3, notes=notes)
            self.assertEqual((found["verdict"], found["best"]["options"]), ("other", right))
            self.assertGreater(found["variance"], 0.8 * distance)
            self.assertLess(found["variance"], 1.4 * distance)

    def test_two_faults(self):
        found = self.check("--arch", "pool=max", "--preset", "caffe", "--resize", "32", "--crop",
                           "32", status=3)
        self.assertEqual(found["best"]["options"],
                         "--arch pool=none --scale 255 --channels rgb "
                         "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225")


class Input(ProgramTest):
    def test_the_input_is_a_tap(self):
        values = [((37 * i) % 101 - 50) / 32 for i in range(2 * 3 * 8 * 8)]
        files.write_npy(self.path("x.npy"), (2, 3, 8, 8), values)
        for fused in ((), ("--no-fusion",)):
            self.run_program("infer", *program.RANDOM, "--input", self.path("x.npy"), "--output",
                             self.path("y.npy"), "--tap", "input=" + self.path("tap.npy"), *fused)
            self.assertEqual(files.read_npy(self.path("tap.npy")), ((2, 3, 8, 8), values))
