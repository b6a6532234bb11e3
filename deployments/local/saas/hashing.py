"""Randomness without state: every value is a pure function of (seed, field, day, entity).

A value never depends on which others were drawn before it, so any slice of the world equals the whole,
in any order and in any process. The finaliser is the usual 64-bit splitmix one, applied twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import gcd

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

STEP_COUNTRY, STEP_SLOT = 0.7548776662466927, 0.5698402909980532  # irrational steps for `even`
_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix64(words: Words) -> Words:
    """Scramble 64-bit words; a bijection, so distinct words stay distinct."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(_FIRST)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(_SECOND)
    return words ^ (words >> np.uint64(31))


def mix_one(word: int) -> int:
    """`mix64` of one Python integer."""
    word = ((word ^ (word >> 30)) * _FIRST) & _MASK
    word = ((word ^ (word >> 27)) * _SECOND) & _MASK
    return word ^ (word >> 31)


@lru_cache(maxsize=65_536)
def _key(seed: int, field: str, day: int) -> int:
    name = int.from_bytes(blake2b(field.encode(), digest_size=8).digest(), "big")
    key = mix_one((seed + _GOLDEN) & _MASK)
    for part in (name, day & _MASK):
        key = mix_one((key ^ part) + _GOLDEN & _MASK)
    return key


@dataclass(frozen=True, slots=True)
class Dice:
    """The seed and size of one world; `scale` 1.0 is 50 M web events and 500 K orders a day."""

    seed: int
    scale: float

    @property
    def is_small(self) -> bool:
        """Whether whole days may be kept in memory."""
        return self.scale <= 0.002

    def words(self, field: str, entity: Ints, day: int = 0) -> Words:
        """64 random bits per entity."""
        start = entity.astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(_key(self.seed, field, day))
        return mix64(mix64(start))

    def uniform(self, field: str, entity: Ints, day: int = 0) -> Reals:
        """Uniform in [0, 1), 53 bits."""
        return (self.words(field, entity, day) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def below(self, field: str, entity: Ints, limit: int) -> Ints:
        """Uniform integers in [0, limit)."""
        return (self.uniform(field, entity) * limit).astype(np.int64)

    def chance(self, field: str, entity: Ints, share: float | Reals, day: int = 0) -> Flags:
        """True for this share of the entities."""
        return np.asarray(self.uniform(field, entity, day) < share, dtype=np.bool_)

    def pick(self, field: str, entity: Ints, weights: Reals) -> Ints:
        """Positions drawn with these weights."""
        rising = np.cumsum(weights)
        found = np.searchsorted(rising, self.uniform(field, entity) * rising[-1], side="right")
        return np.asarray(np.minimum(found, len(weights) - 1), dtype=np.int64)

    def one(self, field: str, day: int = 0) -> float:
        """One uniform value of a day."""
        return (mix_one(mix_one(_key(self.seed, field, day))) >> 11) * 2.0**-53

    def rounded(self, value: float, field: str, day: int = 0) -> int:
        """`value` as a whole number whose mean over days is `value`, also where it is below one."""
        return int(value + self.one(field, day))


@dataclass(frozen=True, slots=True)
class Shuffle:
    """An invertible, index-computable reordering of [0, size): strata cut on it mix all entities."""

    size: int
    step: int
    shift: int

    @classmethod
    def of(cls, dice: Dice, field: str, day: int, size: int) -> Shuffle:
        """The reordering of one day's entities."""
        step = int(size * (0.35 + 0.3 * dice.one(field, day))) or 1
        while gcd(step, size) != 1:
            step += 1
        return cls(size, step, int(size * dice.one(f"{field}.shift", day)))

    def place(self, index: Ints) -> Ints:
        """Where each index stands in the new order."""
        return (index * self.step + self.shift) % max(self.size, 1)

    def index(self, place: Ints) -> Ints:
        """Which index stands at each place."""
        back = pow(self.step, -1, self.size) if self.size > 1 else 0
        return ((place - self.shift) * back) % max(self.size, 1)


def unit(values: Reals) -> Reals:
    """Weights that sum to one."""
    return np.asarray(values / values.sum(), dtype=np.float64)


def even(dice: Dice, day: int, position: Ints, step: float) -> Reals:
    """Numbers in [0, 1) that fill the interval evenly, so that shares hold at small scale too."""
    return np.asarray((position * step + dice.one("even", day)) % 1.0)
