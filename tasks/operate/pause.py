"""Sources that nobody waits for: paused in their declaration, or by a person with a reason, and ending by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from prefect import task

from expectations.declare.errors import Misconfigured
from expectations.declare.source import Source, load, load_all
from tasks import doors
from tasks.adapters.ops_control import OpsControl, Pause
from tasks.adapters.ops_store import Outcome, now
from tasks.outcomes import recorded, run_id
from tasks.window import Window

IN_DECLARATION = "its declaration"


def paused(source: Source) -> Pause | None:
    """The pause of a source that stands now; of two the one that ends later. It ends at 00:00 UTC of its day."""
    found = [pause for pause in OpsControl(doors.ops_store()).pauses() if pause.source == source.name]
    if (declared := _declared(source)) and declared.until > now():
        found.append(declared)
    return max(found, key=lambda pause: pause.until, default=None)


def paused_sources() -> dict[str, Pause]:
    """Every pause that stands now, by source."""
    found = {name: paused(source) for name, source in load_all().items()}
    return {name: pause for name, pause in found.items() if pause}


def in_words(pause: Pause) -> str:
    """`paused until 2026-11-25 by ada: token expired`."""
    return f"paused until {pause.until:%Y-%m-%d} by {pause.by}: {pause.reason}"


def skip_paused(source: Source, window: Window) -> Pause | None:
    """The pause of a source, with an outcome that says that its refresh was skipped; None where it is not paused."""
    pause = paused(source)
    if pause:
        skipped = Outcome(run_id(), "refresh", source.name, "", window, "skipped", 0, reason=in_words(pause))
        doors.ops_store().record_outcome(skipped)
    return pause


@task(task_run_name="pause {source}")
@recorded
def pause_source(source: str, until: date, *, reason: str, by: str) -> Pause:
    """Skip the scheduled refreshes of a source until a day (UTC), and do not let a close wait for it."""
    load(source)
    pause = Pause(source, _midnight(until), reason.strip(), by.strip(), now())
    if pause.until <= now():
        raise Misconfigured(f"{until} is over", where=f"pause of {source}", do="Write a day that is still to come")
    OpsControl(doors.ops_store()).pause(pause)
    return pause


@task(task_run_name="unpause {source}")
@recorded
def unpause_source(source: str) -> bool:
    """End a pause that a person set; whether there was one. One in the declaration is ended there."""
    declaration = load(source)
    ended = OpsControl(doors.ops_store()).unpause(source)
    if (left := paused(declaration)) and left.by == IN_DECLARATION:
        raise Misconfigured(
            f"{source} stays paused until {left.until:%Y-%m-%d}: its declaration says so",
            where=f"expectations/sources/{source}.yaml",
            do="Remove paused_until there, then run `plumbline render`",
        )
    return ended


def _declared(source: Source) -> Pause | None:
    if source.paused_until is None:
        return None
    until = _midnight(source.paused_until)
    return Pause(source.name, until, "the declaration says so", IN_DECLARATION, until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
