"""What the scripts of this folder share: a worker's model and device, and the result's form."""

import functools
import os

import vkresnet

BATCH = 8  # the same everywhere: another batch may give other last bits


@functools.lru_cache(maxsize=None)
def model_of(name):
    """A model that its process loads once."""
    return vkresnet.load(name)


@functools.lru_cache(maxsize=None)
def device_of(number):
    """The device of the worker of this number: GPUs in turn; without one, the processor."""
    usable = [device for device in vkresnet.devices() if device.score > 0]
    gpus = [device for device in usable if device.type != "cpu"] or usable
    return gpus[number % len(gpus)].index if gpus else None


def read(path):
    """Pixels, or None for a file that is no picture."""
    try:
        return vkresnet.read_image(path)
    except OSError:  # missing, unreadable, damaged (vkresnet.FileError)
        return None


def classify(paths, model=None, worker=0):
    """(path, label, probability) of each photo; the label is empty where it cannot be read."""
    pixels = [read(path) for path in paths]
    found = iter(model_of(model).classify([image for image in pixels if image is not None], top=1,
                                          batch=BATCH, device=device_of(worker)))
    results = []
    for path, image in zip(paths, pixels):
        best = next(found)[0] if image is not None else ("", "", 0.0)
        results.append((path, best[1], round(best[2], 6)))
    return results


def chunks(paths, size):
    return [paths[i:i + size] for i in range(0, len(paths), size)]


def read_list(path):
    """The paths in a file, one a line; relative ones are relative to it."""
    folder = os.path.dirname(os.path.abspath(path))
    with open(path, encoding="utf-8") as file:
        return [os.path.join(folder, line.strip()) for line in file if line.strip()]


def write(rows, output):
    """Lines of "path<TAB>label<TAB>probability", by path; the same bytes however they came."""
    with open(output, "w", encoding="utf-8") as file:
        for path, label, probability in sorted(rows):
            file.write(f"{path}\t{label}\t{probability:.6f}\n")
