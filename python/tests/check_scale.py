#!/usr/bin/env python3
"""Runs test_scale.py with Dask and Ray, from a package index, in a separate environment.

    check_scale.py PACKAGE_FOLDER PROGRAM FOLDER

Exits with 77 where there is no index or no pytest.
"""

import pathlib
import subprocess
import sys

from check_wheel import make_environment, skip


def main():
    package, program, folder = sys.argv[1:]
    here = pathlib.Path(__file__).resolve().parent
    python = make_environment(sys.executable, pathlib.Path(folder), "--system-site-packages",
                              packages=["distributed", "ray[data]"])
    if python is None:
        skip("pip has no index of packages")
    return subprocess.run([python, "-B", here / "run.py", package, program, "-k", "test_scale"],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
