"""What a Slack message about an incident says: what, where, seen, expected, whose it is, where to read on.

Pure functions. Text that sources sent is escaped the way Slack asks, so a name can neither mention nor format.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from expectations.judge.verdict import CHECKS
from tasks.adapters.ops_store import Incident

_MARKS = {"critical": ":red_circle:", "warning": ":large_orange_circle:", "info": ":large_blue_circle:"}
_WEIGHT = {
    "critical": "critical, holds the publication",
    "warning": "warning, figures are published and marked",
    "info": "information",
}
_LONGEST = 2900  # Slack refuses more than 3000 characters in a section


def escaped(text: str) -> str:
    """Slack's three control characters as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def open_message(incident: Incident, *, page: str, runbook: str) -> dict[str, Any]:
    """The body while the incident is open; `page` and `runbook` are addresses."""
    title = CHECKS.get(incident.check, incident.check)
    mark, weight = _MARKS[incident.severity], _WEIGHT[incident.severity]
    head = f"{mark} *{escaped(title)}* · {escaped(incident.source)} · {weight}"
    seen = "" if incident.occurrences == 1 else f" · seen {incident.occurrences} times"
    blocks = [
        _section(head + seen),
        _plain(incident.sentence),
        _fields(incident),
        _context(f"<{page}|What the checks saw> · <{runbook}|Runbook: {escaped(incident.runbook)}>"),
    ]
    told = f"{title}: {incident.sentence} Owner: {incident.owner}"  # what a notification shows
    return {"text": escaped(told)[:_LONGEST], "blocks": blocks}


def recovered_message(incident: Incident, *, page: str, runbook: str) -> dict[str, Any]:
    """The body after recovery: the same facts, and how long it lasted."""
    title = CHECKS.get(incident.check, incident.check)
    assert incident.recovered_at is not None
    lasted = duration(incident.recovered_at - incident.opened_at)
    head = f":large_green_circle: *Recovered after {lasted}* · {escaped(title)} · {escaped(incident.source)}"
    blocks = [
        _section(head),
        _plain(f"Was: {incident.sentence}"),
        _fields(incident),
        _context(f"<{page}|What the checks see now> · <{runbook}|Runbook: {escaped(incident.runbook)}>"),
    ]
    return {"text": escaped(f"Recovered after {lasted}: {title}: {incident.sentence}")[:_LONGEST], "blocks": blocks}


def duration(span: timedelta) -> str:
    """`3 min`, `2 h 5 min` or `1 d 4 h`."""
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{max(minutes, 1)} min"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_LONGEST]}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text[:_LONGEST], "emoji": False}}


def _fields(incident: Incident) -> dict[str, Any]:
    facts = {
        "Seen": incident.observed,
        "Expected": incident.expected,
        "Owner": incident.owner,
        "Window": incident.window_label,
        "Where": incident.scope,
    }
    fields = [
        {"type": "mrkdwn", "text": f"*{name}*\n{escaped(value)[:1900]}"} for name, value in facts.items() if value
    ]
    return {"type": "section", "fields": fields}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}
