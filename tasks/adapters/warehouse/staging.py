"""A staged copy of a warehouse, in which days may be done again before anybody decides.

Embedded: a copy of the file, made under the writer lock; while the copy is worked on, the live file is free. Snowflake:
a zero-copy clone of the database. Both take the place of the live warehouse by one swap, or are dropped.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from expectations.declare.errors import Misconfigured
from tasks.adapters.durable import sync_to_disk
from tasks.adapters.warehouse.base import Warehouse

_ROOM = 1.5  # a copy grows while days are loaded into it


class Staged(Protocol):
    """The copy of one plan."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The settings with which the doors open the copy."""

    def exists(self) -> bool:
        """Whether the copy is there, whole."""

    def create(self) -> None:
        """Copy the live warehouse; the caller holds the writer lock. Raises `Misconfigured` for a small disk."""

    def swap(self) -> None:
        """Make the copy the live warehouse, in one step; the caller holds the writer lock."""

    def drop(self) -> None:
        """Remove the copy; nothing is said where there is none."""


@dataclass(frozen=True)
class StagedFile:
    """A copy of a DuckDB file in a folder of its own; `opened` opens one of the two files."""

    live: Path
    folder: Path
    opened: Callable[[Path], Warehouse]

    @property
    def copy(self) -> Path:
        """The file, named as the live one: the name is a part of every relation that dbt compiles."""
        return self.folder / self.live.name

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Staged.environment`."""
        return {"PLUMBLINE_WAREHOUSE_FILE": str(self.copy), "PLUMBLINE_WAREHOUSE_WORK": str(self.folder)}

    def exists(self) -> bool:
        """See `Staged.exists`."""
        return self.copy.exists()

    def create(self) -> None:
        """See `Staged.create`."""
        self._checkpoint(self.live)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._refuse_small_disk()
        draft = self.copy.with_suffix(".copying")
        shutil.copyfile(self.live, draft)
        sync_to_disk(draft)
        os.replace(draft, self.copy)

    def swap(self) -> None:
        """See `Staged.swap`."""
        self._checkpoint(self.live)  # so that no log of the old file stands beside the new one
        self._checkpoint(self.copy)
        sync_to_disk(self.copy)
        os.replace(self.copy, self.live)
        sync_to_disk(self.live.parent)

    def drop(self) -> None:
        """See `Staged.drop`."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _checkpoint(self, file: Path) -> None:
        with self.opened(file) as warehouse:
            warehouse.execute("force checkpoint")

    def _refuse_small_disk(self) -> None:
        needed, free = int(self.live.stat().st_size * _ROOM), shutil.disk_usage(self.folder).free
        if needed > free:
            raise Misconfigured(
                f"the staged copy needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free",
                where=str(self.folder),
                do="Make room; `plumbline backfill list` shows open plans, `abandon` removes the copy of one",
            )


@dataclass(frozen=True)
class StagedClone:
    """A clone of a Snowflake database; `opened` connects to the live one."""

    live: str
    name: str
    folder: Path
    opened: Callable[[], Warehouse]

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Staged.environment`."""
        return {"PLUMBLINE_SNOWFLAKE_DATABASE": self.name, "PLUMBLINE_WAREHOUSE_WORK": str(self.folder)}

    def exists(self) -> bool:
        """See `Staged.exists`."""
        with self.opened() as warehouse:
            return bool(warehouse.query(f"show databases like '{self.name}'"))

    def create(self) -> None:
        """See `Staged.create`."""
        self._execute(clone_statements(self.live, self.name))

    def swap(self) -> None:
        """See `Staged.swap`."""
        self._execute(swap_statements(self.live, self.name))

    def drop(self) -> None:
        """See `Staged.drop`."""
        self._execute([f"drop database if exists {self.name}"])
        shutil.rmtree(self.folder, ignore_errors=True)

    def _execute(self, statements: Sequence[str]) -> None:
        with self.opened() as warehouse:
            for statement in statements:
                warehouse.execute(statement)


def clone_name(plan_id: str) -> str:
    """The database of a plan's clone."""
    return "PLUMBLINE_BACKFILL_" + re.sub(r"[^A-Z0-9]", "_", plan_id.upper())


def clone_statements(live: str, clone: str) -> list[str]:
    """Clone the database without copying a row."""
    return [
        f"create database if not exists {clone} clone {live}",
        f"comment on database {clone} is 'Staged copy of a Plumbline backfill; dropped with its plan'",
    ]


def swap_statements(live: str, clone: str) -> list[str]:
    """Exchange the databases with all their schemas in one transaction; then the former live one is dropped."""
    return [f"alter database {live} swap with {clone}", f"drop database if exists {clone}"]
