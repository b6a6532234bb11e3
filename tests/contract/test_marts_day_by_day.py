"""Marts that grow day by day hold the same rows as marts built at once from the same raw tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build.people import link_people

MARTS = (
    "intermediate.ga4_export__sessions",
    "intermediate.int_google_ads__ad_performance",
    "intermediate.int_google_ads__campaign",
    "intermediate.int_leads",
    "intermediate.int_order_people",
    "marts.dim_customers",
    "marts.fct_ad_performance",
    "marts.fct_ad_spend_history",
    "marts.fct_attribution",
    "marts.fct_conversions",
    "marts.fct_customer_orders",
    "marts.fct_order_history",
    "marts.fct_order_lines",
    "marts.fct_orders",
    "marts.fct_refund_history",
    "marts.fct_sessions",
    "marts.fct_touchpoints",
    "marts.fin_figures_daily",
)
STREAMS = (
    "google_ads__ad_performance",
    "google_ads__campaign",
    "google_ads__account_performance_report",
    "google_ads__click_view",
    "meta_ads__ads_insights",
    "meta_ads__ad_account",
    "meta_ads__campaigns",
    "meta_ads__ad_sets",
    "meta_ads__ads",
    "ga4_export__events",
    "shopify__orders",
    "shopify__order_refunds",
    "shopify__customers",
    "hubspot__contacts",
)
RAW = """_airbyte_raw_id varchar, _airbyte_extracted_at timestamp, _airbyte_meta varchar, _airbyte_generation_id bigint,
    _airbyte_data varchar, _source_file varchar, _source_row bigint, _sync_id bigint, _tokens varchar,
    _loaded_at timestamp, _load_seq bigint"""
Row = dict[str, Any]
LINES_AND_CUSTOMERS = ("+fct_order_lines", "+dim_customers")
SPEAK_OF_PEOPLE = (
    "stg_ga4_export__events", "stg_hubspot__contacts", "stg_shopify__customers", "stg_shopify__orders",
)  # fmt: skip


def _google(day: str, micros: int, **more: str | int) -> Row:
    """A report row of any Google stream; every stream takes what it declares."""
    return {
        "customer.id": 1,
        "customer.descriptive_name": "BrightCart US",
        "customer.currency_code": "USD",
        "customer.time_zone": "America/New_York",
        "campaign.id": 10,
        "campaign.name": "Brand",
        "segments.date": day,
        "segments.ad_network_type": "SEARCH",
        "metrics.cost_micros": micros,
        "metrics.impressions": 10,
        "metrics.clicks": 1,
        "metrics.conversions": 0,
        "metrics.conversions_value": 0,
        **more,
    }


def _ad(day: str, micros: int, ad: int) -> Row:
    named: dict[str, str | int] = {"ad_group.id": 100, "ad_group_ad.ad.id": ad, "segments.device": "MOBILE"}
    return _google(day, micros, **named)


def _hour(day: str, micros: int, **more: str | int) -> Row:
    named: dict[str, str | int] = {"segments.hour": 3, "campaign.advertising_channel_type": "SEARCH"}
    return _google(day, micros, **(named | more))


def _event(key: str, browser: str, at: int, *, exported: str, page: str) -> Row:
    params = [
        {"key": "ga_session_id", "value": {"int_value": 1}},
        {"key": "page_location", "value": {"string_value": page}},
    ]
    return {
        "event_key": key,
        "event_date": "20261116",
        "event_timestamp": at,
        "event_name": "page_view",
        "user_pseudo_id": browser,
        "event_params": params,
        "export_table": "events_20261116",
        "exported_at": exported,
    }


def _bought(key: str, browser: str, at: int, order: int, *, exported: str) -> Row:
    bought = _event(key, browser, at, exported=exported, page="https://shop.example/thanks")
    params = [*bought["event_params"], {"key": "transaction_id", "value": {"string_value": str(order)}}]
    return bought | {"event_name": "purchase", "event_params": params}


def _customer(key: int, changed: str, *, orders: int) -> Row:
    return {"id": key, "shop_url": "s", "updated_at": f"2026-11-{changed}:00Z", "orders_count": orders}


def _contact(key: int, **dates: str) -> Row:
    stages = {f"hs_lifecyclestage_{stage}_date": f"{day}T10:00:00Z" for stage, day in dates.items()}
    seen = max(dates.values())
    return {"id": str(key), "createdAt": "2026-11-15T10:00:00Z", "updatedAt": f"{seen}T10:00:00Z", "properties": stages}


def _order(key: int, changed: str, *, price: int, status: str = "paid", **more: Any) -> Row:
    """A version of an order of 15 November, changed at a time of the 15th or later."""
    said: Row = {"id": key, "shop_url": "s", "updated_at": f"2026-11-{changed}:00Z", "currency": "USD", **more}
    if "deleted_at" not in more:
        said |= {"processed_at": "2026-11-15T17:00:00Z", "financial_status": status}
        said |= {"total_line_items_price": price, "total_price": price}
        said |= {"line_items": [{"id": 10 * key, "quantity": 2, "price": price / 2}]}
    return said


def _edited(order: Row, price: int) -> Row:
    """The same order with a line that was added later: the totals stay those of the order as it was placed."""
    lines = [*order["line_items"], {"id": 10 * order["id"] + 1, "quantity": 1, "price": price}]
    return order | {"line_items": lines}


def _refund(key: int, order: int) -> Row:
    return {"id": key, "order_id": order, "shop_url": "s", "created_at": "2026-11-16T17:00:00Z"}


NOON, SHOP = 1_794_848_400_000_000, "https://shop.example/a"
TAGS = "?utm_source=google&utm_medium=cpc&utm_campaign="
PMAX: dict[str, str | int] = {
    "campaign.id": 11,
    "campaign.name": "PMax",
    "campaign.advertising_channel_type": "PERFORMANCE_MAX",
}
DAYS: tuple[dict[str, list[Row]], ...] = (
    {
        "google_ads__ad_performance": [_ad("2026-11-15", 2_000_000, 7), _ad("2026-11-16", 900_000, 7)],
        "google_ads__campaign": [_hour("2026-11-15", 2_000_000), _hour("2026-11-16", 1_000_000)],
        "google_ads__account_performance_report": [_google("2026-11-15", 2_000_000), _google("2026-11-16", 1_000_000)],
        "ga4_export__events": [
            _event("a", "one", NOON, exported="2026-11-16T18:00:00Z", page=SHOP),
            _event("b", "two", NOON, exported="2026-11-16T18:00:00Z", page=SHOP + "?gclid=G1"),
            # One names its campaign, one names a campaign of which nobody has told yet, one has that campaign's id.
            _event("e", "red", NOON, exported="2026-11-16T18:00:00Z", page=SHOP + TAGS + "%20Brand"),
            _event("f", "tan", NOON, exported="2026-11-16T18:00:00Z", page=SHOP + TAGS + "pmax"),
            _event("g", "ivy", NOON, exported="2026-11-16T18:00:00Z", page=SHOP + "?gad_campaignid=11&creative=5"),
        ],
        "shopify__orders": [
            _order(1, "15T17:00", price=100, status="pending"),
            _order(2, "15T17:00", price=70),
            # This one was edited before it was first read, and is read again.
            _edited(_order(3, "15T18:00", price=40, customer={"id": 5}), 15),
            _order(4, "15T19:00", price=60, customer={"id": 6}),
        ],
        "shopify__customers": [_customer(5, "15T18:00", orders=1), _customer(6, "15T19:00", orders=1)],
        "hubspot__contacts": [_contact(1, lead="2026-11-15"), _contact(2, lead="2026-11-15")],
    },
    {  # the day is sent again: one ad vanished, another came, and a remainder; a session's first event is late
        "google_ads__ad_performance": [_ad("2026-11-16", 1_500_000, 8)],
        "google_ads__campaign": [_hour("2026-11-16", 1_500_000), _hour("2026-11-16", 250_000, **PMAX)],
        "google_ads__account_performance_report": [_google("2026-11-16", 1_750_000)],
        "ga4_export__events": [
            _event("c", "one", NOON - 1, exported="2026-11-19T18:00:00Z", page=SHOP + "?utm_source=klaviyo"),
            _event("d", "six", NOON, exported="2026-11-19T18:00:00Z", page=SHOP),
            # Who came on the 16th turns out to be who had ordered, and so do two others.
            _bought("h", "two", NOON + 60_000_000, 1, exported="2026-11-19T18:00:00Z"),
            _bought("i", "red", NOON + 60_000_000, 3, exported="2026-11-19T18:00:00Z"),
        ],
        # A customer changes hands of an order: of 4, that was the first of 6.
        "shopify__orders": [
            _order(1, "16T17:00", price=90),
            _order(4, "16T17:00", price=60, customer={"id": 5}),
            _edited(_order(3, "16T18:00", price=40, customer={"id": 5}), 15),
        ],
        "shopify__customers": [_customer(5, "16T17:00", orders=2)],
        "hubspot__contacts": [_contact(1, lead="2026-11-14", customer="2026-11-16")],
        "shopify__order_refunds": [_refund(7, 1)],
    },
    {  # the 16th is between the days that the sync brings, and it brings no row of it: what was there has vanished
        "google_ads__ad_performance": [_ad("2026-11-15", 2_000_000, 7), _ad("2026-11-17", 300_000, 8)],
        # The campaign is called otherwise now; on the 16th it was still known by its old name.
        "google_ads__campaign": [
            _hour("2026-11-15", 2_000_000, **{"campaign.name": "New"}),
            _hour("2026-11-17", 300_000, **{"campaign.name": "New"}),
        ],
        "google_ads__account_performance_report": [_google("2026-11-15", 2_000_000), _google("2026-11-17", 300_000)],
        # An old version is sent again and counts nothing; an order is deleted.
        "shopify__orders": [
            _order(1, "15T17:00", price=100, status="pending"),
            _order(2, "17T17:00", price=0, deleted_at="2026-11-17T17:00:00Z"),
        ],
        # A contact is merged into another one; the customer's own count says that an order before is not loaded.
        "hubspot__contacts": [_contact(1, lead="2026-11-17") | {"properties_hs_merged_object_ids": "2"}],
        "shopify__customers": [_customer(5, "17T17:00", orders=3)],
    },
)


def _load(warehouse: Path, number: int) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema if not exists raw")
        for stream in STREAMS:
            connection.execute(f"create table if not exists raw.{stream} ({RAW})")
        for stream, rows in DAYS[number].items():
            at, seq = f"2026-11-{17 + number} 05:40:00", 100 * number + STREAMS.index(stream) + 1
            for place, row in enumerate(rows):
                values = [f"{seq}-{place}", at, "{}", 0, json.dumps(row), f"k{seq}", place, number, None, at, seq]
                connection.execute(f"insert into raw.{stream} values (?,?,?,?,?,?,?,?,?,?,?)", values)


def _build(pipeline: Any, *only: str) -> None:
    select = only or ("+fct_ad_performance", "+fct_ad_spend_history", "+fin_figures_daily", *LINES_AND_CUSTOMERS)
    pipeline.run_dbt("build", "--exclude-resource-type", "test", "unit_test", "--select", *select)


def _link(warehouse: Path) -> None:
    """People as far as staging says, which the next build reads: they become known after their visits and orders."""
    link: Callable[..., Any] = link_people.__wrapped__  # type: ignore[attr-defined]  # the step without its outcome row
    with DuckDBWarehouse(warehouse, "500MB", 2, 5.0) as opened:
        link(opened)


def _rows(warehouse: Path, table: str) -> list[tuple[Any, ...]]:
    """All rows, without what only says when a row was made and beside what."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = [name for name, *_ in connection.execute(f"describe {table}").fetchall()]
        told = ", ".join(name for name in columns if not name.startswith("_") or name == "_load_seq")
        return sorted(connection.execute(f"select {told} from {table}").fetchall(), key=repr)


def test_marts_grown_day_by_day_equal_marts_built_at_once(new_pipeline: Callable[[str], Any]) -> None:
    day_by_day, whole = new_pipeline("grown"), new_pipeline("at-once")
    grown, at_once = (pipeline.home / "warehouse.duckdb" for pipeline in (day_by_day, whole))
    for number in range(len(DAYS)):
        _load(grown, number)
        _link(grown)
        _build(day_by_day)
        _load(at_once, number)
    _link(at_once)
    _build(whole, *(f"+{model}" for model in SPEAK_OF_PEOPLE))
    for pipeline in (day_by_day, whole):
        _link(pipeline.home / "warehouse.duckdb")
        _build(pipeline)
    for table in MARTS:
        assert _rows(grown, table) == _rows(at_once, table), table
    assert _spend(grown) == [("2026-11-15", "7", "2.000000"), ("2026-11-17", "8", "0.300000")]
    known = {day: _known(grown, "2026-11-16", f"2026-11-{day} 12:00:00") for day in (16, 17, 18, 19)}
    assert known == {16: [], 17: [("10", "1.000000")], 18: [("10", "1.500000"), ("11", "0.250000")], 19: []}
    assert set(_lines(grown)) == {("1", "10", 90), ("3", "30", 40), ("3", "31", 15), ("4", "40", 60)}
    assert _origins(grown) == {
        ("red", "utm_campaign", "10", None),
        ("tan", "utm_campaign", "11", None),
        ("ivy", "campaign id", "11", "5"),
    }
    sold = {day: _sold(grown, f"2026-11-{day} 12:00:00") for day in (16, 17, 18, 19)}
    assert sold == {16: (None, None), 17: (4, "285.000000"), 18: (4, "275.000000"), 19: (3, "205.000000")}


def _origins(warehouse: Path) -> set[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        query = "select user_pseudo_id, origin_rule, campaign_id, ad_id from marts.fct_sessions"
        return set(connection.execute(f"{query} where campaign_id is not null").fetchall())


def _spend(warehouse: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = "cast(date as varchar), ad_id, cast(spend as varchar)"
        return connection.execute(f"select {columns} from marts.fct_ad_performance order by 1, 2 nulls last").fetchall()


def _known(warehouse: Path, day: str, instant: str) -> list[tuple[Any, ...]]:
    """What we knew at an instant about the spend of a day, as the description of the mart asks it."""
    query = f"""select campaign_id, cast(spend as varchar) from marts.fct_ad_spend_history
        where date = '{day}' and known_from <= timestamp '{instant}'
            and (known_to > timestamp '{instant}' or known_to is null) and not is_vanished order by 1"""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _lines(warehouse: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            "select order_id, line_id, cast(net_sales as int) from marts.fct_order_lines"
        ).fetchall()


def _sold(warehouse: Path, instant: str) -> tuple[Any, ...]:
    """Orders and sales of 15 November as of an instant."""
    query = f"""select cast(sum(orders) as int), cast(sum(gross_sales) as varchar) from marts.fin_figures_daily
        where source = 'shopify' and date = '2026-11-15' and known_at <= timestamp '{instant}'"""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()[0]
