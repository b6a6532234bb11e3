"""Days typed again from the lake: twice is once, a window is its days, and nothing else moves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from deployments.bench.crash_compare import WALL_CLOCK
from deployments.bench.world import land_window, read_at, sealed
from deployments.local.saas import reader
from deployments.local.saas.blocks import Request
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured, NotReconciled
from expectations.declare.source import Source
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.dbt_compiled import compiled
from tasks.adapters.dbt_results import DbtOutcome
from tasks.adapters.dbt_runner import PROJECT
from tasks.adapters.ops_plans import OpsPlans
from tasks.backfill import chunks
from tasks.backfill import plan as plans
from tasks.backfill.chunks import Difference, apply, compare, fetch, stage
from tasks.backfill.figures import FIGURES
from tasks.backfill.plan import Wish, plan, the_plan
from tasks.backfill.promote import abandon, promote
from tasks.backfill.replay import reload
from tasks.backfill.retype import retype
from tasks.backfill.scope import Scope
from tasks.backfill.stage import on_copy
from tasks.ingest.load import load
from tasks.ingest.sync import SyncRun
from tasks.window import Window

WORLD, START, DAYS = World(7, 0.00001), date(2026, 10, 20), 3
SOURCES = ("ga4_export", "meta_ads", "shopify")
STREAMS = {
    "ga4_export": ["events", "events_control"],
    "meta_ads": ["ads_insights", "ad_account"],
    "shopify": ["orders", "customers", "sales_by_day"],
}
SECOND = Window.of_day(START + timedelta(days=1))
ALL = Window(start=Window.of_day(START).start, end=Window.of_day(START + timedelta(days=DAYS - 1)).end)
SCHEMAS = ("raw", "staging", "intermediate", "marts", "quality")
Tables = dict[str, list[tuple[Any, ...]]]
# Marts without figures to approve: what each sync said, what follows from the orders, and the pipeline's own times.
NOT_APPROVED = (
    *(
        "fct_ad_spend_history",
        "fct_order_history",
        "fct_refund_history",
        "fin_figures_daily",
        "fin_closed_figures",
        "fin_period_status",
        "fin_restatements",
        "agg_cohorts",
        "agg_paths",
    ),
    # The bridges say how approved figures hang together; their ends are approved where they come from.
    *("fin_revenue_bridge", "fin_revenue_bridge_orders", "fin_spend_bridge", "fin_spend_bridge_rows"),
    "fct_day_shift",
    *("agg_ads_daily", "agg_attributed_daily", "fct_metrics_by_period", "fct_metrics_daily"),
    # What follows from the orders, the leads and who is the same person; the count of new customers is approved.
    *("fct_customer_orders", "fct_new_customer_differences", "agg_new_customer_credits"),
    *("agg_cohort_ltv", "fin_acquisition", "fct_funnel", "agg_funnel_daily"),
    *("fct_unmatched_spend", "fct_unmatched_traffic"),
    *("agg_extracts_daily", "fct_day_closes", "fct_publication_latency", "fct_source_runs"),
)


@pytest.fixture(scope="module")
def built(new_pipeline: Callable[[str], Any]) -> Iterator[Any]:
    """Three days of three sources, loaded day by day and built once."""
    pipeline = new_pipeline("replay")
    with pipeline.doors():
        for place in range(DAYS):
            for number, source in enumerate(SOURCES, 10 * place):
                for batch in sealed(_landed(source, START + timedelta(days=place), number)):
                    load.fn(batch)
    pipeline.build()
    shutil.copyfile(pipeline.home / "warehouse.duckdb", pipeline.home / "pristine")
    yield pipeline
    with pipeline.doors():
        doors.ops_store().close()


def _landed(source: str, day: date, number: int) -> SyncRun:
    """What the daily sync of a day delivers; the first one brings all before."""
    since = None if day == START else read_at(day - timedelta(days=1))
    request = reader.request(START, since, read_at(day))
    return land_window(WORLD, source, Window.of_day(day), number=number, request=request).run


@pytest.fixture
def pipeline(built: Any) -> Any:
    """The same with the warehouse as it was built."""
    shutil.copyfile(built.home / "pristine", built.home / "warehouse.duckdb")
    return built


def _tables(home: Path, *schemas: str) -> Tables:
    listed = "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        found = [(s, t) for s, t in connection.execute(listed).fetchall() if s in (schemas or SCHEMAS)]
        return {f"{s}.{t}": sorted(_told(connection, f"{s}.{t}"), key=repr) for s, t in found}


def _told(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    """All rows, without what only says when a row was made."""
    columns = [name for name, *_ in connection.execute(f"describe {table}").fetchall()]
    told = ", ".join(f'"{name}"' for name in columns if not (name.startswith("_") and name in WALL_CLOCK))
    return connection.execute(f"select {told} from {table}").fetchall()


def _retyped(window: Window) -> None:
    project = compiled(doors.dbt().config)
    with doors.warehouse() as warehouse:
        for source, names in STREAMS.items():
            for name in names:
                retype(warehouse, project, Scope(declared(source), declared(source).streams[name], window))


def _differing(one: Tables, other: Tables) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_replaying_days_with_the_same_declarations_changes_no_row(pipeline: Any) -> None:
    before = _tables(pipeline.home)
    with pipeline.doors():
        _retyped(SECOND)
    # Their own builds bring back what a replay took out of these.
    assert _differing(before, _tables(pipeline.home)) <= LEFT_TO_THE_BUILD


# As if older declarations had typed the rows: an amount that was not read, a session without a page, a wrong day.
DAMAGE = (
    "update staging.stg_meta_ads__ads_insights set reach = 0",
    "update intermediate.int_meta_ads__ads_insights set reach = 0",
    "update intermediate.int_shopify__orders set order_lines = null",
    "update staging.typed_shopify__orders set order_lines = null",
    "update staging.stg_ga4_export__events set page_location_path = null",
)
LEFT_TO_THE_BUILD = {
    *("marts.fct_ad_performance", "marts.fct_ad_spend_history", "marts.fct_attribution", "marts.fct_sessions"),
    *("marts.fct_order_lines", "marts.fct_order_history", "marts.fin_revenue_bridge_orders"),
    *("intermediate.int_platform_claims", "intermediate.shopify__order_versions", "intermediate.shopify__orders"),
    *("intermediate.int_order_people", "marts.fct_orders", "marts.fct_customer_orders", "marts.fct_conversions"),
    "marts.fct_touchpoints",
}
DAY_OF = {
    "staging.stg_meta_ads__ads_insights": "date_start",
    "intermediate.int_meta_ads__ads_insights": "date_start",
    "staging.stg_ga4_export__events": "event_date",
    "staging.typed_shopify__orders": "cast(timezone('America/New_York', timezone('UTC', processed_at)) as date)",
}


def _by_day(home: Path, table: str, *, inside: bool) -> list[tuple[Any, ...]]:
    where = f"coalesce({DAY_OF[table]} = ?, false) = ?"
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        return sorted(
            connection.execute(f"select * from {table} where {where}", [SECOND.days()[0], inside]).fetchall(), key=repr
        )


def _days(home: Path) -> dict[str, tuple[list[Any], list[Any]]]:
    return {table: (_by_day(home, table, inside=True), _by_day(home, table, inside=False)) for table in DAY_OF}


def test_a_replay_mends_its_own_days_and_leaves_all_others_as_they_are(pipeline: Any) -> None:
    pristine, tables = _days(pipeline.home), _tables(pipeline.home)
    with duckdb.connect(str(pipeline.home / "warehouse.duckdb")) as connection:
        for statement in DAMAGE:
            connection.execute(statement)
    damaged = _days(pipeline.home)
    with pipeline.doors():
        _retyped(SECOND)
    mended = _days(pipeline.home)
    for table in DAY_OF:
        assert damaged[table][0] != pristine[table][0], table
        assert mended[table][0] == pristine[table][0], table
        assert mended[table][1] == damaged[table][1], table
    # Orders of long ago changed now, and the last sync read its sources in the morning of the following day.
    wide = Window(start=ALL.start - timedelta(days=400), end=ALL.end + timedelta(days=2))
    for _ in range(2):
        with pipeline.doors():
            _retyped(wide)
    shutil.rmtree(pipeline.home / "dbt" / "target")
    pipeline.build()
    assert _differing(tables, _tables(pipeline.home)) == set()


def test_a_replay_loads_what_the_lake_has_and_the_ledger_lacks(pipeline: Any) -> None:
    lost = pipeline.ask("select distinct table_name from raw.load_ledger where source = 'shopify'")
    with duckdb.connect(str(pipeline.home / "warehouse.duckdb")) as connection:
        for (table,) in lost:
            connection.execute(f"delete from {table} where _sync_id = 12")
        connection.execute("delete from raw.load_ledger where source = 'shopify' and sync_id = 12")
    with pipeline.doors():
        assert reload.fn("shopify", ALL).objects == len(lost)
        assert reload.fn("shopify", ALL).reused
    held = pipeline.ask("select count(*), count(distinct object_key) from raw.load_ledger where sync_id = 12")
    assert held == [(len(lost), len(lost))]


def test_a_column_of_another_type_is_refused_and_a_new_one_is_added(pipeline: Any) -> None:
    orders = "staging.typed_shopify__orders"
    stream, project = declared("shopify").streams["orders"], None
    with duckdb.connect(str(pipeline.home / "warehouse.duckdb")) as connection:
        connection.execute(f"alter table {orders} drop column total_discounts")
        connection.execute("alter table intermediate.int_shopify__orders drop column total_discounts")
    with pipeline.doors():
        project = compiled(doors.dbt().config)
        with doors.warehouse() as warehouse:
            retype(warehouse, project, Scope(declared("shopify"), stream, SECOND))
    filled = f"select {DAY_OF[orders]} = ?, count(total_discounts) > 0 from {orders} group by 1 having count(*) > 1"
    assert set(pipeline.ask(filled, SECOND.days()[0])) >= {(True, True), (False, False)}
    with duckdb.connect(str(pipeline.home / "warehouse.duckdb")) as connection:
        connection.execute(f"alter table {orders} alter total_price type varchar")
    with pipeline.doors(), doors.warehouse() as warehouse, pytest.raises(Misconfigured, match="whole history"):
        retype(warehouse, project, Scope(declared("shopify"), stream, SECOND))


def test_every_mart_of_facts_has_figures_that_a_person_can_approve() -> None:
    marts = {
        path.stem
        for path in (PROJECT / "models/marts").rglob("*.sql")
        if path.stem.startswith(("fct_", "agg_", "fin_"))
    }
    assert marts == {spec.mart for spec in FIGURES} | set(NOT_APPROVED)


class OrdersOnly:
    """In the place of dbt: its SQL of the orders and of nothing else, enough to see figures change."""

    def __init__(self, real: Any) -> None:
        self.config = real.config

    def run_models(self, _select: object = (), **_: object) -> DbtOutcome:
        with doors.warehouse() as warehouse:
            for model in (compiled(self.config).models[name] for name in ("shopify__orders", "fct_orders")):
                warehouse.execute(f"create or replace table {model.relation} as {model.sql}")
        return DbtOutcome(True, (), Path("run_results.json"))


@pytest.fixture
def plannable(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A warehouse whose orders were typed without their prices, on a day when October is over."""
    dbt = doors.dbt
    monkeypatch.setattr(doors, "dbt", lambda: OrdersOnly(dbt()))
    monkeypatch.setattr(plans, "reporting_day", lambda: date(2026, 11, 20))
    with duckdb.connect(str(pipeline.home / "warehouse.duckdb")) as connection:
        for table in ("staging.typed_shopify__orders", "intermediate.int_shopify__orders"):
            connection.execute(f"update {table} set order_lines = null, total_line_items_price = null")
    with pipeline.doors():
        doors.dbt().run_models()
        yield pipeline


def _staged(reason: str) -> Difference:
    made = plan.fn(Wish(("shopify",), Window(start=SECOND.start, end=ALL.end), "replay", reason, "ada", 1)).plan
    stage.fn(made.id)
    apply.fn(made, fetch.fn(made, stage.fn(made.id)[0]))
    left = stage.fn(made.id)  # the process died here: the first chunk is not done again
    assert [chunk.number for chunk in left] == [2]
    apply.fn(made, fetch.fn(made, left[0]))
    return compare.fn(made.id)


def test_a_backfill_changes_readers_figures_only_by_its_promotion_and_then_exactly_as_shown(plannable: Any) -> None:
    live = _tables(plannable.home)
    found = _staged("prices were not read")
    assert _differing(live, _tables(plannable.home)) == set()
    prices = [change for change in found.changes if change.mart == "fct_orders"]
    assert {"gross_sales", "net_sales"} <= {change.metric for change in prices}
    assert {change.day for change in prices} == {str(day) for day in ALL.days()[1:]}
    assert all(change.before <= 0 < change.after for change in prices if change.metric == "gross_sales")
    shown = sum(change.after for change in prices if change.metric == "gross_sales")

    assert promote.fn(found.plan.id, by="ada").changes == len(found.changes)
    sums = "select cast(sum(gross_sales) as decimal(38, 6)) from marts.fct_orders where order_date >= ?"
    assert plannable.ask(sums, SECOND.days()[0]) == [(shown,)]
    assert _differing(live, _tables(plannable.home)) <= {
        *("staging.typed_shopify__orders", "intermediate.int_shopify__orders", "intermediate.shopify__orders"),
        *("marts.fct_orders", "marts.agg_channel_credits", *LEFT_TO_THE_BUILD),
        *("quality.measure_shopify", "quality.published_totals"),
    }
    (record,) = OpsPlans(doors.ops_store()).promotions()
    assert (record.id, record.by, record.changes) == (found.plan.id, "ada", len(found.changes))
    assert promote.fn(found.plan.id, by="ada").reused
    assert list((plannable.home / "backfill").glob("*/")) == []


def test_an_extraction_is_asked_for_once_and_loaded_into_the_copy_only(
    plannable: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Window] = []

    def extracted(source: Source, window: Window, *, since: datetime) -> SyncRun:
        asked.append(window)
        first, last = window.days()[0], window.days()[-1]
        request = Request(start=first, since=None, until=read_at(last), days_asked=(first, last))
        return land_window(WORLD, source.name, window, number=900, request=request).run

    monkeypatch.setattr(chunks, "extract_range", SimpleNamespace(fn=extracted))
    made = plan.fn(Wish(("shopify",), SECOND, "extract", "prices were wrong at the source", "ada")).plan
    (chunk,) = stage.fn(made.id)
    fetched = fetch.fn(made, chunk)
    assert fetch.fn(made, fetched) == fetched
    assert asked == [SECOND]
    assert len(fetched.manifests) == len(declared("shopify").streams)
    assert apply.fn(made, fetched).rows == fetched.rows > 0
    loaded = "select count(distinct stream) > 1 from raw.load_ledger where sync_id = 900"
    assert plannable.ask(loaded) == [(False,)]
    with on_copy(made.id), doors.warehouse() as warehouse:
        assert warehouse.query(loaded) == [(True,)]
    abandon.fn(made.id, by="ada")


def test_a_plan_whose_days_have_moved_expires_and_nothing_changes(plannable: Any) -> None:
    found = _staged("again")
    with duckdb.connect(str(plannable.home / "warehouse.duckdb")) as connection:
        for table in ("staging.typed_shopify__orders", "intermediate.int_shopify__orders"):
            connection.execute(f"update {table} set total_discounts = 1 where total_discounts > 0")
    live = _tables(plannable.home)
    with pytest.raises(NotReconciled, match=r"the plan is stale: the figures of 2026-\d\d-\d\d.* changed after"):
        promote.fn(found.plan.id, by="ada")
    assert _differing(live, _tables(plannable.home)) == set()
    assert the_plan(found.plan.id).state == "expired"


def test_a_promotion_that_died_after_its_swap_is_only_recorded_the_next_time(
    plannable: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _staged("once more")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(OpsPlans, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            promote.fn(found.plan.id, by="ada")
    live = _tables(plannable.home)
    assert promote.fn(found.plan.id, by="ada").plan.state == "promoted"
    assert _differing(live, _tables(plannable.home)) == set()
