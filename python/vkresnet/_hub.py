"""Weights by name: finding and downloading their files."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, Optional, Union

from . import _core, _download
from ._errors import NetworkError
from ._log import logger
from ._rows import Rows

__all__ = ["networks"]

Progress = Optional[Callable[[int, int, float], Any]]


def _open(offline: bool) -> "_core.Hub":
    return _core.Hub(offline=offline)


def networks() -> Rows:
    """The weights that have a name, a row each: "name", "network", "file", "url", "acc1", ..."""
    return Rows(_open(True).entries(), ("name", "parameters", "acc1", "acc5", "file"))


def find(name: str, offline: bool) -> Optional[Dict[str, Any]]:
    """The entry with a name, or None."""
    return _open(offline).find(name)


def _library_downloads() -> bool:
    return _core.Hub.can_download()


def fetch(entry: Dict[str, Any], offline: bool, progress: Progress) -> str:
    """The path of an entry's file, which is downloaded if necessary."""
    hub = _open(offline)
    if _library_downloads():
        path = hub.fetch(entry["name"], progress, True)
        assert path is not None  # or it would have raised
        return path
    found = hub.fetch(entry["name"], None, False)
    if found:
        wrong = _download.fault(entry, found)  # the library compared only the size
        if wrong is None:
            return found
        logger.warning("%s: not used: %s", found, wrong)
    folder = _core.Hub.cache_directory()
    target = os.path.join(folder or "", "hub", entry["file"])
    if offline or os.environ.get("VKRESNET_OFFLINE", "0") not in ("", "0") or not folder:
        why = "there is no cache directory" if not folder else "downloads are switched off"
        then = f"put it at {target}" if folder else "give the file's path instead of the name"
        raise NetworkError(f"{entry['name']} is not on this machine and cannot be downloaded: "
                           f"{why}. Download {entry['url']} in another way and {then}")
    return _download.download(entry, target, progress)


def classes_of(entry: Optional[Dict[str, Any]], path: Union[str, "os.PathLike[str]"]
               ) -> Optional[str]:
    """The classes of a hub file, or of another file with the same name."""
    if entry is not None:
        return entry["classes"]
    file = os.path.basename(os.fspath(path))
    for known in _core.Hub(offline=True, cache_directory="").entries():
        if known["file"] == file:
            return known["classes"]
    return None
