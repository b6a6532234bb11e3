"""Move sealed objects into the warehouse, once: rows and ledger in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from prefect import task

from expectations.declare.errors import ContractBroken
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.object_store import ObjectStore
from tasks.adapters.warehouse.base import Delivery, LakeFile, Warehouse
from tasks.ingest.seal import Batch, LakeObject
from tasks.operate.memory import refuse_lost
from tasks.outcomes import recorded
from tasks.retry import RETRIED
from tasks.scratch import scratch
from tasks.window import Window


@dataclass(frozen=True)
class LoadReceipt:
    """Objects loaded now and found loaded already, and the rows loaded now."""

    source: str
    stream: str
    window: Window
    sync_id: int
    loaded: int
    skipped: int
    rows: int

    @property
    def reused(self) -> bool:
        """Whether there was nothing left to do."""
        return self.loaded == 0


@task(
    **RETRIED,
    task_run_name="load {batch.source} {batch.stream}",
)
@recorded
def load(batch: Batch) -> LoadReceipt:
    """Load what the ledger does not know of a batch, under the writer lock.

    The whole batch is one transaction, so a reader never sees half a sync. Raises `ContractBroken` for a lake
    object that was replaced, and then loads nothing.
    """
    with doors.warehouse() as warehouse:
        refuse_lost(warehouse, batch.source)
        return load_into(warehouse, batch)


def load_into(warehouse: Warehouse, batch: Batch) -> LoadReceipt:
    """The same in a warehouse that is open already."""
    store = doors.object_store()
    table = declared(batch.source).streams[batch.stream].raw_table
    present = {item.key: item.etag for item in store.list(batch.manifest_key.rpartition("/")[0] + "/")}
    files = [_file(store, item, present) for item in batch.objects]
    delivery = Delivery(batch.source, batch.stream, batch.sync_id, batch.window.start, batch.window.end)
    warehouse.ensure_raw(table)
    keys = set(warehouse.load(table, files, delivery))
    rows = sum(item.rows for item in batch.objects if item.key in keys)
    skipped = len(batch.objects) - len(keys)
    return LoadReceipt(batch.source, batch.stream, batch.window, batch.sync_id, len(keys), skipped, rows)


def _file(store: ObjectStore, item: LakeObject, present: Mapping[str, str]) -> LakeFile:
    if item.key not in present:
        raise ContractBroken(
            "a lake object of a manifest is gone",
            where=item.key,
            do="Restore it, or remove the manifest and seal again",
        )
    if present[item.key] != item.etag:
        raise ContractBroken(
            "a lake object was replaced after it was sealed",
            where=f"{item.key}, etag {present[item.key]}, sealed as {item.etag}",
            do="Restore the sealed version; nothing of this sync was loaded",
        )

    @contextmanager
    def fetch() -> Iterator[Path]:
        # Downloading first is faster than reading Parquet through S3; one object at a time bounds the disk.
        with scratch("load") as folder:
            path = folder / "object.parquet"
            store.download(item.key, path)
            yield path

    return LakeFile(item.key, item.etag, item.rows, item.content, fetch)
