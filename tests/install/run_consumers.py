#!/usr/bin/env python3
"""Runs the consumers that build_consumers.py has built; all must print the same.

    run_consumers.py FOLDER LIBRARY MODEL

LIBRARY is the installed shared one. Exits with 77 where there is no device.
"""

import os
import subprocess
import sys

SKIPPED = 77


def main(folder, library, model):
    opened = [os.path.join(folder, "opened"), model, library, os.path.join(folder, "libcopy.so")]
    linked = [
        "volk/volk_static", "volk/volk_shared", "volk/volk_vkresnet", "plain_static",
        "plain_shared", "subproject/subproject"
    ]
    if os.path.isdir(os.path.join(folder, "meson")):
        linked.append("meson/plain")
    said = set()
    for command in [opened, *([os.path.join(folder, name), model] for name in linked)]:
        run = subprocess.run(command, text=True, stdout=subprocess.PIPE)
        print(f"{command[0]}: {run.returncode}\n{run.stdout}", end="", flush=True)
        if run.returncode:
            return SKIPPED if run.returncode == SKIPPED else 1
        said.update(run.stdout.splitlines())
    return 0 if len(said) == 1 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
