"""Models, hub, errors, log, rows, devices, self-test, the program, the stub."""

import ast
import inspect
import logging
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

import vkresnet
from vkresnet import _core, _errors


# ---- Models ----

def test_the_small_model(model):
    assert (model.name, model.arch, model.classes) == ("resnet20-cifar10", "resnet20", 10)
    assert model.label(8) == "ship" and model.class_names[8] == "ship"
    assert model.transform.resize == model.transform.crop == 32
    assert model.probabilities == "softmax" and model.channels == 3


def test_random_weights_and_options():
    a = vkresnet.load("resnet18", random_weights=4)
    b = vkresnet.load(arch="resnet18,num_classes=2", random_weights=4, classes=["cat", "dog"])
    assert (a.classes, a.parameters, a.class_names) == (1000, 11689512, None)
    assert a.label(3) == "3" and b.label(1) == "dog"
    c = vkresnet.load("resnet18", random_weights=4, classes="imagenet")
    assert c.label(0) == "tench"
    with pytest.raises(vkresnet.InvalidArgumentError, match="resnet19"):
        vkresnet.load("resnet19", random_weights=0)
    with pytest.raises(ValueError, match="random weights need a network"):
        vkresnet.load(random_weights=0)
    with pytest.raises(vkresnet.InvalidArgumentError, match="1"):
        vkresnet.load("resnet18", random_weights=0, classes=["one"])
    with pytest.raises(UnicodeEncodeError):
        vkresnet.load(arch="resnet8,num_classes=1", random_weights=0, classes=["\ud800"])
    with pytest.raises(OverflowError):
        vkresnet.load("resnet18", random_weights=-1)


def test_saving_and_loading(model, tmp_path, samples):
    expected = model.classify(samples[0], top=10)
    path = tmp_path / "mödel 1.safetensors"
    transform = vkresnet.Transform(resize=40, crop=32, mean=(0.1, 0.2, 0.3), fill=(1, 2, 255))
    model.save(path)
    with vkresnet.load(path) as again:
        assert again.transform == model.transform and again.class_names == model.class_names
        assert again.classify(samples[0], top=10) == expected
    model.save(path, fp16=True, transform=transform, probabilities="sigmoid", threshold=0.25)
    names = tmp_path / "names.txt"
    names.write_text("\n".join(f"class {i}" for i in range(10)) + "\n")
    with vkresnet.load(str(path), classes=names) as again:
        assert (again.transform.resize, again.transform.fill) == (40, (1, 2, 255))
        assert np.allclose(again.transform.mean, transform.mean)
        assert (again.probabilities, again.threshold) == ("sigmoid", 0.25)
        assert again.label(9) == "class 9"
    with pytest.raises(vkresnet.FileError, match="absent"):
        model.save(tmp_path / "absent" / "x.safetensors")


def test_transforms():
    assert "timm" in vkresnet.transform_presets()
    timm = vkresnet.Transform.preset("timm")
    assert (timm.resize, timm.crop, timm.interpolation) == (256, 224, "bicubic")
    model = vkresnet.load(arch="resnet8", random_weights=0)
    assert vkresnet.Session(model, size=32, transform=timm).info.height == 32
    assert vkresnet.Session(model, transform={"resize": 48, "crop": 40}).info.height == 40
    with pytest.raises(ValueError, match="interpolation 'nearest'"):
        vkresnet.Session(model, transform={"interpolation": "nearest"})
    with pytest.raises(TypeError):
        vkresnet.Session(model, transform={"crops": 3})


def test_missing_and_broken_files(tmp_path):
    path = tmp_path / "broken.pth"
    path.write_bytes(b"PK\x03\x04 this is no zip")
    with pytest.raises(vkresnet.FileError, match="broken.pth") as caught:
        vkresnet.load(path)
    assert caught.value.result == -2 and isinstance(caught.value, OSError)
    with pytest.raises(vkresnet.FileError, match="nonsense.pth: no such file"):
        vkresnet.load("nonsense.pth")
    with pytest.raises((ValueError, vkresnet.Error)):
        vkresnet.load("with\0nul")


# ---- Hub ----

def test_hub(monkeypatch, tmp_path, model):
    names = [row["name"] for row in vkresnet.networks()]
    assert "resnet50:IMAGENET1K_V2" in names and "resnet50" in str(vkresnet.networks())
    monkeypatch.setenv("VKRESNET_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(vkresnet.NetworkError, match="resnet50-11ad3fa6.pth"):
        vkresnet.load("resnet50", offline=True)
    with pytest.raises(vkresnet.FileError, match="resnet50:V9"):
        vkresnet.load("resnet50:V9", offline=True)


# ---- Errors and messages ----

def test_exceptions():
    for result, kind in _errors._CLASSES.items():
        error = _errors._make(result, "text")
        assert type(error) is kind and error.result == result and str(error) == "text"
        assert isinstance(error, vkresnet.Error)
        assert str(pickle.loads(pickle.dumps(error))) == "text"
    assert issubclass(vkresnet.DeviceMemoryError, MemoryError)
    text = str(_errors._make(-5, "no Vulkan loader (libvulkan.so.1) on this machine"))
    assert "libvulkan1" in text and "mesa-vulkan-drivers" in text


def run_without(samples, **environment):
    return subprocess.run(
        [sys.executable, "-c", "import vkresnet, sys\n"
         "try: vkresnet.load().classify(sys.argv[1])\n"
         "except vkresnet.NoDeviceError as error: print(error)", samples[0]],
        env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True,
        timeout=120).stdout


def test_without_a_driver_the_error_names_packages(samples, tmp_path):
    absent = str(tmp_path / "absent.json")
    text = run_without(samples, VK_ICD_FILENAMES=absent, VK_DRIVER_FILES=absent)
    assert "no Vulkan device" in text and "mesa-vulkan-drivers" in text


def test_without_a_loader_the_error_names_packages(samples, tmp_path):
    shutil.copy(_core.__file__, tmp_path / "libvulkan.so.1")  # a library, and no loader
    text = run_without(samples, LD_LIBRARY_PATH=str(tmp_path))
    assert "not a Vulkan loader" in text and "libvulkan1" in text


def test_the_log(caplog, tiny):
    with caplog.at_level(logging.DEBUG, logger="vkresnet"):
        device = vkresnet.Device()
        with vkresnet.Session(tiny, device=device, size=16):
            pass
        with pytest.raises(vkresnet.InvalidArgumentError) as caught:
            vkresnet.Session(tiny, device=device, size=16, taps=["nothing"])
        device.close()
    records = [record for record in caplog.records if record.name == "vkresnet"]
    assert any(record.levelno == logging.INFO for record in records)
    errors = [record.getMessage() for record in records if record.levelno == logging.ERROR]
    assert errors == [str(caught.value)]


def test_a_log_that_raises_harms_nothing(tiny, monkeypatch, capfd):
    def fail(*_):
        raise RuntimeError("from the log")

    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    _core.setup(_errors._make, fail)
    try:
        with vkresnet.Session(tiny, device=vkresnet.Device(), size=16) as session:
            assert session(np.zeros((3, 16, 16), np.float32)).shape == (1, 7)
        with pytest.raises(vkresnet.InvalidArgumentError, match="nothing"):
            vkresnet.Session(tiny, size=16, taps=["nothing"])
    finally:
        _core.setup(_errors._make, _errors.write_log)


# ---- Rows, devices, checks ----

def test_profile(session):
    layers = session.layers()
    assert [row["name"] for row in layers][0] == "conv1" and layers[0]["gpu_ms"] == 0
    try:
        rows = session.profile(repeats=2)
    except vkresnet.UnsupportedError:
        pytest.skip("no timestamps")
    assert isinstance(rows, list) and isinstance(rows[0], dict)
    assert len(rows) == len(layers)
    assert abs(sum(row["share"] for row in rows) - 1) < 1e-6
    lines = str(rows).splitlines()
    assert lines[0].split()[:3] == ["name", "kernel", "fused"]
    assert len(lines) == len(rows) + 2 and lines[-1].endswith("ms on the device for a batch of 4")
    assert {tuple(row) for row in rows} == {tuple(rows[0])}


def test_rows_become_a_data_frame(session):
    pandas = pytest.importorskip("pandas")
    rows = session.layers()
    assert list(pandas.DataFrame(rows).columns) == list(rows[0])


def test_devices():
    found = vkresnet.devices()
    best = max(found, key=lambda device: device.score)
    assert [device.index for device in found] == list(range(len(found)))
    assert best.type in ("cpu", "discrete", "integrated", "virtual", "other")
    assert best.api_version.startswith("1.") and len(best.uuid) == 16
    with vkresnet.Device(best.index, cache=False) as device:
        assert device.info.uuid == best.uuid and best.name in repr(device)
        assert set(device.info.capabilities) <= set(best.capabilities)
        assert all(value > 0 for value in device.measure_peak())
    with vkresnet.Device(best.name[:6].upper(), without=1 << 1, cache=False) as device:
        assert "texel buffers" not in device.info.capabilities
    assert repr(device) == "<Device closed>"


def test_sessions_share_the_default_device(tiny):
    with vkresnet.Session(tiny, size=16) as a, vkresnet.Session(tiny, size=16) as b:
        assert a.device is b.device
        with vkresnet.Session(tiny, size=16, device=vkresnet.Device()) as c:
            assert c.device is not a.device


def test_selftest():
    with vkresnet.Device(cache=False) as device:
        found = vkresnet.selftest(device, kernel="softmax", replays=2)
    assert found and found.verdict == "right" and found.summary["wrong"] == 0
    assert any(row["kernel"] == "softmax" and row["cases"] > 0 for row in found)
    assert str(found).splitlines()[-1].startswith("right: ")
    with vkresnet.Device(cache=False) as device:
        with pytest.raises(vkresnet.InvalidArgumentError, match="nonsense"):
            device.selftest(kernel="nonsense")


@pytest.mark.skipif("VRN_TEST_QUICK" in os.environ, reason="slow")
def test_tuning(tiny):
    seen = []
    with vkresnet.Device(cache=False) as device:
        device.tune(tiny, size=16, progress=lambda *state: seen.append(state))
        with vkresnet.Session(tiny, device=device, size=16) as session:
            assert any(row["why"] == "tuned" for row in session.layers())
    assert seen and seen[-1][0] == seen[-1][1]


# ---- The package ----

def test_the_program_runs(program):
    version = subprocess.run([sys.executable, "-m", "vkresnet", "--version"], check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert version.returncode == 0 and vkresnet.__version__ in version.stdout
    wrong = subprocess.run([sys.executable, "-m", "vkresnet", "nonsense"], check=False,
                           stderr=subprocess.PIPE)
    assert wrong.returncode == 2


def test_everything_public_is_documented():
    for name in vkresnet.__all__:
        value = getattr(vkresnet, name)
        if name != "__version__":
            assert inspect.getdoc(value), name
        if inspect.isclass(value) and value.__module__.startswith("vkresnet"):
            for member, function in vars(value).items():
                if not member.startswith("_") and callable(function):
                    assert inspect.getdoc(function), f"{name}.{member}"
    assert set(vkresnet.__all__) <= set(dir(vkresnet))
    assert os.path.exists(os.path.join(os.path.dirname(vkresnet.__file__), "py.typed"))


def test_the_stub_has_what_the_extension_has():
    path = os.path.join(os.path.dirname(vkresnet.__file__), "_core.pyi")
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    stub = {node.name: {item.name for item in getattr(node, "body", [])
                        if isinstance(item, ast.FunctionDef)} - {"__init__"}
            for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for name in dir(_core):
        if name.startswith("__") or name == "version":
            continue
        value = getattr(_core, name)
        members = {member for member in vars(value) if not member.startswith("__")} if (
            inspect.isclass(value)) else set()
        assert stub.pop(name) == members, name
    assert not stub


@pytest.mark.skipif(os.environ.get("VRN_TEST_DRIVER") == "swiftshader"
                    and "VRN_TEST_QUICK" in os.environ, reason="slow")
def test_check(model, samples):
    found = vkresnet.check(model, samples)
    assert found.verdict in ("fits", "other", "none") and bool(found) == (found.verdict == "fits")
    assert found.images == 3 and found.fit.channels > 0 and found.fit.divergence >= 0
    assert found[0]["name"] == "as loaded" and found[0]["keys"] == ""
    assert [row["name"] for row in found.norms][:2] == ["bn1", "layer1.0.bn1"]
    assert {tuple(row) for row in found} == {tuple(found[0])} and len(found) > 1
    assert isinstance(found.best["transform"], vkresnet.Transform)
    lines = str(found).splitlines()
    assert lines[0].split()[:2] == ["name", "keys"] and len(lines) == len(found) + 2
    with pytest.raises(vkresnet.InvalidArgumentError):
        vkresnet.check(model, [])
    with vkresnet.load(arch="resnet8,norm=group,norm_groups=4", random_weights=0) as group:
        with pytest.raises(vkresnet.UnsupportedError):
            vkresnet.check(group, samples)
    with pytest.raises(TypeError, match="uint8"):
        vkresnet.check(model, [np.zeros((32, 32, 3), np.float32)])
