"""VkResNet: ResNet inference on any Vulkan device.

    import vkresnet

    model = vkresnet.load("resnet50.pth")           # or a name; load(): the bundled model
    for index, label, probability in model.classify("photo.jpg"):
        print(f"{probability:7.2%}  {label}")

    with vkresnet.Session(model, batch=8, precision="fp16") as session:
        logits = session(x)                         # float32 [N, 3, 224, 224] or [N, 224, 224, 3]

Images are paths, bytes of files, Pillow images or uint8 arrays [height, width, channels]: see
:func:`read_image`. Errors are exceptions, :class:`Error` and its subclasses; messages go to the
logger "vkresnet". Times are in milliseconds, sizes in bytes.
"""

from ._check import Check, Fit, check
from ._core import version as __version__
from ._devices import Device, DeviceInfo, SelfTest, devices, selftest
from ._errors import (CancelledError, DeviceLostError, DeviceMemoryError, Error, FileError,
                      InvalidArgumentError, NetworkError, NoDeviceError, UnsupportedError,
                      WrongResultsError)
from ._hub import networks
from ._images import read_image
from ._models import ClassMap, Model, load
from ._rows import Rows
from ._sessions import Outputs, Prediction, Session, SessionInfo, Ticket, Timing
from ._transform import Transform, transform_presets

__all__ = [
    "CancelledError", "Check", "ClassMap", "Device", "DeviceInfo", "DeviceLostError",
    "DeviceMemoryError", "Error", "FileError", "Fit", "InvalidArgumentError", "Model",
    "NetworkError", "NoDeviceError", "Outputs", "Prediction", "Rows", "SelfTest", "Session",
    "SessionInfo", "Ticket", "Timing", "Transform", "UnsupportedError", "WrongResultsError",
    "__version__", "check", "devices", "load", "networks", "read_image", "selftest",
    "transform_presets",
]
