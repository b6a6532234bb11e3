"""Judging reads the measurements of its window and the history before it, and keeps results and verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from expectations.declare.errors import Misconfigured
from expectations.declare.source import load
from tasks import doors
from tasks.judge import judge
from tasks.judge.measured import measured
from tasks.settings import settings
from tasks.window import Window

HISTORY = Window.parse("2026-10-12..2026-11-15")
BAD = Window.parse("2026-11-17")
KEYS = {field.payload_key for field in load("meta_ads").streams["ads_insights"].fields.values()}


class Small:
    """The warehouse as far as judging needs it, in memory."""

    def __init__(self) -> None:
        self.db = duckdb.connect()
        self.db.execute("create schema raw; create schema quality; create schema marts")
        self.db.execute("create table raw.load_ledger (source varchar, stream varchar, window_end timestamp)")
        self.db.execute(
            "create table quality.measurements (window_start timestamp, window_end timestamp, source varchar,"
            " model varchar, account varchar, day date, metric varchar, field varchar, value decimal(38, 6),"
            " baseline decimal(38, 6), baseline_n bigint, load_seq bigint, sync_id bigint)"
        )

    def add(self, window: Window, metric: str, value: float, **more: Any) -> None:
        row = {"account": "", "day": None, "field": "", "baseline": None, "baseline_n": None, "load_seq": 1} | more
        start, end = window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)
        given = ["meta_ads", more.get("model", "ads_insights"), row["account"], row["day"], metric, row["field"], value]
        sql = "insert into quality.measurements values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null)"
        self.db.execute(sql, [start, end, *given, row["baseline"], row["baseline_n"], row["load_seq"]])

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, params).fetchall()

    def frame(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        return self.db.sql(sql, params=list(params)).to_arrow_table()

    def relations(self, schema: str) -> list[str]:
        sql = "select table_name from information_schema.tables where table_schema = ? order by 1"
        return [name for (name,) in self.query(sql, [schema])]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Small]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    warehouse = Small()

    @contextmanager
    def door() -> Iterator[Small]:
        yield warehouse

    monkeypatch.setattr(doors, "warehouse", door)
    yield warehouse
    warehouse.db.close()
    doors.ops_store().close()
    settings.cache_clear()


def _thirty_five_days(small: Small) -> None:
    for metric in ("rows", "sync_rows"):
        small.add(HISTORY, metric, 9000)
    for key in KEYS:
        small.add(HISTORY, "present", 9000, field=key)
    for day in HISTORY.days():
        small.add(HISTORY, "spend", 1000, account="act_12", day=day)
        small.add(HISTORY, "clicks", 500, account="act_12", day=day)


def _bad_day(small: Small) -> None:
    day = BAD.days()[0]
    for metric, value in (("rows", 500), ("sync_rows", 500), ("duplicate_objects", 1), ("duplicate_rows", 250)):
        small.add(BAD, metric, value)
    for key in KEYS - {"spend"}:
        small.add(BAD, "present", 500, field=key)
    small.add(BAD, "unexpected", 500, field="spends")
    small.add(BAD, "spend", 3000, account="act_12", day=day)
    small.add(BAD, "clicks", 500, account="act_12", day=day)
    small.add(BAD, "reconcile_ours", 3000, account="act_12", day=day)
    small.add(BAD, "reconcile_theirs", 1000, account="act_12", day=day)
    small.add(BAD, "nulls", 100, field="objective", baseline=0.01, baseline_n=9000)


def test_the_bad_day_is_held_by_every_fault(small: Small) -> None:
    _thirty_five_days(small)
    _bad_day(small)
    small.query("insert into raw.load_ledger values ('meta_ads', 'ads_insights', ?)", [datetime(2026, 11, 18)])
    found = {v.check: v for v in judge.judge.fn("meta_ads", BAD) if v.model == "ads_insights"}
    assert {check for check, v in found.items() if v.holds} == {"schema_drift", "duplicate_load", "reconciliation"}
    # The account's spend is unusual, too: its total is proven wrong, and that is told once.
    assert {check for check, v in found.items() if v.state == "warned"} == {"null_spike"}
    assert found["freshness"].state == "passed"


def test_verdicts_and_results_are_kept(small: Small) -> None:
    _bad_day(small)
    verdicts = judge.judge.fn("meta_ads", BAD)
    kept = doors.ops_store().verdicts(BAD, "meta_ads")
    assert {(v.check, v.scope, v.state) for v in kept} == {(v.check, v.scope, v.state) for v in verdicts}
    stored = json.loads((judge.validations(BAD) / "meta_ads.ads_insights.json").read_text())
    assert (stored["window"], stored["owner"]) == ("2026-11-17", "@growth-data")
    assert "failed" in {v["state"] for v in stored["verdicts"]}


def test_a_stream_without_rows_is_incomplete_unless_it_is_an_entity(small: Small) -> None:
    incomplete = {v.model for v in judge.judge.fn("meta_ads", BAD) if v.check == "completeness" and v.holds}
    assert incomplete == {"ads_insights", "ads_insights_account"}


def test_judging_again_replaces_the_verdicts(small: Small) -> None:
    _bad_day(small)
    judge.judge.fn("meta_ads", BAD)
    small.query("update quality.measurements set value = 0 where metric like 'duplicate%'")
    judge.judge.fn("meta_ads", BAD)
    kept = doors.ops_store().verdicts(BAD, "meta_ads")
    assert [v.state for v in kept if (v.model, v.check) == ("ads_insights", "duplicate_load")] == ["passed"]


def test_history_ends_where_the_window_begins(small: Small) -> None:
    _thirty_five_days(small)
    _bad_day(small)
    facts = measured(small, "meta_ads", HISTORY)  # type: ignore[arg-type]
    assert set(facts.rows["role"]) == {"now"}
    assert facts.history_days("ads_insights") == 0
    later = measured(small, "meta_ads", BAD)  # type: ignore[arg-type]
    assert later.history_days("ads_insights") == 36


def test_the_newest_window_of_a_day_is_its_history(small: Small) -> None:
    day = date(2026, 11, 16)
    morning = Window(start=Window.of_day(day).start, end=Window.of_day(day).start + timedelta(hours=12))
    small.add(morning, "spend", 400, account="act_12", day=day, load_seq=9)
    small.add(Window.of_day(day), "spend", 1000, account="act_12", day=day)
    rows = measured(small, "meta_ads", BAD).rows  # type: ignore[arg-type]
    assert [float(v) for v in rows[rows["metric"] == "spend"]["value"]] == [1000.0]


def test_a_window_within_a_day_closes_no_day() -> None:
    whole = Window.of_day(date(2026, 11, 17))
    assert judge.closed_days(Window(start=whole.start, end=whole.start + timedelta(hours=12))) == set()
    assert judge.closed_days(whole) == {date(2026, 11, 17)}


def test_without_measurements_it_says_what_to_run(small: Small) -> None:
    small.db.execute("drop table quality.measurements")
    with pytest.raises(Misconfigured, match="there are no measurements yet"):
        judge.judge.fn("meta_ads", BAD)


def test_a_mart_without_rows_of_the_day_is_marked(small: Small) -> None:
    small.db.execute("create table marts.fct_orders as select date '2026-11-17' as order_date")
    found = {v.scope: v.state for v in judge.judge_marts.fn(BAD)}
    assert found["fct_orders 2026-11-17"] == "passed"
    assert found["fct_leads 2026-11-17"] == "warned"


def test_a_bridge_that_does_not_close_is_an_incident_of_its_own_and_holds() -> None:
    from tasks.adapters.dbt_results import NodeResult
    from tasks.build.transform import _tested

    window = Window.parse("2026-11-17")
    found = [
        _tested(NodeResult(name, "fail", "Got 2 results", 0.1), window)
        for name in ("bridge_residual__revenue", "bridge_residual__spend", "fct_orders__grain")
    ]
    assert [(one.check, one.runbook, one.holds) for one in found] == [
        ("bridge_residual", "bridge_residual", True),
        ("bridge_residual", "bridge_residual", True),
        ("data_test", "data_test", True),
    ]


def test_a_data_test_that_only_warns_holds_nothing_and_one_that_broke_is_errored() -> None:
    from tasks.adapters.dbt_results import NodeResult
    from tasks.build.transform import _tested

    window = Window.parse("2026-11-17")
    found = {
        status: _tested(NodeResult("t", status, "Got 3 results", 0.1), window)
        for status in ("pass", "warn", "fail", "error", "skipped")
    }
    assert {status: (verdict.state, verdict.holds) for status, verdict in found.items()} == {
        "pass": ("passed", False),
        "warn": ("warned", False),
        "fail": ("failed", True),
        "error": ("errored", True),
        "skipped": ("errored", True),
    }
    assert {found[status].runbook for status in ("error", "skipped")} == {"errored"}
    assert found["error"].sentence == "The data test t could not be evaluated."
