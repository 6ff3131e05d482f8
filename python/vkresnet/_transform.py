"""How a photo becomes the network's input."""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping, Optional, Tuple, Union

from . import _core

__all__ = ["Transform", "transform_presets"]

_INTERPOLATIONS = ("bilinear", "bicubic")
_MODES = ("shorter", "longer", "exact", "letterbox")
_CHANNELS = ("rgb", "bgr")
_Three = Tuple[float, float, float]


def _number(value: str, known: Tuple[str, ...], what: str) -> int:
    if value not in known:
        raise ValueError(f"{what} {value!r}: expected {' or '.join(known)}")
    return known.index(value)


@dataclasses.dataclass(frozen=True)
class Transform:
    """Resize, crop and normalise, as torchvision's ``ImageClassification`` does.

    A photo's shorter side is resized to ``resize`` pixels with Pillow's filter, the centre of
    ``crop`` x ``crop`` is cut out, and each channel becomes ``(value / scale - mean) / std``.
    ``dataclasses.replace`` changes single fields.
    """

    resize: int = 0  #: pixels; 0: no resize
    crop: int = 0  #: pixels, the height that is cut out; 0: as ``resize``
    interpolation: str = "bilinear"  #: or "bicubic"
    mean: _Three = (0.0, 0.0, 0.0)  #: in the order of ``channels``
    std: _Three = (0.0, 0.0, 0.0)  #: 0 counts as 1
    mode: str = "shorter"  #: or "longer", "exact", "letterbox"
    resize_width: int = 0  #: of "exact"; 0: as ``resize``
    crop_width: int = 0  #: 0: as ``crop``
    channels: str = "rgb"  #: or "bgr"
    scale: float = 0.0  #: the divisor of a value; 0: 255
    fill: Tuple[int, int, int] = (0, 0, 0)  #: the colour outside the photo: red, green, blue

    @classmethod
    def preset(cls, name: str) -> "Transform":
        """One of :func:`transform_presets`: "torchvision", "timm", "caffe", "clip"."""
        packed = _core.preset(name)
        if packed is None:
            names = transform_presets()
            raise ValueError(f"transform {name!r}: expected {', '.join(names[:-1])} or {names[-1]}")
        return cls._unpack(packed)

    def _pack(self) -> Tuple[Any, ...]:
        return (self.resize, self.crop,
                _number(self.interpolation, _INTERPOLATIONS, "interpolation"),
                tuple(self.mean), tuple(self.std), _number(self.mode, _MODES, "mode"),
                self.resize_width, self.crop_width,
                _number(self.channels, _CHANNELS, "channels"), self.scale, tuple(self.fill))

    @classmethod
    def _unpack(cls, packed: Tuple[Any, ...]) -> "Transform":
        return cls(packed[0], packed[1], _INTERPOLATIONS[packed[2]], packed[3], packed[4],
                   _MODES[packed[5]], packed[6], packed[7], _CHANNELS[packed[8]], packed[9],
                   packed[10])


def transform_presets() -> Tuple[str, ...]:
    """The names that :meth:`Transform.preset` knows."""
    return tuple(_core.presets())


def pack(transform: Union[None, str, Transform, Mapping[str, Any]]) -> Optional[Tuple[Any, ...]]:
    """A transform, the name of a preset or a dictionary of fields, for the extension."""
    if transform is None:
        return None
    if isinstance(transform, str):
        transform = Transform.preset(transform)
    elif not isinstance(transform, Transform):
        transform = Transform(**transform)
    return transform._pack()
