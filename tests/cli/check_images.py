"""classify and eval: image files, folders, lists of labels."""

import json
import math
import os
import struct
import subprocess

import files
import program
from program import RANDOM, ProgramTest


def picture(seed):
    """A small image that differs for each seed."""
    return files.png(33 + seed, 40, lambda x, y: ((x * 7 + seed * 40) % 256, y * 6,
                                                  (x * y + seed) % 256))


class Images(ProgramTest):
    def classify(self, *arguments, **options):
        """The results; the lines of those that have none are left in self.refused."""
        lines = self.run_program("classify", *arguments, "--json", **options).splitlines()
        found = [json.loads(line) for line in lines]
        self.refused = [line for line in found if "error" in line]
        for line in self.refused:
            self.assertEqual(set(line), {"file", "error"})
        return [line for line in found if line not in self.refused]

    def test_json(self):
        name = self.write("a.png", picture(1))
        result, = self.classify(*RANDOM, name)
        self.assertEqual(set(result), {"file", "model", "top"})
        self.assertEqual((result["file"], result["model"], len(result["top"])),
                         (name, "resnet8", 5))
        result, = self.classify(*RANDOM, name, "--top", "100")
        values = [entry["probability"] for entry in result["top"]]
        self.assertEqual(values, sorted(values, reverse=True))
        self.assertAlmostEqual(sum(values), 1, places=5)
        self.assertEqual(sorted(entry["index"] for entry in result["top"]), list(range(10)))
        self.assertEqual(result["top"][0]["label"], f"class {result['top'][0]['index']}")

    def test_text(self):
        name = self.write("a.png", picture(1))
        text = self.run_program("classify", *RANDOM, name, "--top", "2")
        self.assertRegex(text, r"^[^\t\n]+a\.png(\tclass \d\t0\.\d{4}){2}\n$")
        self.assertTrue(text.startswith(name + "\t"))

    def test_table(self):
        """On a terminal: the name, then rows with bars of the probabilities' lengths, never wider
        than it."""
        name = self.write("a.png", picture(1))
        result, = self.classify(*RANDOM, name)
        for locale, full, width in (("C.UTF-8", "█", 100), ("C", "#", 60), ("C", "#", 30)):
            text = self.run_in_terminal("classify", *RANDOM, name, columns=width,
                                        environment={"LC_ALL": locale})
            first, *rows = text.splitlines()
            self.assertEqual((first, len(rows)), (name, 5))
            most = max(min(width - 40, 32), 0)
            for row, entry in zip(rows, result["top"]):
                self.assertRegex(row, r"^ +\d+\.\d\d % .* \d  class \d$")
                self.assertAlmostEqual(float(row.split()[0]), entry["probability"] * 100,
                                       delta=0.0051)
                self.assertAlmostEqual(row.count(full), entry["probability"] * most, delta=1)
                self.assertTrue(row.endswith(f" {entry['index']}  {entry['label']}"))
                self.assertLessEqual(len(row), max(width, 30))

    def test_imagenet_labels(self):
        arguments = ("--arch", "resnet,block=basic,layers=1,planes=8", "--random-weights", "1",
                     "--crop", "32")
        name = self.write("a.png", picture(1))
        result, = self.classify(*arguments, "--top", "1000", "--classes", "imagenet", name)
        labels = {entry["index"]: entry["label"] for entry in result["top"]}
        self.assertEqual((labels[0], labels[281], labels[999]), ("tench", "tabby", "toilet tissue"))
        # A thousand classes may be any.
        result, = self.classify(*arguments, name, errors=["if they are ImageNet's, give --classes"])
        self.assertEqual(result["top"][0]["label"], f"class {result['top'][0]['index']}")

    def test_own_classes(self):
        """Names from a list or a checkpoint, which convert writes into the model."""
        name, names = self.write("a.png", picture(1)), [f"kind {i}" for i in range(10)]
        for text in ("\n".join(names), json.dumps(names),
                     json.dumps({"id2label": dict(enumerate(names))})):
            path = self.write("names", text.encode())
            result, = self.classify(*RANDOM, "--top", "10", "--classes", path, name)
            self.assertEqual({entry["label"] for entry in result["top"]}, set(names))
        model = self.path("m.safetensors")
        self.run_program("convert", "resnet8", model, "--random-weights", "1", "--classes", path,
                         "--quiet")
        for given in ((), ("--classes", model)):
            kept, = self.classify("--model", model, "--top", "10", *given, name)
            self.assertEqual(kept["top"], result["top"])
        shown, = self.classify(*RANDOM, "--top", "10", "--classes", model, name)
        self.assertEqual(shown, result)
        for text, error in (("a\nb", "expected 10, one for each class of the model, found 2"),
                            ('{"a": 0, "b": 2}', "names: class 1 has no name"),
                            ("", "names: there are no names")):
            self.run_program("classify", *RANDOM, "--classes", self.write("names", text.encode()),
                             name, status=1, errors=[error])
        self.run_program("classify", *RANDOM, "--classes", self.path("none"), name, status=1,
                         errors=["none: "])
        self.run_program("classify", *RANDOM, "--classes", os.path.join(
            program.MODELS, "..", "tests", "data", "checkpoints", "kinds.safetensors"), name,
                         status=1, errors=["kinds.safetensors: "])

    def test_batches_and_folders(self):
        """Results come in order, whatever the batch, with broken images among the good ones."""
        same = (*RANDOM, "--kernel=conv_direct") # whatever the batch
        os.makedirs(self.path("b", "c"))
        os.symlink(self.folder, self.path("b", "loop"))
        good = [
            "a.png",
            os.path.join("b", "c", "1.PNG"),
            os.path.join("b", "d.png"), "e.png", "f.png"
        ]
        for seed, name in enumerate(good):
            self.write(name, picture(seed))
        self.write("notes.txt", b"not an image")
        left_out = self.path("b", "loop") + " and 1 more: left out: they are not images"
        alone = [self.classify(*same, self.path(name))[0] for name in good]
        self.assertEqual(len({json.dumps(result["top"]) for result in alone}), len(good))
        self.assertEqual(self.classify(*same, self.folder, errors=[left_out]), alone)
        for name in ("a0.png", os.path.join("b", "c", "0.png")):
            self.write(name, b"broken")
        for batch in ("1", "2", "3", "9"):
            self.assertEqual(
                self.classify(*same, self.folder, "--batch", batch, status=1,
                              errors=[left_out, "a0.png: not an image", "0.png: not an image"]),
                alone)

    def test_what_is_an_image(self):
        """By its name or by how it begins; what systems hide beside photos is none."""
        for name in ("a", "b.HEIC", "c.jfif", "d.dat"):
            self.write(name, picture(1))
        self.write("e.webp", b"RIFF\0\0\0\0WEBPVP8 ") # broken, or the build lacks the format
        self.write("f", b"\0\0\0\x18ftypheic\0\0\0\0")
        self.write("g.tiff", b"")
        for folder in ("@eaDir", "__MACOSX", ".thumbnails", "h"):
            os.makedirs(self.path(folder))
            self.write(folder + "/photo.png", picture(2))
        self.write("._a.png", b"\0\5\26\7\0\2\0\0Mac OS X")
        self.write("Makefile", b"all:\n")
        self.write("notes.txt", b"P1 is no bitmap here, and BM no other\n")
        found = self.classify(*RANDOM, self.folder, status=1, errors=[
            self.path("Makefile") + " and 1 more: left out: they are not images",
            "e.webp: ", "f: ", "g.tiff: "])
        self.assertEqual([os.path.relpath(result["file"], self.folder) for result in found],
                         ["a", "b.HEIC", "c.jfif", "d.dat", os.path.join("h", "photo.png")])

    def test_failures(self):
        """Each has its line, in its place, and the exit status is 1."""
        for name in ("a.png", "c.png"):
            self.write(name, picture(1))
        self.write("b.png", b"hello")
        text = self.run_program("classify", *RANDOM, self.folder, self.path("d.png"), "--json",
                                status=1, errors=["b.png: not an image", "d.png: "])
        found = [json.loads(line) for line in text.splitlines()]
        self.assertEqual([os.path.basename(line["file"]) for line in found],
                         ["a.png", "b.png", "c.png", "d.png"])
        self.assertEqual(["error" in line for line in found], [False, True, False, True])
        self.assertTrue(found[1]["error"].startswith("not an image that can be read: "))
        self.assertNotIn("top", found[1])

    def test_files_from(self):
        """A list of images and folders, in a file, in a pipe and on standard input."""
        for name in ("a b.png", "c/d.png", "c/e.png"):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            self.write(name, picture(len(name)))
        names = [self.path("a b.png"), self.path("c", "d.png"), self.path("c", "e.png")]
        expected = self.classify(*RANDOM, *names)
        listed = self.write("list", f"{names[0]}\r\n\n{self.path('c')}".encode())
        self.assertEqual(self.classify(*RANDOM, "--files-from", listed), expected)
        self.assertEqual(self.classify(*RANDOM, names[2], "--files-from", listed),
                         [expected[2], *expected])
        with open(listed, "rb") as stdin:
            done = self.start("classify", *RANDOM, "--json", "--files-from", "-", stdin=stdin)
        self.assertEqual([json.loads(line) for line in done.stdout.splitlines()], expected)
        self.write("empty", b"\n")
        self.fails("classify", *RANDOM, "--files-from", self.path("empty"),
                   expected="no images in this list")
        self.fails("classify", *RANDOM, "--files-from", self.path("none"), expected="none")
        self.usage("classify", *RANDOM, expected="expected images or folders, or --files-from")
        self.usage("classify", *RANDOM, "-", "--files-from", "-",
                   expected="standard input cannot be both")

    def test_streams(self):
        """Standard input, and a pipe in place of a file."""
        content = picture(3)
        name = self.write("a.png", content)
        expected, = self.classify(*RANDOM, name)
        for argument in ("-", "/dev/stdin"):
            with open(name, "rb") as stdin:
                done = self.start("classify", *RANDOM, "--json", argument, stdin=stdin)
            result = json.loads(done.stdout)
            self.assertEqual((result["file"], result["top"]), (argument, expected["top"]))
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        for content, status in ((content, 0), (b"", 1), (content[:99], 1)):
            feed = ["sh", "-c", 'cat > "$0"', pipe]
            with subprocess.Popen(feed, stdin=subprocess.PIPE) as feeder:
                feeder.stdin.write(content)
                feeder.stdin.close()
                done = self.start("classify", *RANDOM, "--json", pipe)
            self.assertEqual(done.returncode, status, done.stderr)

    def test_overflow(self):
        """Parameters that are finite, and make numbers that are not: the image has no answer, in
        each command."""
        self.run_program("convert", "resnet8", self.path("good"), "--random-weights", "1",
                         "--quiet")
        with open(self.path("good"), "rb") as file:
            good = file.read()
        begin = 8 + struct.unpack("<Q", good[:8])[0]
        first, last = (begin + at for at in json.loads(good[8:begin])["fc.weight"]["data_offsets"])
        path = self.write(
            "spoilt", good[:first] + struct.pack("<f", 3e38) * ((last - first) // 4) + good[last:])
        photo = self.write("photo.png", picture(1))
        expected = f"{photo}: not all of the network's results for this image are finite numbers"
        self.fails("classify", photo, "--model", path, expected=expected)
        self.fails("explain", photo, "--model", path, "-o", self.path("heat.png"),
                   expected=expected)
        self.assertFalse(os.path.exists(self.path("heat.png")))
        labels = self.write("labels.csv", b"photo.png,0\n")
        counts, = map(json.loads, self.fails("eval", "--labels", labels, "--model", path, "--json",
                                             expected=expected).splitlines())
        self.assertEqual((counts["images"], counts["unreadable"]), (0, 1))

    def test_links(self):
        """A link to a file is the file; one to nowhere is reported like any file that is not there.
        """
        os.makedirs(self.path("tree", "0"))
        os.symlink(self.write("real.png", picture(1)), self.path("tree", "0", "a.png"))
        os.symlink("nowhere", self.path("tree", "0", "b.png"))
        for command in ("classify", "eval"):
            text = self.run_program(command, *RANDOM, self.path("tree"), "--json", "--quiet",
                                    status=1,
                                    errors=[f"{self.path('tree', '0', 'b.png')}: cannot open"])
            self.assertEqual(len(text.splitlines()), 2 if command == "classify" else 1)

    def test_outputs_over_inputs(self):
        """What is read is not written over, under whatever name, and no output over another."""
        photo = self.write("photo.png", picture(1))
        os.link(photo, self.path("other.png"))
        labels = self.write("labels.csv", b"photo.png,0\n")
        for command, path in ((("explain", photo, "-o", self.path("other.png")),
                               self.path("other.png")), (("eval", "--labels", labels, "--logits",
                                                          self.path(".",
                                                                    "labels.csv")), "labels.csv"),
                              (("infer", "--input", photo, "--output", photo),
                               photo), (("infer", "--input", labels, "--output", self.path("y"),
                                         "--tap", f"conv1={labels}"), labels)):
            self.usage(*command, *RANDOM, expected=f"{path}: the output would overwrite an input")
        self.usage("profile", *RANDOM, "--html", self.path("page"), "--trace",
                   self.path(".", "page"),
                   expected="page: two outputs would be written to this file")
        numbers = self.path("x.npy")
        files.write_npy(numbers, (1, 3, 8, 8), [0.5] * 192)
        self.run_program("infer", *RANDOM, "--input", numbers, "--output", os.devnull, "--tap",
                         f"conv1={os.devnull}")

    def test_parameters_that_are_not_finite(self):
        """Found before anything is computed, in the convolution or in the norm that is folded into
        it."""
        self.run_program("convert", "resnet8", self.path("good"), "--random-weights", "1",
                         "--quiet")
        with open(self.path("good"), "rb") as file:
            good = file.read()
        begin = 8 + struct.unpack("<Q", good[:8])[0]
        tensors = json.loads(good[8:begin])
        photo = self.write("photo.png", picture(1))
        for name, value in (("conv1.weight", math.nan), ("layer2.0.bn2.running_var", -1),
                            ("fc.bias", math.inf), ("layer1.0.bn1.weight", -math.inf)):
            at = begin + tensors[name]["data_offsets"][0] + 4
            path = self.write("spoilt", good[:at] + struct.pack("<f", value) + good[at + 4:])
            for command in (["classify", photo], ["classify", photo, "--no-fusion"],
                            ["bench", "--repeats=1"], ["calibrate", "--images", photo]):
                self.fails(
                    *command, "--model", path, expected=
                    f"{path}: the parameters of {name.rpartition('.')[0]} are not all finite")

    def test_broken_images(self):
        whole = picture(1)
        cases = {
            "empty.png": b"",
            "text.jpg": b"hello\n",
            "cut.png": whole[:len(whole) // 2],
            "head.png": whole[:30],
            "jpeg.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
            "gif.gif": b"GIF89a\xff\xff\xff\xff",
            "wide.png": files.png_bomb(60000, 60000, 100),
            "claims.png": files.png_bomb(11000, 11000, 100),
            "swells.png": files.png_bomb(1, 1, 200 << 20),
            "none.png": None,
        }
        paths = []
        for name, content in cases.items():
            paths.append(self.write(name, content) if content is not None else self.path(name))
        good = self.write("good.png", whole)
        errors = [path + ": " for path in paths]
        self.assertEqual(len(self.classify(*RANDOM, *paths, good, status=1, errors=errors)), 1)

    def test_folder_without_images(self):
        self.fails("classify", *RANDOM, self.folder, expected="no images in this folder")

    def test_names(self):
        """A name with quotes, control characters and bytes that are no UTF-8."""
        name = os.fsencode(self.folder) + b'/caf\xe9 "\\\n\x1b.png'
        with open(name, "wb") as file:
            file.write(picture(1))
        result, = self.classify(*RANDOM, os.fsdecode(name))
        self.assertEqual(result["file"], self.folder + '/caf\ufffd "\\\n\x1b.png')
        os.rename(name, os.fsencode(self.folder) + b"/\x1b[31m\n.png")
        text = self.run_program("classify", *RANDOM, self.folder)
        self.assertEqual(text.split("\t")[0], self.folder + "/?[31m?.png")

    def test_depth_and_alpha(self):
        """16 bits are cut to 8, and alpha is ignored."""
        def eight(x, y):
            return (x * 6, y * 6, (x ^ y) * 3)

        plain = self.write("8.png", files.png(40, 40, eight))
        deep = self.write(
            "16.png", files.png(40, 40, lambda x, y: tuple(c * 257 for c in eight(x, y)), depth=16))
        clear = self.write("a.png", files.png(40, 40, lambda x, y: eight(x, y) + (x,), alpha=True))
        tops = [result["top"] for result in self.classify(*RANDOM, plain, deep, clear)]
        self.assertEqual(tops[1:], tops[:1] * 2)

    def test_transform(self):
        name = self.write("a.png", picture(1))
        default = self.classify(*RANDOM, name)
        same = ("--resize=32", "--crop=32", "--mean=0.485,0.456,0.406", "--std=0.229,0.224,0.225")
        self.assertEqual(self.classify(*RANDOM, name, *same), default)
        for change in ("--resize=40", "--crop=24", "--mean=0,0,0", "--std=1,1,1", "--resize=0",
                       "--interpolation=bicubic", "--channels=bgr", "--scale=128", "--letterbox",
                       "--resize=longer:32", "--resize=32x30", "--preset=clip"):
            self.assertNotEqual(
                self.classify(*RANDOM, name, change)[0]["top"], default[0]["top"], change)

    def test_activations(self):
        name, model = self.write("a.png", picture(1)), self.path("m.safetensors")
        given = {}
        for activation in ("softmax", "sigmoid", "none"):
            result, = self.classify(*RANDOM, "--top=10", f"--activation={activation}", name)
            value = "logit" if activation == "none" else "probability"
            given[activation] = {entry["index"]: entry[value] for entry in result["top"]}
        exponents = {index: math.exp(logit) for index, logit in given["none"].items()}
        for index, logit in given["none"].items():
            self.assertAlmostEqual(given["softmax"][index],
                                   exponents[index] / sum(exponents.values()), delta=1e-5)
            self.assertAlmostEqual(given["sigmoid"][index], 1 / (1 + math.exp(-logit)), delta=1e-5)
        # What several classes reach, and what none does; written into a model.
        middle = sorted(given["sigmoid"].values())[5]
        for threshold, count in ((middle - 1e-4, 5), (1, 0), (0, 10)):
            steps = ("--activation=sigmoid", f"--threshold={threshold:.6f}")
            result, = self.classify(*RANDOM, "--top=10", *steps, name)
            self.assertEqual(len(result["top"]), count)
            self.run_program("convert", "resnet8", model, "--random-weights=1", "--quiet", *steps)
            kept, = self.classify("--model", model, "--top=10", name)
            self.assertEqual(kept["top"], result["top"])
        for steps, error in ((("--threshold=2",), "expected a number from 0 to 1"),
                             (("--activation=none", "--threshold=0.5"), "applies to probabilities"),
                             (("--activation=tanh",), "expected softmax|sigmoid|none")):
            done = self.start("classify", *RANDOM, *steps, name)
            self.assertEqual(done.returncode, 2)
            self.assertIn(error, done.stderr.decode())

    def test_one_logit(self):
        names = [self.write(f"{i}.png", picture(i)) for i in range(2)]
        one = ("--arch", "resnet8,num_classes=1", "--random-weights", "1")
        values = self.classify(*one, *names, errors=["its sigmoid is the probability"])
        logits = self.classify(*one, *names, "--activation=none")
        for value, logit in zip(values, logits):
            self.assertAlmostEqual(value["top"][0]["probability"],
                                   1 / (1 + math.exp(-logit["top"][0]["logit"])), delta=1e-5)
        self.assertNotEqual(values[0]["top"], values[1]["top"])
        for kinds in ("cat\ndog", "dog"): # of two, the second is what was trained as 1
            named = self.classify(*one, *names, "--classes", self.write("kinds", kinds.encode()))
            self.assertEqual({result["top"][0]["label"] for result in named}, {"dog"})

    def test_converted_transform(self):
        """convert writes every step of a transform, so that the model needs no options."""
        name, model = self.write("a.png", picture(1)), self.path("m.safetensors")
        for steps in (("--resize=40x24",), ("--resize=longer:40", "--fill=9,8,7"),
                      ("--letterbox", "--crop=24x40", "--fill=114,114,114"), ("--preset=caffe",),
                      ("--preset=clip", "--crop=200"), ("--crop=32x24", "--channels=bgr"),
                      ("--scale=1", "--mean=123.675,116.28,103.53", "--std=58,57,57")):
            self.run_program("convert", "resnet8", model, "--random-weights=1", "--quiet", *steps)
            given, kept = (self.classify(*way, name)[0]["top"]
                           for way in ((*RANDOM, *steps), ("--model", model)))
            self.assertEqual(given, kept, steps)
            plain = ("info", "--json")
            self.assertEqual(
                json.loads(self.run_program(*plain, "--model", model))["transform"],
                json.loads(self.run_program(*plain, *RANDOM, *steps))["transform"], steps)

    def test_suspect_transforms(self):
        name = self.write("a.png", picture(1))
        for steps, note in ((("--crop=64x32",), "larger than photos resized to 32"),
                            (("--mean=123,117,104",), "values from 0 to 255, give --scale 1"),
                            (("--scale=1",), "leaves values from 0 to 255")):
            self.classify(*RANDOM, *steps, name, errors=[note])
        for step, error in (("--resize=x3", "expected N, HxW, longer:N or letterbox"),
                            ("--resize=longer:0", "expected N, HxW, longer:N or letterbox"),
                            ("--crop=0", "expected a number of pixels up to 65536, or HxW"),
                            ("--fill=256,0,0", "expected three numbers from 0 to 255"),
                            ("--scale=0", "expected a number above 0"),
                            ("--channels=grb", "expected rgb|bgr"),
                            ("--preset=keras", "expected torchvision|timm|caffe|clip")):
            done = self.start("classify", *RANDOM, step, name)
            self.assertEqual(done.returncode, 2, step)
            self.assertIn(error, done.stderr.decode())
        done = self.start("classify", *RANDOM, "--letterbox", "--resize=40", name)
        self.assertIn("leave --resize out", done.stderr.decode())


class Eval(ProgramTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("images"))
        self.names = [f"images/{i}.png" for i in range(7)]
        paths = [self.write(name, picture(i)) for i, name in enumerate(self.names)]
        lines = self.run_program("classify", *RANDOM, "--top=10", "--json", *paths).splitlines()
        self.orders = [[entry["index"] for entry in json.loads(line)["top"]] for line in lines]
        # Right, third, right, last, right, sixth, right.
        self.labels = [order[place] for order, place in zip(self.orders, (0, 2, 0, 9, 0, 5, 0))]

    def evaluate(self, text, *arguments, **options):
        self.write("labels.csv", text.encode())
        return self.run_json("eval", *RANDOM, "--labels", self.path("labels.csv"), *arguments,
                             **options)

    def check_counts(self, result):
        self.assertLessEqual({"images", "wrong", "top1", "top5", "images_per_s", "model", "device"},
                             set(result))
        self.assertEqual((result["images"], result["wrong"]), (7, 3))
        self.assertAlmostEqual(result["top1"], 400 / 7, places=3)
        self.assertAlmostEqual(result["top5"], 500 / 7, places=3)
        self.assertGreater(result["images_per_s"], 0)

    def test_lists(self):
        rows = list(zip(self.names, self.labels))
        self.check_counts(self.evaluate("".join(f"{name},{label}\n" for name, label in rows)))
        self.check_counts(
            self.evaluate("file,label,class\n" + "\n".join(f"{n},thing,{c}" for n, c in rows)))
        self.check_counts(self.evaluate("\ufefffile,class,label\r\n"
                                        + "".join(f"{n},{c},thing\r\n\r\n" for n, c in rows)))
        self.check_counts(
            self.evaluate("".join(f'"{self.path(n)}","a, ""thing""",{c}\n' for n, c in rows),
                          "--batch", "3"))

    def test_lists_of_others(self):
        """Lists as other programs write them: separators, columns, blanks."""
        long = "a column whose name is longer than any that has a meaning here by far"
        os.rename(self.path(self.names[0]), self.path("images/a photo.png"))
        self.names[0] = "images/a photo.png"
        for first, line in (("", "{} {}\n"), ("", "{}\t{}\n"), ("", " {} , {} \n"),
                            ("filename,label\n", "{},{}\n"), ("path,class\n", "{},{}\n"),
                            ("file, width, height, label\n", "{}, 33, 40, {}\n"),
                            (f"{long},image,target\n", "x,{},{}\n"),
                            ("label\tname\tFile\n", "{1}\tthing\t{0}\n")):
            rows = "".join(line.format(n, c) for n, c in zip(self.names, self.labels))
            self.check_counts(self.evaluate(first + rows))
        ids = self.write("ids.csv", f"images/1.png,n01440764\n{self.names[0]},tench\n".encode())
        network = ("eval", "--arch", "resnet,block=basic,layers=1,planes=8", "--random-weights",
                   "1", "--crop", "32", "--labels", ids)
        self.assertEqual(self.run_json(*network, "--classes", "imagenet")["images"], 2)
        self.fails(*network, expected="--classes imagenet")

    def test_text(self):
        self.write("labels.csv",
                   "".join(f"{n},{c}\n" for n, c in zip(self.names, self.labels)).encode())
        text = self.run_program("eval", *RANDOM, "--labels", self.path("labels.csv"))
        for part in ("wrong   3", "57.14 %  (4 of 7)", "71.43 %  (5 of 7)", "images/s"):
            self.assertIn(part, text)

    def test_unreadable_images(self):
        rows = "".join(f"{n},{c}\n" for n, c in zip(self.names, self.labels))
        self.write("images/broken.png", b"x")
        y = self.path("y.npy")
        result = self.evaluate("images/none.png,1\n" + rows + "images/broken.png,1\n", "--logits",
                               y, status=1,
                               errors=["none.png: cannot open", "broken.png: not an image"])
        self.check_counts(result)
        shape, values = files.read_npy(y)
        self.assertEqual(shape, (9, 10))
        rows = [values[i:i + 10] for i in range(0, 90, 10)]
        self.assertTrue(all(map(math.isnan, rows[0] + rows[8])))
        for row, order in zip(rows[1:8], self.orders):
            self.assertEqual(max(range(10), key=row.__getitem__), order[0])

    def test_faults(self):
        def fails(text, expected):
            self.write("labels.csv", text)
            self.fails("eval", *RANDOM, "--labels", self.path("labels.csv"),
                       expected="labels.csv:" + expected)

        fails(b"", " no images are listed")
        fails(b"file,label,class\n", " no images are listed")
        fails(b"images/0.png\n", "1: expected a label after the file name")
        fails(b"images/0.png,1\n,1\n", "2: expected a file name")
        fails(b"images/0.png,1\n\nimages/0.png,10\n", "3: class 10: the model has 10 classes")
        fails(b"images/0.png,99999999999999999999\n", "1: the model has no class")
        fails(b"images/0.png,cat\n", "1: the model has no class 'cat'")
        fails(b"images/0.png,cat,x\n", "1: expected a class number, found 'x'")
        fails(b"images/0.png,1\n\0", " not a text file")
        self.fails("eval", *RANDOM, "--labels", self.path("none.csv"),
                   expected="none.csv: cannot open")


class Shipped(ProgramTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists(os.path.join(program.MODELS, "resnet20-cifar10.safetensors")):
            self.skipTest("the shipped model is not here")
        self.environment = {"VKRESNET_DATA": program.MODELS}

    def test_classify(self):
        name = self.write("a.png", picture(1))
        text = self.run_program("classify", name, environment=self.environment,
                                errors=["small bundled model"])
        names = "airplane|automobile|bird|cat|deer|dog|frog|horse|ship|truck"
        self.assertRegex(text, rf"a\.png(\t({names})\t\d\.\d{{4}}){{5}}\n$")
        self.assertEqual(
            self.run_program("classify", name, "--quiet", environment=self.environment), text)

    def test_accuracy(self):
        labels = os.path.join(program.DATA, "cifar10", "labels.csv")
        if not os.path.exists(labels):
            self.skipTest("the CIFAR-10 data is not here")
        model = os.path.join(program.MODELS, "resnet20-cifar10.safetensors")
        result = self.run_json("eval", "--model", model, "--labels", labels, "--batch", "50")
        self.assertEqual(result["images"], 500)
        self.assertGreaterEqual(result["top1"], 85)

    def test_names_as_labels(self):
        model = os.path.join(program.MODELS, "resnet20-cifar10.safetensors")
        self.write("a.png", picture(1))
        labels = self.write("labels.csv", b"a.png,truck\n")
        self.assertEqual(self.run_json("eval", "--model", model, "--labels", labels)["images"], 1)


class Cifar(ProgramTest):
    """Real weights on real images, against PyTorch's logits."""

    def check(self, name, wrong):
        folder = os.path.join(program.DATA, "cifar10")
        if not os.path.exists(folder):
            self.skipTest("the CIFAR-10 data is not here")
        y = self.path("y.npy")
        result = self.run_json("eval", "--model", os.path.join(folder, name + ".th"), "--labels",
                               os.path.join(folder, "labels.csv"), "--logits", y, "--batch", "50")
        self.assertEqual((result["images"], result["wrong"]), (500, wrong))
        found, expected = files.read_npy(y), files.read_npy(
            os.path.join(folder, f"logits-{name}.npy"))
        self.assertEqual(found[0], expected[0])
        error = math.sqrt(sum((a - b) ** 2 for a, b in zip(found[1], expected[1]))
                          / sum(b * b for b in expected[1]))
        print(f"{name}: relative L2 error {error:.2e}")
        self.assertLess(error, 1e-5)

    def test_resnet20(self):
        self.check("resnet20-12fca82f", 45)

    def test_resnet56(self):
        self.check("resnet56-4bfd9763", 30)
