#!/usr/bin/env python3
"""Runs the package's tests with pytest.

    run.py PACKAGE_FOLDER PROGRAM [PYTEST_OPTION]...

Exits with 77 where NumPy or pytest is missing, or where every test was skipped.
"""

import os
import sys


class Counter:
    """Counts what ran, for pytest."""

    def __init__(self):
        self.passed = 0

    def pytest_runtest_logreport(self, report):
        self.passed += report.when == "call" and report.passed


def main():
    package, program, *options = sys.argv[1:]
    try:
        import numpy  # noqa: F401
        import pytest
    except ImportError as error:
        print(f"skipped: {error}")
        return 77
    sys.path.insert(0, package)
    os.environ["PYTHONPATH"] = package  # of the interpreters that tests start
    os.environ["VRN_TEST_PROGRAM"] = program
    here = os.path.dirname(os.path.abspath(__file__))
    counter = Counter()
    status = pytest.main(["-q", "-p", "no:cacheprovider", "--durations=3", here, *options],
                         plugins=[counter])
    return 77 if status == 0 and not counter.passed else int(status)


if __name__ == "__main__":
    sys.exit(main())
