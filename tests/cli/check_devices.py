"""info, bench and profile: devices and measurements."""

import json
import os

import files
from program import RANDOM, ProgramTest


class Devices(ProgramTest):
    def test_list(self):
        devices = self.run_json("info")["devices"]
        self.assertEqual([device["index"] for device in devices], list(range(len(devices))))
        self.assertEqual(sum(device["chosen"] for device in devices), 1)
        chosen, = [device for device in devices if device["chosen"]]
        self.assertEqual(chosen["score"], max(device["score"] for device in devices))
        self.assertGreater(chosen["memory_bytes"], 0)
        self.assertRegex(chosen["vulkan"], r"^1\.[1-9]\d*\.\d+$")
        text = self.run_program("info")
        self.assertIn(f"* {chosen['index']}: {chosen['name']}\n", text)

    def test_selection(self):
        chosen, = [device for device in self.run_json("info")["devices"] if device["chosen"]]
        for selection in (str(chosen["index"]), chosen["name"][:4].upper()):
            again = self.run_json("info", "--device", selection)["devices"][chosen["index"]]
            self.assertTrue(again["chosen"])
            # A list says what an opened device has: without what its driver's quirks take away.
            self.assertEqual(again["capabilities"], chosen["capabilities"])
        for name in chosen["capabilities"]:
            left = self.run_json("info", "--device", str(chosen["index"]), "--without",
                                 name.replace(" ", "-"))
            self.assertNotIn(name, left["devices"][chosen["index"]]["capabilities"])
        for selection in ("99", "no such device", "-1"):
            self.run_program("info", "--device", selection, status=1, errors=[selection])

    def test_cache_folder(self):
        def cache(*arguments, **environment):
            found = self.run_json("info", *arguments, environment=environment)["cache"]
            text = self.run_program("info", *arguments, environment=environment)
            self.assertIn(f"are kept in: {found}" if found else "are not kept", text)
            return found

        self.assertEqual(cache(VKRESNET_CACHE="/a/b", XDG_CACHE_HOME="/c", HOME="/d"), "/a/b")
        self.assertIsNone(cache(VKRESNET_CACHE="", XDG_CACHE_HOME="/c", HOME="/d"))
        self.assertIsNone(cache("--no-cache", VKRESNET_CACHE="/a/b"))
        self.assertEqual(cache(VKRESNET_CACHE=None, XDG_CACHE_HOME="/c", HOME="/d"), "/c/vkresnet")
        for unfit in (None, "", "relative"):
            self.assertEqual(cache(VKRESNET_CACHE=None, XDG_CACHE_HOME=unfit, HOME="/d"),
                             "/d/.cache/vkresnet")
        self.assertIsNone(cache(VKRESNET_CACHE=None, XDG_CACHE_HOME=None, HOME=None))

    def test_cache_that_cannot_be(self):
        file = self.write("file", b"no folder")
        for folder, good in ((self.folder, True), (self.path("new", "folder"), True),
                             (file, False), (os.path.join(file, "below"), False)):
            environment = {"VKRESNET_CACHE": folder}
            self.assertIs(self.run_json("info", environment=environment)["cache_writable"], good)
            text = self.run_program("info", environment=environment)
            self.assertEqual(text.endswith(folder + "\n"), good, text)
            self.assertEqual("not writable: nothing is kept" in text, not good)
        self.assertFalse(os.path.exists(self.path("new")))

    def test_cache_troubles(self):
        """Whatever becomes of the folder, the program says nothing and does its work."""
        file = self.write("file", b"no folder")
        for folder in (self.path("new", "folder"), self.path("new", "folder"), file,
                       file + "/below", "/proc/vkresnet"):
            self.run_program("bench", *RANDOM, "--size=32x32", "--repeats=1",
                             environment={"VKRESNET_CACHE": folder})

    def test_kernels(self):
        chosen, = [device for device in self.run_json("info")["devices"] if device["chosen"]]
        arguments = ("info", "--kernels", "--arch", "resnet8", "--size", "32x32", "--batch", "2")
        if "pipeline statistics" not in chosen["capabilities"]:
            self.run_program(*arguments, status=1, errors=["VK_KHR_pipeline_executable_properties"])
            self.run_program(*arguments, "--json", status=1,
                             errors=["VK_KHR_pipeline_executable_properties"])
        else:
            kernels = self.run_json(*arguments)["kernels"]
            self.assertTrue(all(kernel["chosen"] for kernel in kernels))
            self.assertEqual(kernels[0]["in"], [3, 32, 32])
            self.run_program(*arguments, "--without=pipeline-statistics", status=1,
                             errors=["--without"])
        self.run_program("info", "--kernels", "--arch", "no_such_net", status=1,
                         errors=["no_such_net"])

    def test_validation(self):
        """The validation layer has nothing to say about any command."""
        probe = self.start("info", "--validation")
        if b"not installed" in probe.stderr:
            self.skipTest("the validation layer is not installed")
        self.assertEqual((probe.returncode, probe.stderr), (0, b""))
        files.write_npy(self.path("x.npy"), (3, 3, 32, 32), [0.25] * (9 * 1024))
        image = self.write("a.png", files.png(50, 40, lambda x, y: (x, y, x ^ y)))
        self.run_program("infer", *RANDOM, "--input", self.path("x.npy"), "--output",
                         self.path("y.npy"), "--batch=2", "--tap", "layer2=" + self.path("t.npy"),
                         "--validation")
        self.run_program("classify", *RANDOM, image, "--validation")
        self.run_program("bench", *RANDOM, "--repeats=2", "--validation")
        self.run_program("selftest", "--kernel=conv_w", "--validation")


class Measurements(ProgramTest):
    def test_bench(self):
        keys = {
            "model", "device", "precision", "batch", "height", "width", "median_ms", "min_ms",
            "gpu_ms", "images_per_s", "gflops", "load_ms", "compile_ms", "first_ms", "device_bytes",
            "activation_bytes", "dispatches", "peak_gflops", "peak_gb_s", "share", "host_us",
            "submit_us"
        }
        result = self.run_json("bench", *RANDOM, "--batch", "2", "--size", "40x48", "--repeats",
                               "3")
        self.assertLessEqual(keys, set(result))
        self.assertEqual((result["model"], result["precision"]), ("resnet8", "fp32"))
        self.assertEqual((result["batch"], result["height"], result["width"]), (2, 40, 48))
        self.assertTrue(0 < result["min_ms"] <= result["median_ms"])
        self.assertAlmostEqual(result["images_per_s"] * result["median_ms"] / 2000, 1, places=3)
        for key in ("gflops", "compile_ms", "first_ms", "device_bytes", "activation_bytes",
                    "dispatches", "peak_gflops", "peak_gb_s", "host_us", "submit_us"):
            self.assertGreater(result[key], 0, key)
        self.assertAlmostEqual(result["share"] / (100 * result["gflops"] / result["peak_gflops"]),
                               1, places=3)

    def test_bench_by_name(self):
        text = self.run_program("bench", "--model", "resnet8", "--repeats=1",
                                errors=["random weights"])
        self.assertIn("images", text)
        self.run_program("bench", "--model", "resnet8", "--repeats=1", "--quiet")

    def test_profile(self):
        trace = self.path("trace.json")
        arguments = ("profile", *RANDOM, "--batch=2", "--repeats=2", "--trace", trace)
        chosen, = [device for device in self.run_json("info")["devices"] if device["chosen"]]
        if "timestamps" not in chosen["capabilities"]:
            self.run_program(*arguments, status=1, errors=["timestamps"])
            return
        result = self.run_json(*arguments)
        self.assertEqual(result["batch"], 2)
        names = [layer["name"] for layer in result["layers"]]
        for name in ("conv1", "layer1.0.conv1", "layer3.0.conv2", "fc"):
            self.assertIn(name, names)
        for layer in result["layers"]:
            self.assertLessEqual(
                {
                    "name", "op", "kernel", "fused", "shape", "gpu_ms", "share", "gflops", "bytes",
                    "why", "rejected", "rejected_ms"
                }, set(layer))
        self.assertAlmostEqual(sum(layer["gpu_ms"] for layer in result["layers"]), result["gpu_ms"],
                               places=3)
        self.assertAlmostEqual(sum(layer["share"] for layer in result["layers"]), 100, places=2)
        self.assertIn([16, 32, 32], [layer["shape"] for layer in result["layers"]])
        one, two = (self.run_json("profile", *RANDOM, f"--batch={batch}", "--repeats=1",
                                  "--kernel=conv_generic") for batch in (1, 2))
        parameters = {
            a["name"]: 2 * a["bytes"] - b["bytes"] for a, b in zip(one["layers"], two["layers"])
        }
        self.assertEqual(parameters["avgpool"], 0)
        self.assertEqual(parameters["conv1"], 4 * (3 * 3 * 3 * 16 + 16))  # once for both images
        with open(trace, encoding="utf-8") as file:
            events = [event for event in json.load(file)["traceEvents"] if event["ph"] == "X"]
        self.assertEqual([event["name"] for event in events], names)
        for before, after in zip(events, events[1:]):
            self.assertGreaterEqual(after["ts"] * (1 + 1e-6),
                                    before["ts"] + before["dur"] * (1 - 1e-6))
        text = self.run_program(*arguments[:-2])
        self.assertEqual(len(text.splitlines()), len(names) + 2)

    def test_tune(self):
        """Measured once, then found in the cache, by every command; nothing is said unless it is
        asked for."""
        chosen, = [device for device in self.run_json("info")["devices"] if device["chosen"]]
        cache = {"VKRESNET_CACHE": self.path("cache")}
        network = ("--arch", "resnet,block=basic,layers=1,planes=8,stem=cifar", "--random-weights",
                   "1", "--size=16x16", "--repeats=2")
        self.run_program("bench", *network, "--tune", environment=cache)
        self.assertTrue(any(name.startswith("tuned-") for name in os.listdir(self.path("cache"))))
        if "timestamps" not in chosen["capabilities"]:
            return
        for more, why in (((), "cache"), (("--tune",), "cache"), (("--no-cache",), "merit"),
                          (("--no-cache", "--tune"), "tuned"), (("--kernel=conv_generic", "--tune"),
                                                                "preferred")):
            layers = self.run_json("profile", *network, *more, environment=cache)["layers"]
            first = layers[0]
            self.assertEqual(first["why"], why)
            self.assertNotIn(first["rejected"], (None, "", first["kernel"]))
            self.assertEqual(first["rejected_ms"] is not None, why in ("cache", "tuned"))
        text = self.run_program("profile", *network, environment=cache)
        self.assertIn(" cache ", text)

    def test_without_timestamps(self):
        self.run_program("profile", *RANDOM, "--without", "timestamps", status=1,
                         errors=["timestamps"])
        self.assertEqual(
            self.run_json("bench", *RANDOM, "--repeats=1", "--without=timestamps")["gpu_ms"], 0)
