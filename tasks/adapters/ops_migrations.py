"""Bring an ops store of an older version up to this one, or refuse one that is newer.

The version is a row of the store itself. A migration is a function over one connection; all that are missing run
in one transaction, under a lock, so two processes that start together migrate once and a death in between leaves
the old version. A new table needs no migration: tables that are not there are created.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from expectations.declare.errors import Misconfigured
from tasks.adapters.ops_records import incident_id
from tasks.adapters.ops_tables import INCIDENTS, METADATA, OUTBOX, OUTCOMES, UtcTime

STATE = sa.Table(
    "state",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
NAME = "ops"
# Any number will do, as long as it is this one: Postgres gives the lock back with the transaction.
_ADVISORY = 7_584_201


def _tell_attempt_and_schedule(db: sa.Connection) -> None:
    """Outcomes tell which attempt of a step they are, and when its run was due."""
    for column in (OUTCOMES.c.attempt, OUTCOMES.c.scheduled_at):
        _add_column(db, column)


def _care_for_incidents(db: sa.Connection) -> None:
    """Incidents have an id, a thread and people who care for them; a message has a channel and a begun try."""
    known = set(sa.inspect(db).get_table_names())
    for table, names in _CARE.items():
        for name in names if table.name in known else ():
            _add_column(db, table.c[name])
    if INCIDENTS.name not in known:
        return
    for row in db.execute(sa.select(INCIDENTS.c.key, INCIDENTS.c.opened_at)).all():
        same = (INCIDENTS.c.key == row.key) & (INCIDENTS.c.opened_at == row.opened_at)
        named = incident_id(row.key, row.opened_at.isoformat())
        db.execute(INCIDENTS.update().where(same).values(id=named, thread=named))


def _hold_parts(db: sa.Connection) -> None:
    """A hold by hand may be about one source or mart. Its table is known to `ops_control`, which imports this one."""
    if "holds" in sa.inspect(db).get_table_names():
        db.exec_driver_sql("alter table holds add column about varchar")


_CARE: dict[sa.Table, tuple[str, ...]] = {
    INCIDENTS: (
        "id",
        "model",
        "thread",
        "acknowledged_at",
        "acknowledged_by",
        "acknowledged_note",
        "snoozed_until",
        "snoozed_by",
        "snoozed_because",
        "escalated_at",
    ),
    OUTBOX: ("channel", "thread", "sending_at"),
}
# The step at place n brings version n + 1 to n + 2; a store without a version, but with tables, is version 1.
STEPS: tuple[Callable[[sa.Connection], None], ...] = (
    _tell_attempt_and_schedule,
    _care_for_incidents,
    _hold_parts,
)
VERSION = len(STEPS) + 1


def migrate(engine: sa.Engine) -> int:
    """Make the store's tables those of this version, and return the version that it had (0: it was empty).

    Raises `Misconfigured` for a store that a newer version has written, and changes nothing in it.
    """
    if _is_current(engine):
        return VERSION
    with engine.begin() as db:
        _alone(db)
        found = _version(db)
        _refuse_newer(found, engine.url)
        for step in STEPS[found - 1 :] if found else ():
            step(db)
        METADATA.create_all(db)
        db.execute(STATE.delete().where(STATE.c.name == NAME))
        db.execute(STATE.insert(), {"name": NAME, "version": VERSION, "at": datetime.now(UTC)})
    return found


def _is_current(engine: sa.Engine) -> bool:
    with engine.connect() as db:
        tables = set(sa.inspect(db).get_table_names())
        return set(METADATA.tables) <= tables and _version(db) == VERSION


def _version(db: sa.Connection) -> int:
    tables = sa.inspect(db).get_table_names()
    if STATE.name in tables:
        return int(db.scalar(sa.select(STATE.c.version).where(STATE.c.name == NAME)) or 1)
    return 1 if OUTCOMES.name in tables else 0


def _alone(db: sa.Connection) -> None:
    """Keep other processes out until the transaction ends."""
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("begin immediate")
    elif db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))


def _refuse_newer(found: int, url: sa.URL) -> None:
    if found > VERSION:
        raise Misconfigured(
            f"the ops store was written by a newer version (its state is {found}, this one knows {VERSION})",
            where=url.render_as_string(hide_password=True),
            do="Install the newer version, or set PLUMBLINE_OPS_URL to another database; nothing was changed",
        )


def _add_column(db: sa.Connection, column: sa.Column[object]) -> None:
    kind = column.type.compile(db.dialect)
    db.exec_driver_sql(f"alter table {column.table.name} add column {column.name} {kind}")
