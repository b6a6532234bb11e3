"""Rows that break a rule: they do not count, they are listed by place, and they come back once the rule is mended."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment

from deployments.render.models import files_of
from expectations.declare.contract import contract
from expectations.declare.source import Source, Stream
from expectations.declare.source import load as load_declaration
from tasks import doors
from tasks.adapters.dbt_compiled import CompiledModel, CompiledProject
from tasks.adapters.lake_writer import LandingFile, lake_writer
from tasks.adapters.tokens import TokenKey, tokens_sql
from tasks.adapters.warehouse.base import Delivery, LakeFile
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.ingest import held_rows
from tasks.ingest.held_rows import hold_back, index, replay_rows
from tasks.settings import SealSettings, settings
from tasks.window import Window

MACROS = Path(__file__).parents[2] / "dbt" / "macros"
WINDOW = Window.parse("2026-11-17")
ORDERS = (
    {"id": 1, "subtotal_price": "10.50", "financial_status": "paid"},
    {"id": 2, "subtotal_price": "10,50", "financial_status": "paid"},
    {"id": None, "subtotal_price": 1},
    {"id": 3, "subtotal_price": "99999999999999999999", "financial_status": "pending"},
    {"id": 4, "subtotal_price": "4", "financial_status": "pending"},
)


def stricter(source: Source) -> Source:
    """The declaration before somebody noticed that orders may be pending."""
    orders = source.streams["orders"]
    status = orders.fields["financial_status"].model_copy(update={"one_of": ("paid",), "mode": "quarantine"})
    fields = {**orders.fields, "financial_status": status}
    return source.model_copy(update={"streams": {"orders": orders.model_copy(update={"fields": fields})}})


def project_of(stream: Stream, source: Source) -> CompiledProject:
    """What dbt would compile of one stream for a full build."""
    files = files_of(source)
    staging = f"models/staging/{source.name}/"
    typed, sound, current = stream.typed_model, stream.staging_model, stream.current_model
    parts = [
        (f"{staging}{typed}.sql", typed, "staging", True, ()),
        (f"{staging}{sound}.sql", sound, "staging", False, (typed,)),
        (f"models/intermediate/{current}.sql", current, "intermediate", True, (sound,)),
    ]
    macro = files[f"macros/typed/{source.name}__{stream.name}.sql"]
    models = {
        name: CompiledModel(name, f"{schema}.{name}", _compiled(files[path], macro), incremental, parents, {})
        for path, name, schema, incremental, parents in parts
    }
    return CompiledProject(models, {stream.raw_table.split(".")[1]: stream.raw_table})


@cache
def _project(*, mended: bool) -> CompiledProject:
    source = load_declaration("shopify")
    source = source if mended else stricter(source)
    return project_of(source.streams["orders"], source)


def _compiled(sql: str, macro: str) -> str:
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)
    macros = "\n".join(path.read_text() for path in sorted(MACROS.glob("*.sql")) if path.stem != "incremental")

    def dispatch(name: str, *_: str) -> Callable[..., str]:
        found: Callable[..., str] = getattr(module, f"duckdb__{name}", None) or getattr(module, f"default__{name}")
        return found

    dbt = {"config": lambda **_: "", "nothing_new": lambda _: False, "unseen": str, "is_incremental": lambda: False}
    places = {"source": lambda a, b: f"raw.{a}__{b}", "ref": lambda name: f"staging.{name}"}
    environment.globals.update(dbt | places | {"adapter": SimpleNamespace(dispatch=dispatch), "return": lambda v: v})
    module: Any = environment.from_string(macros + macro).module
    name = macro.split("macro ")[1].split("(", maxsplit=1)[0]
    return environment.from_string(sql).render({name: getattr(module, name)})


@dataclass
class Shop:
    """A warehouse with the orders of one sync, typed by a declaration that can be mended."""

    file: Path
    source: Source

    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(self.file, "500MB", 2, 5.0)

    @property
    def stream(self) -> Stream:
        return self.source.streams["orders"]

    @property
    def project(self) -> CompiledProject:
        return _project(mended=not self.stream.fields["financial_status"].mode)

    def build(self) -> None:
        project, at = self.project, datetime(2026, 11, 18, 5)
        with self.warehouse() as warehouse:
            warehouse.ensure_raw(self.stream.raw_table)
            for row, order in enumerate(ORDERS, 1):
                payload = json.dumps({"updated_at": "2026-11-17T10:00:00Z", "shop_url": "brightcart", **order})
                values = [str(row), at, '{"changes":[]}', 0, payload, "landing/1.gz", row, 7, None, at, 1]
                warehouse.execute(f"insert into {self.stream.raw_table} values (?,?,?,?,?,?,?,?,?,?,?)", values)
            about = [
                "lake/1",
                "e",
                5,
                "shopify",
                "orders",
                7,
                datetime(2026, 11, 17),
                datetime(2026, 11, 18),
                at,
                1,
                "",
            ]
            warehouse.execute(
                "insert into raw.load_ledger values (?,?,?,?,?,?,?,?,?,?,?,?)", [self.stream.raw_table, *about]
            )
            for schema in ("staging", "intermediate"):
                warehouse.execute(f"create schema {schema}")
            for model in project.models.values():
                kind = "table" if model.incremental else "view"
                warehouse.execute(f"create {kind} {model.relation} as {model.sql}")

    def current(self) -> list[tuple[Any, ...]]:
        with self.warehouse() as warehouse:
            return warehouse.query(f"select id, subtotal_price from {self.stream.current_table} order by id")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    shop = Shop(tmp_path / "w.duckdb", stricter(load_declaration("shopify")))
    monkeypatch.setattr(doors, "warehouse", shop.warehouse)
    monkeypatch.setattr(held_rows, "declared", lambda _: shop.source)
    monkeypatch.setattr(held_rows, "compiled", lambda _: shop.project)
    monkeypatch.setattr(held_rows, "catch_up", lambda _: 0)
    monkeypatch.setattr(held_rows, "follow_up", SimpleNamespace(fn=lambda *_: None))
    shop.build()
    yield shop
    doors.ops_store().close()
    settings.cache_clear()


def listed(*states: Any) -> list[tuple[Any, ...]]:
    return [(one.rule, one.place, one.lines, one.state) for one in index().found("shopify", states=states or ("open",))]


def test_rows_that_break_a_rule_do_not_count_and_are_listed_by_place(shop: Shop) -> None:
    assert [(number, str(price)) for number, price in shop.current()] == [(1, "10.500000000")]
    [verdict] = hold_back.fn("shopify", WINDOW)
    assert listed() == [
        ("null", "id", (3,), "open"),
        ("outside", "financial_status", (4, 5), "open"),
        ("uncastable", "subtotal_price", (2, 4), "open"),
    ]
    assert (verdict.state, verdict.severity, verdict.observed) == ("warned", "warning", "5 held back")
    assert "10,50" not in repr(index().found("shopify"))
    hold_back.fn("shopify", WINDOW)
    assert len(listed("open", "replayed", "dismissed")) == 3


def test_rows_come_back_once_after_the_declaration_was_mended(shop: Shop) -> None:
    hold_back.fn("shopify", WINDOW)
    assert replay_rows.fn("shopify") == 0
    shop.source = load_declaration("shopify").model_copy(update={"streams": _orders_only()})
    assert replay_rows.fn("shopify") == 2
    assert [number for number, _ in shop.current()] == [1, 4]
    assert listed() == [("null", "id", (3,), "open"), ("uncastable", "subtotal_price", (2, 4), "open")]
    assert listed("replayed") == [("outside", "financial_status", (4, 5), "replayed")]
    before = _everything(shop)
    assert replay_rows.fn("shopify") == 0
    assert _everything(shop) == before


@pytest.mark.parametrize("statement", ["delete from staging", "insert into staging", "insert into intermediate"])
def test_a_replay_of_rows_that_died_ends_as_if_it_had_not(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    hold_back.fn("shopify", WINDOW)
    before = _everything(shop)
    shop.source = load_declaration("shopify").model_copy(update={"streams": _orders_only()})

    class Died(BaseException):
        pass

    execute = DuckDBWarehouse.execute

    def dying(warehouse: DuckDBWarehouse, sql: str, params: Any = ()) -> None:
        execute(warehouse, sql, params)
        if sql.startswith(statement):
            raise Died

    with monkeypatch.context() as patched:
        patched.setattr(DuckDBWarehouse, "execute", dying)
        with pytest.raises(Died):
            replay_rows.fn("shopify")
    assert _everything(shop) == before
    assert replay_rows.fn("shopify") == 2
    assert [number for number, _ in shop.current()] == [1, 4]


def test_only_rows_of_the_chosen_rule_are_typed_again(shop: Shop) -> None:
    hold_back.fn("shopify", WINDOW)
    shop.source = load_declaration("shopify").model_copy(update={"streams": _orders_only()})
    assert replay_rows.fn("shopify", "null") == 0
    assert [number for number, _ in shop.current()] == [1]
    assert replay_rows.fn("shopify", "outside") == 2


def test_what_was_dismissed_stays_dismissed_although_it_is_still_broken(shop: Shop) -> None:
    hold_back.fn("shopify", WINDOW)
    index().settle(index().found("shopify", rule="null"), "dismissed", reason="test orders")
    hold_back.fn("shopify", WINDOW)
    assert listed("dismissed") == [("null", "id", (3,), "dismissed")]


DIGITS = (
    b'{"id":9223372036854775807,"order_number":-9223372036854775808,"subtotal_price":"0.000000001",'
    b'"total_price":1234567890123456789.123456789,"updated_at":"2026-11-17T10:00:00Z"}'
)


def test_every_digit_goes_from_the_landed_text_to_the_current_row(shop: Shop, tmp_path: Path) -> None:
    head = b'{"_airbyte_raw_id":"r","_airbyte_extracted_at":1795000000000,"_airbyte_meta":{"changes":[]},'
    packed = gzip.compress(head + b'"_airbyte_generation_id":0,"_airbyte_data":' + DIGITS + b"}")
    sealed, tokens = tmp_path / "o.parquet", tokens_sql(contract(shop.stream).tokens, 1)
    with lake_writer(tmp_path, SealSettings(), TokenKey(1, bytes(32)), tokens=tokens) as writer:
        counts = writer.write(LandingFile("landing/2.gz", 8, lambda: BytesIO(packed)), sealed, tmp_path / "q.gz")
    file = LakeFile("lake/2", "e", counts.rows, counts.content, lambda: nullcontext(sealed))
    with shop.warehouse() as warehouse:
        delivery = Delivery("shopify", "orders", 8, WINDOW.start, WINDOW.end)
        assert warehouse.load(shop.stream.raw_table, [file], delivery) == ["lake/2"]
        for model in (model for model in shop.project.models.values() if model.incremental):
            warehouse.execute(f"create or replace table {model.relation} as {model.sql}")
        columns = "id, order_number, subtotal_price, total_price"
        found = warehouse.query(f"select {columns} from {shop.stream.current_table} where _sync_id = 8")
    numbers = (9223372036854775807, -9223372036854775808)
    assert found == [(*numbers, Decimal("0.000000001"), Decimal("1234567890123456789.123456789"))]


def _orders_only() -> dict[str, Stream]:
    return {"orders": load_declaration("shopify").streams["orders"]}


def _everything(shop: Shop) -> list[list[tuple[Any, ...]]]:
    tables = (f"staging.{shop.stream.typed_model}", shop.stream.current_table)
    with shop.warehouse() as warehouse:
        return [warehouse.query(f"select * from {table} order by _source_row") for table in tables]
