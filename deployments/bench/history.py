"""Months of typed history from one real week: its rows are copied into the weeks before, as other people's.

Times and days move back by whole weeks, so a Tuesday stays one. Orders, customers, contacts, browsers, logins,
addresses and clicks get names of their own in each copy, the same in every table, so that joins between sources find
as much as they do in the real week. What is no record of a day (campaigns, ads, accounts) is not copied.
"""

# ruff: noqa: S608 - names of the warehouse itself

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.adapters.warehouse.base import Warehouse

WEEK = 7
# Further than any id of the simulated world reaches, so that no two copies meet.
APART = 10_000_000_000_000
_ENTITIES = ("__ads", "__ad_sets", "__campaigns", "__ad_account")
_NUMBERS = {"shopify": ("id", "order_id", "customer_id", "last_order_id")}
_NUMBERS_AS_TEXT = {"hubspot": ("id",), "ga4_export": ("transaction_id", "order_id")}
_NAMES = ("event_key", "user_pseudo_id", "session_key", "gclid", "user_token")
_NAME_ENDINGS = ("_token", "click_id", "_gclid", "_source_file")


def copy_week(warehouse: Warehouse, schema: str, tables: Sequence[str], weeks: int) -> None:
    """Add `weeks` earlier copies of what these tables hold, the oldest first, as a history would have come."""
    for table in tables:
        if not table.endswith(_ENTITIES):
            columns = _columns(warehouse, schema, table)
            for week in range(weeks, 0, -1):
                warehouse.execute(_copied(f"{schema}.{table}", columns, week, _source(table)))


def _columns(warehouse: Warehouse, schema: str, table: str) -> dict[str, str]:
    asked = "select column_name, data_type from information_schema.columns where table_schema = ? and table_name = ?"
    rows = warehouse.query(f"{asked} order by ordinal_position", [schema, table])
    return {str(name): str(kind) for name, kind in rows}


def _source(table: str) -> str:
    return table.removeprefix("stg_").removeprefix("typed_").split("__")[0]


def _copied(relation: str, columns: Mapping[str, str], week: int, source: str) -> str:
    moved = ", ".join(f"{_moved(name, kind, week, source)} as {name}" for name, kind in columns.items())
    # The first copy would read its own rows again: only the real week is read, whose files have their first names.
    mark = "_source_file" if "_source_file" in columns else next(n for n in columns if n in _NAMES)
    return f"insert into {relation} select {moved} from {relation} where {mark} not like '%~%'"


def _moved(name: str, kind: str, week: int, source: str) -> str:
    if name in _NUMBERS.get(source, ()):
        return f"{name} + {week * APART}"
    if name in _NUMBERS_AS_TEXT.get(source, ()):
        return f"cast(try_cast({name} as bigint) + {week * APART} as varchar)"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return f"cast({name} - interval {week * WEEK} day as {kind})"
    if name in _NAMES or name.endswith(_NAME_ENDINGS):
        return f"{name} || '~{week}'"
    if name == "_sync_id":
        return f"{name} - {week * 1000}"
    return name
