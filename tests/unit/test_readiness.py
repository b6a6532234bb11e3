"""A close waits for every source, at most until its hour; what is missing then is late and holds nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from expectations.declare.errors import Misconfigured
from expectations.declare.source import names
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.ops_store import OpsStore, SyncRow
from tasks.judge import readiness
from tasks.judge.readiness import known_verdicts, wait_for_sources
from tasks.window import Window

DAY = Window.parse("2026-11-17")
COMPLETE = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
AFTER_THE_HOUR = datetime(2026, 11, 18, 6, 50, tzinfo=UTC)


@pytest.fixture
def ops(home: Path) -> OpsStore:
    return doors.ops_store()


def _verdict(source: str, window: Window = DAY, sentence: str = "fine") -> Verdict:
    return Verdict(
        check="completeness", source=source, model=source, scope=source, state="passed", severity="critical",
        owner="@o", sentence=sentence, observed="", expected="", runbook="r", window=window,
    )  # fmt: skip


def _delivered(
    ops: OpsStore, source: str, *, at: datetime = COMPLETE, window: Window = DAY, judged: bool = True
) -> None:
    job = len(ops.syncs_covering(DAY.days()[0])) + 1
    ops.save_sync(SyncRow(source, window, job, "c", "succeeded", at, at, 1, 1))
    if judged:
        ops.record_verdicts([_verdict(source, window)])


@time_machine.travel(AFTER_THE_HOUR, tick=False)
def test_sources_that_delivered_and_were_judged_are_in_time(ops: OpsStore) -> None:
    for source in names():
        _delivered(ops, source)
    verdicts = wait_for_sources.fn(DAY)
    assert [(v.source, v.state, v.check) for v in verdicts] == [(name, "passed", "late") for name in names()]


@time_machine.travel(AFTER_THE_HOUR, tick=False)
def test_what_is_missing_at_the_hour_is_late_with_a_sentence_and_does_not_hold(ops: OpsStore) -> None:
    for source in set(names()) - {"shopify"}:
        _delivered(ops, source)
    late = {v.source: v for v in wait_for_sources.fn(DAY)}["shopify"]
    assert (late.state, late.severity, late.holds, late.alarming) == ("warned", "warning", False, True)
    assert late.sentence == (
        "Shopify had not delivered 2026-11-17 by 06:45 UTC; its figures are those of the last sync."
    )


@pytest.mark.parametrize(
    "case",
    [
        {"judged": False},
        {"at": datetime(2026, 11, 18, 5, 29, tzinfo=UTC)},  # an American account-day is still running
        {"window": Window.parse("2026-11-16")},
        {"window": Window(start=DAY.start, end=DAY.end - timedelta(hours=1))},
    ],
)
@time_machine.travel(AFTER_THE_HOUR, tick=False)
def test_a_sync_that_does_not_close_the_day_is_late(ops: OpsStore, case: dict[str, object]) -> None:
    _delivered(ops, "shopify", **case)  # type: ignore[arg-type]
    assert {v.source: v for v in wait_for_sources.fn(DAY)}["shopify"].state == "warned"


def test_before_the_hour_it_looks_again_until_the_last_source_is_there(
    ops: OpsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = list(names())
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        _delivered(ops, waiting.pop())

    monkeypatch.setattr(readiness.clock, "sleep", nap)
    with time_machine.travel(COMPLETE, tick=False):
        verdicts = wait_for_sources.fn(DAY)
    assert naps == [readiness.LOOK_AGAIN_SECONDS] * len(names())
    assert {v.state for v in verdicts} == {"passed"}


def test_it_stops_waiting_at_the_hour(ops: OpsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(COMPLETE, tick=False) as clock:
        monkeypatch.setattr(readiness.clock, "sleep", lambda _: clock.shift(timedelta(minutes=20)))
        verdicts = wait_for_sources.fn(DAY)
        assert datetime.now(UTC) == datetime(2026, 11, 18, 7, 0, tzinfo=UTC)
    assert {v.state for v in verdicts} == {"warned"}


@time_machine.travel(datetime(2026, 11, 17, 12, tzinfo=UTC), tick=False)
def test_a_day_that_is_not_over_is_refused_instead_of_waited_for(ops: OpsStore) -> None:
    with pytest.raises(Misconfigured, match=r"2026-11-17 is not over yet .*nothing yet from ga4, ga4_export"):
        wait_for_sources.fn(DAY)


def test_what_the_newest_sync_said_is_known(ops: OpsStore) -> None:
    wide = Window.parse("2026-11-10..2026-11-17")
    _delivered(ops, "shopify", at=COMPLETE - timedelta(hours=2), window=wide)
    _delivered(ops, "hubspot")
    assert {(v.source, v.window) for v in known_verdicts(DAY)} == {("shopify", wide), ("hubspot", DAY)}
    _delivered(ops, "shopify", at=COMPLETE)
    assert {(v.source, v.window) for v in known_verdicts(DAY)} == {("shopify", DAY), ("hubspot", DAY)}
