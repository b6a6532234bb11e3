"""What people planned to do again: backfill plans with their chunks, what would change, and what was promoted.

All state of a backfill is here, so that any process can go on where another one died. A plan is never deleted: its
state says what became of it, and the record of a promotion is a row with a date, a name and a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from tasks.adapters.ops_rows import Row, flat, rows, with_window
from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime, window_columns
from tasks.window import Window

Mode = Literal["replay", "extract"]
State = Literal["planned", "running", "staged", "promoted", "restated", "abandoned", "expired"]
# A plan in one of these states is under way: no other one may touch the same days of the same source.
OPEN: tuple[State, ...] = ("planned", "running", "staged")

PLANS = sa.Table(
    "backfill_plans",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    *window_columns(),
    sa.Column("mode", sa.String, nullable=False),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("to_restatements", sa.Boolean, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("before_hash", sa.String, nullable=False),
    sa.Column("after_hash", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
)

CHUNKS = sa.Table(
    "backfill_chunks",
    METADATA,
    sa.Column("plan", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    *window_columns(),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("manifests", sa.JSON, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("millis", sa.BigInteger, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)

# Amounts are text: no engine may round what a person is asked to approve.
_CELL = ("mart", "metric", "channel", "day")
CHANGES = sa.Table(
    "backfill_changes",
    METADATA,
    sa.Column("plan", sa.String, primary_key=True),
    *(sa.Column(name, sa.String, primary_key=True) for name in _CELL),
    sa.Column("before", sa.String, nullable=False),
    sa.Column("after", sa.String, nullable=False),
)

PROMOTIONS = sa.Table(
    "backfill_promotions",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    *window_columns(),
    sa.Column("mode", sa.String, nullable=False),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("by", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("changes", sa.Integer, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
_TABLES = [PLANS, CHUNKS, CHANGES, PROMOTIONS]


@dataclass(frozen=True)
class Plan:
    """A window of some sources that is to be done again; the hashes are those of the figures before and after."""

    id: str
    window: Window
    mode: Mode
    sources: tuple[str, ...]
    reason: str
    by: str
    to_restatements: bool
    state: State
    created_at: datetime
    changed_at: datetime
    before_hash: str = ""
    after_hash: str = ""
    note: str = ""


@dataclass(frozen=True)
class Chunk:
    """Some days of a plan: `fetched` once they are sealed in the lake (`manifests`), `done` once in the staged copy."""

    plan: str
    number: int
    window: Window
    state: Literal["waiting", "fetched", "done"]
    manifests: tuple[str, ...] = ()
    rows: int = 0
    millis: int = 0


@dataclass(frozen=True)
class Change:
    """One figure that a backfill changes: a metric of a mart, for a channel and a day."""

    mart: str
    metric: str
    channel: str
    day: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Promotion:
    """The dated record of a backfill or a replay that readers got."""

    id: str
    window: Window
    mode: Mode
    sources: tuple[str, ...]
    reason: str
    by: str
    note: str
    changes: int
    at: datetime


class OpsPlans:
    """Plans, chunks, changes and promotions of one ops store."""

    def __init__(self, ops: OpsStore) -> None:
        self._engine = ops.engine
        METADATA.create_all(self._engine, tables=_TABLES)

    def add(self, plan: Plan, chunks: Sequence[Chunk]) -> None:
        """Write a new plan with its chunks, all or nothing; the same id is written once."""
        with self._engine.begin() as db:
            if db.execute(sa.select(PLANS.c.id).where(PLANS.c.id == plan.id)).first():
                return
            db.execute(PLANS.insert(), _columns(plan))
            db.execute(CHUNKS.insert(), [_columns(chunk) | {"changed_at": now()} for chunk in chunks])

    def find(self, plan_id: str) -> Plan | None:
        """The plan of this id."""
        return next(iter(self._plans(PLANS.c.id == plan_id)), None)

    def all(self, states: Iterable[State] = ()) -> list[Plan]:
        """Every plan, oldest first; with `states` those in one of them."""
        chosen = tuple(states)
        return self._plans(PLANS.c.state.in_(chosen) if chosen else sa.true())

    def move(self, plan: Plan, state: State, *, note: str = "", hashes: tuple[str, str] | None = None) -> Plan:
        """The plan in another state."""
        before, after = hashes or (plan.before_hash, plan.after_hash)
        moved = replace(
            plan, state=state, note=note or plan.note, before_hash=before, after_hash=after, changed_at=now()
        )
        values = {"state": state, "note": moved.note, "before_hash": before, "after_hash": after}
        with self._engine.begin() as db:
            statement = PLANS.update().where(PLANS.c.id == plan.id)
            db.execute(statement.values(**values, changed_at=moved.changed_at))
        return moved

    def chunks(self, plan_id: str) -> list[Chunk]:
        """The chunks of a plan in order."""
        query = sa.select(CHUNKS).where(CHUNKS.c.plan == plan_id).order_by(CHUNKS.c.number)
        return [_chunk(row) for row in rows(self._engine, query)]

    def save_chunk(self, chunk: Chunk) -> None:
        """Write how far a chunk is."""
        one = (CHUNKS.c.plan == chunk.plan) & (CHUNKS.c.number == chunk.number)
        with self._engine.begin() as db:
            db.execute(CHUNKS.update().where(one).values(**_columns(chunk), changed_at=now()))

    def save_changes(self, plan_id: str, changes: Sequence[Change]) -> None:
        """Replace what a plan would change."""
        new = [asdict(c) | {"plan": plan_id, "before": str(c.before), "after": str(c.after)} for c in changes]
        with self._engine.begin() as db:
            db.execute(CHANGES.delete().where(CHANGES.c.plan == plan_id))
            if new:
                db.execute(CHANGES.insert(), new)

    def changes(self, plan_id: str) -> list[Change]:
        """What a plan would change or has changed, by mart, metric, day and channel."""
        order = (CHANGES.c.mart, CHANGES.c.metric, CHANGES.c.day, CHANGES.c.channel)
        query = sa.select(CHANGES).where(CHANGES.c.plan == plan_id).order_by(*order)
        return [change_of(row) for row in rows(self._engine, query)]

    def record(self, promotion: Promotion) -> None:
        """Keep the dated record of a promotion; the same id is kept once."""
        with self._engine.begin() as db:
            if not db.execute(sa.select(PROMOTIONS.c.id).where(PROMOTIONS.c.id == promotion.id)).first():
                db.execute(PROMOTIONS.insert(), _columns(promotion))

    def promotions(self) -> list[Promotion]:
        """Everything that was promoted, oldest first."""
        query = sa.select(PROMOTIONS).order_by(PROMOTIONS.c.at, PROMOTIONS.c.id)
        return [Promotion(**_fields(row, "sources")) for row in rows(self._engine, query)]

    def _plans(self, where: sa.ColumnElement[bool]) -> list[Plan]:
        query = sa.select(PLANS).where(where).order_by(PLANS.c.created_at, PLANS.c.id)
        return [Plan(**_fields(row, "sources")) for row in rows(self._engine, query)]


def change_of(row: Row) -> Change:
    """The change that a row with its columns tells."""
    place = {name: str(row[name]) for name in _CELL}
    return Change(**place, before=Decimal(row["before"]), after=Decimal(row["after"]))


def told(promotions: Sequence[Promotion]) -> list[dict[str, Any]]:
    """The promotions as release.json keeps them."""
    return [
        {
            "id": p.id,
            "mode": p.mode,
            "sources": list(p.sources),
            "window": p.window.label,
            "at": p.at.isoformat(timespec="seconds"),
            "by": p.by,
            "reason": p.reason,
            "changes": p.changes,
        }
        for p in promotions
    ]


def plain(value: Decimal) -> str:
    """A number without trailing zeros."""
    return f"{value.normalize():f}" if value else "0"


def _columns(record: Plan | Chunk | Promotion) -> Row:
    values = flat(asdict(record))
    return values | {name: list(value) for name, value in values.items() if isinstance(value, tuple)}


def _chunk(row: Row) -> Chunk:
    row.pop("changed_at")
    return Chunk(**_fields(row, "manifests"))


def _fields(row: Row, several: str) -> Row:
    return with_window(row) | {several: tuple(row[several])}
