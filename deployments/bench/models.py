"""`plumbline bench models`: what building one more day costs beside half a year of history, and beside a week of it.

A real week of the simulated BrightCart is sealed, loaded and typed. One warehouse keeps just that; another gets the
weeks before it as typed rows. Both are built, untimed. Then the next day is sealed, loaded, typed and built on each,
timed: only this day travels the whole way. Raw tables are not grown: what typing reads of them is the new load.
"""

from __future__ import annotations

import json
import logging
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deployments.bench.growth import Day
from deployments.bench.history import WEEK, copy_week
from deployments.bench.world import DbtApart, ground, land_window, read_at, sealed
from deployments.local.saas.blocks import Request
from deployments.local.saas.world import World
from expectations.declare.source import load_all, names
from tasks import doors
from tasks.adapters.warehouse.base import Warehouse
from tasks.backfill.replay import catch_up
from tasks.build.transform import build, test
from tasks.ingest.load import load
from tasks.ingest.sync import SyncRun
from tasks.other_settings import other_settings
from tasks.settings import settings
from tasks.window import Window

FIRST = date(2026, 9, 7)  # a Monday, so that the day after the week is one too
LOOK_BACK = timedelta(days=40)
STEPS = ("seal", "load", "type", "build", "test")
GREW_MOST = 8
MEMORY = "3000MB"  # of the engine; with dbt around it the whole stays below what is promised
# Large and made from staging alone, row by row: copied with it instead of being built again from every event.
_MADE_OF_EVENTS = ("ga4_export__sessions", "ga4_export__purchases")


def run(days: int, scale: float, *, as_json: bool = False) -> None:
    """Print the table of both, and with `as_json` one JSON object as the last line."""
    logging.disable(logging.WARNING)
    console = Console(width=110, highlight=False)
    with ground() as home:
        world = World(settings().core.seed, scale)
        console.print("  a week of all sources, sealed, loaded and typed")
        _week(world)
        week, long = _two_warehouses(home, weeks=max(1, round(days / WEEK)) - 1, say=console)
        landed = _landed(world, WEEK)
        (short_day, in_week), (long_day, in_long) = _one_more(week, landed, WEEK), _one_more(long, landed, days)
    console.print(_table((short_day, long_day)))
    grown = sorted(in_long, key=lambda model: in_week.get(model, 0.0) - in_long[model])[:GREW_MOST]
    console.print("grew most: " + ", ".join(f"{m} {in_week.get(m, 0.0):.1f} to {in_long[m]:.1f} s" for m in grown))
    result = _result(short_day, long_day, scale)
    console.print(
        f"day {days} costs {result['last_to_first']} x day {WEEK} to type and build (at most 1.3 promised): "
        f"{result['wall_seconds']} s (at most 60), peak memory {result['peak_mb']} MB (at most 4096)"
    )
    if as_json:
        print(json.dumps(result))


def _landed(world: World, number: int) -> list[SyncRun]:
    on = FIRST + timedelta(days=number)
    request = Request(start=FIRST - LOOK_BACK, since=read_at(on - timedelta(days=1)), until=read_at(on))
    # Above the numbers that copies of the week get.
    first = 100_000 + 10 * number
    return [
        land_window(world, source, Window.of_day(on), number=first + place, request=request).run
        for place, source in enumerate(names())
    ]


def _week(world: World) -> None:
    for number in range(WEEK):
        for run_ in _landed(world, number):
            for batch in sealed(run_):
                load.fn(batch)
    catch_up(names())


def _two_warehouses(home: Path, *, weeks: int, say: Console) -> tuple[Path, Path]:
    """The warehouse of the week and the one with the weeks before it, both built."""
    week, long = settings().warehouse_file, home / "long" / "warehouse.duckdb"
    say.print("  building the week")
    with _working_in(week):
        build.fn(Window.of_day(FIRST))
    long.parent.mkdir()
    shutil.copyfile(week, long)
    say.print(f"  {weeks} weeks more, and building them")
    with _working_in(long):
        with doors.warehouse() as warehouse:
            staged = [s.typed_model for source in load_all().values() for s in source.streams.values()]
            copy_week(warehouse, "staging", staged, weeks)
            copy_week(warehouse, "intermediate", _MADE_OF_EVENTS, weeks)
            _forget_the_rest(warehouse, "intermediate")
            _forget_the_rest(warehouse, "marts")
        build.fn(Window.of_day(FIRST))
        catch_up(names())
    return week, long


def _forget_the_rest(warehouse: Warehouse, schema: str) -> None:
    """Drop what the next build makes anew."""
    kinds = "select table_name, table_type from information_schema.tables where table_schema = ?"
    for name, kind in warehouse.query(kinds, [schema]):
        if name not in _MADE_OF_EVENTS:
            warehouse.execute(f"drop {'view' if kind == 'VIEW' else 'table'} if exists {schema}.{name}")


@contextmanager
def _working_in(file: Path) -> Iterator[None]:
    """The doors open this warehouse inside of the block; what it knows is not written into the home's memory."""
    own = {"PLUMBLINE_WAREHOUSE_FILE": str(file), "PLUMBLINE_WAREHOUSE_WORK": str(file.parent)}
    with other_settings(own | {"PLUMBLINE_WAREHOUSE_MEMORY_LIMIT": MEMORY}):
        yield


def _one_more(file: Path, landed: list[SyncRun], number: int) -> tuple[Day, dict[str, float]]:
    """The day after the week, on one of the warehouses; with the seconds of each model of its build."""
    day, window = Day(number), Window.of_day(FIRST + timedelta(days=WEEK))
    DbtApart.outcomes.clear()
    with _working_in(file):
        for run_ in landed:
            with day.timed("seal"):
                batches = sealed(run_)
            with day.timed("load"):
                for batch in batches:
                    day.rows += load.fn(batch).rows
        with day.timed("type"):
            catch_up(names())
        with day.timed("build"):
            built = build.fn(window)
        with day.timed("test"):
            test.fn(window)
    if built.failed:
        raise RuntimeError(f"models did not build: {', '.join(built.failed)}")
    seconds: dict[str, float] = {}
    for node in (node for outcome in DbtApart.outcomes for node in outcome.results):
        seconds[node.name] = seconds.get(node.name, 0.0) + node.seconds
    return day, seconds


def _result(short: Day, long: Day, scale: float) -> dict[str, float]:
    wall = sum(long.wall[step] for step in ("type", "build"))
    return {
        "days": long.number,
        "scale": scale,
        "rows": long.rows,
        "last_to_first": round(long.seconds("type", "build") / short.seconds("type", "build"), 3),
        "last_to_first_with_tests": round(
            long.seconds("type", "build", "test") / short.seconds("type", "build", "test"), 3
        ),
        "wall_seconds": round(wall, 1),
        "peak_mb": round(max(resource.getrusage(w).ru_maxrss for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
        // 1024,
    }


def _table(measured: tuple[Day, Day]) -> Table:
    table = Table(title="One more day after so many others: wall / processor seconds")
    for heading in ("days before", "rows", *STEPS):
        table.add_column(heading, justify="right")
    for day in measured:
        steps = [f"{day.wall[step]:.1f} / {day.cpu[step]:.1f}" for step in STEPS]
        table.add_row(str(day.number), f"{day.rows:,}", *steps)
    return table
