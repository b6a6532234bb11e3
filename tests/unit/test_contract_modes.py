"""Contract modes on data: which rows are held back, what a frozen stream refuses, and which digits a number keeps."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

from deployments.render.models import files_of
from deployments.render.typing import typed_macro
from expectations.declare import crosscheck
from expectations.declare.contract import contract
from expectations.declare.source import Source, Stream, load
from tasks.adapters.frozen import Change, changes

MACROS = Path(__file__).parents[2] / "dbt" / "macros"
FIELDS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "nullable": False},
    "state": {"type": "text", "one_of": ["paid", "it's open"]},
    "amount": {"type": "decimal", "at_least": 0},
    "pieces": {"type": "integer", "sum": {"list": ["lines"], "value": "n"}},
    "session": {
        "type": "integer",
        "pick": {"list": ["params"], "where": {"key": "sid"}, "value": ["value.i", "value.s"]},
    },
    "moment": {"type": "timestamp"},
}  # fmt: skip


def stream_of(fields: dict[str, dict[str, Any]], **more: Any) -> Stream:
    """A stream `shop.orders` with these fields."""
    named = {name: {"name": name, **field} for name, field in fields.items()}
    usual = {"source": "shop", "name": "orders", "kind": "entity", "sync": "incremental_append", "key": ["id"]}
    return Stream.model_validate(usual | {"fields": named} | more)


def typed(stream: Stream, *payloads: str) -> list[dict[str, Any]]:
    """The rows that the staging model makes of payloads, as dbt renders it for DuckDB."""
    text = "\n".join(path.read_text() for path in sorted(MACROS.glob("*.sql"))) + typed_macro(stream)
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)

    def dispatch(name: str, *_: str) -> Callable[..., str]:
        found: Callable[..., str] = getattr(module, f"duckdb__{name}", None) or getattr(module, f"default__{name}")
        return found

    environment.globals.update({"adapter": SimpleNamespace(dispatch=dispatch), "return": lambda value: value})
    module: Any = environment.from_string(text).module
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'")
        db.execute(
            "create table rows as select 1::bigint as _sync_id, now()::timestamp as _airbyte_extracted_at,"
            " 'f' as _source_file, generate_subscripts($p, 1) as _source_row, 1::bigint as _load_seq,"
            " '{\"changes\":[]}' as _airbyte_meta, null::varchar as _tokens, unnest($p) as _airbyte_data",
            {"p": list(payloads)},
        )
        found = db.execute(f"select * from ({module.typed_shop__orders('rows')}) order by _source_row")
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def broken(stream: Stream, *payloads: str) -> list[str | None]:
    return [row["_broken"] for row in typed(stream, *payloads)]


def test_each_rule_that_a_row_breaks_is_named_with_its_column() -> None:
    stream = stream_of(FIELDS, mode="quarantine")
    assert broken(
        stream,
        '{"id":1,"state":"paid","amount":"0.10","lines":[{"n":1},{"n":null},{}],"moment":"2026-11-17T10:00:00Z"}',
        '{"id":null,"state":"it\'s open"}',
        '{"id":"x"}',
        '{"id":2,"state":"odd","amount":-1}',
        '{"id":3,"amount":"1,50","moment":"2026-02-30"}',
        '{"id":4,"lines":[{"n":2},{"n":"two"}]}',
        '{"id":5,"params":[{"key":"sid","value":{"i":null,"s":"12x"}}]}',
        '{"id":6,"params":[{"key" : "sid","value":{"i":null}},{"key":"x","value":{"s":"sid"}}],"lines":[]}',
    ) == [
        None,
        "null:id",
        "uncastable:id",
        "outside:state below:amount",
        "uncastable:amount uncastable:moment",
        "uncastable:pieces",
        "uncastable:session",
        None,
    ]


def test_a_field_may_have_a_mode_of_its_own() -> None:
    fields = FIELDS | {"amount": {"type": "decimal", "mode": "quarantine"}}
    assert broken(stream_of(fields), '{"id":null,"state":"odd","amount":1}', '{"id":1,"amount":"x"}') == [
        None,
        "uncastable:amount",
    ]
    evolving = FIELDS | {"id": FIELDS["id"] | {"mode": "evolve"}}
    assert broken(stream_of(evolving, mode="quarantine"), "{}") == [None]


def test_a_stream_without_a_mode_is_typed_as_before_and_has_one_staging_model() -> None:
    plain = stream_of({name: FIELDS[name] for name in ("id", "state", "amount", "session")})
    assert "_broken" not in typed(plain, '{"id":1}')[0]
    assert "select\n        _airbyte_data" not in typed_macro(plain)
    assert plain.typed_model == plain.staging_model


def test_a_stream_that_holds_rows_back_has_a_view_of_the_sound_ones() -> None:
    files = files_of(load("shopify"))
    sound = files["models/staging/shopify/stg_shopify__orders.sql"]
    assert "materialized='view'" in sound
    assert "where _broken is null" in sound
    assert "typed_shopify__orders(unseen(" in files["models/staging/shopify/typed_shopify__orders.sql"]
    assert "name: _broken" in files["models/staging/shopify/typed_shopify__orders.yml"]


def test_a_sum_with_an_element_that_is_no_number_is_no_sum() -> None:
    rows = typed(
        stream_of(FIELDS),
        '{"lines":[{"n":1},{"n":"2"}]}',
        '{"lines":[{"n":1},{"n":"two"}]}',
        '{"lines":[{"n":1},{"n":null},{}]}',
        '{"lines":[]}',
    )
    assert [row["pieces"] for row in rows] == [3, None, 1, None]


INTEGERS = (9223372036854775807, -9223372036854775808, 9007199254740993, 0)


@pytest.mark.parametrize("quotes", ["", '"'])
def test_integers_keep_every_digit_up_to_the_edge_of_int64_and_are_null_beyond(quotes: str) -> None:
    stream = stream_of({"id": {"type": "integer", "nullable": False, "mode": "quarantine"}})
    sent = [*INTEGERS, 9223372036854775808, -9223372036854775809, 123456789012345678901234567890]
    rows = typed(stream, *(f'{{"id":{quotes}{number}{quotes}}}' for number in sent))
    assert [row["id"] for row in rows] == [*INTEGERS, None, None, None]
    assert [row["_broken"] for row in rows] == [None] * 4 + ["uncastable:id"] * 3


def test_decimals_keep_the_digits_that_are_declared() -> None:
    wide = {"type": "decimal", "precision": 38, "scale": 12, "mode": "quarantine", "path": ["amount"]}
    stream = stream_of({"id": {"type": "integer"}, "amount": {"type": "decimal"}, "wide": wide | {"path": ["wide"]}})
    thirty = "123456789012345678.123456789012"
    rows = typed(
        stream,
        f'{{"amount":1234567890123456789.123456789,"wide":{thirty}}}',
        f'{{"amount":"-0.000000001","wide":"{thirty}"}}',
        f'{{"amount":12345678901234567890,"wide":{"9" * 27}}}',
    )
    assert [row["amount"] for row in rows] == [Decimal("1234567890123456789.123456789"), Decimal("-0.000000001"), None]
    assert [row["wide"] for row in rows] == [Decimal(thirty), Decimal(thirty), None]
    assert [row["_broken"] for row in rows] == [None, None, "uncastable:wide"]
    assert contract(stream).columns[2].type == "decimal(38,12)"


def test_more_places_than_declared_are_rounded_and_the_lake_keeps_them() -> None:
    """Said here because it is silent: digits behind the declared scale are rounded, not counted."""
    [row] = typed(stream_of({"id": {"type": "integer"}, "amount": {"type": "decimal"}}), '{"amount":0.12345678949}')
    assert row["amount"] == Decimal("0.123456789")


@pytest.mark.parametrize(
    ("field", "more", "said"),
    [
        ({"type": "integer", "precision": 5}, {}, "precision and scale belong to type decimal, not integer"),
        ({"type": "decimal", "precision": 5, "scale": 6}, {}, "scale is larger than precision"),
        ({"type": "text", "pii": "drop", "mode": "freeze"}, {}, "pii: drop never reaches staging: remove mode"),
        ({"type": "decimal", "mode": "strict"}, {}, "Input should be 'evolve', 'quarantine' or 'freeze'"),
        ({"type": "text"}, {"mode": "stop"}, "Input should be 'evolve', 'quarantine' or 'freeze'"),
        ({"type": "text"}, {"tolerates": ["utf-16"]}, "Input should be 'byte_order_mark' or 'cp1252'"),
    ],
)
def test_a_mode_that_makes_no_sense_is_refused(field: dict[str, Any], more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        stream_of({"id": {"type": "integer"}, "x": field}, **more)


def test_a_field_that_takes_any_text_has_nothing_to_quarantine() -> None:
    fields = load("hubspot").streams["contacts"].fields
    name = next(n for n, f in fields.items() if f.type == "text" and f.nullable and not f.one_of and not f.pii)
    changed = fields[name].model_copy(update={"mode": "quarantine"})
    source = load("hubspot")
    stream = source.streams["contacts"].model_copy(update={"fields": {**fields, name: changed}})
    faults = [what for _, what in crosscheck.faults(_with(source, stream))]
    assert faults == ["any text fits: give nullable: false or one_of, or remove mode: quarantine"]


def _with(source: Source, stream: Stream) -> Source:
    return source.model_copy(update={"streams": {**source.streams, stream.name: stream}})


def sealed(folder: Path, *payloads: dict[str, Any]) -> Path:
    path = folder / "sealed.parquet"
    with duckdb.connect() as db:
        lines = [json.dumps(payload) for payload in payloads]
        db.execute("copy (select unnest($p) as _airbyte_data) to $f (format parquet)", {"p": lines, "f": str(path)})
    return path


FROZEN = FIELDS | {"day": {"type": "date_compact"}, "note": {"type": "text"}, "on": {"type": "boolean"}}
SOUND = {"id": 1, "state": "paid", "amount": "1.5", "day": "20261117", "note": None, "on": True, "lines": []}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (SOUND, []),
        ({**SOUND, "tip": 1}, [Change("undeclared_field", "tip", 1)]),
        ({**SOUND, "id": None}, [Change("missing_field", "id", 1)]),
        ({**SOUND, "id": "7", "amount": 3}, []),
        ({**SOUND, "id": 1.5}, [Change("retyped_field", "id", 1)]),
        ({**SOUND, "amount": {"value": 1}}, [Change("retyped_field", "amount", 1)]),
        ({**SOUND, "day": "2026-11-17"}, [Change("retyped_field", "day", 1)]),
        ({**SOUND, "note": ["x"]}, [Change("retyped_field", "note", 1)]),
        ({**SOUND, "on": "perhaps"}, [Change("retyped_field", "on", 1)]),
        ({**SOUND, "state": "odd"}, [Change("outside", "state", 1)]),
    ],
)
def test_a_frozen_stream_takes_no_change(tmp_path: Path, payload: dict[str, Any], expected: list[Change]) -> None:
    with duckdb.connect() as db:
        promised = contract(stream_of(FROZEN, mode="freeze"))
        assert changes(db, sealed(tmp_path, SOUND, payload), promised) == expected
        assert changes(db, sealed(tmp_path, SOUND, payload), contract(stream_of(FROZEN))) == []


def test_a_frozen_field_lets_its_stream_evolve(tmp_path: Path) -> None:
    promised = contract(stream_of(FROZEN | {"amount": {"type": "decimal", "mode": "freeze"}}))
    with duckdb.connect() as db:
        assert changes(db, sealed(tmp_path, {**SOUND, "tip": 1, "on": "perhaps"}), promised) == []
        assert changes(db, sealed(tmp_path, {**SOUND, "amount": "x"}), promised) == [
            Change("retyped_field", "amount", 1)
        ]
