"""`plumbline bench growth`: what a day costs when many days are there already, and what a long replay costs.

Days of the simulated BrightCart are landed one by one, each as a daily sync asks for it (reports bring their look-back
from the first day on). Every day is sealed and loaded; at a few points along the way three days in a row are also
typed and built, and timed. Between the points days are typed together, untimed. Processor seconds are compared,
because a machine that does other things makes wall seconds a lottery; both are printed.
"""

from __future__ import annotations

import json
import logging
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table

from deployments.bench.world import cpu_seconds, ground, land_window, read_at, sealed
from deployments.local.saas.blocks import Request
from deployments.local.saas.world import World
from expectations.declare.source import names
from tasks.backfill.plan import pieces_of
from tasks.backfill.replay import catch_up, follow_up, replay_days
from tasks.build.transform import build
from tasks.ingest.load import load
from tasks.settings import settings
from tasks.window import Window

FIRST = date(2026, 5, 1)
HISTORY = timedelta(days=40)  # before the first day, so that its look-back is as long as everybody's
IN_A_ROW = 3
STEPS = ("seal", "load", "type", "build")


@dataclass
class Day:
    """Seconds of one day by step, wall and processor, and its rows."""

    number: int
    rows: int = 0
    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Count a block to a step."""
        wall, cpu = time.perf_counter(), cpu_seconds()
        yield
        self.wall[step] = self.wall.get(step, 0.0) + time.perf_counter() - wall
        self.cpu[step] = self.cpu.get(step, 0.0) + cpu_seconds() - cpu

    def seconds(self, *steps: str) -> float:
        """Processor seconds of some steps."""
        return sum(self.cpu.get(step, 0.0) for step in steps)


def run(days: int, scale: float, *, as_json: bool = False) -> None:
    """Print the curve and the two ratios, and with `as_json` one JSON object as the last line."""
    logging.disable(logging.WARNING)
    console = Console(width=110, highlight=False)
    with ground():
        world = World(settings().core.seed, scale)
        measured = list(_days(world, days, console.print))
        replay = _replayed(days)
    result = _result(measured, replay, days)
    console.print(_table(measured))
    for line in _said(result, days):
        console.print(line)
    if as_json:
        print(json.dumps(result))


def _days(world: World, days: int, say: Callable[[str], None]) -> Iterator[Day]:
    points = _points(days)
    _one(world, 0, Day(0))
    _typed(Day(0))
    waiting = False
    for number in range(1, days + 1):
        day = Day(number)
        if number in points and waiting:
            _typed(Day(0))
            waiting = False
        _one(world, number, day)
        if number not in points:
            waiting = True
            continue
        _typed(day)
        say(f"  day {number}: {day.rows:,} rows, {day.seconds(*STEPS):.1f} processor seconds")
        yield day


def _points(days: int) -> set[int]:
    """The first and the last days, and some between, each with those that follow it."""
    starts = {1, days // 3, 2 * days // 3, days - IN_A_ROW + 1}
    return {n + k for n in starts for k in range(IN_A_ROW) if 1 <= n + k <= days}


def _one(world: World, number: int, day: Day) -> None:
    """Land, seal and load every source of a day."""
    on = FIRST + timedelta(days=number)
    since = read_at(on - timedelta(days=1)) if number else None
    request = Request(start=FIRST - HISTORY, since=since, until=read_at(on))
    for place, source in enumerate(names(), 100 * number + 1):
        landed = land_window(world, source, Window.of_day(on), number=place, request=request)
        day.rows += landed.rows
        with day.timed("seal"):
            batches = sealed(landed.run)
        with day.timed("load"):
            for batch in batches:
                load.fn(batch)


def _typed(day: Day) -> None:
    with day.timed("type"):
        catch_up(names())
    with day.timed("build"):
        build.fn(Window.of_day(FIRST))


def _replayed(days: int) -> Day:
    """All days typed again, in the chunks of the settings, then built."""
    window = Window(start=Window.of_day(FIRST).start, end=Window.of_day(FIRST + timedelta(days=days)).end)
    day, seen = Day(days), None
    with day.timed("type"):
        for piece in pieces_of(window):
            seen = replay_days.fn(names(), piece, seen).loaded_to
        follow_up.fn(names(), window)
    with day.timed("build"):
        build.fn(window)
    return day


def _result(measured: list[Day], replay: Day, days: int) -> dict[str, float]:
    first, last = measured[:IN_A_ROW], measured[-IN_A_ROW:]

    def ratio(*steps: str) -> float:
        return statistics.median(d.seconds(*steps) for d in last) / statistics.median(d.seconds(*steps) for d in first)

    single = statistics.median(day.seconds(*STEPS) for day in measured)
    return {
        "days": days,
        "last_to_first_load": round(ratio("seal", "load", "type"), 3),
        "last_to_first_with_build": round(ratio(*STEPS), 3),
        "replay_to_single_days": round(replay.seconds("type", "build") / (single * days), 3),
        "replay_seconds": round(replay.seconds("type", "build"), 1),
        "replay_wall_seconds": round(sum(replay.wall.values()), 1),
        "single_day_seconds": round(single, 2),
    }


def _said(result: dict[str, float], days: int) -> list[str]:
    return [
        f"day {days} costs {result['last_to_first_load']} x day 1 to seal, load and type (at most 1.3 promised), "
        f"{result['last_to_first_with_build']} x with the build",
        f"a replay of {days} days costs {result['replay_to_single_days']} x {days} single days (at most 1.5 promised): "
        f"{result['replay_seconds']} processor seconds, {result['replay_wall_seconds']} on the clock",
    ]


def _table(measured: list[Day]) -> Table:
    table = Table(title="One day of all sources, after so many others: wall / processor seconds")
    for heading in ("day", "rows", *STEPS, "together"):
        table.add_column(heading, justify="right")
    for day in measured:
        steps = [f"{day.wall[step]:.1f} / {day.cpu[step]:.1f}" for step in STEPS]
        both = f"{sum(day.wall.values()):.1f} / {day.seconds(*STEPS):.1f}"
        table.add_row(str(day.number), f"{day.rows:,}", *steps, both)
    return table
