"""`plumbline bench people`: what one more day costs the identity step when many days are known already.

Days of the simulated BrightCart are written into staging (`people_world`). The step runs over all of them, then over
the next day alone, each in a process of its own, so that the memory of one is not counted to the other.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from deployments.bench.people_world import deliver
from deployments.bench.world import cpu_seconds
from deployments.local.saas.seasons import number
from deployments.local.saas.world import World
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build.observations import OBSERVATIONS
from tasks.build.people import link_people

FIRST = date(2026, 5, 1)
SEED = 7


@dataclass(frozen=True)
class Step:
    """One run of the step: observations that are known after it, rows resolved, seconds, peak memory."""

    observations: int
    rows: int
    wall: float
    cpu: float
    peak_mb: int


def run(days: int, scale: float, *, as_json: bool = False) -> None:
    """Print both runs, and with `as_json` one JSON object as the last line."""
    console = Console(width=110, highlight=False)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "warehouse.duckdb"
        _deliver(file, scale, range(days))
        whole = _apart(file)
        _deliver(file, scale, range(days, days + 1))
        day = _apart(file)
    for told, step in ((f"{days} days at once", whole), ("one day more", day)):
        console.print(
            f"{told}: {step.rows:,} rows of the map resolved, {step.cpu:.1f} processor seconds,"
            f" {step.wall:.1f} on the clock, {step.peak_mb} MB; {step.observations:,} observations are known then"
        )
    if as_json:
        result = {"days": days, "scale": scale, "observations": day.observations}
        result |= {f"whole_{name}": getattr(whole, name) for name in ("wall", "cpu", "peak_mb")}
        print(json.dumps(result | {f"day_{name}": getattr(day, name) for name in ("wall", "cpu", "peak_mb")}))


def _warehouse(file: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse(file, "4GB", 2, 30.0)


def _deliver(file: Path, scale: float, days: range) -> None:
    dice = World(SEED, scale).dice
    with _warehouse(file) as warehouse:
        for day in days:
            deliver(warehouse, dice, number(FIRST) + day)


def _apart(file: Path) -> Step:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_linked, file).result()


def _linked(file: Path) -> Step:
    wall, cpu = time.perf_counter(), cpu_seconds()
    with _warehouse(file) as warehouse:
        linked = link_people.__wrapped__(warehouse)  # type: ignore[attr-defined]  # the step without its outcome row
        wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
        observations = int(warehouse.query(f"select count(*) from {OBSERVATIONS}")[0][0])  # noqa: S608 - a constant
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Step(observations, linked.rows, round(wall, 1), round(cpu, 1), peak)
