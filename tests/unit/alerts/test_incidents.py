"""Incidents and people: one thread for what belongs together, quiet hours, snoozes, a second owner, the commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from typer.testing import CliRunner

from deployments.commands.incidents import app
from expectations.declare.errors import Misconfigured
from expectations.judge.verdict import CHECKS, ERRORED
from tasks.adapters.ops_store import OpsStore
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.publish.care import acknowledge, snooze, span_of
from tasks.publish.causes import CAUSES
from tasks.publish.deliver import deliver, quiet
from tasks.publish.ops_copy import copy_ops
from tasks.settings import settings
from tests.unit.alerts.conftest import Workspace, announced, bad

NIGHT = datetime(2026, 11, 18, 23, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


# Threads


def test_checks_of_one_account_and_day_are_one_thread_and_another_day_is_another(
    ops: OpsStore, workspace: Callable[[], Workspace]
) -> None:
    announced(bad(), bad(check="null_spike"), bad("act_12 2026-11-18"))
    deliver.fn()
    announced(bad(), bad(check="null_spike"), bad("act_12 2026-11-18"), bad(check="spend_anomaly"))
    deliver.fn()
    assert len({i.thread for i in ops.incidents()}) == 2
    several, alone = sorted((m.text for m in workspace().roots), key=len, reverse=True)
    assert several.startswith("3 problems at act_12 2026-11-17: ")
    assert alone.startswith("Total not reached: reconciliation of act_12 2026-11-18")
    assert workspace().replies == ["Also here: Unusual spend: spend_anomaly of act_12 2026-11-17: 300.00."]


def test_five_hundred_faults_at_once_are_one_message_with_a_list(
    ops: OpsStore, workspace: Callable[[], Workspace]
) -> None:
    faults = [bad(f"act_{n} 2026-11-17") for n in range(500)]
    announced(*faults)
    deliver.fn()
    announced(*(replace(fault, observed="900.00") for fault in faults))
    announced(*(replace(fault, state="passed") for fault in faults))
    deliver.fn()
    (root,) = workspace().roots
    assert root.text.startswith("All 500 recovered after ")
    assert [text.partition(":")[0] for text in workspace().replies] == ["Seen again", "Recovered"]
    assert (len(ops.incidents()), ops.open_incidents(), ops.pending_messages()) == (500, [], [])


def test_the_history_of_an_incident_says_when_and_who(ops: OpsStore) -> None:
    announced(bad())
    (incident,) = ops.incidents()
    acknowledge(incident.id[:5], by="ada", note="asking Meta")
    acknowledge(incident.id, by="ada", note="asking Meta")
    announced(bad(seen="400.00"))
    announced(bad(state="passed"))
    told = [(e.kind, e.who, e.note, e.observed) for e in ops.incident_events(incident.id)]
    assert told == [
        ("opened", "", "", "300.00"), ("acknowledged", "ada", "asking Meta", "300.00"), ("seen", "", "", "400.00"),
        ("recovered", "", "", "400.00"),
    ]  # fmt: skip
    assert ops.incident_events("other") == []


def test_incidents_and_who_cares_for_them_are_queried_in_the_warehouse(ops: OpsStore, tmp_path: Path) -> None:
    announced(bad(), bad(check="null_spike"))
    acknowledge(ops.incidents()[0].id, by="ada", note="asked ada@brightcart.com")
    query = (
        "select i.check_name, i.acknowledged_note, count(*), count(e.who) filter (e.who = 'ada')"
        " from ops.incidents as i inner join ops.incident_events as e on i.id = e.incident_id group by all order by 1"
    )
    with DuckDBWarehouse(tmp_path / "w.duckdb", "500MB", 1, 5.0) as warehouse:
        for _ in range(2):
            copy_ops(warehouse)
        found = sorted(warehouse.query(query), key=lambda row: row[2])
    assert [row[1:] for row in found] == [("", 1, 0), ("asked [e-mail]", 2, 1)]


# Quiet hours, snoozes, a second owner


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [("", 3, False), ("22:00-06:00", 23, True), ("22:00-06:00", 3, True), ("22:00-06:00", 6, False),
     ("22:00-06:00", 22, True), ("22:00-06:00", 12, False), ("01:00-05:00", 0, False), ("01:00-05:00", 4, True)],
)  # fmt: skip
def test_quiet_hours_may_go_over_midnight(hours: str, at: int, expected: bool) -> None:
    assert quiet(hours, NIGHT.replace(hour=at)) is expected


def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_in_the_morning(
    ops: OpsStore, workspace: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_ALERT_QUIET_HOURS", "22:00-06:00")
    settings.cache_clear()
    with time_machine.travel(NIGHT, tick=True):
        announced(bad(), bad("act_7 2026-11-17", state="warned"))
        assert deliver.fn().waiting == 1
        assert ["act_12" in m.text for m in workspace().roots] == [True]
    with time_machine.travel(NIGHT + 8 * HOUR, tick=True):
        assert deliver.fn().waiting == 0
        assert len(workspace().roots) == 2


def test_hours_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_ALERT_QUIET_HOURS", "10pm")
    settings.cache_clear()
    with pytest.raises(Misconfigured, match="PLUMBLINE_ALERT_QUIET_HOURS is wrong: write hours such as 22:00-06:00"):
        settings()
    monkeypatch.undo()
    settings.cache_clear()


def test_a_snoozed_incident_is_counted_and_not_told_until_it_wakes(
    ops: OpsStore, workspace: Callable[[], Workspace]
) -> None:
    with time_machine.travel(NIGHT, tick=True) as clock:
        announced(bad(state="warned"))
        deliver.fn()
        snooze(ops.incidents()[0].id, span_of("4h"), by="bob", reason="Meta answers at noon")
        for seen in ("400.00", "500.00"):
            announced(bad(state="warned", seen=seen))
        deliver.fn()
        assert ops.incidents()[0].occurrences == 3
        assert [text.partition(" until")[0] for text in workspace().replies] == ["Snoozed by bob"]
        clock.shift(5 * HOUR)
        for _ in range(2):
            deliver.fn()
        assert workspace().replies[1:] == [
            "The snooze is over, it is still open: Total not reached: reconciliation of act_12 2026-11-17: 500.00."
        ]
        assert len(workspace().roots) == 1


def test_what_comes_back_while_it_is_snoozed_stays_silent_and_what_gets_critical_does_not(
    ops: OpsStore, workspace: Callable[[], Workspace]
) -> None:
    with time_machine.travel(NIGHT, tick=True):
        announced(bad(state="warned"))
        snooze(ops.incidents()[0].id, span_of("2d"), by="bob", reason="known")
        announced(bad(state="passed"))
        deliver.fn()
        announced(bad(state="warned"))
        deliver.fn()
        assert len(workspace().roots) == 1
        announced(bad(state="failed"))
        deliver.fn()
        assert [m.text.partition(":")[0] for m in workspace().roots][1:] == ["Total not reached"]


def test_a_second_owner_is_called_once_for_what_nobody_took(ops: OpsStore, workspace: Callable[[], Workspace]) -> None:
    with time_machine.travel(NIGHT, tick=True) as clock:
        announced(bad(), bad("act_1 2026-11-17"), bad("act_2 2026-11-17", state="warned"))
        taken = next(i for i in ops.incidents() if i.scope.startswith("act_1 "))
        acknowledge(taken.id, by="ada", note="mine")
        deliver.fn()
        clock.shift(3 * HOUR)
        deliver.fn()
        assert not any("nobody" in text for text in workspace().replies)
        clock.shift(1.5 * HOUR)
        for _ in range(3):
            deliver.fn()
        (called,) = [m for m in workspace().messages if "nobody acknowledged it" in m.text]
        assert called.blocks[0]["text"]["text"] == "*Open for 4 h 30 min, and nobody acknowledged it* · <@U012ABCDEF>"
        assert "act_12" in called.text


@pytest.mark.parametrize("text", ["", "4", "h", "0h", "4 weeks", "-1d"])
def test_a_span_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"is no time span\. Write 30min, 4h or 2d"):
        span_of(text)


# Commands


def _typed(*words: str) -> str:
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    return re.sub(r"\s+", " ", done.output)


def test_people_list_take_and_snooze_incidents_by_command(ops: OpsStore, workspace: Callable[[], Workspace]) -> None:
    announced(bad(), bad("orders", check="null_spike", state="warned"))
    announced(bad(state="passed"))
    gone, standing = sorted(ops.incidents(), key=lambda i: i.state == "open")
    assert standing.id in _typed()
    assert gone.id not in _typed()
    assert "1 open, 1 recovered" in _typed("--all")
    assert "0 open" in _typed("--source", "shopify")
    assert "is acknowledged by ada" in _typed("ack", standing.id, "--by", "ada", "--note", "the form has a new field")
    assert "is snoozed until" in _typed("snooze", standing.id, "--for", "4h", "--by", "ada", "--reason", "till noon")
    shown = _typed("show", standing.id[:6])
    for part in ("acknowledged ada · the form has a new field", "snoozed ada · till noon", "Likely cause: Tracking",
                 "Slack: http://127.0.0.1"):  # fmt: skip
        assert part in shown
    assert [t.partition(" until")[0] for t in workspace().replies] == [
        "Recovered after 1 min: Total not reached: reconciliation of act_12 2026-11-17: 300.00.",
        "Acknowledged by ada: the form has a new field (Too many empty values, orders)",
        "Snoozed by ada",
    ]
    site = (settings().home / "site" / "index.html").read_text()
    assert "acknowledged by ada: the form has a new field" in site
    assert "snoozed by ada until" in site


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ack", "nothing", "--note", "x"), "no incident has the id 'nothing'"),
        (("ack", "", "--note", "x"), "no incident has the id ''"),
        (("ack", "{id}", "--note", " "), "the note is empty"),
        (("ack", "{id}", "--note", "x", "--by", ""), "the name is empty"),
        (("snooze", "{id}", "--for", "99d", "--reason", "x"), "99 days are longer than anybody remembers"),
    ],
)
def test_what_a_command_cannot_do_is_said(ops: OpsStore, words: tuple[str, ...], said: str) -> None:
    announced(bad())
    typed = [word.format(id=ops.incidents()[0].id) for word in words]
    with pytest.raises(Misconfigured, match=said):
        CliRunner().invoke(app, typed, catch_exceptions=False)
    assert [e.kind for e in ops.incident_events(ops.incidents()[0].id)] == ["opened"]


def test_every_check_has_a_likely_cause() -> None:
    assert CAUSES.keys() == {*CHECKS, ERRORED}
