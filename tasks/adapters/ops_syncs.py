"""What was asked of Airbyte, and what came of it beside the daily syncs: kept so that a death loses no delivery.

A request is written before the job is asked for. If the process dies in between, the next run knows from when on a
job that it does not know may be its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tasks.adapters.ops_records import SyncRow
from tasks.adapters.ops_rows import flat, rows, same_window, with_window
from tasks.adapters.ops_tables import METADATA, OUTCOMES, SYNCS, UtcTime, window_columns
from tasks.window import Window

REQUESTS = sa.Table(
    "sync_requests",
    METADATA,
    sa.Column("connection_id", sa.String, primary_key=True),
    *window_columns(key=True),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("asked_at", UtcTime, nullable=False),
)

BACKFILLS = sa.Table(
    "backfill_syncs",
    METADATA,
    *(sa.Column(c.name, c.type, primary_key=c.primary_key, nullable=c.nullable) for c in SYNCS.columns),
)

DISCOVERED = sa.Table(
    "discovered_syncs",
    METADATA,
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("job_id", sa.BigInteger, primary_key=True),
    *window_columns(),
    sa.Column("found_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Request:
    """A window that a connection was asked for, and since when, while no job of it is known."""

    window: Window
    asked_at: datetime


class SyncJournal:
    """Requests without an answer, jobs found in Airbyte's own list, and the jobs of backfill connections."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        METADATA.create_all(engine, [REQUESTS, BACKFILLS, DISCOVERED])

    # Requests

    def ask(self, source: str, connection_id: str, window: Window, at: datetime) -> datetime:
        """Remember that a job is about to be asked for; the time of an earlier request without an answer stays."""
        known = next((r for r in self.requests(connection_id) if r.window == window), None)
        if known:
            return known.asked_at
        row = flat({"source": source, "connection_id": connection_id, "asked_at": at, "window": window})
        # Another process may ask for the same at this moment: then its row is as good as ours.
        with suppress(sa.exc.IntegrityError), self._engine.begin() as db:
            db.execute(REQUESTS.insert(), row)
        return at

    def requests(self, connection_id: str) -> list[Request]:
        """Requests of a connection without an answer, oldest first."""
        query = sa.select(REQUESTS).where(REQUESTS.c.connection_id == connection_id).order_by(REQUESTS.c.asked_at)
        return [Request(with_window(row)["window"], row["asked_at"]) for row in rows(self._engine, query)]

    def answered(self, connection_id: str, window: Window) -> None:
        """The job of a request is known: the request is over."""
        with self._engine.begin() as db:
            known = (REQUESTS.c.connection_id == connection_id) & same_window(REQUESTS, window)
            db.execute(REQUESTS.delete().where(known))

    # Jobs of the daily connections

    def known_jobs(self, connection_id: str) -> set[int]:
        """Ids of all jobs of a connection that were started or found, daily or backfill."""
        found = (sa.select(t.c.job_id).where(t.c.connection_id == connection_id) for t in (SYNCS, BACKFILLS))
        with self._engine.connect() as db:
            return set(db.scalars(sa.union(*found)))

    def known_since(self, source: str, over_without: Iterable[str]) -> datetime | None:
        """From when on an unknown job may hold a delivery that nobody has loaded.

        The start of the oldest job that is not settled, else of the newest that is: what was created before was
        in the list when that one was collected.
        """
        mine = SYNCS.c.source == source
        open_jobs = mine & ~SYNCS.c.settled & SYNCS.c.status.not_in(tuple(over_without))
        with self._engine.connect() as db:
            settled = db.scalar(sa.select(sa.func.max(SYNCS.c.started_at)).where(mine & SYNCS.c.settled))
            oldest = db.scalar(sa.select(sa.func.min(SYNCS.c.started_at)).where(open_jobs))
            asked = db.scalar(sa.select(sa.func.min(REQUESTS.c.asked_at)).where(REQUESTS.c.source == source))
        return min((at for at in (settled, oldest, asked) if at), default=None)

    def committed_partly(self, source: str, failed: Iterable[str]) -> list[SyncRow]:
        """Jobs that failed after they had committed rows which nobody has loaded yet, oldest first."""
        query = sa.select(SYNCS).where((SYNCS.c.source == source) & SYNCS.c.status.in_(tuple(failed)))
        query = query.where((SYNCS.c.rows_reported > 0) & ~SYNCS.c.settled)
        return self._syncs(query.order_by(SYNCS.c.started_at, SYNCS.c.job_id))

    def discovered(self, row: SyncRow, at: datetime) -> None:
        """Remember that a job was found in Airbyte's list and not started by a run that lived to tell."""
        same = (DISCOVERED.c.source == row.source) & (DISCOVERED.c.job_id == row.job_id)
        with self._engine.begin() as db:
            db.execute(DISCOVERED.delete().where(same))
            found = {"source": row.source, "job_id": row.job_id, "found_at": at, "window": row.window}
            db.execute(DISCOVERED.insert(), flat(found))

    def newest_of(self, source: str, limit: int) -> list[SyncRow]:
        """The newest daily jobs of a source over all windows, newest first."""
        query = sa.select(SYNCS).where(SYNCS.c.source == source)
        query = query.order_by(SYNCS.c.started_at.desc(), SYNCS.c.job_id.desc()).limit(limit)
        return self._syncs(query)

    def rows_sealed(self, source: str, stream: str, *, without: str, limit: int) -> list[int]:
        """Rows of the newest sealed deliveries of a stream, newest first, but for those of one run."""
        mine = (OUTCOMES.c.step == "seal") & (OUTCOMES.c.source == source) & (OUTCOMES.c.stream == stream)
        done = (OUTCOMES.c.status == "done") & (OUTCOMES.c.run != without)
        query = sa.select(OUTCOMES.c.rows_out).where(mine & done).order_by(OUTCOMES.c.id.desc()).limit(limit)
        with self._engine.connect() as db:
            return [int(sealed or 0) for sealed in db.scalars(query)]

    # Jobs of the backfill connections

    def save_backfill(self, row: SyncRow) -> None:
        """Write what is known about a job of a backfill connection; the newest writing wins."""
        where = (BACKFILLS.c.source == row.source) & (BACKFILLS.c.job_id == row.job_id)
        with self._engine.begin() as db:
            db.execute(BACKFILLS.delete().where(where & same_window(BACKFILLS, row.window)))
            db.execute(BACKFILLS.insert(), flat(asdict(row)))

    def backfills(self, source: str) -> list[SyncRow]:
        """Jobs of the backfill connection of a source, newest first."""
        query = sa.select(BACKFILLS).where(BACKFILLS.c.source == source)
        return self._syncs(query.order_by(BACKFILLS.c.started_at.desc(), BACKFILLS.c.job_id.desc()))

    def settle_backfill(self, source: str, job_id: int) -> None:
        """Remember that everything the job delivered is sealed."""
        where = (BACKFILLS.c.source == source) & (BACKFILLS.c.job_id == job_id)
        with self._engine.begin() as db:
            db.execute(BACKFILLS.update().where(where).values(settled=True))

    def _syncs(self, query: sa.Select[Any]) -> list[SyncRow]:
        return [SyncRow(**with_window(row)) for row in rows(self._engine, query)]
