"""Vulkan devices."""

from __future__ import annotations

import atexit
import dataclasses
import os
import threading
import weakref
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

from . import _core
from ._rows import Rows

__all__ = ["Device", "DeviceInfo", "devices", "selftest", "SelfTest"]

_TYPES = ("other", "integrated", "discrete", "virtual", "cpu")
_VERDICTS = ("right", "avoidable", "broken")


@dataclasses.dataclass(frozen=True)
class DeviceInfo:
    """A Vulkan device of this machine, as the driver describes it."""

    index: int  #: position in the loader's list: the number in ``Device(0)``
    name: str
    driver: str  #: name and version, as the vendor writes them
    type: str  #: "discrete", "integrated", "virtual", "cpu" or "other"
    api_version: str  #: of Vulkan: "1.3.246"
    vendor_id: int
    device_id: int
    driver_version: int
    uuid: bytes
    memory_bytes: int  #: the largest device-local heap
    max_buffer_range: int  #: bytes
    max_allocation: int  #: bytes
    subgroup_size: int
    shared_memory_bytes: int  #: of a work group
    max_workgroup_invocations: int
    capabilities: Tuple[str, ...]  #: beyond Vulkan 1.1
    score: int  #: the device with the highest one is the default; 0: unusable
    reason: str  #: why it cannot be used or has a lower score; otherwise empty


def _describe(info: Dict[str, Any]) -> DeviceInfo:
    version = info["api_version"]
    info["api_version"] = f"{version >> 22 & 127}.{version >> 12 & 1023}.{version & 4095}"
    info["type"] = _TYPES[info["type"]]
    info["capabilities"] = tuple(_core.capability_names(info["capabilities"]))
    return DeviceInfo(**info)


def devices() -> List[DeviceInfo]:
    """Every Vulkan device of this machine, usable or not, in the loader's order.

    Takes up to a second, because it loads the drivers.

    Raises:
        NoDeviceError: there is no Vulkan loader; the message names the package that has it.
    """
    return [_describe(info) for info in _core.devices()]


class Device:
    """A Vulkan device to run sessions on. Threads may share it.

    Args:
        select: an index of :func:`devices`, part of a name ("llvmpipe"), or None: the device with
            the highest score.
        cache: the folder that keeps compiled pipelines and measurements for later runs; None: the
            program's (``$VKRESNET_CACHE``, or ``vkresnet`` in ``$XDG_CACHE_HOME`` or
            ``~/.cache``); False: no cache.
        without: bits of the C enum ``vrn_capability`` to ignore.
        use: bits to use even though this driver is known to be slow or incorrect with them.
        validation: load Vulkan's validation layer; what it reports goes to the log.

    Closing a device while it has sessions takes effect when the last of them is closed.
    """

    def __init__(self, select: Union[None, int, str] = None, *,
                 cache: Union[None, bool, str, "os.PathLike[str]"] = None, without: int = 0,
                 use: int = 0, validation: bool = False) -> None:
        folder: Optional[str]
        if cache is None or cache is True:
            folder = _core.Hub.cache_directory()
        else:
            folder = os.fspath(cache) if cache is not False else None
        self._core = _core.Device(None if select is None else str(select), folder, without, use,
                                  validation)
        self.lost = False  #: a session found that the device no longer works
        _open_devices.add(self)

    @property
    def info(self) -> DeviceInfo:
        """The properties of this device, with the capabilities that are in use."""
        return _describe(self._core.info())

    @property
    def closed(self) -> bool:
        return self._core.closed()

    def close(self) -> None:
        """Destroys the device, or, if it still has sessions, when the last one is closed.

        May be called again.
        """
        self._core.close()

    def __enter__(self) -> "Device":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<Device closed>" if self.closed else f"<Device {self.info.name!r}>"

    def measure_peak(self) -> Tuple[float, float]:
        """The device's speed: (1e9 float operations a second, 1e9 bytes a second)."""
        return self._core.measure_peak()

    def selftest(self, *, thorough: bool = False, exclude: bool = False,
                 kernel: Optional[str] = None, replays: int = 0) -> "SelfTest":
        """Compares every kernel with plain C: see :func:`selftest`."""
        return SelfTest(*self._core.selftest(exclude, thorough, kernel, replays))

    def tune(self, model: Any, *, progress: Optional[Callable[[int, int, str], Any]] = None,
             **session: Any) -> None:
        """Times the kernels of a model's layers; later sessions use the fastest.

        Args:
            model: a :class:`Model`.
            progress: called before each measurement: ``progress(done, total, text)``.
            session: keywords of :class:`Session`.
        """
        from ._sessions import session_parameters
        self._core.tune(model._core, progress, **session_parameters(**session))


class SelfTest(Rows):
    """The results of a self-test: a row for each kernel, and for the network that ran at the end.

    Its truth value is True if everything is correct.
    """

    def __init__(self, summary: Dict[str, Any], entries: List[Dict[str, Any]]) -> None:
        self.verdict: str = _VERDICTS[summary.pop("verdict")]  #: "right", "avoidable", "broken"
        self.summary = summary
        footer = (f"{self.verdict}: {summary['kernels']} kernels, {summary['cases']} cases, "
                  f"{summary['wrong']} wrong, {summary['skipped']} skipped, "
                  f"{summary['ms'] / 1000:.1f} s")
        super().__init__(entries, ("op", "kernel", "cases", "wrong", "worst", "ms", "skipped"),
                         footer)

    def __bool__(self) -> bool:
        return self.verdict == "right"


def selftest(device: Union[None, int, str, Device] = None, *, thorough: bool = False,
             exclude: bool = False, kernel: Optional[str] = None, replays: int = 0) -> SelfTest:
    """Runs every kernel that a device can run on small cases and compares it with plain C.

    Args:
        device: a :class:`Device`, or an argument of ``Device(select)``.
        thorough: all cases; minutes on a driver that runs on the processor.
        exclude: sessions made later on this device avoid kernels that are wrong.
        kernel: only kernels whose name begins with this.
        replays: runs of a small network at the end; 0: 100.

    Takes seconds, and longer the first time on a driver that compiles slowly.
    """
    return get_device(device).selftest(thorough=thorough, exclude=exclude, kernel=kernel,
                                       replays=replays)


# Sessions that are created with the same index or name share one device as long as any of them
# lives.
_shared: "weakref.WeakValueDictionary[Tuple[int, Optional[str]], Device]"
_shared = weakref.WeakValueDictionary()
_shared_lock = threading.Lock()
_open_devices: "weakref.WeakSet[Device]" = weakref.WeakSet()
_open_sessions: "weakref.WeakSet[Any]" = weakref.WeakSet()


def _after_fork() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()  # another thread may have held it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def get_device(select: Union[None, int, str, Device]) -> Device:
    if isinstance(select, Device):
        return select
    key = (os.getpid(), None if select is None else str(select))
    with _shared_lock:
        device = _shared.get(key)
        if device is None or device.closed or device.lost:
            device = Device(select)
            _shared[key] = device
        return device


@atexit.register
def _close_all() -> None:
    """Sessions, then devices: destroying a device writes its compiled pipelines to the disk."""
    for session in list(_open_sessions):
        session._close_at_exit()
    for device in list(_open_devices):
        device.close()
