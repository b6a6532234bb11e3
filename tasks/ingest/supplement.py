"""Seal quarantined lines once more, and add what is sound now to the lake.

The first manifest stays as it is. What became readable (a tolerance was declared, the reader was mended) is a
supplement: one more lake object per landing object, whose rows keep the landing object and line number of their first
delivery, so a pointer means the same everywhere.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from expectations.declare.contract import contract
from expectations.declare.source import Stream
from tasks.adapters.lake_writer import PARQUET, LakeWriter, LandingFile, lake_writer
from tasks.adapters.normal_form import FORM
from tasks.adapters.object_store import ObjectStore
from tasks.adapters.tokens import tokens_sql
from tasks.ingest.manifest import Entry, Manifest, Origin, Supplement, add_once, read, supplements
from tasks.ingest.seal import rule_of, token_key, uploaded
from tasks.scratch import scratch
from tasks.settings import settings

Place = tuple[str, int]


@dataclass(frozen=True)
class KeptLine:
    """A refused line: where it stood, the rule it broke, and its text."""

    object: str
    line: int
    rule: str
    text: bytes


def still_out(store: ObjectStore, folder: str, manifest: Manifest) -> list[KeptLine]:
    """The refused lines of a sync that no supplement has taken, in order of their places."""
    if manifest.quarantine is None:
        return []
    taken = {place for one in supplements(store, folder) for place in one.taken}
    kept = _kept(store.get(manifest.quarantine.key))
    return [line for line in kept if (line.object, line.line) not in taken]


def _kept(packed: bytes) -> Iterator[KeptLine]:
    for written in gzip.decompress(packed).splitlines():
        about = json.loads(written)
        text = about["text"].encode() if "text" in about else base64.b64decode(about["base64"])
        yield KeptLine(about["object"], about["line"], rule_of(about["reason"]), text)


def seal_again(store: ObjectStore, stream: Stream, sync_id: int, *, rule: str = "") -> Manifest | None:
    """Seal what is sound now of the lines that are out, and return the manifest with it; twice is once.

    `rule` narrows the choice; empty: every line.
    """
    folder = f"{stream.lake_prefix}sync_id={sync_id}/"
    manifest = read(store, folder)
    if manifest is None or manifest.quarantine is None:
        return manifest
    wanted: Mapping[str, list[KeptLine]] = defaultdict(list)
    for line in still_out(store, folder, manifest):
        if rule in ("", line.rule):
            wanted[line.object].append(line)
    number, key = len(supplements(store, folder)) + 1, token_key(needed=bool(contract(stream).tokens))
    tokens = tokens_sql(contract(stream).tokens, key.version)
    with (
        scratch("supplement") as files,
        lake_writer(files, settings().seal, key, tokens=tokens, tolerates=stream.tolerates) as writer,
    ):
        again = _Again(store, f"{folder}supplement-{number}-", manifest, files, writer)
        made = [one for name, lines in sorted(wanted.items()) if (one := again.object(name, lines))]
    if made:
        taken = tuple(place for _, places in made for place in places)
        entries = tuple(entry for entry, _ in made)
        add_once(
            store,
            folder,
            Supplement(number=number, token_key_version=key.version, token_form=FORM, taken=taken, entries=entries),
        )
    return read(store, folder)


@dataclass(frozen=True)
class _Again:
    store: ObjectStore
    prefix: str
    manifest: Manifest
    files: Path
    writer: LakeWriter

    def object(self, name: str, lines: Sequence[KeptLine]) -> tuple[Entry, list[Place]] | None:
        """Seal the lines of one landing object; nothing if all of them are refused again."""
        packed, sealed = self.files / "lines.gz", self.files / "sealed.parquet"
        with gzip.open(packed, "wb", compresslevel=1) as out:
            out.writelines(line.text + b"\n" for line in lines)
        landing = LandingFile(name, self.manifest.sync_id, lambda: packed.open("rb"))
        counts = self.writer.write(landing, sealed, self.files / "refused.gz")
        if not counts.rows:
            return None
        final = self.files / "final.parquet"
        places = [(name, lines[row - 1].line) for row in _numbered(self.writer.connection, sealed, final, lines)]
        assert self.manifest.quarantine is not None
        kept = self.manifest.quarantine
        origin = Origin(key=kept.key, etag=kept.etag, bytes=packed.stat().st_size)
        entry = uploaded(self.store, f"{self.prefix}{name.rpartition('/')[2]}.parquet", final, counts, origin)
        return entry.model_copy(update={"lines": 0, "quarantined": -entry.rows}), places


def _numbered(connection: duckdb.DuckDBPyConnection, sealed: Path, final: Path, lines: Sequence[KeptLine]) -> list[int]:
    """Give the rows the numbers of their first delivery; returns the places of the sealed ones among the lines."""
    numbers = pa.table({"place": range(1, len(lines) + 1), "line": [line.line for line in lines]})
    with connection.cursor() as cursor:
        cursor.register("numbers", numbers)
        cursor.execute(
            "copy (select sealed.* replace (numbers.line as _source_row)"  # noqa: S608 - a constant
            " from read_parquet($sealed) as sealed inner join numbers on numbers.place = sealed._source_row"
            f" order by numbers.line) to $final ({PARQUET})",
            {"sealed": str(sealed), "final": str(final)},
        )
        found = cursor.execute("select _source_row from read_parquet(?) order by 1", [str(sealed)]).fetchall()
    return [int(row) for (row,) in found]
