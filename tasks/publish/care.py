"""What people and time do to an incident: acknowledge it, snooze it, wake it, and call a second owner for it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from expectations.declare.errors import Misconfigured
from expectations.declare.personal import redacted
from tasks import doors
from tasks.adapters.ops_store import Incident, OpsStore, now
from tasks.publish.replies import Change
from tasks.publish.threads import keep
from tasks.settings import settings

LONGEST_SNOOZE = timedelta(days=30)
_SPAN = re.compile(r"^(\d{1,4})(min|h|d)$")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def acknowledge(name: str, *, by: str, note: str) -> Incident:
    """Somebody has it: the second owner is not called. The same word twice is said once."""
    _refuse_unsigned(by, note, "note")
    ops, at = doors.ops_store(), now()
    incident = _open_incident(ops, name)
    note = redacted(note)
    if (incident.acknowledged_by, incident.acknowledged_note) == (by, note):
        return incident
    known = replace(incident, acknowledged_at=at, acknowledged_by=by, acknowledged_note=note)
    keep(ops, [Change(known, "acknowledged", at, by, note)], at)
    return known


def snooze(name: str, span: timedelta, *, by: str, reason: str) -> Incident:
    """Count it, and tell nobody, for a while; worse than it was, or over, is told all the same."""
    _refuse_unsigned(by, reason, "reason")
    if span > LONGEST_SNOOZE:
        raise Misconfigured(
            f"{span.days} days are longer than anybody remembers a snooze",
            do=f"Snooze it for at most {LONGEST_SNOOZE.days} days, or change the declaration of its check",
        )
    ops, at = doors.ops_store(), now()
    until, reason = at + span, redacted(reason)
    slept = replace(_open_incident(ops, name), snoozed_until=until, snoozed_by=by, snoozed_because=reason)
    keep(ops, [Change(slept, "snoozed", at, by, reason)], at)
    return slept


def find(ops: OpsStore, name: str) -> Incident:
    """The incident with this id, or the only one whose id begins like this; `Misconfigured` where there is none."""
    found = [incident for incident in ops.incidents() if name and incident.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    fault = f"no incident has the id {name!r}" if not found else f"{len(found)} incidents have ids like {name!r}"
    raise Misconfigured(fault, do="List them with their ids: plumbline incidents --all")


def span_of(text: str) -> timedelta:
    """`30min`, `4h` or `2d`."""
    found = _SPAN.match(text)
    if not found or not int(found[1]):
        raise Misconfigured(f"{text!r} is no time span", do="Write 30min, 4h or 2d")
    return int(found[1]) * _UNITS[found[2]]


def remind(ops: OpsStore, at: datetime) -> None:
    """Wake what was snoozed until now, and call the second owner for what nobody took, once."""
    standing = ops.open_incidents()
    woken = [i for i in standing if i.snoozed_until is not None and not i.asleep(at)]
    if woken:
        keep(ops, [Change(replace(i, snoozed_until=None), "woken", at) for i in woken], at)
    alert = settings().alert
    before = at - timedelta(hours=alert.escalate_after_hours)
    due = [i for i in ops.open_incidents() if alert.escalate_to and _untaken(i, before, at)]
    if due:
        keep(ops, [Change(replace(i, escalated_at=at), "escalated", at) for i in due], at)


def _untaken(incident: Incident, before: datetime, at: datetime) -> bool:
    told = bool(incident.thread) and not incident.asleep(at)
    alone = incident.acknowledged_at is None and incident.escalated_at is None
    return incident.severity == "critical" and told and alone and incident.opened_at <= before


def _open_incident(ops: OpsStore, name: str) -> Incident:
    incident = find(ops, name)
    if incident.state != "open":
        raise Misconfigured(f"the incident {incident.id} has recovered", do="There is nothing to do about it")
    return incident


def _refuse_unsigned(by: str, words: str, what: str) -> None:
    for name, value in (("name", by), (what, words)):
        if not value.strip():
            raise Misconfigured(f"the {name} is empty", do="Say who you are, and why: others read it later")
