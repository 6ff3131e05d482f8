"""Weights by name, as far as a device is involved. tests/hub has the rest."""

import hashlib
import json
import os
import shutil

import files
import program
from program import ProgramTest


class Names(ProgramTest):
    def setUp(self):
        super().setUp()
        model = os.path.join(program.MODELS, "resnet20-cifar10.safetensors")
        with open(model, "rb") as file:
            content = file.read()
        known = {
            "network": "resnet20", "weights": "CIFAR10_V1", "default": True, "file": "known.pth",
            "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)
        }
        absent = {**known, "network": "resnet8", "file": "absent.pth"}
        self.write("registry.json", json.dumps({"format": 1, "base": "https://nowhere.invalid/",
                                                "entries": [known, absent]}).encode())
        os.makedirs(self.path("cache", "hub"))
        shutil.copy(model, self.path("cache", "hub", "known.pth"))
        self.settings = {
            "VKRESNET_CACHE": self.path("cache"), "VKRESNET_REGISTRY": self.path("registry.json"),
            "TORCH_HOME": self.folder, "VKRESNET_OFFLINE": "1"
        }

    def test_classify(self):
        picture = self.write("a.png", files.png(40, 33, lambda x, y: (x * 6, y * 7, x * y % 256)))
        by_name = self.run_program("classify", "--model", "resnet20:V1", "--json", picture,
                                   environment=self.settings)
        by_path = self.run_program("classify", "--model", self.path("cache", "hub", "known.pth"),
                                   "--json", picture, environment=self.settings)
        self.assertEqual(by_name, by_path)
        self.run_program("classify", "--model", "resnet8", picture, environment=self.settings,
                         status=1, errors=["resnet8:CIFAR10_V1 is not on this machine"])

    def test_bench(self):
        """Takes what is there, and else random weights: never a download."""
        short = ("--size", "32x32", "--json")
        self.run_program("bench", "--model", "resnet20", *short, environment=self.settings)
        for settings in (self.settings, {**self.settings, "VKRESNET_OFFLINE": None}):
            self.run_program("bench", "--model", "resnet8", *short, environment=settings,
                             errors=["resnet8:CIFAR10_V1: not on this machine: using random"])
        self.run_program("profile", "--model", "resnet8", "--size", "32x32",
                         environment=self.settings, errors=["random weights"])
