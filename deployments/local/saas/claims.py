"""Which orders an ad platform counts as its own: by its last click, or by a view on the day before.

Google claims an order for its last click within 30 days, Meta for its last click within 7 days, or for a view
within a day where nobody clicked. Both claim the same order when both were clicked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.catalog import ACCOUNTS, BY_COUNTRY, GOOGLE, META, catalog, slot_curve
from deployments.local.saas.edits import AS_PLACED, as_of
from deployments.local.saas.hashing import Dice, Flags, Ints, Reals
from deployments.local.saas.journeys import Sessions
from deployments.local.saas.orders import orders_at
from deployments.local.saas.paths import SHAPES, Touch, shape_of
from deployments.local.saas.people import roster
from deployments.local.saas.seasons import SECOND

META_CLICK_DAYS = 7
VIEWED_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Viewers:
    """Buyers who had seen a Meta ad without clicking: the order, the ad, when it was shown, who is credited."""

    order_ref: Ints
    slot: Ints
    at: Ints
    order_at: Ints
    order_total: Ints


def claimed_at(came: Sessions, platform: int) -> Ints:
    """When the order behind each click is placed, 0 where this click claims none."""
    mine = _claiming(platform)[np.maximum(came.shape, 0), np.maximum(came.touch, 0)] & (came.shape >= 0)
    return np.where(mine, came.order_at, 0)


def in_account_money(dice: Dice, slot: Ints, cents: Ints) -> Ints:
    """Dollars cents as minor units of the currency of each slot's account."""
    return (cents * _per_cent(dice)[slot] + 0.5).astype(np.int64)


def viewers(dice: Dice, day: int) -> Viewers:
    """The orders of a shop day that Meta claims for a view."""
    position = np.arange(roster(dice, day).web, dtype=np.int64)
    clicked = np.array([any(map(_meta_claims, shape)) for shape in SHAPES], dtype=np.bool_)
    position = position[~clicked[shape_of(dice, day, position)]]
    position = position[dice.chance("viewed", position, VIEWED_SHARE, day)]
    found = as_of(orders_at(dice, day, position), AS_PLACED)
    ago = (60 + dice.below("viewed.ago", found.ref, 20 * 3_600)) * SECOND
    return Viewers(
        order_ref=found.ref,
        slot=_slots(dice, day, found.ref, found.country),
        at=found.created_at - ago,
        order_at=found.created_at,
        order_total=found.total,
    )


def _slots(dice: Dice, day: int, ref: Ints, country: Ints) -> Ints:
    slot, account = np.zeros(len(ref), dtype=np.int64), BY_COUNTRY[META][country]
    for place in np.unique(account):
        mine = np.flatnonzero(account == place)
        found = np.searchsorted(slot_curve(dice, int(place), day), dice.uniform("viewed.slot", ref[mine]))
        slot[mine] = catalog(dice).slots_of(int(place))[found]
    return slot


def _meta_claims(touch: Touch) -> bool:
    return touch.last_meta and touch.lag <= META_CLICK_DAYS


@lru_cache(maxsize=2)
def _claiming(platform: int) -> Flags:
    """For each shape and touch: whether the platform claims the order for it."""
    widest = max(map(len, SHAPES))
    table = np.zeros((len(SHAPES), widest), dtype=np.bool_)
    for shape, touches in enumerate(SHAPES):
        for n, touch in enumerate(touches):
            table[shape, n] = touch.last_google if platform == GOOGLE else _meta_claims(touch)
    return table


@lru_cache(maxsize=64)
def _per_cent(dice: Dice) -> Reals:
    accounts = [ACCOUNTS[a] for a in catalog(dice).account]
    return np.array([account.per_dollar * account.minor / 100 for account in accounts])
