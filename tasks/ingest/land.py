"""Find what one finished Airbyte job left in the landing area for one stream."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import task

from expectations.declare.errors import ContractBroken
from expectations.declare.source import Stream
from expectations.declare.source import load as declared
from tasks import doors
from tasks.ingest.jobs import FAILED, SyncRun
from tasks.outcomes import recorded
from tasks.retry import RETRIED
from tasks.window import Window


@dataclass(frozen=True)
class LandedObject:
    """One landing object as the listing shows it."""

    key: str
    etag: str
    size: int


@dataclass(frozen=True)
class Landed:
    """All landing objects of one stream that one finished job wrote, in key order."""

    source: str
    stream: str
    window: Window
    sync_id: int
    objects: tuple[LandedObject, ...]


@task(
    **RETRIED,
    task_run_name="land {run.source} {stream}",
)
@recorded
def land(run: SyncRun, stream: str) -> Landed:
    """List the objects of a job by the job id at the beginning of their names.

    Objects show up before a job ends, so one that is not over is refused. Of a job that failed only what would not
    come again counts (see `_comes_again`). Nothing is concluded from what follows the id: Airbyte appends `-1`
    behind the extension where two names clash.
    """
    if run.status not in ("succeeded", *FAILED):
        raise ContractBroken(
            f"Airbyte job {run.job_id} is {run.status}: its objects are not complete",
            where=f"{run.source}.{stream}",
            do="Wait for a job that succeeds; plumbline refresh asks for one",
        )
    declaration = declared(run.source).streams[stream]
    if run.status in FAILED and _comes_again(declaration):
        return Landed(run.source, stream, run.window, run.job_id, ())
    prefix = declaration.backfill_prefix if run.backfill else declaration.landing_prefix
    of_job = (
        LandedObject(item.key, item.etag, item.size)
        for item in doors.object_store().list(prefix)
        if item.key.rpartition("/")[2].startswith(f"{run.job_id}_")
    )
    return Landed(run.source, stream, run.window, run.job_id, tuple(sorted(of_job, key=lambda item: item.key)))


def _comes_again(stream: Stream) -> bool:
    """Whether the next sync sends what a failed job sent: a report looks back, a full refresh sends everything.

    Changes of an entity and events come once. Airbyte commits its state in the middle of a job, also of one that fails
    later, so what such a job left may be all there is of them.
    """
    return stream.kind == "report" or stream.sync.startswith("full_refresh")
