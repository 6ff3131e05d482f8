"""Sessions: a model compiled for a device, and its runs."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import os
import threading
from typing import (Any, Deque, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence,
                    Tuple, Union)

import numpy as np

from . import _core
from ._arrays import IMAGES, Inputs, as_inputs, as_output
from ._devices import Device, _open_sessions, get_device
from ._errors import DeviceLostError, InvalidArgumentError
from ._images import Image, is_one, read_all
from ._rows import Rows
from ._transform import Transform, pack

__all__ = ["Session", "SessionInfo", "Outputs", "Timing", "Ticket", "Prediction"]

_PRECISIONS = ("fp32", "fp16", "int8")
_PROBABILITIES = (None, "softmax", "sigmoid", "none")
_CLOSE_SECONDS = 5.0  # how long the interpreter's exit waits for a thread that is in a run


class Prediction(NamedTuple):
    """A class of an image."""

    index: int  #: of the class
    label: str  #: its name, or the index if the model has no names
    probability: float  #: 0 to 1 (a logit if the model has no probabilities)


@dataclasses.dataclass(frozen=True)
class SessionInfo:
    """The properties of a compiled session."""

    batch: int  #: the largest number of images in one submission
    height: int  #: of the network's input, pixels
    width: int
    channels: int
    classes: int
    precision: str
    slice: int  #: images that pass through the network at once: batch or fewer
    dispatches: int  #: of one slice
    gflops: float  #: of one image, 2 for each multiply-add, in 1e9 operations
    activation_bytes: int
    weight_bytes: int  #: shared by the sessions of this model on this device
    device_bytes: int  #: all device memory, including the shared weights
    compile_ms: float


class Timing(NamedTuple):
    """How long the parts of one submission took, in milliseconds."""

    gpu_ms: float  #: the network on the device; 0 if it cannot be measured
    input_ms: float  #: moving the input to memory that the device reads
    replay_ms: float  #: bookkeeping of the library
    submit_ms: float  #: the driver's vkQueueSubmit
    output_ms: float  #: unpacking the results


@dataclasses.dataclass
class Outputs:
    """Results of a run of N images. Results that were not requested are None."""

    logits: Optional[np.ndarray] = None  #: float32 [N, classes]
    probabilities: Optional[np.ndarray] = None  #: float32 [N, classes]
    taps: Dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    """float32 [N, C, H, W] by the tap's name"""
    timing: List[Timing] = dataclasses.field(default_factory=list)  #: of each submission


class Ticket:
    """A submission in progress: :meth:`Session.wait` returns its results."""

    __slots__ = ("_session", "_number", "_outputs", "_done", "__weakref__")

    def __init__(self, session: "Session", number: int, outputs: Outputs) -> None:
        self._session, self._number, self._outputs = session, number, outputs
        self._done = False

    def wait(self) -> Outputs:
        """Waits and returns the results. Later calls return the same results."""
        return self._session.wait(self)


def session_parameters(*, batch: int = 1, size: Union[None, int, Tuple[int, int]] = None,
                       precision: str = "fp32", taps: Sequence[str] = (),
                       transform: Union[None, str, Transform, Mapping[str, Any]] = None,
                       probabilities: Optional[str] = None, no_fusion: bool = False,
                       fp32_layers: Sequence[str] = (), in_flight: int = 0,
                       memory_limit: int = 0, submission_limit_ms: float = 0,
                       kernel: Optional[str] = None) -> Dict[str, Any]:
    """Converts Session's keywords to those of the C extension."""
    for name, value, known in (("precision", precision, _PRECISIONS),
                               ("probabilities", probabilities, _PROBABILITIES)):
        if value not in known:
            words = [str(k) for k in known]
            raise ValueError(f"{name} {value!r}: expected {', '.join(words[:-1])} or {words[-1]}")
    if batch < 1:
        raise ValueError(f"batch {batch}: expected 1 or more")
    height, width = (size, size) if isinstance(size, int) else size or (0, 0)
    if isinstance(taps, str) or isinstance(fp32_layers, str):
        raise TypeError("taps and fp32_layers are lists of names, not strings: write ['layer4']")
    return {
        "batch": batch, "height": height, "width": width,
        "precision": _PRECISIONS.index(precision), "taps": list(taps),
        "transform": pack(transform), "probabilities": _PROBABILITIES.index(probabilities),
        "no_fusion": no_fusion, "fp32_layers": list(fp32_layers), "in_flight": in_flight,
        "memory_limit": memory_limit, "submission_limit_ms": submission_limit_ms,
        "kernel": kernel,
    }


class Session:
    """A model compiled for a device, a batch, a size and a precision.

    Args:
        model: a :class:`Model`.
        device: a :class:`Device`, an index, part of a name, or None: the best device. Sessions
            created with the same value share one device and its copy of the weights.
        batch: the largest number of images in one submission; larger runs use several.
        size: height and width of the network's input, or one number for both; None: the
            transform's crop.
        precision: "fp32", "fp16" or "int8" (which needs a calibrated model).
        taps: further outputs, as PyTorch names the modules: "conv1", "layer1" to "layer4",
            "avgpool", "layer2.0.bn1"; or "class_map".
        transform: how images become the input: a :class:`Transform`, a preset's name, or a
            dictionary of fields; None: the model's.
        probabilities: "softmax", "sigmoid" or "none"; None: the model's.
        no_fusion: one shader for each operator of the graph.
        fp32_layers: names of layers that stay float32 in the other precisions.
        in_flight: submissions that may be in flight at once; 0: 2.
        memory_limit: the largest size of the activations, in bytes; 0: what the device allows.
        submission_limit_ms: the longest time of one submission; 0: 1000, or no limit on a driver
            that runs on the processor.
        kernel: prefer kernels whose name begins with this.

    Compiling takes from tens of milliseconds to seconds. Threads may share a session: one runs at
    a time, and the others wait without holding the GIL. After a fork, the child cannot use its
    parent's sessions. ``with`` closes the session at the end.
    """

    def __init__(self, model: Any, *, device: Union[None, int, str, Device] = None,
                 **parameters: Any) -> None:
        arguments = session_parameters(**parameters)
        self._lock = threading.RLock()
        self._process = os.getpid()
        self.device = get_device(device)
        self.model = model
        self._in_flight = arguments["in_flight"] or 2
        self._core = _core.Session(self.device._core, model._core, **arguments)
        self.info = SessionInfo(**self._core.info())
        self._chw = (self.info.channels, self.info.height, self.info.width)
        #: the shape of each tap for one image: (channels, height, width)
        self.taps: Dict[str, Tuple[int, int, int]] = {
            name: self._core.tap_shape(i) for i, name in enumerate(arguments["taps"])}
        _open_sessions.add(self)

    # ---- Lifetime ----

    def _enter(self) -> threading.RLock:
        if os.getpid() != self._process:
            raise InvalidArgumentError(
                f"the session was made by process {self._process}, and Vulkan does not survive a "
                "fork: make it in the process that uses it, or start processes with "
                "multiprocessing's 'spawn' method")
        return self._lock

    def _lost(self) -> None:
        self.device.lost = True

    @property
    def closed(self) -> bool:
        return self._core.closed()

    def close(self) -> None:
        """Waits for submissions in flight and drops their results. May be called again."""
        if os.getpid() == self._process:
            with self._lock:
                self._core.close()

    def _close_at_exit(self) -> None:
        # The lock is never released: threads that outlive the interpreter stop here.
        if os.getpid() == self._process and self._lock.acquire(timeout=_CLOSE_SECONDS):
            self._core.close()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        i = self.info
        state = "closed" if self.closed else (f"batch {i.batch}, {i.height} x {i.width}, "
                                              f"{i.precision}, {i.device_bytes} bytes")
        return f"<Session of {self.model.name!r}: {state}>"

    # ---- Running ----

    def __call__(self, x: Any, *, layout: Optional[str] = None, out: Any = None) -> np.ndarray:
        """The logits of images: float32 [N, classes].

        Args:
            x: normalised float32 [N, C, H, W] or [N, H, W, C] of any N, or one image without N;
                a NumPy array, or any object with ``__array_interface__``, the buffer protocol or
                DLPack. It is read in place if it is contiguous in either layout. Or photos, as
                for :func:`read_image`, which pass through the transform.
            layout: "nchw" or "nhwc"; needed only if the shape fits both layouts.
            out: an array for the result: float32 [N, classes].
        """
        inputs = as_inputs(x, self._chw, layout)
        shape = (inputs.count, self.info.classes)
        logits = np.empty(shape, np.float32) if out is None else as_output(out, shape)
        self._execute(inputs, Outputs(logits=logits), False)
        return logits if out is None else out

    def run(self, x: Any, *, logits: bool = True, probabilities: bool = False,
            taps: Optional[Sequence[str]] = None, timing: bool = False,
            layout: Optional[str] = None) -> Outputs:
        """Runs images and returns the requested outputs.

        Args:
            x, layout: as for calling the session.
            logits, probabilities: True to return them, float32 [N, classes].
            taps: which of the session's taps; None: all. float32 [N, C, H, W] each.
            timing: True to return how long the parts of each submission took.
        """
        inputs = as_inputs(x, self._chw, layout)
        outputs = self._outputs(inputs.count, logits, probabilities, taps)
        self._execute(inputs, outputs, timing)
        return outputs

    def submit(self, x: Any, *, logits: bool = True, probabilities: bool = False,
               taps: Optional[Sequence[str]] = None, timing: bool = False,
               layout: Optional[str] = None) -> Ticket:
        """Begins a run of at most ``batch`` images and returns without waiting for the device.

        The input is copied before this returns. If ``in_flight`` submissions have not ended, it
        first waits for the oldest one.
        """
        inputs = as_inputs(x, self._chw, layout)
        outputs = self._outputs(inputs.count, logits, probabilities, taps)
        with self._enter():
            number = self._submit(inputs, 0, inputs.count, outputs, timing)
        return Ticket(self, number, outputs)

    def wait(self, ticket: Ticket) -> Outputs:
        """Waits for a submission and returns its results. Tickets may be in any order."""
        if ticket._session is not self:
            raise ValueError("expected a ticket of this session, found one of another")
        with self._enter():
            if not ticket._done:
                self._wait(ticket._number, ticket._outputs)
                ticket._done = True
        return ticket._outputs

    def _outputs(self, count: int, logits: bool, probabilities: bool,
                 taps: Optional[Sequence[str]]) -> Outputs:
        names = list(self.taps) if taps is None else list(taps)
        for name in names:
            if name not in self.taps:
                raise ValueError(f"no tap {name!r}: make the session with taps=[{name!r}]")
        shape = (count, self.info.classes)
        return Outputs(
            np.empty(shape, np.float32) if logits else None,
            np.empty(shape, np.float32) if probabilities else None,
            {name: np.empty((count, *self.taps[name]), np.float32) for name in names})

    def _arguments(self, inputs: Inputs, begin: int, end: int, outputs: Outputs,
                   timing: bool) -> Tuple[Any, ...]:
        def part(array: Optional[np.ndarray]) -> Optional[np.ndarray]:
            return array if array is None or len(array) == end - begin else array[begin:end]

        taps = None
        if outputs.taps:
            taps = tuple(part(outputs.taps.get(name)) for name in self.taps)
        return (inputs.kind, inputs.part(begin, end), end - begin, part(outputs.logits),
                part(outputs.probabilities), taps, timing)

    def _submit(self, inputs: Inputs, begin: int, end: int, outputs: Outputs,
                timing: bool) -> int:
        try:
            return self._core.submit(*self._arguments(inputs, begin, end, outputs, timing))
        except DeviceLostError:
            self._lost()
            raise

    def _wait(self, number: int, outputs: Outputs) -> None:
        try:
            timing = self._core.wait(number)
        except DeviceLostError:
            self._lost()
            raise
        if timing is not None:
            outputs.timing.append(Timing(*timing))

    def _execute(self, inputs: Inputs, outputs: Outputs, timing: bool) -> None:
        count, batch = inputs.count, self.info.batch
        if count <= batch:
            arguments = self._arguments(inputs, 0, count, outputs, timing)
            with self._enter():
                try:
                    times = self._core.run(*arguments)
                except DeviceLostError:
                    self._lost()
                    raise
            if times is not None:
                outputs.timing.append(Timing(*times))
            return
        pending: Deque[int] = collections.deque()
        with self._enter():
            try:
                for begin in range(0, count, batch):
                    if len(pending) == self._in_flight:
                        self._wait(pending.popleft(), outputs)
                    end = min(begin + batch, count)
                    pending.append(self._submit(inputs, begin, end, outputs, timing))
                while pending:
                    self._wait(pending.popleft(), outputs)
            except BaseException:
                self._abandon(pending)
                raise

    def _abandon(self, pending: Iterable[int]) -> None:
        """Waits for the remaining submissions after an error, so that none writes later."""
        for number in pending:
            try:
                self._core.wait(number)
            except Exception:
                pass  # the first error is the one to report

    # ---- Classification and features ----

    def classify(self, images: Union[Image, Iterable[Image]], top: int = 5) -> Any:
        """Classifies images: returns the ``top`` most probable classes of each, the best first.

        Args:
            images: an image as for :func:`read_image`, or several: a list, an iterator, or a uint8
                array [N, height, width, channels]. While one batch runs, the next one is read.
            top: the number of classes, at most as many as the model has.

        Returns:
            A list of :class:`Prediction` for one image, a list of such lists for several.
        """
        one = is_one(images)
        items = iter([images] if one else images)
        results: List[List[Prediction]] = []
        pending: Deque[Tuple[int, Outputs]] = collections.deque()

        def finish() -> None:
            number, outputs = pending.popleft()
            self._wait(number, outputs)
            assert outputs.probabilities is not None
            results.extend(self._best(row, top) for row in outputs.probabilities)

        with self._enter():
            try:
                while True:
                    chunk = read_all(itertools.islice(items, self.info.batch))
                    if not chunk:
                        break
                    if len(pending) == self._in_flight:
                        finish()
                    outputs = self._outputs(len(chunk), False, True, ())
                    inputs = Inputs(IMAGES, chunk, len(chunk))
                    pending.append((self._submit(inputs, 0, len(chunk), outputs, False), outputs))
                while pending:
                    finish()
            except BaseException:
                self._abandon(number for number, _ in pending)
                raise
        return results[0] if one else results

    def _best(self, scores: np.ndarray, top: int) -> List[Prediction]:
        order = np.argsort(-scores, kind="stable")[:max(top, 0)]
        return [Prediction(int(i), self.model.label(int(i)), float(scores[i])) for i in order]

    def features(self, x: Any, tap: str = "avgpool", *, layout: Optional[str] = None
                 ) -> np.ndarray:
        """The output of a layer: float32 [N, C], or [N, C, H, W] if it has a height and a width.

        The session has to be made with ``taps=[tap]``. :meth:`Model.features` does that.
        """
        values = self.run(x, logits=False, taps=[tap], layout=layout).taps[tap]
        return values.reshape(values.shape[:2]) if values.shape[2:] == (1, 1) else values

    def class_map(self, x: Any, *, layout: Optional[str] = None) -> np.ndarray:
        """The class activation maps (Zhou et al. 2016): float32 [N, classes, h, w].

        The mean of each map is the logit. The session has to be made with
        ``taps=["class_map"]``; :meth:`crop_rect` returns the part of a photo that a map covers.
        """
        return self.run(x, logits=False, taps=["class_map"], layout=layout).taps["class_map"]

    def crop_rect(self, width: int, height: int) -> Tuple[float, float, float, float]:
        """The part of a photo of this size that the network sees: (left, top, right, bottom).

        In the photo's pixels. It may extend beyond the photo's edges.
        """
        with self._enter():
            return self._core.crop_rect(width, height)

    # ---- Measuring ----

    def layers(self) -> Rows:
        """The operations of the compiled network in order of execution, a row each."""
        return self._rows(0)

    def profile(self, repeats: int = 10) -> Rows:
        """The device time of each operation for a whole batch: the median of ``repeats`` runs.

        Rows have "name", "op", "kernel", "fused", "precision", the output's "height", "width" and
        "channels", "flops" and "bytes" of one image, "gpu_ms" of the batch, "share" (its part of
        the sum of "gpu_ms"), "gflops_per_s", and "why" the kernel was chosen. ``print`` shows a
        table, and ``pandas.DataFrame`` takes the rows as they are.

        Raises:
            UnsupportedError: the device has no timestamps.
        """
        return self._rows(max(1, repeats))

    def _rows(self, repeats: int) -> Rows:
        with self._enter():
            rows = self._core.layers(repeats)
        columns = ["name", "op", "kernel", "fused", "precision", "channels", "height", "width"]
        if not repeats:
            return Rows(rows, columns)
        total = sum(row["gpu_ms"] for row in rows)
        for row in rows:
            row["share"] = row["gpu_ms"] / total if total else 0.0
            row["gflops_per_s"] = (row["flops"] * self.info.batch / row["gpu_ms"] / 1e6
                                   if row["gpu_ms"] else 0.0)
        return Rows(rows, ["name", "kernel", "fused", "precision", "gpu_ms", "share",
                           "gflops_per_s"],
                    f"{total:.3f} ms on the device for a batch of {self.info.batch}")
