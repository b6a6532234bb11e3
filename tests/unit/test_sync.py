"""A sync is started once, adopted, resumed after a death, and believed only on evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from prefect import Task
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import load
from tasks import doors
from tasks.adapters.airbyte import Overdue
from tasks.adapters.airbyte_values import Connection, Job
from tasks.adapters.object_store import ObjectInfo
from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_store import OpsStore, SyncRow
from tasks.adapters.ops_syncs import DISCOVERED
from tasks.ingest.land import land
from tasks.ingest.sync import COOL_AFTER, collect, settle, sync
from tasks.retry import Spent, unavailable_only
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
    dies_unanswered: bool = False
    nothing_landed: bool = False
    overdue: bool = False
    listed: list[Job] = field(default_factory=list)
    started: list[int] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def connection_for(self, source: str) -> Connection:
        return Connection("c", source, "active", "")

    def jobs_since(self, connection_id: str, since: datetime) -> list[Job]:
        return self.listed

    def ensure_sync(self, connection_id: str) -> Job:
        if self.running:
            return self.running
        self.started.append(len(self.started) + 1)
        if self.dies_unanswered:
            raise KeyboardInterrupt
        return replace(DONE, id=self.started[-1], status="running", rows_synced=None)

    def job(self, job_id: int) -> Job:
        self.asked.append(job_id)
        return replace(DONE, id=job_id, status="running", rows_synced=None)

    def wait(self, job_id: int, deadline: float) -> Job:
        if self.dies:
            raise KeyboardInterrupt
        if self.overdue:
            raise Overdue(f"Airbyte job {job_id} was not over after {deadline:.0f} s")
        self.waited.append(job_id)
        return replace(self.ends.pop(0), id=job_id)


@dataclass
class Bucket:
    """Holds an object of every job that was started or listed."""

    airbyte: FakeAirbyte

    def list(self, prefix: str) -> list[ObjectInfo]:
        jobs = [*self.airbyte.started, *(job.id for job in self.airbyte.listed), 41]
        keys = [] if self.airbyte.nothing_landed else [f"{prefix}2026/11/18/{job}_0_1.jsonl.gz" for job in jobs]
        return [ObjectInfo(key, "e", 1, AT) for key in keys]


@pytest.fixture
def airbyte(home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAirbyte:
    fake = FakeAirbyte()
    monkeypatch.setattr(doors, "airbyte", lambda: fake)
    monkeypatch.setattr(doors, "object_store", lambda: Bucket(fake))
    return fake


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


def test_rows_without_an_object_are_a_false_success(airbyte: FakeAirbyte, ops: OpsStore) -> None:
    airbyte.nothing_landed = True
    with pytest.raises(Unavailable, match="calls job 1 succeeded, but it left no object"):
        sync.fn(SHOP, DAY)
    assert [row.status for row in doors.sync_journal().newest_of("shopify", 9)] == ["false success"]


def test_a_zero_that_is_said_twice_is_believed(airbyte: FakeAirbyte) -> None:
    airbyte.ends = [replace(DONE, rows_synced=0)] * 2
    with pytest.raises(Unavailable):
        sync.fn(SHOP, DAY)
    assert sync.fn(SHOP, DAY).rows_reported == 0


def test_a_source_that_often_has_nothing_to_say_is_believed_at_once(airbyte: FakeAirbyte, ops: OpsStore) -> None:
    for job in (91, 92, 93):
        ops.save_sync(SyncRow("shopify", Window.parse("2026-11-16"), job, "c", "succeeded", AT, AT, rows_reported=0))
    airbyte.ends = [replace(DONE, rows_synced=0)]
    assert sync.fn(SHOP, DAY).rows_reported == 0


def test_a_job_is_given_up_at_its_deadline_and_restarted_once(airbyte: FakeAirbyte) -> None:
    airbyte.overdue = True
    with pytest.raises(Overdue, match="job 1 was not over after 60 s"):
        sync.fn(SHOP, DAY)
    with pytest.raises(Spent, match=r"job 2 was not over.*It was restarted once"):
        sync.fn(SHOP, DAY)
    assert airbyte.started == [1, 2]


def test_after_three_failed_jobs_the_platform_gets_a_pause_unless_somebody_asks(airbyte: FakeAirbyte) -> None:
    airbyte.ends = [replace(DONE, status="failed", updated_at=datetime.now(UTC))] * COOL_AFTER + [DONE]
    for _ in range(COOL_AFTER):
        with pytest.raises(Unavailable, match="ended as failed"):
            sync.fn(SHOP, DAY)
    with pytest.raises(Spent, match=r"the last 3 jobs of shopify failed; no new one before \d\d:\d\d UTC"):
        sync.fn(SHOP, DAY)
    assert sync.fn(SHOP, DAY, again=True).job_id == 4


# A process that dies between the request and the row in the ops store


def test_a_job_whose_request_died_is_adopted_and_not_doubled(airbyte: FakeAirbyte) -> None:
    airbyte.dies_unanswered = True
    with pytest.raises(KeyboardInterrupt):
        sync.fn(SHOP, DAY)
    airbyte.dies_unanswered, airbyte.listed = False, [replace(DONE, id=1)]
    assert sync.fn(SHOP, DAY).job_id == 1
    assert airbyte.started == [1]
    assert doors.sync_journal().requests("c") == []


@pytest.mark.parametrize("end", [[], [replace(DONE, id=1, status="failed")]])
def test_a_request_that_started_nothing_is_asked_again(airbyte: FakeAirbyte, end: list[Job]) -> None:
    airbyte.dies_unanswered = True
    with pytest.raises(KeyboardInterrupt):
        sync.fn(SHOP, DAY)
    airbyte.dies_unanswered, airbyte.listed = False, end
    assert sync.fn(SHOP, DAY).job_id == 2


def test_a_forgotten_job_is_delivered_by_the_next_window_and_only_once(airbyte: FakeAirbyte, ops: OpsStore) -> None:
    airbyte.dies_unanswered = True
    with pytest.raises(KeyboardInterrupt):
        sync.fn(SHOP, Window.parse("2026-11-16"))
    airbyte.dies_unanswered, airbyte.listed = False, [replace(DONE, id=1), replace(DONE, id=2)]
    runs = collect.fn(SHOP, sync.fn(SHOP, DAY))
    assert [(run.job_id, run.window) for run in runs] == [(1, DAY), (2, DAY)]
    assert [(row["source"], row["job_id"]) for row in rows(ops.engine, sa.select(DISCOVERED))] == [("shopify", 1)]
    settle.fn(runs)
    again = collect.fn(SHOP, sync.fn(SHOP, DAY))
    assert [run.job_id for run in again] == [2]


def test_a_forgotten_job_that_failed_is_nobodys_delivery(airbyte: FakeAirbyte) -> None:
    run = sync.fn(SHOP, DAY)
    airbyte.listed = [replace(DONE, id=7, status="failed", rows_synced=None), replace(DONE, id=8, rows_synced=None)]
    assert collect.fn(SHOP, run) == (run,)


def test_a_job_that_failed_after_it_committed_rows_is_a_delivery_once(airbyte: FakeAirbyte) -> None:
    airbyte.ends = [replace(DONE, status="failed", rows_synced=5), DONE]
    with pytest.raises(Unavailable, match="job 1 ended as failed"):
        sync.fn(SHOP, DAY)
    runs = collect.fn(SHOP, sync.fn(SHOP, DAY))
    assert [(run.job_id, run.status) for run in runs] == [(1, "failed"), (2, "succeeded")]
    assert [len(land.fn(runs[0], name).objects) > 0 for name in SHOP.streams] == [True, True, True, False]
    settle.fn(runs)
    assert [run.job_id for run in collect.fn(SHOP, sync.fn(SHOP, DAY))] == [2]


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
