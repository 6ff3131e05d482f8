"""Exceptions: one class for each result of the library, with the line of its log as text."""

from __future__ import annotations

from . import _core
from ._log import write_log

__all__ = [
    "Error", "InvalidArgumentError", "FileError", "UnsupportedError", "DeviceMemoryError",
    "NoDeviceError", "DeviceLostError", "WrongResultsError", "NetworkError", "CancelledError",
]


class Error(Exception):
    """An error of the library; its text is the line that the library logs.

    ``result`` is the number of the C enum ``vrn_result``.
    """

    result: int = 0


class InvalidArgumentError(Error, ValueError):
    """An argument is invalid: fix the caller. Also raised if Vulkan was used before a fork."""


class FileError(Error, OSError):
    """A file is missing, unreadable, damaged, or not of the expected kind."""


class UnsupportedError(Error):
    """The file or call is valid, but this library or device does not support it."""


class DeviceMemoryError(Error, MemoryError):
    """The host or the device has too little memory: try a smaller batch or size."""


class NoDeviceError(Error):
    """There is no usable Vulkan device, or none that matches the given index or name."""


class DeviceLostError(Error):
    """The device no longer works: close its sessions and the device, and make new ones."""


class WrongResultsError(Error):
    """The device computes wrong results (:func:`vkresnet.selftest`)."""


class NetworkError(Error, OSError):
    """A download failed, or is not possible here."""


class CancelledError(Error):
    """A callback stopped the work."""


_CLASSES = {
    -1: InvalidArgumentError, -2: FileError, -3: UnsupportedError, -4: DeviceMemoryError,
    -5: NoDeviceError, -6: DeviceLostError, -7: WrongResultsError, -8: NetworkError,
    -9: CancelledError,
}
for _result, _class in _CLASSES.items():
    _class.result = _result

_PACKAGES = {
    "loader": "The Vulkan loader is in the package libvulkan1 (Debian, Ubuntu, openSUSE), "
              "vulkan-loader (Fedora) or vulkan-icd-loader (Arch).",
    "driver": "A driver comes with the GPU's software; for processors and most GPUs it is the "
              "package mesa-vulkan-drivers (Debian, Ubuntu, Fedora), vulkan-swrast (Arch) or "
              "libvulkan_lvp (openSUSE).",
}


def _hint(text: str) -> str:
    """Adds the package that provides what is missing."""
    if "loader" in text:
        return f"{text}. {_PACKAGES['loader']} {_PACKAGES['driver']}"
    if text.startswith("no Vulkan device:"):
        return f"{text}. {_PACKAGES['driver']}"
    return text


def _make(result: int, text: str) -> Error:
    if result == NoDeviceError.result:
        text = _hint(text)
    error = _CLASSES.get(result, Error)(text)
    error.result = result
    return error


_core.setup(_make, write_log)
