"""Have Airbyte extract one source, started once, resumed after a death, and never lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from prefect import task

from expectations.declare.source import Source
from tasks import doors
from tasks.adapters.airbyte import Airbyte, Connection, Job
from tasks.adapters.ops_store import SyncRow
from tasks.ingest.jobs import (
    ABANDONED,
    FAILED,
    FALSE_SUCCESS,
    OVER_WITHOUT,
    SyncRun,
    as_run,
    await_end,
    judged,
    resumed,
    unknown_job,
)
from tasks.ingest.ranges import extract_range
from tasks.outcomes import recorded
from tasks.retry import RETRIED, Spent
from tasks.window import Window

__all__ = ["FALSE_SUCCESS", "SyncRun", "collect", "extract_range", "settle", "sync"]

COOL_AFTER = 3
COOL_DOWN = timedelta(minutes=15)


@task(
    **RETRIED,
    tags=["airbyte"],
    task_run_name="sync {source.name} {window.label}",
)
@recorded
def sync(source: Source, window: Window, *, again: bool = False) -> SyncRun:
    """Return the succeeded job for this window, starting one only where none can be adopted.

    With `again` a finished job does not count: the source is asked anew. A job that runs already, for whatever
    reason, is waited for and never doubled; one that an earlier try started and could not remember is adopted.
    Raises `Unavailable` when Airbyte or the job fails (the task is retried), `Misconfigured` when the connection
    cannot run.
    """
    ops = doors.ops_store()
    known = ops.newest_sync(source.name, window)
    if known and known.status == "succeeded" and not again:
        return as_run(known, reused=True)
    airbyte = doors.airbyte()
    connection = airbyte.connection_for(source.name)
    job = resumed(airbyte, known) or _asked(airbyte, source, connection, window=window, again=again)
    row = SyncRow(source.name, window, job.id, connection.id, job.status, job.started_at)
    ops.save_sync(row)
    doors.sync_journal().answered(connection.id, window)
    return await_end(airbyte, source, row, save=ops.save_sync)


@task(
    **RETRIED,
    tags=["airbyte"],
    task_run_name="collect {source.name}",
)
@recorded
def collect(source: Source, run: SyncRun) -> tuple[SyncRun, ...]:
    """This run, and before it every earlier job of the source whose delivery was never loaded.

    An incremental source sends a change once. If a refresh died between Airbyte's success and the load, the next
    job does not bring those rows again: they are in the landing area of the job that nobody sealed. If it died
    before it could write the job down, only Airbyte's own list knows of it; such a job belongs to this run's window.
    A job that failed after it had committed rows is a delivery, too: its state moved on.
    """
    airbyte, ops = doors.airbyte(), doors.ops_store()
    _discover(airbyte, source, run)
    left = [row for row in ops.unsettled_syncs(source.name) if row.job_id != run.job_id]
    known = [_looked_up(airbyte, source, row) for row in left]
    partial = doors.sync_journal().committed_partly(source.name, FAILED)
    return (*map(as_run, partial), *(as_run(row) for row in known if row.status == "succeeded"), run)


@task(task_run_name="settle")
@recorded
def settle(runs: Sequence[SyncRun]) -> None:
    """Remember that everything these jobs delivered is loaded (for a backfill: sealed)."""
    for run in runs:
        if run.backfill:
            doors.sync_journal().settle_backfill(run.source, run.job_id)
        else:
            doors.ops_store().settle_sync(run.source, run.job_id)


def _asked(airbyte: Airbyte, source: Source, connection: Connection, *, window: Window, again: bool) -> Job:
    """The job of a request that an earlier try could not finish, else a new one, asked for in writing first."""
    journal = doors.sync_journal()
    if not again:
        _cool_down(source)
    asked_at = journal.ask(source.name, connection.id, window, datetime.now(UTC))
    return unknown_job(airbyte, connection, asked_at) or airbyte.ensure_sync(connection.id)


def _cool_down(source: Source) -> None:
    """Refuse to start a job for a while after several failed in a row: a platform that says `quota` wants a pause."""
    newest = doors.sync_journal().newest_of(source.name, COOL_AFTER)
    ends = [row.finished_at for row in newest if row.status == "failed" and row.finished_at]
    if len(ends) < COOL_AFTER or datetime.now(UTC) >= max(ends) + COOL_DOWN:
        return
    raise Spent(
        f"the last {COOL_AFTER} jobs of {source.name} failed; no new one before {max(ends) + COOL_DOWN:%H:%M} UTC",
        where=f"source {source.name}, job {newest[0].job_id}",
        do="The next scheduled run asks again; `plumbline refresh --again` asks now",
    )


def _discover(airbyte: Airbyte, source: Source, run: SyncRun) -> None:
    journal = doors.sync_journal()
    since = journal.known_since(source.name, OVER_WITHOUT)
    known = journal.known_jobs(run.connection_id)
    found = airbyte.jobs_since(run.connection_id, since) if since else []
    for job in found:
        if job.id not in known and (job.status == "succeeded" or (job.is_over and job.rows_synced)):
            row = SyncRow(source.name, run.window, job.id, run.connection_id, job.status, job.started_at)
            doors.ops_store().save_sync(judged(source, row, job))
            journal.discovered(row, datetime.now(UTC))
    for request in journal.requests(run.connection_id):
        if datetime.now(UTC) - request.asked_at > ABANDONED:  # whatever it started was in the list
            journal.answered(run.connection_id, request.window)


def _looked_up(airbyte: Airbyte, source: Source, row: SyncRow) -> SyncRow:
    """The row with what became of its job; a job that still runs is left to a later refresh."""
    if row.status == "succeeded":
        return row
    job = airbyte.job(row.job_id)
    if not job.is_over:
        return row
    ended = judged(source, row, job)
    doors.ops_store().save_sync(ended)
    return ended
