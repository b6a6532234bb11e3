"""Keep outside of the warehouse what the lake could not give back: the order of loads, and what was measured then.

A measurement says what was known when it was made; measured anew, an old window would be judged by what is known today.
So after each measuring the new rows of the ledger and of the measurements are written beside the lake, as
`memory/<source>/<highest load sequence>.ledger.parquet` and `.measurements.parquet`. Killed in between, the next time
writes both again; whoever reads them takes each row once.
"""

# ruff: noqa: S608 - names from the declarations

from __future__ import annotations

from pathlib import Path

from expectations.declare.errors import Misconfigured
from expectations.declare.source import load
from tasks import doors
from tasks.adapters.object_store import ObjectStore
from tasks.adapters.ops_memory import OpsMemory
from tasks.adapters.warehouse.base import LEDGER, Warehouse
from tasks.scratch import scratch
from tasks.settings import settings

PREFIX = "memory/"
LEDGER_NAME, MEASUREMENTS_NAME = "ledger", "measurements"


def remember(source: str) -> int:
    """Write down what is new of a source since the last time; the number of objects written (0 or 2).

    Raises `Misconfigured` where the warehouse knows less than is written down: its file was lost.
    """
    if beside_the_live_one():
        return 0
    memory, store = OpsMemory(doors.ops_store()), doors.object_store()
    with doors.warehouse() as warehouse, scratch("memory") as folder:
        newest = known_here(warehouse, source)
        refuse_lost(warehouse, source)
        since = memory.known(source)
        if newest == since or load(source).measure_model not in warehouse.relations("quality"):
            return 0
        chosen = {
            LEDGER_NAME: f"(select * from {LEDGER} where source = '{source}' and load_seq > {since})",
            MEASUREMENTS_NAME: f"(select * from quality.{load(source).measure_model} where load_seq > {since})",
        }
        for name, relation in chosen.items():
            _write(warehouse, store, relation, folder / f"{source}-{newest:012}.{name}.parquet")
    memory.note(source, newest)
    return len(chosen)


def refuse_lost(warehouse: Warehouse, source: str) -> None:
    """Nobody loads into, or publishes from, an empty warehouse that took the place of a lost one."""
    if beside_the_live_one():
        return
    remembered = OpsMemory(doors.ops_store()).known(source)
    if known_here(warehouse, source) < remembered:
        raise Misconfigured(
            f"the warehouse has lost what it knew of {source}: {remembered} loads are remembered",
            where="its file was removed or replaced by an older one",
            do="Bring everything back with: plumbline rebuild",
        )


def beside_the_live_one() -> bool:
    """Whether this process works on a copy: what it loads and measures there is not what readers will see."""
    return bool(settings().warehouse.work)


def known_here(warehouse: Warehouse, source: str) -> int:
    """The highest load sequence that the warehouse itself knows of a source."""
    if LEDGER.split(".")[1] not in warehouse.relations("raw"):
        return 0
    found = warehouse.query(f"select coalesce(max(load_seq), 0) from {LEDGER} where source = ?", [source])
    return int(found[0][0])


def memories(store: ObjectStore, source: str, name: str) -> list[str]:
    """Keys of what was written down of a source, oldest first."""
    return [item.key for item in store.list(f"{PREFIX}{source}/") if item.key.endswith(f".{name}.parquet")]


def _write(warehouse: Warehouse, store: ObjectStore, relation: str, path: Path) -> None:
    warehouse.export(relation, path)
    source, _, name = path.name.partition("-")
    store.put(f"{PREFIX}{source}/{name}", path)
