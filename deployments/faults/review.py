"""Compares what a case promises at once with what was seen; nothing to say means that the promise was kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from deployments.faults.case import Case
from deployments.faults.gauntlet import Outcome, Reaction
from deployments.faults.matrix import is_guess, told_together
from expectations.judge.verdict import Verdict


def complaints(case: Case, outcome: Outcome, cases: Sequence[Case]) -> list[str]:
    """Every broken promise of one of these cases in words."""
    beside = told_together(case, cases)
    return [*_refreshed(case, outcome.reactions[case.name]), *_judged(case, outcome.told(case), beside)]


def _refreshed(case: Case, seen: Reaction) -> Iterator[str]:
    expected = case.expected
    if not _said(expected.error, seen.error):
        yield f"the refresh ended with {seen.error or 'no error'!r}, not with {expected.error or 'no error'!r}"
    if expected.tried and not any(re.search(expected.tried, error) for error in seen.tried):
        yield f"no try failed with {expected.tried!r}, but with {seen.tried}"
    if seen.jobs != expected.jobs:
        yield f"the jobs at the server ended as {seen.jobs}, not as {expected.jobs}"
    if seen.quarantined < expected.quarantined:
        yield f"{seen.quarantined} lines were quarantined, not {expected.quarantined} or more"


def _said(wanted: str, error: str) -> bool:
    return bool(re.match(wanted, error)) if wanted else not error


def _judged(case: Case, verdicts: Sequence[Verdict], beside: Sequence[Case]) -> Iterator[str]:
    alarms, told = [verdict for verdict in verdicts if verdict.alarming], case.told
    if told and not any(_is(told.check, told.severity, told.says, one) for one in alarms):
        yield f"no {told.severity} {told.check} says {told.says!r}; there are: {_listed(alarms)}"
    known = {(one.told.check, one.told.severity) for one in beside if one.told}
    strange = [one for one in alarms if (one.check, one.severity) not in known and not is_guess(one)]
    if strange:
        yield f"another check told somebody: {_listed(strange)}"


def _is(check: str, severity: str, says: str, verdict: Verdict) -> bool:
    return (verdict.check, verdict.severity) == (check, severity) and says in verdict.sentence


def _listed(verdicts: list[Verdict]) -> str:
    return "; ".join(f"{one.severity} {one.check}: {one.sentence}" for one in verdicts) or "no alarm"
