"""Every run of a flow that began a step, and when it was due: also the one that died before its first step ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_tables import METADATA, UtcTime

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("run", sa.String, primary_key=True),
    sa.Column("flow", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("scheduled_at", UtcTime),
    sa.Column("started_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class RunRow:
    """One flow run; `source` is empty where it is about none, `scheduled_at` where a person started it."""

    run: str
    flow: str
    source: str
    scheduled_at: datetime | None
    started_at: datetime


class OpsRuns:
    """Typed reads and writes over the runs."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        RUNS.create(engine, checkfirst=True)

    def begin(self, row: RunRow) -> None:
        """Write a run down, unless it is known: a run that continues began before."""
        known = sa.select(RUNS.c.run).where(RUNS.c.run == row.run)
        with suppress(sa.exc.IntegrityError), self.engine.begin() as db:  # another process of the run was faster
            if not db.execute(known).first():
                db.execute(RUNS.insert(), asdict(row))

    def runs(self) -> list[RunRow]:
        """All runs, in the order in which they began."""
        found = rows(self.engine, sa.select(RUNS).order_by(RUNS.c.started_at, RUNS.c.run))
        return [RunRow(**row) for row in found]
