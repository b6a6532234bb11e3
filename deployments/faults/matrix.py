"""Which check catches which fault: the promise of the cases, and what was seen of them, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from deployments.faults.case import Case
from expectations.judge.verdict import CHECKS, Severity, Verdict

if TYPE_CHECKING:
    from deployments.faults.gauntlet import Outcome

# By fault and check: how grave it is told. A fault that nobody is told of has an empty row.
Matrix = Mapping[str, Mapping[str, Severity]]
_MARKS: Mapping[str, str] = {"critical": "**critical**", "warning": "warning"}


def is_guess(verdict: Verdict) -> bool:
    """Whether a band was left; in a world of a few hundred rows a day is often unusual."""
    return verdict.severity == "warning" and verdict.check in ("null_spike", "spend_anomaly")


def told_together(case: Case, cases: Iterable[Case]) -> list[Case]:
    """The cases that show in the refresh which tells this one, itself among them."""
    day = case.told_on or case.day
    return [one for one in cases if one.source == case.source and day in (one.day, one.told_on)]


def promised(cases: Iterable[Case]) -> Matrix:
    """What the cases say."""
    return {case.name: {case.told.check: case.told.severity} if case.told else {} for case in cases}


def seen(cases: Sequence[Case], outcome: Outcome) -> Matrix:
    """What alarmed in the refresh that has to tell each case; what a case beside it promises is that one's."""
    return {case.name: _alarms(case, cases, outcome) for case in cases}


def _alarms(case: Case, cases: Sequence[Case], outcome: Outcome) -> dict[str, Severity]:
    cell = (case.told_on or case.day, case.source)
    beside = {one.told.check for one in told_together(case, cases) if one.told and one.name != case.name}
    mine = case.told.check if case.told else ""
    found: dict[str, Severity] = {}
    for verdict in outcome.told(case) if cell in outcome.verdicts else ():
        is_ours = verdict.check == mine or (verdict.check not in beside and not is_guess(verdict))
        if verdict.alarming and is_ours and found.get(verdict.check) != "critical":
            found[verdict.check] = verdict.severity
    return found


def guesses(outcome: Outcome, cases: Iterable[Case]) -> int:
    """How many refreshes have a statistical warning that no case promises."""
    expected = {(case.told_on or case.day, case.source, case.told.check) for case in cases if case.told}
    return sum(
        any(v.alarming and is_guess(v) and (*cell, v.check) not in expected for v in verdicts)
        for cell, verdicts in outcome.verdicts.items()
    )


def table(matrix: Matrix) -> str:
    """Faults down, checks across; faults without an alarm are left out."""
    told = {name: row for name, row in matrix.items() if row}
    checks = [check for check in CHECKS if any(check in row for row in told.values())]
    head = ["| fault | " + " | ".join(f"`{check}`" for check in checks) + " |", "|" + " --- |" * (len(checks) + 1)]
    rows = [
        f"| `{name}` | " + " | ".join(_MARKS.get(row.get(check, ""), "") for check in checks) + " |"
        for name, row in told.items()
    ]
    return "\n".join([*head, *rows])
