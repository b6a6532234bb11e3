"""The pulse of running flows: a row that a living process renews, so that silence can be noticed from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_tables import METADATA, SYNCS, UtcTime

PULSES = sa.Table(
    "pulses",
    METADATA,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("host", sa.String, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_began", sa.Float, nullable=False),
    sa.Column("beat_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Pulse:
    """Which process a run lives in (its pid means nothing without host and start), and when it last said so."""

    run: str
    host: str
    pid: int
    process_began: float
    beat_at: datetime


class OpsPulses:
    """Typed reads and writes over the pulses."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        PULSES.create(engine, checkfirst=True)

    def beat(self, pulses: Sequence[Pulse]) -> None:
        """Renew the rows of these runs; a run that is continued elsewhere belongs to its newest process."""
        with self.engine.begin() as db:
            db.execute(PULSES.delete().where(PULSES.c.run.in_([pulse.run for pulse in pulses])))
            db.execute(PULSES.insert(), [asdict(pulse) for pulse in pulses])

    def pulses(self) -> dict[str, Pulse]:
        """The last pulse of every run, by run."""
        return {row["run"]: Pulse(**row) for row in rows(self.engine, sa.select(PULSES))}

    def last_synced(self) -> dict[str, datetime]:
        """When the newest succeeded sync of each source finished, whatever its window."""
        query = sa.select(SYNCS.c.source, sa.func.max(SYNCS.c.finished_at, type_=UtcTime()))
        query = query.where(SYNCS.c.status == "succeeded", SYNCS.c.finished_at.is_not(None)).group_by(SYNCS.c.source)
        with self.engine.connect() as db:
            return {str(source): at for source, at in db.execute(query)}

    def forget(self, before: datetime) -> None:
        """Remove pulses that are older than this; their runs have long ended."""
        with self.engine.begin() as db:
            db.execute(PULSES.delete().where(PULSES.c.beat_at < before))
