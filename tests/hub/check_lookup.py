"""Names and caches, without a server."""

import json
import os
import stat

from base import HubTest, entry


class Registry(HubTest):
    def test_built_in(self):
        self.settings["VKRESNET_REGISTRY"] = None
        models = self.models()
        self.assertEqual(len(models), 17)
        networks = {line["network"] for line in models.values()}
        self.assertEqual(len(networks), 10)
        for network in networks:
            self.assertEqual(
                sum(line["default"] for line in models.values() if line["network"] == network), 1)
        for line in models.values():
            self.assertEqual(line["url"][:36], "https://download.pytorch.org/models/")
            # The digits in a file's name are those of its hash.
            self.assertTrue(line["sha256"].startswith(line["url"][-12:-4]), line)
            self.assertTrue(line["min_bytes"] <= line["max_bytes"] < line["min_bytes"] + 2000, line)
            # Two bytes or four for each parameter, and little more.
            self.assertTrue(2 <= line["max_bytes"] / line["parameters"] < 4.05, line)
            self.assertEqual((line["transform"]["crop"], line["classes"]), (224, "imagenet"))
        self.assertEqual(
            self.run_json("info", "--model", "resnet18", "--random-weights", "1")["parameters"],
            models["resnet18:IMAGENET1K_V1"]["parameters"])
        best = models["resnet50:IMAGENET1K_V2"]
        self.assertEqual((best["transform"]["resize"], best["acc1"], best["acc5"]),
                         (232, 80.858, 95.434))
        self.assertEqual(best["url"], "https://download.pytorch.org/models/resnet50-11ad3fa6.pth")

    def test_names(self):
        first, second = entry(b"1" * 100, "net", "SOME_V1",
                              default=False), entry(b"2" * 100, "net", "SOME_V2")
        self.register(first, second, entry(b"3" * 100, "network", "OTHER"))
        for name, expected in (("net:V1", "net:SOME_V1"), ("net:v1", "net:SOME_V1"),
                               ("net:SOME_V1", "net:SOME_V1"), ("net:V2", "net:SOME_V2"),
                               ("net:DEFAULT", "net:SOME_V2"), ("network:DEFAULT",
                                                                "network:OTHER")):
            self.assertEqual(list(self.models(name)), [expected])
        self.assertEqual(list(self.models("net")), ["net:SOME_V1", "net:SOME_V2"])
        # A command takes the default.
        self.run_program("info", "--model", "net", environment=self.environment(), status=1,
                         errors=["net:SOME_V2 is not"])
        for name in ("net:V3", "net:", "ne", "NET", "net:V1:V2", ""):
            self.run_program("models", name, environment=self.environment(), status=2,
                             errors=["no weights"])
        self.run_program("info", "--model", "net:V3", environment=self.environment(), status=1,
                         errors=["vkresnet models net lists"])
        self.run_program("info", "--model", "resnet20", environment=self.environment(), status=1,
                         errors=["no weights for it"])

    def test_broken(self):
        good = self.entry
        cases = [
            (b"", "byte 0: expected '{'"),
            (b"[]", "expected '{'"),
            (b"{}", "expected a key \"format\""),
            (b'{"format": 2}', "1, the format"),
            (b'{"format": 1}', "entries"),
            (b'{"format": 1, "entries": []}', "entries"),
            (b'{"format": 1', "expected ',' or '}'"),
            (b'{"format" 1}', "expected ':'"),
            (b"\xff" * 100, "expected '{'"),
            (json.dumps({"format": 1, "base": "http://a/",
                         "entries": [good]}).encode(), "with an https address"),
            (json.dumps({"format": 1, "base": "https://a/", "entries": [good]}).encode() + b"x",
             "the end of the file"),
            (json.dumps({"format": 1, "base": "https://a/",
                         "entries": [good]}).encode()[:-40], "byte"),
        ]
        for key, value, expected in (("file", "../evil.pth", "file"),
                                     ("file", "/etc/passwd", "file"), ("file", ".hidden", "file"),
                                     ("file", "", "file"), ("file", 3, "expected a string"),
                                     ("file", "a\u0000b", "file"), ("network", "a:b", "network"),
                                     ("sha256", "123", "sha256"), ("sha256", "ABCDEF00", "sha256"),
                                     ("sha256", "0" * 65, "sha256"), ("bytes", 0, "bytes"),
                                     ("bytes", -1, "expected a whole number"),
                                     ("bytes", 1 << 40, "bytes"), ("bytes", 1.5,
                                                                   "expected a whole number"),
                                     ("resize", 100000, "resize"), ("mean", [1,
                                                                             2], "three numbers"),
                                     ("mean", [1, 2, "3"], "three numbers"), ("std", [1, -1,
                                                                                      1], "std"),
                                     ("default", 1, "true or false"), ("acc1", "high", "a number"),
                                     ("interpolation", "cubist", "interpolation")):
            cases.append(
                (json.dumps({"format": 1, "base": "https://a/",
                             "entries": [{**good, key: value}]}).encode(), expected))
        twice = {"format": 1, "base": "https://a/", "entries": [good, good]}
        cases.append((json.dumps(twice).encode(), "a name that no earlier"))
        twice["entries"][1] = {**good, "weights": "TEST_V2"}
        cases.append((json.dumps(twice).encode(), "default"))
        for content, expected in cases:
            self.write("registry.json", content)
            with self.subTest(content=content[:400]):
                self.run_program("models", environment=self.environment(), status=1,
                                 errors=[expected])
        os.remove(self.path("registry.json"))
        self.run_program("models", environment=self.environment(), status=1,
                         errors=["registry.json: cannot open"])

    def test_other_keys_are_skipped(self):
        self.register({**self.entry, "more": {"a": [1, {"b": None}]}}, comment="words", list=[1, 2])
        self.assertEqual(list(self.models()), ["tiny:TEST_V1"])


class Places(HubTest):
    def test_order(self):
        self.assertEqual(self.place(), (None, None))
        torch = self.put(self.path(".cache/torch/hub/checkpoints", self.entry["file"]),
                         self.content)
        self.assertEqual(self.place(), ("torch", torch))
        own = self.put(self.cached(), self.content)
        self.assertEqual(self.place(), ("cache", own))
        self.assertEqual(self.place(VKRESNET_CACHE=""), ("torch", torch))

    def test_torch(self):
        """Where PyTorch looks: one place, not one after the other."""
        places = {"TORCH_HOME": "a/hub/checkpoints", "XDG_CACHE_HOME": "b/torch/hub/checkpoints",
                  "HOME": ".cache/torch/hub/checkpoints"}
        values = {"TORCH_HOME": self.path("a"), "XDG_CACHE_HOME": self.path("b")}
        for name, folder in places.items():
            path = self.put(self.path(folder, self.entry["file"]), self.content)
            self.assertEqual(self.place(**values), ("torch", path), name)
            os.remove(path)
            self.assertEqual(self.place(**values), (None, None), name)
            values[name] = None
        path = self.put(self.path("c/hub/checkpoints", self.entry["file"]), self.content)
        self.assertEqual(self.place(TORCH_HOME="~/c"), ("torch", path))

    def test_own(self):
        for folder, values in (("x/vkresnet", {"XDG_CACHE_HOME": self.path("x")}),
                               (".cache/vkresnet", {}), (".cache/vkresnet",
                                                         {"XDG_CACHE_HOME": "relative"})):
            path = self.put(self.path(folder, "hub", self.entry["file"]), self.content)
            self.assertEqual(self.place(VKRESNET_CACHE=None, **values), ("cache", path))
            os.remove(path)

    def test_what_is_no_file(self):
        os.makedirs(self.cached())
        self.assertEqual(self.place(), (None, None))
        os.rmdir(self.cached())
        os.mkfifo(self.cached())
        self.assertEqual(self.place(), (None, None))

    def test_partial(self):
        """The beginning of a file, as PyTorch or a person may have left it."""
        path = self.put(self.path(".cache/torch/hub/checkpoints", self.entry["file"]),
                        self.content[:-1])
        self.assertEqual(
            self.place(errors=[f"{path}: not used: it has {len(self.content) - 1} bytes"]),
            (None, None))
        self.put(self.cached() + ".part", self.content)
        self.assertEqual(self.place(errors=["not used"]), (None, None))

    def test_file_comes_first(self):
        """A file of the name in this folder is what --model means."""
        where = os.getcwd()
        self.addCleanup(os.chdir, where)
        os.chdir(self.folder)
        self.write("tiny", b"no checkpoint")
        self.run_program("info", "--model", "tiny", environment=self.environment(), status=1,
                         errors=["tiny:"])

    def test_none(self):
        message = [
            "there is no cache directory. Download https://nowhere.invalid/" + self.entry["file"]
        ]
        for arguments, values in (([], {"VKRESNET_CACHE": ""}), (["--no-cache"], {})):
            self.run_program("info", "--model", "tiny", *arguments,
                             environment=self.environment(**values), status=1, errors=message)
        self.run_program(
            "info", "--model", "tiny", environment=self.environment(), status=1, errors=[
                f"switched off. Download https://nowhere.invalid/{self.entry['file']} in another "
                f"way and put it at {self.cached()}"
            ])


class Model(HubTest):
    def info(self, *arguments, model="tiny"):
        return self.run_json("info", "--model", model, *arguments, environment=self.environment())

    def test_transform(self):
        """The name's transform, unless the file's metadata or an option says otherwise."""
        self.register({
            **self.entry, "mean": [0.5, 0.25, 0.125], "std": [1, 2, 3], "interpolation": "bicubic"
        })
        self.put(self.cached(), self.content)
        model = self.info()
        self.assertEqual(model["model"], "tiny:TEST_V1")
        self.assertEqual(model["transform"], {"resize": 40, "crop": 32, "interpolation": "bicubic",
                                              "mean": [0.5, 0.25, 0.125], "std": [1, 2, 3]})
        self.assertEqual(self.info("--resize", "50")["transform"]["resize"], 50)
        # What is written from it has the same transform, and so the file by itself.
        copy = self.path("copy.safetensors")
        self.run_program("convert", "tiny:V1", copy, "--quiet", environment=self.environment())
        self.assertEqual(self.info(model=copy)["transform"], model["transform"])
        self.assertEqual(self.info(model=copy)["model"], "tiny:TEST_V1")
        # The metadata of a file wins.
        with open(copy, "rb") as file:
            content = file.read()
        other = entry(content, "other", resize=99, crop=98)
        self.register(other)
        self.put(self.cached(other["file"]), content)
        self.assertEqual(self.info(model="other"), self.info(model=copy))

    def test_random(self):
        """bench and profile never download; the others never draw."""
        for arguments in (["info", "--model",
                           "tiny"], ["convert", "tiny",
                                     self.path("x.safetensors")]):
            self.run_program(*arguments, environment=self.environment(), status=1,
                             errors=["tiny:TEST_V1 is not"])
        self.assertFalse(os.path.exists(self.path("x.safetensors")))


class Hashes(HubTest):
    """Only in builds with OpenSSL."""

    def test_wrong_hash(self):
        wrong = bytes([self.content[0] ^ 1]) + self.content[1:]
        path = self.put(self.cached(), wrong)
        self.assertEqual(self.place(errors=[f"{path}: not used: its SHA-256 is "]), (None, None))
        # That it is wrong is remembered, and said again; a new file is looked at anew.
        self.assertEqual(self.place(errors=["not used"]), (None, None))
        self.put(self.cached(), self.content)
        self.assertEqual(self.place(), ("cache", path))

    def test_prefix(self):
        """The registry may know a few digits of the hash alone, and the size only roughly."""
        del self.entry["bytes"]
        self.register({
            **self.entry, "sha256": self.entry["sha256"][:8], "min_bytes": len(self.content) - 500,
            "max_bytes": len(self.content) + 500
        })
        self.put(self.cached(), self.content)
        self.assertEqual(self.place()[0], "cache")
        self.put(self.cached(), self.content + b"x")
        self.assertEqual(self.place(errors=["not used: its SHA-256"])[0], None)
        self.put(self.cached(), self.content + bytes(501))
        self.assertEqual(
            self.place(
                errors=[f"should have {len(self.content) - 500} to {len(self.content) + 500}"])[0],
            None)

    def test_remembered(self):
        """A file that has not changed is not read again: shown by one that claims not to have."""
        path = self.put(self.cached(), self.content)
        self.assertEqual(self.place()[0], "cache")
        notes = [name for name in os.listdir(self.path("cache/hub")) if name.startswith("sha256-")]
        self.assertEqual(len(notes), 1)
        times = os.stat(path)
        wrong = bytes([self.content[0] ^ 1]) + self.content[1:]
        self.put(path, wrong)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.assertEqual(self.place()[0], "cache")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
        self.assertEqual(self.place(errors=["not used"])[0], None)
        # A damaged note counts as none.
        self.put(path, self.content)
        self.put(self.path("cache/hub", notes[0]), b"damaged")
        self.assertEqual(self.place()[0], "cache")

    def test_unreadable(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        path = self.put(self.cached(), self.content)
        os.chmod(path, 0)
        self.addCleanup(os.chmod, path, stat.S_IRUSR | stat.S_IWUSR)
        self.assertEqual(self.place(errors=["cannot be read"])[0], None)
