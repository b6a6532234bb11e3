"""Carry a plan out, chunk by chunk: fetch into the lake, apply to the staged copy, remember how far it is.

The live warehouse is locked only while it is copied. A run that died goes on at the chunk where it was; a chunk that
was fetched is not asked of its source again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal

from prefect import task

from expectations.declare.errors import ContractBroken, NotReconciled
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.ops_plans import Change, Chunk, OpsPlans, Plan
from tasks.backfill.figures import Cell, days_of, difference, figures, fingerprint, keep, kept, within
from tasks.backfill.lake import batch_at
from tasks.backfill.plan import the_plan
from tasks.backfill.replay import catch_up, follow_up, newest_load, reload, replay_days
from tasks.backfill.stage import ensure_copy, on_copy
from tasks.build.transform import build
from tasks.ingest.land import land
from tasks.ingest.load import load
from tasks.ingest.seal import Batch, seal
from tasks.ingest.sync import extract_range, settle
from tasks.outcomes import recorded
from tasks.retry import RETRIED
from tasks.settings import settings
from tasks.window import Window

WORKABLE = ("planned", "running", "staged")


@dataclass(frozen=True)
class Difference:
    """What a plan would change, as it was found in the staged copy."""

    plan: Plan
    changes: tuple[Change, ...]
    reused: bool = False

    @property
    def window(self) -> Window:
        """The days of the plan."""
        return self.plan.window


@task(task_run_name="stage {plan_id}")
@recorded
def stage(plan_id: str) -> tuple[Chunk, ...]:
    """Make the staged copy and return the chunks that are left; chunks of a copy that is gone are applied again."""
    plans, made = OpsPlans(doors.ops_store()), the_plan(plan_id, states=WORKABLE)
    chunks = plans.chunks(plan_id)
    if made.state == "staged":
        return ()
    if ensure_copy(plan_id):
        for chunk in (chunk for chunk in chunks if chunk.state == "done"):
            plans.save_chunk(replace(chunk, state="fetched" if made.mode == "extract" else "waiting"))
    with on_copy(plan_id):
        settle_base(made)
    plans.move(made, "running")
    return tuple(chunk for chunk in plans.chunks(plan_id) if chunk.state != "done")


@task(
    **RETRIED,
    task_run_name="fetch {chunk.window.label}",
)
@recorded
def fetch(made: Plan, chunk: Chunk) -> Chunk:
    """Have the sources extracted by their backfill connections and sealed, a few side by side; a replay has it all."""
    if made.mode == "replay" or chunk.state != "waiting":
        return chunk
    began = time.monotonic()
    with ThreadPoolExecutor(settings().backfill.at_once) as pool:
        batches = [
            batch for found in pool.map(lambda name: _extracted(name, made, chunk), made.sources) for batch in found
        ]
    fetched = replace(
        chunk,
        state="fetched",
        manifests=tuple(batch.manifest_key for batch in batches),
        rows=sum(batch.rows for batch in batches),
        millis=_millis(began),
    )
    OpsPlans(doors.ops_store()).save_chunk(fetched)
    return fetched


@task(task_run_name="apply {chunk.window.label}")
@recorded
def apply(made: Plan, chunk: Chunk) -> Chunk:
    """Bring a chunk into the staged copy."""
    began = time.monotonic()
    with on_copy(made.id):
        rows = applied(made, chunk)
    done = replace(chunk, state="done", rows=max(rows, chunk.rows), millis=chunk.millis + _millis(began))
    OpsPlans(doors.ops_store()).save_chunk(done)
    return done


@task(task_run_name="compare {plan_id}")
@recorded
def compare(plan_id: str) -> Difference:
    """Build the marts of the staged copy and write down every figure that differs from the live ones at its making."""
    plans, made = OpsPlans(doors.ops_store()), the_plan(plan_id, states=WORKABLE)
    if made.state == "staged":
        return Difference(made, tuple(plans.changes(plan_id)), reused=True)
    with on_copy(plan_id):
        before = settle_base(made)
        finish(made)
        with doors.warehouse() as warehouse:
            after = figures(warehouse)
    changes = difference(before, after)
    plans.save_changes(plan_id, changes)
    days = looked_at(made.window, changes)
    hashes = (fingerprint(within(before, days)), fingerprint(within(after, days)))
    staged = plans.move(made, "staged", hashes=hashes)
    return Difference(staged, changes)


def looked_at(window: Window, changes: Sequence[Change]) -> list[str]:
    """The days that an approval is about: those of the window, and those outside that change with them."""
    return sorted({*days_of(window), *(change.day for change in changes)})


def applied(made: Plan, chunk: Chunk) -> int:
    """Load and type a chunk in the warehouse that the doors open; returns its rows."""
    if made.mode == "extract":
        rows = sum(load.fn(_sealed(key)).rows for key in chunk.manifests)
        catch_up(made.sources)
        return rows
    seen = newest_load()  # all of it is typed: a copy is caught up when it is made, and nobody else loads into it
    for source in made.sources:
        reload.fn(source, chunk.window)
    return replay_days.fn(made.sources, chunk.window, seen).rows


def finish(made: Plan) -> None:
    """What stands behind the last chunk: measurements, models without parts, and the marts."""
    if made.mode == "replay":
        follow_up.fn(made.sources, made.window)
    _build(made)


def settle_base(made: Plan) -> dict[Cell, Decimal]:
    """The figures that the plan starts from, in the warehouse that the doors open: all of it built, nothing applied."""
    with doors.warehouse() as warehouse:
        known = kept(warehouse)
    if known is not None:
        return known
    catch_up(made.sources)
    _build(made)
    with doors.warehouse() as warehouse:
        keep(warehouse)
        return kept(warehouse) or {}


def _build(made: Plan) -> None:
    built = build.fn(made.window)
    if built.failed:
        raise NotReconciled(
            f"{len(built.failed)} models do not build on the staged copy",
            where=", ".join(built.failed),
            do="Repair them and run the plan again; nothing live was touched",
        )


def _extracted(name: str, made: Plan, chunk: Chunk) -> list[Batch]:
    source = declared(name)
    run = extract_range.fn(source, chunk.window, since=made.created_at)
    batches = [seal.fn(land.fn(run, stream), words) for stream, words in source.streams.items()]
    settle.fn([run])
    return batches


def _sealed(manifest_key: str) -> Batch:
    found = batch_at(manifest_key)
    if found is None:
        raise ContractBroken(
            "a manifest that a chunk was fetched into is gone",
            where=manifest_key,
            do="Abandon the plan and make a new one",
        )
    return found


def _millis(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
