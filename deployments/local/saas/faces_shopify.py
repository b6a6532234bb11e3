"""Shopify as its connector delivers it: orders by `updated_at`, refunds by `created_at`, customers, its own report."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.edits import as_of
from deployments.local.saas.hashing import Dice, Flags, Ints
from deployments.local.saas.identities import people, spelled
from deployments.local.saas.journeys import buying_positions, sessions_at
from deployments.local.saas.links import landing_path, with_click
from deployments.local.saas.orders import DAY_SPAN, Orders, join, orders, refunds
from deployments.local.saas.seasons import SHOP_ZONE, date_of, today
from deployments.local.saas.shopify_customers import customer_records
from deployments.local.saas.shopify_records import SHOP_URL, Order, order_record, refund_record
from deployments.local.saas.world import World

LOOK_BACK = 2
_SETTLES_IN = 4  # days until an order is sent or cancelled
_REFERRERS = (
    "https://www.google.com/",
    "https://l.facebook.com/",
    "https://www.google.com/",
    None,
    None,
    "https://homestyle-blog.example/",
    "https://l.instagram.com/",
)


def order_stream(world: World, request: Request) -> Iterator[Block]:
    """Every order touched since the last look, in its present state."""
    return blocks(order_record(order) for order in _touched(world.dice, request))


def refund_stream(world: World, request: Request) -> Iterator[Block]:
    """Every refund made since the last look."""
    return blocks(refund_record(row) for row in _refunded(world.dice, request))


def customer_stream(world: World, request: Request) -> Iterator[Block]:
    """Every customer who ordered since the last look."""
    return blocks(customer_records(world.dice, request))


def sales_by_day(world: World, request: Request) -> Iterator[Block]:
    """The shop's own report: added up from columns, not from the records of the other streams."""
    days = request.days(SHOP_ZONE, LOOK_BACK)
    return blocks(_sales(world.dice, day, request.until_micros) for day in days)


STREAMS: dict[str, Stream] = {
    "orders": order_stream,
    "order_refunds": refund_stream,
    "customers": customer_stream,
    "sales_by_day": sales_by_day,
}


def updated_at(found: Orders, instant: int) -> Ints:
    """The last thing that happened to each order up to an instant."""
    events = np.stack((found.created_at, found.edited_at, found.fulfilled_at, found.cancelled_at, found.refunded_at))
    return np.asarray(np.where(events <= instant, events, 0).max(axis=0), dtype=np.int64)


def _touched(dice: Dice, request: Request) -> Iterator[Order]:
    last, since = request.until_micros, request.since_micros
    first_day, last_day = today(since, SHOP_ZONE), request.last_day(SHOP_ZONE)
    for day in range(first_day - _SETTLES_IN, last_day + 1):
        yield from _orders(dice, day, _fresh(orders(dice, day), since, last), last)
    older = join([refunds(dice, day) for day in range(first_day, last_day + 1)])
    older = older.take(older.ref // DAY_SPAN < first_day - _SETTLES_IN)
    for born in np.unique(older.ref // DAY_SPAN).tolist():
        of_day = older.take(older.ref // DAY_SPAN == born)
        yield from _orders(dice, born, _fresh(of_day, since, last), last)


def _fresh(found: Orders, since: int, instant: int) -> Orders:
    return found.take((found.created_at <= instant) & (updated_at(found, instant) > since))


def _refunded(dice: Dice, request: Request) -> Iterator[Record]:
    last, since = request.until_micros, request.since_micros
    for day in range(today(since, SHOP_ZONE), request.last_day(SHOP_ZONE) + 1):
        found = refunds(dice, day)
        yield from _rows(found.take((found.refunded_at > since) & (found.refunded_at <= last)))


def _orders(dice: Dice, day: int, found: Orders, instant: int) -> list[Order]:
    """Some orders of one shop day, with the person, the e-mail and the landing page of each."""
    buyers = people(dice, found.person, found.country)
    emails = spelled(dice, "order.email", found.ref, [buyer.email for buyer in buyers])
    landings, referrers = _landings(dice, day, found)
    changed = updated_at(found, instant).tolist()
    known = zip(_rows(as_of(found, instant)), buyers, emails, landings, referrers, changed, strict=True)
    return [
        Order(row, buyer, email, landing, referrer, at, instant) for row, buyer, email, landing, referrer, at in known
    ]


def _rows(found: Orders) -> list[Record]:
    names = Orders.__slots__
    columns = (getattr(found, name).tolist() for name in names)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _landings(dice: Dice, day: int, found: Orders) -> tuple[list[str | None], list[str | None]]:
    """(landing path, referrer) of each order: those of its buying session, none outside the web shop."""
    landings: list[str | None] = [None] * len(found)
    referrers: list[str | None] = [None] * len(found)
    where = np.flatnonzero(found.source == 0)
    seen = sessions_at(dice, day, buying_positions(dice, day, found.position[where]))
    columns = (where, seen.channel, seen.slot, seen.spelling, seen.page, seen.click)
    for at, channel, slot, spelling, page, click in zip(*(column.tolist() for column in columns), strict=True):
        path = landing_path(dice, channel, slot, spelling, page)
        landings[at] = with_click(path, channel, click)
        referrers[at] = _REFERRERS[channel]
    return landings, referrers


def _sales(dice: Dice, day: int, instant: int) -> Record:
    sold, back = as_of(orders(dice, day), instant), refunds(dice, day)
    counts: Flags = ~sold.is_test & (sold.created_at <= instant)
    known: Flags = ~back.is_test & (back.refunded_at <= instant)
    gross, discounts = _cents(sold.gross, counts), -_cents(sold.discount, counts)
    returns = -_cents(back.refund_subtotal, known)
    taxes = _cents(sold.tax, counts) - _cents(back.refund_tax, known)
    shipping = _cents(sold.shipping, counts) - _cents(back.refund_shipping, known)
    net = gross + discounts + returns
    amounts = {
        "gross_sales": gross,
        "discounts": discounts,
        "returns": returns,
        "net_sales": net,
        "taxes": taxes,
        "shipping": shipping,
        "total_sales": net + taxes + shipping,
    }
    return {
        "shop_url": SHOP_URL,
        "day": str(date_of(day)),
        "orders": int(np.count_nonzero(counts)),
        **{name: cents / 100 for name, cents in amounts.items()},
    }


def _cents(amounts: Ints, chosen: Flags) -> int:
    return int(amounts[chosen].sum())
