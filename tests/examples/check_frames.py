#!/usr/bin/env python3
"""check_frames.py EXAMPLE: a resnet18 with 2 ms of each frame makes no frame more than 4 ms longer,
neither the usual one nor 99 of 100.

Runs alone. Other work on the machine only ever adds time, so the best of a few tries counts.
"""

import re
import subprocess
import sys

BUDGET_MS, MOST_MS, TRIES = 2, 4, 6


def main():
    for _ in range(TRIES):
        command = [sys.argv[1], "--budget", str(BUDGET_MS), "--frames", "300"]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        print(output, flush=True)
        found = re.search(r"adds (-?[\d.]+) ms \(median\) and (-?[\d.]+) ms \(99 %\)", output)
        frames = int(re.search(r"the last one in (\d+) frames", output).group(1))
        assert frames > 5, output
        if max(map(float, found.groups())) <= MOST_MS:
            return 0
    return f"more than {MOST_MS} ms in each of {TRIES} tries"


if __name__ == "__main__":
    sys.exit(main())
