"""A source that sends the worst it can: nothing breaks, nothing is lost, and its text stays text everywhere."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from expectations.declare.source import load as declared
from expectations.judge.verdict import Verdict
from tasks.window import Window

if TYPE_CHECKING:
    from tests.conftest import Pipeline

IMAGE = "<img src=x onerror=alert(1)>"
NAMES = (
    IMAGE,
    "Robert'); DROP TABLE raw.load_ledger;--",
    "👩‍👩‍👧‍👦 💥 é e\u0301 \u202eright to left\u202c עברית",
    "{{ 1 / 0 }} {% raw %} ${x} %s {0} $1 \\ \\u0041 \"quoted\" 'single'",
    "tab\tline\nline\r\u0001\u2028\ufeff",
    "",
    " ",
    "null",
    "long " * 4096,
)
ODD_KEY = "<b onclick=x>\"odd\".[0]$ 'key' 💥"
BEFORE, WINDOW = Window.of_day(date(2026, 11, 16)), Window.of_day(date(2026, 11, 17))
DAY = "2026-11-17"
THIRTY_DIGITS = "1" + "0" * 29
Row = dict[str, Any]


def insight(ad: str | None, **more: Any) -> Row:
    base = {"account_id": "act_1", "account_name": "Shop", "account_currency": "USD", "campaign_id": "c1"}
    return base | {"adset_id": "s1", "ad_id": ad, "date_start": DAY, "spend": 1.5, "impressions": 10} | more


def insights() -> list[Row]:
    named = [
        insight(f"name-{n}", campaign_id=f"c-{n}", campaign_name=name, adset_name=name, ad_name=name)
        for n, name in enumerate(NAMES)
    ]
    return [
        *named,
        insight("markup", account_id=IMAGE, account_name=IMAGE, account_currency=IMAGE, spend=99),
        *(insight(None, spend=spend) for spend in (1, 2, 4)),
        insight("dated-late", date_start="9999-12-31"),
        insight("dated-early", date_start="0001-01-01"),
        insight("dated-never", date_start="2026-02-30"),
        insight("large", spend=number(THIRTY_DIGITS), impressions=number(THIRTY_DIGITS)),
        insight("huge", spend=number("1e400"), impressions=number("-1e400")),
        insight("wider", spend=number("9" * 29)),
        *(insight(ad, spend=number("9" * 19), reach=2**63 - 1) for ad in ("wide", "widest")),
        insight("odd", **{ODD_KEY: ODD_KEY}),
    ]


def totals() -> list[Row]:
    """Control totals that are not reached, so that the account is named."""
    return [insight(None, account_id=name, account_currency=name, spend=500) for name in NAMES]


def number(text: str) -> str:
    """A number that stands in the payload exactly as written here."""
    return f"<<{text}>>"


def payload(row: Row) -> bytes:
    return re.sub('"<<(.+?)>>"', r"\1", json.dumps(row, ensure_ascii=False)).encode()


def campaigns() -> list[Row]:
    base: Row = {"account_id": "act_1", "updated_time": "2026-11-17T10:00:00Z"}
    dated = [
        {"id": "late", "name": "late", "start_time": "9999-12-31T23:59:59Z", "stop_time": "+12345-01-01T00:00:00Z"},
        {"id": "early", "name": "early", "start_time": "0001-01-01T00:00:00+14:00", "stop_time": "0000-00-00"},
    ]
    named = [{"id": f"c-{n}", "name": name} for n, name in enumerate(NAMES)]
    rows: list[Row] = [*named, *dated, *({"id": None, "name": f"null {n}"} for n in range(3))]
    return [base | row for row in rows]


def orders() -> list[Row]:
    base: Row = {"shop_url": IMAGE, "updated_at": "2026-11-17T10:00:00Z", "processed_at": "2026-11-17T10:00:00Z"}
    base |= {"currency": "USD", "test": False, "subtotal_price": "10.00", "total_price": "12.00"}
    quantities = [{"quantity": number("1e20")}, {"quantity": number("9" * 29)}, {"quantity": number("9" * 29)}]
    return [
        base | {"id": 1, "name": IMAGE, "landing_site": "/?utm_source=%FF%FE&utm_campaign=%3Cimg%20src=x%3E&gclid=%"},
        base | {"id": 2, "name": "#2", "line_items": quantities},
        base | {"id": 3, "name": "#3", "total_price": "1e400", "subtotal_price": THIRTY_DIGITS},
        base | {"id": 4, "name": "#4", "processed_at": "9999-12-31T23:59:59-12:00"},
        base | {"id": 5, "name": "#5", "processed_at": "0001-01-01T00:00:00+14:00"},
        base | {"id": number(THIRTY_DIGITS), "name": "#6"},
        *(base | {"id": None, "name": f"null {n}"} for n in range(3)),
    ]


def ads() -> list[Row]:
    """One good account and one in a time zone and a currency that nobody knows."""
    base = {
        "customer.currency_code": "USD",
        "customer.time_zone": "America/New_York",
        "campaign.id": 5,
        "campaign.name": IMAGE,
        "segments.date": DAY,
        "segments.ad_network_type": "SEARCH",
        "segments.device": "MOBILE",
        "ad_group.id": 6,
        "metrics.cost_micros": 1_500_000,
        "metrics.clicks": 1,
    }
    odd: Row = {"customer.id": 2, "customer.time_zone": "Mars/Olympus'; --", "customer.currency_code": IMAGE}
    large: Row = {"metrics.cost_micros": number(THIRTY_DIGITS), "metrics.conversions": number("1e400")}
    return [
        base | {"customer.id": 1, "ad_group_ad.ad.id": 1},
        base | {"customer.id": 1, "ad_group_ad.ad.id": 2} | large,
        base | {"ad_group_ad.ad.id": 3} | odd,
    ]


def event(key: str | None, **more: Any) -> Row:
    base = {"event_date": "20261117", "event_timestamp": 1_794_934_800_000_000, "event_name": IMAGE}
    listed = [{"key": key, "value": {"string_value": name}} for key, name in zip(ODD_KEY, NAMES, strict=False)]
    base |= {"exported_at": "2026-11-17T18:00:00Z", "export_table": "events_20261117", "event_params": listed}
    return base | {"event_key": key, "user_pseudo_id": IMAGE} | more


def events() -> list[Row]:
    return [
        event("plain"),
        event("late", event_date="99991231", event_timestamp=2**63 - 1),
        event("early", event_date="00010101", event_timestamp=-(2**63)),
        event("large", event_timestamp=number(THIRTY_DIGITS), event_params=[{"key": None, "value": None}]),
        event("absent", event_params=None),
        *(event(None, event_name=f"null {n}") for n in range(3)),
    ]


DELIVERED: dict[str, dict[str, list[Row]]] = {
    "meta_ads": {"ads_insights": insights(), "ads_insights_account": totals(), "campaigns": campaigns()},
    "google_ads": {"ad_performance": ads()},
    "shopify": {"orders": orders()},
    "ga4_export": {"events": events()},
}


@dataclass(frozen=True)
class Survived:
    """The pipeline behind the hostile delivery: verdicts, messages, pages and what was published."""

    pipeline: Pipeline
    verdicts: list[Verdict]
    messages: list[dict[str, Any]]

    @property
    def site(self) -> Path:
        return self.pipeline.home / "site"

    def published(self, columns: str, mart: str) -> list[tuple[Any, ...]]:
        file = self.pipeline.home / "published" / "current" / f"{mart}.parquet"
        return duckdb.read_parquet(str(file)).project(columns).fetchall()


@pytest.fixture(scope="module")
def survived(new_pipeline: Callable[[str], Pipeline]) -> Survived:
    pipeline = new_pipeline("hostile-source")
    pipeline.deliver("meta_ads", BEFORE, {"ads_insights": [payload(insight("before", date_start="2026-11-16"))]})
    for source, streams in DELIVERED.items():
        pipeline.deliver(source, WINDOW, {stream: [payload(row) for row in rows] for stream, rows in streams.items()})
    pipeline.build()
    return _told(pipeline)


def _told(pipeline: Pipeline) -> Survived:
    from tasks import doors
    from tasks.judge.judge import judge
    from tasks.publish.alert import announce
    from tasks.publish.document import document
    from tasks.publish.publish import publish

    with pipeline.doors():
        verdicts = [verdict for source in ("meta_ads", "shopify") for verdict in judge.fn(source, WINDOW)]
        publish.fn(WINDOW, "provisional", [verdict for verdict in verdicts if not verdict.holds])
        announce.fn(verdicts, WINDOW)
        document.fn(WINDOW)
        messages = [message.body for message in doors.ops_store().pending_messages()]
        doors.ops_store().close()
    return Survived(pipeline, verdicts, messages)


STREAMS = [(source, stream) for source, streams in DELIVERED.items() for stream in streams]


@pytest.mark.parametrize(("source", "stream"), STREAMS)
def test_every_line_is_a_row_of_raw_and_of_staging(survived: Survived, source: str, stream: str) -> None:
    expected = DELIVERED[source][stream]
    batches = [b for (of, name, _), b in survived.pipeline.batches.items() if (of, name) == (source, stream)]
    batch = batches[-1]
    assert (batch.lines, batch.rows, batch.quarantined) == (len(expected), len(expected), 0)
    # Where rows can be held back, the typed table has them all and staging those that count.
    for table in (f"raw.{source}__{stream}", f"staging.{declared(source).streams[stream].typed_model}"):
        found = survived.pipeline.ask(f"select count(*) from {table} where _sync_id = ?", batch.sync_id)
        assert found == [(len(expected),)], table


def test_text_arrives_unchanged_in_staging(survived: Survived) -> None:
    query = "select campaign_name, ad_name from staging.stg_meta_ads__ads_insights where ad_id like 'name-%'"
    assert sorted(survived.pipeline.ask(query)) == sorted((name, name) for name in NAMES)


def test_text_arrives_unchanged_in_published_files(survived: Survived) -> None:
    found = dict(survived.published("campaign_id, campaign_name", "dim_campaign"))
    assert [found.get(f"c-{n}") for n in range(len(NAMES))] == list(NAMES)
    assert (IMAGE,) in survived.published("account_id", "fct_ad_performance")


def test_the_ledger_is_still_there(survived: Survived) -> None:
    assert survived.pipeline.ask("select count(*) from raw.load_ledger") == [(len(STREAMS) + 1,)]


@pytest.mark.parametrize(
    ("source", "stream", "column"),
    [
        ("meta_ads", "ads_insights", "ad_id"),
        ("meta_ads", "campaigns", "id"),
        ("ga4_export", "events", "event_key"),
    ],
)
def test_rows_without_a_key_collapse_no_other_rows(survived: Survived, source: str, stream: str, column: str) -> None:
    staged = survived.pipeline.ask(f"select count(*) from staging.stg_{source}__{stream} where {column} is null")
    assert staged == [(3,)]
    measured = survived.pipeline.ask(
        "select value from quality.measurements where model = ? and metric = 'null_keys' and window_start = ?",
        stream, WINDOW.start.replace(tzinfo=None),
    )  # fmt: skip
    undated = 1 if stream == "ads_insights" else 0
    assert measured == [(3 + undated,)]
    keyed = {row[column] for row in DELIVERED[source][stream] if row[column] is not None}
    current = "staging.stg_ga4_export__events" if source == "ga4_export" else f"intermediate.int_{source}__{stream}"
    found = survived.pipeline.ask(f"select {column} from {current} where {column} is not null")
    assert {key for (key,) in found} - {"before"} == keyed - {"dated-never"}


def _uncastable(survived: Survived, source: str, model: str) -> dict[str, int]:
    rows = survived.pipeline.ask(
        "select field, value from quality.measurements where source = ? and model = ? and window_start = ?"
        " and metric = 'uncastable' and value > 0",
        source, model, WINDOW.start.replace(tzinfo=None),
    )  # fmt: skip
    return {field: int(value) for field, value in rows}


def test_what_is_too_large_is_counted_and_never_a_wrong_number(survived: Survived) -> None:
    assert _uncastable(survived, "meta_ads", "ads_insights") == {"spend": 3, "impressions": 2, "date_start": 1}
    assert _uncastable(survived, "google_ads", "ad_performance") == {"metrics.cost_micros": 1, "metrics.conversions": 1}
    orders = {"id": 1, "total_price": 1, "subtotal_price": 1, "item_quantity": 1}
    assert _uncastable(survived, "shopify", "orders") == orders
    assert _uncastable(survived, "meta_ads", "campaigns") == {"stop_time": 2}
    assert _uncastable(survived, "ga4_export", "events") == {"event_timestamp": 3}


def test_what_fits_is_exact(survived: Survived) -> None:
    query = "select spend, reach from staging.stg_meta_ads__ads_insights where ad_id in ('wide', 'widest')"
    assert survived.pipeline.ask(query) == [(Decimal("9" * 19), 2**63 - 1)] * 2
    query = "select date_start from staging.stg_meta_ads__ads_insights where ad_id in ('dated-late', 'dated-early')"
    assert sorted(survived.pipeline.ask(query)) == [(date(1, 1, 1),), (date(9999, 12, 31),)]


def test_pages_contain_the_text_only_escaped(survived: Survived) -> None:
    pages = {path: path.read_text() for path in survived.site.rglob("*.html")}
    assert [path for path, text in pages.items() if "<img src=x" in text or "<b onclick" in text] == []
    assert any(html.escape(IMAGE) in text for text in pages.values())
    assert any("&lt;b onclick=x&gt;" in text for text in pages.values())


def test_messages_contain_the_text_only_escaped(survived: Survived) -> None:
    marked = [text for body in survived.messages for text in _formatted(body)]
    assert "img src=x" in str(survived.messages)
    assert [text for text in marked if "<img src=x" in text or "<b onclick" in text] == []


def _formatted(body: Any) -> list[str]:
    """All texts of a message that Slack formats: everything but plain_text."""
    if isinstance(body, dict):
        if body.get("type") == "plain_text":
            return []
        return [text for value in body.values() for text in _formatted(value)]
    if isinstance(body, list):
        return [text for value in body for text in _formatted(value)]
    return [body] if isinstance(body, str) else []


def test_an_undeclared_key_with_odd_characters_is_named_as_it_is(survived: Survived) -> None:
    query = "select value from quality.measurements where metric = 'unexpected' and field = ?"
    assert survived.pipeline.ask(query, ODD_KEY) == [(1,)]
    assert any(ODD_KEY in verdict.sentence for verdict in survived.verdicts)
