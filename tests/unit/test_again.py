"""What failed last and was not done since is found by name, with the command that runs it again."""

from __future__ import annotations

import pytest

from tasks import doors
from tasks.adapters.ops_store import Outcome
from tasks.operate.again import failed_last
from tasks.outcomes import NO_WINDOW
from tasks.window import Window

pytestmark = pytest.mark.usefixtures("home")

DAY, NEXT = Window.parse("2026-11-17"), Window.parse("2026-11-18")


def _run(name: str, *steps: str, source: str = "", window: Window = DAY) -> None:
    """The steps of a run; one that ends in ! failed."""
    for step in steps:
        status, reason = ("failed", "S3 did not answer") if step.endswith("!") else ("done", "")
        about = NO_WINDOW if step == "deliver" else window
        row = Outcome(name, step.rstrip("!"), source, "", about, status, 5, reason=reason)  # type: ignore[arg-type]
        doors.ops_store().record_outcome(row)


def test_failed_runs_come_in_the_order_in_which_they_help_each_other() -> None:
    _run("a", "wait_for_sources", "build!")
    _run("b", "build", "test!")
    _run("c", "sync", "collect", "land!", source="ga4")
    found = failed_last()
    assert [f.command for f in found] == [
        "plumbline refresh --source ga4 --window 2026-11-17",
        "plumbline build --window 2026-11-17",
        "plumbline close 2026-11-17",
    ]
    assert found[0].words.startswith("refresh ga4 2026-11-17: land failed at 20")
    assert found[0].words.endswith("(S3 did not answer)")


def test_what_was_done_since_is_not_run_again() -> None:
    _run("a", "sync", "land!", source="ga4")
    _run("b", "sync", "land!", source="shopify")
    _run("c", "sync", "land", "deliver", source="ga4")
    assert [f.source for f in failed_last()] == ["shopify"]


def test_a_step_that_was_tried_again_within_its_run_did_not_fail() -> None:
    _run("a", "sync!", "sync", "land", "deliver", source="ga4")
    assert failed_last() == ()


def test_a_source_or_a_window_narrows_the_choice() -> None:
    _run("a", "sync!", source="ga4")
    _run("b", "sync!", source="ga4", window=NEXT)
    _run("c", "wait_for_sources!")
    assert [(f.kind, f.window) for f in failed_last(window=NEXT)] == [("refresh", NEXT)]
    assert {f.source for f in failed_last("ga4")} == {"ga4"}
    assert len(failed_last()) == 3
