"""The programs of examples/python, if their packages are installed."""

import subprocess
import sys

import numpy as np
import pytest

import vkresnet
from conftest import ROOT

FOLDER = ROOT / "examples" / "python"


def run(name, *arguments):
    return subprocess.run([sys.executable, "-B", FOLDER / f"{name}.py", *map(str, arguments)],
                          stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout


def test_every_example_is_tested():
    assert {path.stem for path in FOLDER.glob("*.py")} == {
        name[len("test_"):] for name in globals() if name.startswith("test_")} - {
            "every_example_is_tested"}


def test_classify():
    lines = run("classify", ROOT / "samples").splitlines()
    for name in ("airplane", "ship", "truck"):
        assert any(f"{name}.png: {name} " in line for line in lines)


def test_heat_map(tmp_path):
    pytest.importorskip("PIL")
    sample, output = ROOT / "samples" / "ship.png", tmp_path / "heat.png"
    assert run("heat_map", sample, output).startswith("ship: logit ")
    before, after = vkresnet.read_image(sample), vkresnet.read_image(output)
    assert before.shape == after.shape and not np.array_equal(before, after)


def test_search():
    lines = run("search", "--top", 3, ROOT / "samples" / "ship.png",
                ROOT / "samples").splitlines()
    assert len(lines) == 3 and lines[0].startswith("1.0000") and lines[0].endswith("ship.png")


def test_agreement():
    pytest.importorskip("torchvision")
    assert "the same classes: True" in run("agreement")
