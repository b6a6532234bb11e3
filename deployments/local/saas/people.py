"""Customers, and who orders on a day.

A customer is (birth day, number): the order that made them one. Repeat orders are strata: at each gap in
days an expected share of the birth cohort orders again, as one (wrapped) range of cohort numbers with a
hashed start. So the orders of any day are one new range and one range per gap, without looking anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.hashing import Dice, Flags, Ints
from deployments.local.saas.seasons import demand

COHORT = 1_000_000  # a person is birth day * COHORT + number
NEW_A_DAY = 235_000
GAPS = (3, 7, 12, 18, 24, 30, 37, 45, 60, 75, 90, 110, 135, 165, 200, 250, 320, 400)
SHARES = (3, 6, 8, 9, 9, 14, 8, 7, 9, 6, 7, 5, 5, 4, 4, 3.5, 3, 2.3)  # percent of the cohort; 1.13 in all
WEB_NEW, WEB_REPEAT = 0.62, 0.394


@dataclass(frozen=True, slots=True)
class Roster:
    """Who orders on one day, as ranges; positions [0, web) are orders of the web shop, the rest others."""

    day: int
    births: Ints
    starts: Ints
    cohorts: Ints
    counts: Ints
    webs: Ints

    @property
    def size(self) -> int:
        """Orders of the day."""
        return int(self.counts.sum())

    @property
    def web(self) -> int:
        """Orders of the day that come from the web shop."""
        return int(self.webs.sum())

    def people(self, position: Ints) -> Ints:
        """The person behind each order position."""
        is_web = position < self.web
        piece, into = _find(np.where(is_web, position, 0), self.webs)
        other, beyond = _find(np.where(is_web, 0, position - self.web), self.counts - self.webs)
        piece = np.where(is_web, piece, other)
        into = np.where(is_web, into, beyond + self.webs[piece])
        found: Ints = self.births[piece] * COHORT + (self.starts[piece] + into) % self.cohorts[piece]
        return found


@lru_cache(maxsize=65_536)
def newcomers(dice: Dice, day: int) -> int:
    """New customers of a day."""
    return max(1, dice.rounded(NEW_A_DAY * dice.scale * demand(dice, day), "newcomers", day))


@lru_cache(maxsize=65_536)
def repeat_range(dice: Dice, birth: int, gap: int) -> tuple[int, int]:
    """(start, count) of the cohort numbers that order again `gap` (an index of GAPS) later."""
    cohort = newcomers(dice, birth)
    wanted = SHARES[gap] / 100 * cohort * demand(dice, birth + GAPS[gap])
    count = min(cohort, dice.rounded(wanted, f"repeat.{gap}", birth))
    return int(dice.one(f"repeat.start.{gap}", birth) * cohort), count


@lru_cache(maxsize=4_096)
def roster(dice: Dice, day: int) -> Roster:
    """The ranges of people who order on a day."""
    births = [day, *(day - gap for gap in GAPS)]
    ranges = [(0, newcomers(dice, day)), *(repeat_range(dice, day - gap, n) for n, gap in enumerate(GAPS))]
    shares = [WEB_NEW] + [WEB_REPEAT] * len(GAPS)
    webs = [
        min(count, dice.rounded(share * count, f"web.{n}", day))
        for n, ((_, count), share) in enumerate(zip(ranges, shares, strict=True))
    ]
    return Roster(
        day=day,
        births=_ints(births),
        starts=_ints([start for start, _ in ranges]),
        cohorts=_ints([newcomers(dice, birth) for birth in births]),
        counts=_ints([count for _, count in ranges]),
        webs=_ints(webs),
    )


def birth_of(person: Ints) -> Ints:
    """The day of a customer's first order."""
    return person // COHORT


def order_days(dice: Dice, person: Ints) -> Ints:
    """Day of every order of each person: one column for the first and one per gap, -1 where there is none."""
    days = np.full((len(person), len(GAPS) + 1), -1, dtype=np.int64)
    births = birth_of(person)
    days[:, 0] = births
    for birth in np.unique(births):
        chosen = np.flatnonzero(births == birth)
        for gap, length in enumerate(GAPS):
            again = _repeats(dice, person[chosen] % COHORT, int(birth), gap)
            days[chosen, gap + 1] = np.where(again, birth + length, -1)
    return days


def position_of(dice: Dice, day: int, person: Ints, piece: Ints) -> Ints:
    """Where these people's orders stand on a day; piece 0 is their first order, n + 1 the one GAPS[n] later."""
    who = roster(dice, day)
    into = (person % COHORT - who.starts[piece]) % who.cohorts[piece]
    others = who.counts - who.webs
    in_web = (np.cumsum(who.webs) - who.webs)[piece] + into
    in_others = who.web + (np.cumsum(others) - others)[piece] + into - who.webs[piece]
    return np.where(into < who.webs[piece], in_web, in_others).astype(np.int64)


def _repeats(dice: Dice, numbers: Ints, birth: int, gap: int) -> Flags:
    start, count = repeat_range(dice, birth, gap)
    return (numbers - start) % newcomers(dice, birth) < count


def _find(position: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """(piece, offset inside it) of positions in pieces laid end to end."""
    ends = np.cumsum(sizes)
    piece = np.minimum(np.searchsorted(ends, position, side="right"), len(sizes) - 1).astype(np.int64)
    return piece, position - (ends - sizes)[piece]


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int64)
