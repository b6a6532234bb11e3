"""`plumbline bench quality`: what the checks cost beside the data that they check, and beside stock expectations.

A day of the simulated BrightCart, all sources, is sealed, loaded, typed, measured, built, judged and documented; then
the typed events of that day are asked the same fifteen questions by stock expectations and by one aggregate query. All
in one run, so that the ratios mean something on any machine.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deployments.bench.quality_table import Compared, Seconds, compared, timed
from deployments.bench.world import ground, land_window, read_at, sealed
from deployments.local.saas.blocks import Request
from deployments.local.saas.world import World
from expectations.declare.source import names
from expectations.judge.gx import quiet
from expectations.judge.reconcile.asked import ITEM
from expectations.judge.verdict import Verdict
from tasks.build.transform import build, measure
from tasks.ingest.load import load
from tasks.judge.judge import judge, judge_marts
from tasks.publish.document import document
from tasks.settings import settings
from tasks.window import Window

DAY = date(2026, 11, 17)
EVENTS_A_DAY = 50_000_000  # of a world of scale 1.0
MOST_SHARE, LEAST_TIMES = 0.10, 5.0
_LOAD = ("seal", "load", "type", "build")
_QUALITY = ("measure", "judge", "document")


@dataclass
class Spent:
    """Seconds by step of one window."""

    steps: dict[str, Seconds] = field(default_factory=dict)
    rows: int = 0
    checks: int = 0

    def add(self, step: str, spent: Seconds, *, share: float = 1.0) -> None:
        """Count a share of a block to a step."""
        known = self.steps.setdefault(step, Seconds())
        known.wall, known.cpu = known.wall + spent.wall * share, known.cpu + spent.cpu * share

    @property
    def share(self) -> float:
        """What measuring, judging and documenting cost of the processor beside loading and building."""
        return sum(self.steps[step].cpu for step in _QUALITY) / sum(self.steps[step].cpu for step in _LOAD)

    @property
    def wall_share(self) -> float:
        """The same on the clock."""
        return sum(self.steps[step].wall for step in _QUALITY) / sum(self.steps[step].wall for step in _LOAD)


def run(rows: int, *, as_json: bool = False) -> None:
    """Print both comparisons, and with `as_json` one JSON object as the last line."""
    logging.disable(logging.WARNING)
    console = Console(width=110, highlight=False)
    with ground():
        spent = _window(World(settings().core.seed, rows / EVENTS_A_DAY), console)
        table = compared(settings().warehouse_file)
    console.print(_steps(spent))
    for line in _said(spent, table):
        console.print(line)
    if as_json:
        print(json.dumps(_result(spent, table)))


def _window(world: World, console: Console) -> Spent:
    window, spent = Window.of_day(DAY), Spent()
    request = Request(start=DAY - timedelta(days=40), since=read_at(DAY - timedelta(days=1)), until=read_at(DAY))
    landed = [
        land_window(world, source, window, number=place, request=request) for place, source in enumerate(names(), 1)
    ]
    console.print(f"  landed {sum(one.rows for one in landed):,} rows of {len(landed)} sources (not timed)")
    for one in landed:
        with timed() as sealing:
            batches = sealed(one.run)
        with timed() as loading:
            spent.rows += sum(load.fn(batch).rows for batch in batches)
        spent.add("seal", sealing)
        spent.add("load", loading)
    _typed_and_built(window, spent)
    _judged(window, spent)
    return spent


def _typed_and_built(window: Window, spent: Spent) -> None:
    """Typing and measuring are one run of dbt: its own account says what the measurements took."""
    for source in names():
        with timed() as both:
            measured = measure.fn(source, window)
        part = min(_measuring(measured.run_results) / both.wall, 1.0)
        spent.add("type", both, share=1 - part)
        spent.add("measure", both, share=part)
    with timed() as building:
        built = build.fn(window)
    spent.add("build", building)
    if built.failed:
        raise RuntimeError(f"models did not build: {', '.join(built.failed)}")


def _measuring(run_results: Path) -> float:
    nodes: list[dict[str, Any]] = json.loads(run_results.read_text())["results"]
    named = {str(node["unique_id"]).split(".")[-1]: float(node["execution_time"]) for node in nodes}
    return sum(seconds for name, seconds in named.items() if name.startswith(("measure", ITEM)))


def _judged(window: Window, spent: Spent) -> None:
    with timed() as importing, quiet():
        import expectations.judge.classes  # noqa: F401 - and with it the library, once in a process
    spent.steps["import"] = importing
    found: list[Verdict] = []
    with timed() as judging:
        for source in names():
            found += judge.fn(source, window)
        found += judge_marts.fn(window)
    with timed() as documenting:
        document.fn(window)
    spent.checks = len(found)
    spent.add("judge", judging)
    spent.add("document", documenting)


def _steps(spent: Spent) -> Table:
    table = Table(title=f"One window, {spent.rows:,} rows, {spent.checks} verdicts: seconds")
    for heading in ("step", "wall", "processor"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    for step, seconds in spent.steps.items():
        table.add_row(step, f"{seconds.wall:.1f}", f"{seconds.cpu:.1f}")
    return table


def _said(spent: Spent, table: Compared) -> list[str]:
    return [
        f"measuring, judging and Data Docs cost {spent.share:.1%} of the processor seconds of seal, load, type and "
        f"build (at most {MOST_SHARE:.0%}), {spent.wall_share:.1%} on the clock; loading Great Expectations, once in "
        f"a process: {spent.steps['import'].cpu:.1f} s",
        f"fifteen checks of {table.rows:,} typed events: one aggregate {table.aggregate.wall:.2f} s "
        f"({table.aggregate.cpu:.2f} of the processor), stock expectations {table.stock.wall:.2f} s "
        f"({table.stock.cpu:.2f}): {table.times:.1f} times (at least {LEAST_TIMES:.0f}), on the clock "
        f"{table.stock.wall / table.aggregate.wall:.1f} times; both say the same",
    ]


def _result(spent: Spent, table: Compared) -> dict[str, Any]:
    return {
        "rows": spent.rows,
        "verdicts": spent.checks,
        "share": round(spent.share, 4),
        "share_wall": round(spent.wall_share, 4),
        "seconds": {step: round(seconds.wall, 2) for step, seconds in spent.steps.items()},
        "events": table.rows,
        "stock_seconds": round(table.stock.wall, 2),
        "aggregate_seconds": round(table.aggregate.wall, 2),
        "times_faster": round(table.times, 2),
        "times_faster_wall": round(table.stock.wall / table.aggregate.wall, 2),
    }
