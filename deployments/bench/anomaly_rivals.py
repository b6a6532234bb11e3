"""The rules that other tools use for daily figures, written from their documentation, to be measured beside the ladder.

Each learns from the series as they were and then says which of today's figures it would report; shape (days, series).
Row t of what it learned reads days before t only, unless the documented rule reads the day itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from expectations.judge.ladder.bounds import FACTOR_DAYS, SCALE_FLOOR, SIGMA_PER_MAD
from expectations.judge.ladder.panel import Flags, Floats
from expectations.judge.ladder.robust import before, median

Judge = Callable[[Floats], Flags]
Rival = Callable[[Floats], Judge]


def three_sigma(series: Floats) -> Judge:
    """Further than 3 standard deviations from the mean of the 28 days before."""
    past = _past(series, 28)
    mean, deviation = past.mean(axis=0), past.std(axis=0, ddof=1)
    return lambda today: np.abs(today - mean) > 3 * deviation


def weekday_mad(series: Floats) -> Judge:
    """Further than 3.5 robust deviations from the median of the same weekday in the 8 weeks before."""
    past = np.stack([before(series, 7 * week) for week in range(1, 9)])
    middle = median(past)
    deviation = SIGMA_PER_MAD * median(np.abs(past - middle))
    return lambda today: np.abs(today - middle) > 3.5 * deviation


def day_over_day(series: Floats) -> Judge:
    """More than 1.5 times yesterday, or less than yesterday by that factor."""
    yesterday = before(series, 1)
    return lambda today: (today > 1.5 * yesterday) | (today < yesterday / 1.5)


def elementary(series: Floats) -> Judge:
    """The documented default of Elementary: z above 3 against mean and deviation of 14 days, the tested one included.

    So no z exceeds (n - 1) / sqrt(n) = 3.47, whatever the day shows.
    """
    past = _past(series, 13)
    total, squares = past.sum(axis=0), (past**2).sum(axis=0)

    def judge(today: Floats) -> Flags:
        mean = (total + today) / 14
        variance = np.maximum((squares + today**2 - 14 * mean**2) / 13, 0.0)
        found: Flags = np.abs(today - mean) > 3 * np.sqrt(variance)
        return found

    return judge


@dataclass(frozen=True)
class Smoothing:
    """Weights of Holt-Winters without a trend, and how far an error may move the state (in deviations)."""

    level: float = 0.3
    season: float = 0.15
    reach: float = 2.0
    k: float = 3.5


def holt_winters(series: Floats) -> Judge:
    """Robust Holt-Winters on logarithms, weekly season, 3.5 robust deviations of its own errors of 56 days."""
    rule, logs = Smoothing(), np.log(np.maximum(np.nan_to_num(series, nan=0.0), 0.01))
    level, season = median(logs[:28]), np.stack([median(logs[day:28:7]) for day in range(7)])
    season = season - level
    expected, errors = np.full(logs.shape, np.nan), np.full(logs.shape, np.nan)
    width = np.full(logs.shape, np.inf)
    for day in range(28, len(logs)):
        expected[day] = level + season[day % 7]
        errors[day] = logs[day] - expected[day]
        recent = np.abs(errors[max(day - FACTOR_DAYS, 28) : day])
        scale = np.maximum(SIGMA_PER_MAD * median(recent), SCALE_FLOOR) if len(recent) >= 21 else np.inf
        width[day] = rule.k * scale
        bound = rule.reach * np.where(np.isfinite(scale), scale, 0.2)
        calm = np.clip(errors[day], -bound, bound)
        level = level + rule.level * calm
        season[day % 7] = season[day % 7] + rule.season * calm
    return lambda today: np.abs(np.log(np.maximum(np.nan_to_num(today), 0.01)) - expected) > width


RIVALS: dict[str, Rival] = {
    "3 sigma, 28 days": three_sigma,
    "weekday MAD, 8 weeks, 3.5": weekday_mad,
    "day over day, x1.5": day_over_day,
    "Elementary's default": elementary,
    "robust Holt-Winters, 3.5": holt_winters,
}


def _past(series: Floats, days: int) -> Floats:
    """The days before each day, (days, time, series); NaN where there are not so many."""
    unknown = np.full((days, series.shape[1]), np.nan)
    windows = sliding_window_view(np.concatenate([unknown, series])[:-1], days, axis=0)
    found: Floats = np.moveaxis(windows, -1, 0)
    return found
