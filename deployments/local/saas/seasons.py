"""What day and hour it is, and what that does to demand.

Days are numbers since 1970-01-01; instants are microseconds UTC. Level noise is a sum of interpolated
hashes at several distances (1, 4, 16, 64 days), so that no day depends on the day before it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from math import cos, pi
from zoneinfo import ZoneInfo

import numpy as np

from deployments.local.saas.hashing import Dice, Ints, Reals

SHOP_ZONE = "America/New_York"
SECOND = 1_000_000
_EPOCH = date(1970, 1, 1)
_EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
_WEEKDAYS = (1.05, 0.98, 0.95, 0.96, 0.99, 1.01, 1.06)  # Monday first
_HOURS = np.array([18, 11, 7, 5, 5, 8, 16, 27, 38, 46, 52, 55, 57, 55, 53, 52, 52, 54, 58, 64, 68, 64, 50, 32])
_HOUR_CURVE = np.concatenate(([0.0], np.cumsum(_HOURS / _HOURS.sum())))
_REGISTERED = ((5, 25), (7, 14), (9, 7))


def number(day: date) -> int:
    """The day's number."""
    return (day - _EPOCH).days


def date_of(day: int) -> date:
    """The date of a day number."""
    return _EPOCH + timedelta(days=day)


def micros(instant: datetime) -> int:
    """Microseconds UTC of an aware instant, exactly."""
    return (instant - _EPOCH_INSTANT) // timedelta(microseconds=1)


def instant_of(at: int) -> datetime:
    """The aware instant of microseconds UTC."""
    return _EPOCH_INSTANT + timedelta(microseconds=at)


@lru_cache(maxsize=16_384)
def midnight(day: int, zone: str = SHOP_ZONE) -> int:
    """The instant at which a local day begins."""
    return micros(datetime.combine(date_of(day), time(), tzinfo=ZoneInfo(zone)))


def moment(day: int, share: Reals, zone: str = SHOP_ZONE) -> Ints:
    """Whole seconds inside a local day; uniform shares follow the hour curve of demand."""
    length = (midnight(day + 1, zone) - midnight(day, zone)) // SECOND
    seconds = (np.interp(share, _HOUR_CURVE, np.linspace(0.0, 1.0, 25)) * length).astype(np.int64)
    return midnight(day, zone) + np.minimum(seconds, length - 1) * SECOND


def local_day(at: Ints, zone: str = SHOP_ZONE) -> Ints:
    """The local day number of each instant."""
    days, place = np.unique(at // (86_400 * SECOND), return_inverse=True)
    begins, ends = (
        np.array([midnight(int(day) + side, zone) for day in days], dtype=np.int64)[place] for side in (0, 1)
    )
    found: Ints = days[place] - (at < begins) + (at >= ends)
    return found


def today(at: int, zone: str = SHOP_ZONE) -> int:
    """The local day number of one instant."""
    return int(local_day(np.array([at], dtype=np.int64), zone)[0])


def local_hour(at: Ints, day: int, zone: str) -> Ints:
    """The hour 0-23 since the local midnight."""
    return np.minimum((at - midnight(day, zone)) // (3_600 * SECOND), 23)


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def is_peak(day: int) -> bool:
    """Black Friday to Cyber Monday."""
    start = black_friday(date_of(day).year)
    return start <= date_of(day) <= start + timedelta(days=3)


def noise(dice: Dice, field: str, day: int) -> float:
    """Level noise around 0, deviation about 1, correlated over neighbouring days."""
    total = 0.0
    for reach in (1, 4, 16, 64):
        knot, into = day // reach, (day % reach) / reach
        left, right = (dice.one(f"{field}.{reach}", knot + side) - 0.5 for side in (0, 1))
        total += left + (right - left) * into
    return total * 2.0


@lru_cache(maxsize=16_384)
def demand(dice: Dice, day: int) -> float:
    """Orders of a day against an average day."""
    base = _WEEKDAYS[date_of(day).weekday()] * _wave(day) * (1 + 0.02 * noise(dice, "demand", day))
    return base * _occasion(dice, day, peak=2.6)


@lru_cache(maxsize=16_384)
def traffic(dice: Dice, day: int) -> float:
    """Sessions of a day against an average day."""
    base: float = _WEEKDAYS[date_of(day).weekday()] ** 0.7 * _wave(day) * (1 + 0.02 * noise(dice, "traffic", day))
    return base * _occasion(dice, day, peak=1.9)


def price_of_clicks(dice: Dice, account: str, day: int) -> float:
    """Cost per click of an account against its average; dear at the peak."""
    return (1 + 0.03 * noise(dice, f"price.{account}", day)) * (1.5 if is_peak(day) else 1.0)


def _wave(day: int) -> float:
    return 1 + 0.1 * cos(2 * pi * (date_of(day).timetuple().tm_yday - 335) / 365.25)


def _occasion(dice: Dice, day: int, *, peak: float) -> float:
    when = date_of(day)
    if is_peak(day):
        return peak
    if (when.month, when.day) in _REGISTERED:
        return 1.4
    if (when.month, when.day) in ((12, 24), (12, 25), (12, 26)):
        return 0.6
    return 1.2 if day in _unregistered(dice, when.year) else 1.0


@lru_cache(maxsize=256)
def _unregistered(dice: Dice, year: int) -> frozenset[int]:
    """Five promotions a year that nobody put into the calendar (none in October or November)."""
    return frozenset(number(date(year, 1, 5)) + int(dice.one(f"promotion.{n}", year) * 260) for n in range(5))
