"""Lists inside a payload become rows: exact, complete, of the current parent, and with nothing that nobody declared."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest

from deployments.render.rows import rows_of
from deployments.render.typing import rows_macro, typed_macro
from expectations.declare.errors import Misconfigured
from expectations.declare.source import load
from expectations.declare.stream import Stream

MACROS = Path(__file__).parents[2] / "dbt" / "macros"
GOLDEN = Path(__file__).parents[1] / "golden" / "rendered" / "rows_shop__parts.sql"
SHOP = """\
title: Shop
owner: {team: growth, slack: "@growth"}
airbyte: {definition: shop, secret: SHOP}
schedule: "0 * * * *"
extract_within: 20 minutes
fresh_within: 26 hours
restates: 2 days
timezone: UTC
currency: USD
streams:
  orders:
    kind: entity
    sync: incremental_append
    cursor: at
    key: [id]
    fields:
      id: {type: integer}
      at: {type: timestamp}
      listed: {type: decimal}
      added: {type: decimal, sum: {list: lines, value: price, times: pieces, less: listed}}
    lists:
      parts:
        path: lines
        key: [order_id, part_id]
        carries: {order_id: id, ordered_at: at}
        fields:
          part_id: {type: integer, path: id}
          pieces: {type: integer}
          price: {type: decimal}
          is_gift: {type: boolean, path: [about, gift]}
          tax: {type: decimal, sum: {list: taxes, value: amount}}
"""
ORDERS: dict[int, dict[str, Any]] = {
    1: {
        "listed": 30.3,
        "lines": [
            {"id": 11, "pieces": 3, "price": 10.1, "taxes": [{"amount": "0.1"}, {"amount": 0.2}], "secret": "anna"},
            {"id": 12, "pieces": "2", "price": "0.000000001", "about": {"gift": True, "note": "for Anna"}, "taxes": []},
            {"id": None, "pieces": 1, "price": "ten"},
        ],
    },
    2: {"listed": 5, "lines": []},
    3: {"listed": 5},
    4: {"listed": 5, "lines": [{"id": 41, "pieces": 2, "price": 4}, {"id": 41, "pieces": 1, "price": 1}]},
    5: {"listed": 1, "lines": [{"id": 51, "pieces": 9e17, "price": "9999999999999999999"}]},
}


@pytest.fixture
def orders(tmp_path: Path) -> Stream:
    (tmp_path / "shop.yaml").write_text(SHOP)
    load.cache_clear()
    return load("shop", tmp_path).streams["orders"]


def _compiled(text: str, call: str) -> str:
    """What a macro says on DuckDB; dbt's own words are stood in for."""
    macros: dict[str, Any] = {}
    said = {
        "return": lambda value: value,
        "adapter": SimpleNamespace(dispatch=lambda name: macros.get(f"duckdb__{name}") or macros[f"default__{name}"]),
    }
    source = "\n".join([*(path.read_text() for path in (MACROS / "payload.sql", MACROS / "holds.sql")), text])
    module = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(source).make_module(said)
    macros.update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    name, _, argument = call.partition(":")
    return str(macros[name](argument))


@pytest.fixture
def warehouse(orders: Stream) -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute(
        "create table raw (_airbyte_data varchar, _tokens varchar, _airbyte_meta varchar, _airbyte_extracted_at"
        " timestamp, _sync_id bigint, _source_file varchar, _source_row bigint, _load_seq bigint)"
    )
    for number, order in ORDERS.items():
        text = json.dumps({"id": number, "at": "2026-11-17T00:00:00Z"} | order)
        values = [text, '{"changes":[]}', "2026-11-18", number]
        db.execute("insert into raw values (?, null, ?, ?, 1, 'f', ?, 1)", values)
    db.execute(f"create table parents as {_compiled(typed_macro(orders), 'duckdb__typed_shop__orders:raw')}")
    rows = rows_macro(orders, orders.lists["parts"])
    db.execute(f"create view parts as {_compiled(rows, 'duckdb__rows_shop__parts:parents')}")
    return db


def test_every_element_is_one_row_with_exact_values(warehouse: duckdb.DuckDBPyConnection) -> None:
    columns = "order_id, position, part_id, pieces, price, is_gift, tax"
    found = warehouse.execute(f"select {columns} from parts where order_id < 5 order by order_id, position").fetchall()
    assert found == [
        (1, 1, 11, 3, Decimal("10.1"), None, Decimal("0.3")),
        (1, 2, 12, 2, Decimal("0.000000001"), True, None),
        (1, 3, None, 1, None, None, None),
        (4, 1, 41, 2, Decimal(4), None, None),
        (4, 2, 41, 1, Decimal(1), None, None),
    ]


def test_a_row_knows_its_parent_and_where_it_came_from(warehouse: duckdb.DuckDBPyConnection) -> None:
    columns = "cast(ordered_at as varchar), _sync_id, _source_file, _source_row, _load_seq"
    assert warehouse.execute(f"select distinct {columns} from parts where order_id = 4").fetchall() == [
        ("2026-11-17 00:00:00", 1, "f", 4, 1)
    ]


def test_what_nobody_declared_is_not_kept(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert "nna" not in str(warehouse.execute("select parts from parents").fetchall())


def test_a_sum_of_products_less_a_field_is_exact_and_unknown_where_a_number_is(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found = dict(warehouse.execute("select id, added from parents").fetchall())
    assert found == {1: None, 2: None, 3: None, 4: Decimal(4), 5: None}


def test_both_engines_get_the_golden_text(orders: Stream, request: pytest.FixtureRequest) -> None:
    parts = orders.lists["parts"]
    kept = [line.strip() for line in typed_macro(orders).splitlines() if line.strip().endswith("as parts,")]
    text = "\n".join(kept) + "\n" + rows_macro(orders, parts)
    if request.config.getoption("--update-golden", default=False):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_the_model_of_a_list_is_described_and_tested(tmp_path: Path, orders: Stream) -> None:
    files = rows_of(load("shop", tmp_path), orders)
    about = files["models/staging/shop/stg_shop__parts.yml"]
    assert "columns: [order_id, part_id]" in about
    assert about.count("- name: ") == 1 + len(("order_id", "ordered_at", "position")) + 5 + 6
    assert "materialized='view'" in files["models/staging/shop/stg_shop__parts.sql"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("order_id: id,", "order_id: number,", "'number' is not a column of orders"),
        ("key: [order_id, part_id]", "key: [order_id, line]", "'line' is neither a field of parts nor carried"),
        (
            "part_id: {type: integer, path: id}",
            "order_id: {type: integer, path: id}",
            "the column order_id comes twice",
        ),
        ("is_gift: {type: boolean,", "is_gift: {type: url,", "never personal or a url"),
        ("less: listed", "less: id", "'id' is no decimal field of orders"),
        ("kind: entity", "kind: event", "a list becomes rows in an entity only"),
    ],
)
def test_a_wrong_list_is_refused_in_words(tmp_path: Path, before: str, after: str, said: str) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP.replace(before, after, 1))
    load.cache_clear()
    with pytest.raises(Misconfigured) as refused:
        load("shop", tmp_path)
    assert said in str(refused.value)
