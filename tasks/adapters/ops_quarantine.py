"""The index of everything that is held back: what broke which rule where, how often, and what became of it.

It holds names, line numbers and counts, never a value of a record: the lines themselves are in the bucket, the rows
in the warehouse. Each entry has a natural key, so everything may be written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from tasks.adapters.ops_rows import Row, flat, rows, with_window
from tasks.adapters.ops_tables import METADATA, UtcTime, window_columns
from tasks.window import Window

Kind = Literal["line", "row", "object"]
State = Literal["open", "replayed", "dismissed"]

_KEY = ("source", "stream", "sync_id", "kind", "rule", "place", "object")

QUARANTINE = sa.Table(
    "quarantine",
    METADATA,
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("stream", sa.String, primary_key=True),
    sa.Column("sync_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("rule", sa.String, primary_key=True),
    sa.Column("place", sa.String, primary_key=True),
    sa.Column("object", sa.String, primary_key=True),
    *window_columns(),
    sa.Column("pointer", sa.String, nullable=False),
    sa.Column("lines", sa.JSON, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("first_seen", UtcTime, nullable=False),
    sa.Column("last_seen", UtcTime, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)


@dataclass(frozen=True)
class Held:
    """Lines, rows or an object of one sync that broke one rule at one place (a column, or nothing).

    `object` is the landing object, `lines` the numbers of the first ones in it, `pointer` the key in the bucket where
    they are kept (a row's own object, where the lake has it).
    """

    source: str
    stream: str
    sync_id: int
    window: Window
    kind: Kind
    rule: str
    place: str
    object: str
    pointer: str
    count: int
    lines: tuple[int, ...] = ()
    state: State = "open"
    reason: str = ""
    first_seen: datetime | None = None
    last_seen: datetime | None = None


class QuarantineIndex:
    """Reads and writes of the index."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        METADATA.create_all(engine, tables=[QUARANTINE])

    def seen(self, entries: Iterable[Held]) -> None:
        """Remember what is held back now; what was replayed before is open again, what was dismissed stays so."""
        with self.engine.begin() as db:
            for entry in entries:
                self._save(db, entry)

    def _save(self, db: sa.Connection, entry: Held) -> None:
        at = datetime.now(UTC)
        known = db.execute(sa.select(QUARANTINE).where(_same(entry))).mappings().first()
        kept = {"first_seen": at, "state": "open", "reason": ""}
        if known:
            state = "dismissed" if known["state"] == "dismissed" else "open"
            kept = {"first_seen": known["first_seen"], "state": state, "reason": known["reason"]}
            db.execute(QUARANTINE.delete().where(_same(entry)))
        db.execute(QUARANTINE.insert(), _row(entry) | kept | {"last_seen": at})

    def settle(self, entries: Iterable[Held], state: State, *, reason: str = "") -> None:
        """Say what became of entries."""
        with self.engine.begin() as db:
            for entry in entries:
                db.execute(QUARANTINE.update().where(_same(entry)).values(state=state, reason=reason))

    def shrink(self, entry: Held, count: int) -> None:
        """So many of an entry are still out; none means that it was replayed."""
        with self.engine.begin() as db:
            state = "open" if count else "replayed"
            db.execute(QUARANTINE.update().where(_same(entry)).values(count=count or entry.count, state=state))

    def found(self, source: str = "", *, rule: str = "", states: Sequence[State] = ("open",)) -> list[Held]:
        """Entries in a fixed order; an empty source or rule means all."""
        chosen: sa.ColumnElement[bool] = QUARANTINE.c.state.in_(states)
        for column, value in ((QUARANTINE.c.source, source), (QUARANTINE.c.rule, rule)):
            chosen = chosen & (column == value) if value else chosen
        return self._where(chosen)

    def of_sync(self, source: str, stream: str, sync_id: int) -> list[Held]:
        """Everything that was ever held back of one sync of a stream."""
        at = (QUARANTINE.c.source == source) & (QUARANTINE.c.stream == stream) & (QUARANTINE.c.sync_id == sync_id)
        return self._where(at)

    def _where(self, chosen: sa.ColumnElement[bool]) -> list[Held]:
        query = sa.select(QUARANTINE).where(chosen).order_by(*(QUARANTINE.c[name] for name in _KEY))
        return [_held(row) for row in rows(self.engine, query)]


def _same(entry: Held) -> sa.ColumnElement[bool]:
    return sa.and_(*(QUARANTINE.c[name] == getattr(entry, name) for name in _KEY))


def _row(entry: Held) -> Row:
    return flat(asdict(replace(entry, lines=()))) | {"lines": list(entry.lines)}


def _held(row: Row) -> Held:
    return Held(**(with_window(row) | {"lines": tuple(row["lines"])}))
