"""What the server remembers over a restart: jobs, cursors, generations, edited connections, switches, clock."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

OVER = frozenset({"succeeded", "failed", "cancelled"})

_TABLES = """
create table if not exists jobs (
    id integer primary key autoincrement, connection_id text not null, job_type text not null,
    status text not null, created_at integer not null, updated_at integer not null, rows integer, bytes integer
);
create table if not exists streams (
    connection_id text, stream text, cursor text, generation integer not null default 0,
    primary key (connection_id, stream)
);
create table if not exists connections (id text primary key, body text not null);
create table if not exists settings (name text primary key, value text not null);
"""


@dataclass(frozen=True)
class JobRow:
    """One job; times are epoch seconds of the real clock."""

    id: int
    connection_id: str
    job_type: str
    status: str
    created_at: int
    updated_at: int
    rows: int | None
    bytes: int | None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more."""
        return self.status in OVER


class State:
    """A small SQLite file. Jobs that were running when the server died are failed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._db = sqlite3.connect(folder / "state.sqlite", check_same_thread=False, isolation_level=None)
        self._db.executescript(_TABLES)
        self._run("update jobs set status = 'failed' where status not in ('succeeded', 'failed', 'cancelled')")

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    def _run(self, statement: str, *values: object) -> list[Any]:
        with self.lock:
            return self._db.execute(statement, values).fetchall()

    # Jobs

    def create_job(self, connection_id: str, job_type: str) -> JobRow | None:
        """A pending job; None while another one of the connection is not over."""
        with self.lock:
            if any(not job.is_over for job in self.jobs(connection_id)):
                return None
            now = int(time.time())
            row = self._run(
                "insert into jobs (connection_id, job_type, status, created_at, updated_at)"
                " values (?, ?, 'pending', ?, ?) returning *",
                *(connection_id, job_type, now, now),
            )
            return JobRow(*row[0])

    def job(self, job_id: int) -> JobRow | None:
        """The job with this id."""
        found = self._run("select * from jobs where id = ?", job_id)
        return JobRow(*found[0]) if found else None

    def jobs(self, connection_id: str = "") -> list[JobRow]:
        """All jobs, or those of one connection, oldest first."""
        found = self._run("select * from jobs where ? in ('', connection_id) order by id", connection_id)
        return [JobRow(*row) for row in found]

    def set_status(self, job_id: int, status: str) -> None:
        """Move a job on; one that is over stays as it is."""
        self._finish(job_id, status, None, None)

    def succeed(self, job_id: int, rows: int | None, size: int | None) -> None:
        """End a job well, with its committed totals (None: no statistics)."""
        self._finish(job_id, "succeeded", rows, size)

    def fail(self, job_id: int, rows: int | None) -> None:
        """End a job badly, with the rows that it had committed (None: no statistics)."""
        self._finish(job_id, "failed", rows, None)

    def _finish(self, job_id: int, status: str, rows: int | None, size: int | None) -> None:
        self._run(
            "update jobs set status = ?, updated_at = ?, rows = ?, bytes = ?"
            " where id = ? and status not in ('succeeded', 'failed', 'cancelled')",
            *(status, int(time.time()), rows, size, job_id),
        )

    # Streams of connections

    def cursor(self, connection_id: str, stream: str) -> datetime | None:
        """Up to when the stream was read; None before the first sync."""
        found = self._run("select cursor from streams where connection_id = ? and stream = ?", connection_id, stream)
        return datetime.fromisoformat(found[0][0]) if found and found[0][0] else None

    def set_cursor(self, connection_id: str, stream: str, value: datetime | None) -> None:
        """Remember up to when the stream was read; None forgets it."""
        self._run(
            "insert into streams (connection_id, stream, cursor) values (?, ?, ?)"
            " on conflict (connection_id, stream) do update set cursor = excluded.cursor",
            *(connection_id, stream, value.isoformat() if value else None),
        )

    def generation(self, connection_id: str, stream: str, *, bump: bool = False) -> int:
        """The generation of the stream; `bump` starts the next one first."""
        found = self._run(
            "insert into streams (connection_id, stream, generation) values (?, ?, ?)"
            " on conflict (connection_id, stream) do update set generation = generation + excluded.generation"
            " returning generation",
            *(connection_id, stream, int(bump)),
        )
        return int(found[0][0])

    # Edited connections and settings

    def edits(self) -> dict[str, dict[str, Any]]:
        """What was created, changed or deleted over the API, by connection id."""
        return {row[0]: json.loads(row[1]) for row in self._run("select id, body from connections")}

    def edit(self, connection_id: str, body: dict[str, Any]) -> None:
        """Add to what was changed on a connection."""
        with self.lock:
            merged = {**self.edits().get(connection_id, {}), **body}
            self._run("insert or replace into connections values (?, ?)", connection_id, json.dumps(merged))

    def get(self, name: str, usual: Any) -> Any:  # noqa: ANN401 - any JSON value
        """A JSON value kept under a name."""
        found = self._run("select value from settings where name = ?", name)
        return json.loads(found[0][0]) if found else usual

    def put(self, name: str, value: object) -> None:
        """Keep a JSON value under a name."""
        self._run("insert or replace into settings values (?, ?)", name, json.dumps(value))

    def now(self) -> datetime:
        """The simulated instant when the clock is set, else the real one; UTC."""
        text = self.get("clock", None)
        return datetime.fromisoformat(text).astimezone(UTC) if text else datetime.now(UTC)
