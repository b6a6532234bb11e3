"""Channel models that need whole paths: exact Markov removal effects and Shapley values, beside the path rules.

Formulae: first-order Markov chain with removal effects solved by linear algebra, and the Shapley value of
v(S) = conversions on paths whose channels all lie in S, which is the even split over the distinct channels of each
path. Rules and Shapley are summed exactly per divisor, so that they do not depend on the order of the paths.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Model = Literal["first_touch", "last_touch", "linear", "markov", "shapley"]
MODELS: tuple[Model, ...] = ("first_touch", "last_touch", "linear", "markov", "shapley")
_EXACT = Context(prec=80)  # digits: sums of amounts of any size lose nothing


@dataclass(frozen=True)
class Path:
    """Journeys through the same channels in the same order: how many converted, what they paid, how many did not."""

    channels: tuple[str, ...]
    conversions: int
    value: Decimal
    nulls: int


@dataclass(frozen=True)
class ChannelCredit:
    """What a model gives a channel; the removal effect is Markov's share of conversions lost without the channel."""

    channel: str
    model: Model
    conversions: float
    value: float
    removal_effect: float | None = None


class _Shares:
    """Exact sums by channel and divisor; only the result is a fraction."""

    def __init__(self) -> None:
        self._conversions: defaultdict[tuple[str, int], int] = defaultdict(int)
        self._values: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)

    def add(self, path: Path, channels: Iterable[str], divisor: int) -> None:
        for channel in channels:
            self._conversions[channel, divisor] += path.conversions
            self._values[channel, divisor] += path.value

    def credits(self, model: Model, channels: Iterable[str]) -> list[ChannelCredit]:
        conversions, values = self._divided(self._conversions), self._divided(self._values)
        return [
            ChannelCredit(channel, model, float(conversions[channel]), float(values[channel])) for channel in channels
        ]

    @staticmethod
    def _divided(sums: Mapping[tuple[str, int], int | Decimal]) -> dict[str, Fraction]:
        by_channel: defaultdict[str, Fraction] = defaultdict(Fraction)
        for (channel, divisor), whole in sums.items():
            by_channel[channel] += Fraction(whole) / divisor
        return by_channel


def channel_credits(paths: Sequence[Path]) -> list[ChannelCredit]:
    """Every model for every channel of the paths, sorted by model (as in MODELS) and channel.

    A channel that a model gives nothing has a zero; a path without people and without value counts for nothing.
    """
    walked = [path for path in paths if path.conversions + path.nulls > 0 or path.value]
    channels = sorted({channel for path in walked for channel in path.channels})
    first, last, linear, shapley = _Shares(), _Shares(), _Shares(), _Shares()
    with localcontext(_EXACT):
        for path in walked:
            distinct = set(path.channels)
            first.add(path, path.channels[:1], 1)
            last.add(path, path.channels[-1:], 1)
            linear.add(path, path.channels, len(path.channels))
            shapley.add(path, distinct, len(distinct))
    return [
        *first.credits("first_touch", channels),
        *last.credits("last_touch", channels),
        *linear.credits("linear", channels),
        *_markov(walked, channels),
        *shapley.credits("shapley", channels),
    ]


def removal_effects(paths: Sequence[Path]) -> dict[str, float]:
    """The share of conversions that is lost when a channel leads nowhere any more, by channel; in [0, 1].

    Every path must have been walked by somebody.

    With N = (I - Q)^-1 of the chain, the probability to pass k from the start is (s N)_k / N_kk, and from k it
    converts with x_k: so 1 - p_k / p = (s N)_k x_k / (N_kk p), one inverse for all channels. Zeros where nothing
    converts.
    """
    channels = sorted({channel for path in paths for channel in path.channels})
    if not channels:
        return {}
    start, inner, converting = _transitions(paths, channels)
    visits = np.linalg.inv(np.eye(len(channels)) - inner)
    from_channel = visits @ converting
    converted = float(start @ from_channel)
    if converted <= 0:
        return dict.fromkeys(channels, 0.0)
    lost = (start @ visits) / np.diag(visits) * from_channel / converted
    return {channel: min(max(float(effect), 0.0), 1.0) for channel, effect in zip(channels, lost, strict=True)}


def _transitions(
    paths: Sequence[Path], channels: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Probabilities of the first step, between channels, and from a channel to the conversion."""
    place = {channel: number for number, channel in enumerate(channels)}
    start = np.zeros(len(channels))
    inner = np.zeros((len(channels), len(channels)))
    ends = np.zeros((2, len(channels)))
    for path in paths:
        walked = [place[channel] for channel in path.channels]
        times = path.conversions + path.nulls
        start[walked[0]] += times
        for origin, target in pairwise(walked):
            inner[origin, target] += times
        ends[0, walked[-1]] += path.conversions
        ends[1, walked[-1]] += path.nulls
    leaving = inner.sum(axis=1) + ends.sum(axis=0)
    return start / start.sum(), inner / leaving[:, None], ends[0] / leaving


def _markov(paths: Sequence[Path], channels: Sequence[str]) -> list[ChannelCredit]:
    known = removal_effects([path for path in paths if path.conversions + path.nulls > 0])
    effects = {channel: known.get(channel, 0.0) for channel in channels}
    whole = sum(effects.values())
    conversions = sum(path.conversions for path in paths)
    value = float(sum(Fraction(path.value) for path in paths))
    shares = {channel: effect / whole if whole else 0.0 for channel, effect in effects.items()}
    return [
        ChannelCredit(channel, "markov", conversions * shares[channel], value * shares[channel], effect)
        for channel, effect in effects.items()
    ]
