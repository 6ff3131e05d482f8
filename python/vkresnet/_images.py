"""Reads pictures: paths, bytes of files, Pillow images and NumPy arrays."""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Union

import numpy as np

from . import _core
from ._errors import FileError

try:
    from PIL import Image as _pil, ImageOps as _pil_ops
except ImportError:  # Pillow is optional: the extension reads some formats
    _pil = None

__all__ = ["read_image", "Image"]

#: The types that functions accept as one image.
Image = Union[str, "os.PathLike[str]", bytes, np.ndarray, Any]


def _decode(data: bytes, name: str) -> np.ndarray:
    if _pil is None:
        try:
            pixels, height, width = _core.decode(data)
        except ValueError as error:
            hint = "; the package Pillow reads more formats" if "expected PNG" in str(error) else ""
            raise FileError(f"{name}: cannot read the image: {error}{hint}") from None
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
    import io
    try:
        with _pil.open(io.BytesIO(data)) as image:
            return _from_pil(image)
    except (OSError, SyntaxError, ValueError, EOFError, _pil.DecompressionBombError) as error:
        text = str(error).replace(" <_io.BytesIO object", "").split(" at 0x")[0]
        raise FileError(f"{name}: cannot read the image: {text}") from None


def _from_pil(image: Any) -> np.ndarray:
    upright = _pil_ops.exif_transpose(image) or image
    return np.asarray(upright.convert("RGB"))


def is_one(images: Any) -> bool:
    """True for one image, False for several."""
    if isinstance(images, (str, bytes, bytearray, os.PathLike)):
        return True
    if _pil is not None and isinstance(images, _pil.Image):
        return True
    if hasattr(images, "ndim"):
        return images.ndim < 4
    return False


def read_image(image: Image) -> np.ndarray:
    """Pixels of one image: uint8 [height, width, channels], rows from the top.

    Args:
        image: a path, the bytes of a file, a Pillow image, or an array: uint8 [height, width], or
            [height, width, channels] with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels,
            which is used unchanged. Alpha is ignored.

    If Pillow is installed, it reads the files. Without it, PNG, JPEG, GIF, BMP, TGA, PSD and binary
    PGM and PPM are read as by the program; the values of a JPEG may differ by a few steps of 255.
    The EXIF orientation is applied.

    Raises:
        FileError: the file is damaged, or is not an image in a known format. A path that cannot be
            opened raises the exception of ``open``.
    """
    if isinstance(image, np.ndarray):
        return _check(image)
    if isinstance(image, (str, os.PathLike)):
        with open(image, "rb") as file:
            return _decode(file.read(), os.fspath(image))
    if isinstance(image, (bytes, bytearray)):
        return _decode(bytes(image), "picture")
    if _pil is not None and isinstance(image, _pil.Image):
        return _from_pil(image)
    if type(image).__module__.partition(".")[0] == "PIL":
        return _check(np.asarray(image.convert("RGB")))
    return _check(np.asarray(image))


def _check(array: np.ndarray) -> np.ndarray:
    if array.dtype != np.uint8:
        raise TypeError(f"an image is uint8 [height, width, channels], not {array.dtype} "
                        f"{list(array.shape)}; pass normalised floats to a session: session(x)")
    shape = list(array.shape)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or 0 in array.shape:
        raise ValueError("expected an image [height, width] or [height, width, channels] with 1 to "
                         f"4 channels and no side of 0, found {shape}")
    row = array.shape[1] * array.shape[2]
    if array.strides[1:] != (array.shape[2], 1) or array.strides[0] < row:
        array = np.ascontiguousarray(array)  # mirrored, transposed, every second pixel
    return array


def read_all(images: Iterable[Image]) -> List[np.ndarray]:
    return [read_image(image) for image in images]
