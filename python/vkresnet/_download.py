"""Downloads with Python's urllib, for builds of the library without libcurl.

The files, their names and the lock are those of the library (docs/hub.md), so both can download at
the same time. The data is written to FILE.part, which is locked, and renamed once its size and
SHA-256 are correct; an interrupted download is resumed.
"""

from __future__ import annotations

import hashlib
import os
import time
import urllib.error
import urllib.request
from typing import IO, Any, Callable, Dict, Optional

from ._errors import FileError, NetworkError
from ._log import logger

_BLOCK = 1 << 20  # bytes

Progress = Optional[Callable[[int, int, float], Any]]


def _digest(path: str) -> str:
    sum_ = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            sum_.update(block)
    return sum_.hexdigest()


def fault(entry: Dict[str, Any], path: str) -> Optional[str]:
    """The fault of a file, or None."""
    size = os.path.getsize(path)
    if not entry["min_bytes"] <= size <= entry["max_bytes"]:
        wanted = " to ".join(str(n) for n in sorted({entry["min_bytes"], entry["max_bytes"]}))
        return f"it has {size} bytes, but should have {wanted}"
    digest = _digest(path)
    return None if digest.startswith(entry["sha256"]) else (
        f"its SHA-256 is {digest}, but should begin with {entry['sha256']}")


def _address(entry: Dict[str, Any]) -> str:
    folder = os.environ.get("VKRESNET_HUB_URL")
    if not folder:
        return str(entry["url"])
    if not folder.startswith(("https://", "http://")):
        raise NetworkError(f"VKRESNET_HUB_URL: expected an address that begins with https:// or "
                           f"http://, found {folder!r}")
    return f"{folder.rstrip('/')}/{entry['file']}"


def _receive(entry: Dict[str, Any], file: IO[bytes], address: str, progress: Progress) -> None:
    """Appends the missing bytes, or downloads the whole file if the server sends no ranges."""
    most = int(entry["max_bytes"])
    done = file.seek(0, os.SEEK_END)
    if done >= most:
        file.truncate(0)
        done = 0
    request = urllib.request.Request(address, headers={"User-Agent": "vkresnet"})
    if done:
        request.add_header("Range", f"bytes={done}-")
    timeout = float(os.environ.get("VKRESNET_HUB_TIMEOUT") or 30)
    begin, before = time.monotonic(), done
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        if done and answer.status != 206:
            file.truncate(0)
            done = before = 0
        while True:
            block = answer.read(_BLOCK)
            if not block:
                break
            done += len(block)
            if done > most:
                file.truncate(0)
                raise NetworkError(f"{address}: the server sent more than the {most} bytes of "
                                   f"{entry['name']}")
            file.write(block)
            if progress:
                progress(done, most, (done - before) / max(time.monotonic() - begin, 1e-6))
    file.flush()
    os.fsync(file.fileno())


def download(entry: Dict[str, Any], target: str, progress: Progress) -> str:
    """Downloads an entry's file to a path, which it returns."""
    import fcntl
    part, address = f"{target}.part", _address(entry)
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(part, "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # waits for another process that downloads it
            if os.path.exists(target) and fault(entry, target) is None:
                return target
            logger.info("%s: downloading %s", entry["name"], address)
            _receive(entry, file, address, progress)
            wrong = fault(entry, part)
            if wrong:
                file.truncate(0)
                raise NetworkError(f"{address}: {wrong}")
            os.replace(part, target)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise NetworkError(f"{address}: {error}; download the file in another way and put "
                           f"it at {target}"
                           ) from None
    except (NetworkError, KeyboardInterrupt):
        raise
    except OSError as error:
        raise FileError(f"{target}: cannot write: {error.strerror or error}") from None
    return target
