"""An ops store of an older version is brought up to this one, in one transaction; a newer one is refused."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from expectations.declare.errors import Misconfigured
from tasks.adapters import ops_migrations
from tasks.adapters.ops_migrations import STATE, VERSION, migrate
from tasks.adapters.ops_store import OpsStore, Outcome
from tasks.window import Window

WINDOW = Window.parse("2026-11-17")
# The table as version 1 made it, before a store knew its version.
OUTCOMES_1 = """
create table outcomes (
    id integer not null primary key, at datetime not null, run varchar not null, step varchar not null,
    source varchar not null, stream varchar not null, window_start datetime not null, window_end datetime not null,
    status varchar not null, rows_in bigint, rows_out bigint, bytes bigint, millis integer not null,
    reason varchar not null, job_id bigint
)"""
ROW_1 = """
insert into outcomes values (1, '2026-11-18 05:40:00.000000', 'run', 'seal', 'ga4', 'events',
    '2026-11-17 00:00:00.000000', '2026-11-18 00:00:00.000000', 'done', 5, 5, 9, 12, '', 7)"""


def _old(path: Path) -> str:
    with sqlite3.connect(path) as db:
        db.execute(OUTCOMES_1)
        db.execute(ROW_1)
    db.close()
    return f"sqlite:///{path}"


def test_a_store_of_version_1_keeps_its_rows_and_takes_new_ones(tmp_path: Path) -> None:
    store = OpsStore(_old(tmp_path / "ops.sqlite"))
    due = datetime(2026, 11, 18, 5, 30, tzinfo=UTC)
    store.record_outcome(Outcome("run", "seal", "ga4", "events", WINDOW, "done", 3, attempt=2, scheduled_at=due))
    assert [(o["job_id"], o["attempt"], o["scheduled_at"]) for o in store.outcomes()] == [
        (7, None, None),
        (None, 2, due),
    ]
    assert migrate(store.engine) == VERSION
    store.close()


def test_a_new_store_has_this_version_at_once(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ops.sqlite'}")
    assert [migrate(engine), migrate(engine)] == [0, VERSION]
    engine.dispose()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ops.sqlite'}"
    store = OpsStore(url)
    with store.engine.begin() as db:
        db.execute(STATE.update().values(version=VERSION + 1))
    store.close()
    with pytest.raises(Misconfigured, match=rf"newer version \(its state is {VERSION + 1}, .*Install the newer"):
        OpsStore(url)


def test_a_migration_that_fails_leaves_the_old_version_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = _old(tmp_path / "ops.sqlite")

    def breaks(_: sa.Connection) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ops_migrations, "STEPS", (*ops_migrations.STEPS, breaks))
    monkeypatch.setattr(ops_migrations, "VERSION", VERSION + 1)
    engine = sa.create_engine(url)
    with pytest.raises(KeyboardInterrupt):
        migrate(engine)
    columns = [column["name"] for column in sa.inspect(engine).get_columns("outcomes")]
    assert ("attempt" in columns, sa.inspect(engine).get_table_names()) == (False, ["outcomes"])
    engine.dispose()


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    url = _old(tmp_path / "ops.sqlite")
    found: list[int] = []

    def start() -> None:
        engine = sa.create_engine(url)
        found.append(migrate(engine))
        engine.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, VERSION, VERSION, VERSION]
