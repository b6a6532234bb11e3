"""A paused source is not asked and not waited for, says so, alarms nobody, and comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

import flows.refresh_source
from expectations.declare.errors import Misconfigured
from expectations.declare.source import Source, load, names
from tasks import doors
from tasks.adapters.ops_store import OpsStore
from tasks.judge.readiness import wait_for_sources
from tasks.operate import pause as pauses
from tasks.operate.pause import in_words, pause_source, paused, unpause_source
from tasks.publish.alert import announce
from tasks.window import Window

DAY = Window.parse("2026-11-17")
NIGHT = datetime(2026, 11, 18, 6, 50, tzinfo=UTC)


@pytest.fixture(autouse=True)
def ops(home: Path) -> Iterator[OpsStore]:
    with time_machine.travel(NIGHT, tick=False):
        yield doors.ops_store()


def _pause(until: str = "2026-11-25", source: str = "hubspot") -> None:
    pause_source.fn(source, date.fromisoformat(until), reason="token expired", by="ada")


def test_a_pause_says_until_when_by_whom_and_why_and_ends_by_itself() -> None:
    _pause()
    found = paused(load("hubspot"))
    assert found is not None
    assert in_words(found) == "paused until 2026-11-25 by ada: token expired"
    assert paused(load("shopify")) is None
    with time_machine.travel(datetime(2026, 11, 25, tzinfo=UTC), tick=False):
        assert paused(load("hubspot")) is None


def test_a_pause_is_ended_before_its_day_and_a_second_one_takes_its_place() -> None:
    _pause()
    _pause("2026-11-20")
    found = paused(load("hubspot"))
    assert found is not None
    assert found.until == datetime(2026, 11, 20, tzinfo=UTC)
    assert (unpause_source.fn("hubspot"), unpause_source.fn("hubspot")) == (True, False)
    assert paused(load("hubspot")) is None


def test_a_declaration_pauses_too_and_only_the_declaration_ends_that(monkeypatch: pytest.MonkeyPatch) -> None:
    declared: Source = load("hubspot").model_copy(update={"paused_until": date(2026, 12, 1)})
    found = paused(declared)
    assert found is not None
    assert in_words(found) == "paused until 2026-12-01 by its declaration: the declaration says so"
    monkeypatch.setattr(pauses, "load", lambda _: declared)
    with pytest.raises(Misconfigured, match=r"hubspot.yaml\). Remove paused_until there, then run `plumbline render`"):
        unpause_source.fn("hubspot")


@pytest.mark.parametrize(
    ("until", "said"), [("2026-11-18", "2026-11-18 is over"), ("2025-01-01", "2025-01-01 is over")]
)
def test_a_pause_that_is_over_already_is_refused(until: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        _pause(until)


def test_a_close_does_not_wait_for_a_paused_source_marks_it_and_alarms_nobody(ops: OpsStore) -> None:
    _pause()
    with time_machine.travel(NIGHT - timedelta(hours=1), tick=False), pytest.MonkeyPatch.context() as patch:
        waited: list[set[str]] = []
        patch.setattr("tasks.judge.readiness.clock.sleep", lambda _: waited.append(set()))
        for source in set(names()) - {"hubspot"}:
            _pause(source=source)
        verdicts = {v.source: v for v in wait_for_sources.fn(DAY)}
    assert waited == []
    assert (verdicts["hubspot"].check, verdicts["hubspot"].state, verdicts["hubspot"].alarming) == (
        "paused", "warned", False,
    )  # fmt: skip
    assert verdicts["hubspot"].sentence == (
        "HubSpot is paused until 2026-11-25 by ada: token expired. Its figures are those of the last sync."
    )
    announce.fn(tuple(verdicts.values()), DAY)
    assert ops.open_incidents() == []


def test_a_scheduled_refresh_of_a_paused_source_is_skipped_and_one_with_a_window_is_not(
    ops: OpsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pause()
    begun: list[str] = []

    def begins(*_: Any, **__: Any) -> Any:
        begun.append("sync")
        raise KeyboardInterrupt

    monkeypatch.setattr(flows.refresh_source, "sync", begins)
    monkeypatch.setattr(flows.refresh_source, "preflight", lambda *_: ())
    monkeypatch.setattr(flows.refresh_source, "announce", lambda *_, **__: None)
    monkeypatch.setattr(flows.refresh_source, "platform_queue", lambda _: nullcontext())
    ended: Any = flows.refresh_source.refresh_source.fn("hubspot")
    assert (ended.name, ended.message) == ("Skipped", "hubspot is paused until 2026-11-25 by ada: token expired")
    assert begun == []
    (outcome,) = [row for row in ops.outcomes() if row["step"] == "refresh"]
    assert (outcome["status"], outcome["source"], outcome["reason"]) == (
        "skipped", "hubspot", "paused until 2026-11-25 by ada: token expired",
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        flows.refresh_source.refresh_source.fn("hubspot", DAY)
    assert begun == ["sync"]
