"""examples/scale: several processes give the results of one, even if one of them is killed."""

import importlib.util
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import vkresnet
from conftest import ROOT
from test_images import png

FOLDER = ROOT / "examples" / "scale"


def needs(name):
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"no {name}")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A list of photos made from the samples, one of them damaged, one missing; and the result."""
    folder = tmp_path_factory.mktemp("photos")
    random, names = np.random.default_rng(9), []
    pictures = [vkresnet.read_image(path) for path in sorted((ROOT / "samples").glob("*.png"))]
    for i in range(200):
        picture = pictures[i % len(pictures)]
        y, x = random.integers(0, 64, 2)
        part = np.ascontiguousarray(picture[y:y + 192, x:x + 192])
        names.append(f"{i:03}.png")
        (folder / names[-1]).write_bytes(png(part))
    (folder / names[77]).write_bytes(b"\x89PNG damaged")
    (folder / names[123]).unlink()
    (folder / "list.txt").write_text("\n".join(names) + "\n")
    run("alone", folder)
    lines = (folder / "alone.tsv").read_text().splitlines()
    assert len(lines) == 200
    assert [i for i, line in enumerate(lines) if line.split("\t")[1] == ""] == [77, 123]
    assert len({line.split("\t")[1] for line in lines}) >= 4
    return folder


def run(name, folder, *options, watch=None):
    """Runs a script; `watch` sees each line that it prints."""
    command = [sys.executable, "-B", FOLDER / f"{name}.py", folder / "list.txt",
               folder / f"{name}.tsv", *options]
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if watch:
                watch(line)
    assert process.returncode == 0, "".join(said[-40:])
    return "".join(said)


@needs("distributed")
@pytest.mark.parametrize("killed", [False, True])
def test_dask(photos, killed):
    workers, deaths = [], []

    def watch(line):
        if line.startswith("workers "):
            workers.extend(map(int, line.split()[1:]))
        elif re.match(r"\d+ photos", line) and killed and not deaths:
            deaths.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)

    run("with_dask", photos, "--workers", 2, "--chunk", 10, watch=watch)
    assert len(workers) == 2 and len(deaths) == killed
    assert (photos / "with_dask.tsv").read_bytes() == (photos / "alone.tsv").read_bytes()


@needs("ray")
def test_ray(photos):
    workers, deaths = set(), []

    def watch(line):
        found = re.search(r"worker (\d+)", line)
        if found:
            workers.add(int(found.group(1)))
            if not deaths:
                deaths.append(int(found.group(1)))
                os.kill(deaths[0], signal.SIGKILL)

    run("with_ray", photos, "--workers", 2, "--chunk", 10, watch=watch)
    # Whether a new worker comes before the other one has done the rest is a matter of luck.
    assert len(workers) >= 2 and deaths
    assert (photos / "with_ray.tsv").read_bytes() == (photos / "alone.tsv").read_bytes()
