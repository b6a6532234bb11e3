"""How punctual the pipeline was lately, straight from the ops store: for a screen that must not wait for a build.

The figures are those of the marts of operations (`agg_extracts_daily` and its neighbours); a test compares the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.ops_held_back import HELD_BACK, OpsHeldBack
from tasks.adapters.ops_runs import RUNS, OpsRuns
from tasks.adapters.ops_tables import OUTCOMES, RELEASES, SYNCS

DAYS = 7
PUBLISHED_BY = time(7, 0)


@dataclass(frozen=True)
class Extracts:
    """The scheduled runs of one source: how many are decided and in time, and their minutes (None without any)."""

    source: str
    decided: int
    in_time: int
    p50: float | None
    p99: float | None
    latency: float | None

    @property
    def share(self) -> float | None:
        """The share in time, None where nothing was due."""
        return self.in_time / self.decided if self.decided else None


@dataclass(frozen=True)
class Close:
    """The newest day with a final release: when it was published, and whether by 07:00 UTC of the next day."""

    day: date
    published_at: datetime
    in_time: bool


def extracts(now: datetime) -> list[Extracts]:
    """Per declared source the scheduled runs of the last seven days, and the minutes from landing to readers."""
    runs = _runs(now - timedelta(days=DAYS))
    latest = _latencies(now - timedelta(days=DAYS))
    return [
        _extracts(name, source.extract_within, [r for r in runs if r["source"] == name], now, latest.get(name))
        for name, source in load_all().items()
    ]


def last_close() -> Close | None:
    """The newest closed day, by its first final release of which no mart was held."""
    day = sa.func.min(RELEASES.c.at)
    query = (
        sa.select(RELEASES.c.window_end, day)
        .where(RELEASES.c.state == "final", ~RELEASES.c.held, RELEASES.c.id.not_in(_held("mart")))
        .group_by(RELEASES.c.window_end)
        .order_by(RELEASES.c.window_end.desc())
        .limit(1)
    )
    found = _rows(query)
    if not found:
        return None
    end, at = found[0]
    closed = (end - timedelta(microseconds=1)).date()
    due = datetime.combine(closed + timedelta(days=1), PUBLISHED_BY, tzinfo=UTC)
    return Close(closed, at, at <= due)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which that share lies, between neighbours in proportion (SQL's percentile_cont)."""
    ordered = sorted(values)
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _extracts(
    name: str, within: timedelta, runs: Sequence[dict[str, Any]], now: datetime, latency: float | None
) -> Extracts:
    minutes = [(r["extracted_at"] - r["scheduled_at"]).total_seconds() / 60 for r in runs if r["extracted_at"]]
    in_time = sum(m <= within.total_seconds() / 60 for m in minutes)
    late = sum(r["extracted_at"] is None and r["scheduled_at"] + within <= now for r in runs)
    return Extracts(name, len(minutes) + late, in_time, percentile(minutes, 0.5), percentile(minutes, 0.99), latency)


def _runs(since: datetime) -> list[dict[str, Any]]:
    OpsRuns(doors.ops_store().engine)  # makes the table where no run was written down yet
    query = sa.select(RUNS.c.run, RUNS.c.source, RUNS.c.scheduled_at).where(RUNS.c.scheduled_at >= since)
    done = sa.select(OUTCOMES.c.run, OUTCOMES.c.at).where(
        OUTCOMES.c.step == "sync", OUTCOMES.c.status != "failed", OUTCOMES.c.at >= since
    )
    extracted: dict[str, datetime] = {}
    for run, at in _rows(done):
        extracted[run] = min(at, extracted.get(run, at))
    return [{"source": s, "scheduled_at": at, "extracted_at": extracted.get(run)} for run, s, at in _rows(query)]


def _latencies(since: datetime) -> dict[str, float]:
    """Per source the minutes between the end of the newest published job and its release."""
    published_since = sa.select(RELEASES.c.id, RELEASES.c.at).where(~RELEASES.c.held, RELEASES.c.at >= since)
    released = sorted((at, release) for release, at in _rows(published_since))
    held = {(release, source) for release, source in _rows(_held("source").add_columns(HELD_BACK.c.name))}
    landed = {(s, job): at for s, job, at in _rows(sa.select(SYNCS.c.source, SYNCS.c.job_id, SYNCS.c.finished_at))}
    loaded: dict[str, dict[int, datetime]] = defaultdict(dict)
    loads = sa.select(OUTCOMES.c.source, OUTCOMES.c.job_id, OUTCOMES.c.at).where(
        OUTCOMES.c.step == "load", OUTCOMES.c.status != "failed", OUTCOMES.c.at >= since
    )
    for source, job, at in _rows(loads):
        loaded[source][job] = max(at, loaded[source].get(job, at))
    found: dict[str, float] = {}
    for source, jobs in loaded.items():
        for job, at in sorted(jobs.items(), key=lambda item: item[1]):
            mine = (when for when, release in released if when >= at and (release, source) not in held)
            published, began = next(mine, None), landed.get((source, job))
            if published and began:
                found[source] = (published - began).total_seconds() / 60
    return found


def _held(kind: str) -> sa.Select[Any]:
    """The releases that held something of this kind."""
    OpsHeldBack(doors.ops_store())  # makes the table where nothing was ever held
    return sa.select(HELD_BACK.c.release_id).where(HELD_BACK.c.kind == kind)


def _rows(query: sa.Select[Any]) -> list[Any]:
    with doors.ops_store().engine.connect() as db:
        return list(db.execute(query).all())
