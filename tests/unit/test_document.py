"""The site: pages of the stored results, an index, runbooks; everything escaped, nothing from another host."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from expectations.declare.source import load
from expectations.judge.measurement import COLUMNS
from expectations.judge.suites import suite_of
from expectations.judge.verdict import CHECKS, ERRORED
from tasks import doors
from tasks.adapters.ops_store import Incident
from tasks.build import observations, people
from tasks.judge import judge
from tasks.publish import site_parts
from tasks.publish.document import document
from tasks.window import Window

DAY = date(2026, 11, 17)
WINDOW = Window.of_day(DAY)
HOSTILE = "<img src=x onerror=alert(1)> 💥"


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLUMBLINE_SLACK_URL", "http://127.0.0.1:21040/api/")
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:21000/api")
    return home


def _store(window: Window = WINDOW, stream: str = "ads_insights") -> None:
    source = load("meta_ads")
    totals = [("reconcile_ours", "54012.30"), ("reconcile_theirs", "18004.10")]
    rows: list[dict[str, Any]] = [
        {"metric": metric, "account": HOSTILE, "day": window.days()[0], "value": Decimal(v)} for metric, v in totals
    ]
    frame = pd.DataFrame([{"role": "now", **r} for r in rows], columns=list(COLUMNS), dtype=object)
    suite = suite_of(source, source.streams[stream], window, closed=set(window.days()), history_days=0)
    judge._judged([(suite, frame)], window)


def _links(page: Path) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]+)"', page.read_text())


def test_a_hostile_account_is_text_on_every_page(home: Path) -> None:
    _store()
    index = document.fn(WINDOW)
    pages = sorted(index.parent.rglob("*.html"))
    assert [str(p.relative_to(index.parent)) for p in pages if "runbooks" not in str(p)] == [
        "data-docs/2026-11-17/index.html",
        "data-docs/2026-11-17/meta_ads.ads_insights.html",
        "data-docs/history/meta_ads.ads_insights.html",
        "data-docs/index.html",
        "data-docs/months/2026-11.html",
        "figures.html",
        "index.html",
    ]
    assert all("<img" not in page.read_text() for page in pages)
    told = [page.stem for page in pages if "&lt;img src=x onerror=alert(1)&gt; 💥" in page.read_text()]
    assert told == ["index", "meta_ads.ads_insights", "2026-11"]


def test_no_page_has_a_script_but_the_filter_or_asks_another_host(home: Path) -> None:
    _store()
    for page in document.fn(WINDOW).parent.rglob("*.html"):
        assert re.findall(r"<script[^>]*>[^<]", page.read_text()) == []
        assert [link.rpartition("/")[2] for link in re.findall(r'<script src="([^"]+)', page.read_text())] == [
            "filter.js"
        ]
        elsewhere = [link for link in _links(page) if "//" in link and not link.startswith("http://127.0.0.1:")]
        assert elsewhere == []


def test_every_relative_link_leads_somewhere(home: Path) -> None:
    _store()
    for page in document.fn(WINDOW).parent.rglob("*.html"):
        local = [link.partition("#") for link in _links(page) if "//" not in link]
        missing = [path for path, _, _ in local if path and not (page.parent / path).exists()]
        assert missing == []
        anchors = [name for path, _, name in local if name and not path]
        assert all(f'id="{name}"' in page.read_text() for name in anchors)


def test_without_anything_the_site_still_opens(home: Path) -> None:
    text = document.fn(WINDOW).read_text()
    assert "Nothing has been published yet" in text
    assert "None so far" in text


def test_incidents_are_on_the_index(home: Path) -> None:
    at = datetime(2026, 11, 18, 5, 52, tzinfo=UTC)
    told = Incident(
        "k", "late", "shopify", HOSTILE, "warning", "@x", "Late.", "", "", "late", "2026-11-17", at, at, 1, "open"
    )
    doors.ops_store().keep_incidents([told])
    text = document.fn(WINDOW).read_text()
    assert "Source is late" in text
    assert "&lt;img src=x" in text


def test_only_new_results_are_rendered_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _store()
    document.fn(WINDOW)
    rendered: list[str] = []
    monkeypatch.setattr("tasks.publish.data_docs._render_suite", lambda body, page: rendered.append(page.stem))
    document.fn(WINDOW)
    assert rendered == []
    _store(stream="ads_insights_account")
    document.fn(WINDOW)
    assert rendered == ["meta_ads.ads_insights_account"]


def test_a_new_template_renders_old_windows_again(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _store()
    document.fn(WINDOW)
    page = home / "site" / "data-docs" / "2026-11-17" / "meta_ads.ads_insights.html"
    newer = tmp_path / "suite.html"
    newer.touch()
    os.utime(newer, ns=(page.stat().st_mtime_ns + 1, page.stat().st_mtime_ns + 1))
    rendered: list[str] = []
    monkeypatch.setattr("tasks.publish.data_docs._TEMPLATES", (newer,))
    monkeypatch.setattr("tasks.publish.data_docs._render_suite", lambda body, page: rendered.append(page.stem))
    document.fn(Window.parse("2026-11-18"))
    assert rendered == ["meta_ads.ads_insights"]


def test_a_runbook_says_where_its_queries_run(home: Path) -> None:
    site = document.fn(WINDOW).parent
    assert str(home / "warehouse.duckdb") in (site / "runbooks" / "reconciliation.html").read_text()


def test_a_recovered_incident_stays_with_its_window(home: Path) -> None:
    _store()
    at = datetime(2026, 11, 18, 5, 52, tzinfo=UTC)
    told = Incident(
        "k", "late", "shopify", "s", "warning", "@x", "It was late.", "", "", "late", "2026-11-17", at, at, 1, "open"
    )
    doors.ops_store().keep_incidents([replace(told, state="recovered", recovered_at=at)])
    site = document.fn(WINDOW).parent
    assert "Was: It was late." in (site / "data-docs" / "2026-11-17" / "index.html").read_text()
    assert "None now." in (site / "index.html").read_text()


def test_history_stays_on_the_index(home: Path) -> None:
    _store(Window.parse("2026-11-16"))
    _store()
    document.fn(WINDOW)
    text = (home / "site" / "data-docs" / "index.html").read_text()
    assert text.index('id="2026-11-17"') < text.index('id="2026-11-16"')


def test_places_are_those_of_the_running_stack(home: Path) -> None:
    found = {place.name: place.address for place in site_parts.places()}
    assert found["Prefect"] == "http://127.0.0.1:21000"
    assert found["Slack channel"] == "http://127.0.0.1:21040/"


def test_a_page_is_newer_than_its_result(home: Path) -> None:
    _store()
    document.fn(WINDOW)
    page = home / "site" / "data-docs" / "2026-11-17" / "meta_ads.ads_insights.html"
    result = home / "validations" / "2026-11-17" / "meta_ads.ads_insights.json"
    assert page.stat().st_mtime_ns >= result.stat().st_mtime_ns


def test_every_check_has_a_runbook_and_every_runbook_a_check() -> None:
    assert {path.stem for path in site_parts.RUNBOOKS.glob("*.md")} == {*CHECKS, ERRORED}


def _add_people(db: duckdb.DuckDBPyConnection) -> None:
    """The schema `identity` and the view that marts join, without rows."""
    tables = {
        "identity.id_map": people.ID_MAP_COLUMNS,
        "identity.quarantine": people.QUARANTINE_COLUMNS,
        "identity.observations": observations.COLUMNS,
        "intermediate.int_id_map": people.ID_MAP_COLUMNS,
    }
    db.execute("create schema if not exists identity; create schema if not exists intermediate")
    for table, columns in tables.items():
        db.execute(f"create table {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")


@pytest.mark.parametrize("path", sorted(site_parts.RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_says_what_how_and_again(path: Path) -> None:
    headings = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert headings[0] == f"# {(CHECKS | {ERRORED: 'A check could not be evaluated'})[path.stem]} ({path.stem})"
    assert headings[1:] == ["## What it means", "## How to look", "## How to repair", "## How to run it again"]


@pytest.fixture(scope="module")
def empty_warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as db:
        db.execute("create schema quality; create schema raw")
        db.execute(
            "create table quality.measurements (window_start timestamp, window_end timestamp, source varchar,"
            " model varchar, account varchar, day date, metric varchar, field varchar, value decimal(38, 6),"
            " baseline decimal(38, 6), baseline_n bigint, detail varchar, sync_id bigint, load_seq bigint)"
        )
        db.execute(
            "create table raw.load_ledger (table_name varchar, object_key varchar, etag varchar, rows bigint,"
            " source varchar, stream varchar, sync_id bigint, window_start timestamp, window_end timestamp,"
            " loaded_at timestamp, load_seq bigint)"
        )
        db.execute(
            "create table quality.reconciliation_item (source varchar, account varchar, date date, metric varchar,"
            " from_stage varchar, to_stage varchar, bucket varchar, place int, amount decimal(38, 6), row_count bigint,"
            " from_total decimal(38, 6), to_total decimal(38, 6));"
            "create schema staging;"
            "create table staging.stg_meta_ads__ads_insights (date_start date, account_id varchar, ad_id varchar,"
            " _sync_id bigint, spend decimal(38, 9))"
        )
        db.execute("create schema marts; create schema operations")
        db.execute(
            "create table marts.fct_ad_spend_history (source varchar, account_id varchar, campaign_id varchar,"
            " date date, version int, spend decimal(38, 6), clicks bigint, is_vanished boolean, known_from timestamp,"
            " known_to timestamp, sync_id bigint)"
        )
        db.execute(
            "create schema ops; create table ops.outcomes (id bigint, recorded_at timestamp, run varchar,"
            " step varchar, source varchar, stream varchar, status varchar, rows_in bigint, rows_out bigint,"
            " millis bigint, reason varchar, job_id bigint)"
        )
        db.execute(
            "create table ops.held_back (release_id varchar, kind varchar, name varchar, from_release varchar,"
            " since timestamp, because varchar);"
            "create table marts.fin_revenue_bridge (period_type varchar, period_start date, basis varchar,"
            " step varchar, amount_cents bigint, orders decimal(38, 6));"
            "create table marts.fin_spend_bridge (period_type varchar, period_start date, source varchar,"
            " account_id varchar, step varchar, amount decimal(38, 6));"
            "create table marts.fin_revenue_bridge_orders (basis varchar, step varchar, source varchar,"
            " shop_id varchar, order_id varchar, amount_cents bigint, orders decimal(38, 6));"
            "create table marts.fct_orders (source varchar, shop_id varchar, order_id varchar, order_date date,"
            " is_test boolean, gross_sales decimal(38, 6), discounts decimal(38, 6), returns decimal(38, 6),"
            " fx_rate decimal(18, 9), has_rate boolean, currency varchar, total decimal(38, 6), taxes_included boolean,"
            " gift_card_sales decimal(38, 6), tax decimal(38, 6));"
            "create table marts.fct_refunds (refund_date date, currency varchar, subtotal decimal(38, 6),"
            " has_rate boolean);"
            "create table marts.fct_ad_performance (date date, currency varchar, spend decimal(38, 6),"
            " fx_rate decimal(18, 9));"
            "create schema if not exists intermediate;"
            "create table intermediate.int_fx_periods (currency varchar, valid_from date, valid_until date,"
            " rate decimal(18, 9), origin varchar)"
        )
        db.execute(
            "create table marts.fin_restatements (month varchar, mart varchar, metric varchar, channel varchar,"
            " day date, frozen decimal(38, 6), amount_now decimal(38, 6), amount decimal(38, 6), cause varchar,"
            " sync_ids varchar, evidence varchar, is_in_marts boolean, first_seen_at timestamp)"
        )
        _add_people(db)
        for name in ("agg_extracts_daily", "fct_source_runs", "fct_day_closes"):
            described = (site_parts.RUNBOOKS.parents[1] / f"dbt/models/marts/operations/{name}.yml").read_text()
            columns = ", ".join(f"{column} varchar" for column in re.findall(r"      - name: (\w+)$", described, re.M))
            if name == "fct_source_runs":
                columns = columns.replace("is_in_time varchar", "is_in_time boolean")
            db.execute(f"create table operations.{name} ({columns})")
        yield db


@pytest.mark.parametrize("path", sorted(site_parts.RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_the_queries_of_a_runbook_run(path: Path, empty_warehouse: duckdb.DuckDBPyConnection) -> None:
    queries = re.findall(r"```sql\n(.*?)```", path.read_text(), re.S)
    assert queries or "```sh\n" in path.read_text()  # what is wrong with a machine is no row of the warehouse
    for query in queries:
        empty_warehouse.execute(query)
