"""What is held back, from seal to its way back: nothing is lost, nothing is loaded twice, and dying changes nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import flows.replay_quarantine
import tasks.ingest.land
import tasks.ingest.load
import tasks.ingest.quarantine
from deployments.bench.fuzz import Files
from expectations.declare.errors import ContractBroken, Misconfigured
from expectations.declare.source import Source
from expectations.declare.source import load as load_declaration
from tasks import doors
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.ingest.held_rows import index
from tasks.ingest.jobs import SyncRun
from tasks.ingest.land import land
from tasks.ingest.load import load
from tasks.ingest.manifest import read
from tasks.ingest.quarantine import Replayed, dismiss, held
from tasks.ingest.seal import Batch, seal
from tasks.settings import settings
from tasks.window import Window

WINDOW = Window.of_day(date(2026, 11, 17))
FOLDER = "lake/hubspot/contacts/sync_id=7/"
NAMES = [f"landing/hubspot/contacts/2026/11/18/7_{n}_1.jsonl.gz" for n in range(3)]


def record(payload: bytes) -> bytes:
    head = b'{"_airbyte_raw_id":"r","_airbyte_extracted_at":1795000000000,"_airbyte_meta":{"changes":[]},'
    return head + b'"_airbyte_generation_id":0,"_airbyte_data":' + payload + b"}\n"


BOM, WESTERN, RUBBISH = b"\xef\xbb\xbf" + record(b'{"id":"1"}'), record(b'{"id":"M\xfcnchen"}'), b"secret@example.com\n"
TEXT = BOM + record(b'{"id":"2"}') + WESTERN + RUBBISH + record(b'{"id":"3"}')


@dataclass
class Place:
    """A bucket, a warehouse and an ops store of their own; the declaration of HubSpot may be changed."""

    store: Files
    file: Path
    source: Source

    def declare(self, **more: Any) -> None:
        stream = self.source.streams["contacts"].model_copy(update=more)
        self.source = self.source.model_copy(update={"streams": {**self.source.streams, "contacts": stream}})

    def land(self, *texts: bytes) -> None:
        for name, text in zip(NAMES, texts, strict=False):
            self.store.put(name, text)

    def seal(self) -> Batch:
        at = datetime(2026, 11, 18, 6, tzinfo=UTC)
        run = SyncRun("hubspot", WINDOW, "c", 7, "succeeded", at, at, None, None)
        return seal.fn(land.fn(run, "contacts"), self.source.streams["contacts"])

    def rows(self) -> list[tuple[Any, ...]]:
        with DuckDBWarehouse(self.file, "500MB", 2, 5.0) as warehouse:
            found = "select _source_file, _source_row, _airbyte_data from raw.hubspot__contacts order by 1, 2"
            return [(file[-12:], row, data) for file, row, data in warehouse.query(found)]

    def state(self) -> list[tuple[str, str, int, str]]:
        found = index().found("hubspot", states=("open", "replayed", "dismissed"))
        return [(one.kind, one.rule, one.count, one.state) for one in found]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    monkeypatch.setenv("PLUMBLINE_TOKEN_KEY", "ab" * 32)
    settings.cache_clear()
    place = Place(Files(tmp_path / "bucket"), tmp_path / "w.duckdb", load_declaration("hubspot"))
    monkeypatch.setattr(doors, "object_store", lambda: place.store)
    monkeypatch.setattr(doors, "warehouse", lambda: DuckDBWarehouse(place.file, "500MB", 2, 5.0))
    for module in (tasks.ingest.land, tasks.ingest.load, tasks.ingest.quarantine):
        monkeypatch.setattr(module, "declared", lambda _: place.source)
    yield place
    doors.ops_store().close()
    settings.cache_clear()


@pytest.fixture
def replay(place: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Replayed]:
    """The flow without a server; rows have tests of their own."""
    module = flows.replay_quarantine
    for name in ("load", "settle_lines", "replay_lines", "replay_objects"):
        monkeypatch.setattr(module, name, getattr(module, name).fn)
    monkeypatch.setattr(module, "replay_rows", lambda *_: 0)
    monkeypatch.setattr(module, "hold_back", lambda *_: ())
    monkeypatch.setattr(module, "announce", lambda *_: None)
    monkeypatch.setattr(module, "deliver", lambda: None)
    monkeypatch.setattr(module, "writer_queue", nullcontext)
    monkeypatch.setattr(module, "declared", lambda _: place.source)
    return module.replay_quarantine.fn


def test_refused_lines_are_listed_with_rule_and_number_and_never_with_a_value(place: Place) -> None:
    place.land(gzip.compress(TEXT), gzip.compress(record(b'{"id":"4"}') + b"\n"))
    batch = place.seal()
    assert (batch.lines, batch.rows, batch.quarantined) == (7, 3, 4)
    found = held("hubspot")
    assert [(one.rule, one.object[-12:], one.lines, one.count) for one in found] == [
        ("blank", NAMES[1][-12:], (2,), 1),
        ("not_json", NAMES[0][-12:], (1, 4), 2),
        ("not_utf_8", NAMES[0][-12:], (3,), 1),
    ]
    assert {one.pointer for one in found} == {"quarantine/hubspot/contacts/sync_id=7/lines.jsonl.gz"}
    assert "secret" not in repr(found)
    kept = gzip.decompress(place.store.get(found[0].pointer)).splitlines()
    assert [json.loads(line)["line"] for line in kept] == [1, 3, 4, 2]


def test_lines_come_back_after_the_declaration_tolerates_them_once(
    place: Place, replay: Callable[..., Replayed]
) -> None:
    place.land(gzip.compress(TEXT), gzip.compress(record(b'{"id":"4"}') + b"\n"))
    load.fn(place.seal())
    assert replay("hubspot").back == 0
    place.declare(tolerates=("byte_order_mark", "cp1252"))
    done = replay("hubspot")
    assert (done.before, done.back, done.out) == (4, 2, 2)
    assert [(one.rule, one.count) for one in done.still] == [("blank", 1), ("not_json", 1)]
    expected = [(1, '{"id":"1"}'), (2, '{"id":"2"}'), (3, '{"id":"München"}'), (5, '{"id":"3"}')]
    assert place.rows() == [(NAMES[0][-12:], *row) for row in expected] + [(NAMES[1][-12:], 1, '{"id":"4"}')]
    again = replay("hubspot")
    assert (again.before, again.back, again.out) == (2, 0, 2)
    assert len(place.rows()) == 5
    manifest = read(place.store, FOLDER)  # type: ignore[arg-type] # the same methods
    assert manifest is not None
    assert (manifest.lines, manifest.rows, manifest.quarantined) == (7, 5, 2)
    assert sum(entry.lines for entry in manifest.objects) == sum(e.rows + e.quarantined for e in manifest.objects)
    assert load.fn(place.seal()).loaded == 0


class Died(BaseException):
    """A process that ends at a bad moment."""


@pytest.mark.parametrize("dies_at", ["supplement-1-", "supplement-1.json", "load", "settle_lines"])
def test_a_replay_that_died_ends_as_if_it_had_not(
    place: Place, replay: Callable[..., Replayed], monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    place.land(gzip.compress(TEXT))
    load.fn(place.seal())
    place.declare(tolerates=("byte_order_mark", "cp1252"))

    def dead(*_: object) -> None:
        raise Died

    put = Files.put

    def dying(store: Files, key: str, body: bytes | Path, **more: Any) -> str:
        etag = "" if key.endswith(".json") and dies_at in key else put(store, key, body, **more)
        if dies_at in key:
            raise Died
        return etag

    with monkeypatch.context() as patched:
        patched.setattr(Files, "put", dying)
        if hasattr(flows.replay_quarantine, dies_at):
            patched.setattr(flows.replay_quarantine, dies_at, dead)
        with pytest.raises(Died):
            replay("hubspot")
    assert replay("hubspot").out == 1
    assert [row for _, row, _ in place.rows()] == [1, 2, 3, 5]
    assert place.state() == [("line", "not_json", 1, "open"), ("line", "not_utf_8", 1, "replayed")]


def test_only_the_chosen_rule_is_replayed(place: Place, replay: Callable[..., Replayed]) -> None:
    place.land(gzip.compress(TEXT))
    load.fn(place.seal())
    place.declare(tolerates=("byte_order_mark", "cp1252"))
    assert replay("hubspot", "not_utf_8").back == 1
    assert [row for _, row, _ in place.rows()] == [2, 3, 5]
    with pytest.raises(Misconfigured, match=r"nothing is held back for the rule 'utf'.*Write one of: not_json"):
        replay("hubspot", "utf")


def test_damaged_objects_are_refused_together_listed_kept_and_sealed_once_repaired(
    place: Place, replay: Callable[..., Replayed]
) -> None:
    good, cut = gzip.compress(record(b'{"id":"1"}')), gzip.compress(TEXT)[:-9]
    place.land(good, cut, b"rubbish")
    with pytest.raises(ContractBroken, match=r"is damaged.*; 1 more of this sync is refused too \(.*7_1_1.jsonl.gz, "):
        place.seal()
    assert [(one.rule, one.object) for one in held("hubspot")] == [("damaged_object", name) for name in NAMES[1:]]
    assert place.store.get("quarantine/hubspot/contacts/sync_id=7/7_1_1.jsonl.gz") == cut
    assert read(place.store, FOLDER) is None  # type: ignore[arg-type] # the same methods
    assert (replay("hubspot").back, replay("hubspot").out) == (0, 2)
    place.land(good, gzip.compress(record(b'{"id":"2"}')), gzip.compress(record(b'{"id":"3"}')))
    assert (replay("hubspot").back, len(place.rows())) == (2, 3)
    assert {state for *_, state in place.state()} == {"replayed"}


def test_a_dismissed_object_is_left_out_by_name(place: Place) -> None:
    place.land(gzip.compress(record(b'{"id":"1"}')), b"rubbish")
    with pytest.raises(ContractBroken, match="is damaged"):
        place.seal()
    with pytest.raises(Misconfigured, match="a dismissal needs a reason"):
        dismiss("hubspot", "damaged_object", " ")
    assert dismiss("hubspot", "damaged_object", "came again with job 8") == 1
    assert place.seal().rows == 1
    manifest = read(place.store, FOLDER)  # type: ignore[arg-type] # the same methods
    assert manifest is not None
    assert [origin.key for origin in manifest.left_out] == [NAMES[1]]
    assert place.state() == [("object", "damaged_object", 1, "dismissed")]


def test_a_frozen_stream_that_changed_is_not_loaded_until_it_is_declared(
    place: Place, replay: Callable[..., Replayed]
) -> None:
    place.declare(mode="freeze")
    dated = b'"createdAt":"2026-11-17T10:00:00Z","updatedAt":"2026-11-17T10:00:00Z"'
    place.land(gzip.compress(record(b'{"id":"1","shoe_size":46,' + dated + b"}") * 2))
    with pytest.raises(ContractBroken, match=r"a frozen stream changed \(shoe_size: undeclared field in 2 rows\)"):
        place.seal()
    [one] = held("hubspot", "undeclared_field")
    assert (one.kind, one.place, one.count) == ("object", "shoe_size", 2)
    assert replay("hubspot").out == 2
    place.declare(mode="evolve")
    assert (replay("hubspot").back, len(place.rows())) == (2, 2)


def test_a_manifest_of_an_older_version_is_read(place: Place) -> None:
    place.land(gzip.compress(TEXT))
    place.seal()
    old = json.loads(place.store.get(FOLDER + "manifest.json"))
    del old["left_out"]
    old["quarantine"]["key"] = FOLDER + "quarantine.jsonl.gz"
    place.store.put(FOLDER + "manifest.json", json.dumps(old).encode())
    again = place.seal()
    assert (again.reused, again.rows, again.quarantined) == (True, 2, 3)
