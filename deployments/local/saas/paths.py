"""How buyers come to an order: a table of path shapes, cut out of the day's web orders by share.

An order's place in a reordering of the day decides its shape, so the converting sessions of a day are one
range of orders per (shape, touch): of the orders `lag` days later.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from deployments.local.saas.hashing import Dice, Ints, Shuffle
from deployments.local.saas.people import roster

CHANNELS = ("google", "meta", "organic", "direct", "email", "referral", "social")
_LETTERS = "gmoders"
# share, then channel letter and lag in days of each touch, oldest first; the last touch is the buying session
_SHAPES = (
    (0.130, "g0"),
    (0.090, "m0"),
    (0.130, "o0"),
    (0.150, "d0"),
    (0.080, "e0"),
    (0.020, "r0"),
    (0.020, "s0"),
    (0.070, "m3 g0"),
    (0.050, "g2 d0"),
    (0.050, "m1 d0"),
    (0.040, "o5 g0"),
    (0.040, "m6 e0"),
    (0.030, "g9 e0"),
    (0.020, "g0 d0"),
    (0.030, "m12 o4 d0"),
    (0.020, "g20 m5 d0"),
    (0.015, "m27 g11 e0"),
    (0.015, "s14 m2 g0"),
)


@dataclass(frozen=True, slots=True)
class Touch:
    """One visit on the way to an order. `last_google`, `last_meta`: no later click of that platform follows."""

    channel: int
    lag: int
    is_last: bool
    last_google: bool
    last_meta: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of places [low, low + count) of the web orders of `order_day`: one touch of one shape each."""

    order_day: int
    shape: int
    touch: int
    low: int
    count: int


def _read(text: str) -> tuple[Touch, ...]:
    steps = [(_LETTERS.index(word[0]), int(word[1:])) for word in text.split()]
    return tuple(
        Touch(
            channel=channel,
            lag=lag,
            is_last=n == len(steps) - 1,
            last_google=channel == 0 and all(later != 0 for later, _ in steps[n + 1 :]),
            last_meta=channel == 1 and all(later != 1 for later, _ in steps[n + 1 :]),
        )
        for n, (channel, lag) in enumerate(steps)
    )


SHAPES = tuple(_read(text) for _, text in _SHAPES)
_CURVE = np.concatenate(([0.0], np.cumsum([share for share, _ in _SHAPES])))
# Pieces of one day lie in this order: by channel, so that each channel's sessions are one range.
_TOUCHES = sorted(
    ((shape, n) for shape, touches in enumerate(SHAPES) for n in range(len(touches))),
    key=lambda pair: SHAPES[pair[0]][pair[1]].channel,
)


def shuffle(dice: Dice, day: int) -> Shuffle:
    """The reordering of a day's web orders that shapes are cut from."""
    return Shuffle.of(dice, "shape", day, roster(dice, day).web)


def cuts(dice: Dice, day: int) -> Ints:
    """The places where each shape begins, and the end of the last."""
    return np.asarray(roster(dice, day).web * _CURVE / _CURVE[-1] + 0.5, dtype=np.float64).astype(np.int64)


def shape_of(dice: Dice, day: int, position: Ints) -> Ints:
    """The shape of each web order of a day."""
    place = shuffle(dice, day).place(position)
    return np.searchsorted(cuts(dice, day), place, side="right").astype(np.int64) - 1


@lru_cache(maxsize=1_024)
def pieces(dice: Dice, day: int) -> tuple[Piece, ...]:
    """The converting sessions of a day, as ranges."""
    found = []
    for shape, touch in _TOUCHES:
        order_day = day + SHAPES[shape][touch].lag
        low, high = list(pairwise(cuts(dice, order_day)))[shape]
        found.append(Piece(order_day, shape, touch, int(low), int(high - low)))
    return tuple(found)
