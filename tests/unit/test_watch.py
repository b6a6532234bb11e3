"""The look from outside: what it calls wrong, whom it tells, and which runs it ends and starts again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from expectations.declare.errors import Unavailable
from expectations.declare.source import load as declared
from expectations.judge.verdict import CHECKS, WATCHED
from tasks import doors
from tasks.adapters.ops_pulse import OpsPulses, Pulse
from tasks.adapters.ops_runs import OpsRuns, RunRow
from tasks.adapters.ops_store import SyncRow
from tasks.adapters.prefect_api import PrefectApi, Run
from tasks.adapters.warehouse.lock import Holder
from tasks.watch import checks, look, pulse
from tasks.watch.recover import recover
from tasks.window import Window

AT = datetime(2026, 11, 18, 6, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RUN = Run("r1", "refresh ga4", "d1", "RUNNING", AT - 9 * MINUTE, AT - 10 * MINUTE, 1)


@dataclass
class FakeApi:
    """A Prefect server with these runs; what is done to them is written down."""

    all: Sequence[Run] = ()
    answers: bool = True
    heard: datetime | None = AT
    done: list[tuple[str, str]] = field(default_factory=list)
    url: str = "http://prefect/api"

    def healthy(self) -> bool:
        return self.answers

    def runs(self, states: Sequence[str], *, after: datetime | None = None) -> list[Run]:
        return [run for run in self.all if run.state in states]

    def last_heard_of_worker(self, pool: str) -> datetime | None:
        return self.heard

    def crash(self, run: Run, message: str) -> None:
        self.done.append(("crash", run.id))
        self.all = [replace(r, state="CRASHED", since=AT) if r.id == run.id else r for r in self.all]

    def start_again(self, run: Run, message: str) -> None:
        self.done.append(("again", run.id))


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLUMBLINE_SITE_URL", "http://site")
    return home


def living(**other: Any) -> Pulse:
    return replace(Pulse("r1", socket.gethostname(), os.getpid(), psutil.Process().create_time(), AT), **other)


# Runs whose process is gone


def test_a_run_that_lives_is_left_alone() -> None:
    api = FakeApi([RUN])
    assert recover(api, {"r1": living()}, AT).ended == ()
    assert api.done == []


@pytest.mark.parametrize(
    "dead",
    [
        living(host="another machine", beat_at=AT - 41 * timedelta(seconds=1)),
        living(process_began=1.0),
        living(pid=2**22 + 1),
    ],
)
def test_a_silent_run_or_one_without_its_process_is_ended_and_started_again(dead: Pulse) -> None:
    api = FakeApi([RUN])
    first = recover(api, {"r1": dead}, AT)
    assert (first.ended, first.started_again) == (("refresh ga4",), ())
    later = recover(api, {"r1": dead}, AT + timedelta(seconds=30))
    assert (later.ended, later.started_again) == ((), ("refresh ga4",))
    assert api.done == [("crash", "r1"), ("again", "r1")]


def test_a_run_of_another_machine_is_dead_by_its_silence_only() -> None:
    assert not pulse.is_dead(living(host="another machine", pid=2**22 + 1, beat_at=AT - timedelta(seconds=30)), AT)


def test_a_run_that_has_no_pulse_yet_is_left_alone() -> None:
    assert recover(FakeApi([RUN]), {}, AT).ended == ()


def test_a_run_from_a_terminal_is_ended_and_not_started_again() -> None:
    api = FakeApi([replace(RUN, deployment_id=None)])
    found = recover(api, {"r1": living(pid=2**22 + 1)}, AT)
    assert (found.ended, found.started_again) == (("refresh ga4",), ())
    assert recover(api, {}, AT + MINUTE).started_again == ()


def test_a_run_that_was_just_started_again_is_not_judged_by_the_pulse_of_its_last_process() -> None:
    api = FakeApi([replace(RUN, since=AT - MINUTE, count=2)])
    before = living(pid=2**22 + 1, beat_at=AT - 2 * MINUTE)
    assert recover(api, {"r1": before}, AT).ended == ()
    assert recover(api, {"r1": before}, AT + 3 * MINUTE).ended == ("refresh ga4",)


def test_a_run_is_started_five_times_at_most() -> None:
    api = FakeApi([replace(RUN, state="CRASHED", count=5)])
    found = recover(api, {}, AT)
    assert (found.started_again, found.given_up) == ((), ("refresh ga4",))
    assert "Killed 5 times" in checks.died(found).wrong


def test_what_crashed_long_ago_is_history() -> None:
    api = FakeApi([replace(RUN, state="CRASHED", since=AT - timedelta(hours=3))])
    assert recover(api, {}, AT).started_again == ()


def test_a_run_that_a_dead_worker_left_pending_is_started_again() -> None:
    api = FakeApi(
        [replace(RUN, state="PENDING", since=AT - 4 * MINUTE), replace(RUN, id="r2", state="PENDING", since=AT)]
    )
    recover(api, {}, AT)
    assert api.done == [("again", "r1")]


def test_a_process_has_a_pulse_until_it_is_killed(home: Path) -> None:
    code = "import sys; from tasks.watch import pulse; pulse.begin('r9'); print('beats', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "beats\n"
    found = OpsPulses(doors.ops_store().engine).pulses()["r9"]
    assert (found.pid, pulse.is_dead(found, found.beat_at)) == (process.pid, False)
    process.kill()
    process.communicate()
    assert pulse.is_dead(found, found.beat_at)


# What is wrong, in words that stay the same


def test_every_check_of_the_look_has_a_title() -> None:
    assert set(CHECKS) >= WATCHED


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (checks.server(True, "u"), ""),
        (checks.server(False, "u"), "server at u does not answer"),
        (checks.worker(AT - MINUTE, AT), ""),
        (checks.worker(AT - 2 * MINUTE, AT), "No worker has spoken since 2026-11-18 06:10 UTC"),
        (checks.worker(None, AT), "No worker has spoken so far"),
        (checks.missed([replace(RUN, due=AT - 4 * MINUTE)], AT), ""),
        (checks.missed([RUN], AT), "due at 2026-11-18 06:02 UTC and later have not started"),
        (checks.lock(None, AT), ""),
        (checks.lock(Holder(7, "close", (AT - 59 * MINUTE).isoformat()), AT), ""),
        (
            checks.lock(Holder(7, "close", (AT - 61 * MINUTE).isoformat()), AT),
            "close (pid 7) holds the warehouse since",
        ),
        (checks.lock(Holder(0, "an unnamed process", "just now"), AT), ""),
    ],
)
def test_a_finding_says_what_is_wrong(found: checks.Found, wrong: str) -> None:
    assert wrong in found.wrong
    assert bool(wrong) == bool(found.wrong)
    assert found.verdict(AT).alarming == bool(wrong)
    assert not found.verdict(AT).holds


def test_a_full_disk_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, wrong in ((2**40, False), (2**30, True), (2**38, True)):
        usage = SimpleNamespace(total=2**42, free=free)
        monkeypatch.setattr("tasks.watch.checks.shutil.disk_usage", lambda _, usage=usage: usage)
        assert bool(checks.disk(tmp_path).wrong) == wrong


@pytest.mark.parametrize(
    ("synced", "wrong"),
    [(AT - 30 * MINUTE, False), (AT - 45 * MINUTE, True), (None, True)],
)
def test_a_refresh_is_overdue_when_its_schedule_and_its_extraction_have_passed(
    synced: datetime | None, wrong: bool
) -> None:
    source = declared("hubspot")  # every half hour, within 20 minutes: at 06:12 the sync of 05:30 must be there
    assert bool(checks.overdue(source, synced, AT).wrong) == wrong
    assert checks.last_tick("50 5 * * *", AT) == datetime(2026, 11, 18, 5, 50, tzinfo=UTC)
    assert checks.last_tick("12 6 * * *", AT) == AT


def test_only_sources_that_a_schedule_starts_can_be_overdue() -> None:
    runs = [
        RunRow("1", "refresh-source", "ga4", AT - timedelta(hours=1), AT),
        RunRow("2", "refresh-source", "hubspot", None, AT),
        RunRow("3", "refresh-source", "shopify", AT - timedelta(days=3), AT),
    ]
    assert checks.on_schedule(runs, AT) == {"ga4"}


# One look


def test_a_dead_server_is_told_once_and_recovers(home: Path) -> None:
    down, up = FakeApi(answers=False), FakeApi(heard=datetime.now(UTC))
    for _ in range(3):
        assert [v.check for v in look.look(down, "plumbline").wrong] == ["server_down"]
    (incident,) = doors.ops_store().open_incidents()
    assert (incident.check, incident.severity, incident.runbook) == ("server_down", "warning", "server_down")
    assert look.look(up, "plumbline").wrong == ()
    assert doors.ops_store().open_incidents() == []
    assert [m.kind for m in doors.ops_store().pending_messages()] == ["open", "recovered"]
    assert doors.ops_store().outcomes() == []


def test_a_server_that_stops_answering_in_the_middle_is_down(home: Path) -> None:
    class Dying(FakeApi):
        def runs(self, states: Sequence[str], *, after: datetime | None = None) -> list[Run]:
            raise Unavailable("gone")

    assert [v.check for v in look.look(Dying(), "plumbline").wrong] == ["server_down"]
    assert look.recover_only(Dying()) == look.NOTHING


def test_a_source_that_its_schedule_lost_is_told_to_its_owner(home: Path) -> None:
    now = datetime.now(UTC)
    OpsRuns(doors.ops_store().engine).begin(RunRow("1", "refresh-source", "hubspot", now - timedelta(hours=5), now))
    window, before = Window.parse("2026-11-17"), now - timedelta(hours=5)
    doors.ops_store().save_sync(SyncRow("hubspot", window, 7, "c", "succeeded", before, before))
    wrong = look.look(FakeApi(heard=now), "plumbline").wrong
    assert [(v.check, v.source, v.owner) for v in wrong] == [("refresh_overdue", "hubspot", "@crm-operations")]
    doors.ops_store().save_sync(SyncRow("hubspot", window, 8, "c", "succeeded", now, now))
    assert look.look(FakeApi(heard=now), "plumbline").wrong == ()


def test_two_looks_at_once_are_one(home: Path) -> None:
    with look._alone() as first:
        assert first
        seen = look.look(FakeApi([RUN]), "plumbline")
        assert (seen.verdicts, seen.recovered) == ((), look.NOTHING)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    api = PrefectApi("http://127.0.0.1:1/api", seconds=0.5)
    assert not api.healthy()
    with pytest.raises(Unavailable, match=r"Prefect server did not answer \(ConnectError\)"):
        api.runs(["RUNNING"])
