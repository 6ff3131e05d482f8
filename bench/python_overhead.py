#!/usr/bin/env python3
"""What a call from Python costs over one from C: the same network, weights and input, in turns.

    python_overhead.py --package BUILD/python --library BUILD/libvkresnet.so [--seconds S]
        [--case ARCH:BATCH]...

Both sides use one session of this process. A pair is a run from C, timed in C, and a run from
Python, timed in Python; which one comes first alternates. Prints the medians, the fastest runs, the
median of the pairs' differences, and its share of C's median. Other work on the machine is in both
sides alike, which is why pairs are compared.
"""

import argparse
import ctypes
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DEFAULT = ["resnet8,planes=8:8:8:1", "resnet18:1", "resnet18:64"]


def build(library, folder):
    """Compiles the C side against the library that the package uses, too."""
    helper = pathlib.Path(folder) / "overhead.so"
    subprocess.run(["cc", "-O2", "-std=c11", "-shared", "-fPIC", f"-I{HERE.parent / 'include'}",
                    HERE / "python_overhead.c", "-o", helper, library,
                    f"-Wl,-rpath,{os.path.dirname(library)}"], check=True)
    run = ctypes.CDLL(str(helper)).overhead_run
    run.restype = ctypes.c_double
    run.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p]
    return run


def handle(session):
    """The vrn_session of a session: the first member of the extension's object."""
    return ctypes.c_void_p.from_address(id(session._core) + object.__basicsize__)


def measure(run, vkresnet, np, case, seconds):
    arch, _, batch = case.rpartition(":")
    batch = int(batch)
    model = vkresnet.load(arch=arch, random_weights=0)
    session = vkresnet.Session(model, batch=batch, device=vkresnet.Device(cache=False))
    info = session.info
    x = np.random.default_rng(0).standard_normal(
        (batch, info.channels, info.height, info.width), dtype=np.float32)
    y = np.empty((batch, info.classes), np.float32)
    arguments = handle(session), batch, x.ctypes.data, y.ctypes.data
    sides = {"c": [], "python": []}

    def run_c():
        sides["c"].append(run(*arguments))

    def run_python():
        begin = time.perf_counter()
        session(x)
        sides["python"].append((time.perf_counter() - begin) * 1e3)

    for _ in range(3):
        run_c()
        run_python()
    assert np.array_equal(session(x), y) and min(sides["c"]) > 0
    for times in sides.values():
        times.clear()
    end, pairs = time.perf_counter() + seconds, [run_c, run_python]
    while time.perf_counter() < end or len(sides["c"]) < 10:
        for side in pairs:
            side()
        pairs.reverse()
    session.close()
    median = {name: statistics.median(times) for name, times in sides.items()}
    more = statistics.median(b - a for a, b in zip(sides["c"], sides["python"]))
    print(f"{arch:24} {batch:5} {len(sides['c']):6} {median['c']:9.3f} {median['python']:9.3f} "
          f"{min(sides['c']):9.3f} {min(sides['python']):9.3f} {more * 1e3:9.1f} "
          f"{more / median['c']:8.2%}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--package", required=True, help="the folder of the package vkresnet")
    parser.add_argument("--library", required=True, help="libvkresnet.so of the same build")
    parser.add_argument("--seconds", type=float, default=30, help="of each case")
    parser.add_argument("--case", action="append", help=f"ARCH:BATCH; else {' '.join(DEFAULT)}")
    options = parser.parse_args()
    sys.path.insert(0, options.package)
    import numpy as np
    import vkresnet
    print(f"{vkresnet.Device(cache=False).info.driver}, CPython {sys.version.split()[0]}, "
          f"NumPy {np.__version__}")
    print(f"{'network':24} {'batch':>5} {'pairs':>6} {'C, ms':>9} {'Python':>9} "
          f"{'C, min':>9} {'Python':>9} {'more, us':>9} {'share':>8}")
    with tempfile.TemporaryDirectory() as folder:
        run = build(os.path.abspath(options.library), folder)
        for case in options.case or DEFAULT:
            measure(run, vkresnet, np, case, options.seconds)


if __name__ == "__main__":
    main()
