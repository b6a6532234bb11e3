"""Have Airbyte extract one source, and believe the result only on evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from prefect import task

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import Source
from tasks import doors
from tasks.adapters.airbyte import Airbyte, Job
from tasks.adapters.ops_store import SyncRow
from tasks.outcomes import recorded
from tasks.retry import JITTER, RETRY_DELAYS, unavailable_only
from tasks.window import Window

FALSE_SUCCESS = "false success"


@dataclass(frozen=True)
class SyncRun:
    """One finished Airbyte job, and the window that it was started for."""

    source: str
    window: Window
    connection_id: str
    job_id: int
    status: str
    started_at: datetime
    finished_at: datetime
    rows_reported: int | None
    bytes_reported: int | None
    reused: bool = False


@task(
    retries=len(RETRY_DELAYS),
    retry_delay_seconds=list(RETRY_DELAYS),
    retry_jitter_factor=JITTER,
    retry_condition_fn=unavailable_only,
    tags=["airbyte"],
    task_run_name="sync {source.name} {window.label}",
)
@recorded
def sync(source: Source, window: Window, *, again: bool = False) -> SyncRun:
    """Return the succeeded job for this window, starting one only where none can be adopted.

    With `again` a finished job does not count: the source is asked anew. A job that runs already, for
    whatever reason, is waited for and never doubled. Raises `Unavailable` when Airbyte or the job fails
    (the task is retried), `Misconfigured` when the connection cannot run.
    """
    ops = doors.ops_store()
    known = ops.newest_sync(source.name, window)
    if known and known.status == "succeeded" and not again:
        return _as_run(known, reused=True)
    airbyte = doors.airbyte()
    connection = airbyte.connection_for(source.name)
    job = _resumed(airbyte, known) or airbyte.ensure_sync(connection.id)
    row = SyncRow(source.name, window, job.id, connection.id, job.status, job.started_at)
    ops.save_sync(row)
    return _finish(airbyte, row, source.extract_within)


@task(tags=["airbyte"], task_run_name="collect {source.name}")
@recorded
def collect(source: Source, run: SyncRun) -> tuple[SyncRun, ...]:
    """This run, and before it every earlier job of the source whose delivery was never loaded.

    An incremental source sends a change once. If a refresh died between Airbyte's success and the load, the
    next job does not bring those rows again: they are in the landing area of the job that nobody sealed.
    """
    left = [row for row in doors.ops_store().unsettled_syncs(source.name) if row.job_id != run.job_id]
    known = [_looked_up(row) for row in left]
    return (*(_as_run(row) for row in known if row.status == "succeeded"), run)


@task(task_run_name="settle")
@recorded
def settle(runs: Sequence[SyncRun]) -> None:
    """Remember that everything these jobs delivered is loaded."""
    for run in runs:
        doors.ops_store().settle_sync(run.source, run.job_id)


def _looked_up(row: SyncRow) -> SyncRow:
    """The row with what became of its job; a job that still runs is left to a later refresh."""
    if row.status == "succeeded":
        return row
    job = doors.airbyte().job(row.job_id)
    return _ended(row, job) if job.is_over else row


def _ended(row: SyncRow, job: Job) -> SyncRow:
    ended = replace(
        row,
        status=_believed(job),
        finished_at=datetime.now(UTC),
        rows_reported=job.rows_synced,
        bytes_reported=job.bytes_synced,
    )
    doors.ops_store().save_sync(ended)
    return ended


def _resumed(airbyte: Airbyte, known: SyncRow | None) -> Job | None:
    """The job that an earlier, interrupted run of this step was waiting for."""
    if known is None or known.status in ("succeeded", "failed", "cancelled", FALSE_SUCCESS):
        return None
    return airbyte.job(known.job_id)


def _finish(airbyte: Airbyte, row: SyncRow, within: timedelta) -> SyncRun:
    job = airbyte.wait(row.job_id, deadline=within.total_seconds())
    ended = _ended(row, job)
    if ended.status == FALSE_SUCCESS:
        raise Unavailable(
            f"Airbyte calls job {job.id} succeeded, but it moved no rows",
            where=f"source {row.source}, connection {row.connection_id}",
            do="It is tried again; if that repeats, look at the job's log in Airbyte (workload not launched)",
        )
    if ended.status != "succeeded":
        raise Unavailable(
            f"Airbyte job {job.id} ended as {job.status}",
            where=f"source {row.source}, connection {row.connection_id}",
            do="It is tried again; the job's log in Airbyte has the reason",
        )
    return _as_run(ended)


def _believed(job: Job) -> str:
    # Public threads (airbyte#85355, #84961): pods that never started were reported as succeeded with null statistics.
    return FALSE_SUCCESS if job.status == "succeeded" and not job.rows_synced else job.status


def _as_run(row: SyncRow, *, reused: bool = False) -> SyncRun:
    if row.finished_at is None:
        raise Misconfigured(f"job {row.job_id} of {row.source} has no end", do="Run the refresh again")
    return SyncRun(
        source=row.source,
        window=row.window,
        connection_id=row.connection_id,
        job_id=row.job_id,
        status=row.status,
        started_at=row.started_at,
        finished_at=row.finished_at,
        rows_reported=row.rows_reported,
        bytes_reported=row.bytes_reported,
        reused=reused,
    )
