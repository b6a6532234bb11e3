"""Whatever arrives: no line is lost or doubled, no payload changed, and dying in between changes nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tasks.ingest.load
import tasks.settings
from expectations.declare.contract import contract
from expectations.declare.errors import ContractBroken
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.object_store import AlreadyThere, NotThere, ObjectInfo
from tasks.adapters.tokens import TokenKey
from tasks.adapters.warehouse.base import Delivery, LakeFile
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.ingest.land import Landed, LandedObject, land
from tasks.ingest.load import LoadReceipt, load
from tasks.ingest.manifest import read
from tasks.ingest.seal import Batch, seal
from tasks.ingest.sync import SyncRun
from tasks.window import Window

WINDOW = Window.of_day(date(2026, 11, 17))
STREAM = declared("hubspot").streams["contacts"]
FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class MemoryStore:
    """The object store's methods that seal and load use, in a dictionary."""

    objects: dict[str, bytes] = field(default_factory=dict)

    def put(self, key: str, body: bytes | Path, *, content_type: str = "", only_if_absent: bool = False) -> str:
        if only_if_absent and key in self.objects:
            raise AlreadyThere(key)
        self.objects[key] = body if isinstance(body, bytes) else body.read_bytes()
        return self.etag(key)

    def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise NotThere(key)
        return self.objects[key]

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key))

    @contextmanager
    def open_stream(self, key: str) -> Iterator[BinaryIO]:
        yield BytesIO(self.get(key))

    def list(self, prefix: str) -> Sequence[ObjectInfo]:
        at = datetime(2026, 11, 18, tzinfo=UTC)
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        return [ObjectInfo(key, self.etag(key), len(self.objects[key]), at) for key in keys]

    def etag(self, key: str) -> str:
        return f"{hash(self.objects[key]) & 0xFFFFFFFF:08x}"


@dataclass
class Place:
    """A lake and a warehouse of their own."""

    store: MemoryStore
    file: Path

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self.warehouse() as warehouse:
            return warehouse.query(sql)

    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(self.file, "500MB", 2, 5.0)

    def rows(self) -> list[tuple[Any, ...]]:
        columns = "_source_file, _source_row, _airbyte_data, _tokens, _sync_id"
        return self.query(f"select {columns} from {STREAM.raw_table} order by all")

    def ledger(self) -> list[tuple[Any, ...]]:
        return self.query("select object_key, etag, rows, sync_id from raw.load_ledger order by all")


@pytest.fixture
def new_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Place]]:
    """Opens the doors to a new and empty place at each call."""
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PLUMBLINE_TOKEN_KEY", "ab" * 32)
    tasks.settings.settings.cache_clear()
    numbers = iter(range(10_000))

    def opened() -> Place:
        place = Place(MemoryStore(), tmp_path / f"{next(numbers)}.duckdb")
        monkeypatch.setattr(doors, "object_store", lambda: place.store)
        monkeypatch.setattr(doors, "warehouse", place.warehouse)
        return place

    yield opened
    tasks.settings.settings.cache_clear()


def delivered(place: Place, texts: Sequence[bytes], sync_id: int = 7) -> Landed:
    """Landing objects of one job with these texts."""
    objects = []
    for part, text in enumerate(texts):
        key = f"{STREAM.landing_prefix}2026/11/18/{sync_id}_{part}_1795000000000.jsonl.gz"
        place.store.objects[key] = gzip.compress(text, mtime=0)
        objects.append(LandedObject(key, place.store.etag(key), len(place.store.objects[key])))
    return Landed("hubspot", "contacts", WINDOW, sync_id, tuple(objects))


def sealed(landed: Landed) -> Batch:
    return seal.fn(landed, STREAM)


def record(payload: bytes) -> bytes:
    return (
        b'{"_airbyte_raw_id":"r","_airbyte_extracted_at":1795000000000,"_airbyte_meta":{"sync_id":7,"changes":[]},'
        b'"_airbyte_generation_id":0,"_airbyte_data":' + payload + b"}"
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
payloads = st.builds(
    lambda value, spaced, plain: json.dumps(
        value, ensure_ascii=plain, separators=None if spaced else (",", ":")
    ).encode("utf-8", "surrogatepass"),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values, max_size=4),
    st.booleans(),
    st.booleans(),
)
# Lines that hold no line end; half of them records, the others anything.
lines = st.one_of(payloads.map(record), st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"")))
objects = st.lists(lines, max_size=12).map(lambda found: b"".join(one + b"\n" for one in found))


@FEW
@given(texts=st.lists(objects, max_size=3))
def test_every_line_is_a_row_or_quarantined(new_place: Callable[[], Place], texts: list[bytes]) -> None:
    place = new_place()
    batch = sealed(delivered(place, texts))
    manifest = read(place.store, f"{STREAM.lake_prefix}sync_id=7/")  # type: ignore[arg-type] # the same methods
    assert batch.lines == sum(text.count(b"\n") for text in texts)
    assert batch.lines == batch.rows + batch.quarantined
    assert manifest is not None
    kept = gzip.decompress(place.store.get(manifest.quarantine.key)).splitlines() if manifest.quarantine else []
    assert len(kept) == batch.quarantined
    load.fn(batch)
    assert len(place.rows()) == batch.rows


@FEW
@given(found=st.lists(payloads, min_size=1, max_size=12))
def test_a_payload_arrives_byte_for_byte(new_place: Callable[[], Place], found: list[bytes]) -> None:
    place = new_place()
    legal = [one for one in found if b"\\ud" not in one.lower() and _is_utf8(one)]
    load.fn(sealed(delivered(place, [b"".join(record(one) + b"\n" for one in legal)])))
    assert [data.encode() for _, _, data, _, _ in place.rows()] == legal


def _is_utf8(text: bytes) -> bool:
    try:
        return bool(text.decode())
    except UnicodeDecodeError:
        return False


@FEW
@given(texts=st.lists(objects, min_size=1, max_size=3))
def test_twice_is_once(new_place: Callable[[], Place], texts: list[bytes]) -> None:
    place = new_place()
    landed = delivered(place, texts)
    load.fn(sealed(landed))
    before = (place.rows(), place.ledger())
    again = sealed(landed)
    receipt = load.fn(again)
    assert again.reused
    assert (receipt.loaded, receipt.skipped, receipt.rows, receipt.reused) == (0, len(texts), 0, True)
    assert (place.rows(), place.ledger()) == before


@settings(FEW, max_examples=5)
@given(texts=st.lists(objects, min_size=2, max_size=4), order=st.randoms())
def test_the_order_of_objects_and_syncs_does_not_matter(
    new_place: Callable[[], Place], texts: list[bytes], order: Random
) -> None:
    states = []
    for _ in range(2):
        place = new_place()
        landed = [delivered(place, texts, sync_id) for sync_id in (7, 8)]
        shuffled = [replace(one, objects=tuple(order.sample(one.objects, len(one.objects)))) for one in landed]
        order.shuffle(shuffled)
        for one in shuffled:
            load.fn(sealed(one))
        states.append((place.rows(), place.ledger()))
    assert states[0] == states[1]


THREE = [record(b'{"id":"%d","email":"a%d@b.c"}' % (n, n)) + b"\n" for n in range(3)]


class Died(BaseException):
    """A process that ends at a bad moment."""


@pytest.mark.parametrize("survived", [0, 1, 2, 3])
def test_dying_before_the_commit_changes_nothing(new_place: Callable[[], Place], survived: int) -> None:
    place = new_place()
    batch = sealed(delivered(place, THREE))
    files = [_file(place, batch, n, dies=n == survived) for n in range(3)]
    with place.warehouse() as warehouse:
        warehouse.ensure_raw(STREAM.raw_table)
        with pytest.raises(Died):
            warehouse.load(STREAM.raw_table, files, _delivery(batch, dies=survived == 3))
    assert (place.rows(), place.ledger()) == ([], [])
    receipt: LoadReceipt = load.fn(batch)
    assert (receipt.loaded, receipt.rows) == (3, 3)


def _file(place: Place, batch: Batch, number: int, *, dies: bool) -> LakeFile:
    whole = tasks.ingest.load._file(
        place.store, batch.objects[number], {batch.objects[number].key: batch.objects[number].etag}
    )  # type: ignore[arg-type]

    def fetch() -> AbstractContextManager[Path]:
        raise Died

    return replace(whole, fetch=fetch) if dies else whole


def _delivery(batch: Batch, *, dies: bool) -> Delivery:
    if not dies:
        return Delivery("hubspot", "contacts", 7, batch.window.start, batch.window.end)

    class Dying:
        """Dies while the ledger row is made, after the rows went in."""

        @property
        def source(self) -> str:
            raise Died

    return cast("Delivery", Dying())


def test_dying_before_the_manifest_leaves_what_the_next_seal_replaces(
    new_place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_place()
    landed = delivered(place, THREE)
    with monkeypatch.context() as patched:
        patched.setattr(MemoryStore, "put", _dies_at("manifest.json", MemoryStore.put))
        with pytest.raises(Died):
            sealed(landed)
    left = dict(place.store.objects)
    batch = sealed(landed)
    assert not batch.reused
    assert {key: place.store.objects[key] for key in left} == left


def _dies_at(name: str, put: Callable[..., str]) -> Callable[..., str]:
    def dying(store: MemoryStore, key: str, body: bytes | Path, **rest: bool) -> str:
        if key.endswith(name):
            raise Died
        return put(store, key, body, **rest)

    return dying


def test_the_loser_of_a_race_returns_the_winners_manifest(
    new_place: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_place()
    landed = delivered(place, THREE)
    winner = sealed(landed)
    monkeypatch.setattr("tasks.ingest.seal.read", lambda *_: None)
    assert sealed(landed) == winner


def test_two_objects_with_the_same_records_have_the_same_content(new_place: Callable[[], Place]) -> None:
    place = new_place()
    load.fn(sealed(delivered(place, [THREE[0] + THREE[1], THREE[1] + THREE[0], THREE[2]])))
    found = place.query("select content, count(*) from raw.load_ledger group by 1 order by 2")
    assert [count for _, count in found] == [1, 2]


def test_a_replaced_lake_object_is_refused_before_anything_is_loaded(new_place: Callable[[], Place]) -> None:
    place = new_place()
    batch = sealed(delivered(place, THREE))
    place.store.objects[batch.objects[1].key] = b"something else"
    with pytest.raises(
        ContractBroken, match=r"was replaced after it was sealed.*7_1_1795000000000\.jsonl\.gz\.parquet"
    ):
        load.fn(batch)
    del place.store.objects[batch.objects[1].key]
    with pytest.raises(ContractBroken, match="a lake object of a manifest is gone"):
        load.fn(batch)


def test_clear_identifiers_become_tokens(new_place: Callable[[], Place]) -> None:
    place = new_place()
    personal = contract(STREAM).tokens
    values = {"email": "ana@example.com", "phone": "+1 212", "user_id": "u-1"}
    payload: dict[str, Any] = {}
    for one in personal:
        inner = payload
        for step in one.path[:-1]:
            inner = inner.setdefault(step, {})
        inner[one.path[-1]] = values[one.pii_type]
    load.fn(sealed(delivered(place, [record(json.dumps(payload).encode())])))
    [(_, _, _, tokens, _)] = place.rows()
    key = TokenKey(1, bytes.fromhex("ab" * 32))
    assert personal
    assert json.loads(tokens) == {one.name: key.token(one.pii_type, values[one.pii_type]) for one in personal}


def test_objects_are_found_by_the_job_id_alone(new_place: Callable[[], Place]) -> None:
    place = new_place()
    names = ("7_0_1.jsonl.gz", "7_0_1.jsonl.gz-1", "77_0_1.jsonl.gz", "6_7_1.jsonl.gz")
    for name in names:
        place.store.objects[f"{STREAM.landing_prefix}2026/1/8/{name}"] = gzip.compress(THREE[0])
    at = datetime(2026, 11, 18, 6, tzinfo=UTC)
    run = SyncRun("hubspot", WINDOW, "c", 7, "succeeded", at, at, 2, None)
    landed = land.fn(run, "contacts")
    assert [one.key.rpartition("/")[2] for one in landed.objects] == list(names[:2])
    assert sealed(landed).rows == 2
    with pytest.raises(ContractBroken, match="Airbyte job 7 is running: its objects are not complete"):
        land.fn(replace(run, status="running"), "contacts")
