"""One look at everything from outside: repair what can be repaired, tell people the rest, through the outbox.

It works while Prefect is down: it asks over HTTP with short time-outs, and reads and writes the ops store.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from filelock import FileLock, Timeout

from expectations.declare.errors import Unavailable
from expectations.declare.source import load_all
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.ops_pulse import OpsPulses
from tasks.adapters.ops_runs import OpsRuns
from tasks.adapters.ops_store import now
from tasks.adapters.warehouse.lock import holder
from tasks.operate.pause import paused_sources
from tasks.publish.alert import announce
from tasks.publish.deliver import deliver
from tasks.settings import settings
from tasks.watch import checks
from tasks.watch.checks import Found
from tasks.watch.recover import Recovered, Server, recover
from tasks.window import Window

PULSES_KEPT = timedelta(days=2)
NOTHING = Recovered((), (), ())


@dataclass(frozen=True)
class Look:
    """What one look found and did."""

    verdicts: tuple[Verdict, ...]
    recovered: Recovered

    @property
    def wrong(self) -> tuple[Verdict, ...]:
        """What is not in order."""
        return tuple(verdict for verdict in self.verdicts if verdict.alarming)


def look(api: Server, pool: str) -> Look:
    """Look once: recover dead runs, judge, open and close incidents, send what waits in the outbox."""
    at = now()
    with _alone() as mine:
        if not mine:
            return Look((), NOTHING)
        found, recovered = _asked(api, pool)
        found += _by_ourselves()
        verdicts = tuple(one.verdict(at) for one in found)
        # Without outcome rows: a look a minute would be most of what the pipeline did.
        inspect.unwrap(announce.fn)(verdicts, Window.of_day(at.date()))
        inspect.unwrap(deliver.fn)()
        OpsPulses(doors.ops_store().engine).forget(at - PULSES_KEPT)
    return Look(verdicts, recovered)


def recover_only(api: Server) -> Recovered:
    """Only end and restart dead runs; without a server there is nothing to do."""
    with _alone() as mine:
        try:
            return recover(api, OpsPulses(doors.ops_store().engine).pulses(), now()) if mine else NOTHING
        except Unavailable:
            return NOTHING


@contextmanager
def _alone() -> Iterator[bool]:
    """One look at a time: two would start the same run twice."""
    settings().home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings().home / "watch.lock", timeout=0):
            yield True
    except Timeout:
        yield False


def _asked(api: Server, pool: str) -> tuple[list[Found], Recovered]:
    """What the server knows; a server that is down is one finding, and not four."""
    if not api.healthy():
        return [checks.server(False, api.url)], NOTHING
    try:
        recovered = recover(api, OpsPulses(doors.ops_store().engine).pulses(), now())
        waiting = api.runs(["SCHEDULED"])
        heard = api.last_heard_of_worker(pool)
    except Unavailable:
        return [checks.server(False, api.url)], NOTHING
    at = now()
    found = [checks.server(True, api.url), checks.worker(heard, at), checks.missed(waiting, at)]
    return [*found, checks.died(recovered)], recovered


def _by_ourselves() -> list[Found]:
    at, ops, paused = now(), doors.ops_store(), paused_sources()
    on_schedule, synced = checks.on_schedule(OpsRuns(ops.engine).runs(), at), OpsPulses(ops.engine).last_synced()
    late = [
        checks.overdue(source, synced.get(name), at)
        for name, source in load_all().items()
        if name in on_schedule and name not in paused
    ]
    return [checks.disk(settings().home), checks.lock(holder(settings().warehouse_file), at), *late]
