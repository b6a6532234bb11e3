"""A sync is started once, adopted, resumed after a death, and believed only on evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect import Task
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import load
from tasks import doors
from tasks.adapters.airbyte_values import Connection, Job
from tasks.adapters.ops_store import OpsStore, SyncRow
from tasks.ingest.sync import sync
from tasks.retry import unavailable_only
from tasks.settings import settings
from tasks.window import Window

DAY = Window.parse("2026-11-17")
AT = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
SHOP = load("shopify")
DONE = Job(0, "succeeded", "c", AT, AT, rows_synced=3, bytes_synced=99)


@dataclass
class FakeAirbyte:
    """Ends the jobs in the given order; `running` is one that runs already."""

    ends: list[Job] = field(default_factory=lambda: [DONE, DONE, DONE])
    running: Job | None = None
    dies: bool = False
    started: list[int] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def connection_for(self, source: str) -> Connection:
        return Connection("c", source, "active", "")

    def ensure_sync(self, connection_id: str) -> Job:
        if self.running:
            return self.running
        self.started.append(len(self.started) + 1)
        return replace(DONE, id=self.started[-1], status="running", rows_synced=None)

    def job(self, job_id: int) -> Job:
        self.asked.append(job_id)
        return replace(DONE, id=job_id, status="running", rows_synced=None)

    def wait(self, job_id: int, deadline: float) -> Job:
        if self.dies:
            raise KeyboardInterrupt
        self.waited.append(job_id)
        return replace(self.ends.pop(0), id=job_id)


@pytest.fixture
def airbyte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAirbyte]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    fake = FakeAirbyte()
    monkeypatch.setattr(doors, "airbyte", lambda: fake)
    yield fake
    doors.ops_store().close()
    settings.cache_clear()


@pytest.fixture
def ops(airbyte: FakeAirbyte) -> OpsStore:
    return doors.ops_store()


def test_a_window_is_extracted_once(airbyte: FakeAirbyte) -> None:
    first, second = sync.fn(SHOP, DAY), sync.fn(SHOP, DAY)
    assert (first.job_id, first.rows_reported, first.reused) == (1, 3, False)
    assert (second.job_id, second.reused) == (1, True)
    assert airbyte.started == [1]


def test_another_window_is_another_sync(airbyte: FakeAirbyte) -> None:
    assert [sync.fn(SHOP, DAY).job_id, sync.fn(SHOP, Window.parse("2026-11-18")).job_id] == [1, 2]


def test_again_asks_the_source_anew(airbyte: FakeAirbyte) -> None:
    assert [sync.fn(SHOP, DAY).job_id, sync.fn(SHOP, DAY, again=True).job_id] == [1, 2]


def test_a_job_that_runs_already_is_waited_for_and_not_doubled(airbyte: FakeAirbyte) -> None:
    airbyte.running = replace(DONE, id=41, status="running", rows_synced=None)
    assert sync.fn(SHOP, DAY).job_id == 41
    assert airbyte.started == []


def test_a_run_that_died_while_waiting_takes_its_job_up_again(airbyte: FakeAirbyte, ops: OpsStore) -> None:
    airbyte.dies = True
    with pytest.raises(KeyboardInterrupt):
        sync.fn(SHOP, DAY)
    known = ops.newest_sync("shopify", DAY)
    assert known is not None
    assert (known.job_id, known.status) == (1, "running")
    airbyte.dies = False
    assert sync.fn(SHOP, DAY).job_id == 1
    assert (airbyte.started, airbyte.asked, airbyte.waited) == ([1], [1], [1])


@pytest.mark.parametrize("rows", [None, 0])
def test_a_success_without_rows_is_a_false_success_and_the_next_try_is_a_new_job(
    airbyte: FakeAirbyte, ops: OpsStore, rows: int | None
) -> None:
    airbyte.ends = [replace(DONE, rows_synced=rows, bytes_synced=None), DONE]
    with pytest.raises(Unavailable, match=r"calls job 1 succeeded, but it moved no rows \(source shopify, conn"):
        sync.fn(SHOP, DAY)
    known = ops.newest_sync("shopify", DAY)
    assert known is not None
    assert known.status == "false success"
    assert ops.syncs_covering(DAY.days()[0]) == []
    assert sync.fn(SHOP, DAY).job_id == 2


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_failed_job_is_said_and_tried_as_a_new_one(airbyte: FakeAirbyte, status: str) -> None:
    airbyte.ends = [replace(DONE, status=status, rows_synced=None), DONE]
    with pytest.raises(Unavailable, match=f"Airbyte job 1 ended as {status}"):
        sync.fn(SHOP, DAY)
    assert sync.fn(SHOP, DAY).job_id == 2


def test_every_try_leaves_its_outcome(airbyte: FakeAirbyte, ops: OpsStore) -> None:
    airbyte.ends = [replace(DONE, rows_synced=None), DONE]
    with pytest.raises(Unavailable):
        sync.fn(SHOP, DAY)
    sync.fn(SHOP, DAY)
    sync.fn(SHOP, DAY)
    told = [(row["status"], row["source"], row["rows_out"]) for row in ops.outcomes(step="sync")]
    assert told == [("failed", "shopify", None), ("done", "shopify", 3), ("skipped", "shopify", 3)]
    assert "moved no rows" in ops.outcomes(step="sync")[0]["reason"]


def test_a_row_without_an_end_is_refused_and_not_believed(airbyte: FakeAirbyte, ops: OpsStore) -> None:
    ops.save_sync(SyncRow("shopify", DAY, 9, "c", "succeeded", AT))
    with pytest.raises(Misconfigured, match="job 9 of shopify has no end"):
        sync.fn(SHOP, DAY)


@pytest.mark.parametrize(("error", "again"), [(Unavailable("down"), True), (Misconfigured("key"), False)])
def test_only_silence_is_worth_another_try(error: Exception, again: bool) -> None:
    run = TaskRun(task_key="sync", dynamic_key="0")
    assert unavailable_only(Task(lambda: None), run, Failed(data=error)) is again


def test_the_tries_are_bounded() -> None:
    assert (sync.retries, sync.retry_delay_seconds) == (3, [2, 10, 30])
