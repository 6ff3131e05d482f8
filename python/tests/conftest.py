import os
import pathlib

import numpy as np
import pytest

import vkresnet

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ["airplane", "ship", "truck"]


def pytest_collection_modifyitems(items):
    """Without a device only a driver that the environment demands fails."""
    if os.environ.get("VRN_TEST_REQUIRE_DEVICE"):
        return
    try:
        usable = any(device.score > 0 for device in vkresnet.devices())
    except vkresnet.NoDeviceError:
        usable = False
    if not usable:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="no Vulkan device"))


@pytest.fixture(scope="session")
def program():
    return os.environ["VRN_TEST_PROGRAM"]


@pytest.fixture(scope="session")
def samples():
    return [ROOT / "samples" / f"{name}.png" for name in SAMPLES]


@pytest.fixture(scope="session")
def model():
    with vkresnet.load() as loaded:
        yield loaded


@pytest.fixture(scope="session")
def tiny():
    """A network that compiles in no time, with an input of 16 x 16."""
    with vkresnet.load(arch="resnet8,planes=8:8:8,num_classes=7", random_weights=3) as made:
        yield made


@pytest.fixture(scope="session")
def session(tiny):
    with vkresnet.Session(tiny, batch=4, size=16,
                          taps=["layer2", "avgpool", "class_map"]) as made:
        yield made


@pytest.fixture
def x():
    return np.random.default_rng(1).standard_normal((4, 3, 16, 16), dtype=np.float32)
