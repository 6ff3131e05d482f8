"""Checks how a checkpoint is read, using the running statistics of its batch norms."""

from __future__ import annotations

import itertools
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from . import _core
from ._devices import Device, get_device
from ._images import Image, read_all
from ._rows import Rows
from ._transform import Transform, pack

__all__ = ["Check", "Fit", "check"]

_VERDICTS = ("fits", "other", "none")
_BATCH = 16  # images that are read at once


class Fit(NamedTuple):
    """The difference between the norms' inputs and their running statistics; 0: they agree."""

    variance: float  #: the median over the channels of \\|log(variance / running variance)\\|
    mean: float  #: of \\|mean - running mean\\|, in running standard deviations
    divergence: float  #: by which readings are compared: Kullback-Leibler, mean over channels
    channels: int  #: that were compared; 0: the other fields have no meaning
    not_finite: int  #: of these, with infinities or NaNs


def _row(found: Dict[str, Any]) -> Dict[str, Any]:
    fit = Fit(*found.pop("fit"))
    if "transform" in found:
        found["transform"] = Transform._unpack(found["transform"])
        found["name"] = found["name"] or "as loaded"
    return {**found, **fit._asdict()}


class Check(Rows):
    """The readings that were tried, a row each. True if the model as loaded fits.

    A reading is a way to read the checkpoint or to prepare its images.
    """

    def __init__(self, verdict: int, images: int, fit: Any, same: Any, best: Dict[str, Any],
                 readings: List[Dict[str, Any]], norms: List[Dict[str, Any]]) -> None:
        self.verdict: str = _VERDICTS[verdict]
        """"fits": the model as loaded fits, and no other reading fits clearly better; "other":
        ``best`` fits clearly better; "none": no reading fits"""
        self.images = images  #: that were run
        self.fit = Fit(*fit)  #: of all of them, as the model was loaded
        self.same = Fit(*same)  #: as loaded, for the images of ``best``
        self.best = _row(best)  #: "name", and "keys" for ``load(arch=...)`` or a "transform"
        self.norms = Rows([_row(norm) for norm in norms],
                          ("name", "channels", "variance", "mean", "divergence"))
        footer = {"fits": "the model as loaded fits", "other": f"better: {self.best['name']} "
                  f"{self.best['keys']}".rstrip(), "none": "no reading fits"}[self.verdict]
        super().__init__([_row(reading) for reading in readings],
                         ("name", "keys", "variance", "mean", "divergence", "images"), footer)

    def __bool__(self) -> bool:
        return self.verdict == "fits"


def check(model: Any, images: Iterable[Image], *,
          device: Union[None, int, str, Device] = None,
          transform: Union[None, str, Transform, Mapping[str, Any]] = None,
          size: Union[None, int, Tuple[int, int]] = None) -> Check:
    """Checks whether a checkpoint was read, and its images prepared, as its statistics say.

    Runs images without labels, compares the inputs of each batch norm with its running mean and
    variance, and tries other readings: pools, strides, v1 or v1.5, activations, normalisations.

    Args:
        model: a :class:`Model` with batch norms.
        images: sixty are enough; they should resemble the training images.
        device, transform, size: as of :class:`Session`.

    Raises:
        UnsupportedError: the network has no statistics (group norms, or norms folded away).

    Takes from seconds to minutes, because it compiles the network for each reading.
    """
    height, width = (size, size) if isinstance(size, int) else size or (0, 0)
    found = _core.Check(get_device(device)._core, model._core, pack(transform), height, width)
    items = iter(images)
    while True:
        chunk: Optional[List[Any]] = read_all(itertools.islice(items, _BATCH))
        if not chunk:
            break
        found.add(chunk)
    return Check(*found.finish())
