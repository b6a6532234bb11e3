"""End the Airbyte job of a refresh that was cancelled, so that nothing runs on that nobody waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tasks import doors
from tasks.ingest.jobs import OVER_WITHOUT
from tasks.outcomes import recorded
from tasks.window import Window


@recorded
def cancel_job_of(source: str, window: Window) -> int | None:
    """Cancel the job that the refresh of this source and window waits for; its id, or None where none runs.

    A job that ends by itself in the same moment keeps what it delivered: the next refresh collects it.
    """
    ops = doors.ops_store()
    row = ops.newest_sync(source, window)
    if row is None or row.status in ("succeeded", *OVER_WITHOUT):
        return None
    job = doors.airbyte().cancel(row.job_id)
    if job.status != "succeeded":
        ops.save_sync(replace(row, status=job.status, finished_at=job.updated_at or datetime.now(UTC)))
    return job.id
