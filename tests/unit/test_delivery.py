"""What Airbyte says it moved is compared with what was sealed; a cancelled refresh takes its job with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from prefect import Flow
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelling

from expectations.declare.source import load
from flows.cancelling import cancel_its_job
from flows.refresh_source import refresh_source
from tasks import doors
from tasks.adapters.airbyte_values import Job
from tasks.adapters.ops_store import Outcome, SyncRow
from tasks.ingest.evidence import compare_delivery
from tasks.ingest.seal import Batch
from tasks.ingest.sync import SyncRun
from tasks.window import Window

DAY = Window.parse("2026-11-17")
AT = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
SHOP = load("shopify")
RUN = SyncRun("shopify", DAY, "c", 7, "succeeded", AT, AT, rows_reported=10, bytes_reported=99)


def batch(stream: str, lines: int, job: int = 7) -> Batch:
    return Batch("shopify", stream, DAY, job, (), lines, lines, 0, "m")


def said(*batches: Batch) -> list[tuple[str, str]]:
    return [(verdict.state, verdict.observed) for verdict in compare_delivery.fn(SHOP, [RUN], batches, DAY)]


def usual(stream: str, *rows: int) -> None:
    for count in rows:
        doors.ops_store().record_outcome(Outcome("r", "seal", "shopify", stream, DAY, "done", 1, rows_out=count))


def test_fewer_lines_than_rows_are_a_warning_with_both_numbers(home: Path) -> None:
    (verdict,) = compare_delivery.fn(SHOP, [RUN], [batch("orders", 6), batch("customers", 1)], DAY)
    assert (verdict.check, verdict.state, verdict.severity) == ("delivery", "warned", "warning")
    assert "job 7 moved 10 rows, but only 7 lines" in verdict.sentence
    assert "3 rows are missing" in verdict.sentence


@pytest.mark.parametrize("lines", [10, 14])
def test_as_many_lines_as_rows_or_more_are_normal(home: Path, lines: int) -> None:
    assert said(batch("orders", lines)) == [("passed", f"{lines} lines")]


def test_lines_of_another_job_do_not_count(home: Path) -> None:
    assert said(batch("orders", 4), batch("orders", 99, job=6)) == [("warned", "4 lines")]


def test_a_stream_that_falls_silent_is_a_warning_until_it_speaks(home: Path) -> None:
    usual("sales_by_day", 30, 31, 29, 30, 32)
    assert said(batch("orders", 10), batch("sales_by_day", 0)) == [("warned", "0 rows")]
    usual("sales_by_day", 0)
    assert said(batch("orders", 10), batch("sales_by_day", 0)) == [("warned", "0 rows")]
    assert said(batch("orders", 10), batch("sales_by_day", 3)) == [("passed", "13 lines")]


def test_an_entity_that_was_silent_before_may_be_silent_again(home: Path) -> None:
    usual("customers", 3, 0, 2, 5, 4, 3)
    assert said(batch("orders", 10), batch("customers", 0)) == [("passed", "10 lines")]


def test_too_little_history_says_nothing(home: Path) -> None:
    usual("sales_by_day", 30, 31)
    assert said(batch("orders", 10), batch("sales_by_day", 0)) == [("passed", "10 lines")]


# Cancelling


def _cancel(parameters: dict[str, Any]) -> None:
    run = FlowRun(id=uuid4(), flow_id=uuid4(), parameters=parameters, expected_start_time=AT)
    cancel_its_job(cast(Flow[..., Any], refresh_source), run, Cancelling())


@pytest.mark.parametrize("window", [DAY, Window.scheduled(AT)])
def test_a_cancelled_refresh_cancels_its_job(home: Path, monkeypatch: pytest.MonkeyPatch, window: Window) -> None:
    cancelled: list[int] = []

    def cancel(job_id: int) -> Job:
        cancelled.append(job_id)
        return Job(job_id, "cancelled", "c", AT, AT, None, None)

    monkeypatch.setattr(doors, "airbyte", lambda: SimpleNamespace(cancel=cancel))
    row = SyncRow("shopify", window, 7, "c", "running", AT)
    doors.ops_store().save_sync(row)
    doors.ops_store().save_sync(replace(row, job_id=8, window=Window.parse("2026-11-16")))
    given = {"window": window.model_dump(mode="json")} if window == DAY else {}
    for _ in range(2):
        _cancel({"source": "shopify", **given})
    assert cancelled == [7]
    known = doors.ops_store().newest_sync("shopify", window)
    assert known is not None
    assert known.status == "cancelled"


def test_the_flow_has_the_hook() -> None:
    assert refresh_source.on_cancellation_hooks == [cancel_its_job]
