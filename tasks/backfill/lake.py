"""What the lake holds of a source: one folder per stream and sync, with the window that the sync was for."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from expectations.declare.source import Source
from expectations.declare.stream import Stream
from tasks import doors
from tasks.adapters.object_store import ObjectStore
from tasks.ingest.manifest import NAME, read
from tasks.ingest.seal import Batch, batch_of
from tasks.window import Window

READ_AT_ONCE = 8
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Folder:
    """One sealed stream of one sync: its objects and their bytes; the batch once its manifest was read."""

    stream: str
    sync_id: int
    prefix: str
    objects: int
    bytes: int
    batch: Batch | None = None


def folders(store: ObjectStore, stream: Stream) -> list[Folder]:
    """Every sealed folder of a stream, by one listing; one without a manifest is not sealed and not told."""
    sizes: dict[str, list[int]] = defaultdict(list)
    sealed: set[str] = set()
    for item in store.list(stream.lake_prefix):
        prefix, _, name = item.key.rpartition("/")
        if name == NAME:
            sealed.add(prefix)
        elif name.endswith(".parquet"):
            sizes[prefix].append(item.size)
    return [
        Folder(stream.name, int(prefix.rpartition("=")[2]), f"{prefix}/", len(sizes[prefix]), sum(sizes[prefix]))
        for prefix in sorted(sealed)
    ]


def speaking(source: Source, window: Window, *, known: frozenset[tuple[str, int]] = frozenset()) -> list[Folder]:
    """The folders of syncs that may speak about a window, with their batches: from the day before it to the
    end of the look-back after it. Folders in `known` (stream, sync id) are left out without being read.
    """
    store = doors.object_store()
    found = [
        folder
        for stream in source.streams.values()
        for folder in folders(store, stream)
        if (folder.stream, folder.sync_id) not in known
    ]
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        told = pool.map(lambda folder: _with_batch(store, folder), found)
        return [folder for folder in told if folder.batch and _speaks(folder.batch, window, source)]


def _speaks(batch: Batch, window: Window, source: Source) -> bool:
    # A sync reads its sources hours after its window: it has the first rows of the following day too.
    return batch.window.start < window.end + source.look_back and batch.window.end > window.start - _A_DAY


def _with_batch(store: ObjectStore, folder: Folder) -> Folder:
    manifest = read(store, folder.prefix)
    return replace(folder, batch=batch_of(manifest, folder.prefix, reused=True)) if manifest else folder


def batch_at(manifest_key: str) -> Batch | None:
    """The batch of a manifest by its key."""
    folder = manifest_key.rpartition("/")[0] + "/"
    manifest = read(doors.object_store(), folder)
    return batch_of(manifest, folder, reused=True) if manifest else None
