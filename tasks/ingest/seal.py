"""Turn the landing objects of one finished job into lake objects, once, and leave every payload as it came."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from prefect import task

from expectations.declare.contract import contract
from expectations.declare.errors import ContractBroken, Misconfigured
from expectations.declare.source import Stream
from tasks import doors
from tasks.adapters.frozen import Change, changes
from tasks.adapters.lake_writer import Counts, LakeWriter, LandingFile, Reason, lake_writer
from tasks.adapters.normal_form import FORM
from tasks.adapters.object_store import ObjectStore
from tasks.adapters.ops_quarantine import Held, QuarantineIndex
from tasks.adapters.tokens import TokenKey, tokens_sql
from tasks.ingest.land import Landed, LandedObject
from tasks.ingest.manifest import LINES, NAME, Entry, Manifest, Origin, Quarantined, read, write_once
from tasks.outcomes import recorded
from tasks.retry import RETRIED
from tasks.scratch import scratch
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
    **RETRIED,
    task_run_name="seal {landed.source} {landed.stream}",
)
@recorded
def seal(landed: Landed, declaration: Stream) -> Batch:
    """Seal a landed stream; one that is sealed already is returned as it is.

    Lake objects are written first and the manifest last, so dying in between leaves files that the next try
    overwrites with the same bytes. Raises `ContractBroken` with the names of damaged objects, or of what changed in a
    frozen stream: then no manifest is written and nothing of the stream is loaded.
    """
    return seal_into(doors.object_store(), QuarantineIndex(doors.ops_store().engine), landed, declaration)


def seal_into(store: ObjectStore, index: QuarantineIndex, landed: Landed, declaration: Stream) -> Batch:
    """What `seal` does, between a given store and a given index of what is held back."""
    folder = f"{declaration.lake_prefix}sync_id={landed.sync_id}/"
    known = read(store, folder)
    if known:
        return batch_of(known, folder, reused=True)
    key = token_key(needed=bool(contract(declaration).tokens))
    with scratch("seal") as folder_of_files:
        sealing = _Sealing(store, index, landed, declaration, folder_of_files, key)
        manifest = sealing.sealed()
    return batch_of(write_once(store, folder, manifest), folder)


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
class _Sealed:
    """What became of one object: its entry, and why lines of it were refused."""

    entry: Entry
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class _Refusal:
    """An object that cannot be sealed: it is damaged, or its stream is frozen and it brings changes."""

    item: LandedObject
    error: ContractBroken
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class _Sealing:
    """One seal under way, with a folder for files that are not uploaded yet."""

    store: ObjectStore
    index: QuarantineIndex
    landed: Landed
    stream: Stream
    scratch: Path
    key: TokenKey

    def sealed(self) -> Manifest:
        """Seal and upload all objects but those that a person dismissed; the manifest is not written yet."""
        _refuse_clash(self.landed)
        known = self.index.of_sync(self.landed.source, self.landed.stream, self.landed.sync_id)
        dismissed = {one.object for one in known if one.kind == "object" and one.state == "dismissed"}
        left_out = [item for item in self.landed.objects if item.key in dismissed]
        found = self._objects([item for item in self.landed.objects if item.key not in dismissed])
        self.index.settle([one for one in known if one.kind == "object" and one.state == "open"], "replayed")
        self.index.seen(self._held(one.entry.landing.key, reason) for one in found for reason in one.reasons)
        return _manifest(
            self.landed, [one.entry for one in found], self._quarantine(found), self.key.version
        ).model_copy(update={"left_out": tuple(_origin(item) for item in left_out)})

    def _objects(self, items: Sequence[LandedObject]) -> list[_Sealed]:
        """A few at once, in the order of the listing; what cannot be sealed is named together."""
        limits, tokens = settings().seal, tokens_sql(contract(self.stream).tokens, self.key.version)
        writing = lake_writer(self.scratch, limits, self.key, tokens=tokens, tolerates=self.stream.tolerates)
        with writing as writer, ThreadPoolExecutor(limits.at_once) as pool:
            done = list(pool.map(lambda item: self._one(writer, item), items))
        if refused := [one for one in done if isinstance(one, _Refusal)]:
            self._refuse(refused)
        return [one for one in done if isinstance(one, _Sealed)]

    def _one(self, writer: LakeWriter, item: LandedObject) -> _Sealed | _Refusal:
        landing = LandingFile(item.key, self.landed.sync_id, lambda: self.store.open_stream(item.key))
        parquet = self.scratch / f"{_name(item)}.parquet"
        try:
            counts = writer.write(landing, parquet, self._refused(item))
            if found := changes(writer.connection, parquet, contract(self.stream)):
                return _Refusal(item, _frozen(item, found), tuple(found))
            return _Sealed(self._uploaded(item, parquet, counts), counts.reasons)
        except ContractBroken as error:
            return _Refusal(item, error)
        finally:
            parquet.unlink(missing_ok=True)

    def _uploaded(self, item: LandedObject, parquet: Path, counts: Counts) -> Entry:
        key = f"{self.stream.lake_prefix}sync_id={self.landed.sync_id}/{parquet.name}"
        return uploaded(self.store, key, parquet, counts, _origin(item))

    def _refused(self, item: LandedObject) -> Path:
        return self.scratch / f"{_name(item)}.quarantine"

    @property
    def _folder(self) -> str:
        return f"{self.stream.quarantine_prefix}sync_id={self.landed.sync_id}/"

    def _quarantine(self, found: Sequence[_Sealed]) -> Quarantined | None:
        """Upload the refused lines of all objects as one; gzip members may be strung together."""
        rows = sum(one.entry.quarantined for one in found)
        if not rows:
            return None
        paths = [self._refused(item) for item in self.landed.objects if self._refused(item).exists()]
        key = self._folder + LINES
        body = b"".join(path.read_bytes() for path in paths)
        return Quarantined(key=key, etag=self.store.put(key, body, content_type="application/gzip"), rows=rows)

    def _held(self, item: str, reason: Reason) -> Held:
        landed = self.landed
        return Held(
            landed.source, landed.stream, landed.sync_id, landed.window, "line", rule_of(reason.reason), "", item,
            self._folder + LINES, reason.count, reason.lines,
        )  # fmt: skip

    def _refuse(self, refused: Sequence[_Refusal]) -> None:
        """Keep a copy of what was refused, list it, and stop; raises the error of the first with how many there are."""
        for one in refused:
            kept = f"{self._folder}{_name(one.item)}"
            copy = self.scratch / "copy"
            self.store.download(one.item.key, copy)
            self.store.put(kept, copy, content_type="application/gzip")
            rules = [(change.rule, change.place, change.count) for change in one.changes]
            self.index.seen(self._object(one.item, kept, *rule) for rule in rules or [("damaged_object", "", 1)])
        first, more = refused[0].error, len(refused) - 1
        what = (
            f"{first.what}; {more} more of this sync {'is' if more == 1 else 'are'} refused too" if more else first.what
        )
        raise ContractBroken(what, where=first.where, do=first.do)

    def _object(self, item: LandedObject, kept: str, rule: str, place: str, count: int) -> Held:
        landed = self.landed
        return Held(
            landed.source, landed.stream, landed.sync_id, landed.window, "object", rule, place, item.key, kept, count
        )


def uploaded(store: ObjectStore, key: str, parquet: Path, counts: Counts, origin: Origin) -> Entry:
    """Upload a sealed file and describe it."""
    with parquet.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Entry(
        key=key,
        etag=store.put(key, parquet),
        bytes=parquet.stat().st_size,
        sha256=sha256,
        lines=counts.lines,
        rows=counts.rows,
        quarantined=counts.quarantined,
        content=counts.content,
        landing=origin,
    )


def rule_of(reason: str) -> str:
    """The reason for which a line was refused, as the name of a rule: `not JSON` is `not_json`."""
    return re.sub(r"[^a-z0-9]+", "_", reason.lower()).strip("_")


def _frozen(item: LandedObject, found: Sequence[Change]) -> ContractBroken:
    told = "; ".join(f"{one.place}: {one.rule.replace('_', ' ')} in {one.count} rows" for one in found[:5])
    return ContractBroken(
        f"a frozen stream changed ({told})",
        where=item.key,
        do="Nothing of this sync was loaded. Declare the change, or have the source undo it, then refresh again",
    )


def _origin(item: LandedObject) -> Origin:
    return Origin(key=item.key, etag=item.etag, bytes=item.size)


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
        token_form=FORM,
        lines=sum(entry.lines for entry in entries),
        rows=sum(entry.rows for entry in entries),
        quarantined=sum(entry.quarantined for entry in entries),
        objects=tuple(entries),
        quarantine=quarantine,
    )


def batch_of(manifest: Manifest, folder: str, *, reused: bool = False) -> Batch:
    """A manifest as the batch that the next step takes; `folder` is where it stands."""
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
