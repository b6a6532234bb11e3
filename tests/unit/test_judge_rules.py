"""The five checks on small sets of measurements: what they find, how grave it is, what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from expectations.declare.budgets import Budget
from expectations.judge.measurement import Measurement, Measurements
from expectations.judge.rules import Subject, changed_fields, duplicate_load, null_spikes, schema_drift
from expectations.judge.spend import spend_anomaly
from expectations.judge.totals import Tolerance, reconciliation, wrong_totals
from expectations.judge.verdict import Finding

DAY = date(2026, 11, 17)
ADS = Subject("Meta Ads", "ads_insights", history_days=35)


def _m(*rows: dict[str, Any]) -> Measurements:
    return Measurements.of(rows)


def _told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f.state, f.severity, f.scope) for f in findings]


def _drift(*rows: dict[str, Any], keys: dict[str, bool] | None = None) -> list[Finding]:
    counts = [
        {"metric": "rows", "value": 500},
        {"metric": "rows", "value": 9000, "role": "before"},
        {"metric": "present", "field": "id", "value": 500},
        {"metric": "present", "field": "id", "value": 9000, "role": "before"},
    ]
    return schema_drift(_m(*counts, *rows), ADS, keys=keys or {"id": True}, fields={"spend": "decimal"})


def test_no_drift_passes_with_the_number_of_fields() -> None:
    [finding] = _drift()
    assert finding.state == "passed"
    assert finding.sentence == "Meta Ads ads_insights: all 1 declared fields arrived as promised."


def test_a_renamed_field_is_critical_and_names_both() -> None:
    found = _drift(
        {"metric": "present", "field": "spend", "value": 0},
        {"metric": "present", "field": "spend", "value": 9000, "role": "before"},
        {"metric": "unexpected", "field": "spend_amount", "value": 500},
        keys={"id": True, "spend": False},
    )
    assert _told(found) == [("failed", "critical", "ads_insights.spend")]
    assert "the field spend is gone from every row, and spend_amount arrived" in found[0].sentence


def test_a_field_that_some_rows_lack_warns() -> None:
    found = _drift(
        {"metric": "present", "field": "spend", "value": 480},
        {"metric": "present", "field": "spend", "value": 9000, "role": "before"},
        keys={"id": True, "spend": False},
    )
    assert _told(found) == [("warned", "warning", "ads_insights.spend")]


def test_a_new_field_is_information() -> None:
    found = _drift({"metric": "unexpected", "field": "wish_bid", "value": 500})
    assert ("warned", "info", "ads_insights new fields") in _told(found)


def test_a_few_values_that_do_not_fit_warn_and_half_of_them_hold() -> None:
    few, many = (_drift({"metric": "uncastable", "field": "spend", "value": n}) for n in (4, 400))
    assert _told(few) == [("warned", "warning", "ads_insights.spend")]
    assert _told(many) == [("failed", "critical", "ads_insights.spend")]


def test_no_rows_means_no_drift() -> None:
    [finding] = schema_drift(_m({"metric": "present", "field": "id", "value": 0}), ADS, keys={"id": True}, fields={})
    assert finding.state == "passed"
    assert "no new rows" in finding.sentence


def test_a_file_twice_is_critical() -> None:
    rows = [{"metric": "duplicate_objects", "value": 2}, {"metric": "duplicate_rows", "value": 250}]
    [finding] = duplicate_load(_m(*rows, {"metric": "rows", "value": 500}), ADS, label="2026-11-17")
    assert (finding.state, finding.severity) == ("failed", "critical")
    assert "2 delivered files of 2026-11-17 have the same content" in finding.sentence
    assert "(250 of 500 rows came twice)" in finding.sentence


def test_a_row_twice_warns_because_the_models_count_it_once() -> None:
    [finding] = duplicate_load(_m({"metric": "duplicate_rows", "value": 1}), ADS, label="2026-11-17")
    assert (finding.state, finding.severity) == ("warned", "warning")


def _nulls(field: str, nulls: int, before: str = "0", pooled: int = 9000) -> list[Finding]:
    row = {"metric": "nulls", "field": field, "value": nulls, "baseline": Decimal(before), "baseline_n": pooled}
    return null_spikes(_m({"metric": "rows", "value": 500}, row), ADS, required=["id"], most={"name": 0.01})


def test_an_empty_required_field_is_critical() -> None:
    assert _told(_nulls("id", 1)) == [("failed", "critical", "ads_insights.id")]


def test_a_field_that_changed_is_told_as_drift_and_not_as_empty() -> None:
    rows = [{"metric": "rows", "value": 500}, {"metric": "sync_rows", "value": 500}]
    rows += [{"metric": metric, "value": 9000, "role": "before"} for metric in ("rows", "sync_rows")]
    for field, present in (("id", 500), ("name", 0), ("at", 500)):
        rows += [{"metric": "present", "field": field, "value": present}]
        rows += [{"metric": "present", "field": field, "value": 9000, "role": "before"}]
    rows += [{"metric": "uncastable", "field": "at", "value": 500}, {"metric": "nulls", "field": "name", "value": 500}]
    rows += [{"metric": "nulls", "field": "at", "value": 500}]
    changed = changed_fields(_m(*rows), {"id": True, "name": False, "at": False})
    assert changed == {"name", "at"}
    [finding] = null_spikes(_m(*rows), ADS, required=["at"], most={"name": 0.01}, changed=changed)
    assert finding.state == "passed"
    assert "besides what changed (at, name)" in finding.sentence


def test_an_empty_key_is_critical() -> None:
    rows = _m({"metric": "rows", "value": 500}, {"metric": "null_keys", "value": 1})
    assert _told(null_spikes(rows, ADS, required=[], most={})) == [("failed", "critical", "ads_insights key")]


def test_a_spike_of_an_optional_field_warns() -> None:
    assert _told(_nulls("objective", 90, "0.01")) == [("warned", "warning", "ads_insights.objective")]


def test_a_declared_rate_is_a_limit_of_its_own() -> None:
    assert _told(_nulls("name", 6)) == [("warned", "warning", "ads_insights.name")]


def _nulled(count: int, before: int = 0, nulls: int = 0) -> list[Finding]:
    rows = [
        {"metric": "rows", "value": 500},
        {"metric": "rows", "value": 9000, "role": "before"},
        {"metric": "nulls", "field": "reach", "value": nulls, "baseline": Decimal(0), "baseline_n": 9000},
        {"metric": "nulled", "field": "reach", "value": count},
        {"metric": "nulled", "field": "reach", "value": before, "role": "before"},
    ]
    return null_spikes(_m(*rows), ADS, required=["id"], most={})


def test_values_that_airbyte_made_null_are_a_signal_of_their_own() -> None:
    [finding] = _nulled(3)
    assert (finding.state, finding.severity, finding.scope) == ("warned", "warning", "ads_insights.reach unreadable")
    assert "Airbyte made reach null in 3 of 500 rows (0.6%), because it could not read" in finding.sentence


def test_a_connector_that_never_reads_some_values_is_no_news() -> None:
    assert [f.state for f in _nulled(2)] == ["passed"]
    assert [f.state for f in _nulled(25, before=450)] == ["passed"]
    assert [f.state for f in _nulled(60, before=450)] == ["warned"]


def test_a_field_made_null_by_airbyte_is_told_beside_the_empty_cells_that_it_left() -> None:
    assert {f.scope for f in _nulled(40, nulls=40)} == {"ads_insights.reach", "ads_insights.reach unreadable"}


def test_without_history_null_rates_are_learning_not_passed() -> None:
    [finding] = _nulls("objective", 0, pooled=0)
    assert finding.state == "learning"
    assert "learning, 28 of 28 days" not in _nulls("id", 0)[0].sentence


def _spend(today: str, *, clicks: int = 500, days: int = 35, account: str = "act_12") -> list[Finding]:
    rows: list[dict[str, Any]] = []
    for n in range(days + 1):
        spent, role = ("1000.00", "before") if n else (today, "now")
        at = DAY - timedelta(days=n)
        rows.append({"metric": "spend", "account": account, "day": at, "value": Decimal(spent), "role": role})
        rows.append(
            {"metric": "clicks", "account": account, "day": at, "value": clicks if not n else 500, "role": role}
        )
    return spend_anomaly(_m(*rows), ADS, closed={DAY})


def test_usual_spend_passes() -> None:
    assert [f.state for f in _spend("1020.00")] == ["passed"]


def test_spend_multiplied_alone_is_a_price() -> None:
    [finding] = _spend("3000.00")
    assert (finding.state, finding.severity, finding.scope) == ("warned", "warning", "act_12 2026-11-17")
    assert "paid 6.00 per click on Tuesday 17 November, 3.0 times the usual 2.00" in finding.sentence


def test_spend_and_clicks_halved_is_a_volume() -> None:
    [finding] = _spend("500.00", clicks=250)
    assert "spent 500.00 on Tuesday 17 November, 50% below what a normal Tuesday looks like" in finding.sentence


def test_a_zero_where_there_never_was_one_is_critical() -> None:
    [finding] = _spend("0.00", clicks=0)
    assert (finding.state, finding.severity, finding.observed) == ("failed", "critical", "0.00")


def test_an_account_ahead_of_its_budget_warns_once_nothing_else_explains_the_day() -> None:
    rows = [
        {"metric": "spend", "account": "act_12", "day": DAY - timedelta(days=n), "value": 1000, "role": role}
        for n, role in enumerate(["now", *["before"] * 34])
    ]
    [finding] = spend_anomaly(
        _m(*rows), ADS, closed={DAY}, budgets=[Budget(DAY.replace(day=1), "meta_ads", "act_12", 15000)]
    )
    assert (finding.state, finding.observed) == ("warned", "17,000.00 this month")
    assert "100% more than these days' share of its budget (8,500.00)" in finding.sentence


def test_an_account_whose_total_is_missed_is_no_spend_anomaly() -> None:
    rows = [
        {"metric": metric, "account": "act_12", "day": DAY - timedelta(days=n), "value": value, "role": role}
        for n, role in enumerate(["now", *["before"] * 35])
        for metric, value in (("spend", 1000 if n else 3000), ("clicks", 500))
    ]
    rows += [
        {"metric": f"covered_{side}", "account": "act_12 USD", "day": DAY, "value": value}
        for side, value in (("ours", 3000), ("theirs", 1000))
    ]
    wrong = wrong_totals(_m(*rows), Tolerance(), {DAY})
    assert wrong == {("act_12", DAY)}
    assert wrong_totals(_m(*rows), Tolerance(absolute=Decimal(2000)), {DAY}) == set()
    [finding] = spend_anomaly(_m(*rows), ADS, closed={DAY}, wrong=wrong)
    assert finding.state == "passed"
    assert "but for 1 account-days, whose rows do not add up" in finding.sentence


def test_a_missing_hour_is_told_in_hours() -> None:
    rows: list[dict[str, Any]] = []
    for at in (DAY - timedelta(days=n) for n in range(35)):
        figures = {"campaign_spend": 1000, "campaign_clicks": 500, "hours": 23 if at == DAY else 24}
        shared = {"account": "act_12", "day": at, "role": "now" if at == DAY else "before"}
        rows += [{"metric": name, "field": "", "value": value, **shared} for name, value in figures.items()]
    [finding] = spend_anomaly(_m(*rows), ADS, closed={DAY})
    assert (finding.state, finding.observed, finding.expected) == ("failed", "23 hours", "24 hours")


def test_with_fourteen_days_it_is_learning_and_says_how_far() -> None:
    [finding] = _spend("9000.00", days=14)
    assert finding.state == "learning"
    assert finding.observed == "learning, 14 of 28 days"


def test_an_account_that_never_spends_is_not_judged() -> None:
    rows = [{"metric": "spend", "account": "idle", "day": DAY, "value": 0}]
    assert [f.state for f in spend_anomaly(_m(*rows), ADS, closed={DAY})] == ["passed"]


def test_a_day_that_is_not_over_is_not_judged() -> None:
    rows = [{"metric": "spend", "account": "act_12", "day": DAY, "value": Decimal(1)}]
    [finding] = spend_anomaly(_m(*rows), ADS, closed=set())
    assert "the day is not over" in finding.sentence


def _totals(ours: str | None, theirs: str | None, about: Subject = ADS, **tolerance: Decimal) -> list[Finding]:
    sides = {"reconcile_ours": ours, "reconcile_theirs": theirs}
    rows = [
        {"metric": metric, "account": "act_12", "day": DAY, "value": Decimal(value)}
        for metric, value in sides.items()
        if value is not None
    ]
    allowed = Tolerance(**tolerance)
    return reconciliation(_m(*rows), about, control="ads_insights_account", tolerance=allowed, closed={DAY})


def test_equal_totals_pass() -> None:
    assert [f.state for f in _totals("18004.10", "18004.10")] == ["passed"]


def test_a_cent_is_a_difference_without_tolerance() -> None:
    [finding] = _totals("18004.10", "18004.11")
    assert (finding.state, finding.severity, finding.scope) == ("failed", "critical", "act_12 2026-11-17")


def test_the_difference_is_told_to_the_cent() -> None:
    [finding] = _totals("18004.10", "18416.30", share=Decimal("0.002"))
    assert finding.sentence == (
        "Meta Ads: for account act_12 on Tuesday 17 November the rows of ads_insights add up to 18,004.10, but "
        "Meta Ads itself states 18,416.30: 412.20 less (allowed: 36.83)."
    )


def test_tolerance_is_the_wider_of_the_two() -> None:
    assert [f.state for f in _totals("1000.90", "1000.00", absolute=Decimal(1))] == ["passed"]
    assert [f.state for f in _totals("1001.90", "1000.00", share=Decimal("0.002"))] == ["passed"]


def test_a_multiple_is_named() -> None:
    [finding] = _totals("3000.00", "1000.00")
    assert finding.sentence.endswith("One is exactly 3 times the other.")


@pytest.mark.parametrize("theirs", [None, "0"])
def test_a_control_that_did_not_come_proves_nothing(theirs: str | None) -> None:
    [finding] = _totals("1000.00", theirs)
    assert finding.state == "failed"
    assert "brought none" in finding.sentence


@pytest.mark.parametrize(
    ("unit", "told", "observed", "expected"),
    [
        ("USD", "add up to 3,000.00 USD, but Meta Ads itself states 1,000.00 USD", "3,000.00 USD", "1,000.00 USD"),
        ("rows", "add up to 3,000, but Meta Ads itself states 1,000: 2,000 more", "3,000 (rows)", "1,000 (rows)"),
        (
            "account currency",
            "Amounts are in the account's currency.",
            "3,000.00 (account currency)",
            "1,000.00 (account currency)",
        ),
    ],
)
def test_an_amount_has_its_unit(unit: str, told: str, observed: str, expected: str) -> None:
    [finding] = _totals("3000.00", "1000.00", about=replace(ADS, unit=unit))
    assert told in finding.sentence
    assert (finding.observed, finding.expected) == (observed, expected)


def test_what_is_allowed_is_part_of_what_is_expected() -> None:
    [finding] = _totals("3000.00", "1000.00", absolute=Decimal(1))
    assert finding.expected == "1,000.00, at most 1.00 apart"


def test_empty_cells_of_a_frame_are_read_as_empty() -> None:
    row = Measurement.of({"metric": "rows", "value": 5, "account": None, "day": float("nan"), "baseline": float("nan")})
    assert (row.value, row.account, row.day, row.baseline) == (Decimal(5), "", None, None)
