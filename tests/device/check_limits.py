#!/usr/bin/env python3
"""The device tests as seven devices of other makers: limits_layer.c lowers a driver's limits and
features to theirs, below the validation layer, which thus reports what exceeds them.

    check_limits.py [--long] FOLDER DEVICE..

FOLDER is that of the built tests, DEVICE one of limits_devices.h. Without --long it runs what takes
seconds, of operators every 64th kernel a case. What it needs from the environment is what CTest
gives every device test. Exits with 77 where all tests are skipped.
"""

import argparse
import glob
import os
import re
import subprocess
import sys

QUICK = ["test_import", "test_record", "test_ops"]
# These are not about limits: they take long, or have a layer of their own.
LEFT_OUT = ["test_tune", "test_class_map", "test_queues"]
HERE = os.path.dirname(os.path.abspath(__file__))


def title_of(device):
    """The name that the layer gives the device: without the layer, every test fails."""
    with open(os.path.join(HERE, "limits_devices.h"), encoding="utf-8") as file:
        titles = dict(re.findall(r'\.name = "(.*)",\s+\.title = "(.*)"', file.read()))
    return titles[device]


def run(program, device, long):
    environment = {
        **os.environ,
        "VRN_TEST_LIMITS": device,
        "VRN_TEST_DEVICE_NAME": title_of(device),
        "VK_INSTANCE_LAYERS": "VK_LAYER_KHRONOS_validation:VK_LAYER_VRN_limits",
        "VK_ADD_LAYER_PATH": os.path.join(os.path.dirname(program), "layers"),
    }
    if not long:
        environment["VRN_TEST_KERNEL_STRIDE"] = "64"
    done = subprocess.run([program], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    title = f"{os.path.basename(program)} as {device}"
    print(f"{title}: {'skipped' if done.returncode == 77 else done.returncode or 'passed'}",
          flush=True)
    if done.returncode not in (0, 77):
        print(done.stdout, flush=True)
    return done.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--long", action="store_true", help="every device test, on every case")
    parser.add_argument("folder")
    parser.add_argument("devices", nargs="+")
    arguments = parser.parse_args()
    names = QUICK
    if arguments.long:
        found = glob.glob(os.path.join(HERE, "test_*.c"))
        names = sorted(os.path.basename(source)[:-2] for source in found)
        names = [name for name in names if name not in LEFT_OUT]
    results = [run(os.path.join(os.path.abspath(arguments.folder), name), device, arguments.long)
               for device in arguments.devices for name in names]
    if all(result == 77 for result in results):
        return 77
    return 0 if all(result in (0, 77) for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
