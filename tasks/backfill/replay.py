"""Days done again from the lake: load what the ledger lacks, then type what it has with the present declaration.

Everything works on the warehouse that the doors open, be it the live one or a staged copy. A death anywhere leaves
consistent streams behind, and the same replay again ends in the same state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prefect import task

from expectations.declare.errors import Misconfigured
from expectations.declare.source import load as declared
from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.dbt_compiled import compiled
from tasks.adapters.warehouse.base import LEDGER, Warehouse, naive_utc
from tasks.backfill.lake import speaking
from tasks.backfill.retype import retype
from tasks.backfill.scope import Scope
from tasks.build.transform import without_values
from tasks.ingest.load import load
from tasks.outcomes import recorded
from tasks.window import Window


@dataclass(frozen=True)
class Reloaded:
    """Lake objects and rows that the ledger lacked, of the syncs that speak about a window."""

    source: str
    window: Window
    objects: int
    rows: int

    @property
    def reused(self) -> bool:
        """Whether the warehouse had them all."""
        return self.objects == 0


@dataclass(frozen=True)
class Replayed:
    """Rows of the typed history that were typed again; `loaded_to` is the newest load that all models have seen."""

    window: Window
    rows: int
    loaded_to: int


@task(task_run_name="reload {source} {window.label}")
@recorded
def reload(source: str, window: Window) -> Reloaded:
    """Load the sealed objects that speak about the window and that the ledger does not know."""
    with doors.warehouse() as warehouse:
        known = _loaded(warehouse, source)
    receipts = [load.fn(folder.batch) for folder in speaking(declared(source), window, known=known) if folder.batch]
    return Reloaded(source, window, sum(r.loaded for r in receipts), sum(r.rows for r in receipts))


def catch_up(sources: Sequence[str], loaded_to: int | None = None) -> int:
    """Bring everything incremental up to what is loaded; returns the newest load sequence (`loaded_to` next time).

    A part of a model may only be made again where the model has seen everything: it asks its own newest row what
    is new. Nothing is done where nothing was loaded since `loaded_to`.
    """
    with doors.warehouse_lock():
        newest = newest_load()
        if newest != loaded_to:
            _run([*(f"+{declared(source).measure_model}" for source in sources), "measurements", *_by_keys(sources)])
    return newest


def newest_load() -> int:
    """The highest load sequence of the ledger; makes the place of every raw table, so that every model can run."""
    with doors.warehouse() as warehouse:
        for stream in (s for source in load_all().values() for s in source.streams.values()):
            warehouse.ensure_raw(stream.raw_table)
        return int(warehouse.query(f"select coalesce(max(load_seq), 0) from {LEDGER}")[0][0])  # noqa: S608 - a constant


@task(task_run_name="replay {window.label}")
@recorded
def replay_days(sources: Sequence[str], window: Window, loaded_to: int | None = None) -> Replayed:
    """Type the rows of the window again, stream by stream, each with what is made of it in one transaction."""
    project = compiled(doors.dbt().config)
    with doors.warehouse_lock():
        newest = catch_up(sources, loaded_to)
        with doors.warehouse() as warehouse:
            done = [
                retype(warehouse, project, Scope(declared(source), stream, window))
                for source in sources
                for stream in declared(source).streams.values()
            ]
    return Replayed(window, sum(stream.written for stream in done), newest)


@task(task_run_name="follow up {window.label}")
@recorded
def follow_up(sources: Sequence[str], window: Window) -> None:
    """Measure the window's syncs again."""
    with doors.warehouse_lock():
        with doors.warehouse() as warehouse:
            _forget_measurements(warehouse, sources, window)
        _run([f"+{declared(source).measure_model}" for source in sources] + ["measurements"])


def _loaded(warehouse: Warehouse, source: str) -> frozenset[tuple[str, int]]:
    if "load_ledger" not in warehouse.relations("raw"):
        return frozenset()
    rows = warehouse.query(f"select distinct stream, sync_id from {LEDGER} where source = ?", [source])  # noqa: S608
    return frozenset((str(stream), int(sync_id)) for stream, sync_id in rows)


def _forget_measurements(warehouse: Warehouse, sources: Sequence[str], window: Window) -> None:
    measured = set(warehouse.relations("quality"))
    span = [naive_utc(window.start), naive_utc(window.end)]
    for model in (declared(source).measure_model for source in sources):
        if model in measured:
            about = f"delete from quality.{model} where window_start >= ? and window_end <= ?"  # noqa: S608 - declared
            warehouse.execute(about, span)


def _by_keys(sources: Sequence[str]) -> list[str]:
    """Models that follow by keys: what a replay writes into them must not hide rows that they have not seen."""
    project = compiled(doors.dbt().config)
    histories = [stream.typed_model for source in sources for stream in declared(source).streams.values()]
    return [
        model.name
        for model in project.models.values()
        if "keys" in model.meta.get("replay", {}) and any(project.descends(model.name, name) for name in histories)
    ]


def _run(select: Sequence[str], *, full_refresh: bool = False) -> None:
    outcome = doors.dbt().run_models(select, full_refresh=full_refresh)
    failed = [node for node in outcome.results if node.failed]
    if failed:
        said = "; ".join(f"{node.name}: {without_values(node.message)}" for node in failed)
        raise Misconfigured(f"{len(failed)} models did not build ({said})", where="dbt", do="Repair them; then again")
