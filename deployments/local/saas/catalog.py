"""The ad accounts and what hangs below them: campaigns, groups, ads; and how names change over time.

Performance Max campaigns have no groups and no ads. Sizes follow the square root of the scale, with a floor.
A slot is the smallest thing an ad click can point to: an ad, or a campaign that has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.hashing import Dice, Ints, Reals, unit
from deployments.local.saas.seasons import noise

GOOGLE, META = 1, 2
HOSTILE_NAME = "<img src=x onerror=alert(1)>"
EMOJI_NAME = "Cozy Season 🎁✨ ❄️ Gifts"
_FAMILY = 10_000
_RENAMED_EVERY = 120


@dataclass(frozen=True, slots=True)
class Account:
    """An ad account; `per_dollar` is its currency's price of one dollar, `minor` the parts of one unit."""

    platform: int
    id: int
    name: str
    zone: str
    currency: str
    per_dollar: float
    minor: int
    share: float


ACCOUNTS = (
    Account(GOOGLE, 4_651_612_872, "BrightCart US", "America/New_York", "USD", 1.0, 100, 0.55),
    Account(GOOGLE, 7_203_114_955, "BrightCart UK", "Europe/London", "GBP", 0.79, 100, 0.27),
    Account(GOOGLE, 2_948_660_317, "BrightCart DE", "Europe/Berlin", "EUR", 0.92, 100, 0.18),
    Account(META, 212_551_616_838_260, "BrightCart US", "America/Los_Angeles", "USD", 1.0, 100, 0.55),
    Account(META, 318_840_977_120_445, "BrightCart UK", "Europe/London", "GBP", 0.79, 100, 0.25),
    Account(META, 470_226_513_909_871, "BrightCart JP", "Asia/Tokyo", "JPY", 150.0, 1, 0.20),
)
# Which account speaks to a country (US, GB, DE, JP), as positions in ACCOUNTS.
BY_COUNTRY = {GOOGLE: np.array([0, 1, 2, 0]), META: np.array([3, 4, 4, 5])}
_KINDS = {
    GOOGLE: ("SEARCH", "PERFORMANCE_MAX", "SHOPPING", "SEARCH", "DEMAND_GEN"),
    META: ("OUTCOME_SALES", "OUTCOME_SALES", "OUTCOME_TRAFFIC", "OUTCOME_SALES", "OUTCOME_LEADS"),
}
_WEIGHTS = {"SEARCH": 0.16, "PERFORMANCE_MAX": 0.40, "SHOPPING": 0.24, "DEMAND_GEN": 0.06}
_THEMES = ("Brand", "Everything", "Home", "Outdoor", "Kids", "Kitchen", "Gifts", "Clearance", "Members", "Retarget")
_REVISIONS = ("", " v2", " - refreshed", " | always on")


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; `account` is a position in ACCOUNTS, `budget` whole minor units a day."""

    index: int
    id: int
    account: int
    kind: str
    name: str
    slug: str
    budget: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that can be clicked. Slots are columns: campaign, group number, ad number (-1: none), weight."""

    campaigns: tuple[Campaign, ...]
    campaign: Ints
    group: Ints
    ad: Ints
    weight: Reals
    account: Ints

    def slots_of(self, account: int) -> Ints:
        """The slots of one account (a position in ACCOUNTS)."""
        return np.flatnonzero(self.account == account).astype(np.int64)

    def group_id(self, slot: int) -> int:
        """The platform's id of the slot's ad group or ad set."""
        campaign: Campaign = self.campaigns[int(self.campaign[slot])]
        return campaign.id * 100 + int(self.group[slot]) + 1

    def ad_id(self, slot: int) -> int:
        """The platform's id of the slot's ad."""
        return self.group_id(slot) * 100 + int(self.ad[slot]) + 1


@lru_cache(maxsize=64)
def catalog(dice: Dice) -> Catalog:
    """The hierarchy of this world."""
    campaigns = tuple(_campaign(dice, place, n) for place, n in _numbers(dice))
    slots = [(c.index, group, ad) for c in campaigns for group, ad in _children(dice, c)]
    campaign, group, ad = (np.array(column, dtype=np.int64) for column in zip(*slots, strict=True))
    siblings = np.bincount(campaign)[campaign]
    weight = np.array([_weight(dice, campaigns[c]) for c in campaign]) / siblings
    weight *= 0.5 + dice.uniform("slot.weight", np.arange(len(slots), dtype=np.int64))
    account = np.array([campaigns[c].account for c in campaign], dtype=np.int64)
    return Catalog(campaigns, campaign, group, ad, weight, account)


@lru_cache(maxsize=4_096)
def slot_curve(dice: Dice, account: int, day: int) -> Reals:
    """Rising shares of an account's clicks over its slots on a day, ending in one."""
    book = catalog(dice)
    slots = book.slots_of(account)
    moods = {int(c): 1 + 0.08 * noise(dice, f"campaign.{c}", day) for c in np.unique(book.campaign[slots])}
    mood = np.array([moods[int(c)] for c in book.campaign[slots]])
    return np.cumsum(unit(book.weight[slots] * mood))


def campaign_name(dice: Dice, campaign: Campaign, day: int) -> str:
    """The name people see on a day: marketers rename a campaign about every four months."""
    shift = _shift(dice, campaign.index)
    revision = _REVISIONS[((day + shift) // _RENAMED_EVERY + campaign.index) % len(_REVISIONS)]
    return campaign.name if campaign.name == HOSTILE_NAME else campaign.name + revision


def renamed_on(dice: Dice, campaign: int, day: int) -> int:
    """The last day up to `day` on which a campaign was renamed."""
    return day - (day + _shift(dice, campaign)) % _RENAMED_EVERY


def _shift(dice: Dice, campaign: int) -> int:
    return int(dice.one("campaign.renamed", campaign) * _RENAMED_EVERY)


def group_name(book: Catalog, slot: int) -> str:
    """The name of the slot's ad group or ad set."""
    return f"{_THEMES[(int(book.campaign[slot]) + int(book.group[slot])) % len(_THEMES)]} {book.group[slot] + 1}"


def ad_name(book: Catalog, slot: int) -> str:
    """The name of the slot's ad."""
    return f"{group_name(book, slot)} creative {'ABCDEFGH'[int(book.ad[slot]) % 8]}"


def _numbers(dice: Dice) -> list[tuple[int, int]]:
    each = max(5, round(67 * dice.scale**0.5))
    return [(place, n) for place in range(len(ACCOUNTS)) for n in range(each)]


def _campaign(dice: Dice, place: int, n: int) -> Campaign:
    account = ACCOUNTS[place]
    each = max(5, round(67 * dice.scale**0.5))
    index = place * each + n
    kind = _KINDS[account.platform][n % 5]
    theme = _THEMES[(n + 3 * place) % len(_THEMES)]
    words = {(0, 3): HOSTILE_NAME, (3, 2): EMOJI_NAME}
    name = words.get((place, n), f"{account.name[-2:]} | {kind.replace('_', ' ').title()} | {theme} {n + 1}")
    letter = "g" if account.platform == GOOGLE else "m"
    slug = f"{letter}-{account.name[-2:].lower()}-{theme.lower()}-{n + 1}"
    base = 20_000_000_000 if account.platform == GOOGLE else 120_210_000_000
    budget = int((2_000_000 * dice.scale + 20) * account.share * account.per_dollar / each * 2) * account.minor
    return Campaign(index, base + place * _FAMILY + n * 7 + 11, place, kind, name, slug, budget)


def _children(dice: Dice, campaign: Campaign) -> list[tuple[int, int]]:
    if campaign.kind == "PERFORMANCE_MAX":
        return [(-1, -1)]
    groups, ads = max(2, round(4 * dice.scale**0.5)), max(2, round(5 * dice.scale**0.5))
    return [(group, ad) for group in range(groups) for ad in range(ads)]


def _weight(dice: Dice, campaign: Campaign) -> float:
    return _WEIGHTS.get(campaign.kind, 0.2) * (0.6 + 0.8 * dice.one("campaign.weight", campaign.index))
