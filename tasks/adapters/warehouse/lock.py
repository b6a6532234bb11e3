"""One writer at a time on the warehouse file, and its name for everybody who waits.

The kernel holds the lock (flock) and frees it when its process dies, however it dies; a small file beside it
says who the holder is. Nothing but the lock decides: a stale name is only a stale name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from expectations.declare.errors import Unavailable


@dataclass(frozen=True)
class Holder:
    """Who writes to the warehouse, and since when (ISO, UTC)."""

    pid: int
    name: str
    since: str


@dataclass
class _Held:
    """The lock as its holder's context sees it; `open` ends with the lock, also for threads that remember it."""

    path: Path
    open: bool = field(default=True)


# A context and not a thread: a flow that holds the lock calls tasks, which Prefect may run in other threads with
# a copy of the flow's context; two flows in one process still exclude each other.
_HELD: ContextVar[_Held | None] = ContextVar("warehouse_lock", default=None)


@contextmanager
def writer_lock(file: Path, *, seconds: float, name: str = "") -> Iterator[None]:
    """Hold the lock of a warehouse file; free for who holds it already.

    Raises `Unavailable` after `seconds` with the holder's name.
    """
    held = _HELD.get()
    if held and held.open and held.path == file:
        yield
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with _flock(file, seconds):
        mine = _Held(file)
        before = _HELD.set(mine)
        _name_file(file).write_text(json.dumps(asdict(_myself(name))))
        try:
            yield
        finally:
            mine.open = False
            _HELD.reset(before)
            _name_file(file).unlink(missing_ok=True)


def holder(file: Path) -> Holder | None:
    """Who holds the lock of a warehouse file now; nobody if the one who is named there has died."""
    lock = FileLock(_lock_file(file), thread_local=False)
    if not _lock_file(file).exists():
        return None
    try:
        with lock.acquire(timeout=0):
            return None
    except Timeout:
        return _named(file)


@contextmanager
def _flock(file: Path, seconds: float) -> Iterator[None]:
    lock = FileLock(_lock_file(file), timeout=seconds, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        by = _named(file)
        raise Unavailable(
            f"the warehouse is being written by {by.name} (pid {by.pid}) since {by.since}; waited {seconds:g} s",
            where=str(file),
            do="Wait for it to end, or end that process; the lock is freed with it",
        ) from None
    try:
        yield
    finally:
        lock.release()


def _named(file: Path) -> Holder:
    try:
        return Holder(**json.loads(_name_file(file).read_text()))
    except (OSError, ValueError, TypeError):
        # Between taking the lock and writing the name, or just before letting go.
        return Holder(0, "an unnamed process", "just now")


def _myself(name: str) -> Holder:
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
    return Holder(os.getpid(), name or command, datetime.now(UTC).isoformat(timespec="seconds"))


def _lock_file(file: Path) -> Path:
    return file.with_name(file.name + ".lock")


def _name_file(file: Path) -> Path:
    return file.with_name(file.name + ".lock.json")
