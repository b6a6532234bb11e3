"""Verdicts become incidents that open, go on and recover.

Announcing only writes (incidents, their history and the messages about them, in one transaction), delivering only
sends: an alert neither waits for Slack nor gets lost with it, and announcing the same verdicts again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from prefect import task

from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.ops_records import incident_id
from tasks.adapters.ops_store import Incident, now
from tasks.outcomes import recorded
from tasks.publish.replies import Change
from tasks.publish.threads import keep
from tasks.window import Window

_A_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Announced:
    """What one set of verdicts changed."""

    opened: tuple[str, ...]
    updated: tuple[str, ...]
    recovered: tuple[str, ...]


@task(task_run_name="announce {window.label}")
@recorded
def announce(verdicts: Sequence[Verdict], window: Window, *, recover: bool = True) -> Announced:
    """Open, update and recover incidents, and put their messages into the outbox.

    Without `recover` nothing is called over: these verdicts are not all that there is to say.
    """
    ops, at = doors.ops_store(), now()
    sources = {v.source for v in verdicts}
    past = [incident for incident in ops.incidents() if incident.source in sources]
    alarming = {incident_key(v): v for v in verdicts if v.alarming}
    known = {i.key: i for i in past if i.state == "open"}
    new = [v for key, v in alarming.items() if key not in known]
    opened = [Change(_opened(v, window, at, past), "opened", at) for v in new]
    again = [(known[key], v) for key, v in alarming.items() if key in known and _differs(known[key], v, window)]
    seen = [Change(_seen(incident, v, window, at), "seen", at) for incident, v in again]
    over = [i for key, i in known.items() if recover and key not in alarming and _is_over(i, verdicts, window)]
    recovered = [Change(replace(i, state="recovered", recovered_at=at), "recovered", at) for i in over]
    if opened or seen or recovered:
        keep(ops, [*opened, *seen, *recovered], at)
    return Announced(_keys(opened), _keys(seen), _keys(recovered))


def incident_key(verdict: Verdict) -> str:
    """What makes two failures the same incident: check, source and scope."""
    return f"{verdict.check}|{verdict.source}|{verdict.scope}"


def _keys(changes: Sequence[Change]) -> tuple[str, ...]:
    return tuple(change.incident.key for change in changes)


def _opened(verdict: Verdict, window: Window, at: datetime, past: Sequence[Incident]) -> Incident:
    key = incident_key(verdict)
    earlier = [incident for incident in past if incident.key == key]
    incident = Incident(
        key=key,
        id=incident_id(key, str(len(earlier))),
        check=verdict.check,
        source=verdict.source,
        model=verdict.model,
        scope=verdict.scope,
        severity=verdict.severity,
        owner=verdict.owner,
        sentence=verdict.sentence,
        observed=verdict.observed,
        expected=verdict.expected,
        runbook=verdict.runbook,
        window_label=window.label,
        opened_at=at,
        last_seen_at=at,
        occurrences=1,
        state="open",
    )
    return _as_snoozed(incident, earlier[-1], at) if earlier else incident


def _as_snoozed(incident: Incident, last: Incident, at: datetime) -> Incident:
    """What comes back while it is snoozed stays snoozed: it is the same thing that a person did not want to hear of."""
    if not last.asleep(at) or _worse(incident.severity, last.severity):
        return incident
    return replace(
        incident,
        snoozed_until=last.snoozed_until,
        snoozed_by=last.snoozed_by,
        snoozed_because=last.snoozed_because,
    )


def _differs(incident: Incident, verdict: Verdict, window: Window) -> bool:
    told = (incident.window_label, incident.sentence, incident.observed, incident.severity, incident.runbook)
    return told != (window.label, verdict.sentence, verdict.observed, verdict.severity, verdict.runbook)


def _seen(known: Incident, verdict: Verdict, window: Window, at: datetime) -> Incident:
    worse = _worse(verdict.severity, known.severity)  # which nobody snoozed
    return replace(
        known,
        model=verdict.model,
        severity=verdict.severity,
        sentence=verdict.sentence,
        observed=verdict.observed,
        expected=verdict.expected,
        runbook=verdict.runbook,
        window_label=window.label,
        last_seen_at=at,
        occurrences=known.occurrences + 1,
        snoozed_until=None if worse else known.snoozed_until,
    )


def _worse(severity: str, than: str) -> bool:
    return severity == "critical" and than != "critical"


def _is_over(incident: Incident, verdicts: Sequence[Verdict], window: Window) -> bool:
    """Whether the check looked again, could be evaluated, and found the same scope in order."""
    same = [v for v in verdicts if v.source == incident.source and v.check == incident.check]
    if not same or any(v.state == "errored" for v in same):
        return False
    missing = any(v.source == incident.source and v.check == "completeness" and v.alarming for v in verdicts)
    if missing and incident.check != "completeness":
        return False  # nothing arrived, so nothing was looked at
    since = Window.parse(incident.window_label.partition("T")[0]).start
    if _A_DAY.search(incident.scope):
        return window.start <= since < window.end  # a fault of one day is over when that day is judged again
    return since <= window.start  # a state of the source is over when a later window is fine, too
