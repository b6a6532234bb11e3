"""Days typed again from the lake: twice is once, a window is its days, and nothing else moves."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from deployments.bench_world import land_day, sealed
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.dbt_compiled import compiled
from tasks.adapters.dbt_runner import PROJECT
from tasks.backfill.figures import FIGURES, NOT_APPROVED
from tasks.backfill.replay import follow_up, reload, replay_days
from tasks.backfill.retype import retype
from tasks.backfill.scope import Scope
from tasks.build.transform import build
from tasks.ingest.load import load
from tasks.window import Window

WORLD, START, DAYS = World(7, 0.00001), date(2026, 10, 20), 3
SOURCES = ("ga4_export", "meta_ads", "shopify")
SECOND = Window.of_day(START + timedelta(days=1))
ALL = Window(start=Window.of_day(START).start, end=Window.of_day(START + timedelta(days=DAYS - 1)).end)
SCHEMAS = ("raw", "staging", "intermediate", "marts", "quality")
Tables = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def built(new_pipeline: Callable[[str], Any]) -> Iterator[Any]:
    """Three days of three sources, loaded day by day and built once."""
    pipeline = new_pipeline("replay")
    with pipeline.doors():
        for place in range(DAYS):
            for number, source in enumerate(SOURCES, 10 * place):
                run = land_day(WORLD, source, START + timedelta(days=place), number=number, start=START).run
                for batch in sealed(run):
                    load.fn(batch)
    pipeline.build()
    shutil.copyfile(pipeline.home / "warehouse.duckdb", pipeline.home / "pristine")
    yield pipeline
    with pipeline.doors():
        doors.ops_store().close()


@pytest.fixture
def pipeline(built: Any) -> Any:
    """The same with the warehouse as it was built."""
    shutil.copyfile(built.home / "pristine", built.home / "warehouse.duckdb")
    return built


def _tables(home: Path, *schemas: str) -> Tables:
    listed = "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        found = [(s, t) for s, t in connection.execute(listed).fetchall() if s in (schemas or SCHEMAS)]
        return {f"{s}.{t}": sorted(connection.execute(f"select * from {s}.{t}").fetchall(), key=repr) for s, t in found}


def _retyped(window: Window) -> None:
    project = compiled(doors.dbt().config)
    with doors.warehouse() as warehouse:
        for source in SOURCES:
            for stream in declared(source).streams.values():
                retype(warehouse, project, Scope(declared(source), stream, window))


def _differing(one: Tables, other: Tables) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def test_replaying_days_with_the_same_declarations_changes_no_row(pipeline: Any) -> None:
    before = _tables(pipeline.home)
    for _ in range(2):
        with pipeline.doors():
            _retyped(SECOND)
        # Their own builds bring back what a replay took out of these.
        assert _differing(before, _tables(pipeline.home)) <= LEFT_TO_THE_BUILD


# As if older declarations had typed the rows: an amount that was not read, a session without a page, a wrong day.
DAMAGE = (
    "update staging.stg_meta_ads__ads_insights set reach = 0",
    "update intermediate.int_meta_ads__ads_insights set reach = 0",
    "update intermediate.int_shopify__orders set total_line_items_price = null",
    "update staging.typed_shopify__orders set total_line_items_price = null",
    "update staging.stg_ga4_export__events set page_location_path = null",
)
LEFT_TO_THE_BUILD = {"marts.fct_ad_performance", "marts.fct_ad_spend_history", "marts.fct_attribution"}
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
    with pipeline.doors():
        replay_days.fn(SOURCES, ALL)
        follow_up.fn(SOURCES, ALL)
        assert build.fn(ALL).failed == ()
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
    marts = {path.stem for path in (PROJECT / "models/marts").rglob("*.sql") if path.stem.startswith(("fct_", "agg_"))}
    assert marts == {spec.mart for spec in FIGURES} | set(NOT_APPROVED)
