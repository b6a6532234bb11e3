"""What a person reads who types nonsense: one line, the valid choices, status 2, and no traceback."""

from __future__ import annotations

import pickle
import sys
from functools import partial
from pathlib import Path

import pytest

from deployments import cli
from expectations.declare.errors import ContractBroken, Misconfigured, NotReconciled, Unavailable
from expectations.declare.source import SOURCES, load, names
from tasks import doors
from tasks.adapters.ops_store import OutboxMessage, now
from tasks.settings import settings
from tests.unit.conftest import Typed


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    return home


@pytest.fixture
def nothing_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened() -> None:
        raise AssertionError("something was opened before the input was refused")

    monkeypatch.setattr(cli, "enter_stack", opened)


@pytest.mark.usefixtures("nothing_opens")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "refresh -s meta -w 2026-11-17",
            "Misconfigured: 'meta' is not a source. Did you mean meta_ads? Write one of: ",
        ),
        ("refresh -s ../sources/ga4 -w 2026-11-17", "Misconfigured: '../sources/ga4' is not a source."),
        (
            "refresh -s ga4 -w 2026-11-17..2026-11-16",
            "Misconfigured: the window 2026-11-17..2026-11-16 is reversed. Write 2026-11-16..2026-11-17",
        ),
        (
            "refresh -s ga4 -w banana",
            "Misconfigured: 'banana' is not a window. Write one day (2026-11-17) or the first",
        ),
        ("refresh -s ga4 -w 2026-11-17..", "Misconfigured: '2026-11-17..' is not a window."),
        ("refresh -s ga4 -w ..2026-11-17", "Misconfigured: '..2026-11-17' is not a window."),
        ("refresh -s ga4 -w 2026-02-29", "Misconfigured: '2026-02-29' is not a window."),
        ("build -w yesterday", "Misconfigured: 'yesterday' is not a window. Write one day (2026-11-17) or"),
        ("build -w 2026-11-17..2026-11-16", "is reversed. Write 2026-11-16..2026-11-17"),
        ("close 2026-13-01", "Misconfigured: '2026-13-01' is not a window. Write one day (2026-11-17)"),
        (
            "close 2026-11-15..2026-11-16",
            "Misconfigured: 2026-11-15..2026-11-16 is not one day. Close the days one by one, the first is 2026-11-15",
        ),
        ("period close October", "Misconfigured: 'October' is not a month. Write it as 2026-10"),
        ("period check 2026-13", "Misconfigured: '2026-13' is not a month. Write it as 2026-10"),
        ("period close 2090-01", "Misconfigured: 2090-01 has not begun. It can be closed from 2090-02-01 06:00 UTC on"),
        ("period close 2026-09", 'nobody signs. Write --by "Ann Lee (finance), Bo Chen (marketing)"'),
        ("period close 2026-09 --by ada", "Misconfigured: 'ada' does not say who signs, and for whom."),
        ("period reopen 2026-09 --reason r --by ada", "2026-09 was never closed. Closed were: no month yet"),
        ("period export 2026-09 --to x", "2026-09 was never closed. Closed were: no month yet"),
        (
            "figures --from 2026-11-01 --to 2026-11-07 -m sesions",
            "Misconfigured: 'sesions' is not a metric with a history.",
        ),
        (
            "figures --from 2026-11-07 --to 2026-11-01",
            "are reversed: 2026-11-07 to 2026-11-01. Write --from 2026-11-01",
        ),
        ("figures --from 2026-11-01 --to 2026-11-07 --as-of now", "Misconfigured: 'now' is not a moment. Write it as"),
        ("figures --from 2026-11-01 --to 2026-11-07", "no release with figures of any moment is published yet"),
    ],
)
def test_nonsense_is_refused_before_anything_runs(typed: Typed, words: str, said: str) -> None:
    status, out, err = typed(*words.split())
    assert (status, out) == (2, "")
    assert err.startswith(("Misconfigured: ", "Unavailable: "))
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.usefixtures("nothing_opens")
def test_every_valid_source_is_offered(typed: Typed) -> None:
    _, _, err = typed("refresh", "-s", "nothing_like_it", "-w", "2026-11-17")
    assert err.strip().endswith(f"Write one of: {', '.join(names())}")


@pytest.mark.usefixtures("nothing_opens")
@pytest.mark.parametrize("words", ["frobnicate", "close", "refresh -s ga4", "refresh --spurce ga4", "bench nothing"])
def test_a_wrong_command_line_shows_where_help_is(typed: Typed, words: str) -> None:
    status, _, err = typed(*words.split())
    assert status == 2
    assert "--help" in err


@pytest.mark.usefixtures("nothing_opens")
def test_every_fault_of_a_source_file_is_told_at_once(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (SOURCES / "ga4.yaml").read_text()
    folder = tmp_path / "sources"
    folder.mkdir()
    broken = text.replace("kind: report", "kind: raport", 1).replace("timezone:", "timezoone:", 1)
    (folder / "ga4.yaml").write_text(broken.replace("schedule:", 'schedule: "every hour" #', 1))
    monkeypatch.setattr(cli, "load_source", partial(load, folder=folder))
    status, out, err = typed("refresh", "-s", "ga4", "-w", "2026-11-17")
    assert (status, out) == (2, "")
    assert err.startswith("Misconfigured: ")
    for fault in ("raport", "timezoone", "every hour", "ga4.yaml"):
        assert fault in err


@pytest.mark.parametrize("kind", [Misconfigured, Unavailable, ContractBroken, NotReconciled])
def test_each_error_of_the_product_is_one_line_with_status_2(
    typed: Typed, kind: type[Misconfigured], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise kind("it did not work [really]", where="http://127.0.0.1:1", do="Do this")

    monkeypatch.setattr("deployments.local.stack.status", fails)
    assert typed("status") == (2, "", f"{kind.__name__}: it did not work [really] (http://127.0.0.1:1). Do this\n")


@pytest.mark.parametrize("words", ["status", "refresh -s ga4 -w 2026-11-17", "build -w 2026-11-17", "close 2026-11-17"])
def test_a_wrong_setting_is_named(typed: Typed, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_CLOSE_BY", "late")
    monkeypatch.setattr(cli, "enter_stack", settings)
    status, out, err = typed(*words.split())
    assert (status, out) == (2, "")
    assert err.startswith("Misconfigured: the setting PLUMBLINE_CLOSE_BY is wrong: write an hour of the day such as")


def test_a_prefect_server_that_is_down_is_said_before_a_flow_starts(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.local.stack.environment", lambda: {"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    status, _, err = typed("refresh", "-s", "ga4", "-w", "2026-11-17")
    assert status == 2
    assert err.startswith("Unavailable: the Prefect server does not answer (http://127.0.0.1:9/api). Start the local")


def test_a_bug_keeps_its_traceback_and_has_another_status(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    left: list[int] = []
    monkeypatch.setattr(cli, "_leave", left.append)
    monkeypatch.setattr(sys, "argv", ["plumbline", "status"])
    monkeypatch.setattr("deployments.local.stack.status", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main()
    assert left == [1]
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_ctrl_c_ends_without_a_traceback(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("deployments.local.stack.status", interrupted)
    status, _, err = typed("status")
    assert status == 130
    assert err == "Stopped. The same command continues where it was.\n"


def test_messages_that_wait_for_slack_are_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ops = doors.ops_store()
    cli._say_what_waits()
    assert capsys.readouterr().out == ""
    ops.keep_incidents([], messages=[OutboxMessage("1", "k", "open", {}, now())])
    cli._say_what_waits()
    assert "1 message waits for Slack: PLUMBLINE_SLACK_TOKEN is empty." in capsys.readouterr().out
    ops.keep_incidents([], messages=[OutboxMessage("2", "k", "open", {}, now())])
    ops.mark_undelivered("1", "Slack did not answer for 2.6 s")
    cli._say_what_waits()
    assert "2 messages wait for Slack: Slack did not answer for 2.6 s" in capsys.readouterr().out
    ops.close()


def test_an_error_keeps_its_kind_and_its_words_between_processes() -> None:
    error = Misconfigured("the setting X is empty", where="here", do="Set it")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (Misconfigured, str(error))
