"""Pictures to pixels: paths, bytes of files, Pillow's images and NumPy's arrays."""

from __future__ import annotations

import os
from typing import Any, Iterable, List, Union

import numpy as np

from . import _core
from ._errors import FileError

try:
    from PIL import Image as _pil, ImageOps as _pil_ops
except ImportError:  # Pillow is optional: PNG, JPEG and BMP are read without it
    _pil = None

__all__ = ["read_image", "Image"]

#: What functions take as one image.
Image = Union[str, "os.PathLike[str]", bytes, np.ndarray, Any]


def _orient(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turns a picture upright, by EXIF's number 1 to 8."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _find_exif(data: bytes) -> bytes:
    """The EXIF data of a JPEG's APP1 segment or a PNG's eXIf chunk, from the byte order on."""
    if data[:2] == b"\xff\xd8":
        at = 2
        while at + 4 <= len(data) and data[at] == 0xFF:
            marker, length = data[at + 1], int.from_bytes(data[at + 2:at + 4], "big")
            if marker == 0xFF:
                at += 1
                continue
            if marker in (0xDA, 0xD9) or length < 2:
                break
            if marker == 0xE1 and data[at + 4:at + 10] == b"Exif\0\0":
                return data[at + 10:at + 2 + length]
            at += 2 + length
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        at = 8
        while at + 12 <= len(data):
            length, kind = int.from_bytes(data[at:at + 4], "big"), data[at + 4:at + 8]
            if kind == b"eXIf":
                return data[at + 8:at + 8 + length]
            at += 12 + length
    return b""


def _orientation(data: bytes) -> int:
    """EXIF's number, 1 to 8; 1 where there is none."""
    exif = _find_exif(data)
    order = {b"II": "little", b"MM": "big"}.get(exif[:2])
    if order is None or len(exif) < 10:
        return 1
    at = int.from_bytes(exif[4:8], order)
    for entry in range(int.from_bytes(exif[at:at + 2], order)):
        field = exif[at + 2 + 12 * entry:at + 14 + 12 * entry]
        if len(field) < 12:
            break
        if int.from_bytes(field[:2], order) == 0x0112:
            value = int.from_bytes(field[8:10], order)
            return value if 1 <= value <= 8 else 1
    return 1


def _decode(data: bytes, name: str) -> np.ndarray:
    if _pil is None:
        try:
            pixels, height, width = _core.decode(data)
        except ValueError as error:
            raise FileError(f"{name}: {error}; with the package Pillow more formats are read"
                            ) from None
        array = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        return _orient(array, _orientation(data))
    import io
    try:
        with _pil.open(io.BytesIO(data)) as image:
            return _from_pil(image)
    except (OSError, SyntaxError, ValueError, EOFError, _pil.DecompressionBombError) as error:
        text = str(error).replace(" <_io.BytesIO object", "").split(" at 0x")[0]
        raise FileError(f"{name}: no picture: {text}") from None


def _from_pil(image: Any) -> np.ndarray:
    upright = _pil_ops.exif_transpose(image) or image
    return np.asarray(upright.convert("RGB"))


def is_one(images: Any) -> bool:
    """Whether this is one image, not several."""
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
        image: a path, the bytes of a file, an image of Pillow's, or an array: uint8
            [height, width], or [height, width, channels] with 1 (grey), 2 (grey, alpha), 3 (RGB)
            or 4 (RGBA) channels, which is taken as it is. Alpha is ignored.

    Files are read by Pillow where it is installed, upright by their EXIF orientation. Without it
    PNG, JPEG and BMP are read, JPEG with values that may differ by a few steps of 255.

    Raises:
        FileError: the file is no picture of a known format. Paths that cannot be opened raise what
            ``open`` raises.
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
                        f"{list(array.shape)}; normalised floats go to Session()")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or not 1 <= array.shape[2] <= 4 or 0 in array.shape:
        raise ValueError(f"an image is [height, width, channels] with 1 to 4 channels, not "
                         f"{list(array.shape)}")
    row = array.shape[1] * array.shape[2]
    if array.strides[1:] != (array.shape[2], 1) or array.strides[0] < row:
        array = np.ascontiguousarray(array)  # mirrored, transposed, every second pixel
    return array


def read_all(images: Iterable[Image]) -> List[np.ndarray]:
    return [read_image(image) for image in images]
