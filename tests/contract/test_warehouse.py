"""What every warehouse must do, asked of each engine; what an engine cannot answer here is skipped, never passed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.declare.errors import ContractBroken
from tasks.adapters.warehouse.base import Delivery, LakeFile, Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.adapters.warehouse.on_snowflake import SnowflakeWarehouse, snowflake_warehouse
from tasks.settings import SnowflakeSettings

TABLE = "raw.contract_test__orders"
FROM, TO = datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC)
DELIVERY = Delivery("contract_test", "orders", 7, FROM, TO)
# Arrow's result warns about a copy inside of fakesnow.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(params=["duckdb", "fakesnow", "snowflake"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def warehouse(engine: str, tmp_path: Path) -> Iterator[Warehouse]:
    if engine == "duckdb":
        with DuckDBWarehouse(tmp_path / "w.duckdb", "500MB", 2, 5.0) as opened:
            yield opened
    elif engine == "fakesnow":
        yield from _fakesnow(tmp_path)
    else:
        yield from _real()


def _fakesnow(folder: Path) -> Iterator[Warehouse]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fakesnow = pytest.importorskip("fakesnow")
        with fakesnow.patch(create_database_on_connect=True):
            arguments = {"account": "org-acct", "user": "u", "database": "PLUMBLINE", "schema": "PUBLIC"}
            with SnowflakeWarehouse(arguments, "raw.lake") as opened:
                opened.execute("create schema if not exists raw")
                opened.execute(f"create stage raw.lake url = 'file://{folder}/lake/'")
                yield opened


def _real() -> Iterator[Warehouse]:
    if not os.environ.get("PLUMBLINE_SNOWFLAKE_ACCOUNT"):
        pytest.skip("PLUMBLINE_SNOWFLAKE_ACCOUNT is not set: no real Snowflake to ask")
    with snowflake_warehouse(SnowflakeSettings()) as opened:
        opened.execute("create schema if not exists raw")
        opened.execute("create temporary stage raw.contract_test_lake")
        opened.stage = "raw.contract_test_lake"
        yield opened
        opened.execute(f"drop table if exists {TABLE}")
        opened.execute("delete from raw.load_ledger where source = 'contract_test'")


Sealed = Callable[..., LakeFile]


@pytest.fixture
def sealed(warehouse: Warehouse, engine: str, tmp_path: Path) -> Sealed:
    """Makes a lake object, where the engine looks for it."""

    def make(name: str, rows: int = 2, *, says: int | None = None) -> LakeFile:
        key = f"lake/contract_test/orders/sync_id=7/{name}.parquet"
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(
            """copy (select 'r' || n _airbyte_raw_id, timestamp '2026-11-18 05:00:00.123' _airbyte_extracted_at,
                '{}' _airbyte_meta, 0::bigint _airbyte_generation_id, '{"n":1.10}' _airbyte_data,
                $file::varchar _source_file, n _source_row, 7::bigint _sync_id, null::varchar _tokens
            from range(1, $rows + 1) t(n)) to $path (format parquet)""",
            {"file": name, "rows": rows, "path": str(path)},
        )
        if engine == "snowflake":
            folder = Path(key.removeprefix("lake/")).parent
            warehouse.execute(f"put file://{path} @raw.contract_test_lake/{folder} auto_compress = false")
        return LakeFile(key, f"etag-{name}", rows if says is None else says, f"c-{name}", lambda: nullcontext(path))

    return make


@pytest.fixture
def ready(warehouse: Warehouse) -> Warehouse:
    warehouse.ensure_raw(TABLE)
    return warehouse


def rows_of(warehouse: Warehouse) -> list[tuple[object, ...]]:
    columns = "_source_file, _source_row, _airbyte_data, _airbyte_extracted_at, _load_seq"
    return warehouse.query(f"select {columns} from {TABLE} order by _load_seq, _source_row")


def test_making_room_twice_is_making_room_once(ready: Warehouse) -> None:
    ready.ensure_raw(TABLE)
    assert {"contract_test__orders", "load_ledger"} <= set(ready.relations("raw"))
    assert rows_of(ready) == []


def test_rows_and_ledger_arrive_together(ready: Warehouse, sealed: Sealed) -> None:
    objects = [sealed("a"), sealed("b", 1)]
    assert ready.load(TABLE, objects, DELIVERY) == [one.key for one in objects]
    at = datetime(2026, 11, 18, 5, 0, 0, 123000)
    assert [row[:4] for row in rows_of(ready)] == [
        ("a", 1, '{"n":1.10}', at), ("a", 2, '{"n":1.10}', at), ("b", 1, '{"n":1.10}', at),
    ]  # fmt: skip
    ledger = ready.query(
        'select object_key, etag, "ROWS", source, stream, sync_id, window_start, window_end, content'
        " from raw.load_ledger where table_name = ? order by load_seq",
        [TABLE],
    )
    window = (FROM.replace(tzinfo=None), TO.replace(tzinfo=None))
    assert ledger == [
        (one.key, one.etag, one.rows, "contract_test", "orders", 7, *window, one.content) for one in objects
    ]


def test_the_sequence_rises_with_every_object(ready: Warehouse, sealed: Sealed) -> None:
    ready.load(TABLE, [sealed("a"), sealed("b")], DELIVERY)
    ready.load(TABLE, [sealed("c")], DELIVERY)
    found = [row[4] for row in rows_of(ready)]
    assert found == sorted(found)
    assert len(set(found)) == 3


def test_what_the_ledger_knows_is_not_loaded_again(ready: Warehouse, sealed: Sealed) -> None:
    ready.load(TABLE, [sealed("a")], DELIVERY)
    assert ready.load(TABLE, [sealed("a"), sealed("b")], DELIVERY) == [sealed("b").key]
    assert ready.load(TABLE, [sealed("a"), sealed("b")], DELIVERY) == []
    assert len(rows_of(ready)) == 4


def test_a_replaced_object_is_refused(ready: Warehouse, sealed: Sealed) -> None:
    ready.load(TABLE, [sealed("a")], DELIVERY)
    with pytest.raises(ContractBroken, match="a lake object that is loaded already has been replaced"):
        ready.load(TABLE, [sealed("b"), replace(sealed("a"), etag="other")], DELIVERY)
    assert len(rows_of(ready)) == 2


def test_a_wrong_row_count_loads_nothing_of_the_delivery(ready: Warehouse, sealed: Sealed) -> None:
    with pytest.raises(ContractBroken, match="a lake object holds 2 rows, its manifest says 3"):
        ready.load(TABLE, [sealed("a"), sealed("b", says=3)], DELIVERY)
    assert rows_of(ready) == []
    assert ready.query("select count(*) from raw.load_ledger where table_name = ?", [TABLE]) == [(0,)]
    assert len(ready.load(TABLE, [sealed("a"), sealed("b")], DELIVERY)) == 2


def test_statements_take_parameters_and_are_kept(ready: Warehouse) -> None:
    ready.execute("create table raw.contract_test_words (word varchar)")
    ready.execute("insert into raw.contract_test_words values (?)", ["it's; -- one"])
    assert ready.query("select word from raw.contract_test_words where word = ?", ["it's; -- one"]) == [
        ("it's; -- one",)
    ]
    ready.execute("drop table raw.contract_test_words")


def test_a_relation_is_exported_as_parquet(ready: Warehouse, sealed: Sealed, engine: str, tmp_path: Path) -> None:
    if engine == "fakesnow":
        pytest.skip("fakesnow 0.12 has no fetch_arrow_all")
    ready.load(TABLE, [sealed("a")], DELIVERY)
    assert ready.export(TABLE, tmp_path / "mart.parquet") == 2
    found = pq.read_table(tmp_path / "mart.parquet")
    assert found.num_rows == 2
    assert "_airbyte_data" in [name.lower() for name in found.column_names]
    assert ready.frame("select 1 as One").column_names == ["one"]


def test_what_was_exported_comes_back_once(ready: Warehouse, tmp_path: Path) -> None:
    rows = [
        {"model": "orders", "value": Decimal("12.500000"), "load_seq": n, "seen": FROM.replace(tzinfo=None)}
        for n in (1, 2)
    ]
    for name, part in {"a": rows, "b": rows[1:]}.items():
        pq.write_table(pa.Table.from_pylist(part), tmp_path / f"{name}.parquet")
    for _ in range(2):
        ready.restore("quality.again", [tmp_path / "a.parquet", tmp_path / "b.parquet"])
    found = ready.query("select model, value, load_seq, seen from quality.again order by load_seq")
    assert [tuple(row) for row in found] == [tuple(row.values()) for row in rows]


COPIED = {"id": "bigint", "at_time": "timestamp", "is_good": "boolean", "words": "varchar"}


def _copied(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.query("select id, at_time, is_good, words from contract_ops.steps order by id")


def test_a_copy_replaces_what_it_says_and_nothing_else(warehouse: Warehouse) -> None:
    at = datetime(2026, 11, 17, 5, 0, 0, 250000)
    rows = [(1, at, True, "it's"), (2, None, None, None)]
    for _ in range(2):
        warehouse.put(Copy("contract_ops.steps", COPIED, rows))
    assert _copied(warehouse) == rows
    warehouse.put(Copy("contract_ops.steps", COPIED, [(2, at, False, "x"), (3, at, False, "y")], "id > 1"))
    assert _copied(warehouse) == [rows[0], (2, at, False, "x"), (3, at, False, "y")]
    warehouse.put(Copy("contract_ops.steps", COPIED, []))
    assert _copied(warehouse) == []


def test_a_copy_that_knows_more_columns_widens_its_table(warehouse: Warehouse) -> None:
    warehouse.put(Copy("contract_ops.wide", {"id": "bigint"}, [(1,)]))
    warehouse.put(Copy("contract_ops.wide", {"id": "bigint", "word": "varchar"}, [(2, "new")], "id > 1"))
    assert warehouse.query("select id, word from contract_ops.wide order by id") == [(1, None), (2, "new")]


def test_many_rows_are_copied_in_one_piece(warehouse: Warehouse) -> None:
    at = datetime(2026, 11, 17, 5, 0, 0, 250000)
    for count in (5_000, 3):
        ids = list(range(count))
        words, unknown = [f"w{n}" for n in ids], [None] * count
        rows = pa.table({"words": words, "id": ids, "at_time": [at] * count, "is_good": unknown})
        typed = rows.set_column(3, "is_good", rows["is_good"].cast(pa.bool_()))
        warehouse.put(Copy("contract_ops.steps", COPIED, typed))
        assert _copied(warehouse) == [(n, at, None, f"w{n}") for n in ids]


def test_a_copy_that_fails_leaves_what_was_there(warehouse: Warehouse) -> None:
    warehouse.put(Copy("contract_ops.kept", {"id": "bigint"}, [(1,)]))
    with pytest.raises(Exception, match=r"(?i)conversion|could not"):
        warehouse.put(Copy("contract_ops.kept", {"id": "bigint"}, [("not a number",)]))
    assert warehouse.query("select id from contract_ops.kept") == [(1,)]
