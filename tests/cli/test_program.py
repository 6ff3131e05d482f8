#!/usr/bin/env python3
"""Tests the program: test_program.py PROGRAM MODELS DATA FAULTS [CHECKS]

MODELS is the folder of the shipped model, DATA that of real weights and images, FAULTS that of a
layer that makes a driver faulty; what needs them is skipped where they are absent. CHECKS is a
pattern of the files beside this one that hold the tests, without it check_*.py. Exits with 77 where
there is no Vulkan device, unless VRN_TEST_REQUIRE_DEVICE is set.
"""

import json
import os
import subprocess
import sys
import unittest

import program


def has_device():
    done = subprocess.run([program.PROGRAM, "info", "--json"], capture_output=True, check=False)
    return done.returncode == 0 and any(d["score"] > 0 for d in json.loads(done.stdout)["devices"])


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def main():
    program.PROGRAM, program.MODELS, program.DATA, program.FAULTS = sys.argv[1:5]
    if not has_device() and not os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
        print("no Vulkan device: skipped")
        return 77
    folder = os.path.dirname(os.path.abspath(__file__))
    suite = unittest.defaultTestLoader.discover(folder, (sys.argv + ["check_*.py"])[5])
    if os.environ.get("VRN_TEST_QUICK"):
        suite = unittest.TestSuite(list(flat(suite))[::4])
    if suite.countTestCases() == 0:
        print("no tests were found")
        return 1
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
