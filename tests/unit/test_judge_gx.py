"""Great Expectations runs our suites: the fault it must find, the error that is no failure, the page without a host."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from expectations.declare.source import load, load_all
from expectations.judge import gx, pages
from expectations.judge.measurement import COLUMNS
from expectations.judge.suites import MARTS_OWNER, Planned, Suite, marts_suite, operations_suite, rows_in, suite_of
from expectations.judge.verdict import CHECKS, WITHOUT_SUITE, Verdict
from tasks.window import Window

DAY = date(2026, 11, 17)
WINDOW = Window.of_day(DAY)
HOSTILE = "<img src=x onerror=alert(1)> $value 💥"


def _suite() -> Suite:
    source = load("meta_ads")
    return suite_of(source, source.streams["ads_insights"], WINDOW, closed={DAY}, history_days=35)


def _frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"role": "now", **row} for row in rows], columns=list(COLUMNS), dtype=object)


def _good() -> list[dict[str, Any]]:
    keys = {field.payload_key for field in load("meta_ads").streams["ads_insights"].fields.values()}
    present = [{"metric": "present", "field": key, "value": Decimal(500)} for key in sorted(keys)]
    return [{"metric": "rows", "value": Decimal(500)}, {"metric": "hours_behind", "value": 0.0}, *present]


def _judge(*rows: dict[str, Any]) -> gx.Judged:
    [judged] = gx.run([(_suite(), _frame(*_good(), *rows))])
    return judged


def _by_check(verdicts: tuple[Verdict, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for verdict in verdicts:
        found.setdefault(verdict.check, []).append(verdict.state)
    return found


def test_every_declared_stream_has_a_suite() -> None:
    for source in load_all().values():
        for stream in source.streams.values():
            suite = suite_of(source, stream, WINDOW, closed={DAY}, history_days=0)
            checks = [planned.check for planned in suite.planned]
            assert suite.name == stream.suite
            assert {"schema_drift", "duplicate_load", "null_spike"} <= set(checks) <= set(CHECKS)
            assert ("spend_anomaly" in checks, "reconciliation" in checks) == (
                bool(stream.watch and not stream.watch.judged_in),
                bool(stream.reconcile),
            )


def test_every_check_is_one_of_a_suite_or_has_no_suite() -> None:
    streams = [(source, stream) for source in load_all().values() for stream in source.streams.values()]
    suites = [suite_of(source, stream, WINDOW, closed={DAY}, history_days=35) for source, stream in streams]
    suites += [marts_suite(WINDOW, ["fct_orders"]), operations_suite(WINDOW)]
    assert {planned.check for suite in suites for planned in suite.planned} == set(CHECKS) - WITHOUT_SUITE


def test_a_good_batch_passes_what_needs_no_history() -> None:
    found = _by_check(_judge().verdicts)
    assert found["completeness"] == found["freshness"] == found["schema_drift"] == found["duplicate_load"] == ["passed"]


def test_a_file_delivered_twice_holds_the_publication() -> None:
    judged = _judge({"metric": "duplicate_objects", "value": Decimal(2)})
    [verdict] = [v for v in judged.verdicts if v.check == "duplicate_load"]
    assert verdict.holds
    assert (verdict.source, verdict.model, verdict.owner) == ("meta_ads", "ads_insights", "@growth-data")
    assert verdict.runbook == "duplicate_load"
    assert verdict.window is WINDOW


def test_a_scope_is_judged_once_by_each_check() -> None:
    lacking = [{"metric": "rows", "value": Decimal(9000), "role": "before"}]
    lacking += [{"metric": "present", "field": "reach", "value": Decimal(9000), "role": "before"}]
    frame = _frame(*[row for row in _good() if row.get("field") != "reach"], *lacking,
                   {"metric": "present", "field": "reach", "value": Decimal(200)},
                   {"metric": "uncastable", "field": "reach", "value": Decimal(300)})  # fmt: skip
    [judged] = gx.run([(_suite(), frame)])
    found = [(v.scope, v.state) for v in judged.verdicts if v.check == "schema_drift" and v.scope.endswith("reach")]
    assert found == [("ads_insights.reach", "failed")]


def test_no_rows_is_incomplete() -> None:
    [judged] = gx.run([(_suite(), _frame({"metric": "hours_behind", "value": 60.0}))])
    found = {v.check: v for v in judged.verdicts}
    assert found["completeness"].state == "failed"
    assert (found["freshness"].state, found["freshness"].observed) == ("warned", "60")


def test_a_check_that_raises_is_errored_and_not_failed() -> None:
    broken = Planned("spend_anomaly", "critical", {"title": "Meta Ads", "stream": "x", "closed": ["no day"]})
    [judged] = gx.run([(replace(_suite(), planned=(broken,)), _frame(*_good()))])
    [verdict] = judged.verdicts
    assert (verdict.state, verdict.severity, verdict.holds) == ("errored", "critical", True)
    assert "could not be evaluated" in verdict.sentence
    assert verdict.runbook == "errored"
    assert "Traceback" not in json.dumps(judged.result)


def test_the_result_is_json_and_holds_no_row() -> None:
    judged = _judge({"metric": "spend", "account": HOSTILE, "day": DAY, "value": Decimal(5)})
    stored = json.dumps(judged.result)
    assert "partial_unexpected" not in stored
    assert json.loads(stored)["suite_name"] == "meta_ads.ads_insights"


def test_the_marts_need_rows_of_the_day() -> None:
    suite = marts_suite(WINDOW, ["fct_orders", "fct_leads"])
    frame = _frame({"metric": rows_in("fct_orders"), "value": 250}, {"metric": rows_in("fct_leads"), "value": 0})
    [judged] = gx.run([(suite, frame)])
    assert [(v.scope, v.state, v.severity) for v in judged.verdicts] == [
        ("fct_orders 2026-11-17", "passed", "warning"),
        ("fct_leads 2026-11-17", "warned", "warning"),
    ]
    assert {v.owner for v in judged.verdicts} == {MARTS_OWNER}


@pytest.fixture(scope="module")
def hostile_page() -> str:
    return pages.sections(_judge({"metric": "unexpected", "field": HOSTILE, "value": Decimal(500)}).result)


def test_the_rendered_page_shows_a_hostile_name_as_text(hostile_page: str) -> None:
    assert "<img" not in hostile_page
    # In the first window an undeclared field is no news, so the name arrives only where a check names it.
    spend = {"metric": "reconcile_ours", "account": HOSTILE, "day": DAY, "value": Decimal(5)}
    page = pages.sections(_judge(spend, {**spend, "metric": "reconcile_theirs", "value": Decimal(7)}).result)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; $value 💥" in page


def test_the_rendered_page_asks_no_other_host_and_has_no_script(hostile_page: str) -> None:
    assert "//" not in hostile_page
    assert "<script" not in hostile_page
    assert "data-toggle" not in hostile_page


def test_the_sentence_of_an_expectation_is_for_a_marketer(hostile_page: str) -> None:
    assert "Meta Ads, ads_insights: no file and no row of a sync arrives twice." in hostile_page
    assert "expect_" not in hostile_page


@pytest.mark.parametrize(
    "markup",
    [
        '<script src="https://cdn.example/x.js">run()</script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="https://logo.example/beacon.png">',
        '<a href="https://elsewhere.example/">',
    ],
)
def test_whatever_would_reach_another_host_is_cut_off(markup: str) -> None:
    left = pages.cut_off(f"<p>before</p>{markup}<p>after</p>")
    assert left.startswith("<p>before</p>")
    assert left.endswith("<p>after</p>")
    assert "example" not in left
