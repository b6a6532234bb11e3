"""Turn the landing objects of one finished job into lake objects, once, and leave every payload as it came."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from prefect import task

from expectations.declare.contract import contract
from expectations.declare.errors import ContractBroken, Misconfigured
from expectations.declare.source import Stream
from tasks import doors
from tasks.adapters.lake_writer import Counts, LakeWriter, LandingFile, lake_writer
from tasks.adapters.object_store import ObjectStore
from tasks.adapters.tokens import TokenKey, TokenSql, tokens_sql
from tasks.ingest.land import Landed, LandedObject
from tasks.ingest.manifest import NAME, QUARANTINE, Entry, Manifest, Origin, Quarantined, read, write_once
from tasks.outcomes import recorded
from tasks.retry import JITTER, RETRY_DELAYS, unavailable_only
from tasks.settings import required, settings
from tasks.window import Window


@dataclass(frozen=True)
class LakeObject:
    """One sealed object; `content` is the checksum of its payloads, whatever their order."""

    key: str
    etag: str
    rows: int
    bytes: int
    landing_key: str
    content: str = ""


@dataclass(frozen=True)
class Batch:
    """What one finished job delivered for one stream, sealed. lines = rows + quarantined."""

    source: str
    stream: str
    window: Window
    sync_id: int
    objects: tuple[LakeObject, ...]
    lines: int
    rows: int
    quarantined: int
    manifest_key: str
    reused: bool = False


@task(
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=RETRY_DELAYS,
    retry_jitter_factor=JITTER,
    retry_condition_fn=unavailable_only,
    task_run_name="seal {landed.source} {landed.stream}",
)
@recorded
def seal(landed: Landed, declaration: Stream) -> Batch:
    """Seal a landed stream; one that is sealed already is returned as it is.

    Lake objects are written first and the manifest last, so dying in between leaves files that the next try
    overwrites with the same bytes. Raises `ContractBroken` with the name of a damaged object: then no manifest
    is written and nothing of the stream is loaded.
    """
    store = doors.object_store()
    folder = f"{declaration.lake_prefix}sync_id={landed.sync_id}/"
    known = read(store, folder)
    if known:
        return batch_of(known, folder, reused=True)
    personal = contract(declaration).tokens
    key = token_key(needed=bool(personal))
    with tempfile.TemporaryDirectory(prefix="plumbline-seal-") as scratch:
        sealing = _Sealing(store, landed, folder, Path(scratch), tokens_sql(personal, key.version), key)
        entries = sealing.objects()
        quarantine = sealing.quarantine(entries)
    return batch_of(write_once(store, folder, _manifest(landed, entries, quarantine, key.version)), folder)


def token_key(*, needed: bool = True) -> TokenKey:
    """The key of the join tokens from the settings; `Misconfigured` if it is needed and missing or no hex."""
    privacy = settings().privacy
    text = required(privacy.key, "PLUMBLINE_TOKEN_KEY") if needed else privacy.key.get_secret_value()
    try:
        return TokenKey(privacy.key_version, bytes.fromhex(text))
    except ValueError:
        raise Misconfigured(
            "the setting PLUMBLINE_TOKEN_KEY is no hexadecimal text", do="Write 64 or more digits of 0-9 and a-f"
        ) from None


@dataclass(frozen=True)
class _Sealing:
    """One seal under way, with a folder for files that are not uploaded yet."""

    store: ObjectStore
    landed: Landed
    folder: str
    scratch: Path
    tokens: TokenSql
    key: TokenKey

    def objects(self) -> list[Entry]:
        """Seal and upload every object, a few at once, in the order of the listing."""
        _refuse_clash(self.landed)
        limits = settings().seal
        with (
            lake_writer(self.scratch, limits, self.key, tokens=self.tokens) as writer,
            ThreadPoolExecutor(limits.at_once) as pool,
        ):
            return list(pool.map(lambda item: self._one(writer, item), self.landed.objects))

    def _one(self, writer: LakeWriter, item: LandedObject) -> Entry:
        landing = LandingFile(item.key, self.landed.sync_id, lambda: self.store.open_stream(item.key))
        parquet = self.scratch / f"{_name(item)}.parquet"
        counts = writer.write(landing, parquet, self._refused(item))
        entry = self._uploaded(item, parquet, counts)
        parquet.unlink()
        return entry

    def _uploaded(self, item: LandedObject, parquet: Path, counts: Counts) -> Entry:
        key = f"{self.folder}{parquet.name}"
        with parquet.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Entry(
            key=key,
            etag=self.store.put(key, parquet),
            bytes=parquet.stat().st_size,
            sha256=sha256,
            lines=counts.lines,
            rows=counts.rows,
            quarantined=counts.quarantined,
            content=counts.content,
            landing=Origin(key=item.key, etag=item.etag, bytes=item.size),
        )

    def _refused(self, item: LandedObject) -> Path:
        return self.scratch / f"{_name(item)}.quarantine"

    def quarantine(self, entries: Sequence[Entry]) -> Quarantined | None:
        """Upload the refused lines of all objects as one; gzip members may be strung together."""
        rows = sum(entry.quarantined for entry in entries)
        if not rows:
            return None
        found = [self._refused(item) for item in self.landed.objects if self._refused(item).exists()]
        body = b"".join(path.read_bytes() for path in found)
        key = self.folder + QUARANTINE
        return Quarantined(key=key, etag=self.store.put(key, body, content_type="application/gzip"), rows=rows)


def _refuse_clash(landed: Landed) -> None:
    names = [_name(item) for item in landed.objects]
    if len(set(names)) < len(names):
        raise ContractBroken(
            "two landing objects of one sync have the same name in different folders",
            where=f"{landed.source}.{landed.stream}, sync {landed.sync_id}",
            do="Set the file pattern of the connection to {sync_id}_{part_number}_{timestamp:millis}{format_extension}",
        )


def _name(item: LandedObject) -> str:
    return item.key.rpartition("/")[2]


def _manifest(landed: Landed, entries: Sequence[Entry], quarantine: Quarantined | None, key_version: int) -> Manifest:
    return Manifest(
        source=landed.source,
        stream=landed.stream,
        window=landed.window,
        sync_id=landed.sync_id,
        token_key_version=key_version,
        lines=sum(entry.lines for entry in entries),
        rows=sum(entry.rows for entry in entries),
        quarantined=sum(entry.quarantined for entry in entries),
        objects=tuple(entries),
        quarantine=quarantine,
    )


def batch_of(manifest: Manifest, folder: str, *, reused: bool = False) -> Batch:
    """The batch that a manifest in a lake folder speaks of."""
    return Batch(
        source=manifest.source,
        stream=manifest.stream,
        window=manifest.window,
        sync_id=manifest.sync_id,
        objects=tuple(
            LakeObject(entry.key, entry.etag, entry.rows, entry.bytes, entry.landing.key, entry.content)
            for entry in manifest.objects
        ),
        lines=manifest.lines,
        rows=manifest.rows,
        quarantined=manifest.quarantined,
        manifest_key=folder + NAME,
        reused=reused,
    )
