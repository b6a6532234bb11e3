"""What is known about each day before it begins: what every rung expects, and how far off it usually is.

Row t of every array depends on the days before t (and on the calendar) only. Learning and looking are apart, so that
no rung can read the day it judges into its own expectation, and so that a benchmark can put a fault on every day in
turn without learning anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from expectations.judge.ladder import baseline, scores
from expectations.judge.ladder.bounds import FACTOR_DAYS, HOURS_A_DAY, LEARNING_DAYS, LEVEL_DAYS, Rules
from expectations.judge.ladder.panel import Flags, Floats, Panel
from expectations.judge.ladder.robust import before, count_before, median, was

_SUNDAY = 6
_WEEKS_ALIKE = 3
_SUREST, _UNSURE = 0.1, 0.4
_OUTAGE_DAYS = 14


@dataclass(frozen=True)
class Price:
    """What a unit of volume should cost: ln by campaign, how sure each is, and the channel's usual miss."""

    expected: Floats
    sure: Floats
    scale: Floats


@dataclass(frozen=True)
class Known:
    """Shapes (days, campaigns) and, from `total` on, (days, channels); logarithms unless said otherwise."""

    spend: Floats  # what each campaign should spend
    active: Flags  # which campaigns ran lately
    due: Flags  # which of them should run today
    sure: Floats  # weights: one over how far off each campaign usually is
    total: Floats  # what the channel should spend
    amount: Floats  # the same in currency, as well as it is known
    channel_due: Flags
    whole_days: Flags  # whether every one of the last 28 days had all of its hours
    learned: Flags  # whether there are enough days behind it for a band
    carried: Floats
    scale: Floats
    per_click: Price
    per_mille: Price


def learn(panel: Panel, rules: Rules) -> Known:
    """Everything that a day is compared with, for all days of an account at once."""
    spent = np.nan_to_num(panel.spend, nan=0.0)
    logs, totals = baseline.logarithms(panel.spend), panel.totals(panel.spend)
    spend = baseline.expected(logs, panel.special)
    total_logs = baseline.logarithms(totals)
    total = baseline.expected(total_logs, panel.special)
    active = count_before(spent > 0, LEVEL_DAYS) >= LEVEL_DAYS - 2
    due = active & _due(spent > 0)
    sure = _sure(logs - spend, panel.special, _SUREST)
    moved = scores.moves(panel, scores.Expected(spend, total, active, due, sure), rules)
    carried = baseline.carried(moved.score, panel.special)
    ordinary = ~np.isnan(total_logs) & ~panel.special[:, None]
    return Known(
        spend=spend,
        active=active,
        due=due,
        sure=sure,
        total=total,
        amount=np.where(np.isnan(total), _last_week(totals), np.exp(total)),
        channel_due=_still(_due(totals > 0), totals > 0),
        whole_days=_whole_days(panel),
        learned=count_before(ordinary, FACTOR_DAYS) >= LEARNING_DAYS,
        carried=carried,
        scale=baseline.scale(moved.score - carried, panel.special),
        per_click=_price(panel, panel.clicks, rules),
        per_mille=_price(panel, panel.impressions / 1000, rules),
    )


def _price(panel: Panel, volume: Floats, rules: Rules) -> Price:
    expected = baseline.expected(scores.price(panel.spend, volume), panel.special)
    missed = scores.price(panel.spend, volume) - expected
    sure = _sure(missed, panel.special, rules.price_floor)
    score = scores.price_score(panel, missed, sure)
    return Price(expected, sure, baseline.scale(score, panel.special, rules.price_floor))


def _sure(missed: Floats, special: Flags, surest: float) -> Floats:
    """A campaign that is hard to foretell has little to say; one that nobody knows yet speaks softly."""
    found: Floats = 1 / np.nan_to_num(baseline.scale(missed, special, surest), nan=_UNSURE)
    return found


def _whole_days(panel: Panel) -> Flags:
    if panel.hours is None:
        return np.zeros((len(panel.days), len(panel.channels)), dtype=np.bool_)
    needed = hours_needed(panel)
    found: Flags = count_before(panel.hours >= needed, LEARNING_DAYS) == LEARNING_DAYS
    return found


def hours_needed(panel: Panel) -> Floats:
    """24 hours, (days, 1); 23 on the four Sundays on which clocks go forward somewhere."""
    needed = [HOURS_A_DAY - (day.weekday() == _SUNDAY and _may_go_forward(day)) for day in panel.days]
    found: Floats = np.array(needed, dtype=np.float64)[:, None]
    return found


def _may_go_forward(sunday: date) -> bool:
    """America and Europe in March, New Zealand in September, Australia in October."""
    month, day = sunday.month, sunday.day
    return (month == 3 and (8 <= day <= 14 or day >= 25)) or (month == 9 and day >= 24) or (month == 10 and day <= 7)


def _due(spent: Flags) -> Flags:
    """Whether something spends on such a day: on each of the last seven, or on this weekday for three weeks."""
    daily: Flags = count_before(spent, LEVEL_DAYS) == LEVEL_DAYS
    alike = np.ones(spent.shape, dtype=np.bool_)
    for week in range(1, _WEEKS_ALIKE + 1):
        alike &= was(spent, week * LEVEL_DAYS)
    found: Flags = daily | alike
    return found


def _still(due: Flags, spent: Flags) -> Flags:
    """Due, or due when the zeros began that have lasted until yesterday: an outage goes on until it ends."""
    found, silent = due.copy(), np.ones(due.shape, dtype=np.bool_)
    for back in range(1, _OUTAGE_DAYS + 1):
        silent = silent & was(~spent, back)
        found |= silent & was(due, back)
    return found


def _last_week(totals: Floats) -> Floats:
    """Median of the seven days before, for days without a baseline."""
    return median(np.stack([before(totals, back) for back in range(1, LEVEL_DAYS + 1)]))
