#!/usr/bin/env python3
"""The examples do what they say: pictures are recognised, most rendered frames too, the host reads ten floats of
each frame and no picture, and the validation layer is silent.

    check_examples.py CLASSIFY RENDER_AND_CLASSIFY SOURCE_DIR
"""

import os
import re
import subprocess
import sys
import tempfile

VERDICT_BYTES = 10 * 4


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        # Without a driver there is nothing to test, unless one was promised.
        required = os.environ.get("VRN_TEST_REQUIRE_DEVICE")
        print(result.stdout + result.stderr)
        sys.exit(1 if required else 77)
    return result.stdout


def summary(output):
    found = re.search(r"(\d+) of (\d+) right; the host read (\d+) bytes a frame", output)
    assert found, output
    return [int(number) for number in found.groups()]


def main():
    classify, render, source = sys.argv[1:]
    model = os.path.join(source, "models", "resnet20-cifar10.safetensors")
    for picture in ("airplane", "ship", "truck"):
        output = run(classify, model, os.path.join(source, "samples", picture + ".png"))
        assert output.split()[1] == picture, output

    output = run(render, model, "--frames", "8", "--validation")
    right, total, read = summary(output)
    print(output)
    assert total == 32 and right * 2 > total, output
    assert read == VERDICT_BYTES, output

    with tempfile.TemporaryDirectory() as folder:
        output = run(render, model, "--frames", "1", "--pictures", folder, "--validation")
        assert len(os.listdir(folder)) == 4, os.listdir(folder)
        assert summary(output)[2] == VERDICT_BYTES + 256 * 256 * 4, output
    return 0


if __name__ == "__main__":
    sys.exit(main())
