"""What is said under the first message of a thread when something happens to its incidents. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tasks.adapters.ops_store import Incident
from tasks.publish.message import LISTED_AGAIN, Said, duration, lasted, listed, title_of

Kind = Literal["opened", "seen", "recovered", "acknowledged", "snoozed", "woken", "escalated"]
_HEADS = {
    "opened": "Also here",
    "seen": "Seen again",
    "recovered": "Recovered",
    "acknowledged": "Acknowledged",
    "snoozed": "Snoozed",
    "woken": "The snooze is over, it is still open",
    "escalated": "Nobody acknowledged it",
}


@dataclass(frozen=True)
class Change:
    """What happened to an incident, which is given as it stands afterwards; `who` did it where a person did."""

    incident: Incident
    kind: Kind
    at: datetime
    who: str = ""
    note: str = ""


def reply(changes: Sequence[Change], *, escalate_to: str) -> Said:
    """What one kind of change says; all changes are of one thread."""
    first, incidents = changes[0], [change.incident for change in changes]
    one = len(changes) == 1
    head = _one(first) if one else f"{_HEADS[first.kind]}: {len(changes)} of them"
    sentences = (_sentence(first),) if one else listed(incidents, LISTED_AGAIN)
    return Said(
        tone="recovered" if first.kind == "recovered" else "",
        title=head,
        about=(f"by {first.who}",) if first.who and not one else (),
        sentences=tuple(filter(None, sentences)),
        notice=f"{head}: {_sentence(first)}",
        mention=escalate_to if first.kind == "escalated" else "",
    )


def _one(change: Change) -> str:
    incident = change.incident
    match change.kind:
        case "seen":
            return f"Seen again, {incident.occurrences} times now ({incident.window_label})"
        case "recovered":
            return f"Recovered after {lasted(incident)}"
        case "acknowledged":
            return f"Acknowledged by {change.who}"
        case "snoozed":
            return f"Snoozed by {change.who} until {incident.snoozed_until:%Y-%m-%d %H:%M} UTC"
        case "escalated":
            return f"Open for {duration(change.at - incident.opened_at)}, and nobody acknowledged it"
        case _:
            return _HEADS[change.kind]


def _sentence(change: Change) -> str:
    incident = change.incident
    if change.who:
        return f"{change.note} ({title_of(incident)}, {incident.scope})"
    return f"{title_of(incident)}: {incident.sentence}"
