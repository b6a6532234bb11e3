"""Shopify's customers: what they ordered so far, looked up order by order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deployments.local.saas.blocks import Record, Request
from deployments.local.saas.hashing import Dice, Ints
from deployments.local.saas.identities import Person, people
from deployments.local.saas.orders import (
    COUNTRY_SHARES,
    CUSTOMER_ID,
    DAY_SPAN,
    ORDER_ID,
    Orders,
    join,
    orders,
    orders_at,
)
from deployments.local.saas.people import order_days, position_of
from deployments.local.saas.seasons import SHOP_ZONE, today
from deployments.local.saas.shopify_parts import money
from deployments.local.saas.shopify_records import SHOP_URL, local


def customer_records(dice: Dice, request: Request) -> Iterator[Record]:
    """Every customer with an order in the request's span, as of its end."""
    since, last = request.since_micros, request.until_micros
    found = join([orders(dice, day) for day in range(today(since, SHOP_ZONE), today(last, SHOP_ZONE) + 1)])
    found = _last_of_each(found.take((found.created_at > since) & (found.created_at <= last)))
    spent, first, counts = _history(dice, found)
    who = people(dice, found.person, dice.pick("country", found.person, COUNTRY_SHARES))
    columns = (counts, spent, first, found.created_at, found.ref)
    for person, row in zip(who, zip(*(column.tolist() for column in columns), strict=True), strict=True):
        yield _record(person, row)


def _last_of_each(found: Orders) -> Orders:
    """The latest order of each customer; orders come in the order of their days."""
    _, backwards = np.unique(found.person[::-1], return_index=True)
    return found.take(np.sort(len(found) - 1 - backwards))


def _history(dice: Dice, found: Orders) -> tuple[Ints, Ints, Ints]:
    """(cents spent, when the first order was placed, orders) of each customer up to these orders."""
    days = order_days(dice, found.person)
    who, piece = np.nonzero((days >= 0) & (days <= (found.ref // DAY_SPAN)[:, None]))
    day = days[who, piece]
    total, placed = np.zeros(len(who), dtype=np.int64), np.zeros(len(who), dtype=np.int64)
    for that in np.unique(day).tolist():
        mine = np.flatnonzero(day == that)
        ordered = orders_at(dice, that, position_of(dice, that, found.person[who[mine]], piece[mine]))
        total[mine], placed[mine] = ordered.total, ordered.created_at
    spent = np.bincount(who, weights=total, minlength=len(found)).astype(np.int64)
    first = np.zeros(len(found), dtype=np.int64)
    first[who[piece == 0]] = placed[piece == 0]
    return spent, first, np.bincount(who, minlength=len(found)).astype(np.int64)


def _record(person: Person, row: tuple[int, ...]) -> Record:
    count, spent, first, last, ref = row
    consent = {"state": "subscribed" if person.id % 3 == 0 else "not_subscribed", "opt_in_level": "single_opt_in"}
    address = person.address()
    return {
        "id": CUSTOMER_ID + person.id,
        "admin_graphql_api_id": f"gid://shopify/Customer/{CUSTOMER_ID + person.id}",
        "shop_url": SHOP_URL,
        "email": person.email,
        "phone": person.phone,
        "first_name": person.first,
        "last_name": person.last,
        "note": None,
        "tags": "",
        "state": "disabled" if person.id % 100 < 38 else "enabled",
        "currency": "USD",
        "orders_count": count,
        "total_spent": money(spent),
        "last_order_id": ORDER_ID + ref,
        "last_order_name": f"#{ref % 10**9}",
        "verified_email": True,
        "tax_exempt": False,
        "tax_exemptions": "[]",
        "multipass_identifier": None,
        "marketing_opt_in_level": "single_opt_in",
        "email_marketing_consent": consent,
        "accepts_marketing": person.id % 3 == 0,
        "created_at": local(first),
        "updated_at": local(last),
        "default_address": address,
        "addresses": [address],
    }
