"""Folders for files on their way; what a killed process left in its own is removed by the next one that needs one.

The system's temporary folder would keep a dead seal's gigabytes until somebody looks. The kernel frees the lock on
a folder with the process that held it, so a folder without a holder is nobody's.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from tasks.settings import settings


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """An empty folder below `<home>/scratch`, gone at the end of the block."""
    root = settings().home / "scratch"
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".lock"):  # between being made and being held, a new folder looks like a dead one's
        _remove_left_behind(root)
        path = Path(tempfile.mkdtemp(prefix=f"{purpose}-", dir=root))
        held = _held(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _remove_left_behind(root: Path) -> None:
    for folder in (path for path in root.iterdir() if path.is_dir()):
        try:
            os.close(_held(folder))
        except (BlockingIOError, FileNotFoundError):
            continue  # somebody works in it, or has just finished
        shutil.rmtree(folder, ignore_errors=True)


def _held(folder: Path) -> int:
    """A handle that holds the folder's lock until it is closed; `BlockingIOError` where somebody else holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise
    return handle
