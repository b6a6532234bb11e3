"""Runs the cases: one pipeline through a few days, a fault for each source and day, and then the same without any.

Everything that a case promises at once is noted as its `Reaction`; what it promises in the end are the marts.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from deployments.faults import dbt_apart
from deployments.faults.case import FIRST, HISTORY, LAST, Case, Recovery
from deployments.faults.ground import Ground, Patience
from deployments.local.saas.simulation import Fault
from expectations.declare.errors import PlumblineError
from expectations.declare.source import load_all
from expectations.judge.verdict import Verdict
from tasks.settings import settings
from tasks.window import Window

Say = Callable[[str], None]
Cell = tuple[date, str]
_WHOLE = Window.parse(f"{HISTORY[0]}..{LAST}")


@dataclass
class Reaction:
    """What was seen of one case."""

    tried: list[str] = field(default_factory=list)
    error: str = ""
    jobs: tuple[str, ...] = ()
    quarantined: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What was seen of every case, and the warehouse files with and without the faults."""

    reactions: dict[str, Reaction]
    verdicts: dict[Cell, tuple[Verdict, ...]]
    with_faults: Path
    without_faults: Path

    def told(self, case: Case) -> tuple[Verdict, ...]:
        """The findings of the refresh that has to tell a case."""
        return self.verdicts[case.told_on or case.day, case.source]


def run(ground: Ground, cases: Sequence[Case], say: Say = lambda _line: None) -> Outcome:
    """Live through the days of these cases, measure, judge, recover, build, and build the same world without faults."""
    gauntlet = _Gauntlet(ground, cases, say)
    gauntlet.history()
    for cell, here in sorted(_cells(cases).items(), key=lambda item: item[0]):
        gauntlet.meet(cell, here)
    gauntlet.judge()
    gauntlet.recover()
    with ground.beside() as kept:
        gauntlet.without_faults()
        return Outcome(gauntlet.reactions, gauntlet.verdicts, kept, settings().warehouse_file)


def _cells(cases: Iterable[Case]) -> dict[Cell, list[Case]]:
    """The refreshes of a run: one for each case, for the day that tells it, and for the day before it.

    Without the last, a case that is run alone would come after a gap of days, which has its own findings.
    """
    cells: dict[Cell, list[Case]] = defaultdict(list)
    for case in cases:
        cells[case.day, case.source].append(case)
        for day in (case.told_on or case.day, max(FIRST, case.day - timedelta(days=1))):
            cells[day, case.source] += ()
    return cells


class _Gauntlet:
    def __init__(self, ground: Ground, cases: Sequence[Case], say: Say) -> None:
        self.ground, self.cases, self.say = ground, cases, say
        self.reactions = {case.name: Reaction() for case in cases}
        self.verdicts: dict[Cell, tuple[Verdict, ...]] = {}
        self.staying: list[Fault] = []
        self.parsing = dbt_apart.begin_parse()

    def history(self) -> None:
        """Everything before the first fault."""
        self.ground.faults(())
        self.ground.after(HISTORY[1])
        for source in load_all():
            self.ground.refresh(source, Window.parse(f"{HISTORY[0]}..{HISTORY[1]}"))

    def meet(self, cell: Cell, cases: Sequence[Case]) -> None:
        """One source on one day with its faults, up to where somebody has to do something."""
        day, source = cell
        began, before = time.monotonic(), len(self.ground.jobs(source))
        self.ground.after(day)
        self.ground.faults([*self.staying, *(fault for case in cases for fault in case.faults)])
        seen = self._refreshed(cell, cases)
        self.staying += [fault for case in cases if case.stays for fault in case.faults]
        self.ground.faults(self.staying)
        self._act(source, Window.of_day(day), {case.recovery for case in cases})
        seen.jobs = tuple(str(job["status"]) for job in self.ground.jobs(source)[before:])
        seen.seconds = time.monotonic() - began
        self.say(f"  {day} {source:<11} {', '.join(case.name for case in cases)}: {seen.seconds:.1f} s")
        for case in cases:
            self.reactions[case.name] = seen

    def _act(self, source: str, window: Window, needed: set[Recovery]) -> None:
        """What a person does about the fault at once; the switches are off by now."""
        if Recovery.DISMISSED in needed:
            self.ground.dismiss(source)
        if needed & {Recovery.REPAIRED, Recovery.DISMISSED}:
            self.ground.refresh(source, window, again=True)

    def _refreshed(self, cell: Cell, cases: Sequence[Case]) -> Reaction:
        (day, source), usual = cell, Patience()
        patience = Patience(
            max((case.request_seconds for case in cases), default=0) or usual.request,
            max((case.extract_within for case in cases), default=0) or usual.job,
        )
        try:
            done = self.ground.refresh(source, Window.of_day(day), patience=patience)
        except PlumblineError as error:
            return Reaction(error=f"{type(error).__name__}: {error}")
        self.verdicts[cell] = done.verdicts
        return Reaction(done.tried, quarantined=done.quarantined)

    def judge(self) -> None:
        """Measure every source that met a fault, and note what the checks say about each of its days."""
        from tasks.ingest.held_rows import hold_back
        from tasks.judge.judge import judge

        sources = [load_all()[name] for name in sorted({case.source for case in self.cases})]
        self.parsing.wait()
        dbt_apart.measure(sources)
        for cell in _cells(self.cases):
            source, window = cell[1], Window.of_day(cell[0])
            found = (*hold_back.fn(source, window), *judge.fn(source, window))
            self.verdicts[cell] = (*self.verdicts.get(cell, ()), *found)

    def recover(self) -> None:
        """Repair the sources, refresh each of them once more, and build."""
        self.ground.faults(self._truth())
        self._finish(Window.of_day(LAST))

    def without_faults(self) -> None:
        """The same world read at once from cleared connections into an empty warehouse."""
        self.ground.clear()
        self._finish(_WHOLE)

    def _finish(self, window: Window) -> None:
        self.ground.after(LAST, at="07:00:00")
        for source in load_all():
            self.ground.refresh(source, window, again=True)
        dbt_apart.build()

    def _truth(self) -> list[Fault]:
        return [fault for case in self.cases if case.recovery is Recovery.TRUTH for fault in case.faults]
