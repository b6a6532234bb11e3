"""What people told the pipeline to do against its own judgement: pauses of a source, holds, and overrides of a gate.

Each is a row with a name, a reason and a time. A row is ended, never deleted, so what was decided can be read later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from expectations.declare.errors import Misconfigured
from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime
from tasks.window import Window

_SIGNED = ("by", "reason", "at")


def _signed() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    ]


PAUSES = sa.Table(
    "pauses",
    METADATA,
    *_signed(),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("ended_at", UtcTime),
)

HOLDS = sa.Table(
    "holds",
    METADATA,
    *_signed(),
    sa.Column("window_start", UtcTime),
    sa.Column("window_end", UtcTime),
    sa.Column("ended_at", UtcTime),
    sa.Column("ended_by", sa.String, nullable=False),
    sa.Column("ended_because", sa.String, nullable=False),
    sa.Column("about", sa.String),
)

OVERRIDES = sa.Table(
    "overrides",
    METADATA,
    *_signed(),
    sa.Column("check", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("sentence", sa.String, nullable=False),
    sa.Column("observed", sa.String, nullable=False),
)


@dataclass(frozen=True)
class Pause:
    """A source that nobody waits for until an instant (UTC)."""

    source: str
    until: datetime
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Hold:
    """Readers keep what they have until a person lifts it; `window` is None for every window.

    `about` is the source, model or mart whose marts are held; empty: all of them.
    """

    id: int
    window: Window | None
    reason: str
    by: str
    at: datetime
    about: str = ""


@dataclass(frozen=True)
class Override:
    """A person let one finding pass that holds a release: exactly this sentence, until its incident recovers."""

    check: str
    source: str
    scope: str
    sentence: str
    observed: str
    reason: str
    by: str
    at: datetime


class OpsControl:
    """Reads and writes over the tables above. What has no reason or no name is refused as `Misconfigured`."""

    def __init__(self, store: OpsStore) -> None:
        self.engine = store.engine
        METADATA.create_all(self.engine, tables=[PAUSES, HOLDS, OVERRIDES])

    # pauses -----------------------------------------------------------------------------------------

    def pause(self, pause: Pause) -> None:
        """Pause a source, instead of an earlier pause of it."""
        self.unpause(pause.source)
        self._insert(PAUSES, {name: getattr(pause, name) for name in (*_SIGNED, "source", "until")})

    def unpause(self, source: str) -> bool:
        """End the pause of a source now; whether there was one."""
        standing = (PAUSES.c.source == source) & PAUSES.c.ended_at.is_(None) & (PAUSES.c.until > now())
        return self._end(PAUSES, standing, {"ended_at": now()}) > 0

    def pauses(self) -> list[Pause]:
        """The pauses that stand now, by source; one that is over ended by itself."""
        standing = PAUSES.c.ended_at.is_(None) & (PAUSES.c.until > now())
        found = rows(self.engine, sa.select(PAUSES).where(standing).order_by(PAUSES.c.source))
        return [Pause(row["source"], row["until"], row["reason"], row["by"], row["at"]) for row in found]

    # holds ------------------------------------------------------------------------------------------

    def hold(self, window: Window | None, *, reason: str, by: str, about: str = "") -> None:
        """Hold releases from now on, or what is made of one source or mart; the same hold twice is one."""
        if any((held.window, held.reason, held.about) == (window, reason, about) for held in self.holds()):
            return
        span = {"window_start": window.start if window else None, "window_end": window.end if window else None}
        ended = {"ended_at": None, "ended_by": "", "ended_because": "", "about": about}
        self._insert(HOLDS, {"by": by, "reason": reason, "at": now()} | span | ended)

    def lift(self, hold_id: int, *, reason: str, by: str) -> None:
        """End a hold."""
        _refuse_unsigned(reason, by)
        self._end(HOLDS, HOLDS.c.id == hold_id, {"ended_at": now(), "ended_by": by, "ended_because": reason})

    def holds(self) -> list[Hold]:
        """The holds that stand, oldest first."""
        found = rows(self.engine, sa.select(HOLDS).where(HOLDS.c.ended_at.is_(None)).order_by(HOLDS.c.id))
        return [Hold(row["id"], _window(row), row["reason"], row["by"], row["at"], row["about"] or "") for row in found]

    # overrides --------------------------------------------------------------------------------------

    def override(self, override: Override) -> None:
        """Record that a person lets a finding pass; the same finding again only renews the reason."""
        names = (*_SIGNED, "check", "source", "scope", "sentence", "observed")
        self._insert(OVERRIDES, {name: getattr(override, name) for name in names})

    def overrides(self) -> list[Override]:
        """All of them, oldest first."""
        found = rows(self.engine, sa.select(OVERRIDES).order_by(OVERRIDES.c.id))
        return [Override(**{k: v for k, v in row.items() if k != "id"}) for row in found]

    # plumbing ---------------------------------------------------------------------------------------

    def _insert(self, table: sa.Table, row: dict[str, Any]) -> None:
        _refuse_unsigned(row["reason"], row["by"])
        with self.engine.begin() as db:
            db.execute(table.insert(), row)

    def _end(self, table: sa.Table, where: sa.ColumnElement[bool], values: dict[str, Any]) -> int:
        with self.engine.begin() as db:
            return int(db.execute(table.update().where(where).values(values)).rowcount)


def _window(row: dict[str, Any]) -> Window | None:
    return Window(start=row["window_start"], end=row["window_end"]) if row["window_start"] else None


def _refuse_unsigned(reason: str, by: str) -> None:
    for name, value in (("reason", reason), ("name", by)):
        if not value.strip():
            raise Misconfigured(f"the {name} is empty", do="Say why, and who you are: others read it later")
