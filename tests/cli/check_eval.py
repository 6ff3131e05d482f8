"""eval's folders, counts, parts and pages, and merge."""

import base64
import json
import math
import os
import re

import files
import page
import program
from check_images import picture
from program import RANDOM, ProgramTest

SAME = (*RANDOM, "--kernel=conv_direct")  # the same bytes, whatever the batch
IMAGENET = ("--classes", "imagenet", "--arch", "resnet,block=basic,layers=1,planes=8",
            "--random-weights", "1", "--crop", "32")
# What may differ between one run and the parts of another.
UNSTEADY = ("images_per_s", "confidence")


def softmax(logits):
    parts = [math.exp(x - max(logits)) for x in logits]
    return [part / sum(parts) for part in parts]


class EvalTest(ProgramTest):
    """Twelve pictures, and a list of them that is right for some."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("images"))
        self.names = [f"images/{i:02}.png" for i in range(12)]
        for i, name in enumerate(self.names):
            self.write(name, picture(i))
        tops = self.run_program("classify", *SAME, "--top=10", "--json",
                                self.path("images")).splitlines()
        orders = [[entry["index"] for entry in json.loads(line)["top"]] for line in tops]
        self.labels = [
            order[place] for order, place in zip(orders, (0, 1, 2, 0, 1, 9, 0, 6, 1, 0, 1, 3))
        ]
        self.list = self.write("labels.csv", "".join(f"{name},{label}\n" for name, label
                                                     in zip(self.names, self.labels)).encode())

    def evaluate(self, *arguments, **options):
        return self.run_json("eval", *SAME, "--labels", self.list, *arguments, **options)

    def part(self, part, name=None, *arguments):
        """One part's line, in a file of its own."""
        text = self.run_program("eval", *SAME, "--labels", self.list, "--json", "--shard", part,
                                *arguments)
        return self.write(name or part.replace("/", "of") + ".jsonl", text.encode())

    def merge(self, *paths, **options):
        return self.run_json("merge", *paths, **options)

    def read_page(self, *parts):
        return page.read(self.path(*parts, "index.html"))


class Counts(EvalTest):
    def test_against_logits(self):
        y = self.path("y.npy")
        result = self.evaluate("--logits", y)
        _, values = files.read_npy(y)
        rows = [values[i:i + 10] for i in range(0, 120, 10)]
        predicted = [max(range(10), key=row.__getitem__) for row in rows]
        pairs = {}
        for pair in zip(self.labels, predicted):
            pairs[pair] = pairs.get(pair, 0) + 1
        self.assertEqual(result["confusion"],
                         [[*pair, count] for pair, count in sorted(pairs.items())])
        bins = [[0, 0, 0.0] for _ in range(10)]
        for row, label, answer in zip(rows, self.labels, predicted):
            sure = softmax(row)[answer]
            found = bins[min(int(sure * 10), 9)]
            found[0] += 1
            found[1] += label == answer
            found[2] += sure
        for found, expected in zip(result["confidence"], bins):
            self.assertEqual(found[:2], expected[:2])
            self.assertAlmostEqual(found[2], expected[2], delta=1e-5)
        self.assertEqual((result["total"], result["images"], result["unreadable"]), (12, 12, 0))
        self.assertEqual((result["num_classes"], result["precision"], result["weights"]),
                         (10, "fp32", "random weights 1"))
        self.assertTrue(result["transform"].startswith(
            "resize 32 bilinear, crop 32, mean 0.485 0.456 0.406, std"))
        self.assertNotIn("shard", result)
        self.assertNotIn("classes", result)

    def test_text(self):
        self.write("labels.csv",
                   "".join(f"{name},{i % 8}\n" for i, name in enumerate(self.names)).encode())
        result = self.evaluate()
        counts = {}
        for label, predicted, count in result["confusion"]:
            right, images = counts.get(label, (0, 0))
            counts[label] = (right + (count if label == predicted else 0), images + count)
        most = max(count for label, predicted, count in result["confusion"] if label != predicted)
        for locale, arrow in (("C.UTF-8", "→"), ("C", "->")):
            text = self.run_program("eval", *SAME, "--labels", self.list,
                                    environment={"LC_ALL": locale})
            pairs = re.findall(rf"(?m)^ +(\d+)  class (\d+) {arrow} class (\d+)$", text)
            self.assertEqual(len(pairs), min(5, sum(a != b for a, b, _ in result["confusion"])))
            self.assertEqual(int(pairs[0][0]), most)
            for count, label, predicted in pairs:
                self.assertIn([int(label), int(predicted), int(count)], result["confusion"])
            worst, best = re.search(r"worst classes\n(.*)best classes\n(.*)", text,
                                    re.DOTALL).groups()
            rows = re.findall(r" +(\d+\.\d\d) %  class (\d) \((\d+) of (\d+)\)\n", worst + best)
            self.assertEqual(len(rows), 6)
            for share, label, right, images in rows:
                self.assertEqual((int(right), int(images)), counts[int(label)])
                self.assertAlmostEqual(float(share), 100 * int(right) / int(images), delta=0.006)
            shares = [float(row[0]) for row in rows]
            self.assertEqual(shares[:3] + shares[:2:-1], sorted(shares))

    def test_arguments(self):
        self.usage("eval", *RANDOM, expected="expected either a folder, or --labels")
        self.usage("eval", *RANDOM, self.folder, "--labels", self.list,
                   expected="expected either a folder, or --labels")
        self.usage("eval", *RANDOM, self.folder, self.folder, expected="unexpected")


class Folders(EvalTest):
    def fill(self, folders):
        """Moves each picture below the folder of its class's place in `folders`."""
        for name, label in zip(self.names, self.labels):
            os.makedirs(self.path("set", folders[label], "deep"), exist_ok=True)
            os.rename(self.path(name),
                      self.path("set", folders[label], "deep", os.path.basename(name)))
        for folder in folders:
            os.makedirs(self.path("set", folder), exist_ok=True)

    def in_folders(self, *arguments, model=SAME, **options):
        return self.run_json("eval", *model, self.path("set"), *arguments, **options)

    def check(self, result, expected):
        for key in ("images", "top1_count", "top5_count", "confusion", "total"):
            self.assertEqual(result[key], expected[key])

    def test_numbers(self):
        expected = self.evaluate()
        self.fill([str(i) for i in range(10)])
        os.mkdir(self.path("set", ".hidden"))
        self.write("set/readme.png", b"no class's")
        self.check(self.in_folders("--quiet"), expected)
        empty = 10 - len(set(self.labels))
        self.check(
            self.in_folders(errors=["each folder is a class number (folders: 10)"] +
                            ["no images"] * empty), expected)
        os.mkdir(self.path("set", "10"))
        self.fails("eval", *SAME, self.path("set"),
                   expected="set/10: expected a class number, like '0'")
        os.rmdir(self.path("set", "10"))
        os.mkdir(self.path("set", "other"))
        self.fails("eval", *SAME, self.path("set"),
                   expected="set/other: expected a class number, like '0'")

    def test_order(self):
        """Names that say nothing, as many as classes: torchvision's rule."""
        expected = self.evaluate()
        self.fill(list("ABab") + ["ba", "c", "d", "e", "f", "é"])
        self.check(self.in_folders("--quiet"), expected)
        note, *others = self.start("eval", *SAME, self.path("set"),
                                   "--json").stderr.decode().splitlines()
        self.assertIn("the folders are taken in byte order as classes 0 to 9", note)
        self.assertEqual(len(others), 10 - len(set(self.labels)))
        os.mkdir(self.path("set", "g"))
        self.fails("eval", *SAME, self.path("set"),
                   expected="set: 11 folders, but the model has 10 classes")

    def test_imagenet(self):
        """Names and WordNet ids, of any of the classes."""
        for first, second in (("n01440764", "n15075141"), ("tench", "toilet_tissue"), ("0", "999")):
            for i, folder in enumerate((first, second)):
                os.makedirs(self.path("set", folder))
                self.write(f"set/{folder}/{i}.PNG", picture(i))
            result = self.in_folders("--quiet", model=IMAGENET)
            self.assertEqual({label for label, _, _ in result["confusion"]}, {0, 999})
            self.assertEqual(result["classes"][281], "tabby")
            os.makedirs(self.path("set", "n99999999"))
            self.fails("eval", *IMAGENET, self.path("set"), expected="set/n99999999: expected a")
            os.rename(self.path("set"), self.path(first))

    def test_faults(self):
        os.mkdir(self.path("set"))
        self.fails("eval", *SAME, self.path("set"),
                   expected="set: expected a folder for each class")
        os.mkdir(self.path("set", "1"))
        self.run_program(
            "eval", *SAME, self.path("set"), status=1,
            errors=["is a class number", "no images in this folder", "no images in its folders"])
        self.write("set/1/a.png", picture(1))
        os.symlink(self.path("set"), self.path("set", "2"))
        self.run_program("eval", *SAME, self.path("set"), "--quiet")


class Parts(EvalTest):
    def test_merged(self):
        """However many parts, the merged line is the one of a single run."""
        whole = self.evaluate()
        for count in (1, 2, 4):
            parts = [self.part(f"{i}/{count}") for i in range(count)]
            merged = self.merge(*reversed(parts))
            self.assertEqual(set(merged), set(whole))
            for key in set(whole) - set(UNSTEADY):
                self.assertEqual(merged[key], whole[key], key)
            rates = 0
            for path in parts:
                with open(path, encoding="utf-8") as file:
                    line = json.load(file)
                    rates += line["images_per_s"]
                    self.assertEqual((line.get("shards", 1), line["total"]), (count, 12))
            self.assertAlmostEqual(merged["images_per_s"] / rates, 1, places=5)
            for found, expected in zip(merged["confidence"], whole["confidence"]):
                self.assertEqual(found[:2], expected[:2])
                self.assertAlmostEqual(found[2], expected[2], places=5)
        text = self.run_program("merge", *parts)
        alone = self.run_program("eval", *SAME, "--labels", self.list)
        steady = [[line for line in lines.splitlines() if not line.startswith("speed")]
                  for lines in (text, alone)]
        self.assertEqual(*steady)

    def test_logits_of_a_part(self):
        """Rows are the list's, and NaN where another part has them."""
        whole, part = self.path("whole.npy"), self.path("part.npy")
        self.evaluate("--logits", whole)
        self.part("1/3", None, "--logits", part)
        (shape, values), (_, expected) = files.read_npy(part), files.read_npy(whole)
        self.assertEqual(shape, (12, 10))
        for row in range(12):
            cells = slice(row * 10, row * 10 + 10)
            if row % 3 == 1:
                self.assertEqual(values[cells], expected[cells])
            else:
                self.assertTrue(all(map(math.isnan, values[cells])))

    def test_standard_input(self):
        parts = b""
        for i in range(3):
            with open(self.part(f"{i}/3"), "rb") as file:
                parts += file.read() + b"\n"
        joined = self.write("joined", parts)
        expected = self.merge(joined)
        for arguments in ((), ("-",)):
            with open(joined, "rb") as file:
                done = self.start("merge", "--json", *arguments, stdin=file)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(json.loads(done.stdout), expected)
        self.run_program("merge", status=1, errors=["expected lines of eval --json, found none"])

    def test_missing(self):
        parts = [self.part(f"{i}/4") for i in range(4)]
        self.run_program("merge", parts[1], parts[2], status=1,
                         errors=["2 of 4 parts are missing: 0/4, 3/4"])
        self.run_program("merge", *parts[:3], status=1, errors=["1 of 4 parts is missing: 3/4"])
        many = (self.part("5/40"), self.part("25/40"))  # the second has no images
        self.run_program("merge", *many, status=1, errors=["0/40, 1/40, 2/40, 3/40, 4/40, 6/40"])
        self.run_program("merge", *many, status=1, errors=["38 of 40 parts are missing"])
        self.run_program("merge", *many, status=1, errors=[" and 22 more"])

    def test_stopped(self):
        """A part that was stopped while it wrote counts as missing, until it has been run again."""
        parts = [self.part(f"{i}/3") for i in range(3)]
        expected = self.merge(*parts)
        with open(parts[1], "rb") as file:
            line = file.read()
        for content in (line[:40], line[:-2], line[:100] + b"\n", b"\0" * 0):
            self.write("cut", content)
            notes = ["cut:1: cut off or damaged"] if content else []
            self.run_program("merge", parts[0], self.path("cut"), parts[2], status=1,
                             errors=notes + ["1 of 3 parts is missing: 1/3"])
        self.write("cut", line[:40])
        self.assertEqual(self.merge(self.path("cut"), *parts, errors=["cut:1: cut off"]), expected)
        for between in (b"\n", b""):  # appended to what the stopped one left
            self.write("cut", line[:40] + between + line)
            self.assertEqual(
                self.merge(parts[0], self.path("cut"), parts[2], errors=["cut:1: cut off"]),
                expected)

    def test_twice(self):
        parts = [self.part(f"{i}/2") for i in range(2)]
        expected = self.merge(*parts)
        again = self.part("1/2", "again")
        self.assertEqual(self.merge(*parts, again, errors=["again:1: part 1/2 is also at"]),
                         expected)
        with open(again, encoding="utf-8") as file:
            line = json.load(file)
        line["top5_count"] -= 1
        other = self.write("other", json.dumps(line).encode())
        self.fails("merge", *parts, other, expected="other:1: part 1/2 is also at")

    def test_other_runs(self):
        """Parts of another whole are refused."""
        parts = [self.part("0/2")]
        for other, expected in ((self.part("1/3", "a"),
                                 "a:1: this is one of 3 parts of a set of 12 images"),
                                (self.part("1/2", "b",
                                           "--precision=fp16"), "b:1: its precision is fp16"),
                                (self.part("1/2", "c",
                                           "--resize=40"), "c:1: its transform is resize 40"),
                                (self.part("1/2", "d", "--random-weights=2"),
                                 "d:1: its weights is random weights 2"),
                                (self.part("1/2", "e", "--arch",
                                           "resnet8,num_classes=11"), "e:1: its")):
            self.fails("merge", *parts, other, expected=expected)

    def test_lines(self):
        """What is no line of eval, or says what cannot be."""
        with open(self.part("0/1"), encoding="utf-8") as file:
            good = json.load(file)

        def fails(expected, **changes):
            self.write("line", json.dumps({**good, **changes}).encode())
            self.fails("merge", self.path("line"), expected="line:1: " + expected)

        self.write("line", json.dumps({**good, "further": [None, True, {"a": [-1.5e3]}]}).encode())
        self.merge(self.path("line"))
        for key in ("images", "total", "top1_count"):
            fails("", **{key: good[key] + 1})
            fails(f'"{key}" does not have a value that eval writes', **{key: -1})
            fails(f'"{key}" does not have a value that eval writes', **{key: "x"})
            fails(f'"{key}" does not have a value that eval writes', **{key: 2 ** 64})
        fails("its counts contradict each other", top5_count=0)
        fails("its counts contradict each other", images_per_s=-1)
        fails("there is no part", shard=2, shards=2)
        fails("there is no part", shard=0, shards=10 ** 9)
        fails("its number of classes", num_classes=0)
        fails("its number of classes", num_classes=2 ** 40)
        fails("its number of classes", classes=["one"])
        fails('"classes" does not have', classes=[1] * 10)
        fails('"confusion" does not have', confusion=[[1, 2]])
        fails('"confusion" does not have', confusion=[[1, 2, 0]])
        fails("its confusion", confusion=[])
        fails("its confusion", confusion=[[1, 10, 12]])
        fails("its confusion", confusion=[[1, 2, 2 ** 53], [1, 2, 2 ** 53]])
        fails('"confidence" does not have', confidence=[[0, 0, 0]] * 9)
        fails("its confidence", confidence=[[12, 13, 1]] + [[0, 0, 0]] * 9)
        for text, expected in (('{"images": 1}', '"top1_count" is missing'),
                               ("[1]", "not an object"), ('{"images": 1, "images": 1}',
                                                          '"images" is given twice')):
            self.write("line", text.encode())
            self.fails("merge", self.path("line"), expected="line:1: ")
            self.fails("merge", self.path("line"), expected=expected)
        for text in ("{", '{"a": 01}', '{"a": "\\ud800"}', '{"a": "\x01"}', '{"a" 1}', "nul",
                     "[" * 10**5, '{"a": 1}}', '{"a": 1e999}', "{1: 2}"):
            self.write("line", text.encode())
            self.run_program("merge", self.path("line"), status=1,
                             errors=["line:1: cut off", "expected lines of eval --json"])
        # Not a line for each line of a file that is something else.
        self.write("list", b"path,label\na.png,3\n" * 1000)
        self.run_program(
            "merge", self.path("list"), status=1,
            errors=["list:1: cut off", "list: in all, 2000 lines are cut off",
                    "expected lines of eval --json, found none"])
        self.fails("merge", self.write("numbers", b"[1]\n" * 1000),
                   expected="numbers:1: not an object")
        self.fails("merge", self.path("none"), expected="none: cannot open")
        self.fails("merge", self.write("nul", b"\0"), expected="nul: not a text file")

    def test_names(self):
        """Names come back as they were, whoever wrote the JSON."""
        os.makedirs(self.path("set", "tench"))
        self.write("set/tench/a.png", picture(1))
        line = self.run_program("eval", *IMAGENET, self.path("set"), "--quiet", "--json")
        value = json.loads(line)
        value["classes"][0] = 'é "\\/\n𝕏'
        for ascii_only in (True, False):
            path = self.write("line", json.dumps(value, ensure_ascii=ascii_only).encode())
            self.assertEqual(self.merge(path)["classes"], value["classes"])
        self.assertIn('é "\\/?𝕏', self.run_program("merge", path))


class Pages(EvalTest):
    def test_page(self):
        result = self.evaluate("--report", self.path("report"), "--batch=3")
        data = self.read_page("report")
        self.assertEqual(os.listdir(self.path("report")), ["index.html"])
        self.assertEqual(data["evaluation"], result)
        self.assertEqual(data["data"], self.list)
        self.assertEqual(data["command"][:2], ["vkresnet", "eval"])
        self.assertEqual(data["command"][-2:], ["--batch=3", "--json"])
        self.assertRegex(data["date"], r"^20\d\d-\d\d-\d\d \d\d:\d\d UTC$")
        self.assertEqual("vkresnet " + data["version"], self.run_program("--version").strip())
        self.assertEqual(len(data["mistakes"]), result["wrong"])
        self.assertTrue(all(item["picture"].startswith("data:image/png;base64,") and item["tiny"]
                            for item in data["mistakes"]))

    def test_shown_page(self):
        """What the page's script makes of the data."""
        result = self.evaluate("--report", self.path("report"), "--batch=3")
        content = page.render(self.path("report", "index.html"))
        shown = page.Page(content)
        for expected in (f"{result['top1']:.2f} %", f"{result['top5']:.2f} %", result["device"],
                         result["model"], result["transform"], self.list, "--batch=3",
                         "Confusion matrix", "Most confident mistakes"):
            self.assertIn(expected, shown.text)
        cells = re.findall(r'<td class="(right|wrong)[^>]*>(\d+)</td>', content)
        self.assertEqual(sorted(int(count) for _, count in cells),
                         sorted(count for _, _, count in result["confusion"]))
        self.assertEqual(sum(int(count) for kind, count in cells if kind == "right"),
                         result["top1_count"])
        self.assertEqual(len(shown.pictures), result["wrong"])
        self.assertTrue(
            all(address.startswith("data:image/png;base64,") for address in shown.addresses))
        bars = re.findall(r'<rect class="right[^>]*height="([\d.]+)"', content)
        shares = [right / images for images, right, _ in result["confidence"] if images]
        self.assertEqual(len(bars), len(shares))
        for bar, share in zip(bars, shares):
            self.assertAlmostEqual(float(bar), 200 * share, places=3)

    def test_mistakes(self):
        """The surest of many, in order, with large images scaled down."""
        big = self.write("big.png", files.png(500, 200, lambda x, y: (x % 256, y, x * y % 256)))
        logits = self.path("y.npy")
        lines = [f"{self.path(name)},{label}\n" for name in self.names for label in (0, 1, 2)]
        self.list = self.write("labels.csv",
                               "".join(lines + [f"{big},{i}\n" for i in range(10)]).encode())
        self.evaluate("--report", self.path("report"), "--logits", logits)
        found = self.read_page("report")["mistakes"]
        _, values = files.read_npy(logits)
        labels = [int(line.rsplit(",", 1)[1]) for line in lines] + list(range(10))
        expected = []
        for row, label in enumerate(labels):
            sure = softmax(values[row * 10:row * 10 + 10])
            if max(sure) != sure[label]:
                expected.append((max(sure), sure[label]))
        expected.sort(key=lambda pair: -pair[0])
        self.assertEqual(len(found), 24)
        for item, (most, _) in zip(found, expected):
            self.assertAlmostEqual(item["probability"], most, delta=1e-5)
            self.assertTrue(
                any(
                    abs(most - item["probability"]) < 1e-5 and abs(own -
                                                                   item["label_probability"]) < 1e-5
                    for most, own in expected), item)
            self.assertNotEqual(item["label"], item["predicted"])
            large = item["path"] == big
            self.assertEqual(item["tiny"], not large)
            self.assertTrue(item["picture"].startswith("data:image/" +
                                                       ("jpeg" if large else "png") + ";base64,"))
            picture_bytes = base64.b64decode(item["picture"].split(",")[1], validate=True)
            self.assertTrue(picture_bytes.startswith(b"\xff\xd8\xff" if large else b"\x89PNG"))

    def test_escaping(self):
        """Names of files, classes and models, and the command line, are text and nothing else."""
        nasty = '</script><script>alert("1")</script><!--&amp;\'`x\n\x1b'
        name = '"><img src=x onerror=1>&\'{}.png'
        for label in range(10):  # wrong for nine of them
            os.makedirs(self.path("set", str(label)))
            with open(
                    os.fsencode(self.path("set", str(label), name.format(""))) + b"\xff.png",
                    "wb") as file:
                file.write(picture(5))
        folder = self.path("a<b>&\"'$(x) c")
        self.run_program("eval", *SAME, self.path("set"), "--quiet", "--report", folder)
        data = page.read(os.path.join(folder, "index.html"))
        self.assertEqual(data["command"][-1], folder)
        self.assertEqual(len(data["mistakes"]), 9)
        for item in data["mistakes"]:
            self.assertEqual(item["name"], "\"><img src=x onerror=1>&'.png\ufffd.png")
            self.assertTrue(item["path"].endswith("/" + item["name"]))
        line = self.evaluate()
        line.update(classes=[nasty + str(i) for i in range(10)], model=nasty, device=nasty,
                    weights=nasty)
        self.merge(self.write("line", json.dumps(line).encode()), "--report", self.path("merged"))
        evaluation = self.read_page("merged")["evaluation"]
        for key in ("classes", "model", "device", "weights"):
            self.assertEqual(evaluation[key], line[key])

        content = page.render(os.path.join(folder, "index.html"))
        shown = page.Page(content)
        self.assertIn("--report '" + self.path("a<b>&\"'\\''$(x) c") + "'", shown.text)
        self.assertEqual(shown.text.count("\"><img src=x onerror=1>&'.png\ufffd.png"), 9)
        self.assertEqual([*map(os.path.basename, shown.pictures)],
                         [item["name"] for item in data["mistakes"]])
        shown = page.Page(page.render(self.path("merged", "index.html")))
        # A control character is shown as U+FFFD; a line feed is space.
        self.assertGreaterEqual(shown.text.count(nasty.replace("\x1b", "\ufffd")), 20)
        self.assertNotIn("img", shown.tags)
        self.assertNotIn("script", shown.tags)

    def test_many_classes(self):
        """No matrix of a thousand classes; the tables have all that occurs."""
        rows = [
            f"{name},{i * 80 + k},{i * 80 + k}\n" for i, name in enumerate(self.names)
            for k in range(6)
        ]
        path = self.write("labels.csv", "".join(rows).encode())
        result = self.run_json("eval", *IMAGENET, "--labels", path, "--report", self.path("report"))
        self.assertEqual(self.read_page("report")["evaluation"], result)
        self.assertEqual(result["classes"][:2], ["tench", "goldfish"])
        small = self.write("small.csv", "".join(rows[:3]).encode())
        self.run_program("eval", *IMAGENET, "--labels", small, "--report", self.path("small"))
        text = page.Page(page.render(self.path("report", "index.html"))).text
        self.assertNotIn("Confusion matrix", text)
        for expected in ("All 72 classes", "tench", "goldfish", "Most frequent confusions"):
            self.assertIn(expected, text)
        self.assertIn("Confusion matrix", page.render(self.path("small", "index.html")))

    def test_merged_page(self):
        whole = self.evaluate("--report", self.path("whole"))
        parts = [self.part(f"{i}/2", None, "--report", self.path(f"part{i}")) for i in range(2)]
        merged = self.merge(*parts, "--report", self.path("merged"))
        data = self.read_page("merged")
        self.assertEqual(data["evaluation"], merged)
        self.assertEqual(data["evaluation"]["confusion"],
                         self.read_page("whole")["evaluation"]["confusion"])
        self.assertEqual((data["data"], data["mistakes"]), (None, []))
        part = self.read_page("part0")["evaluation"]
        self.assertEqual((part["shard"], part["shards"], part["total"]), (0, 2, 12))
        self.assertEqual(whole["images"], 12)
        self.assertIn("0/2 of 12 images", page.render(self.path("part0", "index.html")))

    def test_folder_that_cannot_be(self):
        """The message comes before any work, and no file remains."""
        plain = self.write("plain", b"")
        for folder in (plain, self.path("no", "report")):
            self.fails("eval", *RANDOM, "--labels", self.list, "--report", folder,
                       expected="cannot make the folder")
            self.fails("merge", self.path("none"), "--report", folder,
                       expected="cannot make the folder")
        self.fails("merge", self.path("none"), "--report", self.path("report"),
                   expected="none: cannot open")
        self.assertEqual(os.listdir(self.path("report")), [])

    def test_unreadable(self):
        with open(self.list, "a", encoding="utf-8") as file:
            file.write("images/none.png,1\n")
        result = self.evaluate("--report", self.path("report"), status=1,
                               errors=["none.png: cannot open"])
        self.assertEqual((result["total"], result["images"], result["unreadable"]), (13, 12, 1))
        self.assertEqual(self.read_page("report")["evaluation"]["unreadable"], 1)
        self.assertIn("1 that could not be read", page.render(self.path("report", "index.html")))


class Cifar(ProgramTest):
    """Real images: what parts and one run count is the same."""

    def test_parts(self):
        labels = os.path.join(program.DATA, "cifar10", "labels.csv")
        model = os.path.join(program.MODELS, "resnet20-cifar10.safetensors")
        if not os.path.exists(labels) or not os.path.exists(model):
            self.skipTest("the CIFAR-10 data is not here")
        arguments = ("eval", "--model", model, "--labels", labels, "--batch", "25", "--json")
        whole = json.loads(self.run_program(*arguments))
        for count in (2, 4):
            lines = "".join(
                self.run_program(*arguments, "--shard", f"{i}/{count}") for i in range(count))
            merged = self.run_json("merge", self.write("parts", lines.encode()))
            for key in set(whole) - set(UNSTEADY):
                self.assertEqual(merged[key], whole[key], key)
