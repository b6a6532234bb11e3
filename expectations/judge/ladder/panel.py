"""The history of one account as arrays: a row for each day, a column for each campaign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Event:
    """A span that the calendar knows; a multiplier above 1 widens the upper band, below 1 the lower one."""

    first: date
    last: date
    name: str
    multiplier: float


def allowance(days: tuple[date, ...], events: tuple[Event, ...]) -> tuple[Floats, Floats]:
    """Logarithms of the factors by which the calendar lets each day lie above and below its band."""
    up, down = np.zeros(len(days)), np.zeros(len(days))
    for event in events:
        inside = np.array([event.first <= day <= event.last for day in days], dtype=bool)
        side = up if event.multiplier > 1 else down
        side[inside] = np.maximum(side[inside], abs(float(np.log(event.multiplier))))
    return up, down


@dataclass(frozen=True)
class Panel:
    """Spend, clicks and impressions of the campaigns of one account on consecutive days.

    The arrays have the shape (days, campaigns). `rows` counts delivered rows: 0 where a campaign has none that day,
    more than 1 where the same row came again; amounts are sums over them, NaN where there is no row. `channel` gives
    the number of the channel of each campaign. `up` and `down` (days) are what the calendar allows: logarithms of the
    factor by which a day may lie above and below its usual band, 0 on ordinary days.
    """

    account: str
    days: tuple[date, ...]
    channels: tuple[str, ...]
    channel: Ints
    rows: Ints
    spend: Floats
    clicks: Floats
    impressions: Floats
    up: Floats
    down: Floats

    @property
    def special(self) -> Flags:
        """Days that the calendar knows: no baseline is learned from them."""
        known: Flags = (self.up > 0) | (self.down > 0)
        return known

    def campaigns_of(self, channel: int) -> Ints:
        """Columns of one channel."""
        return np.flatnonzero(self.channel == channel)

    def total(self, amounts: Floats, channel: int) -> Floats:
        """Sum over the campaigns of a channel by day; 0 where none of them has a row."""
        summed: Floats = np.nansum(amounts[:, self.campaigns_of(channel)], axis=1)
        return summed
