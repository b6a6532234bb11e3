"""What ad platforms count: clicks that became a session, clicks that were lost, and views without a click.

Every figure of an ad report is a sum over deliveries that the platform knows at an instant, so restatement,
partial days and the several reports of one platform agree with each other by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.catalog import ACCOUNTS, GOOGLE, META, catalog, slot_curve
from deployments.local.saas.claims import claimed_at, in_account_money, viewers
from deployments.local.saas.hashing import STEP_COUNTRY, STEP_SLOT, Dice, Flags, Ints, Reals, even
from deployments.local.saas.journeys import SESSIONS_A_DAY, SHARES, SPAN, channel_ranges, sessions, sessions_at
from deployments.local.saas.seasons import SECOND, local_day, midnight, moment, price_of_clicks, traffic

HOUR = 3_600 * SECOND
LOST, VIEWS = 1 / 9, 0.5  # per click that became a session
# dollars per click and clicks per impression
_PRICES = {"SEARCH": 1.6, "PERFORMANCE_MAX": 0.78, "SHOPPING": 0.72, "DEMAND_GEN": 0.5}
_RATES = {"SEARCH": 0.065, "PERFORMANCE_MAX": 0.009, "SHOPPING": 0.009, "DEMAND_GEN": 0.007}
_META_PRICE, _META_RATE = 1.0, 0.013
_REPORTED = ((0.0, 24.0, 72.0), (0.985, 0.997, 1.0))  # hours after the account's day, share known


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Columns of ad deliveries. `cost` is in minor units of the account's currency (cents, yen).

    `known_at` is when the platform first counts it, `refunded_at` when it takes an invalid click's cost back
    (0: never), `gone_at` when it withdraws the whole row of that ad and day. `session` is the position among
    the sessions of `shop_day`, -1 for lost clicks and views. `claimed_at` is when the order that the platform
    counts for it is placed (0: none), `claimed` that order's total in minor units of the account's currency.
    """

    ref: Ints
    shop_day: Ints
    account: Ints
    slot: Ints
    at: Ints
    day: Ints
    device: Ints
    click: Ints
    session: Ints
    is_click: Flags
    impressions: Ints
    cost: Ints
    known_at: Ints
    refunded_at: Ints
    gone_at: Ints
    claimed_at: Ints
    claimed: Ints

    def __len__(self) -> int:
        return len(self.ref)

    def take(self, chosen: Ints | Flags) -> Deliveries:
        """Some of the deliveries."""
        return Deliveries(**{name: getattr(self, name)[chosen] for name in Deliveries.__slots__})

    def as_of(self, instant: int) -> Deliveries:
        """Those known at an instant, each with the cost it has then."""
        gone = (self.gone_at > 0) & (self.gone_at <= instant)
        known = self.take((self.known_at <= instant) & ~gone)
        values = {name: getattr(known, name) for name in Deliveries.__slots__}
        values["cost"] = np.where((known.refunded_at > 0) & (known.refunded_at <= instant), 0, known.cost)
        return Deliveries(**values)


def account_day(dice: Dice, account: int, day: int) -> Deliveries:
    """The deliveries of an account on its own local day, whatever is known of them so far."""
    return _kept(dice, account, day) if dice.is_small else _account_day(dice, account, day)


@lru_cache(maxsize=1_024)
def _kept(dice: Dice, account: int, day: int) -> Deliveries:
    return _account_day(dice, account, day)


def _account_day(dice: Dice, account: int, day: int) -> Deliveries:
    parts = []
    for shop_day in (day - 1, day, day + 1):
        found = shop_deliveries(dice, ACCOUNTS[account].platform, shop_day)
        parts.append(found.take((found.account == account) & (found.day == day)))
    return join(parts)


def join(parts: list[Deliveries]) -> Deliveries:
    """Several sets of deliveries as one."""
    return Deliveries(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Deliveries.__slots__}
    )


@lru_cache(maxsize=192)
def _shop_kept(dice: Dice, platform: int, day: int) -> Deliveries:
    return _shop_deliveries(dice, platform, day)


@lru_cache(maxsize=3)
def _shop_recent(dice: Dice, platform: int, day: int) -> Deliveries:
    return _shop_deliveries(dice, platform, day)


def shop_deliveries(dice: Dice, platform: int, day: int) -> Deliveries:
    """All deliveries of a platform during one shop day."""
    return _shop_kept(dice, platform, day) if dice.is_small else _shop_recent(dice, platform, day)


def _shop_deliveries(dice: Dice, platform: int, day: int) -> Deliveries:
    position = np.concatenate(channel_ranges(dice, day, 0 if platform == GOOGLE else 1))
    came = sessions(dice, day).take(position) if dice.is_small else sessions_at(dice, day, position)
    extra = _extra(dice, platform, day)
    buyers = viewers(dice, day) if platform == META else None
    parts = [
        _Seeds(came.ref, came.slot, came.click_at, came.device, came.position >= 0, came.position,
               claimed_at(came, platform), came.order_total),
        _Seeds(extra, _extra_slots(dice, platform, day, extra), moment(day, dice.uniform("delivery.second", extra)),
               _devices(dice, extra), extra % 2 == 0, *_none(extra)),
    ]  # fmt: skip
    if buyers:
        ref = -buyers.order_ref - SPAN * SPAN
        views = np.zeros(len(ref), dtype=np.bool_)
        parts.append(
            _Seeds(ref, buyers.slot, buyers.at, _devices(dice, ref), views, _none(ref)[0],
                   buyers.order_at, buyers.order_total)
        )  # fmt: skip
    return _complete(dice, day, _Seeds(*(np.concatenate(column) for column in zip(*map(_values, parts), strict=True))))


@dataclass(frozen=True, slots=True)
class _Seeds:
    """What makes a delivery before the platform counts and prices it."""

    ref: Ints
    slot: Ints
    at: Ints
    device: Ints
    is_click: Flags
    session: Ints
    claimed_at: Ints
    total: Ints


def _values(seeds: _Seeds) -> list[Ints]:
    return [getattr(seeds, name) for name in _Seeds.__slots__]


def _none(ref: Ints) -> tuple[Ints, Ints, Ints]:
    """(session, claimed_at, total) of deliveries that led to nothing."""
    return np.full(len(ref), -1), np.zeros(len(ref), dtype=np.int64), np.zeros(len(ref), dtype=np.int64)


def _devices(dice: Dice, ref: Ints) -> Ints:
    return dice.pick("delivery.device", ref, np.array([0.65, 0.32, 0.03]))


def _complete(dice: Dice, day: int, seeds: _Seeds) -> Deliveries:
    ref, slot, at = seeds.ref, seeds.slot, seeds.at
    account = catalog(dice).account[slot]
    local, closed = _local(account, at)
    impressions, cost = _price(dice, day, (ref, slot, seeds.is_click))
    click = (dice.words("click", ref) >> np.uint64(1)).astype(np.int64)
    gone = dice.chance("delivery.gone", slot * 100_000 + local, 0.0005)
    return Deliveries(
        ref=ref,
        shop_day=np.full(len(ref), day),
        account=account,
        slot=slot,
        at=at,
        day=local,
        device=seeds.device,
        click=np.where(seeds.is_click, click, 0),
        session=seeds.session,
        is_click=seeds.is_click,
        impressions=impressions,
        cost=cost,
        known_at=_known_at(dice, ref, at, closed),
        refunded_at=_refunded_at(dice, ref, closed),
        gone_at=np.where(gone, closed + 48 * HOUR, 0),
        claimed_at=seeds.claimed_at,
        claimed=np.where(seeds.claimed_at > 0, in_account_money(dice, slot, seeds.total), 0),
    )


def _extra(dice: Dice, platform: int, day: int) -> Ints:
    """Entities of lost clicks (even) and views (odd) of a platform on a day."""
    base = SESSIONS_A_DAY * dice.scale * traffic(dice, day) * SHARES[0 if platform == GOOGLE else 1]
    lost, views = (max(6, int(base * share)) for share in (LOST, VIEWS))
    start = -(day * SPAN + platform * (SPAN // 4)) * 2
    return np.concatenate((start + 2 * np.arange(lost), start + 1 + 2 * np.arange(views))).astype(np.int64)


def _extra_slots(dice: Dice, platform: int, day: int, extra: Ints) -> Ints:
    """Slots of lost clicks and views: accounts by their share, slots as the clicks."""
    places = [place for place, account in enumerate(ACCOUNTS) if account.platform == platform]
    ends = np.cumsum([ACCOUNTS[place].share for place in places])
    number = np.arange(len(extra), dtype=np.int64)
    chosen = np.searchsorted(ends[:-1], even(dice, day, number, STEP_COUNTRY), side="right")
    spread = even(dice, day, number, STEP_SLOT)
    slot = np.zeros(len(extra), dtype=np.int64)
    for n, place in enumerate(places):
        mine = np.flatnonzero(chosen == n)
        found = np.searchsorted(slot_curve(dice, place, day), spread[mine])
        slot[mine] = catalog(dice).slots_of(place)[found]
    return slot


def _local(account: Ints, at: Ints) -> tuple[Ints, Ints]:
    """(local day, the instant at which it closes) in each account's own zone."""
    day, closed = np.zeros(len(at), dtype=np.int64), np.zeros(len(at), dtype=np.int64)
    for place in np.unique(account):
        mine, zone = np.flatnonzero(account == place), ACCOUNTS[int(place)].zone
        day[mine] = local_day(at[mine], zone)
        ends = {int(d): midnight(int(d) + 1, zone) for d in np.unique(day[mine])}
        closed[mine] = [ends[int(d)] for d in day[mine]] if len(mine) < 64 else _lookup(day[mine], ends)
    return day, closed


def _lookup(day: Ints, ends: dict[int, int]) -> Ints:
    first = min(ends)
    table = np.array([ends.get(first + n, 0) for n in range(max(ends) - first + 1)], dtype=np.int64)
    return np.asarray(table[day - first], dtype=np.int64)


def _price(dice: Dice, day: int, what: tuple[Ints, Ints, Flags]) -> tuple[Ints, Ints]:
    """(impressions, cost in minor units) of deliveries; Meta charges for views as well."""
    ref, slot, is_click = what
    price, rate = _slot_prices(dice, day)
    noise = np.exp(0.5 * (dice.uniform("price.a", ref) + dice.uniform("price.b", ref) - 1))
    dollars = price[slot] * noise
    shown = 1 + ((0.4 + dice.uniform("impressions", ref) * 0.53) / rate[slot]).astype(np.int64)
    free = ~is_click & (_platforms(dice)[slot] == GOOGLE)
    dollars = np.where(free, 0.0, np.where(is_click, dollars * 0.9, dollars * 0.2))
    return np.where(is_click, shown, 1 + shown // 3), (dollars * _minor(dice)[slot] + 0.5).astype(np.int64)


@lru_cache(maxsize=512)
def _slot_prices(dice: Dice, day: int) -> tuple[Reals, Reals]:
    """(dollars per click, clicks per impression) of each slot on a day."""
    book = catalog(dice)
    moods = [price_of_clicks(dice, str(place), day) for place in range(len(ACCOUNTS))]
    kinds = [book.campaigns[c].kind for c in book.campaign]
    price = [_PRICES.get(kind, _META_PRICE) * moods[a] for kind, a in zip(kinds, book.account, strict=True)]
    return np.array(price), np.array([_RATES.get(kind, _META_RATE) for kind in kinds])


@lru_cache(maxsize=64)
def _platforms(dice: Dice) -> Ints:
    return np.array([ACCOUNTS[a].platform for a in catalog(dice).account], dtype=np.int64)


@lru_cache(maxsize=64)
def _minor(dice: Dice) -> Reals:
    """Minor units of the account's currency per dollar, for each slot."""
    accounts = [ACCOUNTS[a] for a in catalog(dice).account]
    return np.array([account.per_dollar * account.minor for account in accounts])


def _known_at(dice: Dice, ref: Ints, at: Ints, closed: Ints) -> Ints:
    """Most are counted a quarter of an hour later; the rest up to 72 hours after the account's day."""
    share = dice.uniform("delivery.known", ref)
    hours = np.interp(share, _REPORTED[1], _REPORTED[0])
    late = closed + (hours * 3_600).astype(np.int64) * SECOND
    return np.where(share < _REPORTED[1][0], at + 900 * SECOND, late)


def _refunded_at(dice: Dice, ref: Ints, closed: Ints) -> Ints:
    """When an invalid click is credited: 0.2 % within 25 days, a few far beyond every look-back."""
    share, when = dice.uniform("delivery.invalid", ref), dice.uniform("delivery.credit", ref)
    days = np.where(share < 0.00002, 29 + when * 11, 3 + when * 22)
    credit = closed + (days * 24).astype(np.int64) * HOUR
    return np.where(share < 0.002, credit, 0)
