"""Each rung finds its fault on the day it happens, and says nothing about what the calendar or the others explain."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from deployments.bench.anomaly_series import FLAVOURS, account
from expectations.judge.ladder.bounds import Rules
from expectations.judge.ladder.findings import Anomaly, climb
from expectations.judge.ladder.known import learn
from expectations.judge.ladder.panel import Floats, Panel

LAST = 200
CHANNEL = 2


@lru_cache(maxsize=1)
def ordinary() -> Panel:
    """The first 201 days of an account whose last day no rung has anything to say about."""
    panel = cut(account(3), LAST)
    assert [found for found in climb(panel) if found.day == panel.days[LAST]] == []
    assert not panel.special[LAST]
    return panel


def cut(panel: Panel, last: int) -> Panel:
    names = ("rows", "spend", "clicks", "impressions", "up", "down")
    return replace(panel, days=panel.days[: last + 1], **{name: getattr(panel, name)[: last + 1] for name in names})


def changed(panel: Panel, spend: float, volume: float = 1.0, rows: int = 1) -> Panel:
    """The last day of one channel with other amounts."""

    def times(amounts: Floats, factor: float) -> Floats:
        found = amounts.copy()
        found[LAST, panel.campaigns_of(CHANNEL)] *= factor
        return found

    counted: NDArray[np.int64] = panel.rows.copy()
    counted[LAST, panel.campaigns_of(CHANNEL)] = rows
    return replace(
        panel,
        spend=times(panel.spend, spend),
        clicks=times(panel.clicks, volume),
        impressions=times(panel.impressions, volume),
        rows=counted,
    )


def said(panel: Panel) -> list[Anomaly]:
    """What is said about the last day."""
    return [found for found in climb(panel) if found.day == panel.days[LAST]]


@pytest.mark.parametrize(
    ("factors", "rung", "severity", "words"),
    [
        ((2.0, 2.0, 2), "exact", "critical", "campaigns more than once on Friday 17 January; counted once, spend is"),
        ((100.0, 1.0, 1), "exact", "critical", "paid 10^2 times the usual per click"),
        ((1e6, 1.0, 1), "exact", "critical", "10^6 times"),
        ((0.0, 0.0, 1), "completeness", "critical", "shows no spend on Friday 17 January"),
        ((0.5, 1.0, 1), "price", "warning", "% of the usual"),
        ((5.0, 1.0, 1), "price", "warning", "times the usual"),
        ((1.0, 0.5, 1), "price", "warning", "the number of clicks does not explain it"),
        ((0.3, 0.3, 1), "breadth", "warning", "% below what a normal Friday looks like at last week's level"),
        ((3.0, 3.0, 1), "breadth", "warning", "% above what a normal Friday looks like"),
    ],
)
def test_the_first_rung_that_explains_a_fault_names_it(
    factors: tuple[float, float, int], rung: str, severity: str, words: str
) -> None:
    (found,) = said(changed(ordinary(), *factors))
    assert (found.channel, found.rung, found.severity) == (ordinary().channels[CHANNEL], rung, severity)
    assert words in found.sentence


def test_most_campaigns_without_spend_warn_because_people_pause_them() -> None:
    panel = ordinary()
    spend = panel.spend.copy()
    mine = panel.campaigns_of(CHANNEL)
    spend[LAST, mine[: len(mine) * 3 // 4]] = 0
    (found,) = said(replace(panel, spend=spend, clicks=np.where(spend > 0, panel.clicks, 0)))
    assert (found.rung, found.severity) == ("completeness", "warning")
    assert "running campaigns show no spend on Friday 17 January" in found.sentence


def test_an_hour_that_is_missing_after_whole_weeks_is_exact() -> None:
    panel = ordinary()
    hours = np.full((LAST + 1, len(panel.channels)), 24.0)
    hours[LAST, CHANNEL] = 23
    (found,) = [f for f in climb(replace(panel, hours=hours)) if f.kind == "hours"]
    assert (found.day, found.channel, found.severity) == (panel.days[LAST], panel.channels[CHANNEL], "critical")
    assert "has rows of 23 of 24 hours of Friday 17 January" in found.sentence
    hours[LAST - 3, CHANNEL] = 20
    assert [f.day for f in climb(replace(panel, hours=hours)) if f.kind == "hours"] == [panel.days[LAST - 3]]


def test_the_hour_that_clocks_skip_is_not_missed() -> None:
    panel = ordinary()
    sunday = next(n for n, day in enumerate(panel.days) if (day.month, day.day) == (10, 6))
    hours = np.full((LAST + 1, len(panel.channels)), 24.0)
    hours[sunday] = 23
    assert [f for f in climb(replace(panel, hours=hours)) if f.kind == "hours"] == []
    hours[sunday + 7] = 23
    assert {f.day for f in climb(replace(panel, hours=hours)) if f.kind == "hours"} == {panel.days[sunday + 7]}


def test_a_month_that_runs_ahead_of_its_budget_is_told_from_the_sixth_day_on() -> None:
    panel = ordinary()
    totals = panel.totals(panel.spend)
    budget = np.full(totals.shape, np.nan)
    budget[:, CHANNEL] = 31 * totals[LAST - 16 : LAST + 1, CHANNEL].mean()  # January, of which 17 days are over
    assert [f for f in climb(replace(panel, budget=budget)) if f.kind == "pace" and f.day == panel.days[LAST]] == []
    found = [f for f in climb(replace(panel, budget=budget / 2)) if f.rung == "pace" and f.day.month == 1]
    assert {f.channel for f in found} == {panel.channels[CHANNEL]}
    assert (found[0].day.day, found[-1].day.day, found[-1].severity) == (6, 17, "warning")
    assert "from the first of January up to Friday 17 January, 100% more than these days' share of its budget" in (
        found[-1].sentence
    )


def test_a_month_whose_beginning_nobody_knows_has_no_pace() -> None:
    panel = ordinary()
    names = ("rows", "spend", "clicks", "impressions", "up", "down")
    late = replace(panel, days=panel.days[4:], **{name: getattr(panel, name)[4:] for name in names})
    budget = np.full((len(late.days), len(late.channels)), 1.0)
    found = [f.day for f in climb(replace(late, budget=budget)) if f.rung == "pace"]
    assert min(found) == late.days[0].replace(month=8, day=6)


def test_an_outage_is_told_until_it_ends() -> None:
    whole = cut(account(3), LAST + 5)
    silent = whole.spend.copy()
    silent[LAST : LAST + 4, whole.campaigns_of(CHANNEL)] = 0
    name, days = whole.channels[CHANNEL], whole.days[LAST : LAST + 5]
    found = [f.day for f in climb(replace(whole, spend=silent)) if f.channel == name and f.rung == "completeness"]
    assert [day for day in found if day in days] == list(days[:4])


def test_campaigns_that_rest_on_weekends_are_not_missed_on_saturday() -> None:
    panel = cut(account(11, FLAVOURS["offices only"]), 220)
    assert [f for f in climb(panel) if f.day.weekday() >= 5] == []
    monday = next(n for n in range(LAST, LAST + 7) if panel.days[n].weekday() == 0)
    silent = panel.spend.copy()
    silent[monday] = np.nan
    found = [f for f in climb(replace(panel, spend=silent)) if f.day == panel.days[monday]]
    assert [f.rung for f in found] == ["completeness"] * len(panel.channels)


def test_a_duplicate_says_what_the_day_should_show() -> None:
    (found,) = said(changed(ordinary(), 2.0, 2.0, 2))
    assert found.actual == pytest.approx(2 * found.expected)


def test_a_later_day_changes_nothing_that_was_said() -> None:
    whole = cut(account(4), 240)
    before = climb(cut(whole, 150))
    assert [found for found in climb(whole) if found.day <= whole.days[150]] == before


def test_a_registered_promotion_pages_nobody_but_a_zero_on_it_does() -> None:
    promoted = replace(ordinary(), up=np.where(np.arange(LAST + 1) == LAST, np.log(4.0), 0.0))
    assert said(changed(promoted, 2.5, 2.5)) == []
    assert [found.rung for found in said(changed(promoted, 0.0, 0.0))] == ["completeness"]


def test_a_move_that_all_channels_share_is_nobody_s_fault() -> None:
    calm = np.exp(np.random.default_rng(1).normal(6, 0.05, ordinary().spend.shape))
    moved = calm.copy()
    moved[LAST] *= 1.6
    assert said(replace(ordinary(), spend=moved, clicks=moved, impressions=moved)) == []
    alone = np.where(ordinary().channel == CHANNEL, moved, calm)
    assert len(said(replace(ordinary(), spend=alone, clicks=alone, impressions=alone))) == 1


def test_one_unrepaired_fault_leaves_no_echo() -> None:
    whole = cut(account(5), LAST + 29)
    spend = whole.spend.copy()
    spend[LAST, whole.campaigns_of(CHANNEL)] *= 5
    faulty = replace(whole, spend=spend)
    span, mine = whole.days[LAST + 1 : LAST + 29], whole.channels[CHANNEL]
    assert [f.day for f in climb(faulty) if f.day in span and f.channel == mine] == [
        f.day for f in climb(whole) if f.day in span and f.channel == mine
    ]


def test_before_28_known_days_nothing_statistical_is_said_and_from_then_on_it_is() -> None:
    whole = account(6)
    for last, told in ((29, False), (30, True)):  # two of them are in the calendar
        young = cut(whole, last)
        spend = young.spend.copy()
        spend[last] *= 5
        assert bool([f for f in climb(replace(young, spend=spend)) if f.rung == "price"]) is told


@pytest.mark.parametrize("day", [60, 150, 199])
def test_what_is_known_about_a_day_reads_days_before_it_only(day: int) -> None:
    whole = ordinary()
    chance = np.random.default_rng(7)
    later = {name: getattr(whole, name).copy() for name in ("spend", "clicks", "impressions")}
    for amounts in later.values():
        amounts[day:] *= chance.uniform(0, 50, amounts[day:].shape)
    one, other = (learn(panel, Rules()) for panel in (whole, replace(whole, **later)))
    for name in ("spend", "active", "due", "sure", "total", "amount", "channel_due", "learned", "carried", "scale"):
        np.testing.assert_array_equal(getattr(one, name)[: day + 1], getattr(other, name)[: day + 1], err_msg=name)
    for name in ("per_click", "per_mille"):
        for part in ("expected", "scale"):
            mine, theirs = (getattr(getattr(known, name), part)[: day + 1] for known in (one, other))
            np.testing.assert_array_equal(mine, theirs, err_msg=name)


def test_the_order_of_campaigns_and_channels_says_nothing() -> None:
    whole = cut(account(8), 240)
    order = np.random.default_rng(3).permutation(whole.spend.shape[1])
    names = ("rows", "spend", "clicks", "impressions")
    mixed = replace(whole, channel=whole.channel[order], **{name: getattr(whole, name)[:, order] for name in names})
    backwards = replace(mixed, channel=len(whole.channels) - 1 - mixed.channel, channels=whole.channels[::-1])
    for other in (mixed, backwards):
        assert sorted((f.day, f.channel, f.kind) for f in climb(other)) == sorted(
            (f.day, f.channel, f.kind) for f in climb(whole)
        )


@pytest.mark.parametrize("factor", [0.01, 150.0])
def test_the_same_account_in_another_currency_is_judged_the_same(factor: float) -> None:
    whole = cut(account(8), 240)
    theirs = climb(replace(whole, spend=whole.spend * factor), Rules(least_amount=50 * factor))
    assert [(f.day, f.channel, f.kind) for f in theirs] == [(f.day, f.channel, f.kind) for f in climb(whole)]


def test_an_account_without_clicks_is_judged_by_its_spend_alone() -> None:
    panel = ordinary()
    silent = replace(panel, clicks=np.full_like(panel.clicks, np.nan), impressions=np.full_like(panel.clicks, np.nan))
    assert [found.rung for found in said(changed(silent, 0.3))] == ["breadth"]
