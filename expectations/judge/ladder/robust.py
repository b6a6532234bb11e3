"""Medians and their like over arrays with gaps, by sorting: ten times as fast as the masked ones of the library."""

from __future__ import annotations

import numpy as np

from expectations.judge.ladder.panel import Flags, Floats, Ints


def median(stacked: Floats) -> Floats:
    """Median over the first axis of what is known; NaN where nothing is."""
    ordered, known = np.sort(stacked, axis=0), _known(stacked)
    low, high = np.maximum(known - 1, 0) // 2, np.minimum(known // 2, len(stacked) - 1)
    return (_at(ordered, low) + _at(ordered, high)) / 2


def midmean(stacked: Floats) -> Floats:
    """Mean over the first axis of the middle half of what is known: robust as a quartile, steadier than a median."""
    ordered, known = np.sort(stacked, axis=0), _known(stacked)
    low, high = (_quantile(ordered, known, share) for share in (0.25, 0.75))
    middle = (stacked >= low) & (stacked <= high)
    count = middle.sum(axis=0)
    total = np.where(middle, stacked, 0.0).sum(axis=0)
    found: Floats = np.full(total.shape, np.nan)
    np.divide(total, count, out=found, where=count > 0)
    return found


def weighted_midmean(stacked: Floats, weights: Floats) -> Floats:
    """The same where some voices are surer than others: the mean of the middle half of the weight that is known."""
    heavy = np.where(np.isnan(stacked), 0.0, weights)
    order = np.argsort(stacked, axis=0)
    ordered, heavy = np.take_along_axis(stacked, order, axis=0), np.take_along_axis(heavy, order, axis=0)
    above = np.cumsum(heavy, axis=0)
    total = above[-1]
    inside = np.minimum(above, 0.75 * total) - np.maximum(above - heavy, 0.25 * total)
    part = np.maximum(inside, 0.0)
    found: Floats = np.full(total.shape, np.nan)
    np.divide((np.nan_to_num(ordered) * part).sum(axis=0), part.sum(axis=0), out=found, where=total > 0)
    return found


def before(values: Floats, days: int) -> Floats:
    """The value of so many days ago; NaN where there was no such day."""
    moved = np.full(values.shape, np.nan)
    if days < len(values):
        moved[days:] = values[: len(values) - days]
    return moved


def was(flags: Flags, days: int) -> Flags:
    """Whether it was so, that many days ago."""
    found: Flags = before(flags.astype(np.float64), days) == 1
    return found


def sum_before(values: Floats, days: int) -> Floats:
    """Sum of the `days` before each day."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    ends = np.arange(len(values))
    found: Floats = total[ends] - total[np.maximum(ends - days, 0)]
    return found


def count_before(known: Flags, days: int) -> Floats:
    """How many of the `days` before each day are so."""
    return sum_before(known.astype(np.float64), days)


def _known(stacked: Floats) -> Ints:
    found: Ints = (~np.isnan(stacked)).sum(axis=0)
    return found


def _at(ordered: Floats, place: Ints) -> Floats:
    found: Floats = np.take_along_axis(ordered, place[None], axis=0)[0]
    return found


def _quantile(ordered: Floats, known: Ints, share: float) -> Floats:
    place = share * np.maximum(known - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(known - 1, 0))
    return _at(ordered, low) + (place - low) * (_at(ordered, high) - _at(ordered, low))
