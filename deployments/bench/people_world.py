"""What the simulated BrightCart says about people on a day, written straight into staging: months take minutes.

Only the columns that `identifies` and `merges` name are there, and of web events only those that can say who somebody
is: logins and purchases. Addresses are spelt as each system holds them, brought into their normal form and hashed.
"""

# ruff: noqa: S608 - names of the product

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from deployments.local.saas import leads, orders
from deployments.local.saas.ga4_sessions import user_ids
from deployments.local.saas.hashing import Dice, Ints
from deployments.local.saas.identities import people, spelled
from deployments.local.saas.journeys import sessions
from tasks.adapters.normal_form import NOBODY, is_nobody, normalised
from tasks.adapters.warehouse.base import LEDGER, Warehouse
from tasks.adapters.warehouse.copies import Copy

_META = {"_extracted_at": "timestamp", "_load_seq": "bigint"}
TABLES = {
    "stg_shopify__orders": ("id", "customer_id", "email_token", "phone_token", "processed_at"),
    "stg_shopify__customers": ("id", "email_token", "phone_token", "updated_at"),
    "stg_hubspot__contacts": (
        "id",
        "properties_email_token",
        "properties_phone_token",
        "updatedat",
        "properties_hs_merged_object_ids",
    ),
    "stg_ga4_export__events": ("user_pseudo_id", "user_id_token", "transaction_id", "event_timestamp"),
}
_TIMES = ("processed_at", "updated_at", "updatedat", "event_timestamp")
_TOKENS = ("email_token", "phone_token", "user_id_token")


def deliver(warehouse: Warehouse, dice: Dice, day: int) -> int:
    """Put what a shop day says into staging, with the day as its load sequence and time; the number of rows."""
    warehouse.put(Copy(LEDGER, {"loaded_at": "timestamp"}, [(datetime(1970, 1, 1) + timedelta(days=day),)]))
    said = {
        "stg_shopify__orders": _orders(dice, day),
        "stg_shopify__customers": _customers(dice, day),
        "stg_hubspot__contacts": _contacts(dice, day),
        "stg_ga4_export__events": _events(dice, day),
    }
    for table, rows in said.items():
        columns = {name: "timestamp" if name in _TIMES else "varchar" for name in TABLES[table]} | _META
        warehouse.put(Copy(f"staging.{table}", columns, [], instead_of="false"))
        arriving = Copy(
            "staging.said", {n: "bigint" if n in _TIMES else k for n, k in columns.items()}, _seen(rows, day)
        )
        warehouse.put(arriving)
        listed = ", ".join(_cell(name) for name in columns)
        warehouse.execute(f"insert into staging.{table} ({', '.join(columns)}) select {listed} from staging.said")
        warehouse.execute("drop table staging.said")
    return sum(rows.height for rows in said.values())


def _seen(rows: pl.DataFrame, day: int) -> pa.Table:
    at = pl.lit(day * 86_400_000_000).cast(pl.Datetime("us")).alias("_extracted_at")
    return rows.with_columns(at, pl.lit(day).alias("_load_seq")).to_arrow(compat_level=pl.CompatLevel.oldest())


def _cell(name: str) -> str:
    if name in _TIMES:
        return f"make_timestamp({name})"
    if name.endswith(_TOKENS):
        return f"case when {name} like '{NOBODY}%' then {name} else '1:' || sha256({name}) end"
    return name


def _orders(dice: Dice, day: int) -> pl.DataFrame:
    placed = orders.orders(dice, day)
    who = people(dice, placed.person, placed.country)
    emails = spelled(dice, "order.email", placed.ref, [person.email for person in who])
    return pl.DataFrame({
        "id": _texts(orders.order_id(placed.ref)),
        "customer_id": _texts(orders.customer_id(placed.person)),
        "email_token": [_token("email", email) for email in emails],
        "phone_token": [_token("phone", person.phone) for person in who],
        "processed_at": placed.created_at,
    })  # fmt: skip


def _customers(dice: Dice, day: int) -> pl.DataFrame:
    """Who ordered on the day, as the shop knows them."""
    placed = orders.orders(dice, day)
    who = people(dice, placed.person, placed.country)
    return pl.DataFrame({
        "id": _texts(orders.customer_id(placed.person)),
        "email_token": [_token("email", person.email) for person in who],
        "phone_token": [_token("phone", person.phone) for person in who],
        "updated_at": placed.created_at,
    }).unique("id", keep="last", maintain_order=True)  # fmt: skip


def _contacts(dice: Dice, day: int) -> pl.DataFrame:
    found = leads.contacts(dice, day)
    who = people(dice, found.person, found.country)
    emails = spelled(dice, "contact.email", found.id, [person.email for person in who])
    return pl.DataFrame({
        "id": _texts(found.id),
        "properties_email_token": [_token("email", email) for email in emails],
        "properties_phone_token": [_token("phone", person.phone) for person in who],
        "updatedat": found.created_at,
        "properties_hs_merged_object_ids": pl.Series([None] * len(found), dtype=pl.String),
    })  # fmt: skip


def _events(dice: Dice, day: int) -> pl.DataFrame:
    """One event per session in which somebody was logged in or bought."""
    web = sessions(dice, day)
    user = user_ids(dice, web)
    said = np.flatnonzero((user >= 0) | web.tracked)
    web, user = web.take(said), user[said]
    client = [f"{a}.{b}" for a, b in zip(web.client.tolist(), web.client_since.tolist(), strict=True)]
    return pl.DataFrame({
        "user_pseudo_id": _where(client, web.consent),
        "user_id_token": _where(_texts(user), user >= 0),
        "transaction_id": _where(_texts(orders.order_id(web.order_ref)), web.tracked),
        "event_timestamp": web.started_at,
    })  # fmt: skip


@lru_cache(maxsize=1 << 20)
def _token(kind: str, value: str | None) -> str | None:
    """The normal form, which the engine hashes."""
    form = normalised(kind, value) if value else ""
    return f"{NOBODY}{form}" if form and is_nobody(kind, form) else form or None


def _texts(numbers: Ints) -> list[str]:
    return [str(number) for number in numbers.tolist()]


def _where(texts: list[str], true: NDArray[np.bool_]) -> list[str | None]:
    return [text if is_true else None for text, is_true in zip(texts, true.tolist(), strict=True)]
