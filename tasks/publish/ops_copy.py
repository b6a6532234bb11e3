"""Copy what the pipeline knows about itself into the warehouse, for everybody to query and for the marts of operations.

Nothing else needs to be secret-free: the ops store never holds a secret or a value of a record. What only the
messenger needs (addresses of messages, the bodies of releases) stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tasks import doors
from tasks.adapters.ops_held_back import HELD_BACK, OpsHeldBack
from tasks.adapters.ops_invoices import INVOICES, given_invoices
from tasks.adapters.ops_rates import RATES, given_rates
from tasks.adapters.ops_runs import RUNS
from tasks.adapters.ops_tables import INCIDENT_EVENTS, INCIDENTS, OUTCOMES, RELEASES, SYNCS, UtcTime
from tasks.adapters.warehouse.base import Warehouse, naive_utc
from tasks.adapters.warehouse.copies import Copy
from tasks.outcomes import recorded

SCHEMA = "ops"
# Words of SQL on one engine or the other.
_RENAMED = {"at": "recorded_at", "check": "check_name"}
_LEFT_OUT = {"incidents": ("slack_channel", "slack_ts"), "releases": ("body",)}
_TABLES = (RUNS, SYNCS, INCIDENTS, INCIDENT_EVENTS, RELEASES, HELD_BACK, INVOICES, RATES)
# Outcomes are only ever added. On Postgres a number may be committed after a higher one: so many are copied again.
OVERLAP = 1000
_TYPES: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (UtcTime, "timestamp"),
    (sa.Boolean, "boolean"),
    (sa.Integer, "bigint"),
    (sa.String, "varchar"),
)


@dataclass(frozen=True)
class Copied:
    """How many rows were written into the schema `ops`."""

    rows: int


@recorded
def copy_ops(warehouse: Warehouse) -> Copied:
    """Bring the copies in the schema `ops` up to date, each table in one transaction."""
    ops = doors.ops_store()
    given_invoices(ops), given_rates(ops), OpsHeldBack(ops)  # their tables, where none was ever given
    copies = [*(_whole(table) for table in _TABLES), _new_outcomes(warehouse)]
    for copy in copies:
        warehouse.put(copy)
    return Copied(sum(len(copy.rows) for copy in copies))


def columns_of(table: sa.Table) -> dict[str, str]:
    """The copied columns of a table of the ops store, with their types in the warehouse."""
    return {_RENAMED.get(column.name, column.name): _type_of(column) for column in _chosen(table)}


def _type_of(column: sa.Column[Any]) -> str:
    return next(sql for kind, sql in _TYPES if isinstance(column.type, kind))


def _whole(table: sa.Table) -> Copy:
    return _copy(table, sa.select(*_chosen(table)))


def _new_outcomes(warehouse: Warehouse) -> Copy:
    known = _known(warehouse)
    newest = _ops(lambda db: db.scalar(sa.select(sa.func.max(OUTCOMES.c.id)))) or 0
    # A store whose numbers are lower than the copy's began anew: its rows are others, and the copy is replaced.
    since = max(known - OVERLAP, 0) if known <= newest else 0
    return _copy(OUTCOMES, sa.select(*_chosen(OUTCOMES)).where(OUTCOMES.c.id > since), instead_of=f"id > {since}")


def _known(warehouse: Warehouse) -> int:
    if OUTCOMES.name not in warehouse.relations(SCHEMA):
        return 0
    return int(warehouse.query(f"select coalesce(max(id), 0) from {SCHEMA}.{OUTCOMES.name}")[0][0])  # noqa: S608 - a constant


def _copy(table: sa.Table, query: sa.Select[Any], *, instead_of: str = "true") -> Copy:
    rows = [tuple(map(_naive, row)) for row in _ops(lambda db: db.execute(query).all())]
    return Copy(f"{SCHEMA}.{table.name}", columns_of(table), rows, instead_of)


def _chosen(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if column.name not in _LEFT_OUT.get(table.name, ())]


def _ops(ask: Callable[[sa.Connection], Any]) -> Any:  # noqa: ANN401 - what the question returns
    with doors.ops_store().engine.connect() as db:
        return ask(db)


def _naive(value: Any) -> Any:  # noqa: ANN401 - a cell of any type
    return naive_utc(value) if isinstance(value, datetime) else value
