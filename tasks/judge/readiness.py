"""Which sources have delivered a day, and which are late."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time, timedelta

from prefect import task

from expectations.declare.errors import Misconfigured
from expectations.declare.source import Source, load_all
from expectations.judge.verdict import Finding, Verdict
from tasks import doors
from tasks.adapters.ops_control import Pause
from tasks.adapters.ops_store import SyncRow
from tasks.operate.pause import in_words, paused_sources
from tasks.outcomes import recorded
from tasks.settings import settings
from tasks.subject import source_in
from tasks.window import Window

LOOK_AGAIN_SECONDS = 10.0


@task(task_run_name="wait for sources {window.label}")
@recorded
def wait_for_sources(window: Window) -> tuple[Verdict, ...]:
    """Wait until every source has a judged sync of the day, at most until `PLUMBLINE_CLOSE_BY` of the next one.

    Returns one verdict per source: `late`, passed or warned, or `paused`. Neither holds the others, and nobody waits
    for a source that is paused.
    """
    day, sources, pauses = window.days()[-1], load_all(), paused_sources()
    awaited = {name: source for name, source in sources.items() if name not in pauses}
    deadline = _next_day_at(day, settings().core.close_by)
    if (missing := _missing(day, awaited)) and datetime.now(UTC) < window.end:
        raise Misconfigured(
            f"{day} is not over yet and cannot be closed",
            where=f"nothing yet from {', '.join(sorted(missing))}",
            do="Close a day that is over (UTC)",
        )
    while (missing := _missing(day, awaited)) and datetime.now(UTC) < deadline:
        clock.sleep(LOOK_AGAIN_SECONDS)
    resting = _missing(day, sources) & pauses.keys()
    return tuple(
        _paused(source, window, pauses[name]) if name in resting else _late(source, window, name in missing)
        for name, source in sources.items()
    )


def known_verdicts(window: Window) -> tuple[Verdict, ...]:
    """What the checks said about the newest sync of each source that covers the window's last day."""
    ops = doors.ops_store()
    newest = {sync.source: sync for sync in ops.syncs_covering(window.days()[-1])}
    return tuple(verdict for sync in newest.values() for verdict in ops.verdicts(sync.window, sync.source))


def _missing(day: date, sources: dict[str, Source]) -> set[str]:
    ops = doors.ops_store()
    judged = {s.source for s in ops.syncs_covering(day) if _closes(s, day) and ops.verdicts(s.window, s.source)}
    return set(sources) - judged


def _closes(sync: SyncRow, day: date) -> bool:
    # Before that hour an American account-day is still running, whatever the UTC date says.
    return sync.started_at >= _next_day_at(day, settings().core.day_complete_at)


def _next_day_at(day: date, at: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time.fromisoformat(at), tzinfo=UTC)


def _late(source: Source, window: Window, missing: bool) -> Verdict:
    by = settings().core.close_by
    told = f"{source.title} had not delivered {window.label} by {by} UTC; its figures are those of the last sync."
    fine = f"{source.title} delivered {window.label} in time."
    finding = Finding(
        scope=window.label,
        severity="warning",
        state="warned" if missing else "passed",
        sentence=told if missing else fine,
        observed="no judged sync" if missing else "judged",
        expected=f"a judged sync by {by} UTC",
    )
    return source_in(source, window).verdict("late", finding)


def _paused(source: Source, window: Window, pause: Pause) -> Verdict:
    """Nobody is alarmed by what somebody decided; the release is marked all the same."""
    finding = Finding(
        scope=window.label,
        severity="info",
        state="warned",
        sentence=f"{source.title} is {in_words(pause)}. Its figures are those of the last sync.",
        observed="paused",
        expected="a judged sync after the pause",
    )
    return source_in(source, window).verdict("paused", finding)
