#!/usr/bin/env python3
"""The examples do what they say: pictures are recognised, most rendered frames too, the host reads
ten floats of each frame and no picture, and the validation layer is silent; a search finds what is
like the query first.

    check_examples.py FOLDER_OF_EXAMPLES SOURCE_DIR DATA_DIR

The test set of CIFAR-10 is used where DATA_DIR has it.
"""

import csv
import os
import re
import struct
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


def png_size(path):
    with open(path, "rb") as file:
        head = file.read(24)
    assert head.startswith(b"\x89PNG"), path
    return struct.unpack(">II", head[16:24])


def check_classify(example, model, source):
    for picture in ("airplane", "ship", "truck"):
        output = run(example("classify"), model, os.path.join(source, "samples", picture + ".png"))
        assert output.split()[1] == picture, output


def check_cpp(example, model, source):
    """The same answer from C++, and an exception's message where there is no model."""
    program = example("classify_cpp")
    if not os.path.exists(program):
        return
    picture = os.path.join(source, "samples", "ship.png")
    assert run(program, model, picture) == run(example("classify"), model, picture)
    done = subprocess.run((program, "nowhere.pth", picture), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1 and done.stderr.startswith("nowhere.pth: "), done


def check_refusals(render, model):
    """What is missing is one line, whether or not a device has been made by then."""
    for arguments, words in (((model, "--pictures", "nowhere"),
                              "nowhere/labels.csv: cannot be written"), (("nowhere.pth",),
                                                                         "nowhere.pth: ")):
        done = subprocess.run((render, *arguments), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert done.stderr.startswith(words) and done.stderr.count("\n") == 1, done


def check_render(example, model):
    render = example("render_and_classify")
    check_refusals(render, model)
    output = run(render, model, "--frames", "8", "--validation")
    right, total, read = summary(output)
    print(output)
    assert total == 32 and right * 2 > total, output
    assert read == VERDICT_BYTES, output

    with tempfile.TemporaryDirectory() as folder:
        output = run(render, model, "--frames", "1", "--pictures", folder, "--validation")
        names = [f"frame{i:03}.png" for i in range(4)]
        assert sorted(os.listdir(folder)) == [*names, "labels.csv"], os.listdir(folder)
        with open(os.path.join(folder, "labels.csv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        assert lines == [
            "file,label", *map(",".join, zip(names, ("airplane", "ship", "automobile", "truck")))
        ], lines
        assert summary(output)[2] == VERDICT_BYTES + 256 * 256 * 4, output


def check_budget(example, model):
    """The network is spread over several frames, of which the usual one is hardly longer."""
    output = run(example("frame_budget"), model, "--budget", "0.5", "--frames", "40",
                 "--validation")
    print(output)
    frames = int(re.search(r"the last one in (\d+) frames", output).group(1))
    added = float(re.search(r"the part adds (-?[\d.]+) ms \(median\)", output).group(1))
    assert frames > 1 and added < 4.5, output


def check_search(example, model, source, data):
    """Neighbours come in order, the query is not among them, and of labelled pictures most are of
    its class."""
    samples = os.path.join(source, "samples")
    cifar10 = os.path.join(data, "cifar10")
    with tempfile.TemporaryDirectory() as folder:
        sheet = os.path.join(folder, "sheet.png")
        search = example("feature_search")
        query = os.path.join(samples, "..", "samples", "ship.png")
        output = run(search, model, query, samples, sheet)
        assert "2 of 2 pictures" in output and "ship.png" not in output, output
        assert png_size(sheet)[0] > png_size(sheet)[1], png_size(sheet)
        if not os.path.isdir(cifar10):
            return
        with open(os.path.join(cifar10, "labels.csv"), encoding="utf-8") as file:
            labels = {os.path.basename(row["file"]): row["label"] for row in csv.DictReader(file)}
        pictures = os.path.join(cifar10, "test")
        output = run(search, model, os.path.join(pictures, "0001.png"), pictures, sheet, "--count",
                     "10")
    found = [line.split() for line in output.splitlines() if line.endswith(".png")]
    cosines = [float(cosine) for cosine, _ in found]
    same = sum(labels[os.path.basename(path)] == labels["0001.png"] for _, path in found)
    assert len(found) == 10 and cosines == sorted(cosines, reverse=True), output
    assert same >= 8, output


def check_cpp_search(example, model, source, data):
    """The search in C++ finds the same as the one in C and draws the same sheet; what is missing is
    the same line."""
    programs = example("feature_search"), example("feature_search_cpp")
    if not os.path.exists(programs[1]):
        return
    query, samples = os.path.join(source, "samples", "ship.png"), os.path.join(source, "samples")
    labelled = os.path.join(data, "cifar10", "test")
    for pictures in (samples, labelled):
        if not os.path.isdir(pictures):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = []
            for program in programs:
                sheet = os.path.join(folder, "sheet.png")
                output = run(program, model, query, pictures, sheet, "--count", "10")
                with open(sheet, "rb") as file:
                    found.append((output, file.read()))
        assert found[0] == found[1], found
    for arguments in (("nowhere.pth", query, samples), (model, "no.png", samples),
                      (model, query, "nowhere")):
        c, cpp = (subprocess.run((program, *arguments, "sheet.png"), capture_output=True, text=True,
                                 check=False) for program in programs)
        assert (cpp.returncode, cpp.stdout, cpp.stderr) == (1, c.stdout, c.stderr), (c, cpp)


def check_cpp_budget(example, model):
    """In C++ the network is spread over several frames as well. With time for all of it in one
    frame, the last picture and its class are those of the program in C."""
    programs = example("frame_budget"), example("frame_budget_cpp")
    if not os.path.exists(programs[1]):
        return
    output = run(programs[1], model, "--budget", "0.5", "--frames", "40", "--validation")
    print(output)
    assert int(re.search(r"the last one in (\d+) frames", output).group(1)) > 1, output
    c, cpp = (run(program, model, "--budget", "100000", "--frames", "40", "--validation")
              for program in programs)
    networks = [re.search(r"\d+ networks, the last one in 1 frames; class .*", output).group()
                for output in (c, cpp)]
    assert networks[0] == networks[1], networks


def main():
    folder, source, data = sys.argv[1:]
    model = os.path.join(source, "models", "resnet20-cifar10.safetensors")

    def example(name):
        return os.path.join(folder, "example_" + name)

    check_classify(example, model, source)
    check_cpp(example, model, source)
    check_render(example, model)
    check_budget(example, model)
    check_search(example, model, source, data)
    check_cpp_search(example, model, source, data)
    check_cpp_budget(example, model)
    return 0


if __name__ == "__main__":
    sys.exit(main())
