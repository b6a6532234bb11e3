"""The job half of the public API: start, read, list and cancel jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel

from deployments.local.airbyte.catalog import WORKSPACE
from deployments.local.airbyte.connections import Connections
from deployments.local.airbyte.problems import Problem, conflict, not_found
from deployments.local.airbyte.state import JobRow, State
from deployments.local.airbyte.syncs import Syncs

# Airbyte builds `next` from the host it was configured with, which need not be reachable from the client.
CONFIGURED_URL = "http://airbyte.cluster.internal:8001/api/public/v1"
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0)]


class NewJob(BaseModel):
    """The body of POST /jobs."""

    connectionId: str  # noqa: N815 - the name on the wire
    jobType: str  # noqa: N815


class JobFilter(BaseModel):
    """The query of GET /jobs."""

    connectionId: str = ""  # noqa: N815
    jobType: str = ""  # noqa: N815
    status: str = ""
    workspaceIds: list[str] = []  # noqa: N815 - pydantic copies defaults
    createdAtStart: datetime | None = None  # noqa: N815
    createdAtEnd: datetime | None = None  # noqa: N815
    updatedAtStart: datetime | None = None  # noqa: N815
    updatedAtEnd: datetime | None = None  # noqa: N815
    orderBy: str = "createdAt|ASC"  # noqa: N815
    limit: Limit = 20
    offset: Offset = 0

    def matches(self, job: JobRow) -> bool:
        """Whether the job passes every filter."""
        wanted = (
            self.connectionId in {"", job.connection_id}
            and self.jobType in {"", job.job_type}
            and self.status in {"", job.status}
            and (not self.workspaceIds or WORKSPACE in self.workspaceIds)
        )
        return (
            wanted
            and _within(job.created_at, self.createdAtStart, self.createdAtEnd)
            and _within(job.updated_at, self.updatedAtStart, self.updatedAtEnd)
        )

    def ordered(self, jobs: list[JobRow]) -> list[JobRow]:
        """In the asked order; without one the oldest first."""
        name, _, direction = self.orderBy.partition("|")
        keys: dict[str, Callable[[JobRow], tuple[int, int]]] = {
            "createdAt": lambda job: (job.created_at, job.id),
            "updatedAt": lambda job: (job.updated_at, job.id),
        }
        if name not in keys or direction not in {"ASC", "DESC"}:
            raise Problem(400, "bad-request", f"Invalid order by clause: {self.orderBy}")
        return sorted(jobs, key=keys[name], reverse=direction == "DESC")


def routes(state: State, connections: Connections, syncs: Syncs, stopping: threading.Event) -> APIRouter:
    """The routes under /jobs."""
    router = APIRouter()

    @router.post("/jobs")
    def create_job(body: NewJob) -> dict[str, Any]:
        job = _created(state, connections, syncs, body)
        source = next((c.source for c in connections.all() if c.id == job.connection_id), "")
        slow = syncs.switches.take("slow_post", source)
        if slow:
            stopping.wait(slow.number("seconds", 6))
        if syncs.switches.take("lost_post", source):
            raise conflict("Timed out waiting for a sync job to be created")
        return job_json(state.job(job.id) or job)

    @router.get("/jobs")
    def list_jobs(query: Annotated[JobFilter, Query()]) -> dict[str, Any]:
        found = query.ordered([job for job in state.jobs(query.connectionId) if query.matches(job)])
        page = [job_json(job) for job in found[query.offset : query.offset + query.limit]]
        return paged(page, "jobs", query.limit, query.offset)

    @router.get("/jobs/{job_id}")
    def get_job(job_id: int) -> dict[str, Any]:
        return job_json(_job(state, job_id))

    @router.delete("/jobs/{job_id}")
    def cancel_job(job_id: int) -> dict[str, Any]:
        if _job(state, job_id).is_over:
            raise conflict("Job is not currently running")
        syncs.cancel(job_id)
        return job_json(_job(state, job_id))

    return router


def _created(state: State, connections: Connections, syncs: Syncs, body: NewJob) -> JobRow:
    if body.jobType == "refresh":
        raise Problem(422, "unprocessable-entity", "Refreshes are not supported in the public API")
    if body.jobType not in {"sync", "reset", "clear"}:
        raise Problem(400, "bad-request", f"Unknown job type {body.jobType}")
    connection = connections.find(body.connectionId)
    if connection is None:
        raise not_found("connection", body.connectionId)
    if not connection.is_active:
        raise conflict("Can only sync an active connection")
    if syncs.switches.take("foreign_job", connection.source) and (foreign := state.create_job(connection.id, "sync")):
        syncs.start(foreign, connection)
    job = state.create_job(connection.id, body.jobType)
    if job is None:
        raise conflict(f"A sync is already running for: {connection.id}", kind="try-again-later")
    syncs.start(job, connection)
    return job


def _job(state: State, job_id: int) -> JobRow:
    job = state.job(job_id)
    if job is None:
        raise not_found("job", job_id)
    return job


def job_json(job: JobRow) -> dict[str, Any]:
    """A job as the API tells it: statistics and the time of the last change only where they exist."""
    return {
        "jobId": job.id,
        "status": job.status,
        "jobType": job.job_type,
        "connectionId": job.connection_id,
        "startTime": java_time(job.created_at),
        "lastUpdatedAt": java_time(job.updated_at) if job.is_over else None,
        "duration": None if job.status == "pending" else java_duration(job.updated_at - job.created_at),
        "bytesSynced": job.bytes,
        "rowsSynced": job.rows,
    }


def java_time(seconds: int) -> str:
    """As Java's OffsetDateTime writes it: without seconds when they are zero."""
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text.removesuffix(':00')}Z"


def java_duration(seconds: int) -> str:
    """ISO 8601 in hours, minutes and seconds, never days."""
    minutes, left = divmod(int(timedelta(seconds=seconds).total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value]
    return f"PT{''.join(parts) or '0S'}"


def paged(page: list[dict[str, Any]], path: str, limit: int, offset: int) -> dict[str, Any]:
    """A page; `next` is there as long as the page is not empty, also on the last one."""

    def link(start: int) -> str:
        return f"{CONFIGURED_URL}/{path}?{urlencode({'limit': limit, 'offset': start})}"

    previous = link(max(offset - limit, 0)) if offset else ""
    return {"data": page, "next": link(offset + limit) if page else "", "previous": previous}


def _within(seconds: int, start: datetime | None, end: datetime | None) -> bool:
    instant = datetime.fromtimestamp(seconds, UTC)
    return (start is None or instant >= start) and (end is None or instant <= end)
