"""The orders of a day as columns; money is whole US cents, computed line by line.

Refunds are strata as well: a reordering of the day's positions is cut by delay, so the refunds of a day are
ranges of older orders. A cancelled order is refunded whole at the moment it is cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.hashing import Dice, Flags, Ints, Reals, Shuffle, unit
from deployments.local.saas.people import Roster, birth_of, roster
from deployments.local.saas.seasons import SECOND, is_peak, local_day, midnight, moment

DAY_SPAN = 10_000_000  # an order is day * DAY_SPAN + position
ORDER_ID, CUSTOMER_ID = 5_000_000_000_000, 6_000_000_000_000  # where the shop's own numbers start
LINES = 4
PRODUCTS = 240
SOURCES = ("web", "subscription_contract", "marketplace", "pos", "shopify_draft_order")
COUNTRIES = ("US", "GB", "DE", "JP")
CURRENCIES = ("USD", "GBP", "EUR", "JPY")
COUNTRY_SHARES = np.array([0.70, 0.12, 0.09, 0.09])
TAX_BASIS_POINTS = np.array([725, 2000, 1900, 1000], dtype=np.int64)
LONGEST_REFUND = 60
REFUND_WEB, REFUND_OTHER = 0.17, 0.06
_NEW_OTHERS = np.array([0.0, 0.0, 0.20, 0.17, 0.01])
_REPEAT_OTHERS = np.array([0.0, 0.415, 0.087, 0.076, 0.028])
_LINE_SHARES = np.array([0.38, 0.34, 0.18, 0.10])
_DISCOUNTS = np.array([10, 15, 20, 25], dtype=np.int64)
_PEAK_DISCOUNTS = np.array([20, 25, 30, 40], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Orders:
    """Columns of orders, one entry each; matrices have one column per line, instants are microseconds UTC.

    `edited_at`, `cancelled_at`, `fulfilled_at` and `refunded_at` are 0 where that never happens. The last line of an
    edited order comes with the edit (`edits.as_of`), at full price. `refunded` marks the lines that come back.
    `tracked` says whether the web analytics sees the purchase.
    """

    ref: Ints
    position: Ints
    person: Ints
    created_at: Ints
    source: Ints
    country: Ints
    currency: Ints
    product: Ints
    quantity: Ints
    price: Ints
    line_discount: Ints
    line_tax: Ints
    shipping: Ints
    is_new: Flags
    is_test: Flags
    is_gift: Flags
    tracked: Flags
    edited_at: Ints
    cancelled_at: Ints
    fulfilled_at: Ints
    refunded_at: Ints
    refunded: Flags

    def __len__(self) -> int:
        return len(self.ref)

    @property
    def gross(self) -> Ints:
        """Price times quantity, before any discount."""
        return _sum(self.price * self.quantity)

    @property
    def discount(self) -> Ints:
        """Taken off the gross."""
        return _sum(self.line_discount)

    @property
    def tax(self) -> Ints:
        """On the discounted lines; shipping is not taxed."""
        return _sum(self.line_tax)

    @property
    def total(self) -> Ints:
        """What the customer was asked to pay."""
        return self.gross - self.discount + self.shipping + self.tax

    @property
    def refund_subtotal(self) -> Ints:
        """Discounted price of the lines that come back."""
        return _sum(self._back(self.price * self.quantity - self.line_discount))

    @property
    def refund_tax(self) -> Ints:
        """Tax of the lines that come back."""
        return _sum(self._back(self.line_tax))

    @property
    def refund_shipping(self) -> Ints:
        """Shipping is given back for cancelled orders only."""
        return np.where(self.cancelled_at > 0, self.shipping, 0)

    def _back(self, matrix: Ints) -> Ints:
        return np.where(self.refunded & (self.refunded_at > 0)[:, None], matrix, 0)

    def take(self, chosen: Ints | Flags) -> Orders:
        """Some of the orders."""
        return Orders(**{name: getattr(self, name)[chosen] for name in Orders.__slots__})


def orders(dice: Dice, day: int) -> Orders:
    """All orders of a shop day."""
    return _cached(dice, day) if dice.is_small else _whole(dice, day)


def orders_at(dice: Dice, day: int, position: Ints) -> Orders:
    """The orders of a shop day at these positions; the same values as in the whole day."""
    who = roster(dice, day)
    ref, person = day * DAY_SPAN + position, who.people(position)
    created = created_at(dice, day, position)
    source = _source(dice, who, position, ref)
    country = dice.pick("country", person, COUNTRY_SHARES)
    product, quantity, price = _lines(dice, ref)
    is_test, is_cancelled = dice.chance("order.test", ref, 0.0002), dice.chance("order.cancelled", ref, 0.013)
    edited = dice.chance("order.edited", ref, 0.032) & (product[:, 1] >= 0) & ~is_test & ~is_cancelled
    discount = price * quantity * _percent(dice, day, ref)[:, None] // 100 * ~(last_lines(product) & edited[:, None])
    taxed = price * quantity - discount
    tax = (taxed * TAX_BASIS_POINTS[country][:, None] + 5_000) // 10_000
    cancelled = np.where(is_cancelled, created + _seconds(dice, ref, 0.5, 30), 0)
    fulfilled = np.where(cancelled > 0, 0, created + _seconds(dice, ref, 8, 70))
    returned = np.where(cancelled > 0, cancelled, _returned_at(dice, who, position, ref))
    return Orders(
        ref=ref,
        position=position,
        person=person,
        created_at=created,
        source=source,
        country=country,
        currency=np.where(source == 0, country, 0),
        product=product,
        quantity=quantity,
        price=price,
        line_discount=discount,
        line_tax=tax,
        shipping=np.where((source == 3) | (_sum(taxed) >= 7_500), 0, np.where(country == 0, 495, 995)),
        is_new=birth_of(person) == day,
        is_test=is_test,
        is_gift=dice.chance("order.gift", ref, 0.011),
        tracked=(source == 0) & dice.chance("order.tracked", ref, 0.9),
        edited_at=np.where(edited, created + _seconds(dice, ref, 0.5, 6), 0),
        cancelled_at=cancelled,
        fulfilled_at=fulfilled,
        refunded_at=np.where(is_test, 0, returned),
        refunded=_comes_back(dice, ref, price, cancelled > 0),
    )


def refunds(dice: Dice, day: int) -> Orders:
    """The orders whose refund falls on a shop day, in the order of their refunds."""
    parts = [_refunded_on(dice, day, delay) for delay in range(LONGEST_REFUND + 1)]
    found = join([part for part in parts if len(part)] or parts[:1])
    return found.take(np.lexsort((found.ref, found.refunded_at)))


def join(parts: list[Orders]) -> Orders:
    """Several sets of orders as one."""
    return Orders(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Orders.__slots__})


def refundable(dice: Dice, day: int, delay: int) -> Ints:
    """Positions of the orders of `day` that come back `delay` days later."""
    who = roster(dice, day)
    parts = []
    for field, first, size, share in (
        ("refund.web", 0, who.web, REFUND_WEB),
        ("refund.other", who.web, who.size - who.web, REFUND_OTHER),
    ):
        low, high = (int(size * share * _delay_curve()[end] + 0.5) for end in (delay - 1, delay))
        parts.append(first + Shuffle.of(dice, field, day, size).index(np.arange(low, high, dtype=np.int64)))
    return np.concatenate(parts)


def _refunded_on(dice: Dice, day: int, delay: int) -> Orders:
    """Of the orders `delay` days before: those given back on `day` (cancelled ones within two days)."""
    born = day - delay
    if dice.is_small:
        return orders(dice, born).take(np.flatnonzero(_refund_days(dice, born) == day))
    found = orders(dice, born) if delay <= 2 else orders_at(dice, born, refundable(dice, born, delay))
    return found.take((found.refunded_at > 0) & (local_day(found.refunded_at) == day))


@lru_cache(maxsize=512)
def _refund_days(dice: Dice, born: int) -> Ints:
    """The day each order of a day is given back on (0 and before: never)."""
    return local_day(orders(dice, born).refunded_at)


def created_at(dice: Dice, day: int, position: Ints) -> Ints:
    """When the orders of a shop day at these positions are placed."""
    return moment(day, dice.uniform("order.second", day * DAY_SPAN + position))


def _returned_at(dice: Dice, who: Roster, position: Ints, ref: Ints) -> Ints:
    """When each order comes back, 0 for never."""
    is_web, days = position < who.web, np.zeros(len(position), dtype=np.int64)
    for field, chosen, first, size, share in (
        ("refund.web", is_web, 0, who.web, REFUND_WEB),
        ("refund.other", ~is_web, who.web, who.size - who.web, REFUND_OTHER),
    ):
        ends = (size * share * _delay_curve() + 0.5).astype(np.int64)
        place = Shuffle.of(dice, field, who.day, size).place(position[chosen] - first)
        delay = np.searchsorted(ends, place, side="right")
        days[chosen] = np.where(delay <= LONGEST_REFUND, delay, 0)
    starts = np.array([midnight(who.day + delay) for delay in range(LONGEST_REFUND + 1)], dtype=np.int64)
    second = 28_800 + dice.below("refund.second", ref, 36_000)
    return np.where(days > 0, starts[days] + second * SECOND, 0)


@lru_cache(maxsize=1)
def _delay_curve() -> Reals:
    """Share of refunds given within 0..60 days; log-normal, median 11 days."""
    days = np.arange(1, LONGEST_REFUND + 1, dtype=np.float64)
    density = np.exp(-((np.log(days / 11) / 0.75) ** 2) / 2) / days
    return np.concatenate(([0.0], np.cumsum(unit(density))))


def _source(dice: Dice, who: Roster, position: Ints, ref: Ints) -> Ints:
    is_new = birth_of(who.people(position)) == who.day
    new = dice.pick("order.source.new", ref, _NEW_OTHERS)
    again = dice.pick("order.source.repeat", ref, _REPEAT_OTHERS)
    return np.where(position < who.web, 0, np.where(is_new, new, again))


def _lines(dice: Dice, ref: Ints) -> tuple[Ints, Ints, Ints]:
    """(product, quantity, price) matrices; empty lines have product -1 and quantity and price 0."""
    count = dice.pick("order.lines", ref, _LINE_SHARES) + 1
    product = np.stack([dice.below(f"line.product.{n}", ref, PRODUCTS) for n in range(LINES)], axis=1)
    double = np.stack([dice.chance(f"line.double.{n}", ref, 0.2) for n in range(LINES)], axis=1)
    there = np.arange(LINES) < count[:, None]
    price = product_prices(dice)[product]
    return np.where(there, product, -1), np.where(there, 1 + double, 0), np.where(there, price, 0)


@lru_cache(maxsize=64)
def product_prices(dice: Dice) -> Ints:
    """Price of each product in cents, ending in 95."""
    share = dice.uniform("product.price", np.arange(PRODUCTS, dtype=np.int64))
    return (np.exp(2.85 + 1.3 * share**1.3) * 1.2).astype(np.int64) * 100 + 95


def _percent(dice: Dice, day: int, ref: Ints) -> Ints:
    """Discount of each order in percent."""
    steps, share = (_PEAK_DISCOUNTS, 0.78) if is_peak(day) else (_DISCOUNTS, 0.34)
    return np.where(dice.chance("order.discounted", ref, share), steps[dice.below("order.percent", ref, 4)], 0)


def _comes_back(dice: Dice, ref: Ints, price: Ints, cancelled: Flags) -> Flags:
    """Which lines a refund covers: the first one for 62 % of the returns, else all."""
    partial = dice.chance("refund.partial", ref, 0.62) & ~cancelled
    first = np.arange(LINES) == 0
    return np.asarray((price > 0) & (first | ~partial[:, None]), dtype=np.bool_)


def _seconds(dice: Dice, ref: Ints, least: float, most: float) -> Ints:
    """A hashed number of hours as microseconds."""
    hours = least + dice.uniform(f"order.wait.{most}", ref) * (most - least)
    return (hours * 3_600).astype(np.int64) * SECOND


def _sum(matrix: Ints) -> Ints:
    return np.asarray(matrix.sum(axis=1), dtype=np.int64)


def _whole(dice: Dice, day: int) -> Orders:
    return orders_at(dice, day, np.arange(roster(dice, day).size, dtype=np.int64))


@lru_cache(maxsize=512)
def _cached(dice: Dice, day: int) -> Orders:
    return _whole(dice, day)


def last_lines(product: Ints) -> Flags:
    """Marks the last line of each order."""
    return np.asarray(np.arange(LINES) == (product >= 0).sum(axis=1)[:, None] - 1, dtype=np.bool_)


def customer_id(person: Ints) -> Ints:
    """The shop's id of a customer."""
    return CUSTOMER_ID + person


def order_id(ref: Ints) -> Ints:
    """The shop's id of an order."""
    return ORDER_ID + ref
