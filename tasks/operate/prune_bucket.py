"""Which objects of the bucket may go: landing objects that the lake has, and sealed syncs of which no row counts."""

# ruff: noqa: S608 - names from the declarations

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from expectations.declare.source import load_all
from expectations.declare.stream import Stream
from tasks import doors
from tasks.adapters.object_store import ObjectInfo, ObjectStore
from tasks.adapters.ops_quarantine import QuarantineIndex
from tasks.adapters.warehouse.base import LEDGER, Warehouse
from tasks.ingest.manifest import NAME, read
from tasks.operate.leftover import Leftover


def landing_leftovers(store: ObjectStore, *, before: datetime) -> tuple[Leftover, ...]:
    """Landing objects that are older, sealed, settled and not held back, and those of jobs that delivered nothing."""
    held = _held_back()
    found: list[Leftover] = []
    for source, declaration in load_all().items():
        unsettled, vain = _unsettled(source), doors.ops_store().failed_jobs(source)
        for stream in declaration.streams.values():
            for job, objects in _old_by_job(store, stream, before).items():
                if job in unsettled or (source, stream.name, job) in held:
                    continue
                sealed = set() if job in vain else _sealed(store, stream, job)
                found += [_leftover(item) for item in objects if job in vain or item.key in sealed]
    return tuple(found)


def lake_leftovers(store: ObjectStore, *, before: datetime) -> tuple[Leftover, ...]:
    """All objects of sealed syncs that are older, were loaded, and of which no row counts; manifests first."""
    held = _held_back()
    found: list[Leftover] = []
    with doors.warehouse() as warehouse:
        for source, declaration in load_all().items():
            for stream in declaration.streams.values():
                superseded = _superseded(warehouse, stream)
                for job, objects in _folders(store, stream).items():
                    old = all(item.last_modified < before for item in objects)
                    if old and job in superseded and (source, stream.name, job) not in held:
                        found += [_leftover(item) for item in objects]
    return tuple(sorted(found, key=lambda item: not item.name.endswith(f"/{NAME}")))


def _superseded(warehouse: Warehouse, stream: Stream) -> set[int]:
    """Loaded syncs of a stream without a row that counts; none where the rows that count are not built."""
    schema, _, model = stream.current_table.partition(".")
    if model not in warehouse.relations(schema) or LEDGER.split(".")[1] not in warehouse.relations("raw"):
        return set()
    counting = f"select distinct _sync_id from {stream.current_table}"
    loaded = f"select distinct sync_id from {LEDGER} where source = ? and stream = ?"
    found = warehouse.query(f"{loaded} and sync_id not in ({counting})", [stream.source, stream.name])
    return {int(sync_id) for (sync_id,) in found}


def _folders(store: ObjectStore, stream: Stream) -> dict[int, list[ObjectInfo]]:
    """The objects of a stream's lake by sync; half-removed folders have no manifest and are found as well."""
    found: dict[int, list[ObjectInfo]] = defaultdict(list)
    for item in store.list(stream.lake_prefix):
        folder = item.key.removeprefix(stream.lake_prefix).partition("/")[0]
        if folder.startswith("sync_id=") and folder.removeprefix("sync_id=").isdecimal():
            found[int(folder.removeprefix("sync_id="))].append(item)
    return found


def _old_by_job(store: ObjectStore, stream: Stream, before: datetime) -> dict[int, list[ObjectInfo]]:
    found: dict[int, list[ObjectInfo]] = defaultdict(list)
    for item in _landed(store, stream):
        job = item.key.rpartition("/")[2].partition("_")[0]
        if item.last_modified < before and job.isdecimal():
            found[int(job)].append(item)
    return found


def _landed(store: ObjectStore, stream: Stream) -> Iterator[ObjectInfo]:
    yield from store.list(stream.landing_prefix)
    yield from store.list(stream.backfill_prefix)


def _sealed(store: ObjectStore, stream: Stream, job: int) -> set[str]:
    """Landing keys that the lake has, or that a person left out of it."""
    manifest = read(store, f"{stream.lake_prefix}sync_id={job}/")
    if manifest is None:
        return set()
    return {entry.landing.key for entry in manifest.objects} | {origin.key for origin in manifest.left_out}


def _unsettled(source: str) -> set[int]:
    backfills: Sequence[int] = [row.job_id for row in doors.sync_journal().backfills(source) if not row.settled]
    return {row.job_id for row in doors.ops_store().unsettled_syncs(source)} | set(backfills)


def _held_back() -> set[tuple[str, str, int]]:
    index = QuarantineIndex(doors.ops_store().engine)
    return {(entry.source, entry.stream, entry.sync_id) for entry in index.found()}


def _leftover(item: ObjectInfo) -> Leftover:
    return Leftover(item.key, item.size, item.last_modified)
