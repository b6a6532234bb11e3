"""The history of a suite: each check as a strip of days and as a curve of its number, drawn without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from expectations.judge.drawing import drawn
from expectations.judge.pictures import Picture, Point
from tasks.publish.site_days import Day
from tasks.publish.site_states import CheckState, SuiteState

DAYS_SHOWN = 60
BAD = ("failed", "errored", "warned")
_STEPS_SHOWN = 2  # a curve of one day says nothing


@dataclass(frozen=True)
class Step:
    """One check on one day."""

    day: str
    state: str
    address: str


@dataclass(frozen=True)
class CheckHistory:
    """One check of a suite over the days, oldest first; `drawings` are finished markup."""

    check: str
    newest: CheckState
    steps: list[Step]
    drawings: list[Markup]

    @property
    def about(self) -> str:
        """What a stock expectation counts; empty where the name of the check says enough."""
        return self.newest.name if self.check in ("completeness", "freshness") else ""

    @property
    def bad_days(self) -> int:
        """On how many of the days somebody had to look."""
        return sum(step.state in BAD for step in self.steps)


@dataclass(frozen=True)
class History:
    """One suite over the days."""

    suite: SuiteState
    days: int
    checks: list[CheckHistory]


def histories(rows: Sequence[Day], results: Mapping[str, Mapping[str, Any]]) -> list[History]:
    """Of every suite of the rows (newest first); `results` holds its newest stored result, for the pictures."""
    singles = [row for row in rows if ".." not in row.label][:DAYS_SHOWN] or list(rows[:1])
    found: dict[str, list[tuple[str, SuiteState]]] = {}
    for row in reversed(singles):
        for suite in row.suites:
            found.setdefault(suite.name, []).append((row.label, suite))
    return [_history(past, results.get(name)) for name, past in sorted(found.items())]


def _history(past: Sequence[tuple[str, SuiteState]], result: Mapping[str, Any] | None) -> History:
    newest, stored = past[-1][1], pictures(result)
    checks = [_check(place, past, stored) for place in range(len(newest.checks))]
    return History(newest, len(past), checks)


def _check(place: int, past: Sequence[tuple[str, SuiteState]], stored: Mapping[str, Iterable[Picture]]) -> CheckHistory:
    newest = past[-1][1].checks[place]
    nth = sum(check.check == newest.check for check in past[-1][1].checks[:place])
    seen = [(day, suite, found) for day, suite in past if (found := _nth(suite, newest.check, nth))]
    steps = [Step(day, check.state, suite.address) for day, suite, check in seen]
    curve = _curve(newest, [(day, check) for day, _, check in seen])
    drawings = [Markup(drawn(p).html) for p in (*curve, *stored.get(newest.check, ()))]
    return CheckHistory(newest.check, newest, steps, drawings)


def _nth(suite: SuiteState, check: str, nth: int) -> CheckState | None:
    found = [one for one in suite.checks if one.check == check]
    return found[nth] if nth < len(found) else None


def _curve(newest: CheckState, seen: Sequence[tuple[str, CheckState]]) -> list[Picture]:
    known = [(day, check) for day, check in seen if check.value is not None]
    if len(known) < _STEPS_SHOWN or newest.check == "spend_anomaly":
        return []  # the amounts of the accounts are drawn from the result itself
    last = known[-1][0]
    points = [
        Point(day, check.value, check.low, check.high, judged=day == last, bad=check.state in BAD)
        for day, check in known
    ]
    value = known[-1][1].value or 0.0
    name = newest.name[:1].upper() + newest.name[1:]
    return [Picture(f"{name}, day by day", f"{len(points)} days up to {last}; on the last {value:,.6g}.", points)]


def pictures(result: Mapping[str, Any] | None) -> dict[str, list[Picture]]:
    """What the checks of a stored result saw, by check."""
    found: dict[str, list[Picture]] = {}
    for outcome in (result or {"result": {"results": []}})["result"]["results"]:
        stored = (outcome.get("result") or {}).get("details", {}).get("pictures", [])
        found.setdefault(outcome["expectation_config"]["meta"]["check"], []).extend(Picture.of(p) for p in stored)
    return found
