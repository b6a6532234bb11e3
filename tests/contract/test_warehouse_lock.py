"""One writer at a time, and everybody can see who it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextvars import copy_context
from pathlib import Path

import duckdb
import pytest

from expectations.declare.errors import Unavailable
from tasks.adapters.warehouse.lock import holder, writer_lock
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse

HOLD = """
import sys
from pathlib import Path
from tasks.adapters.warehouse.lock import writer_lock
with writer_lock(Path(sys.argv[1]), seconds=5, name="close 2026-11-17"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "w.duckdb"


def other_process(file: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_time_out_names_the_holder_and_the_seconds(file: Path) -> None:
    process = other_process(file)
    try:
        with pytest.raises(Unavailable, match=rf"written by close 2026-11-17 \(pid {process.pid}\) .*waited 0.1 s"):
            DuckDBWarehouse(file, "100MB", 1, 0.1).__enter__()
    finally:
        process.communicate("")


def test_a_killed_holder_frees_the_lock_and_is_nobody(file: Path) -> None:
    process = other_process(file)
    found = holder(file)
    assert found
    assert (found.pid, found.name) == (process.pid, "close 2026-11-17")
    process.kill()
    process.communicate()
    assert holder(file) is None
    with writer_lock(file, seconds=0.1):
        mine = holder(file)
        assert mine
        assert mine.pid == os.getpid()
    assert holder(file) is None


def test_nobody_holds_a_lock_that_was_never_taken(file: Path) -> None:
    assert holder(file) is None


def test_the_holder_may_take_it_again_also_in_threads_that_continue_its_context(file: Path) -> None:
    done: list[bool] = []

    def step() -> None:
        with writer_lock(file, seconds=0.1):
            done.append(True)

    with writer_lock(file, seconds=0.1), writer_lock(file, seconds=0.1):
        inner = threading.Thread(target=copy_context().run, args=(step,))
        inner.start()
        inner.join()
    assert done == [True]


def test_another_thread_waits_like_another_process(file: Path) -> None:
    refused: list[Unavailable] = []

    def step() -> None:
        try:
            with writer_lock(file, seconds=0.1):
                pass
        except Unavailable as error:
            refused.append(error)

    with writer_lock(file, seconds=0.1):
        stranger = threading.Thread(target=step)
        stranger.start()
        stranger.join()
    assert len(refused) == 1


def test_a_program_that_ignores_the_lock_is_reported(file: Path) -> None:
    ignorant = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", ignorant, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        process.stdout.readline()
        with (
            DuckDBWarehouse(file, "100MB", 1, 0.1) as warehouse,
            pytest.raises(Unavailable, match=r"could not be opened for 0.1 s.*Another program has it open"),
        ):
            warehouse.query("select 1")
    finally:
        process.communicate("")


def test_the_file_is_free_for_others_as_soon_as_the_block_ends(file: Path) -> None:
    with DuckDBWarehouse(file, "100MB", 1, 1.0) as warehouse:
        warehouse.execute("create table t as select 1 as a")
    with duckdb.connect(str(file), read_only=True) as reader:
        assert reader.execute("from t").fetchall() == [(1,)]
