"""The history of one account as arrays: a row for each day, a column for each campaign."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from expectations.declare.promotions import Promotion

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


def allowance(days: tuple[date, ...], events: tuple[Promotion, ...]) -> tuple[Floats, Floats]:
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
    the number of the channel of each campaign, `unit` the currency where all amounts have the same one, `hours`
    (days, channels) how many hours of the day have rows, where the platform reports by hour, `budget` (days, channels)
    what may be spent in the month of the day, NaN where nobody said. `up` and `down` (days)
    are what the calendar allows: logarithms of the factor by which a day may lie above and below its usual band, 0 on
    ordinary days.
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
    unit: str = ""
    hours: Floats | None = None
    budget: Floats | None = None

    @property
    def special(self) -> Flags:
        """Days that the calendar knows: no baseline is learned from them."""
        known: Flags = (self.up > 0) | (self.down > 0)
        return known

    def campaigns_of(self, channel: int) -> Ints:
        """Columns of one channel."""
        return np.flatnonzero(self.channel == channel)

    def totals(self, amounts: Floats) -> Floats:
        """Sums over the campaigns of each channel by day, (days, channels); 0 where none of them has a row."""
        return self.by_channel(amounts, lambda columns: np.nansum(columns, axis=0))

    def by_channel(self, amounts: Floats, merged: Callable[[Floats], Floats]) -> Floats:
        """What `merged` makes of the campaigns (first axis) of each channel: (days, campaigns) to (days, channels)."""
        numbers = range(len(self.channels))
        return np.stack([merged(amounts[:, self.campaigns_of(number)].T) for number in numbers], axis=1)

    def merged(self, amounts: Floats, weights: Floats, merged: Callable[[Floats, Floats], Floats]) -> Floats:
        """The same with a weight for each campaign and day."""
        columns = [self.campaigns_of(number) for number in range(len(self.channels))]
        return np.stack([merged(amounts[:, mine].T, weights[:, mine].T) for mine in columns], axis=1)

    def spread(self, of_channels: Floats) -> Floats:
        """What is known of each channel, for each of its campaigns: (days, channels) to (days, campaigns)."""
        found: Floats = of_channels[:, self.channel]
        return found
