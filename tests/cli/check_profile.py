"""profile --html: a page that stands alone, with a bar and a row for each layer, and a dot for each
with arithmetic."""

import json
import os
import re
import xml.etree.ElementTree

import page
from program import RANDOM, ProgramTest


class ProfilePage(ProgramTest):
    def setUp(self):
        super().setUp()
        chosen, = [device for device in self.run_json("info")["devices"] if device["chosen"]]
        if "timestamps" not in chosen["capabilities"]:
            self.skipTest("the device has no timestamps")

    def profile(self, *arguments):
        """What --json prints, and the page's path."""
        path = self.path("page.html")
        return self.run_json("profile", *arguments, "--repeats", "1", "--html", path), path

    def pictures(self, content):
        found = re.findall(r"<svg.*?</svg>", content, re.DOTALL)
        return [xml.etree.ElementTree.fromstring(text) for text in found]

    def named(self, picture, kind):
        return [
            element for element in picture.iter("g") if element.get("class", "").split()[0] == kind
        ]

    def test_data(self):
        printed, path = self.profile(*RANDOM, "--batch", "2")
        data = page.read(path)
        for layer in data["profile"]["layers"]:
            flops = layer.pop("flops")
            self.assertEqual(flops > 0, layer["gflops"] > 0 and layer["gpu_ms"] > 0)
            self.assertAlmostEqual(layer["gflops"], flops / layer["gpu_ms"] * 1e-6 if flops else 0,
                                   delta=1e-4 * layer["gflops"])
        self.assertEqual(data["profile"], printed)
        self.assertEqual((printed["batch"], printed["height"], data["repeats"]), (2, 32, 1))
        self.assertTrue(data["peak"]["gflops"] > 0 and data["peak"]["gb_s"] > 0 and data["driver"])

    def test_every_layer_is_shown(self):
        printed, path = self.profile(*RANDOM, "--batch", "2")
        layers = printed["layers"]
        content = page.render(path)
        shown = page.Page(content)
        self.assertNotRegex(content, r"(?i)[^a-z](nan|infinity|undefined|null)[^a-z]")
        self.assertEqual(shown.tags.count("tr"), len(layers) + 2)
        for text in ("batch of 2, 32x32 pixels, fp32", "resnet8", "by the roofline"):
            self.assertIn(text, shown.text)

        times, roofline = self.pictures(content)
        bars = self.named(times, "bar")
        self.assertEqual(len(bars), len(layers))
        tallest = max(layers, key=lambda layer: layer["gpu_ms"])
        heights = [float(bar.find("rect").get("height")) for bar in bars]
        for layer, bar, height in zip(layers, bars, heights):
            self.assertTrue(bar.find("title").text.startswith(layer["name"] + "\n"), layer["name"])
            self.assertAlmostEqual(height / max(heights), layer["gpu_ms"] / tallest["gpu_ms"],
                                   places=3)
            least = float(bar.findall("rect")[1].get("height"))
            self.assertTrue((layer["op"] == "conv") * 0.01 <= least <= height + 0.01,
                            (layer["name"], least, height))

        dots = self.named(roofline, "dot")
        with_arithmetic = [layer for layer in layers if layer["gflops"] > 0 and layer["gpu_ms"] > 0]
        self.assertEqual(len(dots), len(with_arithmetic))
        # Dots are higher the faster a layer is, and further right the more it computes for each
        # byte.
        places = [(float(dot.find("circle").get("cx")), float(dot.find("circle").get("cy")))
                  for dot in dots]
        for (layer, (x, y)), (other, (x2, y2)) in zip(zip(with_arithmetic, places),
                                                      list(zip(with_arithmetic, places))[1:]):
            if layer["gflops"] > 1.01 * other["gflops"]:
                self.assertLess(y, y2)
            intensity, second = (each["gflops"] * each["gpu_ms"] / each["bytes"]
                                 for each in (layer, other))
            if intensity > 1.01 * second:
                self.assertGreater(x, x2)
        _, _, width, height = map(float, roofline.get("viewBox").split())
        self.assertTrue(all(0 < x < width and 0 < y < height for x, y in places), places)

    def test_hostile_name(self):
        """What stands in a model's file cannot become part of the page."""
        model = self.path("model.safetensors")
        self.run_program("convert", "resnet8", model, "--random-weights", "1", "--quiet")
        with open(model, "rb") as file:
            content = file.read()
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8:8 + size])
        name = "</title></script><script>alert('1')</script>\" onload=\"x & \u00e9"
        header["__metadata__"]["vkresnet.name"] = name
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(model, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text + content[8 + size:])
        _, path = self.profile("--model", model)
        self.assertEqual(page.read(path)["profile"]["model"], name)
        shown = page.Page(page.render(path))
        self.assertNotIn("script", shown.tags)
        self.assertIn(f"Profile of {name}", shown.text)

    def test_page_that_cannot_be_written(self):
        path = self.path("none", "page.html")
        self.fails("profile", *RANDOM, "--quiet", "--repeats", "1", "--html", path, expected=path)
        self.assertFalse(os.path.exists(path))
        self.usage("bench", *RANDOM, "--html", path, expected="unknown option '--html'")
