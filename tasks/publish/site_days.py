"""Days as people look at them: each source's newest word on a day, what changed since the day before, months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tasks.publish.site_states import WORST_FIRST, Open, SuiteState, WindowState, last_day

CHANGES_SHOWN = 12


@dataclass(frozen=True)
class Cell:
    """One source on one day: its gravest state, how many checks are in it, and where to read on."""

    source: str
    state: str
    number: int
    counts: list[tuple[str, int]]
    address: str

    @property
    def words(self) -> str:
        """`2 failed, 1 warned, 12 passed`."""
        return ", ".join(f"{count} {state}" for state, count in self.counts)


@dataclass(frozen=True)
class Day:
    """A row of the overview: what was judged last about each suite of a day."""

    label: str
    suites: list[SuiteState]
    others: list[dict[str, str]]
    page: str

    def cell(self, source: str) -> Cell | None:
        """What the checks said about a source; None where it was not judged."""
        mine = [suite for suite in self.suites if suite.source == source]
        counts: dict[str, int] = defaultdict(int)
        for suite in mine:
            for state, count in suite.counts:
                counts[state] += count
        for other in self.others:
            if other["source"] == source:
                counts[other["state"]] += 1
        if not counts:
            return None
        ordered = [(state, counts[state]) for state in WORST_FIRST if counts[state]]
        newest = max(mine, key=lambda suite: suite.judged_at).label if mine else self.label
        return Cell(source, *ordered[0], ordered, f"{newest}/index.html#{source}")


@dataclass(frozen=True)
class Change:
    """A finding on one of two days, with the suite that has it."""

    suite: SuiteState
    finding: Open


@dataclass(frozen=True)
class Changes:
    """What the newest day has that the day before had not, and the other way round."""

    newer: Day
    older: Day
    appeared: list[Change]
    gone: list[Change]
    remaining: list[Change]
    suites_new: list[SuiteState]
    suites_gone: list[SuiteState]

    @property
    def calm(self) -> bool:
        """Whether nothing changed at all."""
        return not (self.appeared or self.gone or self.suites_new or self.suites_gone)


def days(windows: Iterable[WindowState]) -> list[Day]:
    """Rows newest first; of each suite the result that was judged last."""
    ordered = sorted(windows, key=lambda w: (last_day(w.label), w.day), reverse=True)
    return [_day(label, list(found)) for label, found in groupby(ordered, key=lambda w: w.day)]


def _day(label: str, windows: Sequence[WindowState]) -> Day:
    newest: dict[str, SuiteState] = {}
    for suite in sorted((s for w in windows for s in w.suites), key=lambda s: s.judged_at):
        newest[suite.name] = suite
    whole = next((w for w in windows if w.label == label), None)
    page = label if whole else max(windows, key=lambda w: w.label).label
    suites = [newest[name] for name in sorted(newest)]
    return Day(label, suites, whole.others if whole else [], f"{page}/index.html")


def changes(rows: Sequence[Day]) -> Changes | None:
    """Between the two newest single days; None where there are no two."""
    single = [row for row in rows if ".." not in row.label][:2]
    if len(single) < 2:
        return None
    newer, older = single
    now, then = _open(newer), _open(older)
    judged_now, judged_then = {s.name for s in newer.suites}, {s.name for s in older.suites}
    return Changes(
        newer=newer,
        older=older,
        appeared=[now[key] for key in now if key not in then],
        gone=[then[key] for key in then if key not in now and key[0] in judged_now],
        remaining=[now[key] for key in now if key in then],
        suites_new=[s for s in newer.suites if s.name not in judged_then],
        suites_gone=[s for s in older.suites if s.name not in judged_now],
    )


def _open(day: Day) -> dict[tuple[str, str, str], Change]:
    found = {(s.name, *finding.key): Change(s, finding) for s in day.suites for finding in s.open}
    return dict(sorted(found.items(), key=lambda item: WORST_FIRST.index(item[1].finding.state)))


def sources_of(rows: Iterable[Day]) -> list[str]:
    """Every source that a row speaks about, in order; the marts and the operations last."""
    found = {suite.source for row in rows for suite in row.suites} | {o["source"] for row in rows for o in row.others}
    return sorted(found, key=lambda name: (name in ("marts", "operations"), name))
