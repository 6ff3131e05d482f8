"""Models: architecture and weights on the host, by path or by name."""

from __future__ import annotations

import os
import threading
from typing import (Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence,
                    Tuple, Union)

import numpy as np

from . import _core, _hub
from ._devices import Device
from ._errors import FileError
from ._images import Image, is_one, read_image
from ._sessions import _PROBABILITIES, Session
from ._transform import Transform, pack

__all__ = ["Model", "ClassMap", "load"]

_DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "share", "vkresnet")
_SMALL_MODEL = "resnet20-cifar10.safetensors"
_BATCH = 8  # of the sessions that a model makes for several images

Classes = Union[None, str, "os.PathLike[str]", Sequence[str]]


def _counted(classes: int) -> str:
    return "1 class" if classes == 1 else f"{classes} classes"


class ClassMap(NamedTuple):
    """A map of where the network sees a class in an image."""

    index: int  #: of the class
    label: str
    logit: float
    values: np.ndarray  #: float32 [h, w], whose mean is the logit
    rect: Tuple[float, float, float, float]
    """the part of the image that the map covers, in pixels: left, top, right, bottom"""

    def heat(self, height: int, width: int) -> np.ndarray:
        """The positive values, scaled to 0 to 1 and interpolated to the whole image.

        Returns float32 [height, width].
        """
        positive = np.maximum(self.values, 0)
        positive = positive / max(float(positive.max()), 1e-12)
        left, top, right, bottom = self.rect

        def weights(count: int, begin: float, end: float, cells: int) -> np.ndarray:
            at = (np.arange(count) + 0.5 - begin) / (end - begin) * cells - 0.5
            inside = (at >= -0.5) & (at <= cells - 0.5)
            spread = np.maximum(0, 1 - np.abs(np.clip(at, 0, cells - 1)[:, None]
                                              - np.arange(cells)))
            return spread * inside[:, None]

        rows = weights(height, top, bottom, self.values.shape[0])
        columns = weights(width, left, right, self.values.shape[1])
        return (rows @ positive @ columns.T).astype(np.float32)


class Model:
    """Architecture and weights on the host. Immutable; threads and devices may share it.

    :func:`load` makes one. Methods that take images create sessions when needed and keep them. Use
    :class:`Session` to choose the device, batch, size and outputs yourself.
    """

    def __init__(self, core: "_core.Model") -> None:
        self._core = core
        info = core.info()
        self.name: str = info["name"]
        self.classes: int = info["classes"]  #: logits of one image
        self.class_names: Optional[List[str]] = info["class_names"]
        self.parameters: int = info["parameters"]  #: as torch counts them
        self.transform = Transform._unpack(info["transform"])
        self.arch: str = info["arch"]  #: as for ``load(arch=...)``
        self.channels: int = info["in_channels"]
        self.probabilities: str = _PROBABILITIES[info["probabilities"]] or "softmax"
        self.threshold: float = info["threshold"]  #: 0: the file gives none
        self.assumptions: List[Tuple[str, bool]] = info["assumptions"]
        """(text, doubtful): an assumption about something that the file does not state, and whether
        similar files are known with another value"""
        self._sessions: Dict[Any, Session] = {}
        self._lock = threading.Lock()
        self._process = os.getpid()

    def label(self, index: int) -> str:
        """The name of a class, or its number if the model has no names."""
        if self.class_names is None or self.class_names[index] is None:
            return str(index)
        return self.class_names[index]

    @property
    def closed(self) -> bool:
        return self._core.closed()

    def close(self) -> None:
        """Closes the sessions that the model made by itself, and frees the weights.

        Sessions that you made from it stay usable. May be called again.
        """
        with self._lock:
            sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            session.close()
        self._core.close()

    def __enter__(self) -> "Model":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return (f"<Model {self.name!r}: {self.arch}, {_counted(self.classes)}, "
                f"{self.parameters} parameters>")

    def save(self, path: Union[str, "os.PathLike[str]"], *, fp16: bool = False,
             transform: Union[None, str, Transform, Mapping[str, Any]] = None,
             probabilities: Optional[str] = None, threshold: float = 0.0) -> None:
        """Writes safetensors with torchvision's names.

        Parameters that are not given keep the model's values.
        """
        self._core.save(path, fp16, pack(transform), _PROBABILITIES.index(probabilities),
                        threshold)

    def session(self, *, device: Union[None, int, str, Device] = None, batch: int = 1,
                taps: Sequence[str] = (), precision: str = "fp32") -> Session:
        """Returns a session for these parameters.

        The model keeps it and returns it again for the same parameters.
        """
        if os.getpid() != self._process:  # forked: another thread may have held the lock
            self._sessions, self._lock, self._process = {}, threading.Lock(), os.getpid()
        key = (device, batch, tuple(taps), precision)
        with self._lock:
            session = self._sessions.get(key)
            if session is None or session.closed or session.device.lost:
                session = Session(self, device=device, batch=batch, taps=taps,
                                  precision=precision)
                self._sessions[key] = session
            return session

    def _for(self, images: Any, **parameters: Any) -> Session:
        """A session for one image, or for several."""
        if parameters.get("batch") is None:
            parameters["batch"] = 1 if is_one(images) else _BATCH
        return self.session(**parameters)

    def classify(self, images: Union[Image, Iterable[Image]], top: int = 5, *,
                 device: Union[None, int, str, Device] = None, batch: Optional[int] = None,
                 precision: str = "fp32") -> Any:
        """Classifies images: see :meth:`Session.classify`.

        >>> model.classify("photo.jpg", top=1)
        [Prediction(index=8, label='ship', probability=0.9999)]
        """
        return self._for(images, device=device, batch=batch, precision=precision).classify(
            images, top)

    def features(self, images: Any, tap: str = "avgpool", *,
                 device: Union[None, int, str, Device] = None, batch: Optional[int] = None,
                 precision: str = "fp32") -> np.ndarray:
        """The output of a layer for images: see :meth:`Session.features`.

        Returns float32 [N, C], or [N, C, H, W] if the layer's output has a height and a width.
        """
        return self._for(images, device=device, batch=batch, precision=precision,
                         taps=(tap,)).features(images, tap)

    def class_map(self, image: Image, index: Optional[int] = None, *,
                  device: Union[None, int, str, Device] = None, precision: str = "fp32"
                  ) -> ClassMap:
        """The map of a class in an image; None: of the class with the highest logit."""
        pixels = read_image(image)
        session = self.session(device=device, taps=("class_map",), precision=precision)
        outputs = session.run(pixels)
        assert outputs.logits is not None
        logits = outputs.logits[0]
        best = int(logits.argmax()) if index is None else index
        if not 0 <= best < self.classes:
            raise ValueError(f"class {best}: the model has {_counted(self.classes)}, "
                             "numbered from 0")
        return ClassMap(best, self.label(best), float(logits[best]),
                        outputs.taps["class_map"][0, best],
                        session.crop_rect(pixels.shape[1], pixels.shape[0]))


def _read_lines(path: Union[str, "os.PathLike[str]"]) -> List[str]:
    with open(path, encoding="utf-8-sig") as file:
        return [line.rstrip("\r\n") for line in file if line.strip()]


def _names(classes: Classes) -> Optional[List[str]]:
    if classes is None:
        return None
    if classes == "imagenet":
        return _read_lines(os.path.join(_DATA, "imagenet-classes.txt"))
    if isinstance(classes, (str, os.PathLike)):
        return _read_lines(classes)
    return list(classes)


def load(source: Union[None, str, "os.PathLike[str]"] = None, *, arch: Optional[str] = None,
         name: Optional[str] = None, prefix: Optional[str] = None, classes: Classes = None,
         transform: Union[None, str, Transform, Mapping[str, Any]] = None,
         random_weights: Optional[int] = None, offline: bool = False,
         progress: Optional[Callable[[int, int, float], Any]] = None) -> Model:
    """Loads a model.

    Args:
        source: a checkpoint (any ``.pth``, TorchScript, safetensors, an ONNX file of
            torch.onnx.export, a model folder of Hugging Face or timm), or a name that
            :func:`networks` lists ("resnet50", "resnet50:V1"), whose weights are read from this
            machine's caches or downloaded. None: the bundled model, a ResNet-20 for 32 x 32 pixels
            and CIFAR-10's ten classes.
        arch: what the file does not state: an architecture, or keys of one, "norm_groups=16,v1=1".
        name: the model's name if the file has none.
        prefix: selects one of several networks in the file, by the prefix of its tensors' names.
        classes: names of the classes: a list, a file with one name per line, or "imagenet".
        transform: how photos become the input, if the file does not state it: a
            :class:`Transform`, a preset's name, or a dictionary of fields.
        random_weights: a seed. No file is read: the network that ``arch`` or ``source`` names gets
            random weights, initialised as by torchvision.
        offline: never download.
        progress: called while a file is downloaded: ``progress(done, total, bytes_per_s)``.

    Raises:
        FileError: the file is damaged or is not a ResNet, or there is no such file or name.
        NetworkError: the weights are not on this machine, and cannot be downloaded.
    """
    names, packed = _names(classes), pack(transform)
    if random_weights is not None:
        text = arch or (source and os.fspath(source))
        if not text:
            raise ValueError("random weights need a network, such as arch='resnet50'")
        return Model(_core.Model(None, random_weights, text, name, None, None, names))
    if source is None:
        source = os.path.join(_DATA, _SMALL_MODEL)
    entry = None
    path: Union[str, "os.PathLike[str]"] = source
    if not os.path.exists(source):
        entry = _hub.find(os.fspath(source), offline)
        if entry is None:
            raise FileError(f"{os.fspath(source)}: no such file, and not a known network: "
                            "vkresnet.networks() lists the known ones")
        path = _hub.fetch(entry, offline, progress)
    known = _hub.classes_of(entry, path)
    if names is None and known == "imagenet":
        names = _names("imagenet")
    return Model(_core.Model(path, 0, arch, entry["name"] if entry and not name else name,
                             packed or (entry["transform"] if entry else None), prefix, names))
