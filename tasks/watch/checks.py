"""What should be true of a pipeline that nobody looks at: its server, its worker, its runs, its disk, its lock.

Sentences carry instants and not durations: what is said again a minute later is the same, and tells nobody twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from expectations.declare.source import Source
from expectations.judge.verdict import Finding, Subject, Verdict
from tasks.adapters.ops_runs import RunRow
from tasks.adapters.prefect_api import Run
from tasks.adapters.warehouse.lock import Holder
from tasks.watch.recover import STARTS_AT_MOST, Recovered
from tasks.window import Window

PIPELINE, OWNER = "pipeline", "@data-engineering"
START_WITHIN = timedelta(minutes=5)
WORKER_SILENT = timedelta(seconds=90)  # a Prefect worker speaks every 30 s
LOCKED_AT_MOST = timedelta(hours=1)
FREE_SHARE, FREE_BYTES = 0.08, 2 * 2**30
ON_SCHEDULE = timedelta(days=2)


@dataclass(frozen=True)
class Found:
    """What one look found about one thing; `wrong` is empty where it is in order."""

    check: str
    scope: str
    wrong: str
    expected: str
    source: str = PIPELINE
    owner: str = OWNER

    def verdict(self, at: datetime) -> Verdict:
        """The same as a verdict about the day of the look. A warning: an outage here is no fault of the figures."""
        fine = f"In order: {self.expected}."
        finding = Finding(
            scope=self.scope,
            state="warned" if self.wrong else "passed",
            severity="warning",
            sentence=self.wrong or fine,
            observed="not so" if self.wrong else "so",
            expected=self.expected,
        )
        return Subject(self.source, self.source, self.owner, Window.of_day(at.date())).verdict(self.check, finding)


def server(answers: bool, url: str) -> Found:
    """Whether Prefect answers."""
    wrong = "" if answers else f"The Prefect server at {url} does not answer: no run is scheduled or started."
    return Found("server_down", "prefect", wrong, "the Prefect server answers")


def worker(heard: datetime | None, at: datetime) -> Found:
    """Whether a worker of the pool lives."""
    silent = heard is None or at - heard > WORKER_SILENT
    since = f"since {_minute(heard)}" if heard else "so far"
    wrong = f"No worker has spoken {since}: runs are scheduled and not started." if silent else ""
    return Found("worker_down", "worker", wrong, "a worker speaks every 30 seconds")


def missed(waiting: Sequence[Run], at: datetime) -> Found:
    """Whether a run that was due has not started."""
    late = [run for run in waiting if run.due and at - run.due > START_WITHIN]
    first = min((run.due for run in late if run.due), default=None)
    wrong = f"Runs that were due at {_minute(first)} and later have not started." if first else ""
    return Found("run_missed", "schedule", wrong, "a run starts within five minutes of its schedule")


def died(recovered: Recovered) -> Found:
    """Whether a run died so often that it is not started again."""
    names = ", ".join(recovered.given_up[:3])
    wrong = f"Killed {STARTS_AT_MOST} times and not started again: {names}." if names else ""
    return Found("run_died", "runs", wrong, "a run that is killed succeeds when it is started again")


def disk(folder: Path) -> Found:
    """Whether the disk of the home has room for another day."""
    usage = shutil.disk_usage(folder)
    low = usage.free < FREE_BYTES or usage.free < FREE_SHARE * usage.total
    wrong = f"The disk of {folder.name} is nearly full: loads and builds will fail." if low else ""
    return Found("disk_full", "home", wrong, f"{FREE_BYTES >> 30} GB and {FREE_SHARE:.0%} of the disk are free")


def lock(holder: Holder | None, at: datetime) -> Found:
    """Whether somebody writes to the warehouse for longer than any build takes."""
    wrong = ""
    since = datetime.fromisoformat(holder.since) if holder and holder.pid else at
    if holder and at - since > LOCKED_AT_MOST:
        wrong = f"{holder.name} (pid {holder.pid}) holds the warehouse since {_minute(since)}."
    return Found("lock_held", "warehouse", wrong, "nobody writes to the warehouse for longer than an hour")


def on_schedule(runs: Iterable[RunRow], at: datetime) -> set[str]:
    """Sources whose refreshes were lately started by a schedule; where people start them, nothing is overdue."""
    return {run.source for run in runs if run.source and run.scheduled_at and at - run.scheduled_at < ON_SCHEDULE}


def overdue(source: Source, newest: datetime | None, at: datetime) -> Found:
    """Whether the newest sync is older than the schedule and the time that an extraction may take allow."""
    due = last_tick(source.schedule, at - source.extract_within)
    wrong = ""
    if newest is None or newest < due:
        since = f"since {_minute(newest)}" if newest else "so far"
        wrong = f"{source.title} has not been refreshed {since}, although it was due."
    minutes = int(source.extract_within.total_seconds() // 60)
    expected = f"a sync succeeds within {minutes} minutes of its schedule"
    return Found("refresh_overdue", source.name, wrong, expected, source.name, source.owner.slack)


def last_tick(schedule: str, at: datetime) -> datetime:
    """The last instant (UTC) at or before `at` that a cron text with five fields names."""
    from cronsim import CronSim

    return next(CronSim(schedule, at.astimezone(UTC) + timedelta(minutes=1), reverse=True))


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
