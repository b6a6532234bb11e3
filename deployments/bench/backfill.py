"""`plumbline bench backfill`: many days of all sources, sealed, staged, compared and promoted within a memory limit.

The simulated sources are read directly and not counted; everything behind the landing area is the product's own way:
seal, the staged copy, chunk by chunk, the difference, the promotion by a swap.
"""

from __future__ import annotations

import json
import logging
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

from rich.console import Console

from deployments.bench.world import ground, land_window, read_at, sealed
from deployments.local.saas.blocks import Request
from deployments.local.saas.world import World
from expectations.declare.source import names
from tasks import doors
from tasks.adapters.ops_plans import Chunk, OpsPlans, Plan
from tasks.adapters.ops_store import now
from tasks.backfill.chunks import apply, compare, stage
from tasks.backfill.plan import pieces_of
from tasks.backfill.promote import promote
from tasks.settings import settings
from tasks.window import Window

FIRST = date(2026, 6, 1)


class Spent:
    """Wall seconds by what they went into."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        """Count a block."""
        began = time.perf_counter()
        yield
        self.seconds[what] += time.perf_counter() - began


def run(days: int, scale: float, *, as_json: bool = False) -> None:
    """Print wall time, rows a second and peak memory, and with `as_json` one JSON object as the last line."""
    logging.disable(logging.WARNING)
    console, spent = Console(width=110, highlight=False), Spent()
    with ground():
        rows, changes = _carried_out(World(settings().core.seed, scale), days, spent, console)
    product = sum(seconds for what, seconds in spent.seconds.items() if what != "source")
    result = {
        "days": days,
        "scale": scale,
        "rows": rows,
        "figures": changes,
        "wall_seconds": round(product, 1),
        "rows_per_second": round(rows / product),
        "peak_mb": round(_peak_mb()),
        **{f"{what}_seconds": round(seconds, 1) for what, seconds in spent.seconds.items()},
    }
    steps = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in spent.seconds.items())
    console.print(f"{rows:,} rows of {days} days, {changes} figures: {steps}")
    console.print(
        f"{result['wall_seconds']} s without the sources, {result['rows_per_second']:,} rows a second, "
        f"peak memory {result['peak_mb']} MB (at most 4096 promised)"
    )
    if as_json:
        print(json.dumps(result))


def _carried_out(world: World, days: int, spent: Spent, console: Console) -> tuple[int, int]:
    made, chunks = _planned(days)
    rows = 0
    with spent.on("copy"):
        stage.fn(made.id)
    for chunk in chunks:
        fetched = _fetched(world, chunk, spent)
        rows += fetched.rows
        with spent.on("apply"):
            apply.fn(made, fetched)
        console.print(f"  {chunk.window.label}: {fetched.rows:,} rows, {_peak_mb():.0f} MB at most so far")
    with spent.on("compare"):
        changes = len(compare.fn(made.id).changes)
    with spent.on("promote"):
        promote.fn(made.id, by="bench")
    return rows, changes


def _planned(days: int) -> tuple[Plan, list[Chunk]]:
    window = Window(start=Window.of_day(FIRST).start, end=Window.of_day(FIRST + timedelta(days=days - 1)).end)
    at = now()
    made = Plan("bench", window, "extract", tuple(names()), "a benchmark", "bench", False, "planned", at, at)
    chunks = [Chunk(made.id, number, piece, "waiting") for number, piece in enumerate(pieces_of(window), 1)]
    OpsPlans(doors.ops_store()).add(made, chunks)
    return made, chunks


def _fetched(world: World, chunk: Chunk, spent: Spent) -> Chunk:
    """What the sources say about the days of a chunk, sealed."""
    first, last = chunk.window.days()[0], chunk.window.days()[-1]
    request = Request(start=first, since=None, until=read_at(last), days_asked=(first, last))
    manifests, rows = [], 0
    for place, source in enumerate(names(), 100 * chunk.number):
        with spent.on("source"):
            landed = land_window(world, source, chunk.window, number=place, request=request)
        with spent.on("seal"):
            manifests += [batch.manifest_key for batch in sealed(landed.run)]
        rows += landed.rows
    return replace(chunk, state="fetched", manifests=tuple(manifests), rows=rows)


def _peak_mb() -> float:
    """The largest memory of this process so far, and of dbt's where that had more."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
