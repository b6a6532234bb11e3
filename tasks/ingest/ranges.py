"""Have the backfill connection of a source read exactly the days of a window, one range after the other.

A range is a state of the connection (its source is configured for the days, its landing area is cleared), so two
ranges must never mix: whoever asks while another range is under way is told to come again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prefect import task

from expectations.declare.errors import Unavailable
from expectations.declare.source import Source
from tasks import doors
from tasks.adapters.airbyte import Airbyte, Connection, Job
from tasks.adapters.ops_store import SyncRow
from tasks.ingest.jobs import (
    ABANDONED,
    OVER_WITHOUT,
    OVERDUE,
    SyncRun,
    as_run,
    await_end,
    has_objects,
    judged,
    resumed,
    unknown_job,
)
from tasks.outcomes import recorded
from tasks.retry import RETRIED
from tasks.window import Window

_CLEAR_SECONDS = 300.0
_A_DAY = timedelta(days=1)


@task(
    **RETRIED,
    tags=["airbyte"],
    task_run_name="extract {source.name} {window.label}",
)
@recorded
def extract_range(source: Source, window: Window, *, since: datetime | None = None) -> SyncRun:
    """The succeeded job of the backfill connection that read the days of this window, whatever was read before.

    A finished job of the same window counts when it began after `since` (None: whenever) and what it delivered is
    sealed (`settle` says so) or still in its place: the next range clears the landing area of the connection.
    Raises `Unavailable` while the connection works on another range.
    """
    journal, airbyte = doors.sync_journal(), doors.airbyte()
    rows = journal.backfills(source.name)
    known = next((r for r in rows if r.window == window and (since is None or r.started_at >= since)), None)
    if known and known.status == "succeeded" and (known.settled or (known == rows[0] and _is_there(source, known))):
        return as_run(known, reused=True, backfill=True)
    connection = airbyte.connection_for(source.name, backfill=True)
    job = resumed(airbyte, known) or _ranged(airbyte, source, connection, window)
    row = SyncRow(source.name, window, job.id, connection.id, job.status, job.started_at)
    journal.save_backfill(row)
    journal.answered(connection.id, window)
    return await_end(airbyte, source, row, save=journal.save_backfill, backfill=True)


def _is_there(source: Source, known: SyncRow) -> bool:
    """Whether what the newest job delivered can still be sealed: no other range has begun to clear its place."""
    others = [r for r in doors.sync_journal().requests(known.connection_id) if r.window != known.window]
    return not others and (not known.rows_reported or has_objects(source, known.job_id, backfill=True))


def _ranged(airbyte: Airbyte, source: Source, connection: Connection, window: Window) -> Job:
    """The job that reads a range: the one of a request that died, else a new one on a cleared connection."""
    now = datetime.now(UTC)
    _finish_others(airbyte, source, window)
    _refuse_other_requests(source, connection, window, now)
    asked_at = doors.sync_journal().ask(source.name, connection.id, window, now)
    if job := unknown_job(airbyte, connection, asked_at):
        return job
    if running := [job for job in airbyte.jobs_since(connection.id, now - _A_DAY) if not job.is_over]:
        doors.sync_journal().answered(connection.id, window)
        raise _busy(source, window, f"job {running[0].id} that nobody here started")
    days = window.days()
    airbyte.set_range(connection, source.airbyte.days.configuration(days[0], days[-1]))
    airbyte.clear(connection.id, _CLEAR_SECONDS)
    return airbyte.ensure_sync(connection.id)


def _finish_others(airbyte: Airbyte, source: Source, window: Window) -> None:
    """Write down how the jobs of other ranges ended; one that is overdue is cancelled, one that runs is respected."""
    journal, now = doors.sync_journal(), datetime.now(UTC)
    for row in journal.backfills(source.name):
        if row.window == window or row.status in ("succeeded", *OVER_WITHOUT):
            continue
        job = airbyte.job(row.job_id)
        if job.is_over:
            journal.save_backfill(judged(source, row, job, backfill=True))
        elif now - row.started_at > source.extract_within:
            airbyte.cancel(row.job_id)
            journal.save_backfill(replace(row, status=OVERDUE, finished_at=now))
        else:
            raise _busy(source, window, row.window.label)


def _refuse_other_requests(source: Source, connection: Connection, window: Window, now: datetime) -> None:
    journal = doors.sync_journal()
    for request in journal.requests(connection.id):
        if request.window == window:
            continue
        if now - request.asked_at < ABANDONED:
            raise _busy(source, window, request.window.label)
        journal.answered(connection.id, request.window)


def _busy(source: Source, window: Window, other: str) -> Unavailable:
    return Unavailable(
        f"the backfill connection of {source.name} works on {other}",
        where=f"asked for {window.label}",
        do="It is tried again: one range after the other",
    )
