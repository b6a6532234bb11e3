"""The version of what the product keeps in a warehouse, in the warehouse: older is migrated, newer is refused.

It is looked at once per process and warehouse. A warehouse without a version is the first one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from expectations.declare.errors import Misconfigured
from tasks.adapters.warehouse.base import Warehouse, naive_utc

STATE = "raw.state"
# The step at place n brings version n + 1 to n + 2; a step may be run again after a death in the middle of it.
STEPS: tuple[Callable[[Warehouse], None], ...] = ()
_LOOKED_AT: set[tuple[str, int]] = set()


def version() -> int:
    """The version that this code keeps."""
    return len(STEPS) + 1


def bring_up(warehouse: Warehouse, *, where: str) -> None:
    """Make what is kept in a warehouse that of this version; `where` names it for people and remembers the look.

    Raises `Misconfigured` for a warehouse of a newer version, and changes nothing in it.
    """
    if (where, version()) in _LOOKED_AT:
        return
    found = _found(warehouse)
    if found > version():
        raise Misconfigured(
            f"the warehouse was written by a newer version (its state is {found}, this one knows {version()})",
            where=where,
            do="Install the newer version; nothing was changed",
        )
    if found < version() or STATE.split(".")[1] not in warehouse.relations("raw"):
        _migrate(warehouse, found)
    _LOOKED_AT.add((where, version()))


def _found(warehouse: Warehouse) -> int:
    if STATE.split(".")[1] not in warehouse.relations("raw"):
        return 1
    return int(warehouse.query(f"select max(version) from {STATE}")[0][0] or 1)  # noqa: S608 - a constant


def _migrate(warehouse: Warehouse, found: int) -> None:
    """The missing steps and the new version in one transaction (Snowflake ends one at each DDL; steps repeat)."""
    warehouse.execute("create schema if not exists raw")
    warehouse.execute(f"create table if not exists {STATE} (version integer, set_at timestamp)")
    warehouse.execute("begin")
    try:
        for step in STEPS[found - 1 :]:
            step(warehouse)
        warehouse.execute(f"insert into {STATE} values (?, ?)", [version(), naive_utc(datetime.now(UTC))])  # noqa: S608
        warehouse.execute("commit")
    except BaseException:
        warehouse.execute("rollback")
        raise
