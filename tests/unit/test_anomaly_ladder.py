"""Each rung finds its fault on the day it happens, and says nothing about what the calendar or the others explain."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from deployments.bench.anomaly_series import account
from expectations.judge.ladder.findings import Anomaly, climb
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
        ((2.0, 2.0, 2), "exact", "critical", "came more than once; counted once"),
        ((100.0, 1.0, 1), "exact", "critical", "spend per click is 10^2 times the usual"),
        ((1e6, 1.0, 1), "exact", "critical", "10^6 times"),
        ((0.0, 0.0, 1), "completeness", "critical", "running campaigns have no spend (0.00 instead of"),
        ((0.5, 1.0, 1), "price", "warning", "spend per click is"),
        ((5.0, 1.0, 1), "price", "warning", "above the usual"),
        ((1.0, 0.5, 1), "price", "warning", "spend per click is"),
        ((0.3, 0.3, 1), "breadth", "warning", "such a day at last week's level"),
        ((3.0, 3.0, 1), "breadth", "warning", "above such a day"),
    ],
)
def test_the_first_rung_that_explains_a_fault_names_it(
    factors: tuple[float, float, int], rung: str, severity: str, words: str
) -> None:
    (found,) = said(changed(ordinary(), *factors))
    assert (found.channel, found.rung, found.severity) == (ordinary().channels[CHANNEL], rung, severity)
    assert words in found.sentence


def test_a_duplicate_says_what_the_day_should_show() -> None:
    (found,) = said(changed(ordinary(), 2.0, 2.0, 2))
    assert found.actual == pytest.approx(2 * found.expected)


def test_a_later_day_changes_nothing_that_was_said() -> None:
    whole = account(4)
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
    whole = account(5)
    spend = whole.spend.copy()
    spend[LAST, whole.campaigns_of(CHANNEL)] *= 5
    faulty = replace(whole, spend=spend)
    after = [(f.day, f.channel) for f in climb(faulty) if whole.days[LAST] < f.day <= whole.days[LAST + 28]]
    assert after == [(f.day, f.channel) for f in climb(whole) if whole.days[LAST] < f.day <= whole.days[LAST + 28]]


def test_without_three_weeks_of_judged_days_nothing_statistical_is_said() -> None:
    young = cut(account(6), 47)
    assert [found for found in climb(young) if found.severity == "warning"] == []


def test_an_account_without_clicks_is_judged_by_its_spend_alone() -> None:
    panel = ordinary()
    silent = replace(panel, clicks=np.full_like(panel.clicks, np.nan), impressions=np.full_like(panel.clicks, np.nan))
    assert [found.rung for found in said(changed(silent, 0.3))] == ["breadth"]
