"""features and search: the outputs of a network's layers for photos, and similar photos."""

import json
import math
import os
import struct

import files
from program import RANDOM, ProgramTest


def picture(seed):
    """A small image that differs for each seed."""
    return files.png(33 + seed % 7, 40, lambda x, y: ((x * 7 + seed * 40) % 256, y * 6 % 256,
                                                      (x * y + seed * 90) % 256))


def rows_of(shape, values):
    width = len(values) // shape[0]
    return [values[i:i + width] for i in range(0, len(values), width)]


def length(row):
    return math.sqrt(sum(x * x for x in row))


def read_halves(path):
    """Shape and values of a float16 file."""
    with open(path, "rb") as file:
        content = file.read()
    begin = 10 + struct.unpack("<H", content[8:10])[0]
    header = eval(content[10:begin], {"__builtins__": {}})  # pylint: disable=eval-used
    assert header["descr"] == "<f2", header
    count = math.prod(header["shape"])
    return header["shape"], list(struct.unpack(f"<{count}e", content[begin:]))


class Photos(ProgramTest):
    """A folder of photos, "photos", and the files of features in "out"."""
    COUNT = 6

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("photos"))
        os.mkdir(self.path("out"))
        self.photos = [self.write(os.path.join("photos", f"{i}.png"), picture(i))
                       for i in range(self.COUNT)]
        self.array = self.path("out", "f.npy")

    def features(self, *arguments, errors=("f.npy: ", ), status=0, output=None, model=RANDOM):
        self.run_program("features", *model, "-o", output or self.array, *arguments,
                         errors=errors, status=status)
        with open(self.path("out", "f.txt"), encoding="utf-8") as file:
            return file.read().splitlines()

    def facts(self):
        with open(self.path("out", "f.json"), encoding="utf-8") as file:
            return json.load(file)


class Features(Photos):
    def test_rows(self):
        names = self.features(self.path("photos"))
        self.assertEqual(names, self.photos)
        shape, values = files.read_npy(self.array)
        self.assertEqual(shape, (self.COUNT, 64))
        self.assertEqual(len({tuple(row) for row in rows_of(shape, values)}), self.COUNT)
        facts = self.facts()
        self.assertEqual((facts["rows"], facts["tap"], facts["pool"], facts["l2"], facts["model"]),
                         (self.COUNT, "avgpool", False, False, "resnet8"))
        self.assertEqual(facts["options"], list(RANDOM))
        self.assertEqual(facts["transform"]["crop"], 32)
        self.assertEqual(sorted(os.listdir(self.path("out"))), ["f.json", "f.npy", "f.txt"])

    def test_layers(self):
        """Layers with their places, and the mean over these, which the average pool is as well."""
        taps = [word for name in ("layer2", "layer3")
                for word in ("--tap", f"{name}={self.path('out', name + '.npy')}")]
        self.features(*taps, *self.photos, errors=["layer2.npy: 6 rows", "layer3.npy: 6", "f.npy"])
        pooled = files.read_npy(self.array)[1]
        shape, values = files.read_npy(self.path("out", "layer3.npy"))
        self.assertEqual(shape, (self.COUNT, 64, 8, 8))
        self.assertEqual(files.read_npy(self.path("out", "layer2.npy"))[0],
                         (self.COUNT, 32, 16, 16))
        means = [sum(values[i:i + 64]) / 64 for i in range(0, len(values), 64)]
        for name in ("layer2", "layer3"):
            with open(self.path("out", name + ".txt"), encoding="utf-8") as file:
                self.assertEqual(file.read().splitlines(), self.photos)
        self.features("--tap", "layer3", "--pool", *self.photos)
        shape, values = files.read_npy(self.array)
        self.assertEqual(shape, (self.COUNT, 64))
        for other in (means, pooled):
            self.assertLess(max(abs(a - b) for a, b in zip(values, other)), 1e-4)
        self.assertTrue(self.facts()["pool"])

    def test_l2_and_halves(self):
        self.features(*self.photos)
        shape, values = files.read_npy(self.array)
        expected = [[x / length(row) for x in row] for row in rows_of(shape, values)]
        self.features("--l2", *self.photos)
        rows = rows_of(*files.read_npy(self.array))
        for row, other in zip(rows, expected):
            self.assertAlmostEqual(length(row), 1, places=5)
            self.assertLess(max(abs(a - b) for a, b in zip(row, other)), 1e-5)
        self.features("--l2", "--fp16", *self.photos)
        shape, halves = read_halves(self.array)
        self.assertEqual(shape, (self.COUNT, 64))
        for row, other in zip(rows_of(shape, halves), rows):
            self.assertLess(max(abs(a - b) for a, b in zip(row, other)), 1e-3)

    def test_broken(self):
        """Photos that cannot be read have no row."""
        broken = self.write(os.path.join("photos", "3.png"), b"\x89PNG\r\n\x1a\nno picture")
        self.write("list", ("\n".join(self.photos * 20) + "\n").encode())
        names = self.features("--files-from", self.path("list"), "--batch", "4", status=1,
                              errors=["3.png: "] * 20 + ["f.npy: 100 rows"])
        self.assertEqual(names, [photo for photo in self.photos if photo != broken] * 20)
        shape, values = files.read_npy(self.array)
        self.assertEqual(shape, (100, 64))
        self.assertEqual(values[:320], values[-320:])
        self.assertEqual(self.facts()["rows"], 100)
        os.remove(self.array)
        self.run_program("features", *RANDOM, "-o", self.array, broken, status=1,
                         errors=["3.png: ", "no photo could be read"])
        self.assertFalse(os.path.exists(self.array))

    def test_refused(self):
        self.usage("features", *RANDOM, self.photos[0], expected="expected -o FILE.npy")
        self.usage("features", *RANDOM, "--tap", "layer1", self.photos[0], expected="expected -o")
        self.usage("features", *RANDOM, "-o", self.array, expected="expected images or folders")
        self.usage("features", *RANDOM, "-o", self.array, "--tap", "layer1", "--tap", "layer2",
                   self.photos[0], expected="--tap layer2=FILE.npy")
        self.usage("features", *RANDOM, "-o", self.array, "--tap",
                   f"layer1={self.path('out', 'f')}", self.photos[0], expected="both would write")
        listed = self.write("list.txt", self.photos[0].encode())
        self.usage("features", *RANDOM, "-o", self.path("list.npy"), "--files-from", listed,
                   expected="list.txt: the output would overwrite an input")
        self.fails("features", *RANDOM, "-o", "/dev/null", self.photos[0],
                   expected="/dev/null: not a regular file")
        self.fails("features", *RANDOM, "-o", self.array, "--tap", "layer9", self.photos[0],
                   expected="layer9")
        self.assertEqual(os.listdir(self.path("out")), [])

    def test_own_size(self):
        """As with each photo's size as the transform's; layers with places only of equal ones."""
        names = self.features("--own-size", *self.photos)
        self.assertEqual(names, self.photos)
        rows = rows_of(*files.read_npy(self.array))
        for i in (0, 3):
            self.features("--resize", f"40x{33 + i}", self.photos[i])
            row = files.read_npy(self.array)[1]
            self.assertLess(max(abs(a - b) for a, b in zip(row, rows[i])), 1e-4)
        self.features("--own-size", "--resize", "20", self.photos[1])
        row = files.read_npy(self.array)[1]
        self.features("--resize", "23x20", self.photos[1])  # 20 * 40 / 34, truncated
        self.assertLess(max(abs(a - b) for a, b in zip(row, files.read_npy(self.array)[1])), 1e-4)

        self.features("--own-size", "--tap", "layer3", self.photos[1], self.photos[1])
        self.assertEqual(files.read_npy(self.array)[0], (2, 64, 10, 9))
        wide = self.write("wide.png", files.png(80, 24, lambda x, y: (x * 3, y * 9, 90)))
        self.features("--own-size", "--tap", "layer3", self.photos[0], wide, status=1, errors=[
            "wide.png: layer3 gives [64, 6, 20] for this photo, but [64, 10, 9] for earlier ones: "
            "use --pool"
        ])
        broken = self.write("broken.png", b"no picture")
        names = self.features("--own-size", "--tap", "layer2", "--pool", wide, broken,
                              *self.photos, status=1, errors=["broken.png: ", "f.npy: 7 rows"])
        self.assertEqual(names, [wide, *self.photos])
        text = self.run_program("search", "--in", self.array, "--top", "1", wide, self.photos[4])
        self.assertEqual([line.split("\t")[1] for line in text.splitlines()],
                         [wide, self.photos[4]])
        for options in (("--letterbox", ), ("--crop", "32"), ("--resize", "8x8")):
            self.usage("features", *RANDOM, "-o", self.array, "--own-size", *options,
                       self.photos[0], expected="--own-size: the only sizes")

    def test_standard_input(self):
        with open(self.photos[2], "rb") as photo:
            done = self.start("features", *RANDOM, "--quiet", "-o", self.array, "-", stdin=photo)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        with open(self.path("out", "f.txt"), "rb") as file:
            self.assertEqual(file.read(), b"-\n")


class Search(Photos):
    def setUp(self):
        super().setUp()
        self.features("--l2", self.path("photos"))

    def search(self, *arguments, **options):
        text = self.run_program("search", "--in", self.array, "--json", *arguments, **options)
        return [json.loads(line) for line in text.splitlines()]

    def test_json(self):
        """By the cosine; the photo itself comes first."""
        rows = rows_of(*files.read_npy(self.array))
        results = self.search("--top", "4", *self.photos[1:4])
        self.assertEqual([result["file"] for result in results], self.photos[1:4])
        for i, result in enumerate(results, 1):
            cosines = [sum(a * b for a, b in zip(row, rows[i])) for row in rows]
            order = sorted(range(self.COUNT), key=lambda k: -cosines[k])[:4]
            self.assertEqual([hit["row"] for hit in result["top"]], order)
            self.assertEqual([hit["file"] for hit in result["top"]],
                             [self.photos[k] for k in order])
            for hit, k in zip(result["top"], order):
                self.assertAlmostEqual(hit["similarity"], cosines[k], places=4)
            self.assertAlmostEqual(result["top"][0]["similarity"], 1, places=4)

    def test_text(self):
        text = self.run_program("search", "--in", self.array, "--top", "2", self.photos[0])
        self.assertRegex(text, r"^[^\t\n]+/0\.png\t[^\t]+/0\.png\t1\.0000\t[^\t]+\t0\.\d{4}\n$")
        table = self.run_in_terminal("search", "--in", self.array, "--top", "2", self.photos[0],
                                     columns=80).splitlines()
        self.assertEqual(table[0], self.photos[0])
        self.assertRegex(table[1], r"^   1\.0000  .*/0\.png$")
        self.assertEqual(len(table), 3)

    def test_forms(self):
        """Halves, and features that are not of length 1, find the same."""
        expected = [hit["row"] for hit in self.search(self.photos[5])[0]["top"]]
        for form in (("--fp16", ), ("--l2", "--fp16"), (), ("--tap", "layer3", "--pool")):
            self.features(*form, self.path("photos"))
            found, = self.search(self.photos[5])
            self.assertEqual([hit["row"] for hit in found["top"]], expected)

    def test_other_features(self):
        """Those of another network, transform or width are refused."""
        other = ("--model", "resnet8", "--random-weights", "2")
        error = "f.npy: made by resnet8 with its own transform"
        self.search(*other, self.photos[0], status=1, errors=[error])
        self.search("--mean", "0,0,0", "--std", "0.1,1,1", self.photos[0], status=1,
                    errors=[error])
        self.search("--arch", "resnet8,planes=16:32:32", self.photos[0], status=1,
                    errors=["f.npy: expected 32 features, as avgpool of "])
        self.features("--tap", "layer3", self.path("photos"))
        self.search(self.photos[0], status=1, errors=["features --pool"])

    def test_nothing_beside(self):
        os.remove(self.path("out", "f.txt"))
        found, = self.search(self.photos[0], errors=["f.txt: not found"])
        self.assertEqual(set(found["top"][0]), {"row", "similarity"})
        os.remove(self.path("out", "f.json"))
        again, = self.search(*RANDOM, self.photos[0],
                             errors=["f.txt: not found", "f.json: not found: assuming"])
        self.assertEqual(again, found)

    def test_broken(self):
        broken = self.write("broken.png", b"no picture")
        found = self.search(broken, self.photos[1], status=1, errors=["broken.png: "])
        self.assertEqual(set(found[0]), {"file", "error"})
        self.assertEqual(found[1]["top"][0]["row"], 1)
        self.usage("search", self.photos[0], expected="expected --in F.npy")
        self.write(os.path.join("out", "f.txt"), b"one\n")
        self.search(self.photos[0], status=1, errors=["f.txt: expected as many lines"])

    def test_broken_values(self):
        shape, values = files.read_npy(self.array)
        values[130] = math.nan
        files.write_npy(self.array, shape, values)
        self.search(self.photos[0], status=1, errors=["f.npy: row 2: expected finite numbers"])
        files.write_npy(self.array, (0, 64), [])
        self.search(self.photos[0], status=1, errors=["f.npy: expected at least one photo"])
        files.write_npy(self.array, (64, ), values[:64])
        self.search(self.photos[0], status=1, errors=["expected a row for each photo, [N, C]"])

    def test_broken_facts(self):
        whole = self.facts()
        for key, value, error in (
                ("format", 2, "format: expected 1"), ("rows", 7, "rows: expected 6, as"),
                ("rows", "7", "rows: expected a number"), ("tap", None, "tap: expected a string"),
                ("pool", 1, "pool: expected true or false"),
                ("options", ["--json"], "options: expected a list of options"),
                ("options", ["--model"], "options: expected a list of options"),
                ("options", ["x.png"], "options: expected a list of options"),
                ("options", ["--model"] * 400, "options: expected a list of options"),
                ("probe", [1] * 31, "probe: expected 32 numbers")):
            self.write(os.path.join("out", "f.json"), json.dumps({**whole, key: value}).encode())
            self.search(self.photos[0], status=1, errors=["f.json: " + error])
        for text, error in ((b"", "expected a JSON object"), (b"{", "expected a JSON key"),
                            (b'{"rows" 6}', "expected a JSON key"), (b"{} x", "expected the end"),
                            (b"{}", "the key 'format' is missing"),
                            (b'{"a": [}', "expected a JSON value")):
            self.write(os.path.join("out", "f.json"), text)
            self.search(self.photos[0], status=1, errors=["f.json: "])
            self.assertIn(error.encode(), self.notes)


class Backbones(ProgramTest):
    def test_levels(self):
        """C2 to C5 of a backbone with strides of 4 to 32, from a photo of any size."""
        photo = self.write("a.png", picture(3))
        taps = [word for i in range(1, 5)
                for word in ("--tap", f"layer{i}={self.path(f'c{i + 1}.npy')}")]
        self.run_program("features", "--arch",
                         "resnet,block=basic,layers=1:1:1:1,planes=8:16:24:32,head=none",
                         "--random-weights", "1", "--resize", "64x96", *taps, photo,
                         errors=["c2.npy", "c3.npy", "c4.npy", "c5.npy"])
        for i, planes in enumerate((8, 16, 24, 32)):
            shape, values = files.read_npy(self.path(f"c{i + 2}.npy"))
            self.assertEqual(shape, (1, planes, 16 >> i, 24 >> i))
            self.assertGreater(max(values), 0)
