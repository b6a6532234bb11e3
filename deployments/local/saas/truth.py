"""What really happened, for tests only: computed from columns by other code than the systems' answers.

Amounts are whole minor units. `expected` says what marts must hold after syncs at an instant, `tables` gives
the same and more as Arrow tables, `write` stores them as Parquet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deployments.local.saas.catalog import ACCOUNTS, GOOGLE
from deployments.local.saas.deliveries import Deliveries, shop_deliveries
from deployments.local.saas.edits import as_of
from deployments.local.saas.ga4_truth import sessions_of_day
from deployments.local.saas.hashing import Dice, Flags
from deployments.local.saas.journeys import sessions
from deployments.local.saas.leads import contacts
from deployments.local.saas.orders import LONGEST_REFUND, Orders, order_id, orders
from deployments.local.saas.paths import CHANNELS, SHAPES
from deployments.local.saas.seasons import SHOP_ZONE, date_of, local_day, micros, number
from deployments.local.saas.world import World

_FOREVER = np.iinfo(np.int64).max
_AD_METRICS = ("cost", "clicks", "impressions", "conversions", "conversion_value")
_SHOP_METRICS = ("orders", "gross_sales", "discounts", "shipping", "tax", "total")


@dataclass(frozen=True, slots=True)
class DailyFact:
    """One number of one account and day; the account is empty where a source has one."""

    source: str
    account_id: str
    date: date
    metric: str
    value: int


def daily(world: World, days: Iterable[date], as_of: datetime | None = None) -> list[DailyFact]:
    """Every daily number of these account-local days, final or as known at an instant."""
    instant = micros(as_of) if as_of else int(_FOREVER)
    facts: list[DailyFact] = []
    for day in days:
        facts += _ads(world.dice, day, instant) + _shop(world.dice, day, instant) + _crm(world.dice, day, instant)
        facts.append(DailyFact("ga4", "", day, "sessions", sessions_of_day(world, day, as_of)))
    return facts


def expected(
    world: World, days: Iterable[date], as_of: datetime | None = None
) -> dict[tuple[str, str, date, str], Decimal]:
    """The same by (source, account, date, metric); money in major units, discounts and returns as positive amounts.

    Sources: google_ads and meta_ads (cost, clicks, impressions, conversions, conversion_value per account),
    shopify (orders, gross_sales, discounts, shipping, tax, total by order date without test orders; returns,
    returned_tax by refund date; net_sales = gross less discounts less the returns of that date; new_customers: people
    whose very first order is of that day and no test),
    hubspot (contacts by UTC day of creation), ga4 (sessions with an id by shop day, as the event export shows them).
    """
    minor = {("google_ads" if a.platform == GOOGLE else "meta_ads", str(a.id)): a.minor for a in ACCOUNTS}
    counts = {"clicks", "impressions", "conversions", "orders", "new_customers", "contacts", "sessions"}
    return {
        (f.source, f.account_id, f.date, f.metric): Decimal(f.value)
        / (1 if f.metric in counts else minor.get((f.source, f.account_id), 100))
        for f in daily(world, days, as_of)
    }


def tables(world: World, days: Sequence[date], as_of: datetime | None = None) -> dict[str, pa.Table]:
    """truth_daily, truth_order, truth_person and truth_cause of these shop days."""
    facts = daily(world, days, as_of)
    sold = [orders(world.dice, number(day)) for day in days]
    return {
        "truth_daily": _table({n: [getattr(fact, n) for fact in facts] for n in DailyFact.__slots__}),
        "truth_order": pa.concat_tables([_order_table(found) for found in sold]),
        "truth_person": pa.concat_tables([_person_table(world.dice, number(day)) for day in days]),
        "truth_cause": pa.concat_tables([_cause_table(world.dice, number(day)) for day in days]),
    }


def write(world: World, days: Sequence[date], folder: Path, *, as_of: datetime | None = None) -> list[Path]:
    """The tables as Parquet files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables(world, days, as_of).items():
        written.append(folder / f"{name}.parquet")
        pq.write_table(table, written[-1])
    return written


def _ads(dice: Dice, day: date, instant: int) -> list[DailyFact]:
    facts = []
    for account_number, account in enumerate(ACCOUNTS):
        sums = np.zeros(len(_AD_METRICS), dtype=np.int64)
        for shop_day in (number(day) - 1, number(day), number(day) + 1):
            found = shop_deliveries(dice, account.platform, shop_day)
            mine = (found.account == account_number) & (found.day == number(day))
            sums += np.array(_figures(found, mine & _is_known(found, instant), instant), dtype=np.int64)
        source = "google_ads" if account.platform == GOOGLE else "meta_ads"
        pairs = zip(_AD_METRICS, sums.tolist(), strict=True)
        facts += [DailyFact(source, str(account.id), day, metric, value) for metric, value in pairs]
    return facts


def _is_known(found: Deliveries, instant: int) -> Flags:
    there = (found.gone_at == 0) | (found.gone_at > instant)
    return np.asarray((found.known_at <= instant) & there, dtype=np.bool_)


def _figures(found: Deliveries, mine: Flags, instant: int) -> tuple[int, int, int, int, int]:
    credited = mine & (found.refunded_at > 0) & (found.refunded_at <= instant)
    claimed = mine & (found.claimed_at > 0) & (found.claimed_at <= instant)
    return (
        int(found.cost[mine].sum() - found.cost[credited].sum()),
        int((mine & found.is_click).sum()),
        int(found.impressions[mine].sum()),
        int(claimed.sum()),
        int(found.claimed[claimed].sum()),
    )


def _shop(dice: Dice, day: date, instant: int) -> list[DailyFact]:
    found = as_of(orders(dice, number(day)), instant)
    found = found.take(~found.is_test & (found.created_at <= instant))
    columns = (found.gross, found.discount, found.shipping, found.tax, found.total)
    sums = [len(found), *(int(column.sum()) for column in columns)]
    goods, tax = _given_back(dice, number(day), instant)
    figures = dict(zip(_SHOP_METRICS, sums, strict=True)) | {"returns": goods, "returned_tax": tax}
    figures["net_sales"] = figures["gross_sales"] - figures["discounts"] - goods
    figures["new_customers"] = int(found.is_new.sum())
    return [DailyFact("shopify", "", day, metric, value) for metric, value in figures.items()]


def _given_back(dice: Dice, day: int, instant: int) -> tuple[int, int]:
    """(goods, tax) given back on a shop day, looked for in every order of the two months before."""
    goods = tax = 0
    for born in range(day - LONGEST_REFUND - 2, day + 1):
        found = orders(dice, born)
        back = (found.refunded_at > 0) & (found.refunded_at <= instant)
        back &= local_day(found.refunded_at, SHOP_ZONE) == day
        goods += int(found.refund_subtotal[back].sum())
        tax += int(found.refund_tax[back].sum())
    return goods, tax


def _crm(dice: Dice, day: date, instant: int) -> list[DailyFact]:
    created = np.concatenate([contacts(dice, number(day) + side).created_at for side in (-1, 0, 1)])
    mine = (local_day(created, "UTC") == number(day)) & (created <= instant)
    return [DailyFact("hubspot", "", day, "contacts", int(mine.sum()))]


def _order_table(found: Orders) -> pa.Table:
    return _table(
        {
            "order_id": order_id(found.ref),
            "order_date": [date_of(int(day)) for day in local_day(found.created_at)],
            "person_id": found.person,
            "is_test": found.is_test,
            "is_cancelled": found.cancelled_at > 0,
            "gross_sales": found.gross,
            "discounts": found.discount,
            "shipping": found.shipping,
            "tax": found.tax,
            "total": found.total,
            "returns": found.refund_subtotal,
            "refunded_at": found.refunded_at,
        }
    )


def _person_table(dice: Dice, day: int) -> pa.Table:
    """Which person is behind each record of a day: orders, contacts, browsers."""
    sold, known, seen = orders(dice, day), contacts(dice, day), sessions(dice, day)
    browsers = [f"{a}.{b}" for a, b in zip(seen.client.tolist(), seen.client_since.tolist(), strict=True)]
    kinds = ["order"] * len(sold) + ["contact"] * len(known) + ["browser"] * len(seen)
    records = [str(n) for n in order_id(sold.ref).tolist()] + [str(n) for n in known.id.tolist()] + browsers
    people = np.concatenate((sold.person, known.person, seen.person))
    return _table({"record_type": kinds, "record_id": records, "person_id": people})


def _cause_table(dice: Dice, day: int) -> pa.Table:
    """The sessions of a day that lie on the way to an order, with the channels of the whole path."""
    seen = sessions(dice, day)
    seen = seen.take(np.flatnonzero(seen.order_ref >= 0))
    shapes = [SHAPES[shape] for shape in seen.shape.tolist()]
    return _table(
        {
            "order_id": order_id(seen.order_ref),
            "session_id": seen.ref,
            "touch": seen.touch,
            "touches": [len(shape) for shape in shapes],
            "channel": [CHANNELS[channel] for channel in seen.channel.tolist()],
            "first_channel": [CHANNELS[shape[0].channel] for shape in shapes],
            "last_channel": [CHANNELS[shape[-1].channel] for shape in shapes],
            "shape": seen.shape,
        }
    )


def _table(columns: dict[str, Any]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})
