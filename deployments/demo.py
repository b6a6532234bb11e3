"""BrightCart's story on the local stack: a history, a good day, a bad day that is held, its repair in two steps (what
finance signs first, the rest after it), a normal day.

Every chapter asks the releases whether it has been told; an interrupted demo continues where it was.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from rich.console import Console

from deployments.local import stack
from deployments.local.saas.simulation import Fault, Simulation
from deployments.prefect_set_up import deploy
from deployments.terminal import QUIET, foreground
from expectations.declare.errors import PlumblineError
from expectations.declare.source import names
from tasks import doors
from tasks.settings import settings
from tasks.window import Window

if TYPE_CHECKING:
    from tasks.publish.publish import Release

HISTORY = Window.parse("2026-10-12..2026-11-15")
GOOD, BAD, NORMAL = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
EXTRACTED_AT = "05:40:00"  # UTC of the following day: after midnight in New York, before the deadline

FAULTS = (
    Fault(
        "rename_field",
        "hubspot",
        "contacts",
        str(BAD),
        {"field": "properties_lifecyclestage", "to": "properties_lifecycle_stage"},
    ),
    Fault("null_field", "hubspot", "contacts", str(BAD), {"field": "properties_email", "share": 1.0}),
    Fault("duplicate_object", "meta_ads", "ads_insights", str(BAD), {}),
    Fault("multiply", "meta_ads", "ads_insights", str(BAD), {"metric": "spend", "factor": 3, "account": 1}),
    # Dearer clicks, which the account's own total knows of: nothing is missed, and yet it is unusual.
    Fault("multiply", "meta_ads", "ads_insights", str(BAD), {"metric": "spend", "factor": 3, "account": 2}),
    Fault("multiply", "meta_ads", "ads_insights_account", str(BAD), {"metric": "spend", "factor": 3, "account": 2}),
    Fault("total_short", "shopify", "orders", str(BAD), {"rows": 25}),
)
# Who repairs what first: finance reads the revenue of the day while leads and ad spend still wait.
REPAIRED = (("shopify",), ("hubspot", "meta_ads"))


@dataclass(frozen=True)
class Story:
    """What the chapters share: where to speak, and the simulation behind the sources."""

    console: Console
    simulation: Simulation
    deployed: Future[None]

    def say(self, text: str) -> None:
        """One plain line; what sources sent is never read as markup."""
        self.console.print(text, markup=False, soft_wrap=True)


def tell(console: Console) -> None:
    """Start the stack, tell what has not been told, and print where to look."""
    began = time.monotonic()
    with ThreadPoolExecutor(1) as beside:
        prepared = beside.submit(_prepare)  # the servers need that time anyway
        with _chapter(console, "Starting the local stack (Prefect, S3, Airbyte-compatible server, Slack, site)"):
            stack.up(lambda line: None)
            os.environ.update(stack.environment() | QUIET)
            settings.cache_clear()
            prepared.result()
            import_module("flows.close_day")  # here, because two threads must not import Prefect side by side
        story = Story(console, Simulation(stack.simulation_url()), beside.submit(deploy, lambda line: None))
        with foreground():
            for title, chapter in _chapters():
                _tell_one(story, title, chapter)
        story.deployed.result()
    story.simulation.set_clock(None)
    _where_to_look(console, time.monotonic() - began)


def _prepare() -> None:
    """Import what takes seconds, and read the dbt project."""
    handlers = logging.root.handlers[:]
    import_module("expectations.judge.classes")
    doors.dbt().prepare()
    logging.root.handlers[:] = handlers  # a library that is imported before Prefect sets up logging for everybody


def _chapters() -> list[tuple[str, Callable[[Story], None]]]:
    return [
        ("Backfill of 35 days: one window, one sync per stream, one build", _history),
        (f"{GOOD}: a good day is closed", lambda story: _ordinary(story, GOOD)),
        (f"{BAD}: three faults arrive at once", _bad_day),
        (f"{BAD}: Shopify is repaired and revenue published, then all the rest", _repair),
        (f"{NORMAL}: a normal day, closed by the worker", _through_the_worker),
    ]


def _tell_one(story: Story, title: str, chapter: Callable[[Story], None]) -> None:
    with _chapter(story.console, title):
        chapter(story)


def _history(story: Story) -> None:
    if _released(HISTORY, "provisional"):
        return story.say("  done before")
    _refresh_all(story, HISTORY)
    from flows.build_marts import build_marts

    return _report(story, build_marts(window=HISTORY))


def _ordinary(story: Story, day: date) -> None:
    window = Window.of_day(day)
    if _released(window, "final"):
        return story.say("  done before")
    _refresh_all(story, window)
    return _report(story, _close(day))


def _bad_day(story: Story) -> None:
    window = Window.of_day(BAD)
    if _released(window, "final") or _held(window):
        return story.say("  done before")
    story.simulation.set_faults(FAULTS)
    _refresh_all(story, window)
    return _report(story, _close(BAD))


def _repair(story: Story) -> None:
    window = Window.of_day(BAD)
    if _released(window, "final", whole=True):
        return story.say("  done before")
    for sources in REPAIRED:
        story.simulation.set_faults([fault for fault in FAULTS if fault.source in _still_broken(sources)])
        _refresh_all(story, window, sources=sources, again=True)
        _report(story, _close(BAD))
    recovered = [i for i in doors.ops_store().incidents() if i.state == "recovered"]
    return story.say(f"  {len(recovered)} incidents recovered")


def _through_the_worker(story: Story) -> None:
    window = Window.of_day(NORMAL)
    if _released(window, "final"):
        return story.say("  done before")
    _refresh_all(story, window)
    story.deployed.result()
    from prefect.client.schemas.objects import FlowRun
    from prefect.deployments import run_deployment

    run = run_deployment("close-day/close_day", parameters={"day": str(NORMAL)}, timeout=600, poll_interval=2)
    assert isinstance(run, FlowRun)  # outside an event loop it is not a coroutine
    story.say(f"  the worker's run {run.name!r} ended as {run.state.name if run.state else 'unknown'}")
    release = doors.ops_store().releases(window)[-1]
    return story.say(f"  {'held' if release.held else 'published'} {release.id}")


def _refresh_all(story: Story, window: Window, *, sources: tuple[str, ...] = (), again: bool = False) -> None:
    from flows.refresh_source import refresh_source

    following = window.days()[-1] + timedelta(days=1)
    story.simulation.set_clock(f"{following}T{EXTRACTED_AT}Z")
    for source in sources or names():
        verdicts = refresh_source(source=source, window=window, again=again)
        told = [v.sentence for v in verdicts if v.state in ("failed", "errored")]
        story.say(f"  {source:<11} {window.label}  {len(verdicts)} checks, {len(told)} failed")
        for sentence in told:
            story.say(f"      {sentence}")


def _close(day: date) -> Release:
    from flows.close_day import close_day

    return close_day(day=day)


def _report(story: Story, release: Release) -> None:
    if not release.held:
        story.say(f"  published {release.id}: {release.rows} rows")
    if release.kept:
        story.say(f"  partly held: {len(release.kept)} of {release.marts} marts stay as they were, because")
    if release.held:
        story.say("  held: readers keep the last good release, because")
    for reason in release.because:
        story.say(f"      {reason}")


def _still_broken(repaired: tuple[str, ...]) -> set[str]:
    """The sources that are repaired after these."""
    return {source for later in REPAIRED[REPAIRED.index(repaired) + 1 :] for source in later}


def _released(window: Window, state: str, *, whole: bool = False) -> bool:
    from tasks.publish.origins import held_marts

    rows = [row for row in doors.ops_store().releases(window) if row.state == state and not row.held]
    return any(not held_marts(row.body) for row in rows) if whole else bool(rows)


def _held(window: Window) -> bool:
    return any(r.held for r in doors.ops_store().releases(window))


@contextmanager
def _chapter(console: Console, title: str) -> Iterator[None]:
    began = time.monotonic()
    console.print(f"\n{title}", style="bold", markup=False)
    try:
        yield
    except (PlumblineError, KeyboardInterrupt):
        console.print("  stopped here; `make demo` continues from this chapter")
        raise
    console.print(f"  {time.monotonic() - began:.0f} s", style="dim")


def _where_to_look(console: Console, seconds: float) -> None:
    console.print(f"\nDone in {seconds:.0f} s. Where to look:", style="bold")
    for name, address in stack.places().items():
        console.print(f"  {name:<16} {address}", markup=False, soft_wrap=True)
    console.print("\n`plumbline status` shows what runs; `plumbline down` ends it.")
