"""Runs the Python code in README.md and docs/python.md."""

import contextlib
import io
import re

import pytest

from conftest import ROOT, SAMPLES


def blocks(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_lines_of(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = blocks(name)
    assert found
    for block in found:
        output, names = io.StringIO(), {}
        with contextlib.redirect_stdout(output):
            exec(compile(block, name, "exec"), names)
        for sample in SAMPLES:
            assert f"samples/{sample}.png: {sample} " in output.getvalue()
        if "features" in names:
            assert names["features"].shape == (3, 64, 8, 8)
