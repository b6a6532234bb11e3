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


# The tables of incidents and messages as version 2 made them.
INCIDENTS_2 = """
create table incidents (
    "key" varchar not null, opened_at datetime not null, source varchar not null, "check" varchar not null,
    scope varchar not null, severity varchar not null, owner varchar not null, sentence varchar not null,
    observed varchar not null, expected varchar not null, runbook varchar not null, window_label varchar not null,
    last_seen_at datetime not null, occurrences integer not null, state varchar not null, recovered_at datetime,
    slack_channel varchar not null, slack_ts varchar not null, primary key ("key", opened_at)
)"""
INCIDENT_2 = """
insert into incidents values ('late|ga4|x', '2026-11-18 05:40:00.000000', 'ga4', 'late', 'x', 'warning', '@x', 's', '',
    '', 'late', '2026-11-17', '2026-11-18 05:40:00.000000', 1, 'open', null, '#c', '1.0')"""
OUTBOX_2 = """
create table outbox (
    id varchar not null primary key, incident_key varchar not null, kind varchar not null, body json not null,
    created_at datetime not null, sent_at datetime, ts varchar not null, attempts integer not null,
    last_error varchar not null
)"""
MESSAGE_2 = "insert into outbox values ('m', 'late|ga4|x', 'open', '{}', '2026-11-18 05:40:00', null, '', 0, '')"


def test_incidents_of_version_2_get_an_id_and_keep_their_message(tmp_path: Path) -> None:
    url = _old(tmp_path / "ops.sqlite")
    with sqlite3.connect(tmp_path / "ops.sqlite") as db:
        db.executescript(f"{INCIDENTS_2}; {INCIDENT_2}; {OUTBOX_2}; {MESSAGE_2}")
    db.close()
    store = OpsStore(url)
    (incident,) = store.open_incidents()
    assert (len(incident.id), incident.thread, incident.slack_ts) == (10, incident.id, "1.0")
    assert [(m.id, m.channel, m.sending_at) for m in store.pending_messages()] == [("m", "slack", None)]
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
