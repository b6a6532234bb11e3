"""Killed at any moment, the pipeline continues and ends as if nothing had happened: shown point by point.

A run without a blow counts the boundaries of a day (refresh, close); then the same day is run again and again from
the same start, killed with SIGKILL at one of them, run once more, and what it left is compared with the first.
"""

from __future__ import annotations

import json
import math
import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from queue import Queue

from rich.console import Console
from rich.table import Table

from deployments.bench.crash_compare import consistent, differences, left_behind
from deployments.bench.crash_world import WORLD_SCALE, WORLD_SEED, Day, Slot, s3_server
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured, NotReconciled

DAY = date(2026, 11, 16)
KILLED = -9
LATE_SHARE = 0.3  # of the blows; these fall while the operation after the boundary is under way
LATEST = 0.08  # seconds
AT_LEAST = 4  # points of every kind of boundary
TELL_EVERY = 20
AGAIN_EVERY = 10  # after every tenth recovery the day is run once more, which must change nothing


@dataclass(frozen=True)
class Point:
    """One blow: at which boundary (counted from 1), of which kind, and how many seconds later."""

    number: int
    kind: str
    delay: float
    patient: bool  # whether the restart waits until Airbyte is done, or comes while its job still runs


@dataclass(frozen=True)
class Recovered:
    """What became of one point; `struck` is false where the run was over before the blow fell."""

    point: Point
    struck: bool
    seconds: float
    different: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be tried: how many points from which seed, or one point alone; the sources of the day."""

    points: int
    seed: int
    only: int = 0
    sources: tuple[str, ...] = ("hubspot",)
    at_once: int = 2
    port_base: int = 22_000
    minutes: float = 0.0  # after which no further point is begun; 0: all are tried


def run(console: Console, plan: Plan) -> None:
    """Try all points and print the table; `NotReconciled` where a recovery left anything different."""
    began = time.monotonic()
    found, boundaries = tried(plan, _teller(console, plan))
    console.print(_table(found))
    struck = sum(result.struck for result in found)
    console.print(
        f"{len(found)} points of {boundaries} boundaries, seed {plan.seed}, sources {', '.join(plan.sources)}: "
        f"{struck} killed in time, {sum(not r.different for r in found)} recovered equal, "
        f"{time.monotonic() - began:.0f} s; {_machine()}",
        soft_wrap=True,
    )
    wrong = [result for result in found if result.different]
    if wrong:
        raise NotReconciled(
            f"{len(wrong)} of {len(found)} recoveries left something different",
            where=f"seed {plan.seed}, points {', '.join(str(r.point.number) for r in wrong[:9])}",
            do=f"Repeat one with `plumbline bench crash --seed {plan.seed} --only {wrong[0].point.number}`",
        )


def _teller(console: Console, plan: Plan) -> Callable[[int, Recovered], None]:
    def tell(number: int, result: Recovered) -> None:
        if result.different:
            said = "; ".join(result.different[:4])
            console.print(f"point {result.point.number} ({result.point.kind}): {said}", markup=False, soft_wrap=True)
        if number % TELL_EVERY == 0:
            console.print(f"{number} of {plan.points} points tried")

    return tell


def tried(plan: Plan, tell: Callable[[int, Recovered], None]) -> tuple[list[Recovered], int]:
    """What became of every point, in their order, and the number of boundaries of a whole run."""
    with tempfile.TemporaryDirectory(prefix="plumbline-crash-") as folder, ExitStack() as stack:
        root, today = Path(folder), Day(DAY, plan.sources)
        endpoint = stack.enter_context(s3_server(root, plan.port_base))
        world = World(WORLD_SEED, WORLD_SCALE)
        slots = [Slot(root / f"slot-{n}", endpoint, f"slot-{n}", world) for n in range(plan.at_once)]
        for slot in slots:
            stack.callback(slot.close)
        with ThreadPoolExecutor(plan.at_once) as pool:
            references = list(pool.map(lambda slot: _reference(slot, today), slots))
            wanted, kinds = references[0]
            if any(unlike := [differences(wanted, other) for other, _ in references]):
                raise NotReconciled(
                    "two uninterrupted runs differ", where=str([line for u in unlike for line in u][:9])
                )
            free: Queue[Slot] = Queue()
            for slot in slots:
                free.put(slot)
            points = chosen(plan, kinds)
            until = time.monotonic() + 60 * plan.minutes if plan.minutes else math.inf
            found: list[Recovered] = []
            for result in pool.map(lambda point: _one(free, today, point, wanted, until), points):
                if result:
                    found.append(result)
                    tell(len(found), result)
            return found, len(kinds)


def chosen(plan: Plan, kinds: Sequence[str]) -> list[Point]:
    """The same points for the same seed and boundaries: some of every kind, the others anywhere."""
    if plan.only:
        if not 1 <= plan.only <= len(kinds):
            raise Misconfigured(f"there is no boundary {plan.only}", do=f"Choose one from 1 to {len(kinds)}")
        return [_point(plan.seed, plan.only, kinds)]
    dice = random.Random(plan.seed)
    everywhere = range(1, len(kinds) + 1)
    by_kind: dict[str, list[int]] = defaultdict(list)
    for number in everywhere:
        by_kind[kinds[number - 1]].append(number)
    wanted = min(plan.points, len(kinds))
    share = min(AT_LEAST, max(1, wanted // (2 * len(by_kind))))
    some = {n for numbers in by_kind.values() for n in dice.sample(numbers, min(share, len(numbers)))}
    rest = [number for number in everywhere if number not in some]
    numbers = [*sorted(some), *dice.sample(rest, max(0, wanted - len(some)))][:wanted]
    dice.shuffle(numbers)  # whatever was tried when somebody ends the bench is a fair sample
    return [_point(plan.seed, number, kinds) for number in numbers]


def _point(seed: int, number: int, kinds: Sequence[str]) -> Point:
    dice = random.Random(seed * 1_000_003 + number)
    delay = dice.uniform(0.001, LATEST) if dice.random() < LATE_SHARE else 0.0
    return Point(number, kinds[number - 1], delay, patient=dice.random() < 0.5)


def _reference(slot: Slot, today: Day) -> tuple[dict[str, str], list[str]]:
    """The day before, kept as the start of every run, and what an uninterrupted run of the day leaves."""
    slot.start()
    before = Day(today.day - timedelta(days=1), today.sources)
    slot.open_airbyte(before)
    _succeeds(slot, before)
    slot.keep()
    slot.put_back(today)
    counted = slot.folder / "kinds.json"
    _succeeds(slot, today, counted=str(counted))
    return left_behind(slot.home, slot.store, slot.scratch), json.loads(counted.read_text())


def _succeeds(slot: Slot, day: Day, *, counted: str = "") -> None:
    if slot.run(day, counted=counted) != 0:
        raise NotReconciled("a run without a blow failed", where=str(slot.folder), do=slot.last_words())


def _one(free: Queue[Slot], today: Day, point: Point, wanted: dict[str, str], until: float) -> Recovered | None:
    slot = free.get()
    try:
        if time.monotonic() > until:
            return None
        return _killed(slot, today, point, wanted)
    finally:
        free.put(slot)


def _killed(slot: Slot, today: Day, point: Point, wanted: dict[str, str]) -> Recovered:
    slot.put_back(today)
    struck = slot.run(today, strike_at=point.number, delay=point.delay) == KILLED
    if point.patient:
        slot.wait_for_jobs()
    began = time.monotonic()
    status = slot.run(today)
    seconds = time.monotonic() - began
    if status != 0:
        return Recovered(point, struck, seconds, (f"the restart failed: {slot.last_words()[-600:]}",))
    different = _different(slot, wanted)
    if not different and point.number % AGAIN_EVERY == 0:
        status = slot.run(today)
        different = _different(slot, wanted) if status == 0 else (f"the run after it failed: {slot.last_words()}",)
    return Recovered(point, struck, seconds, different)


def _different(slot: Slot, wanted: dict[str, str]) -> tuple[str, ...]:
    found = left_behind(slot.home, slot.store, slot.scratch)
    return (*differences(wanted, found), *consistent(slot.home, slot.store))


def _table(found: Sequence[Recovered]) -> Table:
    table = Table(title="Killed with SIGKILL and run again")
    for heading in ("boundary", "points", "in the middle", "recovered equal", "slowest recovery, s"):
        table.add_column(heading, justify="left" if heading == "boundary" else "right")
    by_kind: dict[str, list[Recovered]] = defaultdict(list)
    for result in found:
        by_kind[result.point.kind].append(result)
    for kind, results in sorted(by_kind.items()):
        late = sum(result.point.delay > 0 for result in results)
        equal = sum(not result.different for result in results)
        table.add_row(kind, str(len(results)), str(late), str(equal), f"{max(r.seconds for r in results):.1f}")
    return table


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, load {os.getloadavg()[0]:.1f}"
