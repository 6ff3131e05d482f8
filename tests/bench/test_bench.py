#!/usr/bin/env python3
"""The scripts of bench/ work: tables and plots from known figures, workers that fail, and one short
comparison with PyTorch where that is installed.

    test_bench.py BUILD_FOLDER

Exits with 77 where the comparison had to be left out: no PyTorch, or no Vulkan device.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

sys.dont_write_bytecode = True
BENCH = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
sys.path.insert(0, BENCH)

import cell
import engines
import report

BUILD = ""
MISSING = []


def made_up_results():
    base = {
        "model": "resnet18", "batch": 2, "height": 64, "width": 64, "error": 1e-6, "device": "D",
        "device_driver": "V"
    }
    ours = {
        **base, "name": "vkresnet", "title": "VkResNet", "engine": "vkresnet 1", "driver": "one",
        "best_ms": 9.0, "median_ms": 10.0, "round_ms": [10.0, 20.0], "best_gflops": 5.0,
        "share": 0.05, "cold_ms": 100.0, "warm_ms": 50.0
    }
    other = {
        **base, "name": "torch", "title": "A & B", "engine": "B 2", "driver": "", "best_ms": 25.0,
        "median_ms": 30.0, "round_ms": [30.0, 60.0], "best_gflops": 2.0, "share": 0.02
    }
    out = {**base, "name": "mnn", "title": "MNN", "driver": "one", "reason": "no backend"}
    return {"date": "2000-01-01", "machine": "M", "rounds": 2, "seconds": 1, "device": "cpu",
            "peak": {"gflops": 100.0, "copy_gb_s": 10.0}, "peaks": [{"gflops": 90.0}],
            "cells": [out, other, ours]}


class Drivers(unittest.TestCase):
    def test_icd(self):
        self.assertEqual(cell.driver_prefix(""), [])
        self.assertEqual(cell.driver_environment(""), {})
        with tempfile.NamedTemporaryFile(suffix=".json") as icd:
            self.assertEqual(cell.driver_prefix(icd.name), [])
            self.assertEqual(cell.driver_environment(icd.name)["VK_DRIVER_FILES"], icd.name)

    def test_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(engines.Unavailable, "libvulkan_lvp.so"):
                cell.driver_prefix(folder)
            files = {}
            for name in ("usr/share/vulkan/icd.d/lvp_icd.json", "usr/lib64/ld-linux-x86-64.so.2",
                         "usr/lib/x86_64-linux-gnu/libvulkan_lvp.so"):
                files[name] = os.path.join(folder, "root", name)
                os.makedirs(os.path.dirname(files[name]), exist_ok=True)
                with open(files[name], "w", encoding="utf-8"):
                    pass
            icd, loader, driver = files.values()
            self.assertEqual(cell.driver_environment(folder)["VK_DRIVER_FILES"], icd)
            self.assertEqual(cell.driver_prefix(folder),
                             [loader, "--library-path", os.path.dirname(driver)])


class Reports(unittest.TestCase):
    def test_table(self):
        text = report.compare_text(made_up_results())
        rows = [line for line in text.splitlines() if line.startswith("| ")]
        self.assertEqual(len(rows), 4, text)
        self.assertIn("| vkresnet 1 | one | 9.0 | 10.0 | 5.0 | 5.0 % | 1.00 |", rows[2])
        self.assertIn("| B 2 |  | 25.0 | 30.0 | 15.0 | 2.0 % | 3.00 |", rows[3])
        self.assertIn("- MNN on one: no backend", text)

    def test_plot(self):
        results = made_up_results()
        root = xml.etree.ElementTree.fromstring(report.plot(results))
        dots = [item for item in root.iter() if item.tag.endswith("circle")]
        self.assertEqual(len(dots), 2)
        self.assertLess(float(dots[0].get("cx")), float(dots[1].get("cx")))
        xml.etree.ElementTree.fromstring(report.plot({**results, "cells": []}))

    def test_section(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write("head\n<!-- x: begin -->\nold\n<!-- x: end -->\ntail\n")
            report.replace_section(path, "x", "new\n")
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(),
                                 "head\n<!-- x: begin -->\n\nnew\n\n<!-- x: end -->\ntail\n")
            self.assertRaises(ValueError, report.replace_section, path, "y", "")

    def test_error(self):
        self.assertEqual(cell.relative_error([3.0, 4.0], [3.0, 4.0]), 0)
        self.assertAlmostEqual(cell.relative_error([3.0, 5.0], [3.0, 4.0]), 0.2)
        for wrong in ([3.0], [3.0, float("nan")]):
            self.assertEqual(cell.relative_error(wrong, [3.0, 4.0]), float("inf"))


class Workers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = os.path.join(folder.name, "log")

    def start(self, script, limit=30.0):
        return cell.Worker([sys.executable, "-c", script], {}, self.log, limit)

    def refused(self, script, reason, limit=30.0):
        with self.assertRaises(engines.Unavailable) as caught:
            self.start(script, limit)
        self.assertIn(reason, str(caught.exception))

    def test_answers(self):
        worker = self.start("import sys\nprint('{}', flush=True)\nfor line in sys.stdin: print("
                            "'{\"ms\": [%g]}' % float(line), flush=True)")
        self.assertEqual(worker.measure(0.5, 30), [0.5])
        self.assertEqual(worker.measure(2, 30), [2])
        self.assertEqual(worker.stop(), 0)

    def test_idle_is_stopped(self):
        worker = self.start("print('{}', flush=True)\nwhile True: pass")
        begin = worker.cpu_seconds()
        time.sleep(0.5)
        if begin is not None:
            self.assertLess(worker.cpu_seconds() - begin, 0.25)
        worker.stop(kill=True)

    @unittest.skipUnless(sys.platform == "linux", "Linux's prctl")
    def test_no_worker_outlives_the_script(self):
        script = (
            f"import sys; sys.path.insert(0, {BENCH!r}); import cell, os; worker = cell.Worker("
            f"[sys.executable, '-c', \"print('{{}}', flush=True); input()\"],"
            f" {{}}, {self.log!r}, 30); print(worker.process.pid, flush=True); "
            f"os.kill(os.getpid(), 9)"
        )
        done = subprocess.run([sys.executable, "-B", "-c", script], capture_output=True, text=True,
                              check=False)
        pid = int(done.stdout)
        for _ in range(100):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        os.kill(pid, 9)
        self.fail("it is still there")

    def test_failures(self):
        self.refused("print('{\"error\": \"none today\"}')", "none today")
        self.refused("import sys; sys.exit('lost')", "lost")
        self.refused("import os; os.kill(os.getpid(), 9)", "signal 9")
        self.refused("print('hello')", "not an answer: hello")
        self.refused("import time; time.sleep(60)", "no answer within", limit=0.2)

    def test_death_between_turns(self):
        worker = self.start("print('{}', flush=True); input()")
        with self.assertRaises(engines.Unavailable):
            worker.measure(1, 30)


class Programs(unittest.TestCase):
    def run_program(self, *arguments):
        return subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=900, check=False)

    def test_peak(self):
        done = self.run_program(os.path.join(BUILD, "vkresnet_peak"), "--json", "--seconds", "0.2")
        peak = json.loads(done.stdout)
        self.assertGreater(peak["gflops"], 0.1)
        self.assertGreater(peak["copy_gb_s"], 0.01)
        self.assertGreaterEqual(peak["threads"], 1)
        self.assertEqual(
            self.run_program(os.path.join(BUILD, "vkresnet_peak"), "--sec").returncode, 2)

    def without(self, what):
        if what not in MISSING:
            MISSING.append(what)
        self.skipTest(f"no {what}")

    def need_device(self):
        """The program's path, where there is a Vulkan device to run it on."""
        program = os.path.join(BUILD, "vkresnet")
        done = self.run_program(program, "info", "--json")
        if done.returncode != 0 or not any(device["score"] > 0
                                           for device in json.loads(done.stdout)["devices"]):
            self.without("Vulkan device")
        return program

    def test_growth(self):
        program = self.need_device()
        done = self.run_program(sys.executable, "-B", os.path.join(BENCH, "growth.py"), "--program",
                                program, "--quick")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| resnet34 |", done.stdout)

    def test_python_overhead(self):
        self.need_device()
        package = os.path.join(BUILD, "python")
        python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
        found = self.run_program(python, "-c", f"import sys; sys.path.insert(0, {package!r})\n"
                                 "import vkresnet")
        if found.returncode != 0:
            self.without("Python package with NumPy")
        done = self.run_program(python, "-B", os.path.join(BENCH, "python_overhead.py"),
                                "--package", package, "--library",
                                os.path.join(BUILD, "libvkresnet.so"), "--seconds", "0.1",
                                "--case", "resnet8:1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^resnet8 +1 +\d+ wall .*%$")
        self.assertRegex(done.stdout, r"(?m)^ *resnet8 +1 +\d+ thread .*%$")

    def test_compare(self):
        self.need_device()
        with tempfile.TemporaryDirectory() as work:
            installation = engines.Installation(work, [])
            installation.install = lambda environment: None  # nothing is downloaded by a test
            if not installation.python("torch"):
                self.without("PyTorch")
            path, docs = os.path.join(work, "out.json"), os.path.join(work, "out.md")
            with open(docs, "w", encoding="utf-8") as file:
                file.write("<!-- compare: begin -->\n<!-- compare: end -->\n")
            done = self.run_program(sys.executable, "-B", os.path.join(BENCH,
                                                                       "compare"), "--build", BUILD,
                                    "--work", work, "--models", "resnet18", "--size", "64x64",
                                    "--engines", "vkresnet,torch", "--rounds", "2", "--seconds",
                                    "0.1", "--no-start", "--json", path, "--docs", docs)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path, encoding="utf-8") as file:
                results = {result["name"]: result for result in json.load(file)["cells"]}
            for name in ("vkresnet", "torch"):
                self.assertLess(results[name]["error"], 1e-5)
                self.assertGreater(results[name]["median_ms"], 0)
                self.assertEqual(len(results[name]["round_ms"]), 2)
            with open(os.path.join(work, "out.svg"), encoding="utf-8") as file:
                self.assertIn("PyTorch", file.read())


def main():
    global BUILD
    BUILD = os.path.abspath(sys.argv.pop(1))
    done = unittest.main(exit=False).result
    if not done.wasSuccessful():
        return 1
    if MISSING:
        print(f"skipped: no {' and no '.join(MISSING)}")
    return 77 if MISSING else 0


if __name__ == "__main__":
    sys.exit(main())
