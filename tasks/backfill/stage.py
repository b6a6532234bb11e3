"""Work on the staged copy of a plan instead of the live warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasks import doors
from tasks.other_settings import other_settings
from tasks.settings import settings


@contextmanager
def on_copy(name: str) -> Iterator[None]:
    """For the time of the block the doors of this process open the copy of that name, and dbt works beside it."""
    own = doors.staged(name).environment
    (settings().home / "backfill" / name).mkdir(parents=True, exist_ok=True)
    with other_settings(own):
        yield


def ensure_copy(name: str) -> bool:
    """Copy the live warehouse under the writer lock unless the copy is there; whether it was made now."""
    copy = doors.staged(name)
    if copy.exists():
        return False
    with doors.warehouse_lock():
        copy.create()
    return True
