"""Runs a killed part again: eval in parts, as separate processes and under GNU parallel.
"""

import json
import os
import shutil
import signal
import subprocess
import time

import program
from check_images import picture
from program import RANDOM, ProgramTest, sanitizer_environment

IMAGES = 40
COUNTS = ("images", "wrong", "top1_count", "top5_count")


class Scale(ProgramTest):
    def setUp(self):
        super().setUp()
        for seed in range(IMAGES):
            self.write(f"{seed}.png", picture(seed))
        lines = "".join(f"{seed}.png,{seed % 10}\n" for seed in range(IMAGES))
        self.labels = self.write("labels.csv", b"file,label\n" + lines.encode())
        self.command = ("eval", *RANDOM, "--labels", self.labels, "--batch", "1",
                        "--kernel=conv_direct", "--json")
        self.whole = self.counts(self.run_program(*self.command))

    def counts(self, text):
        found = json.loads(text)
        return [found[key] for key in COUNTS], sorted(found["confusion"])

    def part(self, index, count):
        path = self.path(f"part-{index}.json")
        self.write(path, self.run_program(*self.command, "--shard", f"{index}/{count}").encode())
        return path

    def test_parts(self):
        self.assertEqual(self.whole[0][0], IMAGES)
        for count in (1, 2, 4):
            parts = [self.part(i, count) for i in range(count)]
            self.assertEqual(self.counts(self.run_program("merge", "--json", *parts)), self.whole)

    def test_killed_part(self):
        parts = [self.part(i, 3) for i in (0, 2)]
        lost = self.path("part-1.json")
        environment = {**os.environ, **sanitizer_environment(())}
        with open(lost, "wb") as out:
            process = subprocess.Popen([program.PROGRAM, *self.command, "--shard", "1/3"],
                                       stdout=out, env=environment)
            time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            self.assertEqual(process.wait(), -signal.SIGKILL)
        self.run_program("merge", "--json", *parts, lost, status=1, errors=["1 of 3"])
        self.assertEqual(self.counts(self.run_program("merge", "--json", *parts, self.part(1, 3))),
                         self.whole)

    def test_gnu_parallel(self):
        tool = shutil.which("parallel")
        if not tool or b"GNU" not in subprocess.run([tool, "--version"], capture_output=True,
                                                    check=False).stdout:
            self.skipTest("needs GNU parallel")
        line = " ".join(
            [program.PROGRAM, *self.command, "--shard", "{}/4", ">",
             self.path("part-{}.json")])
        subprocess.run(
            [tool, "--joblog",
             self.path("jobs.log"), "-j2", line, ":::", "0", "1", "2", "3"], check=True,
            env={**os.environ,
                 **sanitizer_environment(()), "HOME": self.folder}, stderr=subprocess.DEVNULL)
        parts = [self.path(f"part-{i}.json") for i in range(4)]
        self.assertEqual(self.counts(self.run_program("merge", "--json", *parts)), self.whole)
