"""The place where a lost warehouse is made anew: a file beside the live one, which takes its place when it is whole.

Killed in the middle, what was made stays and the next rebuild continues in it; readers and other writers never see it.
On Snowflake there is no file: schemas that are gone are made anew where they were.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from expectations.declare.errors import Misconfigured
from expectations.declare.source import names
from tasks import doors
from tasks.adapters.ops_memory import OpsMemory
from tasks.adapters.warehouse.lock import writer_lock
from tasks.operate.memory import known_here
from tasks.other_settings import other_settings
from tasks.settings import settings

_MAGIC = b"DUCK"  # after a checksum of eight bytes


@contextmanager
def workshop(*, replace: bool) -> Iterator[Path]:
    """Every door opens the new warehouse inside of this block; at its end it takes the place of the old one.

    The old file is kept beside it. Raises `Misconfigured` where the old one is whole and `replace` was not asked for.
    """
    live = settings().warehouse_file.absolute()
    # The lock alone: whoever opens a damaged file waits for it in vain.
    with writer_lock(live, seconds=settings().warehouse.lock_seconds):
        if not replace:
            _refuse_whole(live)
        if settings().core.profile == "snowflake":
            yield live
            return
        new = live.parent / "rebuild" / live.name  # the name of the file is the name of the database in every view
        new.parent.mkdir(parents=True, exist_ok=True)
        with other_settings({"PLUMBLINE_WAREHOUSE_FILE": str(new), "PLUMBLINE_WAREHOUSE_WORK": str(new.parent)}):
            yield new
        _take_place(new, live)


def _refuse_whole(live: Path) -> None:
    known = _known(live)
    remembered = {source: OpsMemory(doors.ops_store()).known(source) for source in names()}
    if any(known.values()) and all(known[source] >= count for source, count in remembered.items()):
        raise Misconfigured(
            f"the warehouse is whole: it knows {max(known.values())} loads, and none is missing",
            where=str(live),
            do="To make it anew all the same: plumbline rebuild --replace (the old file is kept)",
        )


def _known(live: Path) -> dict[str, int]:
    """The highest load sequence of each source; nothing where the file is gone or cannot be read."""
    if settings().core.profile != "snowflake" and not _is_warehouse(live):
        return dict.fromkeys(names(), 0)
    with doors.warehouse() as warehouse:
        return {source: known_here(warehouse, source) for source in names()}


def _is_warehouse(live: Path) -> bool:
    """Whether the file is there; one that is no DuckDB file is damaged, and refused without waiting for its lock."""
    if not live.exists():
        return False
    with live.open("rb") as file:
        if file.read(12)[8:] == _MAGIC:
            return True
    raise Misconfigured(
        "the warehouse file is damaged: it does not begin as a DuckDB file does",
        where=str(live),
        do="plumbline rebuild --replace (the old file is kept)",
    )


def _take_place(new: Path, live: Path) -> None:
    if live.exists():
        kept = live.with_name(f"{live.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S}")
        _move(live, kept)
    _move(new, live)


def _move(source: Path, target: Path) -> None:
    """The file with its write-ahead log, which is there only where a writer died."""
    log = source.with_name(source.name + ".wal")
    with suppress(FileNotFoundError):
        os.replace(log, target.with_name(target.name + ".wal"))
    os.replace(source, target)
