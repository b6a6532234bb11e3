"""The rungs: each says on which days and channels it fires, what it saw and what it expected.

1 exact: the same row twice, or an amount in another unit. 2 completeness: spend or hours that stopped at once. 3 price:
cost per click and per thousand impressions. 4 breadth: most campaigns of a channel moved together, the other channels
not. 5 pace: the month so far against its budget, where somebody wrote one. Between 2 and 3 stands the control total,
which the check `reconciliation` judges to the cent.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import Literal

import numpy as np

from expectations.judge.ladder import scores
from expectations.judge.ladder.bounds import Rules
from expectations.judge.ladder.known import Known, Price, hours_needed
from expectations.judge.ladder.panel import Flags, Floats, Panel
from expectations.judge.ladder.robust import median

Kind = Literal["duplicate", "unit", "stopped", "hours", "partly", "click", "mille", "breadth", "pace"]
_SAME_FACTOR = 0.45  # spread of the campaigns' logarithms around a factor of ten below which it is a change of unit
_PRICE_SHARE_OF_ALLOWANCE = 0.5  # on a day when four times the spend is no news, twice the price is none


@dataclass(frozen=True)
class Reading:
    """What one rung says about every day and channel: whether it fires, the amounts, and how many campaigns agree.

    Arrays have the shape (days, channels). `expected` and `actual` are in the unit of the rung: account currency, or
    currency per click (per thousand impressions) for the price; `low` and `high` are the limits of what is usual.
    `agree` of `active` campaigns moved in that direction; `others` is how far the other channels moved (logarithm).
    """

    kind: Kind
    fires: Flags
    expected: Floats
    actual: Floats
    low: Floats
    high: Floats
    agree: Floats
    active: Floats
    others: Floats


def readings(panel: Panel, known: Known, rules: Rules) -> tuple[Reading, ...]:
    """All rungs of an account, in the order in which they are climbed; one for each kind of finding."""
    return (
        _twice(panel),
        _another_unit(panel, known),
        _stopped(panel, known),
        _missing_hours(panel, known),
        _partly(panel, known),
        _price(panel, (panel.clicks, known.per_click), known, rules),
        _price(panel, (panel.impressions / 1000, known.per_mille), known, rules),
        _breadth(panel, known, rules),
        _pace(panel, rules),
    )


def _exact(kind: Kind, fires: Flags, amounts: tuple[Floats, Floats], campaigns: tuple[Floats, Floats]) -> Reading:
    """A finding without a band: what was expected is the only good value."""
    expected, actual = amounts
    return Reading(kind, fires, expected, actual, expected, expected, *campaigns, np.zeros(actual.shape))


def _twice(panel: Panel) -> Reading:
    """A row that came again: the amounts of one delivery are what the day should show."""
    once = panel.totals(panel.spend / np.maximum(panel.rows, 1))
    repeated = panel.totals((panel.rows > 1).astype(np.float64))
    present = panel.totals((panel.rows > 0).astype(np.float64))
    return _exact("duplicate", repeated > 0, (once, panel.totals(panel.spend)), (repeated, present))


def _another_unit(panel: Panel, known: Known) -> Reading:
    """All campaigns of a channel jumped by the same power of ten at an unchanged number of clicks."""
    missed = scores.price(panel.spend, panel.clicks) - known.per_click.expected
    missed = np.where(known.active, missed, np.nan)
    middle, count = panel.by_channel(missed, median), scores.counted(panel, missed)
    apart = panel.by_channel(np.abs(missed - panel.spread(middle)), median)
    power = np.round(middle / np.log(10))
    near = np.abs(middle - power * np.log(10)) < np.log(1.5)
    fires = (np.abs(power) >= 2) & near & (apart < _SAME_FACTOR) & known.learned
    total = panel.totals(panel.spend)
    return _exact("unit", fires, (total / np.exp(middle), total), (count, count))


def _stopped(panel: Panel, known: Known) -> Reading:
    """No spend at all on a channel that spends on such days."""
    total = panel.totals(panel.spend)
    return _exact("stopped", known.channel_due & ~(total > 0), (known.amount, total), _gone(panel, known))


def _missing_hours(panel: Panel, known: Known) -> Reading:
    """Hours without a row where every day of the last four weeks had all of them."""
    hours = np.full(known.total.shape, np.nan) if panel.hours is None else panel.hours
    needed = np.broadcast_to(hours_needed(panel), hours.shape)
    spent = panel.totals(panel.spend) > 0
    return _exact("hours", known.whole_days & spent & (hours < needed), (needed, hours), _gone(panel, known))


def _partly(panel: Panel, known: Known) -> Reading:
    """No spend on most of the campaigns of a channel at once."""
    total, (gone, due) = panel.totals(panel.spend), _gone(panel, known)
    most = (gone >= 2) & (gone * 2 > due)
    return _exact("partly", most & (total > 0), (known.amount, total), (gone, due))


def _gone(panel: Panel, known: Known) -> tuple[Floats, Floats]:
    """How many campaigns of each channel have no spend, of those that run on such days."""
    spent = np.nan_to_num(panel.spend, nan=0.0) > 0
    gone = panel.totals((known.due & ~spent).astype(np.float64))
    return gone, panel.totals(known.due.astype(np.float64))


def _price(panel: Panel, measure: tuple[Floats, Price], known: Known, rules: Rules) -> Reading:
    """Spend per click or per thousand impressions: the median campaign against its own band."""
    volume, usual = measure
    missed = scores.price(panel.spend, volume) - usual.expected
    score = scores.price_score(panel, missed, usual.sure)
    width = np.maximum(rules.price_k * usual.scale, np.log1p(rules.price_least_share))
    up, down = (width + _PRICE_SHARE_OF_ALLOWANCE * side[:, None] for side in (panel.up, panel.down))
    total = scores.ratio(panel.totals(panel.spend), panel.totals(volume))
    expected = total / np.exp(score)
    return Reading(
        kind="click" if usual is known.per_click else "mille",
        fires=((score > up) | (score < -down)) & (total > 0) & known.learned,
        expected=expected,
        actual=total,
        low=expected * np.exp(-down),
        high=expected * np.exp(up),
        agree=_agreeing(panel, missed, score),
        active=scores.counted(panel, missed),
        others=np.zeros(score.shape),
    )


def _breadth(panel: Panel, known: Known, rules: Rules) -> Reading:
    """The middle move of the campaigns of a channel, minus most of the move that the other channels share."""
    found = scores.moves(panel, scores.Expected(known.spend, known.total, known.active, known.due, known.sure), rules)
    score = found.score - known.carried
    voices, total = scores.counted(panel, found.missed), panel.totals(panel.spend)
    width = _breadth_width(known, voices, rules)
    up, down = width + panel.up[:, None], width + panel.down[:, None]
    usual = total / np.exp(score)
    of_account = rules.least_share_of_account * total.sum(axis=1, keepdims=True)
    least = np.maximum(rules.breadth_least_share * usual, np.maximum(rules.least_amount, of_account))
    # A channel that stood still while the others moved has done nothing that anybody could look into.
    moved_itself = (np.sign(found.own) == np.sign(score)) & (np.abs(found.own) >= rules.own_share * np.abs(score))
    return Reading(
        kind="breadth",
        fires=((score > up) | (score < -down)) & (np.abs(total - usual) > least) & moved_itself & known.learned,
        expected=usual,
        actual=total,
        low=np.maximum(np.minimum(usual * np.exp(-down), usual - least), 0.0),
        high=np.maximum(usual * np.exp(up), usual + least),
        agree=_agreeing(panel, found.missed, score),
        active=voices,
        others=found.others / rules.common_move,
    )


def _pace(panel: Panel, rules: Rules) -> Reading:
    """The month so far against the share of its budget that its days have: creep that a level of last week follows."""
    total, nobody = panel.totals(panel.spend), np.zeros((len(panel.days), len(panel.channels)))
    if panel.budget is None:
        return _exact("pace", nobody > 0, (nobody, total), (nobody, nobody))
    month = np.array([day.year * 12 + day.month for day in panel.days])
    number = np.array([[day.day] for day in panel.days], dtype=np.float64)
    so_far = np.stack([total[max(n - day.day + 1, 0) : n + 1].sum(axis=0) for n, day in enumerate(panel.days)])
    planned = panel.budget * number / np.array([[monthrange(day.year, day.month)[1]] for day in panel.days])
    whole = (month != month[0]) | (panel.days[0].day == 1)
    apart = np.abs(so_far / planned - 1) > rules.pace_share
    fires = apart & whole[:, None] & (number > rules.pace_after_day) & (total > 0)
    limits = planned * (1 - rules.pace_share), planned * (1 + rules.pace_share)
    return Reading("pace", fires, planned, so_far, *limits, nobody, nobody, nobody)


def _breadth_width(known: Known, voices: Floats, rules: Rules) -> Floats:
    """A large move of many campaigns is sure from fewer deviations on than a small one, or one of a few campaigns."""
    usual = rules.breadth_k * known.scale
    large = np.maximum(rules.breadth_large_k * known.scale, np.minimum(usual, rules.breadth_large))
    return np.where(voices >= rules.campaigns_for_breadth, large, usual)


def _agreeing(panel: Panel, missed: Floats, score: Floats) -> Floats:
    """How many campaigns moved the way their channel did."""
    return scores.counted(panel, np.where(np.sign(missed) == np.sign(panel.spread(score)), missed, np.nan))
