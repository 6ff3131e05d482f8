"""Converts other libraries' arrays to NumPy arrays, without a copy if possible."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy as np

from ._images import is_one, read_all

NCHW, NHWC, IMAGES = 0, 1, 2
_LAYOUTS = {"nchw": NCHW, "nhwc": NHWC}
_DLPACK_HOST = (1, 3, 11)  # kDLCPU, and the host memory of CUDA and ROCm


class _Wrapper:
    """Memory of another object as a writable array."""

    def __init__(self, owner: Any, interface: Any) -> None:
        self.owner = owner
        self.__array_interface__ = interface


def as_array(x: Any) -> np.ndarray:
    """The array of an object: of NumPy, DLPack, __array_interface__, a buffer or a list.

    Memory that is not on the CPU is refused.
    """
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__"):
        kind = int(x.__dlpack_device__()[0])
        if kind not in _DLPACK_HOST:
            raise TypeError(f"an array is in the memory of a device (DLPack's kind {kind}): copy "
                            "it to the CPU first")
        try:
            return np.from_dlpack(x)
        except (BufferError, RuntimeError, TypeError):
            pass  # a type that DLPack lacks, or gradients; perhaps NumPy can convert it
    return np.asarray(x)


def as_output(out: Any, shape: Tuple[int, ...]) -> np.ndarray:
    """The memory of an object as a writable float32 array of this shape."""
    array = as_array(out)
    if not isinstance(out, np.ndarray) and not array.flags.writeable and hasattr(out, "__dlpack__"):
        # Exporters refuse to export read-only memory through DLPack, so this memory is writable.
        # NumPy before 2.1 marks all DLPack memory read-only.
        interface = dict(array.__array_interface__)
        interface["data"] = (interface["data"][0], False)
        array = np.asarray(_Wrapper((out, array), interface))
    if array.dtype != np.float32 or array.shape != shape:
        raise ValueError(f"out is {array.dtype} {list(array.shape)}, but the result is float32 "
                         f"{list(shape)}")
    if not array.flags.c_contiguous or not array.flags.writeable:
        found = "read-only" if array.flags.c_contiguous else "not contiguous"
        raise ValueError(f"out has to be C-contiguous and writable, but is {found}")
    if not isinstance(out, np.ndarray) and not np.shares_memory(array, as_array(out)):
        raise ValueError("out has to share its memory, by __array_interface__, DLPack or a buffer: "
                         f"NumPy had to copy this {type(out).__name__}")
    return array


class Inputs:
    """The input of a run: `count` images of one of the three kinds."""

    __slots__ = ("kind", "data", "count")

    def __init__(self, kind: int, data: Any, count: int) -> None:
        self.kind, self.data, self.count = kind, data, count

    def part(self, begin: int, end: int) -> Any:
        """For the extension: an array, or a list of decoded images."""
        if self.kind == IMAGES:
            return read_all(self.data[begin:end])
        if begin == 0 and end >= self.count:
            return self.data
        return self.data[begin:end]


def _dense(x: np.ndarray, kind: int) -> Tuple[int, np.ndarray]:
    """C-contiguous in one of the two layouts; a transposed view becomes the other layout."""
    if x.flags.c_contiguous and x.flags.aligned:
        return kind, x
    other = x.transpose(0, 2, 3, 1) if kind == NCHW else x.transpose(0, 3, 1, 2)
    if other.flags.c_contiguous and other.flags.aligned:
        return 1 - kind, other
    return kind, np.require(x, requirements=["C", "A"])


def as_inputs(x: Any, chw: Tuple[int, int, int], layout: Optional[str] = None) -> Inputs:
    """The inputs in `x` for a network that takes images of this shape."""
    if not isinstance(x, np.ndarray):
        if isinstance(x, (list, tuple)):
            images: List[Any] = list(x)
            if not images:
                raise ValueError("expected at least one image, found none")
            first = images[0]
            if not (isinstance(first, np.ndarray) and first.dtype.kind == "f"):
                return Inputs(IMAGES, images, len(images))
            x = np.stack(images)
        elif is_one(x) and not hasattr(x, "__dlpack__"):
            return Inputs(IMAGES, [x], 1)
        else:
            x = as_array(x)
    if x.dtype == np.uint8:
        images = list(x) if x.ndim == 4 else [x]
        if not images:
            raise ValueError("expected at least one image, found none")
        return Inputs(IMAGES, images, len(images))
    if x.dtype != np.float32:
        if x.dtype.kind != "f":
            raise TypeError(f"expected normalised floats or images of uint8, found {x.dtype}")
        x = x.astype(np.float32)
    if x.ndim == 3:
        x = x[None]
    channels, height, width = chw
    fits = x.shape[1:]
    if layout is not None:
        if layout.lower() not in _LAYOUTS:
            raise ValueError(f"layout {layout!r}: expected nchw or nhwc")
        kind = _LAYOUTS[layout.lower()]
    else:
        kind = NHWC if fits != chw and fits == (height, width, channels) else NCHW
    if x.ndim != 4 or fits != (chw if kind == NCHW else (height, width, channels)):
        shapes = [f"[N, {channels}, {height}, {width}]", f"[N, {height}, {width}, {channels}]"]
        taken = " or ".join(shapes) if layout is None else shapes[kind]
        raise ValueError(f"an input of {list(x.shape)}, but the session takes {taken}"
                         + (f" with layout={layout!r}" if layout is not None else ""))
    if not len(x):
        raise ValueError("expected at least one image, found none")
    if x.dtype.byteorder not in "=<|":
        x = x.astype(np.float32)
    kind, x = _dense(x, kind)
    return Inputs(kind, x, len(x))
