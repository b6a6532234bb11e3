"""No clear personal value passes staging: derived from the declarations, looked for wherever the product writes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expectations.declare.field import Field
from expectations.declare.source import load_all
from expectations.declare.stream import Stream
from tasks.window import Window

if TYPE_CHECKING:
    from tests.conftest import Pipeline

WINDOW = Window.of_day(date(2026, 11, 17))
KEY = bytes.fromhex("5ec2e7" + "0b" * 29)
STREAMS = [(source, stream) for source in load_all().values() for stream in source.streams.values()]
PERSONAL = [(source.name, stream, field) for source, stream in STREAMS for field in stream.fields.values() if field.pii]
JOINS = [(source, stream, field) for source, stream, field in PERSONAL if field.pii == "join"]
PROPER = {
    "integer": 4711, "decimal": "12.30", "boolean": False, "date": "2026-11-17", "date_compact": "20261117",
    "timestamp": "2026-11-17T10:00:00Z", "epoch_seconds": 1_794_909_600, "epoch_millis": 1_794_909_600_000,
    "epoch_micros": 1_794_909_600_000_000,
}  # fmt: skip


def canary(source: str, stream: Stream, field: Field) -> str:
    """A value that is unique to the field, and valid for what it is."""
    digits = str(int(hashlib.sha256(f"{source}.{stream.name}.{field.name}".encode()).hexdigest(), 16))[:10]
    return {"email": f" Canary.{digits}@Shop.Example ", "phone": f"+1 (9{digits[:2]}) {digits[2:5]}-{digits[5:]}"}.get(
        str(field.pii_type), f"canary-{digits}"
    )


def traces(value: str) -> tuple[str, ...]:
    """What would give the value away in any spelling: its digits without and with their signs."""
    bare = value.strip().lower()
    return (bare, "".join(c for c in value if c.isdigit()))


def record(source: str, stream: Stream) -> dict[str, Any]:
    """A record with every declared field; a dropped one hides its value in a structure where it can."""
    made: dict[str, Any] = {}
    for field in stream.fields.values():
        if field.path:
            _place(made, field.path, _value(source, stream, field))
        elif field.pick:
            [(key, wanted)] = field.pick.where.items()
            item: dict[str, Any] = {key: wanted}
            _place(item, tuple(field.pick.value[0].split(".")), _value(source, stream, field))
            made.setdefault(field.pick.list[0], []).append(item)
    return made


def _place(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        into = into.setdefault(step, {})
    into[path[-1]] = value


def _value(source: str, stream: Stream, field: Field) -> Any:
    if field.pii:
        text = canary(source, stream, field)
        return {"lines": [text]} if field.name.endswith("address") else text
    if field.type == "url":
        return f"https://u:canary-in-url@shop.example/a?email={URL_CANARY}&utm_source=x#{URL_CANARY}"
    if field.name in ("deleted_at", "debug_mode"):
        return None  # a deleted order and a test of the page would not reach the marts
    return PROPER.get(field.type, field.one_of[0] if field.one_of else f"{field.column} text")


URL_CANARY = "canary-2718281828@example.com"
BROKEN_CANARY = "canary-3141592653@example.com"


@dataclass(frozen=True)
class Built:
    """Everything that was made of the records."""

    pipeline: Pipeline
    canaries: dict[str, str]


@pytest.fixture(scope="module")
def built(new_pipeline: Callable[[str], Pipeline]) -> Built:
    pipeline = new_pipeline("personal-values")
    broken = json.dumps({"email": BROKEN_CANARY}).encode()[:-1] + b",,}"
    for source in load_all().values():
        records = {
            stream.name: [json.dumps(record(source.name, stream)).encode()] for stream in source.streams.values()
        }
        wanted = {name for of, stream, _ in PERSONAL if of == source.name for name in (stream.name,)}
        pipeline.deliver(source.name, WINDOW, {name: [*records[name], broken] for name in sorted(wanted)})
    pipeline.build()
    _judged_and_told(pipeline)
    found = {f"{s}.{stream.name}.{field.name}": canary(s, stream, field) for s, stream, field in PERSONAL}
    return Built(pipeline, found | {"url": URL_CANARY, "user of a url": "canary-in-url", "broken line": BROKEN_CANARY})


def _judged_and_told(pipeline: Pipeline) -> None:
    from tasks import doors
    from tasks.build.transform import test as tested
    from tasks.judge.judge import judge
    from tasks.publish.alert import announce
    from tasks.publish.document import document
    from tasks.publish.publish import publish

    with pipeline.doors():
        verdicts = [*judge.fn("shopify", WINDOW), *judge.fn("hubspot", WINDOW), *tested.fn(WINDOW)]
        publish.fn(WINDOW, "provisional", [verdict for verdict in verdicts if not verdict.holds])
        announce.fn(verdicts, WINDOW)
        document.fn(WINDOW)
        doors.ops_store().close()


def test_there_are_personal_values_of_three_sources() -> None:
    assert {source for source, _, _ in PERSONAL} == {"ga4_export", "hubspot", "shopify"}


def test_every_canary_is_in_raw(built: Built) -> None:
    names = [stream.raw_table for _, stream, _ in PERSONAL]
    told = str([built.pipeline.ask(f"select _airbyte_data from {name}") for name in sorted(set(names))])
    absent = [name for name, value in built.canaries.items() if value.strip() not in told]
    assert absent == ["broken line"]


def _tables(built: Built) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    import duckdb

    listed = "select table_schema, table_name from information_schema.tables where table_schema <> 'raw' order by all"
    # One connection for all: opening the file takes longer than reading a table of one row.
    with duckdb.connect(str(built.pipeline.home / "warehouse.duckdb"), read_only=True) as connection:
        for schema, table in connection.execute(listed).fetchall():
            yield f"{schema}.{table}", connection.execute(f"select * from {schema}.{table}").fetchall()


def test_no_table_behind_raw_holds_a_clear_value(built: Built) -> None:
    seen, found = set(), []
    for table, rows in _tables(built):
        seen.add(table.partition(".")[0])
        told = str(rows).lower()
        found += [(name, table) for name, value in built.canaries.items() if any(t in told for t in _marks(value))]
    assert found == []
    assert seen == {"staging", "intermediate", "marts", "quality", "operations", "identity", "restricted"}


def _marks(value: str) -> list[str]:
    return [mark for mark in traces(value) if len(mark) >= 10]


def test_the_rows_did_reach_the_marts(built: Built) -> None:
    assert built.pipeline.ask("select count(*) from marts.fct_orders") == [(1,)]
    assert built.pipeline.ask("select count(*) from marts.fct_sessions") == [(1,)]
    assert built.pipeline.ask("select count(*) from identity.id_map where identifier_type = 'email'") != [(0,)]
    assert built.pipeline.ask("select count(*) from intermediate.int_order_people") == [(1,)]


def test_the_ledger_holds_no_clear_value(built: Built) -> None:
    told = str(built.pipeline.ask("select * from raw.load_ledger")).lower()
    assert [name for name, value in built.canaries.items() if any(mark in told for mark in _marks(value))] == []


def _written(built: Built) -> Iterator[tuple[Path, bytes]]:
    """Every file below the home folder but the warehouse, which is asked by SQL."""
    for path in sorted(built.pipeline.home.rglob("*")):
        if path.is_file() and not path.name.startswith("warehouse.duckdb"):
            yield path, path.read_bytes().lower()


def test_no_file_that_the_product_writes_holds_a_clear_value(built: Built) -> None:
    kinds, found = set(), []
    for path, text in _written(built):
        kinds.add(path.relative_to(built.pipeline.home).parts[0])
        found += [
            (n, path.name) for n, value in built.canaries.items() if any(m.encode() in text for m in _marks(value))
        ]
    assert found == []
    assert kinds >= {"dbt", "logs", "ops.sqlite", "published", "site", "validations"}


def test_compiled_sql_and_logs_of_dbt_are_among_them(built: Built) -> None:
    names = {path.name for path, _ in _written(built)}
    assert {"dbt.log", "stg_shopify__orders.sql", "fct_orders.sql", "steps.jsonl", "run_results.json"} <= names


def test_published_files_hold_no_clear_value(built: Built) -> None:
    import duckdb

    files = list((built.pipeline.home / "published" / "current").glob("*.parquet"))
    told = " ".join(str(duckdb.read_parquet(str(file)).fetchall()).lower() for file in files)
    assert [name for name, value in built.canaries.items() if any(mark in told for mark in _marks(value))] == []
    assert len(files) > 8


def test_the_key_is_nowhere(built: Built) -> None:
    padded = KEY.ljust(64, b"\0")
    secrets = [KEY, *(bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))]
    spelled = [form.lower() for secret in secrets for form in (secret.hex().encode(), secret)]
    assert [path.name for path, text in _written(built) if any(form in text for form in spelled)] == []
    told = str([rows for _, rows in _tables(built)]).lower()
    assert not any(secret.hex() in told for secret in secrets)


@pytest.mark.parametrize(
    ("source", "stream", "field"),
    JOINS,
    ids=[f"{source}.{stream.name}.{field.name}" for source, stream, field in JOINS],
)
def test_a_join_field_is_the_documented_token(built: Built, source: str, stream: Stream, field: Field) -> None:
    assert field.column.endswith("_token")
    value = canary(source, stream, field).strip()
    normal = {"email": value.lower(), "phone": "+" + "".join(c for c in value if c.isdigit())}
    said = f"{field.pii_type}|{normal.get(str(field.pii_type), value)}".encode()
    expected = f"1:{hmac.new(KEY, said, hashlib.sha256).hexdigest()}"
    assert built.pipeline.ask(f"select {field.column} from staging.{stream.staging_model}") == [(expected,)]
