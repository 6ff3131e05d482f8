"""Faults around the program: drivers, layers, the loader, its standard streams."""

import json
import os
import subprocess
import unittest

import files
import program
from program import RANDOM, ProgramTest


@unittest.skipUnless(os.name == "posix", "POSIX's loader and streams")
class Surroundings(ProgramTest):
    def drivers(self, *more):
        """The driver that is tested, with others before it."""
        names = ":".join((*more, os.environ["VK_DRIVER_FILES"]))
        return {"VK_DRIVER_FILES": names, "VK_ICD_FILENAMES": names}

    def complaint(self, *arguments, environment, status=1):
        done = self.start(*arguments, environment=environment)
        self.assertEqual(done.returncode, status, done.stderr)
        line, = done.stderr.decode().splitlines()
        return line

    def test_driver_without_devices(self):
        if not program.FAULTS or "VK_DRIVER_FILES" not in os.environ:
            self.skipTest("no headers for drivers, or no driver's file")
        broken = os.path.join(program.FAULTS, "broken_driver.json")
        alone = {"VK_DRIVER_FILES": broken, "VK_ICD_FILENAMES": broken}
        for environment in (self.drivers(broken), alone):
            done = self.start("info", environment=environment)
            if done.returncode == 0 and environment is not alone:
                continue  # a new loader passes over it
            line, = done.stderr.decode().splitlines()
            self.assertEqual(done.returncode, 1)
            self.assertIn("vkEnumeratePhysicalDevices: VK_ERROR_INITIALIZATION_FAILED", line)
            self.assertIn("VK_DRIVER_FILES", line)

    def test_manifest_that_is_not_json(self):
        if "VK_DRIVER_FILES" not in os.environ:
            self.skipTest("no driver's file")
        environment = self.drivers(self.write("bad.json", b"not json"))
        done = self.start("info", "--json", environment=environment)
        if done.returncode == 0:  # a new loader passes over it
            self.assertTrue(json.loads(done.stdout)["devices"])
        else:
            line, = done.stderr.decode().splitlines()
            self.assertIn("is not JSON", line)

    def test_loader_that_is_none(self):
        library = self.path("libvulkan.so.1")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library],
                       input=b"int nothing;", check=True)
        line = self.complaint("info", environment={"LD_LIBRARY_PATH": self.folder,
                                                   "LD_PRELOAD": None})
        self.assertIn("libvulkan.so.1 is not a Vulkan loader: it lacks vkGetInstanceProcAddr", line)

    def test_layer_that_fails(self):
        if not program.FAULTS:
            self.skipTest("no headers for layers")
        for what, expected in (("instance", "vkCreateInstance: VK_ERROR_INITIALIZATION_FAILED"),
                               ("device", "vkCreateDevice: VK_ERROR_EXTENSION_NOT_PRESENT")):
            line = self.complaint("bench", *RANDOM, "--repeats=1", environment={
                "VK_INSTANCE_LAYERS": "VK_LAYER_VRN_faulty", "VK_LAYER_PATH": program.FAULTS,
                "VRN_FAULTY_LAYER": what})
            self.assertIn(expected, line)
            self.assertIn("VK_LAYER_VRN_faulty", line)

    def test_processor_is_named(self):
        chosen, = [d for d in self.run_json("info")["devices"] if d["chosen"]]
        if chosen["type"] != "CPU":
            self.skipTest("a GPU")
        self.run_program("bench", *RANDOM, "--repeats=1")
        self.assertIn(chosen["name"].encode(), self.notes)
        self.assertTrue(self.notes.startswith(program.PROCESSOR))
        for options in (("--quiet",), ("--device", str(chosen["index"]))):
            self.run_program("bench", *RANDOM, "--repeats=1", *options)
            self.assertEqual(self.notes, b"")

    def test_closed_streams(self):
        """What is said never lands in a file that the program writes."""
        self.write("a.png", files.png(40, 40, lambda x, y: (x, y, 0)))
        self.write("bad.png", b"")
        labels = self.write("labels.csv", b"a.png,0\nbad.png,1\n")
        arrays = []
        for closed in (None, 0, 1, 2):
            arrays.append(self.path(f"{closed}.npy"))
            done = subprocess.run(
                [program.PROGRAM, "eval", *RANDOM, "--labels", labels, "--logits", arrays[-1]],
                check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                preexec_fn=None if closed is None else lambda fd=closed: os.close(fd))
            self.assertEqual(done.returncode, 1)
        contents = [open(name, "rb").read() for name in arrays if os.path.exists(name)]
        self.assertEqual(len(contents), 4)
        self.assertEqual(len(set(contents)), 1)
