"""The rendered models on data: a small raw layer is built by hand, built by dbt, added to and built again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from expectations.declare.source import load, load_all

PROJECT = Path(__file__).parents[2] / "dbt"
RAW = """(_airbyte_raw_id varchar, _airbyte_extracted_at timestamp, _airbyte_meta varchar,
    _airbyte_generation_id bigint, _airbyte_data varchar using compression zstd, _source_file varchar,
    _source_row bigint, _sync_id bigint,
    _tokens varchar, _loaded_at timestamp, _load_seq bigint)"""
LEDGER = """(table_name varchar, object_key varchar, etag varchar, "rows" bigint, source varchar, stream varchar,
    sync_id bigint, window_start timestamp, window_end timestamp, loaded_at timestamp, load_seq bigint)"""
MODELS = ["+measure_meta_ads", "+measure_shopify", "+measure_ga4_export", "+measure_google_ads"]
BACKFILL = ("2026-11-01", "2026-11-17")
DAY = ("2026-11-17", "2026-11-18")


@dataclass
class Raw:
    """The raw layer under construction."""

    file: Path
    home: Path
    load_seq: int = 0

    def add(self, table: str, sync: int, at: str, *payloads: dict[str, object] | str, **extra: object) -> None:
        """One lake object with these payloads; `window`, `tokens` and `meta` may be given."""
        source, stream = table.split(".")
        self.load_seq += 1
        window = extra.get("window", BACKFILL)
        assert isinstance(window, tuple)
        key = f"landing/{source}/{stream}/2026/11/18/{sync}_{self.load_seq}_0.jsonl.gz"
        meta, loaded = str(extra.get("meta", '{"sync_id":1,"changes":[]}')), datetime.fromisoformat(at)
        rows = [
            (f"{key}:{n}", loaded, meta, 0, _text(payload), key, n, sync, extra.get("tokens"), loaded, self.load_seq)
            for n, payload in enumerate(payloads, start=1)
        ]
        with duckdb.connect(str(self.file)) as db:
            db.executemany(f"insert into raw.{source}__{stream} values (?,?,?,?,?,?,?,?,?,?,?)", rows)
            db.execute(
                "insert into raw.load_ledger values (?,?,?,?,?,?,?,?,?,?,?)",
                [f"{source}__{stream}", key, "etag", len(rows), source, stream, sync, *window, at, self.load_seq],
            )

    def build(self) -> None:
        """Build staging, current rows and measurements with a dbt process of its own."""
        target, log = self.home / "target", self.home / "logs"
        words = ["run", "--quiet", "--select", *MODELS, "measurements", "--target", "embedded"]
        places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", target, "--log-path", log]
        done = subprocess.run(
            [sys.executable, "-m", "dbt.cli.main", *words, *map(str, places)],
            cwd=self.home, capture_output=True, text=True, check=False,
            env=os.environ | {"PLUMBLINE_WAREHOUSE_FILE": str(self.file), "DO_NOT_TRACK": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as db:
            return db.execute(query).fetchall()


def _text(payload: dict[str, object] | str) -> str:
    return payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)


def insight(account: str, ad: str | None, day: str, spend: float, **more: object) -> dict[str, object]:
    base = {"account_id": account, "ad_id": ad, "date_start": day, "spend": spend, "account_currency": "USD"}
    return base | {"campaign_id": "c1", "adset_id": "s1", "impressions": 100} | more


def total(account: str, day: str, spend: float) -> dict[str, object]:
    return {"account_id": account, "date_start": day, "spend": spend, "account_currency": "USD", "impressions": 100}


def order(number: int, updated: str, **more: object) -> dict[str, object]:
    base = {"id": number, "updated_at": updated, "processed_at": "2026-11-17T23:30:00-05:00", "test": False}
    return base | {"shop_url": "brightcart", "subtotal_price": 100.10, "currency": "USD"} | more


def event(key: str, day: str, **params: object) -> dict[str, object]:
    listed = [{"key": k, "value": _slot(v)} for k, v in params.items()]
    at = {"event_timestamp": 1795104000000000, "exported_at": "2026-11-18T01:00:00.123456Z"}
    return {"event_key": key, "event_date": day, "event_name": "page_view", "event_params": listed} | at | {
        "export_table": f"events_{day}", "user_id": "should never pass", "user_pseudo_id": "1.2"}  # fmt: skip


def _slot(value: object) -> dict[str, object]:
    empty = dict.fromkeys(["string_value", "int_value", "float_value", "double_value"])
    kind = {str: "string_value", int: "int_value"}.get(type(value), "double_value")
    return empty | {kind: value}


LANDING = (
    "/collections/new?utm_source=News%20Letter&utm_campaign=b%C3%A9b%C3%A9+%F0%9F%98%80"
    "&email=anna@example.com&gclid=EAIa"
)
NULLED = """{"sync_id":1,"changes":[{"field":"clicks","change":"NULLED","reason":"SOURCE_RETRIEVAL_ERROR"},
    {"field":"account_name","change":"TRUNCATED","reason":"DESTINATION_FIELD_SIZE_LIMITATION"}]}"""
FIRST, SECOND = "2026-11-17T05:00:00", "2026-11-18T05:00:00"
GOOGLE = {
    "customer.id": 1, "segments.date": "2026-11-16", "segments.ad_network_type": "SEARCH", "campaign.id": 5,
    "metrics.clicks": 1, "metrics.impressions": 1,
}  # fmt: skip


def _google(raw: Raw) -> None:
    ad = {"ad_group.id": 6, "ad_group_ad.ad.id": 7, "segments.device": "MOBILE", "metrics.cost_micros": 1_500_000}
    raw.add("google_ads.ad_performance", 1, FIRST, GOOGLE | ad)
    hours = [{"segments.hour": 1, "metrics.cost_micros": 1_500_000}]
    hours += [{"campaign.id": 9, "segments.hour": 2, "metrics.cost_micros": 250_001}]
    raw.add("google_ads.campaign", 1, FIRST, *(GOOGLE | hour for hour in hours))
    account = {"segments.device": "MOBILE", "metrics.cost_micros": 1_750_001}
    raw.add("google_ads.account_performance_report", 1, FIRST, GOOGLE | account)


def _first_delivery(raw: Raw) -> None:
    actions = [{"action_type": "purchase", "value": 9}, {"action_type": "omni_purchase", "value": "2.5"}]
    raw.add(
        "meta_ads.ads_insights",
        1,
        FIRST,
        insight("a1", "x", "2026-11-16", 10.5, actions=actions),
        insight("a1", "y", "2026-11-16", 1),
        insight("a2", "z", "2026-11-16", 7),
        insight("a1", None, "2026-11-16", 3),
        '{"account_id":"a1","ad_id":"w","date_start":"2026-02-30","spend":"x"}',
    )
    raw.add("meta_ads.ads_insights_account", 1, FIRST, total("a1", "2026-11-16", 11.5), meta=NULLED)
    lines = {"total_price": "1234567890.123456789", "line_items": [{"quantity": 2}, {"quantity": 3}]}
    orders = [order(1, "2026-11-17T04:00:00Z", landing_site=LANDING, email="anna@example.com", **lines)]
    orders += [order(2, "2026-11-17T04:00:00Z"), order(3, "2026-11-17T04:00:00Z", test=True)]
    raw.add("shopify.orders", 1, FIRST, *orders, tokens='{"email":"1:abc"}')
    page = "https://u:p@Shop.example:443/a?fbclid=F1&x=1#f"
    twins = [event("k1", "20261116", ga_session_id="1795104000", value=19.5, page_location=page)] * 2
    raw.add("ga4_export.events", 1, FIRST, *twins, event("k2", "20261116", ga_session_id=7))
    _google(raw)


def _second_delivery(raw: Raw) -> None:
    twins = [insight("a1", "x", "2026-11-17", 5, new_field=1)] * 2
    raw.add("meta_ads.ads_insights", 2, SECOND, insight("a1", "x", "2026-11-16", 12), *twins, window=DAY)
    deleted = {"id": 2, "deleted_at": "2026-11-18T03:00:00Z", "shop_url": "brightcart"}
    orders = [order(1, "2026-11-18T04:00:00Z", subtotal_price=90), deleted, order(3, "2026-11-16T04:00:00Z", test=None)]
    raw.add("shopify.orders", 2, SECOND, *orders, window=DAY)
    at = {"created_at": "2026-11-18T01:00:00Z", "processed_at": "2026-11-18T01:00:00Z", "shop_url": "brightcart"}
    refund = {"id": 1, "order_id": 1, "refund_line_items": [{"subtotal": "1.10"}, {"subtotal": 2}]} | at
    raw.add("shopify.order_refunds", 2, SECOND, refund, window=DAY)
    sales = {"shop_url": "brightcart", "day": "2026-11-17", "orders": 1, "gross_sales": 90, "net_sales": 86.9}
    raw.add("shopify.sales_by_day", 2, SECOND, sales | {"total_sales": 90}, window=DAY)
    raw.add("ga4_export.events", 2, SECOND, event("k2", "20261116"), event("k3", "20261117"), window=DAY)


@dataclass(frozen=True)
class Built:
    raw: Raw
    third_build: tuple[list[tuple[object, ...]], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    home = tmp_path_factory.mktemp("rendered")
    raw = Raw(home / "warehouse.duckdb", home)
    with duckdb.connect(str(raw.file)) as db:
        db.execute("create schema raw")
        db.execute(f"create table raw.load_ledger {LEDGER}")
        for source in load_all().values():
            for stream in source.streams.values():
                db.execute(f"create table {stream.raw_table} {RAW}")
    _first_delivery(raw)
    raw.build()
    _second_delivery(raw)
    raw.build()
    before = _counts(raw)
    raw.build()
    return Built(raw, (before, _counts(raw)))


def _counts(raw: Raw) -> list[tuple[object, ...]]:
    tables = raw.ask(
        "select table_schema || '.' || table_name from information_schema.tables where table_schema <> 'raw'"
    )
    return sorted((name, *raw.ask(f"select count(*) from {name}")[0]) for (name,) in tables)  # type: ignore[arg-type]


def test_building_again_changes_nothing(built: Built) -> None:
    assert built.third_build[0] == built.third_build[1]


def test_staging_keeps_every_delivered_row(built: Built) -> None:
    assert built.raw.ask("select count(*) from staging.stg_meta_ads__ads_insights") == [(8,)]


def test_a_newer_sync_replaces_the_whole_slice_and_vanished_rows_go(built: Built) -> None:
    rows = built.raw.ask(
        "select account_id, ad_id, date_start::varchar, spend::varchar"
        " from intermediate.int_meta_ads__ads_insights order by all"
    )
    assert rows == [
        ("a1", "x", "2026-11-16", "12.000000000"),
        ("a1", "x", "2026-11-17", "5.000000000"),
        ("a2", "z", "2026-11-16", "7.000000000"),
    ]


def test_one_tier_of_conversions_is_picked_from_the_list(built: Built) -> None:
    rows = built.raw.ask(
        "select purchases::varchar from staging.stg_meta_ads__ads_insights where purchases is not null"
    )
    assert rows == [("2.500000000",)]


def test_the_newest_version_of_an_entity_counts_and_an_older_one_does_not(built: Built) -> None:
    rows = built.raw.ask(
        "select id, subtotal_price::varchar, deleted_at is not null, test"
        " from intermediate.int_shopify__orders order by id"
    )
    assert rows == [(1, "90.000000000", False, False), (2, None, True, None), (3, "100.100000000", False, True)]


def test_money_is_exact_to_nine_digits(built: Built) -> None:
    rows = built.raw.ask(
        "select total_price::varchar, item_quantity from staging.stg_shopify__orders where item_quantity > 0"
    )
    assert rows == [("1234567890.123456789", 5)]


def test_a_url_is_split_and_the_rest_of_its_query_is_dropped(built: Built) -> None:
    query = "select columns('landing_site.*') from staging.stg_shopify__orders where landing_site_path is not null"
    assert built.raw.ask(query) == [
        (None, "/collections/new", "News Letter", None, "bébé 😀", None, None, "EAIa", "gclid"),
    ]
    query = "select columns('page_location.*') from staging.stg_ga4_export__events where event_key = 'k1'"
    no_tags, no_ids_of_ads = [None] * 5, [None] * 4
    assert built.raw.ask(query) == [("shop.example", "/a", *no_tags, "F1", "fbclid", *no_ids_of_ads)]


def test_no_clear_personal_value_passes_staging(built: Built) -> None:
    for schema, table in built.raw.ask("select table_schema, table_name from information_schema.tables"):
        if schema != "raw":
            rows = built.raw.ask(f"select * from {schema}.{table}")
            assert "anna@example.com" not in str(rows)
            assert "should never pass" not in str(rows)
    assert built.raw.ask("select distinct email_token from staging.stg_shopify__orders where _sync_id = 1") == [
        ("1:abc",)
    ]


def test_an_event_is_there_once_however_often_it_came(built: Built) -> None:
    rows = built.raw.ask(
        "select event_key, _sync_id, ga_session_id from staging.stg_ga4_export__events order by event_key"
    )
    assert [row[:2] for row in rows] == [("k1", 1), ("k2", 1), ("k3", 2)]
    assert rows[1][2] == 7


def test_times_are_utc_without_zone(built: Built) -> None:
    rows = built.raw.ask(
        "select distinct processed_at::varchar from staging.stg_shopify__orders where processed_at is not null"
    )
    assert rows == [("2026-11-18 04:30:00",)]


def _value(built: Built, metric: str, model: str, field: str = "", day: str = BACKFILL[0]) -> list[tuple[object, ...]]:
    return built.raw.ask(
        "select value::double, coalesce(baseline::double, -1), baseline_n from quality.measurements"
        f" where metric = '{metric}' and model = '{model}' and field = '{field}' and window_start = '{day}'"
    )


def test_the_rows_of_a_batch_are_counted(built: Built) -> None:
    assert _value(built, "rows", "ads_insights") == [(5.0, -1.0, None)]
    assert _value(built, "sync_rows", "ads_insights") == [(5.0, -1.0, None)]
    assert _value(built, "null_keys", "ads_insights") == [(2.0, -1.0, None)]
    assert _value(built, "duplicate_rows", "ads_insights", day=DAY[0]) == [(1.0, -1.0, None)]
    assert _value(built, "rows", "customers", day=DAY[0]) == [(0.0, -1.0, None)]


def test_values_that_could_not_be_typed_are_counted(built: Built) -> None:
    assert _value(built, "uncastable", "ads_insights", "spend") == [(1.0, -1.0, None)]
    assert _value(built, "uncastable", "ads_insights", "date_start") == [(1.0, -1.0, None)]
    assert _value(built, "uncastable", "ads_insights", "reach") == [(0.0, -1.0, None)]


def test_drift_is_counted_by_payload_key(built: Built) -> None:
    assert _value(built, "unexpected", "ads_insights", "new_field", DAY[0]) == [(2.0, -1.0, None)]
    assert _value(built, "present", "ads_insights", "actions") == [(1.0, -1.0, None)]
    assert _value(built, "present", "ads_insights", "objective") == [(0.0, -1.0, None)]


def test_nulls_stand_beside_the_rate_of_earlier_windows(built: Built) -> None:
    assert _value(built, "nulls", "ads_insights", "ad_id") == [(1.0, -1.0, 0)]
    assert _value(built, "nulls", "ads_insights", "ad_id", DAY[0]) == [(0.0, 0.2, 5)]


def test_fields_that_airbyte_made_null_are_counted(built: Built) -> None:
    rows = built.raw.ask("select model, field, value::double from quality.measurements where metric = 'nulled'")
    assert rows == [("ads_insights_account", "clicks", 1.0)]


def _sides(built: Built, model: str) -> list[tuple[object, ...]]:
    return built.raw.ask(
        "select account, day::varchar, metric, value::varchar, detail from quality.measurements"
        f" where metric in ('reconcile_ours', 'reconcile_theirs') and model = '{model}' order by all"
    )


def test_campaign_only_spend_is_added_before_google_is_compared(built: Built) -> None:
    assert _sides(built, "ad_performance") == [
        ("1", "2026-11-16", "reconcile_ours", "1.750001", ""),
        ("1", "2026-11-16", "reconcile_theirs", "1.750001", ""),
    ]


def test_returns_are_taken_off_and_days_are_those_of_the_shop(built: Built) -> None:
    assert _sides(built, "orders") == [
        ("brightcart", "2026-11-17", "reconcile_ours", "86.900000", ""),
        ("brightcart", "2026-11-17", "reconcile_theirs", "86.900000", ""),
    ]


def test_a_missing_control_is_said(built: Built) -> None:
    assert ("a2 USD", "2026-11-16", "reconcile_theirs", "0.000000", "no rows on this side") in _sides(
        built, "ads_insights"
    )


def test_spend_is_watched_per_account_and_campaign_and_day(built: Built) -> None:
    rows = built.raw.ask(
        "select metric, account, field, day::varchar, value::double from quality.measurements"
        " where metric like '%spend' and model = 'ads_insights' and window_start = '2026-11-17' order by all"
    )
    day = "2026-11-17"
    assert rows == [
        ("campaign_spend", "a1", "c1", day, 5.0), ("spend", "a1", "", day, 5.0), ("spend", "a2", "", day, 0.0)
    ]  # fmt: skip


def test_every_declared_column_is_in_staging(built: Built) -> None:
    declared = {column.name for column in load("google_ads").streams["campaign"].columns}
    rows = built.raw.ask(
        "select column_name from information_schema.columns where table_name = 'stg_google_ads__campaign'"
    )
    assert declared <= {name for (name,) in rows}
