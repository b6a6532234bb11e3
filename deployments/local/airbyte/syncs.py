"""Running jobs: one thread per job reads the source and writes objects while the job runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice

from botocore.exceptions import BotoCoreError, ClientError

from deployments.local.airbyte.catalog import StreamSpec
from deployments.local.airbyte.connections import ConnectionRow
from deployments.local.airbyte.damage import spoiled
from deployments.local.airbyte.destination import Place, S3Destination
from deployments.local.airbyte.envelope import Envelope, Part, parts
from deployments.local.airbyte.reader import Reader, Request
from deployments.local.airbyte.state import JobRow, State
from deployments.local.airbyte.switches import MAX_ATTEMPTS, SPOILING, Fault, Switches, reporting_day
from deployments.local.saas.blocks import Block

_LOG = logging.getLogger(__name__)
_STOP_SECONDS = 5.0
START_DATE = "2026-10-12"


class _AttemptFailedError(Exception):
    """This attempt is over, another one may follow after a `pause` of so many seconds."""

    def __init__(self, pause: float = 0.0) -> None:
        super().__init__()
        self.pause = pause


class _JobFailedError(Exception):
    """The job is over, its objects stay; `commits`: so does the state of the streams that were finished."""

    def __init__(self, *, commits: bool = False) -> None:
        super().__init__()
        self.commits = commits


class _CancelledError(Exception):
    """Somebody cancelled the job, or the server is stopping."""


@dataclass
class _Totals:
    rows: int = 0
    size: int = 0

    def add(self, rows: int, size: int) -> None:
        self.rows, self.size = self.rows + rows, self.size + size


class Syncs:
    """Starts, cancels and runs the jobs of all connections."""

    def __init__(self, state: State, switches: Switches, reader: Reader, destination: S3Destination) -> None:
        self.state, self.switches, self.reader, self.destination = state, switches, reader, destination
        self._running: dict[int, tuple[threading.Thread, threading.Event]] = {}
        self.withheld: list[Callable[[], None]] = []
        switches.listeners.append(self._let_appear)

    def start(self, job: JobRow, connection: ConnectionRow) -> None:
        """Run the job in the background."""
        stop = threading.Event()
        run = _Run(self, job, connection, stop)
        thread = threading.Thread(target=run.run, name=f"job-{job.id}", daemon=True)
        with self.state.lock:
            self._running = {key: value for key, value in self._running.items() if value[0].is_alive()}
            self._running[job.id] = (thread, stop)
            thread.start()

    def cancel(self, job_id: int) -> None:
        """Ask the job to stop and wait a little for it; what it wrote stays."""
        with self.state.lock:
            self.state.set_status(job_id, "cancelled")
            if job_id in self._running:
                self._running[job_id][1].set()
        self._stop(job_id)

    def close(self) -> None:
        """Stop all jobs; they are failed when the server starts again."""
        for job_id in list(self._running):
            self._stop(job_id)

    def _let_appear(self) -> None:
        """Write the objects that were held back, now that their switch is off."""
        if not any(fault.name == "late_object" for fault in self.switches.all()):
            while self.withheld:
                self.withheld.pop()()

    def _stop(self, job_id: int) -> None:
        if job_id in self._running:
            thread, stop = self._running.pop(job_id)
            stop.set()
            thread.join(_STOP_SECONDS)


class _Run:
    """One job from pending to its end."""

    def __init__(self, syncs: Syncs, job: JobRow, connection: ConnectionRow, stop: threading.Event) -> None:
        self.state, self.switches = syncs.state, syncs.switches
        self.reader, self.destination, self.withheld = syncs.reader, syncs.destination, syncs.withheld
        self.job, self.connection, self.stop = job, connection, stop
        self.instant = syncs.state.now()
        self.day = reporting_day(self.instant)
        self.read_up_to: dict[str, datetime | None] = {}
        self.totals = _Totals()

    def run(self) -> None:
        """Run all attempts and write down how it ended."""
        try:
            self._run()
        except _CancelledError:
            return
        except _JobFailedError as ended:
            self._fail(commits=ended.commits)
        except (BotoCoreError, ClientError):
            _LOG.exception("job %s could not write to the bucket", self.job.id)
            self.state.set_status(self.job.id, "failed")
        finally:
            # A bug in a source must not leave a job running for ever; its traceback goes to the log.
            if not self.stop.is_set():
                self.state.set_status(self.job.id, "failed")

    def _run(self) -> None:
        if self.switches.take("false_success", self.connection.source):
            self.state.succeed(self.job.id, None, None)
            return
        self._maybe_stuck()
        self.state.set_status(self.job.id, self._running_status())
        totals = self._clear() if self.job.job_type in {"clear", "reset"} else self._attempts()
        with self.state.lock:
            self._check()
            for stream, cursor in self.read_up_to.items():
                self.state.set_cursor(self.connection.id, stream, cursor)
            self.state.succeed(self.job.id, totals.rows, totals.size)

    def _fail(self, *, commits: bool) -> None:
        with self.state.lock:
            for stream, cursor in self.read_up_to.items() if commits else ():
                self.state.set_cursor(self.connection.id, stream, cursor)
            self.state.fail(self.job.id, self.totals.rows if commits else None)

    def _maybe_stuck(self) -> None:
        stuck = self.switches.take("stuck_job", self.connection.source)
        if stuck:
            self.state.set_status(self.job.id, str(stuck.parameters.get("status", "running")))
            self.stop.wait()
            raise _CancelledError

    def _running_status(self) -> str:
        fault = self.switches.take("unknown_status", self.connection.source)
        return str(fault.parameters.get("status", "hibernating")) if fault else "running"

    def _clear(self) -> _Totals:
        for spec in self.connection.streams:
            generation = self.state.generation(self.connection.id, spec.name, bump=True)
            self.destination.truncate(self.place(spec).stream_prefix, generation)
            self.read_up_to[spec.name] = None
        return _Totals()

    def _attempts(self) -> _Totals:
        totals = self.totals
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                for spec in self.connection.streams:
                    if spec.name not in self.read_up_to:
                        self._stream(spec, attempt, totals)
                return totals
            except _AttemptFailedError as ended:
                # The next attempt starts from the last committed state: finished streams are not read again.
                self.state.set_status(self.job.id, "incomplete")
                self.stop.wait(ended.pause)
                self._check()
                self.state.set_status(self.job.id, "running")
        raise _JobFailedError

    def _stream(self, spec: StreamSpec, attempt: int, totals: _Totals) -> None:
        generation = self.state.generation(self.connection.id, spec.name, bump=spec.is_full_refresh and attempt == 1)
        writer, written = _Writer(self, spec, generation), _Totals()
        objects = parts(self._blocks(spec), self._envelope(spec, attempt, generation), self._part_rows(spec))
        objects = spoiled(objects, self.switches, self.connection.source, spec.name)
        try:
            for part in self._breaking(spec, attempt, objects):
                writer.write(part)
                written.add(part.rows, part.payload_bytes)
        finally:
            writer.close()
        if spec.is_full_refresh:
            self.destination.truncate(writer.place.stream_prefix, generation)
        totals.add(written.rows, written.size)
        self.read_up_to[spec.name] = self.instant

    def _part_rows(self, spec: StreamSpec) -> int:
        retry = self.switches.on("retry_parts", self.connection.source, spec.name)
        return int(retry.number("rows", spec.part_rows)) if retry else spec.part_rows

    def _breaking(self, spec: StreamSpec, attempt: int, objects: Iterator[Part]) -> Iterator[Part]:
        """The objects of the stream, up to the point where a switch ends the attempt or the job."""
        source = self.connection.source
        quota = self.switches.on("quota", source, spec.name)
        if quota and attempt <= quota.number("attempts", 1):
            if attempt == quota.number("attempts", 1):
                self.switches.take("quota", source, spec.name)
            raise _AttemptFailedError(quota.number("seconds", 0))
        retry = self.switches.on("retry_parts", source, spec.name)
        if retry and attempt <= retry.number("attempts", 1):
            yield from islice(objects, int(retry.number("parts", 1)))
            raise _AttemptFailedError
        broken = self.switches.take("failed_job", source, spec.name)
        if broken:
            yield from islice(objects, int(broken.number("parts", 1)))
            raise _JobFailedError(commits=bool(broken.parameters.get("commits")))
        yield from objects

    def _check(self) -> None:
        if self.stop.is_set():
            raise _CancelledError

    def _blocks(self, spec: StreamSpec) -> Iterator[Block]:
        rows = self._part_rows(spec)
        for block in self.reader.read(self._request(spec)):
            self._check()
            for first in range(0, block.rows, rows):
                yield Block(block.payloads[first : first + rows])

    def _request(self, spec: StreamSpec) -> Request:
        source, since = self.connection.source, None
        if not spec.is_full_refresh and not self.connection.days:
            since = self.state.cursor(self.connection.id, spec.name)
        faults = self.switches.of_records(source, spec.name, self.day)
        for fault in (*faults, *self._spoiling(spec)):
            self.switches.touched(fault, self.connection.id, spec.name, since)
        start = date.fromisoformat(self.state.get("start_date", START_DATE))
        days = None if spec.is_full_refresh else self.connection.days
        return Request(source, spec.name, start, since, self.instant, faults, days, spec.cursor)

    def _spoiling(self, spec: StreamSpec) -> Iterator[Fault]:
        found = (self.switches.on(name, self.connection.source, spec.name) for name in SPOILING)
        return (fault for fault in found if fault)

    def _envelope(self, spec: StreamSpec, attempt: int, generation: int) -> Envelope:
        extracted = self.instant + timedelta(seconds=attempt - 1)
        return Envelope(
            sync_id=self.job.id,
            stream=spec.name,
            attempt=attempt,
            extracted_ms=int(extracted.timestamp() * 1000),
            generation=generation,
        )

    def place(self, spec: StreamSpec) -> Place:
        """Where the objects of a stream go."""
        padded = not self.switches.on("unpadded_month", self.connection.source, spec.name)
        return Place(self.connection.path, spec.name, self.instant, padded)


class _Writer:
    """Numbers and writes the objects of one attempt of one stream."""

    def __init__(self, run: _Run, spec: StreamSpec, generation: int) -> None:
        source = run.connection.source
        self.place = run.place(spec)
        self._destination, self._sync_id, self._generation = run.destination, run.job.id, generation
        self._next = run.destination.next_part(self.place.prefix)
        self._twice = run.switches.take("duplicate_object", source, spec.name)
        self._clash = run.switches.take("name_clash", source, spec.name)
        self._late = run.switches.take("late_object", source, spec.name)
        self._withheld, self._kept = run.withheld, list[Callable[[], None]]()

    def write(self, part: Part) -> None:
        """Write one object, or the same bytes twice where that fault is on."""
        for _ in range(2 if self._twice else 1):
            put = partial(self._destination.put, self._key(), part.body, self._generation)
            self._kept.append(put)
            while len(self._kept) > (1 if self._late else 0):
                self._kept.pop(0)()

    def close(self) -> None:
        """The last object of a sync may be late: it waits for its switch to be turned off."""
        self._withheld += self._kept

    def _key(self) -> str:
        key = self.place.key(self._sync_id, self._next) + ("-1" if self._clash else "")
        self._next += 1
        return key
