"""The rungs: each says on which days and channels it fires, what it saw and what it expected.

1 exact: the same row twice, or an amount in another unit. 2 completeness: spend that stopped at once. 3 price: cost
per click and per thousand impressions. 4 breadth: most campaigns of a channel moved together, the other channels not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expectations.judge.ladder import baseline
from expectations.judge.ladder.panel import Flags, Floats, Panel

# A campaign that lost everything counts as a drop by this factor (in logarithms), so that a median can hold it.
_GONE = np.log(1000.0)
_MOVED_TOGETHER = 0.15  # spread of the campaigns' logarithms around a factor of ten below which it is a change of unit


@dataclass(frozen=True)
class Rules:
    """Widths and smallest effects; the defaults are the measured ones."""

    price_k: float = 5.0
    price_floor: float = 0.02  # a price is steadier than a volume: with 0.05 a fifth less would never be seen
    price_least_share: float = 0.10
    breadth_k: float = 3.5
    breadth_least_share: float = 0.15
    least_amount: float = 50.0
    least_share_of_account: float = 0.01
    campaigns_for_breadth: int = 5
    common_move: float = 0.8
    own_share: float = 0.5
    others_needed: int = 3


@dataclass(frozen=True)
class Reading:
    """What one rung says about every day and channel: whether it fires, the amounts, and how many campaigns agree.

    Arrays have the shape (days, channels). `expected` and `actual` are in the unit of the rung: account currency, or
    currency per click (per thousand impressions) for the price. `agree` of `active` campaigns moved in that direction.
    """

    rung: str
    fires: Flags
    expected: Floats
    actual: Floats
    agree: Floats
    active: Floats
    kind: str = ""


@dataclass(frozen=True)
class _Spend:
    """What several rungs share: logarithms, what they should be, and which campaigns ran lately."""

    missed: Floats  # ln(actual / expected) by campaign, -_GONE where a running campaign has nothing
    active: Flags
    total: Floats  # by channel
    usual_total: Floats  # by channel, from the channel's own history


def readings(panel: Panel, rules: Rules | None = None) -> tuple[Reading, ...]:
    """All rungs of an account, in the order in which they are climbed."""
    bounds = rules or Rules()
    spend = _spend(panel)
    return (
        _twice(panel, spend),
        _another_unit(panel, spend),
        _stopped(panel, spend),
        _price(panel, bounds, panel.clicks, "click"),
        _price(panel, bounds, panel.impressions / 1000, "thousand impressions"),
        _breadth(panel, spend, bounds),
    )


def _spend(panel: Panel) -> _Spend:
    logs = baseline.logarithms(panel.spend)
    missed = logs - baseline.expected(logs, panel.special)
    active = _ran_lately(panel)
    missed = np.where(active & np.isnan(logs), -_GONE, missed)
    total = np.stack([panel.total(panel.spend, c) for c in range(len(panel.channels))], axis=1)
    usual = np.exp(baseline.expected(baseline.logarithms(total), panel.special))
    return _Spend(np.where(active, missed, np.nan), active, total, usual)


def _ran_lately(panel: Panel) -> Flags:
    """Campaigns with spend on at least five of the seven days before."""
    spent = np.nan_to_num(panel.spend, nan=0.0) > 0
    found: Flags = baseline.recent_count(spent, baseline.LEVEL_DAYS) >= baseline.LEVEL_DAYS - 2
    return found


def _twice(panel: Panel, spend: _Spend) -> Reading:
    """A row that came again: the amounts of one delivery are what the day should show."""
    times = np.maximum(panel.rows, 1)
    once = _by_channel(panel, np.nan_to_num(panel.spend / times, nan=0.0))
    repeated = _by_channel(panel, (panel.rows > 1).astype(np.float64))
    present = _by_channel(panel, (panel.rows > 0).astype(np.float64))
    return Reading("exact", repeated > 0, once, spend.total, repeated, present, "duplicate")


def _another_unit(panel: Panel, spend: _Spend) -> Reading:
    """All campaigns of a channel jumped by the same power of ten at an unchanged number of clicks."""
    price = baseline.logarithms(_ratio(panel.spend, panel.clicks))
    missed = np.where(spend.active, price - baseline.expected(price, panel.special), np.nan)
    middle, count = _median_of(panel, missed), _count_of(panel, missed)
    spread = _median_of(panel, np.abs(missed - middle[:, panel.channel]))
    power = np.round(middle / np.log(10))
    fires = (np.abs(power) >= 2) & (np.abs(middle - power * np.log(10)) < np.log(1.5)) & (spread < _MOVED_TOGETHER * 3)
    return Reading("exact", fires, spend.total / np.exp(middle), spend.total, count, count, "unit")


def _stopped(panel: Panel, spend: _Spend) -> Reading:
    """No spend at all on a channel that spent on each of the last 28 days, or on most of its campaigns at once."""
    spent = spend.total > 0
    always = baseline.recent_count(spent, baseline.LEARNING_DAYS) >= baseline.LEARNING_DAYS
    active = _by_channel(panel, spend.active.astype(np.float64))
    gone = _by_channel(panel, (spend.active & ~(np.nan_to_num(panel.spend, nan=0.0) > 0)).astype(np.float64))
    most = (gone >= 2) & (gone * 2 > active)
    usual = np.where(np.isnan(spend.usual_total), _last_week(spend.total), spend.usual_total)
    return Reading("completeness", (always & ~spent) | most, usual, spend.total, gone, active, "stopped")


def _price(panel: Panel, rules: Rules, volume: Floats, unit: str) -> Reading:
    """Spend per click or per thousand impressions: the median campaign against its own band."""
    paid = _ratio(panel.spend, volume)
    logs = baseline.logarithms(paid)
    missed = logs - baseline.expected(logs, panel.special)
    score = _median_of(panel, missed)
    total = _ratio(_by_channel(panel, panel.spend), _by_channel(panel, volume))
    width = np.maximum(
        rules.price_k * baseline.scale(score, panel.special, rules.price_floor), np.log1p(rules.price_least_share)
    )
    fires = (np.abs(score) > width) & (total > 0)
    agree = _count_of(panel, np.where(np.sign(missed) == np.sign(score)[:, panel.channel], missed, np.nan))
    return Reading("price", fires, total / np.exp(score), total, agree, _count_of(panel, missed), unit)


def _breadth(panel: Panel, spend: _Spend, rules: Rules) -> Reading:
    """The median move of the campaigns of a channel, minus most of the move that the other channels share."""
    counted = _count_of(panel, spend.missed)
    total = np.where(spend.total > 0, baseline.logarithms(spend.total), np.nan) - np.log(spend.usual_total)
    own = np.where(counted >= rules.campaigns_for_breadth, _midmean_of(panel, spend.missed), total)
    score = own - rules.common_move * _move_of_others(own, rules.others_needed)
    score = baseline.without_memory(score, panel.special)
    width = rules.breadth_k * baseline.scale(score, panel.special)
    up, down = width + panel.up[:, None], width + panel.down[:, None]
    usual = spend.total / np.exp(score)
    change, account = np.abs(spend.total - usual), spend.total.sum(axis=1, keepdims=True)
    matters = (change > rules.breadth_least_share * usual) & (
        change > np.maximum(rules.least_amount, rules.least_share_of_account * account)
    )
    agree = _count_of(panel, np.where(np.sign(spend.missed) == np.sign(score)[:, panel.channel], spend.missed, np.nan))
    # A channel that stood still while the others moved has done nothing that anybody could look into.
    moved_itself = (np.sign(own) == np.sign(score)) & (np.abs(own) >= rules.own_share * np.abs(score))
    fires = ((score > up) | (score < -down)) & matters & moved_itself
    return Reading("breadth", fires, usual, spend.total, agree, counted)


def _move_of_others(own: Floats, needed: int) -> Floats:
    """Median score of the other channels; 0 where fewer than `needed` of them have one."""
    moves = [_median_row(np.delete(own, channel, axis=1), needed) for channel in range(own.shape[1])]
    return np.stack(moves, axis=1)


def _median_row(scores: Floats, needed: int) -> Floats:
    enough = (~np.isnan(scores)).sum(axis=1) >= needed
    return np.where(enough, np.nan_to_num(baseline.median(scores.T)), 0.0)


def _median_of(panel: Panel, values: Floats) -> Floats:
    """Median over the campaigns of each channel."""
    columns = [baseline.median(values[:, panel.campaigns_of(c)].T) for c in range(len(panel.channels))]
    return np.stack(columns, axis=1)


def _midmean_of(panel: Panel, values: Floats) -> Floats:
    columns = [baseline.midmean(values[:, panel.campaigns_of(c)].T) for c in range(len(panel.channels))]
    return np.stack(columns, axis=1)


def _count_of(panel: Panel, values: Floats) -> Floats:
    return _by_channel(panel, (~np.isnan(values)).astype(np.float64))


def _by_channel(panel: Panel, values: Floats) -> Floats:
    return np.stack([panel.total(values, c) for c in range(len(panel.channels))], axis=1)


def _last_week(total: Floats) -> Floats:
    """Median of the seven days before, for days without a baseline."""
    return baseline.median(np.stack([baseline.before(total, back) for back in range(1, baseline.LEVEL_DAYS + 1)]))


def _ratio(above: Floats, below: Floats) -> Floats:
    found: Floats = np.full(above.shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
