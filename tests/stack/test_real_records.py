"""Records of real connectors travel landing -> seal -> raw -> staging without loss, and their drift is told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expectations.declare.field import DATE_TYPES, TIMESTAMP_TYPES, Field, Sum
from expectations.declare.source import load
from expectations.declare.stream import Stream
from expectations.judge.verdict import Verdict
from tasks.adapters.normal_form import NOBODY
from tasks.window import Window

if TYPE_CHECKING:
    from tests.conftest import Pipeline

SHARED = Path(__file__).parents[3] / "shared" / "airbyte"
SOURCES = {
    "google-ads": "google_ads",
    "facebook-marketing": "meta_ads",
    "ga4-bigquery-export": "ga4_export",
    "hubspot": "hubspot",
    "shopify": "shopify",
}
BEFORE, REAL = Window.of_day(date(2026, 11, 16)), Window.of_day(date(2026, 11, 17))
STREAMS = [(source, name) for source in SOURCES.values() for name in load(source).streams]

pytestmark = pytest.mark.skipif(
    not SHARED.exists() and not os.environ.get("CI"), reason="../shared/airbyte is not here (required where CI is set)"
)


@cache
def recorded(source: str, stream: str) -> list[bytes]:
    """The payloads of the recorded lines, cut out by position: what the connector wrote, digit for digit."""
    folder = next(connector for connector, name in SOURCES.items() if name == source)
    path = SHARED / "records" / folder / f"{stream}.jsonl"
    return [_payload(line) for line in path.read_text().splitlines()] if path.exists() else []


def _payload(line: str) -> bytes:
    start = line.index('"data": ') + len('"data": ')
    return line[start : json.JSONDecoder().raw_decode(line, start)[1]].encode()


@cache
def drifted() -> dict[tuple[str, str], dict[str, Any]]:
    """What real_schema_drift.json says about streams that are declared and recorded."""
    listed = json.loads((SHARED / "real_schema_drift.json").read_text())
    named = {(SOURCES.get(one["connector"], ""), one["stream"]): one for one in listed}
    return {key: one for key, one in named.items() if key in STREAMS and recorded(*key)}


def current(source: str, stream: str) -> bytes:
    """The first recorded payload as the connector would write it today: without the old fields, with the new ones."""
    told, payload = drifted()[source, stream], json.loads(recorded(source, stream)[0])
    kept = {key: value for key, value in payload.items() if key not in told["in_2024_records_not_in_current_schema"]}
    declared = load(source).streams[stream].payload_keys
    return json.dumps(dict.fromkeys([*told["examples_added"], *declared]) | kept).encode()


@dataclass(frozen=True)
class Travelled:
    """The pipeline after the records went through it."""

    pipeline: Pipeline
    syncs: dict[str, int]
    verdicts: list[Verdict]


@pytest.fixture(scope="module")
def travelled(new_pipeline: Callable[[str], Pipeline]) -> Travelled:
    pipeline = new_pipeline("real-records")
    for source in SOURCES.values():
        now = {stream: [current(source, stream)] for of, stream in drifted() if of == source}
        pipeline.deliver(source, BEFORE, now)
    syncs = {
        source: pipeline.deliver(source, REAL, {stream: recorded(source, stream) for stream in load(source).streams})
        for source in SOURCES.values()
    }
    pipeline.build(["measurements", "fct_order_lines", "fct_refunds", "fct_refund_lines"])
    return Travelled(pipeline, syncs, _judged(pipeline))


def _judged(pipeline: Pipeline) -> list[Verdict]:
    from tasks import doors
    from tasks.judge.judge import judge

    with pipeline.doors():
        found = [verdict for source in {source for source, _ in drifted()} for verdict in judge.fn(source, REAL)]
        doors.ops_store().close()
    return found


def test_there_are_records_of_every_source_with_recorded_streams() -> None:
    found = {f"{source}.{stream}" for source, stream in STREAMS if recorded(source, stream)}
    assert found == {
        "google_ads.account_performance_report",
        "google_ads.campaign",
        "google_ads.click_view",
        "meta_ads.ads",
        "meta_ads.ads_insights",
        "ga4_export.events",
        "hubspot.contacts",
        "shopify.customers",
        "shopify.order_refunds",
        "shopify.orders",
    }


@pytest.mark.parametrize(("source", "stream"), STREAMS)
def test_raw_holds_what_the_connector_wrote(travelled: Travelled, source: str, stream: str) -> None:
    rows = travelled.pipeline.ask(
        f"select _airbyte_data from raw.{source}__{stream} where _sync_id = ? order by _source_row",
        travelled.syncs[source],
    )
    assert [text.encode() for (text,) in rows] == recorded(source, stream)


@pytest.mark.parametrize(("source", "stream"), STREAMS)
def test_staging_holds_every_record(travelled: Travelled, source: str, stream: str) -> None:
    declared, expected = load(source).streams[stream], recorded(source, stream)
    if declared.kind == "event":
        expected = list({json.loads(text)["event_key"]: text for text in expected}.values())
    assert len(_typed(travelled, source, stream)) == len(expected)


def _typed(travelled: Travelled, source: str, stream: str) -> list[dict[str, Any]]:
    name = load(source).streams[stream].staging_model
    return travelled.pipeline.records(
        f"select * from staging.{name} where _sync_id = ? order by _source_row", travelled.syncs[source]
    )


@pytest.mark.parametrize(("source", "stream"), [key for key in STREAMS if recorded(*key)])
def test_no_declared_value_is_lost_or_changed(travelled: Travelled, source: str, stream: str) -> None:
    declared, compared = load(source).streams[stream], 0
    for row in _typed(travelled, source, stream):
        payload = json.loads(recorded(source, stream)[row["_source_row"] - 1], parse_float=Decimal)
        for field, sent in _sent(declared, payload):
            compared += 1
            if field.type == "url":
                assert row[f"{field.name}_path"] is not None, field.name
            elif field.pii == "join":
                assert row[field.column].removeprefix(NOBODY).startswith("1:"), field.name
            else:
                assert row[field.column] == _as_typed(field, sent), field.name
    assert compared > 0


def test_the_real_lines_make_the_real_orders_and_refunds(travelled: Travelled) -> None:
    pipeline = travelled.pipeline
    orders = [json.loads(text) for text in recorded("shopify", "orders")]
    lines = sum(len(order["line_items"]) for order in orders)
    assert pipeline.ask("select count(*), count(distinct line_id) from marts.fct_order_lines") == [(lines, lines)]
    parts = "gross_sales - discounts + gift_card_sales + shipping + tax + duties + tips + fees"
    totals = pipeline.ask(f"select order_id, total, {parts} from marts.fct_orders order by 1")
    prices = sorted((str(order["id"]), Decimal(str(order["total_price"]))) for order in orders)
    assert [(order, total) for order, total, _ in totals] == prices
    assert all(total == added for _, total, added in totals)
    for mart, line, money in (
        ("fct_orders", "fct_order_lines", "gross_sales"),
        ("fct_refunds", "fct_refund_lines", "subtotal"),
    ):
        said = [pipeline.ask(f"select sum({money}) from marts.{name}") for name in (mart, line)]
        assert said[0] == said[1] != [(None,)]


def _sent(stream: Stream, payload: Any) -> Iterator[tuple[Field, Any]]:
    """Each declared field that staging keeps and for which the payload has a value."""
    for field in stream.fields.values():
        value = _found(field, payload)
        kept_empty = field.type == "text" and not field.pii
        if field.pii != "drop" and value is not None and (value != "" or kept_empty):
            yield field, value


def _found(field: Field, payload: Any) -> Any:
    if field.sum:
        return _added(field.sum, payload)
    if field.pick:
        [(key, wanted)] = field.pick.where.items()
        listed: list[dict[str, Any]] = _at(payload, field.pick.list) or []
        item = next((one for one in listed if one.get(key) == wanted), {})
        values = (_at(item, tuple(place.split("."))) for place in field.pick.value)
        return next((value for value in values if value is not None), None)
    return _at(payload, field.path)


def _added(wanted: Sum, payload: Any) -> Decimal | None:
    items = _at(payload, wanted.list) or []
    pairs = [(_at(item, (wanted.value,)), _at(item, (wanted.times,)) if wanted.times else 1) for item in items]
    numbers = [Decimal(str(value)) * Decimal(str(times)) for value, times in pairs if value is not None]
    less = Decimal(str(_at(payload, (wanted.less,)))) if wanted.less else Decimal(0)
    return sum(numbers, Decimal(0)) - less if pairs else None


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _as_typed(field: Field, sent: Any) -> Any:
    """The value that staging must hold, worked out without the product's SQL."""
    if field.type in TIMESTAMP_TYPES:
        return _instant(field.type, sent)
    if field.type in DATE_TYPES:
        return date.fromisoformat(str(sent))
    if field.type == "decimal":
        return Decimal(str(sent)).quantize(Decimal("1e-9"))
    if isinstance(sent, list):
        return json.dumps(sent, separators=(",", ":"))
    return {"integer": int, "boolean": bool}.get(field.type, str)(sent)


def _instant(kind: str, sent: Any) -> datetime:
    if kind == "timestamp":
        at = datetime.fromisoformat(sent)
        return (at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None)
    unit = {"epoch_seconds": 1_000_000, "epoch_millis": 1000, "epoch_micros": 1}[kind]
    return datetime(1970, 1, 1) + timedelta(microseconds=int(sent) * unit)


def test_drift_is_told_for_three_streams() -> None:
    assert set(drifted()) == {
        ("google_ads", "account_performance_report"),
        ("google_ads", "campaign"),
        ("meta_ads", "ads_insights"),
    }


@pytest.mark.parametrize(("source", "stream"), sorted(drifted()) if SHARED.exists() else [])
def test_old_fields_are_measured_as_unexpected(travelled: Travelled, source: str, stream: str) -> None:
    rows = travelled.pipeline.ask(
        "select field, value from quality.measurements where source = ? and model = ? and window_start = ?"
        " and metric = 'unexpected'",
        source, stream, REAL.start.replace(tzinfo=None),
    )  # fmt: skip
    payloads = [json.loads(text) for text in recorded(source, stream)]
    listed = drifted()[source, stream]["in_2024_records_not_in_current_schema"]
    expected = {name: sum(name in payload for payload in payloads) for name in listed}
    assert {name: count for name, count in rows if name in listed} == expected


@pytest.mark.parametrize(("source", "stream"), sorted(drifted()) if SHARED.exists() else [])
def test_the_verdict_names_the_fields_that_drifted(travelled: Travelled, source: str, stream: str) -> None:
    found = [v for v in travelled.verdicts if (v.source, v.model, v.check) == (source, stream, "schema_drift")]
    told = " ".join(f"{v.sentence} {v.observed}" for v in found)
    listed = drifted()[source, stream]["in_2024_records_not_in_current_schema"]
    assert [name for name in listed if name not in told] == []
    assert {v.state for v in found} & {"failed", "warned"}


def test_a_declared_field_under_its_old_name_holds_the_publication(travelled: Travelled) -> None:
    held = {v.scope: v.observed for v in travelled.verdicts if v.check == "schema_drift" and v.holds}
    assert held["campaign.campaign.start_date_time"].startswith("campaign.start_date in ")
    assert held["campaign.campaign.end_date_time"].startswith("campaign.end_date in ")
