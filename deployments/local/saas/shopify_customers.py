"""Shopify's customers: what they ordered so far, looked up order by order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deployments.local.saas.blocks import Record, Request
from deployments.local.saas.hashing import Dice, Ints
from deployments.local.saas.identities import Person, people
from deployments.local.saas.orders import COUNTRY_SHARES, Orders, orders, orders_at
from deployments.local.saas.people import order_days, position_of
from deployments.local.saas.seasons import SHOP_ZONE, today
from deployments.local.saas.shopify_records import CUSTOMER_ID, ORDER_ID, SHOP_URL, local, money


def customer_records(dice: Dice, request: Request) -> Iterator[Record]:
    """Every customer with an order in the request's span, as of its end."""
    since, last = request.since_micros, request.until_micros
    newest = orders(dice, today(last, SHOP_ZONE))
    newest_buyers = newest.person[newest.created_at <= last]
    for day in range(today(since, SHOP_ZONE), today(last, SHOP_ZONE) + 1):
        found = orders(dice, day)
        found = found.take((found.created_at > since) & (found.created_at <= last))
        if day < today(last, SHOP_ZONE):
            found = found.take(~np.isin(found.person, newest_buyers))
        yield from _latest(dice, found, day, last)


def _latest(dice: Dice, found: Orders, day: int, last: int) -> Iterator[Record]:
    """The customers of a day who have not ordered again before the end."""
    days = order_days(dice, found.person)
    again = ((days > day) & (days < today(last, SHOP_ZONE))).any(axis=1)
    found = found.take(~again)
    days = np.where(days[~again] <= day, days[~again], -1)
    spent, first = _history(dice, found.person, days)
    who = people(dice, found.person, dice.pick("country", found.person, COUNTRY_SHARES))
    counts = (days >= 0).sum(axis=1)
    columns = (counts, spent, first, found.created_at, found.ref)
    for person, row in zip(who, zip(*(column.tolist() for column in columns), strict=True), strict=True):
        yield _record(person, row)


def _history(dice: Dice, person: Ints, days: Ints) -> tuple[Ints, Ints]:
    """(cents spent, when the first order was placed) over all orders of each person."""
    spent, first = np.zeros(len(person), dtype=np.int64), np.zeros(len(person), dtype=np.int64)
    for piece in range(days.shape[1]):
        for day in np.unique(days[:, piece]):
            if day >= 0:
                mine = np.flatnonzero(days[:, piece] == day)
                found = orders_at(dice, int(day), position_of(dice, int(day), person[mine], piece))
                spent[mine] += found.total
                if piece == 0:
                    first[mine] = found.created_at
    return spent, first


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
