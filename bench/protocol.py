"""What the workers of bench/compare have in common: one network that stays loaded.

    WORKER MODEL BATCH HEIGHT WIDTH INPUT LOGITS [EXTRA]...

INPUT is raw float32 [BATCH, 3, HEIGHT, WIDTH]; LOGITS is written: raw float32 [BATCH, classes].
Every line of standard output is a JSON object. The first says what runs, and how long loading and
the first run took; each line "SECONDS" on standard input is answered by the times of runs in a row,
for about so long, at least one. The end of the input ends the worker. worker.c does the same for
this library. A worker imports this file before its engine.
"""

import json
import os
import sys
import time

import numpy

MOST_RUNS = 4096

# From here on, what an engine prints, some do when they are imported, goes to standard error.
OUT = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def main(load):
    """`load(arguments, x)` returns (a function that takes x to the logits, and what to tell).
    Importing the engine belongs to the worker's start, loading the model to load_ms."""
    model, batch, height, width, source, target = sys.argv[1:7]
    x = numpy.fromfile(source, numpy.float32).reshape(int(batch), 3, int(height), int(width))

    def tell(message):
        OUT.write(json.dumps(message) + "\n")
        OUT.flush()

    def timed(function, *arguments):
        begin = time.perf_counter()
        result = function(*arguments)
        return (time.perf_counter() - begin) * 1e3, result

    try:
        load_ms, (run, about) = timed(load, model, x, sys.argv[7:])
        first_ms, logits = timed(run, x)
        numpy.asarray(logits, numpy.float32).tofile(target)
    except Exception as problem:  # whatever an engine throws is a reason to show, not to hide
        lines = [line for line in str(problem).splitlines() if line.strip()] or [""]
        kind = "" if type(problem) is RuntimeError else type(problem).__name__ + ": "
        tell({"error": kind + lines[0]})
        raise
    tell({**about, "load_ms": load_ms, "first_ms": first_ms})
    for line in sys.stdin:
        seconds, times = float(line), []
        end = time.perf_counter() + seconds
        while not times or (time.perf_counter() < end and len(times) < MOST_RUNS):
            times.append(round(timed(run, x)[0], 4))
        tell({"ms": times})
