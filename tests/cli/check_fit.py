"""fit: a folder of photos becomes a model of their classes."""

import json
import os
import random
import shutil
import struct

import files
from program import RANDOM, ProgramTest

COLOURS = {"blue sky": (40, 60, 220), "grass": (40, 200, 60), "rust": (200, 70, 30)}


def photo(colour, seed):
    """Noise around a colour."""
    noise = random.Random(seed)
    return files.png(32, 32, lambda x, y: [min(max(c + noise.randrange(-35, 36), 0), 255)
                                           for c in colour])


def metadata(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(size))["__metadata__"]


class Fit(ProgramTest):
    PHOTOS = 4

    def setUp(self):
        super().setUp()
        self.model = self.path("mine.safetensors")
        for name, colour in COLOURS.items():
            os.makedirs(self.path("photos", name))
            for i in range(self.PHOTOS):
                self.put(name, f"{i}.png", photo(colour, f"{name} {i}"))

    def put(self, folder, name, content):
        return self.write(os.path.join("photos", folder, name), content)

    def fit(self, *arguments, model=RANDOM, notes=(), status=0):
        """What it says; `notes` are said before the last one."""
        errors = list(notes) + ([] if status and not notes else
                                ["mine.safetensors: "] if "--quiet" not in arguments else [])
        return json.loads(self.run_program("fit", *model, self.path("photos"), "-o", self.model,
                                           "--json", *arguments, errors=errors, status=status))

    def classify(self, *photos, model=None):
        text = self.run_program("classify", "--model", model or self.model, "--json", *photos)
        return [json.loads(line) for line in text.splitlines()]

    def test_model(self):
        """What is written needs no options, and knows photos that it has not seen."""
        said = self.fit("--resize", "36x36", "--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25")
        self.assertEqual((said["photos"], said["unreadable"], said["features"]), (12, 0, 64))
        self.assertEqual((said["held_out"], said["folds"], said["accuracy"]), (12, 5, 1))
        self.assertEqual(said["training_accuracy"], 1)
        self.assertEqual([entry["label"] for entry in said["classes"]], sorted(COLOURS))
        for entry in said["classes"]:
            self.assertEqual((entry["photos"], entry["held_out"], entry["right"]), (4, 4, 4))
        strengths = {entry["penalty"]: entry for entry in said["penalties"]}
        self.assertEqual(len(strengths), 11)
        most = max(entry["accuracy"] for entry in strengths.values())
        least = min(entry["loss"] for entry in strengths.values() if entry["accuracy"] == most)
        self.assertEqual(said["penalty"], max(
            entry["penalty"] for entry in strengths.values()
            if entry["accuracy"] == most and entry["loss"] <= least + 0.02))
        known = metadata(self.model)
        self.assertEqual(known["vkresnet.classes"].split("\n"), sorted(COLOURS))
        self.assertEqual((known["vkresnet.resize"], known["vkresnet.mean"]),
                         ("36x36", "0.5,0.5,0.5"))
        self.assertEqual(known["vkresnet.name"], "mine")
        for name, colour in COLOURS.items():
            unseen = self.write("new.png", photo(colour, f"new {name}"))
            result, = self.classify(unseen)
            self.assertEqual((result["model"], len(result["top"])), ("mine", 3))
            self.assertEqual(result["top"][0]["label"], name)
            self.assertGreater(result["top"][0]["probability"], 0.5)

    def test_text(self):
        text = self.run_program("fit", *RANDOM, self.path("photos"), "-o", self.model,
                                errors=["mine.safetensors: resnet8 with your 3 classes"])
        self.assertRegex(text, r"^12 photos of 3 classes; computing 64 features of each photo: "
                         r"\d+\.\d s; training the classifier: \d+\.\d s\n"
                         r"held-out accuracy: 100\.0 % of 12 photos, each held out in one of 5 "
                         r"turns \(penalty \S+\)\n  blue sky: 4 of 4\n")

    def test_the_same_again(self):
        """The same photos give the same bytes; another seed other turns."""
        self.fit("--seed", "3")
        with open(self.model, "rb") as file:
            content = file.read()
        self.fit("--seed", "3")
        with open(self.model, "rb") as file:
            self.assertEqual(file.read(), content)

    def test_holdout(self):
        said = self.fit("--holdout", "0")
        self.assertEqual((said["held_out"], said["folds"], said["penalties"]), (0, 0, []))
        self.assertIsNone(said["accuracy"])
        self.assertEqual((self.fit("--holdout", "0.5")["folds"]), 2)
        self.usage("fit", *RANDOM, self.path("photos"), "-o", self.model, "--holdout", "0.6",
                   expected="--holdout: expected a share from 0 to 0.5")
        self.usage("fit", *RANDOM, self.path("photos"), "-o", self.model, "--holdout", "x",
                   expected="--holdout: expected a number from 0 to 1")

    def test_trunks(self):
        """Networks of two-layer heads, of one logit, and without a head; half precision."""
        for keys in ("head=none", "head=mlp,head_width=8", "num_classes=1"):
            said = self.fit(model=("--arch", "resnet8," + keys, "--random-weights", "1"))
            self.assertEqual(said["accuracy"], 1, keys)
            result, = self.classify(self.path("photos", "rust", "0.png"))
            self.assertEqual(result["top"][0]["label"], "rust")
        size = os.path.getsize(self.model)
        self.fit("--fp16")
        self.assertLess(os.path.getsize(self.model), size * 0.6)
        result, = self.classify(self.path("photos", "rust", "0.png"))
        self.assertEqual(result["top"][0]["label"], "rust")
        # A fitted model is the trunk of the next one.
        other = self.path("next.safetensors")
        shutil.rmtree(self.path("photos", "grass"))
        self.run_program("fit", "--quiet", "--model", self.model, self.path("photos"), "-o", other)
        result, = self.classify(self.path("photos", "rust", "1.png"), model=other)
        self.assertEqual([entry["label"] for entry in result["top"]], ["rust", "blue sky"])

    def test_odd_folders(self):
        """A class of one photo is never held out; folders without photos are no classes."""
        os.mkdir(self.path("photos", "empty"))
        os.mkdir(self.path("photos", "@eaDir"))
        os.mkdir(self.path("photos", "lonely"))
        os.mkdir(self.path("photos", "broken"))
        self.put("lonely", "1.png", photo((250, 250, 250), 1))
        self.put("broken", "1.png", b"no picture")
        self.put("rust", "broken.jpg", b"no picture")
        self.put("rust", "notes.txt", b"notes")
        said = self.fit(status=1, notes=[
            "empty: no images in this folder: it is not used as a class", "notes.txt: left out",
            "broken/1.png: ", "rust/broken.jpg: ",
            "broken: no image could be read: it is not used as a class"
        ])
        self.assertEqual((said["photos"], said["unreadable"], said["held_out"]), (13, 2, 12))
        self.assertEqual([(entry["label"], entry["photos"], entry["held_out"])
                          for entry in said["classes"]],
                         [("blue sky", 4, 4), ("grass", 4, 4), ("lonely", 1, 0), ("rust", 4, 4)])
        result, = self.classify(self.path("photos", "lonely", "1.png"))
        self.assertEqual(result["top"][0]["label"], "lonely")

    def test_refused(self):
        arguments = (*RANDOM, self.path("photos"))
        self.usage("fit", *arguments, expected="expected -o MODEL.safetensors")
        self.usage("fit", "-o", self.model, expected="expected a folder with a folder for each")
        self.fails("fit", *arguments, "-o", self.folder, expected="not a regular file")
        for name in ("grass", "rust"):
            shutil.rmtree(self.path("photos", name))
        self.fails("fit", *arguments, "-o", self.model,
                   expected="photos: expected at least two folders with images, one for each "
                   "class, found 1")
        os.mkdir(self.path("photos", "same"))
        for name in ("blue sky", "same"):
            for i in range(self.PHOTOS):
                self.put(name, f"{i}.png", photo((9, 9, 9), 1))
        self.fails("fit", *arguments, "-o", self.model,
                   expected="all 8 photos have the same features: there is nothing to learn")
        for name in ("blue sky", "same"):
            for i in range(self.PHOTOS):
                self.put(name, f"{i}.png", b"no picture")
        self.run_program("fit", *arguments, "-o", self.model, status=1, errors=[".png: "] * 8 + [
            "blue sky: no image", "same: no image", "expected images of at least two classes"
        ])
        self.assertFalse(os.path.exists(self.model))
