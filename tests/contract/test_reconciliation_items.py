"""The items of the pipeline's own reconciliation: what was measured, the marts and the release, asked by dbt's view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from expectations.judge.measurement import Measurements
from expectations.judge.reconcile.asked import SELECTED
from expectations.judge.rules import Subject
from expectations.judge.totals import Tolerance, marts_reconciliation, reconciliation, sentences
from tests.conftest import Pipeline

DAY = date(2026, 11, 18)
TITLES = {"meta_ads": "Meta", "shopify": "Shopify", "hubspot": "HubSpot"}
TABLES = """
create schema quality; create schema marts;
create table quality.measurements (window_start timestamp, window_end timestamp, source varchar, model varchar,
    account varchar, day date, metric varchar, field varchar, value decimal(38, 6), baseline decimal(38, 6),
    baseline_n bigint, detail varchar, sync_id bigint, load_seq bigint);
create table quality.published_totals (source varchar, account varchar, date date, metric varchar, part varchar,
    amount decimal(38, 6), loaded bigint, release_id varchar);
create table marts.fct_ad_performance (source varchar, account_id varchar, campaign_id varchar, date date,
    currency varchar, spend decimal(38, 6), extracted_at timestamp, _load_seq bigint);
create table marts.fct_orders (source varchar, shop_id varchar, order_id varchar, order_date date, currency varchar,
    gross_sales decimal(38, 6), discounts decimal(38, 6), gift_card_sales decimal(38, 6), tax decimal(38, 6),
    taxes_included boolean, is_test boolean, extracted_at timestamp, _load_seq bigint);
create table marts.fct_order_lines (source varchar, order_id varchar, tax decimal(38, 6));
create table marts.fct_refunds (source varchar, shop_id varchar, refund_id varchar, order_id varchar,
    refund_date date, currency varchar, subtotal decimal(38, 6), gift_card_subtotal decimal(38, 6),
    tax decimal(38, 6), is_test boolean, extracted_at timestamp, _load_seq bigint);
"""
# Spend by account and campaign: what the marts hold, read at 05:40; the loads of the accounts follow below.
SPEND = {
    ("act_12", "1"): "15000.00",  # restated by a later sync, which the marts do not hold yet
    ("act_12", "2"): "3004.10",
    ("act_13", "1"): "90.00",  # built of all that was loaded, and 10 are gone
    ("act_14", "1"): "50.00",  # built, and not published yet
    ("act_14", "2"): "20.00",
}
ORDERS = """
insert into marts.fct_orders values
    ('shopify', 'shop', '1', '2026-11-18', 'EUR', 100, 10, 0, 19, true, false, '2026-11-19 05:40', 8),
    ('shopify', 'shop', '2', '2026-11-18', 'EUR', 0, 0, 25, 0, false, false, '2026-11-19 05:40', 8),
    ('shopify', 'shop', '3', '2026-11-18', 'EUR', 500, 0, 0, 0, false, true, '2026-11-19 05:40', 8);
insert into marts.fct_order_lines values ('shopify', '1', 17.10);
insert into marts.fct_refunds values
    ('shopify', 'shop', '7', '1', '2026-11-18', 'EUR', 40, 0, 7.60, false, '2026-11-19 05:40', 8),
    ('shopify', 'shop', '8', '3', '2026-11-18', 'EUR', 5, 0, 0, true, '2026-11-19 05:40', 8);
"""


def _measured(
    source: str, account: str, stated: str, counted: str, *, loaded: int, **beside: tuple[str, int]
) -> list[list[object]]:
    figures = {"theirs": (stated, None), "ours": (counted, None), "loaded": (str(loaded), None), **beside}
    start, end, model = (
        "2026-11-18",
        "2026-11-19",
        {"meta_ads": "ads_insights", "shopify": "orders"}.get(source, "contacts"),
    )
    return [
        [start, end, source, model, account, DAY, f"reconcile_{name}", "rows", value, None, rows, "", None, loaded]
        for name, (value, rows) in figures.items()
    ]


def _rows() -> list[list[object]]:
    doubled = {"duplicates_removed": ("22.20", 4)}
    return [
        *_measured("meta_ads", "act_12 USD", "18416.30", "18416.30", loaded=9, **doubled),
        *_measured("meta_ads", "act_13 USD", "100.00", "100.00", loaded=8),
        *_measured("meta_ads", "act_14 USD", "70.00", "66.00", loaded=8, quarantined=("4.00", 1)),
        # 90 with 17.10 of tax in them, a gift card of 25, less 47.60 and a test's 5 that came back.
        *_measured("shopify", "shop", "79.50", "79.50", loaded=8),
        *_measured("hubspot", "", "12", "12", loaded=3),
        # An older window said something else of the same day.
        *([*row[:8], "1.00", *row[9:13], 2] for row in _measured("meta_ads", "act_13 USD", "1", "1", loaded=2)),
    ]


@pytest.fixture(scope="module")
def items(new_pipeline: Callable[[str], Pipeline]) -> Path:
    """A warehouse in which dbt made the view over tables that are written here."""
    pipeline = new_pipeline("items")
    file = pipeline.home / "warehouse.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute(TABLES)
        db.execute(ORDERS)
        db.executemany(f"insert into quality.measurements values ({', '.join('?' * 14)})", _rows())
        spend = [["meta_ads", *key, DAY, "USD", value, "2026-11-19 05:40", 8] for key, value in SPEND.items()]
        db.executemany("insert into marts.fct_ad_performance values (?, ?, ?, ?, ?, ?, ?, ?)", spend)
        shown = [["meta_ads", account, DAY, "spend", part, value, 7, "r1"] for (account, part), value in SPEND.items()]
        shown = [[*row[:5], "30.00", *row[6:]] if row[1:5:3] == ["act_14", "2"] else row for row in shown]
        shown += [
            ["shopify", "shop", DAY, "net_sales", part, value, 8, "r1"]
            for part, value in (("orders", 90), ("refunds", -40))
        ]
        db.executemany("insert into quality.published_totals values (?, ?, ?, ?, ?, ?, ?, ?)", shown)
    pipeline.run_dbt("run", "--select", "reconciliation_item")
    return file


def _ask(file: Path, query: str, *params: object) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as db:
        return db.execute(query, list(params)).fetchall()


def _named(file: Path, source: str, account: str) -> dict[tuple[str, str], tuple[Decimal, int]]:
    query = """select to_stage, bucket, amount, row_count from quality.reconciliation_item
        where source = ? and account = ? and amount <> 0"""
    return {
        (str(stage), str(bucket)): (amount, rows) for stage, bucket, amount, rows in _ask(file, query, source, account)
    }  # type: ignore[misc]


def test_a_restatement_that_the_marts_do_not_hold_yet_has_its_name(items: Path) -> None:
    assert _named(items, "meta_ads", "act_12") == {
        ("landed", "duplicates_loaded"): (Decimal("22.20"), 4),
        ("mart", "duplicates_removed"): (Decimal("-22.20"), 4),
        ("mart", "restated_after_build"): (Decimal("-412.20"), 0),
    }


def test_what_is_lost_between_our_rows_and_a_mart_is_unexplained(items: Path) -> None:
    assert _named(items, "meta_ads", "act_13") == {("mart", "unexplained"): (Decimal("-10"), 0)}


def test_rows_held_back_and_a_release_that_is_behind_are_named(items: Path) -> None:
    assert _named(items, "meta_ads", "act_14") == {
        ("raw", "quarantined"): (Decimal("-4"), 1),
        ("mart", "unexplained"): (Decimal("4"), 0),
        ("published", "restated_after_release"): (Decimal("10"), 1),
    }


def test_taxes_gift_cards_and_tests_lead_from_the_shops_total_to_net_sales(items: Path) -> None:
    assert _named(items, "shopify", "shop") == {
        ("mart", "taxes_shipping_tips"): (Decimal("-9.50"), 0),
        ("mart", "gift_cards"): (Decimal("-25"), 0),
        ("mart", "test_orders"): (Decimal("5"), 0),
    }


def test_every_pair_of_checkpoints_adds_up_and_ends_with_what_is_unexplained(items: Path) -> None:
    wrong = _ask(
        items,
        """select source, account, from_stage from quality.reconciliation_item group by all
        having max(from_total) + sum(amount) <> max(to_total) or arg_max(bucket, place) <> 'unexplained'""",
    )
    assert wrong == []
    stages = "select distinct to_stage from quality.reconciliation_item where source = 'hubspot' order by 1"
    assert _ask(items, stages) == [("landed",), ("raw",)]


def _measurements(file: Path, source: Sequence[str]) -> Measurements:
    with duckdb.connect(str(file), read_only=True) as db:
        found = db.sql(f"{SELECTED} where source in ({', '.join(repr(name) for name in source)})").df().astype(object)
    return Measurements.of(found.to_dict("records"))


def test_the_sentence_tells_what_readers_see_and_what_the_source_says_now(items: Path) -> None:
    told = sentences(_measurements(items, ["meta_ads"]), TITLES, [DAY])
    assert told[0] == (
        "Meta, act_12, 18 Nov: published $18,004.10, Meta now $18,416.30; difference $412.20 = $412.20 restated by "
        "Meta after our 05:40 extraction + $22.20 duplicates removed (4 rows) - $22.20 delivered or loaded twice "
        "(4 rows); unexplained $0.00"
    )


def test_a_close_names_the_account_day_that_is_not_reconciled(items: Path) -> None:
    m = _measurements(items, list(TITLES))
    found = marts_reconciliation(m, Subject("Marts", "reconciliation"), titles=TITLES, closed=[DAY])
    assert [(f.scope, f.severity, f.observed) for f in found] == [
        ("meta_ads act_13 2026-11-18", "critical", "10.00 unexplained"),
        ("meta_ads act_14 2026-11-18", "critical", "4.00 unexplained"),
    ]
    assert "published $90.00, Meta now $100.00; difference $10.00; unexplained $10.00." in found[0].sentence


def test_the_finding_of_a_refresh_ends_with_the_sentence(items: Path) -> None:
    m = _measurements(items, ["meta_ads"])
    sides = [
        {"metric": f"reconcile_{side}", "account": "act_13 USD", "day": DAY, "value": value}
        for side, value in (("ours", "80"), ("theirs", "100"))
    ]
    both = Measurements((*m.rows, *Measurements.of(sides).rows))
    (finding,) = reconciliation(both, Subject("Meta", "ads_insights"), control="c", tolerance=Tolerance(), closed=[DAY])
    assert finding.sentence.endswith(
        "Meta, act_13, 18 Nov: published $90.00, Meta now $100.00; difference $10.00; unexplained $10.00."
    )


def test_a_close_names_the_accounts_of_a_source_that_was_not_read(items: Path) -> None:
    m = _measurements(items, ["shopify"])
    earlier = [replace(row, day=DAY - timedelta(days=n)) for row in m.rows for n in (1, 2)]
    about, late = Subject("Marts", "reconciliation"), Measurements(tuple(earlier))
    (finding,) = marts_reconciliation(late, about, titles=TITLES, closed=[DAY])
    assert (finding.scope, finding.severity) == ("shopify 2026-11-18", "warning")
    assert "Shopify: Wednesday 18 November of shop is not reconciled" in finding.sentence
    both = Measurements((*m.rows, *earlier))
    assert [f.state for f in marts_reconciliation(both, about, titles=TITLES, closed=[DAY])] == ["passed"]
