"""Wait for one Airbyte job and believe its end only on evidence.

Airbyte calls a job succeeded that never started, and gives up a job after hours; both end here, in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import Source
from tasks import doors
from tasks.adapters.airbyte import Airbyte, Connection, Job, Overdue
from tasks.adapters.ops_store import SyncRow
from tasks.retry import Spent
from tasks.window import Window

FALSE_SUCCESS = "false success"
OVERDUE = "overdue"
OVER_WITHOUT = ("failed", "cancelled", FALSE_SUCCESS, OVERDUE)
"""Ends of a job that is not taken up again."""
FAILED = ("failed", "cancelled")
"""Ends after which rows may have been committed all the same."""
# Longer than it takes to prepare and start a job: who asked before that and has none is dead.
ABANDONED = timedelta(minutes=10)
_HISTORY = 10
_ENOUGH = 3
_FLOOR = timedelta(minutes=1)

Save = Callable[[SyncRow], None]


@dataclass(frozen=True)
class SyncRun:
    """One finished Airbyte job, and the window that it was started for; `backfill`: of the backfill connection."""

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
    backfill: bool = False


def await_end(airbyte: Airbyte, source: Source, row: SyncRow, *, save: Save, backfill: bool = False) -> SyncRun:
    """The job of a row when it has succeeded; every end is saved.

    Raises `Unavailable` when it ended otherwise, or only says that it succeeded. At its deadline, counted from its
    own start, a job is cancelled and restarted once: the second time the error is `Spent`, which is not retried.
    """
    try:
        job = airbyte.wait(row.job_id, deadline=_left(source, row))
    except Overdue as error:
        save(replace(row, status=OVERDUE, finished_at=datetime.now(UTC)))
        if _was_overdue_before(source, row):
            raise Spent(error.what, where=error.where, do="It was restarted once; look at the source") from error
        raise
    ended = judged(source, row, job, backfill=backfill)
    save(ended)
    _refuse(ended)
    return as_run(ended, backfill=backfill)


def judged(source: Source, row: SyncRow, job: Job, *, backfill: bool = False) -> SyncRow:
    """The row of a job that is over, with the status that is believed."""
    status = job.status
    if status == "succeeded" and _is_false(source, job, backfill=backfill):
        status = FALSE_SUCCESS
    return replace(
        row,
        status=status,
        finished_at=job.updated_at or datetime.now(UTC),
        rows_reported=job.rows_synced,
        bytes_reported=job.bytes_synced,
    )


def as_run(row: SyncRow, *, reused: bool = False, backfill: bool = False) -> SyncRun:
    """The run of a row whose job is over."""
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
        backfill=backfill,
    )


def resumed(airbyte: Airbyte, known: SyncRow | None) -> Job | None:
    """The job that an earlier, interrupted run of this step was waiting for."""
    if known is None or known.status in ("succeeded", *OVER_WITHOUT):
        return None
    return airbyte.job(known.job_id)


def unknown_job(airbyte: Airbyte, connection: Connection, since: datetime) -> Job | None:
    """The newest job since an instant that nobody has written down, if it brought or may bring something."""
    known = doors.sync_journal().known_jobs(connection.id)
    found = [job for job in airbyte.jobs_since(connection.id, since) if job.id not in known]
    return next((job for job in reversed(found) if not job.is_over or job.status == "succeeded"), None)


def has_objects(source: Source, job_id: int, *, backfill: bool = False) -> bool:
    """Whether any object of a job is in the landing area."""
    store, mark = doors.object_store(), f"{job_id}_"
    prefixes = (s.backfill_prefix if backfill else s.landing_prefix for s in source.streams.values())
    return any(item.key.rpartition("/")[2].startswith(mark) for prefix in prefixes for item in store.list(prefix))


def _left(source: Source, row: SyncRow) -> float:
    """Seconds until the deadline of a job; a job that was taken up late still gets a minute."""
    spent = max(datetime.now(UTC) - row.started_at, timedelta(0))
    return max(source.extract_within - spent, min(_FLOOR, source.extract_within)).total_seconds()


def _was_overdue_before(source: Source, row: SyncRow) -> bool:
    """Whether the job before this one, not long ago, was given up as well."""
    before = [r for r in doors.sync_journal().newest_of(source.name, _HISTORY) if r.job_id != row.job_id]
    recent = datetime.now(UTC) - 3 * source.extract_within
    return any(r.status == OVERDUE and r.window == row.window and (r.finished_at or recent) > recent for r in before)


def _is_false(source: Source, job: Job, *, backfill: bool) -> bool:
    """Whether a success is none: no statistics, no rows where rows are usual, or rows without an object.

    Public threads (airbyte#85355, #84961): pods that never started were reported as succeeded with null statistics.
    """
    if not job.rows_synced:
        return job.rows_synced is None or not (backfill or _zero_is_usual(source, job))
    return not has_objects(source, job.id, backfill=backfill)


def _zero_is_usual(source: Source, job: Job) -> bool:
    """Whether the source often has nothing to say, or the job before this one was asked because of the same zero."""
    rows = [row for row in doors.sync_journal().newest_of(source.name, _HISTORY) if row.job_id != job.id]
    counts = [row.rows_reported for row in rows if row.status == "succeeded" and row.rows_reported is not None]
    asked_again = bool(rows) and rows[0].status == FALSE_SUCCESS and rows[0].rows_reported == 0
    return asked_again or (len(counts) >= _ENOUGH and median(counts) == 0)


def _refuse(row: SyncRow) -> None:
    where = f"source {row.source}, connection {row.connection_id}"
    if row.status == FALSE_SUCCESS:
        found = "left no object" if row.rows_reported else "moved no rows"
        raise Unavailable(
            f"Airbyte calls job {row.job_id} succeeded, but it {found}",
            where=where,
            do="It is tried again; if that repeats, look at the job's log in Airbyte (workload not launched)",
        )
    if row.status != "succeeded":
        raise Unavailable(
            f"Airbyte job {row.job_id} ended as {row.status}",
            where=where,
            do="It is tried again; the job's log in Airbyte has the reason",
        )
