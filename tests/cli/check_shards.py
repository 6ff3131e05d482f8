"""Parts of the work: --shard, Slurm's job arrays, several devices."""

import json
import os

import program
from check_images import picture
from program import RANDOM, ProgramTest

SAME = (*RANDOM, "--kernel=conv_direct")  # the same bytes, whatever the batch


class Shards(ProgramTest):
    def setUp(self):
        super().setUp()
        for seed in range(7):
            self.write(f"{seed}.png", picture(seed))
        self.all = self.classify()

    def classify(self, *arguments, environment=None, **options):
        return self.run_program("classify", *SAME, self.folder, *arguments, environment=environment,
                                **options).splitlines()

    def test_parts_are_the_whole(self):
        self.assertEqual(len(self.all), 7)
        for count in (1, 2, 3, 7, 9):
            for first in (0, 1):  # numbers may begin at either
                parts = [
                    self.classify("--shard", f"{i}/{count}") for i in range(first, first + count)
                ]
                self.assertEqual(sorted(sum(parts, [])), sorted(self.all))
                self.assertLessEqual(max(map(len, parts)) - min(map(len, parts)), 1)
        self.assertEqual(self.classify("--shard", "1/3", "--batch", "2"), self.all[1::3])
        self.assertEqual(self.classify("--shard", "8/9"), [])

    def test_slurm(self):
        def task(number, count, errors=("part",), **others):
            names = {"ID": number, "COUNT": count, **others}
            variables = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in names.items()}
            return self.classify(environment=variables, errors=errors, status=errors != ("part",))

        self.assertEqual(task(1, 2), self.all[1::2])
        self.assertEqual(task(2, 2), self.all[::2])
        self.assertEqual(task(3, 3, MIN=1, MAX=3), self.all[2::3])
        self.assertEqual(task(30, 3, MIN=10, MAX=30, STEP=10), self.all[2::3])
        self.assertEqual(
            self.classify("--shard", "0/1",
                          environment={"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "2"}),
            self.all)
        self.assertEqual(task(9, 3, errors=["SLURM_ARRAY_TASK_ID: 9"]), [])
        self.assertEqual(task("x", 3, errors=["SLURM_ARRAY_TASK_ID: expected a number, found 'x'"]),
                         [])
        self.assertEqual(task(0, 0, errors=["SLURM_ARRAY_TASK_COUNT"]), [])

    def test_wrong_parts(self):
        for text in ("1", "4/3", "1/0", "/", "-1/2", "1/2/3", "a/b", "1/9999999",
                     "123456789012345678/2"):
            self.usage("classify", *RANDOM, self.folder, "--shard", text,
                       expected="--shard: expected I/N")

    def test_all_devices(self):
        self.assertEqual(self.classify("--device", "all", "--batch", "2"), self.all)
        for command in (["bench", *RANDOM], ["profile", *RANDOM], ["selftest"]):
            self.run_program(*command, "--device", "all", status=2, errors=["one device"])

    def test_several_devices(self):
        """Whatever drivers there are besides take part: results agree to what one and another
        round."""
        drivers = os.environ.get("VRN_TEST_ALL_DRIVERS", "")
        if ":" not in drivers or "LSAN_OPTIONS" in os.environ:
            self.skipTest("needs VRN_TEST_ALL_DRIVERS with two drivers")
        environment = {"VK_DRIVER_FILES": drivers}
        devices = self.run_json("info", environment=environment)["devices"]
        self.assertGreaterEqual(len(devices), 2)
        found = self.classify("--device", "all", "--batch", "1", "--json", environment=environment)
        expected = self.classify("--json")
        self.assertEqual(len(found), len(expected))
        for a, b in zip(map(json.loads, found), map(json.loads, expected)):
            self.assertEqual(a["file"], b["file"])
            for x, y in zip(a["top"], b["top"]):
                self.assertAlmostEqual(x["probability"], y["probability"], delta=1e-5)
        if program.DATA:
            labels = os.path.join(program.DATA, "cifar10", "labels.csv")
            if os.path.exists(labels):
                model = os.path.join(program.MODELS, "resnet20-cifar10.safetensors")
                counts = self.run_json("eval", "--model", model, "--labels", labels, "--device",
                                       "all", environment=environment)
                self.assertEqual((counts["images"], counts["top1_count"]), (500, 448))
                self.assertIn(" + ", counts["device"])
