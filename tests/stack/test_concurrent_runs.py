"""Runs at the same time, in processes of their own, end in the state of the same runs one after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

STREAMS = ("contacts", "contacts_count_by_day")
# Imports once, then a process per run; at once, all of them begin when the pipe is closed.
RUNS = """
import json, os, sys
from datetime import UTC, datetime
from expectations.declare.source import load as declared
from tasks.ingest.land import land
from tasks.ingest.load import load
from tasks.ingest.seal import seal
from tasks.ingest.sync import SyncRun
from tasks.publish.publish import publish
from tasks.window import Window
import tasks.adapters.warehouse.on_duckdb

def work(number, text):
    at, window = datetime(2026, 11, 18, tzinfo=UTC), Window.parse(text)
    if not number:
        return publish.fn(window, "provisional", ())
    run = SyncRun("hubspot", window, "c", number, "succeeded", at, at, None, None)
    for name, stream in declared("hubspot").streams.items():
        load.fn(seal.fn(land.fn(run, name), stream))

at_once, runs = sys.argv[1] == "at once", json.loads(sys.argv[2])
read, write = os.pipe()
children, failed = [], 0
for run in runs:
    child = os.fork()
    if child == 0:
        try:
            os.close(write)
            at_once and os.read(read, 1)
            work(*run)
            os._exit(0)
        finally:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    children.append(child)
    if not at_once:
        failed |= os.waitpid(children.pop(), 0)[1]
os.close(write)
for child in children:
    failed |= os.waitpid(child, 0)[1]
sys.exit(bool(failed))
"""


def delivered(pipeline: Any, *, syncs: int) -> None:
    """The landing objects of some jobs; two of them bring the same record in two versions."""
    from expectations.declare.source import load as declared

    streams = declared("hubspot").streams
    with pipeline.doors():
        for pipeline.syncs in range(1, syncs + 1):
            rows = [b'{"id":"%d","updatedAt":"2026-11-1%dT10:00:00Z"}' % (n, pipeline.syncs) for n in range(400)]
            days = [b'{"created_on":"2026-11-1%d","contacts":%d}' % (n, pipeline.syncs) for n in range(9)]
            for name, payloads in zip(STREAMS, (rows, days), strict=True):
                pipeline._put(f"{streams[name].landing_prefix}2026/11/18/{pipeline.syncs}_0_1.jsonl.gz", payloads)


def run(pipeline: Any, how: str, runs: Sequence[tuple[int, str]]) -> None:
    """These runs (number of the job, or 0 to publish; window), at once or in turn; all must succeed."""
    with pipeline.doors():
        command = [sys.executable, "-W", "ignore", "-c", RUNS, how, json.dumps(runs)]
        done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def state(pipeline: Any) -> dict[str, Any]:
    """Everything but the clock and the order in which loads got their turn."""
    from tasks import doors

    with pipeline.doors():
        lake = [(item.key, item.etag) for item in doors.object_store().list("lake/")]
        doors.ops_store().close()
    raw = {
        name: pipeline.ask(f"select * exclude (_loaded_at, _load_seq) from raw.hubspot__{name} order by all")
        for name in STREAMS
    }
    ledger = pipeline.ask("select * exclude (loaded_at, load_seq) from raw.load_ledger order by all")
    return {"lake": lake, "ledger": ledger, **raw}


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("same", [(1, "2026-11-17"), (1, "2026-11-17"), (1, "2026-11-17")]),
        ("overlapping", [(1, "2026-11-16"), (2, "2026-11-16..2026-11-17")]),
        ("backfill", [(1, "2026-11-17"), (2, "2026-11-10..2026-11-17"), (3, "2026-11-17")]),
    ],
)
def test_runs_at_once_end_as_the_same_runs_in_turn(
    name: str, runs: list[tuple[int, str]], new_pipeline: Callable[[str], Any]
) -> None:
    found = {}
    for how in ("at once", "in turn"):
        pipeline = new_pipeline(f"{name}-{how.replace(' ', '-')}")
        delivered(pipeline, syncs=3)
        run(pipeline, how, runs)
        found[how] = state(pipeline)
        turns = pipeline.ask(
            "select count(*), count(distinct load_seq), min(load_seq), max(load_seq) from raw.load_ledger"
        )
        loads = len({number for number, _ in runs}) * len(STREAMS)
        assert turns == [(loads, loads, 1, loads)]
    assert found["at once"] == found["in turn"]


def test_releases_at_once_leave_readers_with_a_whole_one(new_pipeline: Callable[[str], Any]) -> None:
    from tasks import doors
    from tasks.publish.publish import published, release_notes

    pipeline = new_pipeline("releases-at-once")
    delivered(pipeline, syncs=1)
    run(pipeline, "in turn", [(1, "2026-11-17")])
    with pipeline.doors(), doors.warehouse() as warehouse:
        for name in ("marts.fct_leads", "quality.measurements"):
            warehouse.execute(f"create schema if not exists {name.split('.')[0]}")
            warehouse.execute(f"create table {name} as select range as a from range(1000)")
    windows = [f"2026-11-1{n}" for n in range(4, 8)]
    run(pipeline, "at once", [(0, window) for window in windows])
    with pipeline.doors():
        folder, notes = published(), release_notes()
        told = doors.ops_store().releases()
        doors.ops_store().close()
    assert folder
    assert notes
    assert {release.window.label for release in told} == set(windows)
    assert max(told, key=lambda release: (release.at, release.id == notes["id"])).id == notes["id"]
    assert sorted(path.stem for path in folder.glob("*.parquet")) >= ["fct_leads", "measurements"]
    left = [path.name for path in folder.parent.parent.rglob(".*")]
    assert left == []
