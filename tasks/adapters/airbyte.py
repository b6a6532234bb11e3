"""A client of Airbyte that starts a sync once, waits for it, and never trusts a time-out.

`POST /jobs` is not idempotent and may take longer than a minute under load, so `ensure_sync` adopts a job
that runs already, looks for the job it may have created before it asks again, and never repeats blindly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from airbyte_api import api, models

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.stream import backfill_name
from tasks.adapters.airbyte_requests import PAGE, Requests, pages
from tasks.adapters.airbyte_sdk import AirbyteConfig, Answered, ApiClient, Payload, Unclear
from tasks.adapters.airbyte_values import Connection, Job, StreamSchema
from tasks.adapters.airbyte_workspace import Workspace

__all__ = ["Airbyte", "AirbyteConfig", "Connection", "Job", "Overdue", "StreamSchema"]

_POSTS = 3
_SKEW = timedelta(seconds=60)
_CANCEL_SECONDS = 60.0


class Overdue(Unavailable):
    """A job was not over at its deadline and has been cancelled."""


class Airbyte:
    """The public API of one self-managed server."""

    def __init__(self, config: AirbyteConfig) -> None:
        if not config.url.startswith(("http://", "https://")):
            state = "is no web address" if config.url else "is empty"
            raise Misconfigured(
                f"the setting PLUMBLINE_AIRBYTE_URL {state}", do="Write http(s)://<server>/api/public/v1"
            )
        self._config = config
        self._client = ApiClient(config)
        self._requests = Requests(self._client)
        self.workspace = Workspace(self._requests, config.workspace_id)

    def close(self) -> None:
        """Close the network connections; also happens when the client is garbage."""
        self._client.close()

    # Connections

    def connection_for(self, source: str, *, backfill: bool = False) -> Connection:
        """The daily or the backfill connection of a source: the configured id, else the one that has its name."""
        name = backfill_name(source) if backfill else source
        if configured := self.configured(name):
            return self.connection(configured)
        found = [c for c in self._connections() if c.name == name]
        if len(found) != 1:
            raise Misconfigured(
                f"{len(found) or 'no'} Airbyte connection{'s are' if found else ' is'} named {name!r}",
                where=self._config.url,
                do=f"Run `plumbline connections plan`, or set PLUMBLINE_AIRBYTE_CONNECTIONS={name}=<connection id>",
            )
        return found[0]

    def configured(self, name: str) -> str:
        """The connection id that the settings give a name; empty: it is found by its name."""
        return _pairs(self._config.connections).get(name, "")

    def connection(self, connection_id: str) -> Connection:
        """The connection with this id."""
        request = api.GetConnectionRequest(connection_id=connection_id)
        advice = "Check PLUMBLINE_AIRBYTE_CONNECTIONS"
        sdk = self._client.sdk
        found = self._requests.read(lambda: sdk.connections.get_connection(request=request), advice=advice)
        return Connection.read(found)

    def set_range(self, connection: Connection, configuration: Mapping[str, str]) -> None:
        """Configure the source of a backfill connection for a range of days (see `Days.configuration`)."""
        self.workspace.configure(connection.source_id, configuration)

    def streams(self, connection: Connection, *, ignore_cache: bool = False) -> tuple[StreamSchema, ...]:
        """What the source of a connection offers now (`ignore_cache`: ask the source, not the server)."""
        return self.streams_of(connection.source_id, connection.destination_id, ignore_cache=ignore_cache)

    def streams_of(
        self, source_id: str, destination_id: str = "", *, ignore_cache: bool = False
    ) -> tuple[StreamSchema, ...]:
        """What a source offers, with or without a connection."""
        request = api.GetStreamPropertiesRequest(
            source_id=source_id, destination_id=destination_id or None, ignore_cache=ignore_cache
        )
        sdk = self._client.sdk
        found = self._requests.listed(lambda: sdk.streams.get_stream_properties(request=request))
        return tuple(StreamSchema.read(item) for item in found)

    def _connections(self) -> Iterator[Connection]:
        workspaces = [self._config.workspace_id] if self._config.workspace_id else None
        sdk = self._client.sdk

        def page(offset: int) -> list[Payload]:
            request = api.ListConnectionsRequest(workspace_ids=workspaces, limit=PAGE, offset=offset)
            return self._requests.listed(lambda: sdk.connections.list_connections(request=request))

        return (Connection.read(item) for item in pages(page))

    # Jobs

    def ensure_sync(self, connection_id: str) -> Job:
        """The one running sync of a connection: adopted when there is one, else started, never twice."""
        self._require_active(connection_id)
        newest = self._newest(connection_id)
        if newest and not newest.is_over:
            return newest
        began, asked_at = time.monotonic(), datetime.now(UTC)
        for attempt in range(_POSTS):
            job = self._start(connection_id, attempt=attempt, began=began)
            job = job or self._appeared(connection_id, since=asked_at - _SKEW, after=newest.id if newest else 0)
            if job:
                return job
        raise Unavailable(
            f"Airbyte started no sync in {time.monotonic() - began:.0f} s, {_POSTS} requests",
            where=f"{self._config.url}, connection {connection_id}",
            do="Look at the connection in Airbyte; the next run tries again",
        )

    def job(self, job_id: int) -> Job:
        """The state of a job."""
        request = api.GetJobRequest(job_id=job_id)
        sdk = self._client.sdk
        return Job.read(self._requests.read(lambda: sdk.jobs.get_job(request=request)))

    def jobs_since(self, connection_id: str, since: datetime) -> list[Job]:
        """Every sync of a connection that was created since an instant (less a minute of skew), oldest first."""

        def page(offset: int) -> list[Payload]:
            return self._jobs(connection_id, since=since - _SKEW, order="createdAt|ASC", limit=PAGE, offset=offset)

        return [Job.read(item) for item in pages(page)]

    def clear(self, connection_id: str, deadline: float) -> Job:
        """Forget the state of a connection and delete what it delivered; the job when it is over.

        May be repeated. Raises `Unavailable` when it did not succeed in `deadline` seconds.
        """
        request = models.JobCreateRequest(connection_id=connection_id, job_type=models.JobTypeEnum.CLEAR)
        sdk = self._client.sdk
        try:
            started = Job.read(self._client.once(lambda: sdk.jobs.create_job(request=request, retries=None)))
        except Unclear as error:
            raise Unavailable("Airbyte did not say whether it clears the connection", where=connection_id) from error
        except Answered as error:
            if error.status not in {409, 429, *range(500, 600)}:
                raise self._requests.refused(error) from error
            raise Unavailable(f"Airbyte does not clear the connection now ({error})", where=connection_id) from error
        job = self.wait(started.id, deadline)
        if job.status != "succeeded":
            raise Unavailable(f"clearing the connection ended as {job.status}", where=f"job {job.id}")
        return job

    def wait(self, job_id: int, deadline: float, *, seen: Callable[[Job], None] | None = None) -> Job:
        """The job when it is over, whatever its status; after `deadline` seconds it is cancelled: `Unavailable`.

        An outage of the server does not end the wait. `seen` is told every state that was read.
        """
        began, pause = time.monotonic(), self._config.poll_seconds
        while True:
            left = deadline - (time.monotonic() - began)
            job = self._look(job_id, last=left <= 0)
            if job and seen:
                seen(job)
            if job and job.is_over:
                return job
            if left <= 0:
                return self._give_up(job_id, deadline)
            time.sleep(min(pause, left))
            pause = min(pause * 1.25, self._config.poll_seconds * 4)

    def cancel(self, job_id: int) -> Job:
        """Cancel a job and return it when it is over; a job that is over already stays as it is."""
        request = api.CancelJobRequest(job_id=job_id)
        sdk = self._client.sdk
        try:
            job = Job.read(self._client.read(lambda: sdk.jobs.cancel_job(request=request)))
        except Answered as error:
            if error.status != 409:
                raise self._requests.refused(error) from error
            job = self.job(job_id)
        until = time.monotonic() + _CANCEL_SECONDS
        while not job.is_over and time.monotonic() < until:
            time.sleep(min(self._config.poll_seconds, 1.0))
            job = self.job(job_id)
        return job

    def _look(self, job_id: int, *, last: bool) -> Job | None:
        try:
            return self.job(job_id)
        except Unavailable:
            if last:
                raise
            return None

    def _give_up(self, job_id: int, deadline: float) -> Job:
        job = self.cancel(job_id)
        if job.status in {"succeeded", "failed"}:
            return job  # it ended by itself between the last look and the cancellation
        raise Overdue(
            f"Airbyte job {job_id} was not over after {deadline:.0f} s and is now {job.status}",
            where=f"{self._config.url}, connection {job.connection_id}",
            do=f"Look at job {job_id} in Airbyte; a new run starts a new job",
        )

    def _require_active(self, connection_id: str) -> None:
        connection = self.connection(connection_id)
        if connection.status != "active":
            reason = f": {connection.status_reason}" if connection.status_reason else ""
            raise Misconfigured(
                f"the Airbyte connection {connection.name!r} is {connection.status}{reason}",
                where=f"{self._config.url}, connection {connection_id}",
                do="Repair its cause in Airbyte and enable the connection",
            )

    def _start(self, connection_id: str, *, attempt: int, began: float) -> Job | None:
        """POST once. None: refused or unclear, so somebody has to look whether a job appeared."""
        request = models.JobCreateRequest(connection_id=connection_id, job_type=models.JobTypeEnum.SYNC)
        sdk = self._client.sdk
        try:
            return Job.read(self._client.once(lambda: sdk.jobs.create_job(request=request, retries=None)))
        except Unclear:
            return None
        except Answered as error:
            if error.status == 409:
                self._require_active(connection_id)
            elif error.status == 429:
                self._client.pause_or_give_up(attempt, 429, reason=str(error), began=began)
            elif error.status < 500:
                raise self._requests.refused(error) from error
            return None

    def _appeared(self, connection_id: str, *, since: datetime, after: int) -> Job | None:
        """The job that an unanswered POST may have created; looked for until it is unlikely to come."""
        until = time.monotonic() + self._config.adopt_seconds
        while True:
            created = self._newest(connection_id, created_since=since)
            running = created or self._newest(connection_id)
            if created and created.id > after:
                return created
            if running and not running.is_over:
                return running
            if time.monotonic() >= until:
                return None
            time.sleep(min(self._config.poll_seconds, self._config.adopt_seconds / 6))

    def _newest(self, connection_id: str, *, created_since: datetime | None = None) -> Job | None:
        found = self._jobs(connection_id, since=created_since, order="createdAt|DESC", limit=1)
        return Job.read(found[0]) if found else None

    def _jobs(
        self, connection_id: str, *, since: datetime | None, order: str, limit: int, offset: int = 0
    ) -> list[Payload]:
        request = api.ListJobsRequest(
            connection_id=connection_id,
            job_type=models.JobTypeEnum.SYNC,
            order_by=order,  # the default is the oldest first
            limit=limit,
            offset=offset,
            created_at_start=since,
        )
        sdk = self._client.sdk
        return self._requests.listed(lambda: sdk.jobs.list_jobs(request=request))


def _pairs(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}
