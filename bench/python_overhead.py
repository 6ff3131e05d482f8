#!/usr/bin/env python3
"""What a call from Python costs over one from C: the same network, weights and input, in turns.

    python_overhead.py --package BUILD/python --library BUILD/libvkresnet.so [--seconds S]
        [--case ARCH:BATCH]...

Both sides use one session of this process. A pair is a run from C, timed in C, and a run from
Python, timed in Python; which one comes first alternates. "wall" has the medians by the clock, and
the median of the pairs' differences. "thread" has the same of the processor time of the calling
thread, where all that Python adds is spent; the driver's own threads do the network's work, so
this difference is exact on a busy machine, where the clock's is not. The shares are those of the
fastest run from C.
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


class Times(ctypes.Structure):
    _fields_ = [("wall", ctypes.c_double), ("thread", ctypes.c_double)]


def build(library, folder):
    """Compiles the C side against the library that the package uses, too."""
    helper = pathlib.Path(folder) / "overhead.so"
    subprocess.run(["cc", "-O2", "-std=c11", "-shared", "-fPIC", f"-I{HERE.parent / 'include'}",
                    HERE / "python_overhead.c", "-o", helper, library,
                    f"-Wl,-rpath,{os.path.dirname(library)}"], check=True)
    run = ctypes.CDLL(str(helper)).overhead_run
    run.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p,
                    ctypes.POINTER(Times)]
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
        times = Times()
        assert run(*arguments, ctypes.byref(times)) == 0
        sides["c"].append((times.wall, times.thread))

    def run_python():
        thread, begin = time.thread_time(), time.perf_counter()
        session(x)
        end = time.perf_counter()
        sides["python"].append(((end - begin) * 1e3, (time.thread_time() - thread) * 1e3))

    for _ in range(3):
        run_c()
        run_python()
    assert np.array_equal(session(x), y)
    for times in sides.values():
        times.clear()
    end, pairs = time.perf_counter() + seconds, [run_c, run_python]
    while time.perf_counter() < end or len(sides["c"]) < 10:
        for side in pairs:
            side()
        pairs.reverse()
    session.close()
    fastest = min(wall for wall, _ in sides["c"])
    for kind, name in enumerate(["wall", "thread"]):
        c, python = ([times[kind] for times in sides[side]] for side in ("c", "python"))
        more = statistics.median(b - a for a, b in zip(c, python))
        print(f"{arch:24} {batch:5} {len(c):6} {name:7} {statistics.median(c):10.3f} "
              f"{statistics.median(python):10.3f} {more * 1e3:9.1f} {fastest:10.3f} "
              f"{more / fastest:8.2%}", flush=True)


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
    print(f"{'network':24} {'batch':>5} {'pairs':>6} {'':7} {'C, ms':>10} {'Python':>10} "
          f"{'more, us':>9} {'C, min':>10} {'share':>8}")
    with tempfile.TemporaryDirectory() as folder:
        run = build(os.path.abspath(options.library), folder)
        for case in options.case or DEFAULT:
            measure(run, vkresnet, np, case, options.seconds)


if __name__ == "__main__":
    main()
