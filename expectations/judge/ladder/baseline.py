"""What a day should show, from the days before it: a weekday factor on the level of the last week, in logarithms."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from expectations.judge.ladder.panel import Flags, Floats

LEARNING_DAYS = 28
FACTOR_DAYS, LEVEL_DAYS = 56, 7
SCALE_FLOOR = 0.05
SCORES_NEEDED = 21
SIGMA_PER_MAD = 1.4826
_HALF_WEEK = 3


def logarithms(amounts: Floats) -> Floats:
    """ln of positive amounts, NaN for all others."""
    found: Floats = np.full(amounts.shape, np.nan)
    np.log(amounts, out=found, where=amounts > 0)
    return found


def expected(logs: Floats, special: Flags) -> Floats:
    """ln of what each day should show; shape (days, series), NaN with less than 28 days of history.

    factor of a weekday = median over 56 days of ln y minus its centred 7-day median; level = median over the last 7
    days of ln y minus their factor. Special days teach neither. Only days before the one in question are read.
    """
    ordinary = np.where(special[:, None], np.nan, logs)
    offsets = ordinary - _centred_median(ordinary)
    factors = [_factor(offsets, back) for back in range(LEVEL_DAYS)]
    recent = [before(ordinary, back) - factors[back % LEVEL_DAYS] for back in range(1, LEVEL_DAYS + 1)]
    level = median(np.stack(recent))
    older = [before(ordinary, back) - factors[back % LEVEL_DAYS] for back in range(1, 2 * LEVEL_DAYS + 1)]
    level = np.where(np.isnan(level), median(np.stack(older)), level)
    known = recent_count(~np.isnan(ordinary), FACTOR_DAYS)
    found: Floats = np.where(known >= LEARNING_DAYS, level + factors[0], np.nan)
    return found


def scale(scores: Floats, special: Flags, floor: float = SCALE_FLOOR) -> Floats:
    """Robust deviation of the scores of the 56 days before each day, at least `floor`; shape (days, series).

    NaN before three weeks of scores are known: a width that nobody has seen yet accuses nobody.
    """
    usual = np.abs(np.where(special[:, None], np.nan, scores))
    unknown = np.full((FACTOR_DAYS, usual.shape[1]), np.nan)
    windows = sliding_window_view(np.concatenate([unknown, usual])[:-1], FACTOR_DAYS, axis=0)
    middle = median(np.moveaxis(windows, -1, 0))
    known = recent_count(~np.isnan(usual), FACTOR_DAYS) >= SCORES_NEEDED
    return np.where(known, np.maximum(SIGMA_PER_MAD * middle, floor), np.nan)


def _centred_median(logs: Floats) -> Floats:
    """Median of the week around each day, of five known days at least."""
    edge = np.full((_HALF_WEEK, logs.shape[1]), np.nan)
    windows = sliding_window_view(np.concatenate([edge, logs, edge]), 2 * _HALF_WEEK + 1, axis=0)
    enough = (~np.isnan(windows)).sum(axis=-1) >= LEVEL_DAYS - 2
    return np.where(enough, median(np.moveaxis(windows, -1, 0)), np.nan)


def _factor(offsets: Floats, back: int) -> Floats:
    """As known on each day: the factor of the weekday that lies `back` days before it.

    The centred median of a day reads three days after it, so the newest three days do not count yet.
    """
    first = back if back > _HALF_WEEK else back + LEVEL_DAYS
    same_weekday = [before(offsets, shift) for shift in range(first, FACTOR_DAYS + 1, LEVEL_DAYS)]
    return np.nan_to_num(median(np.stack(same_weekday)), nan=0.0)


def before(values: Floats, days: int) -> Floats:
    """The value of so many days ago."""
    moved = np.full(values.shape, np.nan)
    if days < len(values):
        moved[days:] = values[: len(values) - days]
    return moved


def median(stacked: Floats) -> Floats:
    """Median over the first axis, of what is known; NaN where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found: Floats = np.nanmedian(stacked, axis=0)
    return found


def recent_count(known: Flags, days: int) -> Floats:
    """How many of the `days` before each day are known."""
    return _rolling_sum(known.astype(np.float64), days)


def midmean(stacked: Floats) -> Floats:
    """Mean over the first axis of the middle half of what is known: robust as a quartile, steadier than a median."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanquantile(stacked, [0.25, 0.75], axis=0)
        found: Floats = np.nanmean(np.where((stacked >= low) & (stacked <= high), stacked, np.nan), axis=0)
    return found


def without_memory(scores: Floats, special: Flags) -> Floats:
    """Scores minus what yesterday's score lets expect: yesterday times the correlation of the 56 days before.

    Yesterday counts within twice its usual deviation only, so that a fault leaves no echo; the correlation is never
    taken below 0 or above 0.6.
    """
    usual = np.where(special[:, None], np.nan, scores)
    bound = 2 * np.nan_to_num(scale(scores, special), nan=SCALE_FLOOR)
    calm = np.nan_to_num(np.clip(usual, -bound, bound), nan=0.0)
    yesterday = np.nan_to_num(before(calm, 1), nan=0.0)
    together = _rolling_sum(calm * yesterday, FACTOR_DAYS)
    alone = _rolling_sum(yesterday**2, FACTOR_DAYS)
    memory = np.clip(np.divide(together, alone, out=np.zeros_like(alone), where=alone > 0), 0.0, 0.6)
    return scores - memory * yesterday


def _rolling_sum(values: Floats, days: int) -> Floats:
    """Sum of the `days` before each day."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    ends = np.arange(len(values))
    found: Floats = total[ends] - total[np.maximum(ends - days, 0)]
    return found
