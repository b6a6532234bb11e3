"""Prune shows what nobody needs and removes exactly that: what is unsettled, held back, counted or read stays."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine

from tasks import doors
from tasks.adapters.ops_quarantine import Held, QuarantineIndex
from tasks.adapters.ops_store import SyncRow
from tasks.operate.leftover import Prunable
from tasks.operate.prune import LAKE, LANDING, prunable, remove
from tasks.operate.rebuild import reload_lake
from tasks.operate.workshop import workshop
from tasks.window import Window

DAYS = [Window.parse(f"2026-11-{day}") for day in (15, 16, 17)]
LATER = datetime.now(UTC) + timedelta(days=200)


def _contact(number: int) -> bytes:
    return json.dumps({"id": str(number), "properties": {}, "updatedAt": "2026-11-17T08:00:00Z"}).encode()


def _found() -> dict[str, Prunable]:
    return {kind.kind: kind for kind in prunable.fn()}


def _names(kind: Prunable) -> list[str]:
    return [leftover.name.removeprefix("landing/").removeprefix("lake/") for leftover in kind.leftovers]


@contextmanager
def _world(new_pipeline: Callable[[str], Any], name: str, settled: tuple[int, ...]) -> Iterator[Any]:
    """Three syncs of contacts; of the rows that count, the first sync has none any more. 200 days later."""
    pipeline = new_pipeline(name)
    for window in DAYS:
        pipeline.deliver("hubspot", window, {"contacts": [_contact(1)]})
    with pipeline.doors():
        ops = doors.ops_store()
        for job, window in enumerate(DAYS, 1):
            at = datetime.now(UTC)
            ops.save_sync(SyncRow("hubspot", window, job, "c", "succeeded", at, at, settled=job in settled))
        with doors.warehouse() as warehouse:
            warehouse.execute("create schema intermediate")
            warehouse.execute("create table intermediate.int_hubspot__contacts as select 2::bigint as _sync_id")
            warehouse.execute("insert into intermediate.int_hubspot__contacts values (3)")
        with time_machine.travel(LATER, tick=True):
            yield pipeline
        ops.close()


def test_only_settled_landing_objects_and_sealed_syncs_without_a_counting_row_can_go(
    new_pipeline: Callable[[str], Any],
) -> None:
    with _world(new_pipeline, "prune", settled=(1, 2)):
        found = _found()
        assert [name[:19] for name in _names(found[LAKE])] == ["hubspot/contacts/sy"] * 2
        assert [name.rpartition("/")[0] for name in _names(found[LAKE])] == ["hubspot/contacts/sync_id=1"] * 2
        assert found[LAKE].leftovers[0].name.endswith("manifest.json")  # it goes first
        assert found[LAKE].note.startswith("A rebuild brings back all that counts")
        assert [name.rpartition("/")[2].partition("_")[0] for name in _names(found[LANDING])] == ["1", "2"]
        before = {item.key for item in doors.object_store().list("")}
        assert remove.fn((found[LAKE], found[LANDING])) == 4
        gone = before - {item.key for item in doors.object_store().list("")}
        assert gone == {leftover.name for kind in (LAKE, LANDING) for leftover in found[kind].leftovers}
        assert [kind.leftovers for kind in _found().values() if kind.kind in (LAKE, LANDING)] == [(), ()]
        with workshop(replace=True):
            assert reload_lake.fn().objects == 2


def test_a_removal_that_died_after_its_first_object_is_finished_by_the_next(new_pipeline: Callable[[str], Any]) -> None:
    with _world(new_pipeline, "prune-dies", settled=(1, 2, 3)):
        (manifest, rest) = _found()[LAKE].leftovers
        doors.object_store().delete([manifest.name])
        with workshop(replace=True):
            assert reload_lake.fn().objects == 2  # without its manifest the folder holds nothing
    with _world(new_pipeline, "prune-dies-again", settled=(1, 2, 3)):
        (manifest, rest) = _found()[LAKE].leftovers
        doors.object_store().delete([manifest.name])
        assert [leftover.name for leftover in _found()[LAKE].leftovers] == [rest.name]


def test_what_is_held_back_stays_whatever_its_age(new_pipeline: Callable[[str], Any]) -> None:
    with _world(new_pipeline, "prune-held", settled=(1, 2, 3)):
        entry = Held("hubspot", "contacts", 1, DAYS[0], "line", "no JSON", "", "landing/x", "quarantine/x", 1)
        QuarantineIndex(doors.ops_store().engine).seen([entry])
        found = _found()
        assert found[LAKE].leftovers == ()
        assert [name.rpartition("/")[2].partition("_")[0] for name in _names(found[LANDING])] == ["2", "3"]


def test_nothing_that_is_young_can_go(new_pipeline: Callable[[str], Any]) -> None:
    young = time_machine.travel(LATER - timedelta(days=190), tick=True)
    with _world(new_pipeline, "prune-young", settled=(1, 2, 3)), young:
        assert [kind.leftovers for kind in _found().values()] == [()] * 8


def test_the_objects_of_a_failed_job_can_go(new_pipeline: Callable[[str], Any]) -> None:
    with _world(new_pipeline, "prune-failed", settled=()):
        at = datetime.now(UTC)
        doors.ops_store().save_sync(SyncRow("hubspot", DAYS[0], 9, "c", "failed", at, at))
        key = "landing/hubspot/contacts/2026/11/18/9_0_1.jsonl.gz"
        with time_machine.travel(LATER - timedelta(days=100), tick=True):
            doors.object_store().put(key, b"half")
        assert [leftover.name for leftover in _found()[LANDING].leftovers] == [key]


def test_local_files_go_by_age_and_the_current_release_never(new_pipeline: Callable[[str], Any]) -> None:
    pipeline = new_pipeline("prune-local")
    home, old = pipeline.home, (datetime.now(UTC) - timedelta(days=500)).timestamp()
    made = [home / "published" / "releases" / f"r{n}" for n in range(8)]
    made += [
        home / "site" / "data-docs" / "2025-01-01",
        home / "validations" / "2025-01-01",
        home / "dbt" / "20250101T1-a",
    ]
    for age, folder in enumerate(made):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x" * 10)
        for path in (folder / "file", folder):
            os.utime(path, (old + age, old + age))
    (home / "site" / "data-docs" / "2026-11-17").mkdir()
    (home / "published" / "current").symlink_to("releases/r0")
    log = home / "logs" / "stack" / "worker.log"
    log.parent.mkdir(parents=True)
    log.write_text("x")
    os.utime(log, (old, old))
    with pipeline.doors():
        found = _found()
        told = {kind: sorted(Path(name).name for name in _names(found[kind])) for kind in ("releases", "pages", "logs")}
        assert told == {"releases": ["r1", "r2"], "pages": ["2025-01-01"] * 2, "logs": ["worker.log"]}
        assert (found["dbt runs"].bytes, len(found["dbt runs"].leftovers)) == (10, 1)
        assert remove.fn(tuple(found.values())) == remove.fn(tuple(found.values())) == 6
        assert {path.name for path in (home / "published" / "releases").iterdir()} == {
            "r0",
            "r3",
            "r4",
            "r5",
            "r6",
            "r7",
        }
        assert all(not kind.leftovers for kind in _found().values())
        doors.ops_store().close()
