"""The simulated BrightCart as a series of daily syncs, written to the landing area without an Airbyte between.

Benches and tests use it where the sources are not what is measured: each day is asked as a daily sync asks, from
the evening before, with the look-back that the source has. `ground` is a place for a bench: a home and an S3 server.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar

from deployments.local import stack
from deployments.local.airbyte.envelope import Envelope, parts
from deployments.local.saas import reader
from deployments.local.saas.blocks import Request
from deployments.local.saas.world import World
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.dbt_results import DbtOutcome
from tasks.adapters.dbt_runner import Dbt
from tasks.ingest.land import land
from tasks.ingest.seal import Batch, seal
from tasks.ingest.sync import SyncRun
from tasks.other_settings import other_settings
from tasks.settings import settings
from tasks.window import Window

EXTRACTED_AT = time(5, 40)  # of the following day: after midnight in New York, before the deadline
OBJECT_ROWS = 250_000
PORTS_APART = 400  # from a stack that may be running


@dataclass(frozen=True)
class Landed:
    """One finished sync in the landing area: the run, and how many rows and bytes of text it wrote."""

    run: SyncRun
    rows: int
    bytes: int


class DbtApart(Dbt):
    """dbt in a process of its own: no Prefect server stands beside a bench, and dbt's memory is its own.

    What each invocation did is kept in `outcomes`, in order, so that a bench can say where time went.
    """

    outcomes: ClassVar[list[DbtOutcome]] = []

    def run_models(
        self, select: Sequence[str] = (), *, exclude: Sequence[str] = (), full_refresh: bool = False
    ) -> DbtOutcome:
        """See `Dbt.run_models`."""
        words = ["run", "--select", *select] if select else ["build", "--resource-type", "seed", "model"]
        words += ["--exclude", *exclude] if exclude else []
        words += ["--full-refresh"] if full_refresh else []
        target_path = self._target_path("models")
        self._process(words, target_path)
        outcome = self._kept(target_path, expect_nodes=bool(select))
        self.outcomes.append(outcome)
        return outcome


def cpu_seconds() -> float:
    """Processor seconds of this process and of those that it waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


@contextmanager
def ground() -> Iterator[Path]:
    """A home of its own with a running S3 server, to which every door opens inside of the block; removed after it."""
    base = settings().core.port_base + PORTS_APART
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as home:
        own = {"PLUMBLINE_HOME": home, "PLUMBLINE_PORT_BASE": str(base), "PLUMBLINE_TOKEN_KEY": "0b" * 32}
        in_process = doors.dbt
        with other_settings(own):
            setattr(doors, "dbt", lambda: DbtApart(in_process().config))  # noqa: B010 - put back below
            try:
                stack.up(lambda _line: None, only=("s3",))
                yield Path(home)
            finally:
                stack.down()
                doors.ops_store().close()
                setattr(doors, "dbt", in_process)  # noqa: B010


def read_at(day: date) -> datetime:
    """The instant at which the sync of a day reads its source."""
    return datetime.combine(day + timedelta(days=1), EXTRACTED_AT, tzinfo=UTC)


def land_window(world: World, source: str, window: Window, *, number: int, request: Request) -> Landed:
    """Write what one sync delivers for a request."""
    rows = size = 0
    for name, stream in declared(source).streams.items():
        extracted = int(request.until.timestamp() * 1000)
        envelope = Envelope(sync_id=number, stream=name, attempt=1, extracted_ms=extracted, generation=0)
        blocks = reader.read_stream(world, source, stream=name, request=request)
        for place, part in enumerate(parts(blocks, envelope, OBJECT_ROWS)):
            # Whoever asks for days uses the backfill connection, which writes to a place of its own.
            prefix = stream.backfill_prefix if request.days_asked else stream.landing_prefix
            key = f"{prefix}{request.until:%Y/%m/%d}/{number}_{place}_{extracted}.jsonl.gz"
            doors.object_store().put(key, part.body)
            rows, size = rows + part.rows, size + part.payload_bytes
    run = SyncRun(source, window, "bench", number, "succeeded", request.until, request.until, rows, size)
    return Landed(replace(run, backfill=request.days_asked is not None), rows, size)


def sealed(run: SyncRun) -> list[Batch]:
    """The landed sync in the lake, one batch per stream."""
    return [seal.fn(land.fn(run, name), stream) for name, stream in declared(run.source).streams.items()]
