"""Where a process may die: every boundary with the outside world, counted, and a blow at the one that was chosen.

The product knows nothing of this: its clients, the SQL engines and a few calls of the operating system are wrapped
in the child process. A count is repeatable because the child works one thing after the other (see `crash_child`).
"""

from __future__ import annotations

import functools
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import duckdb
import sqlalchemy as sa

P = ParamSpec("P")
R = TypeVar("R")

AIRBYTE = ("connection_for", "ensure_sync", "_start", "wait", "job")
STORE = ("put", "get", "list", "download", "open_stream", "exists", "delete")
FILES = ("replace", "rename", "symlink", "unlink", "rmdir", "mkdir")
READS = ("select", "pragma", "with", "show")


class Points:
    """Counts the boundaries that this process passes; at number `strike_at` it is killed, `delay` seconds later.

    `kinds` holds one word per boundary in their order: what a run without a blow leaves behind.
    """

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.strike_at, self.delay, self.home = 0, 0.0, Path()
        self._lock, self._active = threading.Lock(), False

    def begin(self, home: Path, strike_at: int, delay: float) -> None:
        """Count from here on."""
        self.home, self.strike_at, self.delay, self._active = home, strike_at, delay, True

    def end(self, into: Path) -> None:
        """Write what was counted."""
        self._active = False
        into.write_text(json.dumps(self.kinds))

    def passed(self, kind: str) -> None:
        """One boundary."""
        if not self._active:
            return
        with self._lock:
            self.kinds.append(kind)
            number = len(self.kinds)
        if number != self.strike_at:
            return
        if self.delay == 0:
            _die()
        threading.Thread(target=_die, args=(self.delay,), daemon=True).start()

    def around(self, kind: str, call: Callable[P, R]) -> Callable[P, R]:
        """The same call with a boundary before and one after it."""

        @functools.wraps(call)
        def watched(*args: P.args, **kwargs: P.kwargs) -> R:
            self.passed(kind)
            result = call(*args, **kwargs)
            self.passed(kind)
            return result

        return watched


POINTS = Points()


def _die(after: float = 0.0) -> None:
    time.sleep(after)
    os.kill(os.getpid(), signal.SIGKILL)


def watch_everything() -> None:
    """Wrap what the steps touch; once per process, before its first step."""
    from tasks.adapters.airbyte import Airbyte
    from tasks.adapters.object_store import ObjectStore

    for owner, names, kind in ((ObjectStore, STORE, "object store"), (Airbyte, AIRBYTE, "Airbyte")):
        for name in (name for name in names if hasattr(owner, name)):
            setattr(owner, name, POINTS.around(kind, getattr(owner, name)))
    for name in FILES:
        setattr(os, name, _within_home(getattr(os, name)))
    os.fsync = POINTS.around("file", os.fsync)
    _watch_warehouse()
    _watch_ops_store()
    _watch_dbt()


def _within_home(call: Callable[P, R]) -> Callable[P, R]:
    watched = POINTS.around("file", call)

    @functools.wraps(call)
    def chosen(*args: P.args, **kwargs: P.kwargs) -> R:
        # dbt rewrites its own folders as it likes, and nobody reads them after a death.
        # The last path is the one that comes into being, where there are two.
        path = [os.fsdecode(one) for one in args if isinstance(one, str | bytes | os.PathLike)][-1:]
        ours = path and path[0].startswith(str(POINTS.home)) and not path[0].startswith(f"{POINTS.home}/dbt")
        return (watched if ours else call)(*args, **kwargs)

    return chosen


def _watch_warehouse() -> None:
    from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse

    opened: Any = DuckDBWarehouse.__dict__["connection"]
    opened.func = _watching(opened.func)


def _watching(connect: Callable[[Any], duckdb.DuckDBPyConnection]) -> Callable[[Any], Any]:
    return lambda warehouse: _Statements(connect(warehouse))


class _Statements:
    """A connection to the warehouse whose statements are boundaries; those of a load are told apart."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.in_transaction = connection, False

    def execute(self, sql: str, *params: object) -> duckdb.DuckDBPyConnection:
        """Run it between two boundaries."""
        self.in_transaction = sql == "begin" or (self.in_transaction and sql not in ("commit", "rollback"))
        kind = "load transaction" if self.in_transaction or sql == "commit" else "warehouse statement"
        execute: Callable[..., duckdb.DuckDBPyConnection] = self.connection.execute
        return POINTS.around(kind, execute)(sql, *params)

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)


def _watch_ops_store() -> None:
    def before(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.lstrip().lower().startswith(READS):
            POINTS.passed("ops store")

    for moment in ("before_cursor_execute", "after_cursor_execute"):
        sa.event.listen(sa.Engine, moment, before)
    sa.event.listen(sa.Engine, "commit", lambda _: POINTS.passed("ops store"))


def _watch_dbt() -> None:
    # By name: tasks.adapters.dbt_runner is the one module that knows dbt, and here only two of its calls are wrapped.
    runner: Any = import_module("dbt.task.base").BaseRunner
    manager: Any = import_module("dbt.adapters.duckdb.connections").DuckDBConnectionManager
    runner.run_with_hooks = POINTS.around("dbt model", runner.run_with_hooks)
    manager.add_query = POINTS.around("dbt statement", manager.add_query)
