"""Which incidents are talked about together, and what is put into the outbox when something happens to them.

One thread for an account and day, whatever the number of checks that fail on it; one for everything where so much
opens at once that a list says more than many messages. Everything is written in one transaction: what a death leaves
is all of it or nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from tasks.adapters.ops_store import Incident, IncidentEvent, OpsStore, OutboxMessage
from tasks.publish.links import links_of, site
from tasks.publish.message import Said, about_many, about_one, mail_body, slack_body
from tasks.publish.replies import Change, reply
from tasks.settings import settings

_ACCOUNT_DAY = re.compile(r"^(\S+) (\d{4}-\d\d-\d\d)\b")
_KINDS = ("opened", "seen", "woken", "escalated", "acknowledged", "snoozed", "recovered")


def keep(ops: OpsStore, changes: Sequence[Change], at: datetime) -> None:
    """Write changed incidents, their history and the messages about them; a snoozed one is counted, and not told."""
    known = {_row(i): i for i in ops.incidents()}
    told = _threaded([change for change in changes if _aloud(change, at)], known.values())
    final = {_row(change.incident): change.incident for change in (*changes, *told)}
    begun = {incident.thread for incident in known.values()}
    messages = _messages(told, [*(known | final).values()], begun) if told else []
    events = [
        IncidentEvent(c.incident.id, at, c.kind, c.who, c.note, c.incident.observed, c.incident.window_label)
        for c in changes
    ]
    ops.keep_incidents(list(final.values()), events, messages)


def together(incident: Incident) -> str:
    """What makes incidents one thread: the same source, account and day; else each is alone."""
    found = _ACCOUNT_DAY.match(incident.scope)
    return f"{incident.source}|{found[1]}|{found[2]}" if found else f"{incident.key}|{incident.id}"


def _row(incident: Incident) -> tuple[str, datetime]:
    return (incident.key, incident.opened_at)


def _aloud(change: Change, at: datetime) -> bool:
    """Whether people hear of it: not what is snoozed, and nothing more about what they never heard of."""
    if change.kind in ("opened", "seen"):
        return not change.incident.asleep(at)
    return change.kind == "woken" or bool(change.incident.thread)


def _threaded(changes: Sequence[Change], known: Iterable[Incident]) -> list[Change]:
    """The same changes, each incident with a thread: the standing one of its account and day, or a new one."""
    standing = {together(i): i.thread for i in known if i.state == "open" and i.thread}
    new = sorted({together(c.incident) for c in changes if not c.incident.thread} - standing.keys())
    names = {group: _name(group, changes) for group in new}
    if len(new) > settings().alert.list_above:
        names = dict.fromkeys(new, names[new[0]])
    threads = standing | names
    return [
        c if c.incident.thread else replace(c, incident=replace(c.incident, thread=threads[together(c.incident)]))
        for c in changes
    ]


def _name(group: str, changes: Iterable[Change]) -> str:
    return min(c.incident.id for c in changes if together(c.incident) == group)


def _messages(changes: Sequence[Change], incidents: Sequence[Incident], begun: set[str]) -> list[OutboxMessage]:
    found: list[OutboxMessage] = []
    in_order = sorted(changes, key=lambda c: (c.incident.thread, _KINDS.index(c.kind), c.incident.key))
    for thread, part in groupby(in_order, key=lambda c: c.incident.thread):
        members = [i for i in incidents if i.thread == thread]
        written = _written(list(part), members, begins=thread not in begun)
        # A microsecond apart, so that they are sent in the order in which they were written.
        found += [replace(m, created_at=m.created_at + timedelta(microseconds=len(found))) for m in written]
    return found


def _written(changes: Sequence[Change], members: Sequence[Incident], *, begins: bool) -> list[OutboxMessage]:
    """The message of one thread, for each channel that is in use."""
    first, thread = root(members), changes[0].incident.thread
    parts = [] if begins else [_reply(list(some)) for _, some in groupby(changes, key=lambda change: change.kind)]
    kind: Literal["open", "update", "recovered"] = "open" if begins else "update"
    kind = kind if any(i.state == "open" for i in members) else "recovered"
    bodies: dict[Literal["slack", "email"], dict[str, Any]] = {"slack": {**slack_body(first), "reply": _joined(parts)}}
    if settings().smtp.host:
        bodies["email"] = dict(mail_body(_for_mail(first, parts)))
    identity = _identity(thread, changes)
    return [
        OutboxMessage(
            id=f"{identity}{'-mail' if channel == 'email' else ''}",
            incident_key=changes[0].incident.key,
            kind=kind,
            body=body,
            created_at=changes[0].at,
            channel=channel,
            thread=thread,
        )
        for channel, body in bodies.items()
    ]


def root(members: Sequence[Incident]) -> Said:
    """The first message of a thread as it stands now."""
    if len(members) == 1:
        return about_one(members[0], links_of(members[0]))
    return about_many(members, links_of, index=f"{site()}/index.html")


def _reply(changes: Sequence[Change]) -> Said:
    return reply(changes, escalate_to=settings().alert.escalate_to)


def _joined(parts: Sequence[Said]) -> dict[str, Any] | None:
    bodies = [slack_body(part) for part in parts]
    if not bodies:
        return None
    return {
        "text": " / ".join(body["text"] for body in bodies)[:2900],
        "blocks": [block for body in bodies for block in body["blocks"]],
    }


def _for_mail(first: Said, parts: Sequence[Said]) -> Said:
    """A mail stands alone: what happened goes before what the thread is about."""
    if not parts:
        return first
    happened = [line for part in parts for line in (f"{part.title}:", *part.sentences)]
    return replace(first, sentences=(*happened, *(s for s in first.sentences if s not in happened)))


def _identity(thread: str, changes: Iterable[Change]) -> str:
    """Named after what it says, so that a repeat is the same message."""
    said = [thread]
    for c in changes:
        when = "" if c.kind in ("opened", "seen", "recovered") else c.at.isoformat()
        said.append(f"{c.incident.id}|{c.kind}|{c.incident.occurrences}|{when}")
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]
