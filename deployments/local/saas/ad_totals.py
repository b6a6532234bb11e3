"""Sums of ad deliveries by row of a report; exact, because every figure is a whole number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deployments.local.saas.deliveries import Deliveries
from deployments.local.saas.hashing import Flags, Ints


@dataclass(frozen=True, slots=True)
class Totals:
    """One entry per key, in the order of the keys; `cost` and `value` in minor units."""

    key: Ints
    clicks: Ints
    impressions: Ints
    cost: Ints
    conversions: Ints
    value: Ints
    viewed: Ints
    viewed_value: Ints

    def views(self) -> list[tuple[int, int]]:
        """(conversions, value) that are claimed for a view without a click, of each key."""
        return list(zip(self.viewed.tolist(), self.viewed_value.tolist(), strict=True))

    def rows(self) -> list[tuple[int, int, int, int, int, int]]:
        """(key, clicks, impressions, cost, conversions, value) of each key."""
        columns = (self.key, self.clicks, self.impressions, self.cost, self.conversions, self.value)
        return list(zip(*(column.tolist() for column in columns), strict=True))


def totals(known: Deliveries, key: Ints, instant: int) -> Totals:
    """What is known at an instant, by key."""
    keys, place = np.unique(key, return_inverse=True)
    sold = has_sold(known, instant)
    seen = sold & ~known.is_click

    def added(values: Ints | Flags) -> Ints:
        return np.bincount(place, weights=values, minlength=len(keys)).astype(np.int64)

    return Totals(
        key=keys,
        clicks=added(known.is_click),
        impressions=added(known.impressions),
        cost=added(known.cost),
        conversions=added(sold),
        value=added(np.where(sold, known.claimed, 0)),
        viewed=added(seen),
        viewed_value=added(np.where(seen, known.claimed, 0)),
    )


def has_sold(known: Deliveries, instant: int) -> Flags:
    """Whether the order a delivery is credited with was placed by an instant."""
    return np.asarray((known.claimed_at > 0) & (known.claimed_at <= instant), dtype=np.bool_)
