"""What is usual: pure functions over numbers, without a table, a library or a clock.

The rules and their constants are those measured for the product: a null rate against the pooled rate of 28
days; spend as a weekday factor times the level of the last week, on a log scale; spend per click likewise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

LEARNING_DAYS = 28
NULL_ROWS_NEEDED = 200
_FACTOR_DAYS, _LEVEL_DAYS = 56, 7
_SCALE_FLOOR = 0.05
_SIGMA_PER_MAD = 1.4826


@dataclass(frozen=True)
class NullRates:
    """Empty cells of one field now, and the pooled rate before; `pooled_rows` 0 means no history."""

    nulls: int
    rows: int
    rate_before: float
    pooled_rows: int

    @property
    def rate(self) -> float:
        """Share of empty cells now."""
        return self.nulls / self.rows if self.rows else 0.0


def null_limit(rates: NullRates) -> float | None:
    """The number of empty cells above which the field is spiking; None where the batch is too small to judge.

    Never null before: 3 cells or 0.1 %, whichever is more. Else the pooled rate plus the wider of one
    percentage point and four standard errors, for 200 rows and more.
    """
    if rates.rate_before == 0:
        return max(3.0, 0.001 * rates.rows) - 1e-9
    if rates.rows < NULL_ROWS_NEEDED:
        return None
    p = rates.rate_before
    return (p + max(0.01, 4 * math.sqrt(p * (1 - p) / rates.rows))) * rates.rows


def null_spike(rates: NullRates) -> bool:
    """Whether a field is empty more often than 28 days of history explain."""
    limit = null_limit(rates)
    return limit is not None and rates.nulls > limit


@dataclass(frozen=True)
class BandRule:
    """How wide a band is: k robust deviations, and the smallest change worth a person's time."""

    k: float
    least_share: float
    least_amount: float = 0.0


SPEND = BandRule(k=3.5, least_share=0.15, least_amount=50.0)
PRICE = BandRule(k=5.0, least_share=0.10)
SPEND_LEAST_SHARE_OF_ACCOUNT = 0.01


@dataclass(frozen=True)
class Band:
    """What one day should show, and between which values nobody needs to look."""

    expected: float
    low: float
    high: float
    days: int

    def contains(self, value: float) -> bool:
        """Whether the value is usual."""
        return self.low <= value <= self.high


def band(history: Mapping[date, float], day: date, rule: BandRule) -> Band | None:
    """The band of `day` from the days before it; None where fewer than 28 of them have a positive value.

    expected = exp(level + weekday factor): the factor is the median over 56 days of ln y minus its 7-day
    median, the level the median of the last 7 days of ln y minus their factor. The width is k times the
    robust deviation of what this very rule would have missed by (at least 0.05), or the smallest change.
    """
    logs = _logs(history, day)
    if len(logs) < LEARNING_DAYS:
        return None
    factors = _weekday_factors(logs)
    expected = _expected(logs, factors, day)
    misses = [logs[d] - _expected(logs, factors, d) for d in list(logs)[_LEVEL_DAYS:]]
    scale = max(_SIGMA_PER_MAD * median(abs(miss) for miss in misses), _SCALE_FLOOR)
    return _limits(expected, rule.k * scale, rule, len(logs))


def learned_days(history: Mapping[date, float], day: date) -> int:
    """How many days of history there are, of the 28 that a band needs."""
    return min(len(_logs(history, day)), LEARNING_DAYS)


def never_zero(history: Mapping[date, float], day: date) -> bool:
    """Whether all of the last 28 days are known and above zero: then a zero is an exact finding."""
    before = [history.get(day - timedelta(days=n), 0.0) for n in range(1, LEARNING_DAYS + 1)]
    return min(before) > 0


def _logs(history: Mapping[date, float], day: date) -> dict[date, float]:
    first = day - timedelta(days=_FACTOR_DAYS)
    return {d: math.log(v) for d, v in sorted(history.items()) if first <= d < day and v > 0}


def _weekday_factors(logs: Mapping[date, float]) -> dict[int, float]:
    offsets: dict[int, list[float]] = {}
    for day, value in logs.items():
        week = [logs[d] for n in range(-3, 4) if (d := day + timedelta(days=n)) in logs]
        if len(week) >= _LEVEL_DAYS - 2:
            offsets.setdefault(day.weekday(), []).append(value - median(week))
    return {weekday: median(values) for weekday, values in offsets.items()}


def _expected(logs: Mapping[date, float], factors: Mapping[int, float], day: date) -> float:
    recent: Sequence[float] = [
        logs[d] - factors.get(d.weekday(), 0.0)
        for n in range(1, 2 * _LEVEL_DAYS + 1)
        if (d := day - timedelta(days=n)) in logs
    ][:_LEVEL_DAYS]
    level = median(recent) if recent else median(logs.values())
    return level + factors.get(day.weekday(), 0.0)


def _limits(expected: float, width: float, rule: BandRule, days: int) -> Band:
    middle = math.exp(expected)
    least = max(rule.least_share * middle, rule.least_amount)
    low, high = min(middle * math.exp(-width), middle - least), max(middle * math.exp(width), middle + least)
    return Band(middle, max(low, 0.0), high, days)


def multiple(ours: float, theirs: float) -> int | None:
    """k where one total is k times the other to within 0.1 % (k 2 to 10, or a power of ten up to 10^7)."""
    if min(ours, theirs) <= 0:
        return None
    ratio = max(ours, theirs) / min(ours, theirs)
    candidates = (*range(2, 11), *(10**n for n in range(2, 8)))
    return next((k for k in candidates if abs(ratio / k - 1) <= 0.001), None)
