"""Every step leaves one row and one line of the log, however it ends, and neither holds what it must not."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from expectations.declare.errors import Unavailable
from expectations.declare.source import load
from tasks import doors, outcomes
from tasks.adapters.ops_runs import OpsRuns, RunRow
from tasks.outcomes import NO_WINDOW, recorded, run_id
from tasks.window import Window

pytestmark = pytest.mark.usefixtures("home")

DAY = Window.parse("2026-11-17")


@dataclass(frozen=True)
class Thing:
    source: str = "shopify"
    stream: str = "orders"
    window: Window = DAY
    rows: int = 7
    sync_id: int = 3
    reused: bool = False


@recorded
def step(given: Any, result: Any = None, *, raised: BaseException | None = None) -> Any:
    if raised:
        raise raised
    return result


def _row() -> dict[str, Any]:
    (row,) = doors.ops_store().outcomes()
    return row


def _line(home: Path) -> dict[str, Any]:
    (line,) = (home / "logs" / "steps.jsonl").read_text().splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_step_that_returns_is_done_with_its_rows_in_and_out(home: Path) -> None:
    step(Thing(rows=9), Thing())
    row, line = _row(), _line(home)
    assert (row["step"], row["source"], row["stream"], row["status"]) == ("step", "shopify", "orders", "done")
    assert (row["rows_in"], row["rows_out"], row["job_id"], row["reason"]) == (9, 7, 3, "")
    assert (line["window"], line["rows_in"], line["rows_out"]) == ("2026-11-17", 9, 7)
    assert line["status"] == "done"
    assert line["milliseconds"] == row["millis"]


def test_what_was_done_before_is_skipped() -> None:
    step(DAY, Thing(reused=True))
    assert _row()["status"] == "skipped"


def test_an_error_of_the_product_is_the_reason(home: Path) -> None:
    with pytest.raises(Unavailable):
        step(Thing(), raised=Unavailable("S3 did not answer for 3.0 s", where="http://here"))
    assert (_row()["status"], _row()["reason"]) == ("failed", "S3 did not answer for 3.0 s (http://here).")
    assert _line(home)["reason"] == _row()["reason"]


def test_another_error_is_named_and_never_quoted(home: Path) -> None:
    with pytest.raises(ValueError, match="ada@example"):
        step(Thing(), raised=ValueError("could not convert 'ada@example.com'"))
    assert (_row()["status"], _row()["reason"]) == ("failed", "ValueError")
    assert "ada@" not in (home / "logs" / "steps.jsonl").read_text()


def test_an_interrupted_step_leaves_its_row() -> None:
    with pytest.raises(KeyboardInterrupt):
        step(Thing(), raised=KeyboardInterrupt())
    assert (_row()["status"], _row()["reason"]) == ("failed", "KeyboardInterrupt")


def test_a_declaration_stands_for_its_source() -> None:
    step(load("meta_ads"), DAY)
    assert _row()["source"] == "meta_ads"


def test_a_step_of_no_window_says_so() -> None:
    step(5)
    assert (_row()["window_start"], _row()["source"]) == (NO_WINDOW.start, "")


def test_outside_a_flow_the_process_is_the_run() -> None:
    step(DAY)
    assert _row()["run"] == run_id() == f"process {os.getpid()}"


def test_steps_of_one_log_are_lines_of_their_own(home: Path) -> None:
    step(DAY)
    step(DAY)
    assert [json.loads(line)["step"] for line in (home / "logs" / "steps.jsonl").read_text().splitlines()] == [
        "step",
        "step",
    ]


@dataclass(frozen=True)
class Piece:
    bytes: int


@dataclass(frozen=True)
class Sealed:
    lines: int = 9
    rows: int = 7
    objects: tuple[Piece, ...] = (Piece(100), Piece(20))


def test_what_a_step_read_is_its_lines_and_the_size_of_its_objects() -> None:
    recorded(lambda window: Sealed())(DAY)
    assert (_row()["rows_in"], _row()["rows_out"], _row()["bytes"]) == (9, 7, 120)


def test_a_step_that_moves_no_rows_leaves_the_figures_empty() -> None:
    step(DAY)
    row = _row()
    assert [row[name] for name in ("rows_in", "rows_out", "bytes", "job_id", "attempt", "scheduled_at")] == [None] * 6


DUE = datetime(2026, 11, 17, 14, 10, tzinfo=UTC)


def _within(monkeypatch: pytest.MonkeyPatch, *, auto: bool, run_count: int = 2) -> None:
    run = SimpleNamespace(id="r1", auto_scheduled=auto, expected_start_time=DUE, parameters={"source": "ga4"})
    flow = SimpleNamespace(flow_run=run, flow=SimpleNamespace(name="refresh-source"))
    task = SimpleNamespace(task_run=SimpleNamespace(run_count=run_count))
    monkeypatch.setattr("prefect.context.FlowRunContext.get", lambda: flow)
    monkeypatch.setattr("prefect.context.TaskRunContext.get", lambda: task)
    outcomes._begin.cache_clear()


def test_a_step_of_a_scheduled_run_tells_its_attempt_and_when_it_was_due(monkeypatch: pytest.MonkeyPatch) -> None:
    _within(monkeypatch, auto=True)
    step(DAY)
    assert (_row()["run"], _row()["attempt"], _row()["scheduled_at"]) == ("r1", 2, DUE)


def test_a_run_that_a_person_started_was_never_due(monkeypatch: pytest.MonkeyPatch) -> None:
    _within(monkeypatch, auto=False)
    step(DAY)
    assert (_row()["attempt"], _row()["scheduled_at"]) == (2, None)


def test_a_run_is_known_from_before_its_first_step_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _within(monkeypatch, auto=True)
    seen: list[RunRow] = []

    @recorded
    def dies() -> None:
        seen.extend(OpsRuns(doors.ops_store().engine).runs())
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            dies()
        outcomes._begin.cache_clear()
    assert [(r.run, r.flow, r.source, r.scheduled_at) for r in seen] == [("r1", "refresh-source", "ga4", DUE)] * 2
