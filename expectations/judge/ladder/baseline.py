"""What a day should show, from the days before it: a weekday factor on the level of the last week, in logarithms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from expectations.judge.ladder.bounds import (
    FACTOR_DAYS,
    FIRST_SCORE_DAYS,
    LEVEL_DAYS,
    SCALE_FLOOR,
    SCORES_NEEDED,
    SIGMA_PER_MAD,
)
from expectations.judge.ladder.panel import Flags, Floats
from expectations.judge.ladder.robust import before, count_before, median, midmean, sum_before

_HALF_WEEK = 3
_LEVEL_NEEDS = 4
_CALM, _FAR = 2.0, 6.0  # deviations up to which yesterday counts, and from which on it was a fault and says nothing
_WEEKS_BACK = (2, 4, 8)  # where the last week holds too few ordinary days, so many weeks count


def logarithms(amounts: Floats) -> Floats:
    """ln of positive amounts, NaN for all others."""
    found: Floats = np.full(amounts.shape, np.nan)
    np.log(amounts, out=found, where=amounts > 0)
    return found


def expected(logs: Floats, special: Flags) -> Floats:
    """ln of what each day should show; shape (days, series), NaN with less than a week of history.

    factor of a weekday = median over 56 days of ln y minus its centred 7-day median; level = mean of the middle half
    of the last 7 days of ln y minus their factor. Special days teach neither. Only earlier days are read.
    """
    ordinary = np.where(special[:, None], np.nan, logs)
    offsets = ordinary - _centred_median(ordinary)
    factors = [_factor(offsets, back) for back in range(LEVEL_DAYS)]
    known = count_before(~np.isnan(ordinary), FACTOR_DAYS) >= FIRST_SCORE_DAYS
    found: Floats = np.where(known, _level(ordinary, factors, known) + factors[0], np.nan)
    return found


def scale(scores: Floats, special: Flags, floor: float = SCALE_FLOOR) -> Floats:
    """Robust deviation of the scores of the 56 days before each day, at least `floor`; shape (days, series).

    NaN before three weeks of scores are known: a width that nobody has seen yet accuses nobody.
    """
    usual = np.abs(np.where(special[:, None], np.nan, scores))
    unknown = np.full((FACTOR_DAYS, usual.shape[1]), np.nan)
    windows = sliding_window_view(np.concatenate([unknown, usual])[:-1], FACTOR_DAYS, axis=0)
    middle = median(np.moveaxis(windows, -1, 0))
    known = count_before(~np.isnan(usual), FACTOR_DAYS) >= SCORES_NEEDED
    return np.where(known, np.maximum(SIGMA_PER_MAD * middle, floor), np.nan)


def carried(scores: Floats, special: Flags) -> Floats:
    """What yesterday's score lets expect of today's: yesterday times the correlation of the 56 days before.

    Yesterday counts within twice its usual deviation only, so that a fault leaves no echo; the correlation is never
    taken below 0 or above 0.6.
    """
    usual = np.where(special[:, None], np.nan, scores)
    deviation = np.nan_to_num(scale(scores, special), nan=SCALE_FLOOR)
    calm = np.clip(usual, -_CALM * deviation, _CALM * deviation)
    calm = np.where(np.abs(usual) < _FAR * deviation, calm, 0.0)
    yesterday = np.nan_to_num(before(calm, 1), nan=0.0)
    together = sum_before(calm * yesterday, FACTOR_DAYS)
    alone = sum_before(yesterday**2, FACTOR_DAYS)
    memory = np.clip(np.divide(together, alone, out=np.zeros_like(alone), where=alone > 0), 0.0, 0.6)
    found: Floats = memory * yesterday
    return found


def _level(ordinary: Floats, factors: Sequence[Floats], known: Flags) -> Floats:
    """Middle of the last week of ln y minus the factor of its weekday; of more weeks where that one says too little."""
    cleared = [before(ordinary, back) - factors[back % LEVEL_DAYS] for back in range(1, LEVEL_DAYS + 1)]
    level = _of_enough(np.stack(cleared))
    for weeks in _WEEKS_BACK:
        day, series = np.nonzero(np.isnan(level) & known)
        back = np.arange(1, weeks * LEVEL_DAYS + 1)[:, None]
        past = np.where(day >= back, ordinary[np.maximum(day - back, 0), series], np.nan)
        weekday = np.stack(factors)[back % LEVEL_DAYS, day, series]
        level[day, series] = _of_enough(past - weekday)
    return level


def _of_enough(cleared: Floats) -> Floats:
    """The middle of the days, of four known ones at least: a single day after a promotion is no level."""
    known = (~np.isnan(cleared)).sum(axis=0)
    return np.where(known >= _LEVEL_NEEDS, midmean(cleared), np.nan)


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
