"""explain: the class activation map lies where the object is, over the part of the photo that the
network sees."""

import os

import files
import program
from program import RANDOM, ProgramTest

SHIP = 8
GREY = (128, 128, 128)


class Explain(ProgramTest):
    def setUp(self):
        super().setUp()
        samples = os.path.join(program.MODELS, "..", "samples")
        if not os.path.isdir(samples):
            self.skipTest("no pictures")
        self.photo = os.path.join(samples, "ship.png")
        with open(self.photo, "rb") as file:
            self.ship = files.read_png(file.read())[2]
        self.model = ("--model", os.path.join(program.MODELS, "resnet20-cifar10.safetensors"))

    def explain(self, photo, *arguments, name="heat.png"):
        """What is printed, and the picture."""
        path = self.path(name)
        found = self.run_json("explain", photo, "-o", path, *(arguments or self.model))
        self.assertEqual((found["file"], found["picture"]), (photo, path))
        with open(path, "rb") as file:
            return found, files.read_png(file.read())

    def paste(self, name, width, height, left, top, shrink=2):
        """A grey picture with the ship in it, made smaller by a whole factor."""
        side = len(self.ship) // shrink

        def pixel(x, y):
            inside = 0 <= x - left < side and 0 <= y - top < side
            return self.ship[(y - top) * shrink][(x - left) * shrink] if inside else GREY

        return self.write(name, files.png(width, height, pixel))

    def test_map_lies_on_the_object(self):
        """In each corner: the strongest place and the middle of the box lie in the ship's quarter
        of the picture."""
        for left in (0, 128):
            for top in (0, 128):
                photo = self.paste("corner.png", 256, 256, left, top)
                found, _ = self.explain(photo, *self.model, "--class", "ship")
                self.assertEqual(found["map"], [8, 8])
                self.assertEqual(found["class"]["index"], SHIP)
                box, peak = found["box"], found["peak"]
                for at, begin in ((peak["x"], left), (peak["y"], top),
                                  ((box["left"] + box["right"]) / 2,
                                   left), ((box["top"] + box["bottom"]) / 2, top)):
                    self.assertTrue(begin <= at <= begin + 128, (left, top, found))
                self.assertTrue(box["left"] <= peak["x"] <= box["right"], found)
                self.assertTrue(box["top"] <= peak["y"] <= box["bottom"], found)

    def test_only_the_crop_is_coloured(self):
        """A wide photo, of which the network sees the middle: the map is moved there, the rest is
        dark."""
        photo = self.paste("wide.png", 512, 256, 128, 0)
        found, (width, height, rows) = self.explain(photo, *self.model, "--class", "ship")
        self.assertEqual((width, height), (512, 256))
        self.assertEqual((found["width"], found["height"]), (512, 256))
        self.assertEqual(found["seen"], {"left": 128, "top": 0, "right": 384, "bottom": 256})
        self.assertTrue(128 <= found["peak"]["x"] <= 256 and found["peak"]["y"] <= 128, found)
        self.assertLessEqual(128, found["box"]["left"])
        for y in (0, 100, 255):
            for x in (0, 127, 384, 511):
                self.assertEqual(rows[y][x], (45, 45, 45), (x, y))
            self.assertTrue(all(max(rows[y][x]) > 90 for x in (129, 382)), y)
        # The hottest pixel is yellow: much less blue than red and green.
        red, green, blue = rows[int(found["peak"]["y"])][int(found["peak"]["x"])]
        self.assertTrue(min(red, green) > blue + 40, (red, green, blue))

        # A tighter crop sees less, of both sides.
        found, (_, _, rows) = self.explain(photo, *self.model, "--resize", "64", "--crop", "32")
        self.assertEqual(found["seen"], {"left": 192, "top": 64, "right": 320, "bottom": 192})
        self.assertEqual(rows[10][400], (45, 45, 45))
        # One that is larger than the photo has black around it, and everything is seen.
        found, (_, _, rows) = self.explain(photo, *self.model, "--resize", "16", "--crop", "32")
        self.assertEqual(found["seen"], {"left": 0, "top": -128, "right": 512, "bottom": 384})
        box = found["box"]
        self.assertTrue(
            0 <= box["left"] and box["right"] <= 512 and 0 <= box["top"] and box["bottom"] <= 256,
            box)
        self.assertNotEqual(rows[10][400], (45, 45, 45))

    def test_sizes(self):
        """The photo's, within bounds, with its proportions."""
        for size, expected in (((300, 451), (300, 451)), ((32, 16), (256, 128)),
                               ((2500, 100), (2048, 82)), ((1, 3000), (1, 2048))):
            photo = self.write("photo.png", files.png(*size, lambda x, y: (x % 256, y % 256, 9)))
            found, (width, height, _) = self.explain(photo, *RANDOM)
            self.assertEqual((width, height), expected)
            self.assertEqual((found["width"], found["height"]), size)

    def test_classes(self):
        """By index, name and part of a name; the most probable one without; and one that is seen
        nowhere."""
        default, picture = self.explain(self.photo)
        self.assertEqual(default["class"], default["top"][0])
        self.assertEqual(default["class"]["label"], "ship")
        self.assertEqual(len(default["top"]), 5)
        classified = self.run_json("classify", self.photo, *self.model, "--batch", "1")
        self.assertEqual(classified["top"], default["top"])
        for name in ("8", "SHIP", "shi"):
            found, other = self.explain(self.photo, *self.model, "--class", name, "--top", "1")
            self.assertEqual(found["box"], default["box"])
            self.assertEqual(len(found["top"]), 1)
            self.assertEqual(other, picture)
        found, other = self.explain(self.photo, *self.model, "--class", "frog")
        self.assertNotEqual(other, picture)
        self.assertEqual(found["class"]["label"], "frog")

    def test_text(self):
        path = self.path("heat.JPG")
        text = self.run_program("explain", self.photo, *self.model, "-o", path)
        self.assertRegex(
            text,
            r"(?m)^ship \(\d+\.\d\d %\): strongest at \d+,\d+, in the box from \d+,\d+ to \d+,\d+ "
            r"of 256x256; .*heat\.JPG$")
        self.assertRegex(text, r"(?m)^ +\d+\.\d\d % .* 8  ship$")
        with open(path, "rb") as file:
            content = file.read()
        self.assertTrue(content.startswith(b"\xff\xd8\xff") and content.endswith(b"\xff\xd9"))

    def test_nowhere(self):
        """A class whose map is negative everywhere has no box, and a picture all the same."""
        photo = self.write("black.png", files.png(64, 64, lambda x, y: (0, 0, 0)))
        for index in range(10):
            found, (_, _, rows) = self.explain(photo, *self.model, "--class", str(index))
            if found["box"] is None:
                self.assertIsNone(found["peak"])
                self.assertEqual(len({pixel for row in rows for pixel in row}), 1)
                text = self.run_program("explain", photo, *self.model, "--class", str(index), "-o",
                                        self.path("a.png"))
                self.assertIn("not seen", text)
                return
        self.fail("every class is seen in a black picture")

    def test_errors(self):
        output = self.path("heat.png")
        self.usage("explain", expected="expected a photo")
        self.usage("explain", "a.png", "b.png", "-o", output,
                   expected="unexpected argument 'b.png'")
        self.usage("explain", self.photo, *self.model,
                   expected="expected -o FILE.png or -o FILE.jpg")
        for name in ("heat", "heat.gif", "png", "a.png/b"):
            self.usage("explain", self.photo, *self.model, "-o", name, expected=f"found '{name}'")
        for name, expected in (("10", "expected a class from 0 to 9, found 10"),
                               ("boat", "no class is called 'boat'"),
                               ("a", "have names that contain 'a': 'airplane', 'automobile', ..."),
                               ("-1", "called '-1'")):
            self.usage("explain", self.photo, *self.model, "-o", output, "--class", name,
                       expected=expected)
        self.usage("explain", self.photo, "--model", "resnet8,num_classes=3", "--random-weights",
                   "1", "-o", output, "--class", "ship", expected="no class is called")
        self.assertFalse(os.path.exists(output))
        self.fails("explain", self.path("none.png"), *self.model, "-o", output, expected="none.png")
        self.fails("explain", self.write("bad.png", b"no image"), *self.model, "-o", output,
                   expected="bad.png")
        self.fails("explain", self.photo, *self.model, "-o", self.path("none", "heat.png"),
                   expected="none")
        self.assertFalse(os.path.exists(output))
