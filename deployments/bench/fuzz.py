"""`plumbline bench fuzz`: thousands of mutated landing objects through the real seal, judged by another reader.

Included: the whole seal of a stream with personal values (two objects at once, memory limit of the settings), its
manifest, quarantine and index. Objects lie in files behind the interface of the object store, so no S3 server is
measured. Objects are sealed 25 to a job, as one sync delivers them: a damaged one must be refused by name, is dismissed
the way a person would, and the job is sealed again without it.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import typer

from deployments.bench.fuzz_objects import object_of
from deployments.bench.fuzz_oracle import Line, lines_of, same
from tasks.adapters.object_errors import AlreadyThere, NotThere
from tasks.adapters.object_store import ObjectInfo, ObjectStore

if TYPE_CHECKING:
    from expectations.declare.source import Stream
    from tasks.adapters.ops_quarantine import QuarantineIndex
    from tasks.ingest.land import Landed
    from tasks.ingest.manifest import Manifest

TOGETHER = 25
PROCESSES = 2


@dataclass
class Tally:
    """What happened to the objects of one process; `faults` are the findings, each with its object."""

    objects: int = 0
    refused: int = 0
    lines: int = 0
    rows: int = 0
    quarantined: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak_mb: float = 0
    cpu_seconds: float = 0

    def add(self, other: Tally) -> None:
        """Take another process' results in; the peak is that of the larger one."""
        for name in ("objects", "refused", "lines", "rows", "quarantined", "cpu_seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.kinds.update(other.kinds)
        self.faults += other.faults
        self.peak_mb = max(self.peak_mb, other.peak_mb)


def run(objects: int, seed: int) -> None:
    """Print what became of the objects; ends with 1 if anything is wrong."""
    began, total = time.perf_counter(), Tally()
    batches = [range(first, min(first + TOGETHER, objects)) for first in range(0, objects, TOGETHER)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [batches[n::PROCESSES] for n in range(PROCESSES)]
        for tally in pool.map(fuzz, [part for part in parts if part], [seed] * PROCESSES):
            total.add(tally)
    typer.echo(report(total, seed, time.perf_counter() - began))
    if total.faults:
        raise typer.Exit(1)


def report(total: Tally, seed: int, seconds: float) -> str:
    """The result as the lines that are printed."""
    from tasks.settings import SealSettings

    limits = SealSettings()
    reasons = ", ".join(f"{name} {count:,}" for name, count in total.reasons.most_common())
    return "\n".join(
        [
            f"{total.objects:,} objects of {len(total.kinds)} kinds, seed {seed}",
            f"lines in      {total.lines:>12,}",
            f"rows out      {total.rows:>12,}",
            f"quarantined   {total.quarantined:>12,}   ({reasons})",
            f"objects refused by name {total.refused:,}",
            f"lines in = rows out + quarantined: {'yes' if total.lines == total.rows + total.quarantined else 'NO'}",
            f"faults        {len(total.faults):>12,}",
            *(f"  - {fault}" for fault in total.faults[:20]),
            f"peak memory of a process {total.peak_mb:,.0f} MB, the makers of the objects and the judge included "
            f"(seal: {limits.memory_limit}, {limits.at_once} objects at once)",
            f"{seconds:,.0f} s, {total.cpu_seconds:,.0f} processor seconds in {PROCESSES} processes, "
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        ]
    )


def fuzz(batches: Sequence[Sequence[int]], seed: int) -> Tally:
    """Seal these batches of object numbers in this process."""
    from expectations.declare.source import load
    from tasks.adapters.ops_quarantine import QuarantineIndex
    from tasks.adapters.ops_store import OpsStore
    from tasks.settings import settings

    tally, began = Tally(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="plumbline-fuzz-") as folder:
        os.environ |= {"PLUMBLINE_TOKEN_KEY": "ab" * 32, "PLUMBLINE_HOME": folder}
        settings.cache_clear()
        ops = OpsStore(f"sqlite:///{folder}/ops.sqlite")
        trial = _Trial(
            Files(Path(folder) / "bucket"), QuarantineIndex(ops.engine), load("shopify").streams["orders"], tally
        )
        for numbers in batches:
            trial.batch(seed, numbers)
        ops.close()
    tally.cpu_seconds = time.process_time() - began
    tally.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return tally


@dataclass(frozen=True)
class _Trial:
    """Seals batches and compares them with what the oracle says."""

    store: Files
    index: QuarantineIndex
    stream: Stream
    tally: Tally

    def batch(self, seed: int, numbers: Sequence[int]) -> None:
        """One job with these objects."""
        sync_id = numbers[0] + 1
        expected: dict[str, list[Line] | None] = {}
        for number in numbers:
            kind, body = object_of(seed, number)
            key = f"{self.stream.landing_prefix}2026/11/18/{sync_id}_{number}_1795000000000.jsonl.gz"
            self.store.put(key, body)
            expected[key] = lines_of(body)
            self.tally.kinds[kind] += 1
        manifest = self._sealed(sync_id, expected)
        self._compare(manifest, expected)
        self.store.clear()

    def _landed(self, sync_id: int) -> Landed:
        from tasks.ingest.land import Landed, LandedObject
        from tasks.window import Window

        found = self.store.list(self.stream.landing_prefix)
        objects = tuple(LandedObject(item.key, item.etag, item.size) for item in found)
        return Landed("shopify", "orders", Window.of_day(date(2026, 11, 17)), sync_id, objects)

    def _sealed(self, sync_id: int, expected: dict[str, list[Line] | None]) -> Manifest | None:
        """The manifest, after the damaged objects were named and dismissed."""
        from expectations.declare.errors import ContractBroken
        from tasks.ingest.manifest import read
        from tasks.ingest.seal import seal_into

        store, landed = cast("ObjectStore", self.store), self._landed(sync_id)
        damaged = {key for key, lines in expected.items() if lines is None}
        try:
            seal_into(store, self.index, landed, self.stream)
        except ContractBroken:
            named = [one for one in self.index.of_sync("shopify", "orders", sync_id) if one.kind == "object"]
            self._fault_if({one.object for one in named} != damaged, "other objects than the damaged ones", landed)
            self.index.settle(named, "dismissed", reason="damaged on purpose")
            seal_into(store, self.index, landed, self.stream)
        manifest = read(store, f"{self.stream.lake_prefix}sync_id={sync_id}/")
        left_out = {origin.key for origin in manifest.left_out} if manifest else set()
        self._fault_if(left_out != damaged, "a damaged object was sealed, or a sound one refused", landed)
        self.tally.refused += len(left_out)
        return manifest

    def _compare(self, manifest: Manifest | None, expected: dict[str, list[Line] | None]) -> None:
        """Every line of every object against the rows and the quarantine."""
        import pyarrow.parquet as pq

        kept = self._kept(manifest)
        by_landing = {entry.landing.key: entry.key for entry in manifest.objects} if manifest else {}
        for key, lines in expected.items():
            self.tally.objects += 1
            if lines is None:
                continue
            rows = {}
            if key in by_landing:
                found = pq.read_table(self.store.path(by_landing[key]), columns=["_source_row", "_airbyte_data"])
                rows = dict(zip(*(column.to_pylist() for column in found.columns), strict=True))
                self._fault_if(len(rows) != found.num_rows, "a line was sealed twice", key)
            self._compare_lines(key, lines, rows, kept.get(key, {}))

    def _compare_lines(self, key: str, lines: list[Line], rows: dict[int, str], kept: dict[int, str]) -> None:
        self.tally.lines += len(lines)
        self.tally.rows += len(rows)
        self.tally.quarantined += len(kept)
        self.tally.reasons.update(kept.values())
        everything = set(rows) | set(kept)
        self._fault_if(everything != set(range(1, len(lines) + 1)) or bool(set(rows) & set(kept)), "lines lost", key)
        for number, line in enumerate(lines, 1):
            if number in rows:
                self._fault_if(line.verdict == "refused", f"line {number} is no record and was sealed", key)
                self._fault_if(not same(rows[number], line), f"line {number} has another payload", key)
            else:
                wrong = line.verdict == "record" and kept.get(number) != "nested too deeply"
                self._fault_if(wrong, f"line {number} is a record and was refused: {kept.get(number)}", key)

    def _kept(self, manifest: Manifest | None) -> dict[str, dict[int, str]]:
        found: dict[str, dict[int, str]] = {}
        if manifest and manifest.quarantine:
            for line in gzip.decompress(self.store.get(manifest.quarantine.key)).splitlines():
                about = json.loads(line)
                found.setdefault(about["object"], {})[about["line"]] = about["reason"]
        return found

    def _fault_if(self, wrong: bool, what: str, where: object) -> None:
        if wrong:
            self.tally.faults.append(f"{what} ({getattr(where, 'sync_id', where)})")


@dataclass(frozen=True)
class Files:
    """The part of the object store that seal uses, on a folder."""

    folder: Path

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self.folder / sha256(key.encode()).hexdigest()

    def put(self, key: str, body: bytes | Path, *, content_type: str = "", only_if_absent: bool = False) -> str:
        """See `ObjectStore.put`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if only_if_absent and self.path(key).exists():
            raise AlreadyThere(key)
        content = body if isinstance(body, bytes) else body.read_bytes()
        self.path(key).write_bytes(content)
        self.path(key).with_suffix(".key").write_text(key)
        return _etag(content)

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        if not self.path(key).exists():
            raise NotThere(key)
        return self.path(key).read_bytes()

    def download(self, key: str, path: Path) -> None:
        """See `ObjectStore.download`."""
        path.write_bytes(self.get(key))

    @contextmanager
    def open_stream(self, key: str) -> Iterator[BinaryIO]:
        """See `ObjectStore.open_stream`."""
        with self.path(key).open("rb") as file:
            yield file

    def list(self, prefix: str) -> Sequence[ObjectInfo]:
        """See `ObjectStore.list`."""
        keys = sorted(path.read_text() for path in self.folder.glob("*.key"))
        found = [(key, self.get(key)) for key in keys if key.startswith(prefix)]
        at = datetime.now(UTC)
        return [ObjectInfo(key, _etag(content), len(content), at) for key, content in found]

    def clear(self) -> None:
        """Forget everything."""
        for path in self.folder.glob("*"):
            path.unlink()


def _etag(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
