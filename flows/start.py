"""What every flow does in its first lines: choose the window, and refuse to start on nonsense."""

from __future__ import annotations

from datetime import UTC, date, datetime

from prefect.client.schemas.objects import FlowRun
from prefect.runtime import flow_run

from expectations.declare.errors import Misconfigured
from expectations.declare.rendered import stale
from expectations.declare.source import Source, load
from tasks.window import DAY_TURNS_AT, Window


def declared(source: str) -> Source:
    """The declaration of a source, with everything rendered from it up to date; `Misconfigured` otherwise."""
    declaration = load(source)
    fresh_rendering()
    return declaration


def fresh_rendering() -> None:
    """Refuse to run models that were rendered from an older declaration."""
    if old := stale():
        raise Misconfigured(
            f"{len(old)} rendered files are older than their declaration",
            where=", ".join(old[:3]) + (", and more" if len(old) > 3 else ""),
            do="Run `plumbline render` and commit what it writes",
        )


def chosen_window(given: Window | None) -> Window:
    """The window asked for, else the reporting day so far at the scheduled time."""
    return given or Window.scheduled(_scheduled_at())


def window_of(run: FlowRun) -> Window:
    """The window of another flow run: the one it was given, else the reporting day so far at its scheduled time."""
    given = run.parameters.get("window")
    at = run.expected_start_time or datetime.now(UTC)
    return Window.model_validate(given) if given else Window.scheduled(at.astimezone(UTC))


def chosen_day(given: date | None) -> Window:
    """The day asked for, else the last reporting day that is over at the scheduled time."""
    return Window.of_day(given or (_scheduled_at() - DAY_TURNS_AT).date())


def _scheduled_at() -> datetime:
    at: datetime | None = flow_run.scheduled_start_time
    return at.astimezone(UTC) if at else datetime.now(UTC)
