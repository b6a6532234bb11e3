"""How far a day lies from what was expected of it, by channel: one formula for learning and for looking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expectations.judge.ladder.baseline import logarithms
from expectations.judge.ladder.bounds import Rules
from expectations.judge.ladder.panel import Flags, Floats, Panel
from expectations.judge.ladder.robust import median, weighted_midmean

# A campaign that lost everything counts as a drop by this factor (in logarithms), so that a median can hold it.
_GONE = float(np.log(1000.0))


@dataclass(frozen=True)
class Expected:
    """ln of the spend that was expected: by campaign, by channel; which campaigns ran lately, which run today, and how
    sure the voice of each of them is.
    """

    spend: Floats
    total: Floats
    active: Flags
    due: Flags
    sure: Floats  # weights of the campaigns


@dataclass(frozen=True)
class Moves:
    """Misses by campaign, those of the channel alone, the part that the other channels share, and the rest."""

    missed: Floats
    own: Floats
    others: Floats
    score: Floats


def moves(panel: Panel, expected: Expected, rules: Rules) -> Moves:
    """The middle move of the campaigns of each channel (of its total, where they are few), less the common move."""
    logs = logarithms(panel.spend)
    missed = np.where(expected.due & np.isnan(logs), -_GONE, logs - expected.spend)
    missed = np.where(expected.active, missed, np.nan)
    few = counted(panel, missed) < rules.campaigns_for_breadth
    total = logarithms(panel.totals(panel.spend)) - expected.total
    own = np.where(few, total, panel.merged(missed, expected.sure, weighted_midmean))
    others = rules.common_move * _move_of_others(own, rules.others_needed)
    return Moves(missed, own, others, own - others)


def price(spend: Floats, volume: Floats) -> Floats:
    """ln of what one unit of volume cost each campaign."""
    return logarithms(ratio(spend, volume))


def price_score(panel: Panel, missed: Floats, sure: Floats) -> Floats:
    """The middle miss of the prices of a channel's campaigns, each heard by how sure it is."""
    return panel.merged(missed, sure, weighted_midmean)


def counted(panel: Panel, values: Floats) -> Floats:
    """How many campaigns of each channel have a value."""
    return panel.totals((~np.isnan(values)).astype(np.float64))


def ratio(above: Floats, below: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    found: Floats = np.full(above.shape, np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found


def _move_of_others(own: Floats, needed: int) -> Floats:
    """Median score of the other channels; 0 where fewer than `needed` of them have one."""
    columns = [np.delete(own, channel, axis=1) for channel in range(own.shape[1])]
    return np.stack([_median_of_enough(column, needed) for column in columns], axis=1)


def _median_of_enough(own: Floats, needed: int) -> Floats:
    if own.shape[1] < needed:
        return np.zeros(len(own))
    enough = (~np.isnan(own)).sum(axis=1) >= needed
    return np.where(enough, np.nan_to_num(median(own.T)), 0.0)
