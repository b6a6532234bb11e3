"""One deterministic BrightCart: who visits, clicks, orders and returns on any day, as columns.

Nothing is stored. Any day can be asked in any order, by any process, and gives the same values; the faces
(`faces_*`) turn the same columns into what each system would answer at an instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from deployments.local.saas import deliveries, journeys, leads
from deployments.local.saas import orders as bought
from deployments.local.saas.catalog import Catalog, catalog
from deployments.local.saas.hashing import Dice
from deployments.local.saas.seasons import number


@dataclass(frozen=True, slots=True)
class World:
    """`seed` chooses the world, `scale` its size: 1.0 is 50 M web events and 500 K orders a day."""

    seed: int
    scale: float

    @property
    def dice(self) -> Dice:
        """The randomness of this world."""
        return Dice(self.seed, self.scale)

    @property
    def catalog(self) -> Catalog:
        """Campaigns, groups and ads."""
        return catalog(self.dice)

    def orders(self, day: date) -> bought.Orders:
        """The orders created on a shop day."""
        return bought.orders(self.dice, number(day))

    def refunds(self, day: date) -> bought.Orders:
        """The orders given back on a shop day (see `refunded_at`, `refunded`)."""
        return bought.refunds(self.dice, number(day))

    def session_count(self, day: date) -> int:
        """Sessions of a shop day."""
        return journeys.session_count(self.dice, number(day))

    def sessions(self, day: date, first: int = 0, last: int | None = None) -> journeys.Sessions:
        """The sessions started on a shop day, or those at positions [first, last)."""
        return journeys.sessions(self.dice, number(day), first, last)

    def ad_days(self, account: int, day: date) -> deliveries.Deliveries:
        """Clicks and other ad deliveries of an account (a position in ACCOUNTS) on its own local day."""
        return deliveries.account_day(self.dice, account, number(day))

    def contacts(self, day: date) -> leads.Contacts:
        """The CRM contacts created on a shop day."""
        return leads.contacts(self.dice, number(day))
