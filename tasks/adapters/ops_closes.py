"""What finance signed, for good: the history of a month, its frozen figures, and what was found out about them since.

Nothing here is changed or deleted. A month that is opened again and closed again has two versions of its figures; a
figure that moves after the closing gets an entry for each move: frozen + the sum of its entries is the figure of now.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from tasks.adapters.ops_periods import CLOSED, OpsPeriods
from tasks.adapters.ops_plans import plain
from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_store import OpsStore
from tasks.adapters.ops_tables import METADATA, UtcTime

Action = Literal["closed", "reopened"]
Cause = Literal["backfill", "late data", "rate change", "definition change", "reopened", "unexplained"]
Cell = tuple[str, str, str, str]  # mart, metric, channel, day

EVENTS = sa.Table(
    "period_events",
    METADATA,
    sa.Column("month", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("release_id", sa.String, nullable=False),
    sa.Column("code", sa.String, nullable=False),
    sa.Column("declarations", sa.String, nullable=False),
    sa.Column("figures", sa.Integer, nullable=False),
    sa.Column("checksum", sa.String, nullable=False),
    sa.Column("changes", sa.Integer, nullable=False),
    sa.Column("evidence", sa.JSON, nullable=False),
)

# Amounts are text: no engine may round what was signed.
_CELL = ("mart", "metric", "channel", "day")


def _place() -> list[sa.Column[Any]]:
    return [sa.Column("month", sa.String, primary_key=True), sa.Column("version", sa.Integer, primary_key=True)]


FROZEN = sa.Table(
    "closed_figures",
    METADATA,
    *_place(),
    *(sa.Column(name, sa.String, primary_key=True) for name in _CELL),
    sa.Column("amount", sa.String, nullable=False),
)

ENTRIES = sa.Table(
    "period_entries",
    METADATA,
    *_place(),
    *(sa.Column(name, sa.String, primary_key=True) for name in _CELL),
    sa.Column("entry", sa.Integer, primary_key=True),
    sa.Column("frozen", sa.String, nullable=False),
    sa.Column("before", sa.String, nullable=False),
    sa.Column("after", sa.String, nullable=False),
    sa.Column("cause", sa.String, nullable=False),
    sa.Column("origin", sa.String, nullable=False),
    sa.Column("syncs", sa.String, nullable=False),
    sa.Column("evidence", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

# How far the last comparison saw: what came later is why a figure moved.
MARKS = sa.Table(
    "period_marks",
    METADATA,
    sa.Column("month", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("load_seq", sa.BigInteger, nullable=False),
    sa.Column("code", sa.String, nullable=False),
    sa.Column("declarations", sa.String, nullable=False),
    sa.Column("rates", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
_TABLES = [EVENTS, FROZEN, ENTRIES, MARKS]


@dataclass(frozen=True)
class Event:
    """One closing or reopening of a month; `changes` are the entries that its version had by then.

    `evidence` of a closing is JSON: checklist, signers, releases, rates, definitions.
    """

    month: str
    number: int
    version: int
    action: Action
    by: str
    reason: str
    at: datetime
    release_id: str = ""
    code: str = ""
    declarations: str = ""
    figures: int = 0
    checksum: str = ""
    changes: int = 0
    evidence: Any = None


@dataclass(frozen=True)
class Entry:
    """One move of one signed figure; `syncs` are those that brought it, as `source sync`, with commas between them."""

    month: str
    version: int
    mart: str
    metric: str
    channel: str
    day: str
    entry: int
    frozen: Decimal
    before: Decimal
    after: Decimal
    cause: Cause
    origin: str
    syncs: str
    evidence: str
    at: datetime

    @property
    def cell(self) -> Cell:
        """Where the figure stands."""
        return (self.mart, self.metric, self.channel, self.day)

    @property
    def amount(self) -> Decimal:
        """By how much it moved."""
        return self.after - self.before


@dataclass(frozen=True)
class Mark:
    """What the last comparison of a month had seen; `rates` are those of its days, as `currency day` to text."""

    month: str
    version: int
    load_seq: int
    code: str
    declarations: str
    rates: Mapping[str, str]
    at: datetime


class OpsCloses:
    """Closed months, their figures and what became of them, in one ops store."""

    def __init__(self, ops: OpsStore) -> None:
        OpsPeriods(ops)
        self._engine = ops.engine
        METADATA.create_all(self._engine, tables=_TABLES)

    def events(self, month: str = "") -> list[Event]:
        """What was done to one month or to all of them, in order."""
        query = sa.select(EVENTS).order_by(EVENTS.c.month, EVENTS.c.number)
        return [Event(**row) for row in rows(self._engine, query.where(EVENTS.c.month == month) if month else query)]

    def last(self, month: str) -> Event | None:
        """What was done to a month last."""
        return next(iter(reversed(self.events(month))), None)

    def closing(self, month: str, version: int = 0) -> Event | None:
        """The closing that made a version of a month (0: the newest one)."""
        found = [event for event in self.events(month) if event.action == "closed"]
        return next((event for event in reversed(found) if version in (0, event.version)), None)

    def freeze(self, event: Event, cells: Mapping[Cell, Decimal], mark: Mark, entries: Sequence[Entry] = ()) -> None:
        """Close a month with these figures, all or nothing; `entries` end the version before."""
        place = {"month": event.month, "version": event.version}
        figures = [
            place | dict(zip(_CELL, cell, strict=True)) | {"amount": plain(value)} for cell, value in cells.items()
        ]
        with self._engine.begin() as db:
            _insert(db, FROZEN, figures)
            _insert(db, ENTRIES, [_entry_row(entry) for entry in entries])
            _put_mark(db, mark)
            db.execute(EVENTS.insert(), asdict(event))
            db.execute(CLOSED.delete().where(CLOSED.c.month == event.month))
            db.execute(CLOSED.insert(), {"month": event.month, "by": event.by, "at": event.at})

    def reopen(self, event: Event) -> None:
        """Open a month again; its figures stay."""
        with self._engine.begin() as db:
            db.execute(EVENTS.insert(), asdict(event))
            db.execute(CLOSED.delete().where(CLOSED.c.month == event.month))

    def note(self, mark: Mark, entries: Sequence[Entry]) -> None:
        """Add the entries that a comparison found, and how far it saw, all or nothing."""
        with self._engine.begin() as db:
            _insert(db, ENTRIES, [_entry_row(entry) for entry in entries])
            _put_mark(db, mark)

    def frozen(self, month: str, version: int) -> dict[Cell, Decimal]:
        """The figures of a version."""
        query = sa.select(FROZEN).where((FROZEN.c.month == month) & (FROZEN.c.version == version))
        query = query.order_by(*(FROZEN.c[name] for name in _CELL))
        return {_cell(row): Decimal(row["amount"]) for row in rows(self._engine, query)}

    def entries(self, month: str = "", version: int = 0) -> list[Entry]:
        """What was found out about a version, figure by figure in order of time."""
        query = sa.select(ENTRIES).order_by(*(ENTRIES.c[n] for n in ("month", "version", *_CELL, "entry")))
        query = query.where(ENTRIES.c.month == month) if month else query
        query = query.where(ENTRIES.c.version == version) if version else query
        return [_entry(row) for row in rows(self._engine, query)]

    def mark(self, month: str) -> Mark | None:
        """How far the last comparison of a month saw."""
        return next((Mark(**row) for row in rows(self._engine, sa.select(MARKS).where(MARKS.c.month == month))), None)

    def invoiced(self, month: str) -> set[tuple[str, str]] | None:
        """Source and account of every invoice of a month; None where no invoice was ever given."""
        if not sa.inspect(self._engine).has_table("invoices"):
            return None
        table = sa.table("invoices", *(sa.column(name) for name in ("source", "account_id", "month")))
        given = rows(self._engine, sa.select(table))
        found = {(str(row["source"]), str(row["account_id"])) for row in given if str(row["month"])[:7] == month}
        return found if given else None


def _insert(db: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    if found := list(rows):
        db.execute(table.insert(), found)


def _put_mark(db: sa.Connection, mark: Mark) -> None:
    row = asdict(mark) | {"rates": json.loads(json.dumps(dict(mark.rates)))}
    db.execute(MARKS.delete().where(MARKS.c.month == mark.month))
    db.execute(MARKS.insert(), row)


def _entry_row(entry: Entry) -> dict[str, Any]:
    return asdict(entry) | {name: plain(getattr(entry, name)) for name in ("frozen", "before", "after")}


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(**row | {name: Decimal(row[name]) for name in ("frozen", "before", "after")})


def _cell(row: Mapping[str, Any]) -> Cell:
    return (str(row["mart"]), str(row["metric"]), str(row["channel"]), str(row["day"]))
