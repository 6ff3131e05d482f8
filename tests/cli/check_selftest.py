"""selftest: on the driver as it is, and as a layer makes it."""

import json

import program
from program import RANDOM, ProgramTest


class Selftest(ProgramTest):
    def test_all(self):
        chosen, = [device for device in self.run_json("info")["devices"] if device["chosen"]]
        result = self.run_json("selftest")
        self.assertEqual((result["device"], result["verdict"]), (chosen["name"], "right"))
        self.assertEqual((result["wrong"], result["operators_broken"], result["replays_differ"]),
                         (0, 0, 0))
        self.assertEqual(result["replays"], 100)
        self.assertLessEqual(result["fusion_error"], 1e-5)
        *kernels, replay, fusion = result["entries"]
        self.assertEqual((replay["op"], replay["kernel"], replay["cases"]),
                         ("network", "replay", 100))
        self.assertEqual((fusion["op"], fusion["kernel"]), ("network", "fusion"))
        run = [entry for entry in kernels if entry["skipped"] is None]
        self.assertEqual((len(run), len(kernels) - len(run)),
                         (result["kernels"], result["skipped"]))
        self.assertEqual(sum(entry["cases"] for entry in run), result["cases"])
        for entry in run:
            self.assertGreater(entry["cases"], 0)
            self.assertEqual((entry["wrong"], entry["failure"], entry["first"]), (0, None, None))
            self.assertTrue(0 <= entry["worst"] <= 1)

    def test_table(self):
        arguments = ("selftest", "--kernel", "max_pool", "--thorough")
        lines = self.run_program(*arguments).splitlines()
        self.assertEqual(lines[0].split(), ["operator", "kernel", "cases", "error", "verdict"])
        self.assertEqual(lines[1].split()[:2], ["max_pool", "max_pool"])
        for line in lines[1:-2]:
            self.assertTrue(line.endswith(" right"), line)
        self.assertEqual([line.split()[1] for line in lines[-4:-2]], ["replay", "fusion"])
        self.assertEqual(lines[-2], "")
        self.assertTrue(lines[-1].endswith(" s: all right"), lines[-1])
        left_out = self.start(*arguments, "--without=texel-buffers", "--verbose").stdout.decode()
        self.assertRegex(left_out,
                         r"(?m)^max_pool +max_pool_texel +- +- +not run: needs texel buffers$")
        self.assertIn(", 1 not run, ", left_out)

    def test_no_such_kernel(self):
        """Nothing that was tested is not all right."""
        words = "kernel 'conv_tyle': no kernel's name begins with this"
        self.fails("selftest", "--kernel", "conv_tyle", expected=words)
        self.fails("bench", *RANDOM, "--kernel", "conv_tyle", expected=words)

    def test_faulty_driver(self):
        if not program.FAULTS:
            self.skipTest("no headers for layers")
        faulty = {"VK_INSTANCE_LAYERS": "VK_LAYER_VRN_faulty", "VK_LAYER_PATH": program.FAULTS}
        done = self.start("selftest", "--kernel=avg_pool", environment=faulty)
        text, complaint = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, 1, complaint)
        self.assertRegex(
            text,
            r"(?m)^avg_pool +avg_pool +3 .* WRONG in [123]; average .*: \[n 0, y 0, x 0, c 0\] is ")
        self.assertRegex(text.splitlines()[-1], r" s: WRONG")
        self.assertIn("warning: ", complaint)
        self.assertIn("kernel avg_pool is wrong in ", complaint)
        self.assertIn("wrong kernels: ", complaint.splitlines()[-1])

        done = self.start("selftest", "--kernel=avg_pool", "--json", "--quiet", environment=faulty)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1))
        found = json.loads(done.stdout)
        self.assertNotEqual(found["verdict"], "right")
        entry, = [entry for entry in found["entries"] if entry["kernel"] == "avg_pool"]
        self.assertGreater(entry["wrong"], 0)
        self.assertEqual(entry["first"]["position"], [0, 0, 0, 0])
        self.assertNotEqual(entry["first"]["expected"], entry["first"]["found"])
