"""What was promised about time: the copy in the warehouse, the marts on it, the status screen and the checks agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlalchemy as sa

from deployments.status import punctual
from expectations.declare.source import load_all
from expectations.judge.measurement import Measurement, Measurements
from expectations.judge.punctuality import missed_deadline, slow_extracts
from expectations.judge.rules import Subject
from expectations.judge.suites import operations_suite
from tasks import doors
from tasks.adapters.ops_held_back import HeldBack, OpsHeldBack
from tasks.adapters.ops_records import Incident, Outcome, ReleaseRow, SyncRow
from tasks.adapters.ops_runs import OpsRuns, RunRow
from tasks.adapters.ops_store import OpsStore
from tasks.adapters.ops_tables import OUTCOMES
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.judge.measured import measured_operations
from tasks.publish import ops_copy
from tasks.publish.ops_copy import copy_ops
from tasks.publish.punctuality import extracts, last_close, percentile
from tasks.window import Window

MODELS = Path(__file__).parents[2] / "dbt" / "models"
BEGIN = datetime(2026, 11, 16, 0, 5, tzinfo=UTC)
DAY = Window.parse("2026-11-17")
KNOWN = datetime(2026, 11, 18, 10, 46, tzinfo=UTC)
LATE = {5: 21.5, 40: 20.25}  # minutes of these runs; the others take four and their number in seconds


@pytest.fixture(autouse=True)
def store(home: Path) -> OpsStore:
    return doors.ops_store()


def _outcome(store: OpsStore, step: str, at: datetime, run: str = "", **more: Any) -> None:
    given: dict[str, Any] = {"source": "meta_ads", "stream": "", "window": DAY, "status": "done", "millis": 5} | more
    store.record_outcome(Outcome(run=run, step=step, **given))
    with store.engine.begin() as db:
        newest = sa.select(sa.func.max(OUTCOMES.c.id)).scalar_subquery()
        db.execute(OUTCOMES.update().where(OUTCOMES.c.id == newest).values(at=at))


@pytest.fixture
def half_hours(store: OpsStore) -> OpsStore:
    """118 runs of the schedule, of which two are slow, one was killed and the last is under way; and one by hand."""
    runs = OpsRuns(store.engine)
    for n in range(118):
        due = BEGIN + timedelta(minutes=30 * n)
        runs.begin(RunRow(f"r{n}", "refresh-source", "meta_ads", due, due))
        if n not in (60, 117):
            took = timedelta(minutes=LATE.get(n, 4 + n / 60))
            _outcome(store, "sync", due + took, f"r{n}", job_id=n, rows_out=10, attempt=1)
    runs.begin(RunRow("by hand", "refresh-source", "meta_ads", None, BEGIN))
    _outcome(store, "sync", BEGIN + timedelta(hours=9), "by hand", job_id=999)
    landed = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
    store.save_sync(SyncRow("meta_ads", DAY, 7, "c", "succeeded", landed, landed))
    _outcome(store, "load", landed + timedelta(minutes=2), job_id=7)
    for minutes, held, state in ((1, False, "provisional"), (20, True, "final"), (70, False, "final")):
        at = landed + timedelta(minutes=minutes)
        store.record_release(ReleaseRow(f"{minutes}", DAY, state, held, at, {"secret": "of nobody"}))  # type: ignore[arg-type]
    _outcome(store, "deliver", KNOWN - timedelta(minutes=1))
    return store


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    with DuckDBWarehouse(tmp_path / "w.duckdb", "500MB", 1, 5.0) as opened:
        yield opened


def _build(warehouse: DuckDBWarehouse) -> None:
    """The models of operations in their order, their texts run without dbt."""

    class dbt:  # noqa: N801 - the name that the models use
        @staticmethod
        def dateadd(part: str, number: object, day: str) -> str:
            return f"({day} + to_{part}s(cast({number} as int)))"

        @staticmethod
        def datediff(earlier: str, later: str, part: str) -> str:
            return f"date_diff('{part}', {earlier}, {later})"

    told: dict[str, Any] = {
        "dbt": dbt,
        "config": lambda **_: "",
        "ref": lambda name: f"operations.{name}",
        "ops_rows": lambda name, columns: f"select {', '.join(columns)} from ops.{name}",
        "extract_minutes": lambda: dict.fromkeys(load_all(), 20),
        "publish_minutes": lambda: 30,
        "publish_hour": lambda: 7,
        "plus_days": lambda day, n: f"cast({day} + to_days({n}) as date)",
        "ratio": lambda over, under: f"cast(({over}) / nullif({under}, 0) as decimal(38, 6))",
        "minutes_between": lambda a, b: f"cast(date_diff('second', {a}, {b}) / 60.0 as decimal(18, 3))",
    }
    copy_ops(warehouse)
    for schema in ("operations", "quality"):
        warehouse.execute(f"create schema if not exists {schema}")
    marts = MODELS / "marts" / "operations"
    names = ("fct_source_runs", "agg_extracts_daily", "fct_publication_latency", "fct_day_closes")
    for path in [*(marts / f"{name}.sql" for name in names), MODELS / "quality" / "measure_operations.sql"]:
        schema = "quality" if path.stem.startswith("measure") else "operations"
        text = jinja2.Template(path.read_text()).render(told)
        warehouse.execute(f"create or replace table {schema}.{path.stem} as {text}")


def test_the_marts_say_what_was_due_and_what_came_of_it(half_hours: OpsStore, warehouse: DuckDBWarehouse) -> None:
    _build(warehouse)
    runs = "select run, is_in_time from operations.fct_source_runs where is_in_time is not true order by run"
    assert warehouse.query(runs) == [("by hand", None), ("r117", None), ("r40", False), ("r5", False), ("r60", False)]
    daily = (
        "select cast(date as varchar), runs_scheduled, runs_decided, runs_in_time from operations.agg_extracts_daily"
    )
    assert warehouse.query(f"{daily} order by date") == [
        ("2026-11-16", 48, 48, 46), ("2026-11-17", 48, 48, 47), ("2026-11-18", 22, 21, 21),
    ]  # fmt: skip
    latency = "select job_id, minutes_to_publish, is_in_time from operations.fct_publication_latency"
    assert warehouse.query(latency) == [(7, Decimal("70.000"), False)]
    closes = "select cast(date as varchar), minutes_after, is_in_time from operations.fct_day_closes order by date"
    assert warehouse.query(closes) == [
        ("2026-11-15", None, False), ("2026-11-16", None, False), ("2026-11-17", Decimal("-10.000"), True),
    ]  # fmt: skip


def test_the_status_screen_and_the_marts_agree(half_hours: OpsStore, warehouse: DuckDBWarehouse) -> None:
    _build(warehouse)
    found = next(e for e in extracts(KNOWN) if e.source == "meta_ads")
    marts = """select count(is_in_time), count(*) filter (is_in_time), percentile_cont(0.5) within group (order by m),
        percentile_cont(0.99) within group (order by m)
        from (select is_in_time, minutes_to_extract::double as m from operations.fct_source_runs
        where scheduled_at is not null)"""
    ((decided, in_time, p50, p99),) = warehouse.query(marts)
    assert (found.decided, found.in_time) == (decided, in_time) == (117, 114)
    assert found.p50 == pytest.approx(p50, abs=0.01)
    assert found.p99 == pytest.approx(p99, abs=0.01)
    assert found.latency == 70
    lines = punctual(KNOWN)
    assert "  - meta_ads: 114 of 117 (97.4%), p50 5.0 min, p99 18.1 min; last published 70 min after it landed" in lines
    assert "  - ga4: no scheduled run is decided" in lines
    assert lines[-1] == "Last close: 2026-11-17, published at 2026-11-18 06:50 UTC, in time"


def test_nothing_ran_yet_is_said_and_no_error() -> None:
    assert (last_close(), {e.share for e in extracts(KNOWN)}) == (None, {None})
    assert punctual(KNOWN)[-1] == "Last close: none yet"
    assert percentile([], 0.5) is None


def test_the_checks_read_the_measurements(half_hours: OpsStore, warehouse: DuckDBWarehouse) -> None:
    assert len(measured_operations(warehouse, DAY.days()[-1])) == 0
    _build(warehouse)
    frame: Any = measured_operations(warehouse, DAY.days()[-1])
    m = Measurements.of(frame.to_dict("records"))
    about = Subject("Operations", "schedule")
    (slow,) = slow_extracts(m, about)
    assert (slow.state, slow.scope) == ("warned", "meta_ads")
    assert slow.sentence == (
        "meta_ads: 114 of 117 (97.4%) scheduled extracts of the last 7 days were complete in time; 99% are promised."
    )
    (closed,) = missed_deadline(m, about)
    assert (closed.state, closed.sentence) == ("passed", "The final figures of 2026-11-17 were published by 07:00 UTC.")
    assert [p.check for p in operations_suite(DAY).planned] == ["slow_extract", "missed_deadline"]


def _measured(metric: str, value: int, day: int = 17, account: str = "ga4") -> Measurement:
    return Measurement(metric, Decimal(value), account, date(2026, 11, day))


@pytest.mark.parametrize(
    ("decided", "in_time", "state"),
    [(99, 1, "learning"), (100, 99, "passed"), (100, 98, "warned"), (300, 297, "passed"), (300, 296, "warned")],
)
def test_the_share_is_judged_from_a_hundred_runs(decided: int, in_time: int, state: str) -> None:
    m = Measurements((_measured("extracts_decided", decided), _measured("extracts_in_time", in_time)))
    assert [f.state for f in slow_extracts(m, Subject("Operations", "schedule"))] == [state]


def test_only_the_newest_day_that_was_due_is_told() -> None:
    missed, met = _measured("closed_in_time", 0, 16, ""), _measured("closed_in_time", 1, 15, "")
    (finding,) = missed_deadline(Measurements((missed, met)), Subject("Operations", "schedule"))
    assert (finding.state, finding.severity) == ("warned", "warning")
    assert finding.sentence.startswith("The final figures of 2026-11-16 were not published by 07:00 UTC")


# The copy


def test_copying_twice_is_copying_once_and_brings_what_is_new(
    half_hours: OpsStore, warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops_copy, "OVERLAP", 3)
    tables = ("runs", "syncs", "incidents", "releases", "outcomes")

    def copied() -> dict[str, list[Any]]:
        copy_ops(warehouse)
        return {table: warehouse.query(f"select * from ops.{table} where step <> 'copy_ops' order by all")
                if table == "outcomes" else warehouse.query(f"select * from ops.{table} order by all")
                for table in tables}  # fmt: skip

    first = copied()
    assert {table: len(rows) for table, rows in first.items()} == {
        "runs": 119, "syncs": 1, "incidents": 0, "releases": 3, "outcomes": 119,
    }  # fmt: skip
    assert copied() == first
    _outcome(half_hours, "publish", KNOWN, "new")
    assert len(copied()["outcomes"]) == 120


def test_an_ops_store_that_began_anew_replaces_the_copy(store: OpsStore, warehouse: DuckDBWarehouse) -> None:
    _outcome(store, "sync", KNOWN)
    copy_ops(warehouse)
    warehouse.execute("update ops.outcomes set id = 5000, step = 'of the lost store'")
    copy_ops(warehouse)
    assert warehouse.query("select distinct step from ops.outcomes order by 1") == [("copy_ops",), ("sync",)]


def test_the_copy_leaves_out_what_only_messengers_need(store: OpsStore, warehouse: DuckDBWarehouse) -> None:
    incident = Incident(
        "k", "late", "ga4", "s", "warning", "@a", "Late.", "1", "0", "late", "2026-11-17", KNOWN, KNOWN, 1, "open",
        slack_channel="C1", slack_ts="1.0",
    )  # fmt: skip
    store.keep_incidents([replace(incident)])
    store.record_release(ReleaseRow("r", DAY, "final", False, KNOWN, {"a": 1}))
    copy_ops(warehouse)
    names = {name for (name,) in warehouse.query("select column_name from information_schema.columns")}
    assert not {"slack_channel", "slack_ts", "body"} & names
    assert warehouse.query("select check_name, opened_at from ops.incidents") == [("late", KNOWN.replace(tzinfo=None))]


def test_a_release_that_holds_marts_is_no_close_and_brings_nothing_of_a_held_source(
    half_hours: OpsStore, warehouse: DuckDBWarehouse
) -> None:
    at = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
    half_hours.record_release(ReleaseRow("partly", DAY, "final", False, at, {}))
    rows = [HeldBack("mart", "fct_leads", "1", at, "why"), HeldBack("source", "meta_ads", "", at, "none is new")]
    OpsHeldBack(half_hours).record("partly", rows)
    _build(warehouse)
    closes = "select published_at, partly_published_at, final_releases from operations.fct_day_closes"
    complete = at.replace(hour=6, minute=50, tzinfo=None)
    assert warehouse.query(f"{closes} where date = '2026-11-17'") == [(complete, at.replace(tzinfo=None), 2)]
    latency = "select job_id, minutes_to_publish from operations.fct_publication_latency"
    assert warehouse.query(latency) == [(7, Decimal("70.000"))]
    closed = last_close()
    assert closed is not None
    assert closed.published_at.replace(tzinfo=None) == complete
    (meta,) = (one for one in extracts(KNOWN) if one.source == "meta_ads")
    assert meta.latency == 70
