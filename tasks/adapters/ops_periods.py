"""Months that finance has closed, and what was found out about them afterwards.

A closed month keeps the figures that were signed. What a backfill would change in it is written down as a
restatement: a dated difference beside the figures, never in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from expectations.declare.errors import Misconfigured
from tasks.adapters.ops_plans import Change, change_of
from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime
from tasks.window import Window

CLOSED = sa.Table(
    "closed_periods",
    METADATA,
    sa.Column("month", sa.String, primary_key=True),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

_CELL = ("mart", "metric", "channel", "day")
RESTATEMENTS = sa.Table(
    "restatements",
    METADATA,
    sa.Column("origin", sa.String, primary_key=True),
    *(sa.Column(name, sa.String, primary_key=True) for name in _CELL),
    sa.Column("before", sa.String, nullable=False),
    sa.Column("after", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Restatement:
    """One figure of a closed month as it would be now; `origin` is the plan that found it."""

    origin: str
    change: Change
    reason: str
    by: str
    at: datetime


class OpsPeriods:
    """Closed months and restatements of one ops store."""

    def __init__(self, ops: OpsStore) -> None:
        self._engine = ops.engine
        METADATA.create_all(self._engine, tables=[CLOSED, RESTATEMENTS])

    def closed_months(self) -> list[str]:
        """Months that are closed, as `2026-10`, in order."""
        with self._engine.connect() as db:
            return [str(month) for month in db.scalars(sa.select(CLOSED.c.month).order_by(CLOSED.c.month))]

    def close(self, month: str, by: str) -> None:
        """Close a month; closing it again changes nothing."""
        try:
            date.fromisoformat(f"{month}-01")
        except ValueError:
            raise Misconfigured(f"{month!r} is not a month", do="Write it as 2026-10") from None
        with self._engine.begin() as db:
            if not db.execute(sa.select(CLOSED.c.month).where(CLOSED.c.month == month)).first():
                db.execute(CLOSED.insert(), {"month": month, "by": by, "at": now()})

    def closed_in(self, window: Window) -> list[str]:
        """The closed months that a window touches."""
        touched = {f"{day:%Y-%m}" for day in window.days()}
        return [month for month in self.closed_months() if month in touched]

    def restate(self, origin: str, changes: Sequence[Change], *, reason: str, by: str) -> None:
        """Write the differences down, all or nothing; what the same origin said before is replaced."""
        signed = {"origin": origin, "reason": reason, "by": by, "at": now()}
        new = [
            signed | {name: getattr(c, name) for name in _CELL} | {"before": str(c.before), "after": str(c.after)}
            for c in changes
        ]
        with self._engine.begin() as db:
            db.execute(RESTATEMENTS.delete().where(RESTATEMENTS.c.origin == origin))
            if new:
                db.execute(RESTATEMENTS.insert(), new)

    def restatements(self, origin: str = "") -> list[Restatement]:
        """Every restatement, or those of one origin, by day and figure."""
        query = sa.select(RESTATEMENTS).order_by(RESTATEMENTS.c.day, RESTATEMENTS.c.mart, RESTATEMENTS.c.metric)
        query = query.where(RESTATEMENTS.c.origin == origin) if origin else query
        return [
            Restatement(str(row["origin"]), change_of(row), str(row["reason"]), str(row["by"]), row["at"])
            for row in rows(self._engine, query)
        ]
