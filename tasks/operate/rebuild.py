"""Bring a lost warehouse back from the lake and from what was remembered of it, equal to what was there.

Objects are loaded in the order and under the sequence numbers of the first time; what was measured then is put back
as it was, so that dbt has to type, join and measure only what nobody remembers.
"""

# ruff: noqa: S608 - names from the declarations

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from prefect import task

from expectations.declare.errors import Misconfigured
from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.ops_memory import OpsMemory
from tasks.adapters.warehouse.base import LEDGER, LEDGER_COLUMNS, Warehouse
from tasks.backfill.lake import batch_at, folders
from tasks.build.people import ensure_identity, link_people
from tasks.ingest.load import load_into
from tasks.ingest.manifest import NAME
from tasks.ingest.seal import Batch, LakeObject
from tasks.operate.memory import LEDGER_NAME, MEASUREMENTS_NAME, known_here, memories
from tasks.outcomes import recorded
from tasks.scratch import scratch

READ_AT_ONCE = 8
_GAP = "(gap)"


@dataclass(frozen=True)
class Reloaded:
    """Objects and rows that are in the new warehouse, and how many of them were loaded now."""

    objects: int
    rows: int
    loaded: int


@dataclass(frozen=True)
class _Due:
    """One object in its order: the sequence number that it had, or its place behind all that had one."""

    place: tuple[int, str, int, str]
    batch: Batch
    item: LakeObject

    @property
    def sequence(self) -> int | None:
        """None where nobody remembers it."""
        return None if self.place[0] == _LAST else self.place[0]


_LAST = 1 << 62


@task(task_run_name="load the lake again")
@recorded
def reload_lake() -> Reloaded:
    """Load every sealed object that was loaded before, in the order of that time; again does what is left.

    An object that nobody remembers (its load was the last thing before the loss) comes after the others, unless it
    belongs to a backfill: that was never promoted.
    """
    due, loaded = _due(), 0
    with doors.warehouse() as warehouse:
        for declaration in load_all().values():
            for stream in declaration.streams.values():
                warehouse.ensure_raw(stream.raw_table)
        for _, group in groupby(due, key=lambda one: one.batch.manifest_key):
            loaded += sum(_load_at(warehouse, one) for one in group)
        warehouse.execute(f"delete from {LEDGER} where table_name = ?", [_GAP])
    return Reloaded(len(due), sum(one.item.rows for one in due), loaded)


@task(task_run_name="recall measurements")
@recorded
def recall_measurements() -> int:
    """Put back what was measured in former times; the number of sources of which something was remembered."""
    store, recalled = doors.object_store(), 0
    for source, declaration in load_all().items():
        keys = memories(store, source, MEASUREMENTS_NAME)
        if not keys:
            continue
        with _downloaded(keys) as files, doors.warehouse() as warehouse:
            warehouse.restore(f"quality.{declaration.measure_model}", files)
        recalled += 1
    return recalled


@task(task_run_name="build everything")
@recorded
def build_everything() -> int:
    """All seeds and models; the number of models built. Raises `Misconfigured` with the names of those that fail.

    People are resolved in between: staging first, then who is behind it, then everything that is made of both.
    """
    with doors.warehouse() as warehouse:
        ensure_identity(warehouse)
    with doors.warehouse_lock():
        staged = doors.dbt().run_models(["+path:models/staging"])
    with doors.warehouse() as warehouse:
        link_people(warehouse)
    with doors.warehouse_lock():
        outcome = doors.dbt().run_models(exclude=["+path:models/staging"])
    outcome = replace(outcome, results=(*staged.results, *outcome.results))
    if failed := [node.name for node in outcome.results if node.failed]:
        raise Misconfigured(
            f"{len(failed)} models did not build",
            where=", ".join(failed[:5]),
            do="Mend them and type plumbline rebuild again: what was loaded is kept",
        )
    return sum(node.status == "success" for node in outcome.results)


def remember_again() -> None:
    """After the new warehouse took its place: what is written down of it is as far as it goes."""
    memory = OpsMemory(doors.ops_store())
    with doors.warehouse() as warehouse:
        for source in load_all():
            memory.note(source, min(known_here(warehouse, source), memory.known(source)))


def _due() -> list[_Due]:
    sequences = _sequences()
    found = [_placed(batch, item, sequences) for batch in _batches() for item in batch.objects]
    backfills = _backfill_jobs()
    return sorted(
        (one for one in found if one.sequence is not None or (one.batch.source, one.batch.sync_id) not in backfills),
        key=lambda one: one.place,
    )


def _placed(batch: Batch, item: LakeObject, sequences: dict[str, int]) -> _Due:
    known = sequences.get(item.key)
    behind = (_LAST, batch.window.end.isoformat(), batch.sync_id, item.key)
    return _Due((known, "", 0, item.key) if known is not None else behind, batch, item)


def _batches() -> list[Batch]:
    store = doors.object_store()
    streams = [stream for source in load_all().values() for stream in source.streams.values()]
    keys = [f"{folder.prefix}{NAME}" for stream in streams for folder in folders(store, stream)]
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        return [batch for batch in pool.map(batch_at, keys) if batch]


def _sequences() -> dict[str, int]:
    """The sequence number of every object that is remembered."""
    import pyarrow.parquet as pq

    found: dict[str, int] = {}
    for source in load_all():
        with _downloaded(memories(doors.object_store(), source, LEDGER_NAME)) as files:
            for path in files:
                table = pq.read_table(path, columns=["object_key", "load_seq"])
                found.update(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return found


def _backfill_jobs() -> set[tuple[str, int]]:
    journal = doors.sync_journal()
    return {(source, row.job_id) for source in load_all() for row in journal.backfills(source)}


def _load_at(warehouse: Warehouse, due: _Due) -> int:
    """Load one object under its own number: the loader counts on from the highest, so that is put just below."""
    highest = int(warehouse.query(f"select coalesce(max(load_seq), 0) from {LEDGER}")[0][0])
    if due.sequence is not None and highest < due.sequence - 1:
        marks = ", ".join("?" * len(LEDGER_COLUMNS))
        empty = {"table_name": _GAP, "object_key": _GAP, "etag": str(due.sequence), "load_seq": due.sequence - 1}
        row = [empty.get(name) for name in LEDGER_COLUMNS]
        warehouse.execute(f"insert into {LEDGER} values ({marks})", row)
    return load_into(warehouse, replace(due.batch, objects=(due.item,))).loaded


@contextmanager
def _downloaded(keys: Sequence[str]) -> Iterator[list[Path]]:
    """Local copies for the time of a block, in the order of the keys."""
    with scratch("rebuild") as folder:
        files = [folder / f"{place:06}.parquet" for place in range(len(keys))]
        with ThreadPoolExecutor(READ_AT_ONCE) as pool:
            list(pool.map(doors.object_store().download, keys, files))
        yield files
