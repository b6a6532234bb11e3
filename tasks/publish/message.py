"""What a message about incidents says: what, where, seen, expected, whose it is, why it may be, where to read on.

Pure functions. A message is composed once (`Said`) and then written for Slack and for mail. Text that sources sent is
escaped the way its channel asks, so a name can neither mention nor format.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from expectations.judge.verdict import CHECKS, ERRORED
from tasks.adapters.ops_store import Incident
from tasks.publish.causes import likely_cause
from tasks.publish.links import Links

_MARKS = {
    "critical": ":red_circle:",
    "warning": ":large_orange_circle:",
    "info": ":large_blue_circle:",
    "recovered": ":large_green_circle:",
}
_WEIGHT = {
    "critical": "critical, holds what is made of it",
    "warning": "warning, figures are published and marked",
    "info": "information",
}
_LONGEST = 2900  # Slack refuses more than 3000 characters in a section
LINKED = 9  # addresses in a message; more is a page of its own
LISTED_AGAIN = 5  # of those that are over, or that stand in the first message, too
LISTED = 15  # of many incidents: more is not read in a chat
_LINE = 180
_MEMBER, _GROUP = re.compile(r"^[UW][A-Z0-9]{6,}$"), re.compile(r"^S[A-Z0-9]{6,}$")


@dataclass(frozen=True)
class Said:
    """A message before it is written for a channel; everything is plain text but `mention`, which is an id."""

    tone: str
    title: str
    about: tuple[str, ...]
    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    notice: str = ""
    mention: str = ""


def about_one(incident: Incident, links: Links) -> Said:
    """The message of an incident that is alone in its thread, as it stands now."""
    title, recovered = title_of(incident), incident.state == "recovered"
    seen = () if recovered or incident.occurrences == 1 else (f"seen {incident.occurrences} times",)
    head = f"Recovered after {lasted(incident)}" if recovered else title
    about = (title, incident.source) if recovered else (incident.source, _WEIGHT[incident.severity], *seen)
    told = f"{title}: {incident.sentence}"
    return Said(
        tone="recovered" if recovered else incident.severity,
        title=head,
        about=about,
        sentences=(f"Was: {incident.sentence}" if recovered else incident.sentence,),
        facts=(*_holds([] if recovered else [links]), *_facts(incident)),
        links=_links(incident, links),
        notice=f"{head}: {told}" if recovered else f"{told} Owner: {incident.owner}",
    )


def about_many(incidents: Sequence[Incident], links: Callable[[Incident], Links], *, index: str) -> Said:
    """The message of several incidents in one thread: what is open, as a list; `index` is the address of all."""
    standing = [i for i in incidents if i.state == "open"]
    worst = _worst(standing)
    over = len(incidents) - len(standing)
    counted = (f"{over} recovered",) if over and standing else ()
    places = _some(sorted({i.source for i in incidents}))
    if not standing:
        span = max(i.recovered_at or i.opened_at for i in incidents) - min(i.opened_at for i in incidents)
        title = f"All {len(incidents)} recovered after {duration(span)}"
    else:
        title = f"{len(standing)} {'problem' if len(standing) == 1 else 'problems'} {where(incidents)}"
    owners = _some(sorted({i.owner for i in incidents}))
    return Said(
        tone=worst,
        title=title,
        about=(places, *_weights(standing), *counted),
        sentences=listed(standing, LISTED) if standing else listed(incidents, LISTED_AGAIN),
        facts=(
            *_holds([links(i) for i in standing[:LISTED]]),
            ("Owner", owners),
            *_take(next((i.id for i in standing if not i.acknowledged_at), "")),
        ),
        links=(*_of_many(standing or incidents, links), ("All of them", index)),
        notice=f"{title}: {standing[0].sentence if standing else places} Owner: {owners}",
    )


def listed(incidents: Sequence[Incident], most: int) -> tuple[str, ...]:
    """One line for each incident, the worst first, and how many more there are."""
    order = sorted(incidents, key=lambda i: (list(_MARKS).index(i.severity), i.source, i.scope, i.check))
    more = len(order) - most
    return (*map(_line, order[:most]), *((f"and {more} more",) if more > 0 else ()))


def _line(incident: Incident) -> str:
    care = f" (taken by {incident.acknowledged_by})" if incident.acknowledged_at else ""
    care += f" (snoozed by {incident.snoozed_by})" if incident.snoozed_until else ""
    about = f"{incident.severity} {incident.id}{care}"
    return shortened(f"• {about}: {title_of(incident)}, {incident.scope}: {incident.sentence}")


def where(incidents: Sequence[Incident]) -> str:
    """`at act_12 2026-11-17` where all are about the same scope, else how many scopes there are."""
    scopes = sorted({i.scope for i in incidents})
    return f"at {shortened(scopes[0])}" if len(scopes) == 1 else f"in {len(scopes)} places"


def slack_body(said: Said) -> dict[str, Any]:
    """Text and blocks of Slack."""
    mark = f"{_MARKS[said.tone]} " if said.tone in _MARKS else ""
    head = " · ".join([f"{mark}*{escaped(said.title)}*", *(escaped(part) for part in said.about if part)])
    blocks = [_section(" · ".join(filter(None, (head, mention(said.mention)))))]
    if said.sentences:
        blocks += [_plain(part) for part in _chunks(said.sentences)]
    if said.facts:
        fields = [_field(name, value) for name, value in said.facts if value]
        blocks.append({"type": "section", "fields": fields})
    if said.links:
        told = " · ".join(f"<{address}|{escaped(name)}>" for name, address in said.links)
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": told}]})
    return {"text": escaped(said.notice)[:_LONGEST], "blocks": blocks}


def mail_body(said: Said) -> dict[str, str]:
    """Subject, plain text and HTML of a mail."""
    head = " · ".join([said.title, *filter(None, said.about)])
    facts = [(name, value) for name, value in said.facts if value]
    text = [head, "", *said.sentences, "", *(f"{n}: {v}" for n, v in facts), "", *(f"{n}: {a}" for n, a in said.links)]
    rows = "".join(f"<tr><th align=left>{html.escape(n)}</th><td>{html.escape(v)}</td></tr>" for n, v in facts)
    links = "".join(f'<li><a href="{html.escape(a, quote=True)}">{html.escape(n)}</a></li>' for n, a in said.links)
    told = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in said.sentences)
    shown = f"<h1 style='font-size:1.2em'>{html.escape(head)}</h1>{told}<table>{rows}</table><ul>{links}</ul>"
    page = f'<!doctype html><html lang="en"><body style="font-family:sans-serif">{shown}</body></html>\n'
    subject = shortened(f"[{said.tone}] {head}", 200)
    return {"subject": subject, "text": "\n".join(text).strip() + "\n", "html": page}


def escaped(text: str) -> str:
    """Slack's three control characters as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mention(who: str) -> str:
    """A member (U...) or a user group (S...) as Slack calls them; any other name is only written."""
    if _MEMBER.match(who):
        return f"<@{who}>"
    return f"<!subteam^{who}>" if _GROUP.match(who) else escaped(who)


def title_of(incident: Incident) -> str:
    """The check as people call it; one that broke has not found what it is called after."""
    called = CHECKS.get(incident.check, incident.check)
    return f"Could not be checked: {called}" if incident.runbook == ERRORED else called


def lasted(incident: Incident) -> str:
    """How long a recovered incident was open."""
    assert incident.recovered_at is not None
    return duration(incident.recovered_at - incident.opened_at)


def duration(span: timedelta) -> str:
    """`3 min`, `2 h 5 min` or `1 d 4 h`."""
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{max(minutes, 1)} min"


def shortened(text: str, most: int = _LINE) -> str:
    """At most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _facts(incident: Incident) -> tuple[tuple[str, str], ...]:
    snoozed, known = "", ""
    if incident.snoozed_until:
        snoozed = (
            f"until {incident.snoozed_until:%Y-%m-%d %H:%M} UTC by {incident.snoozed_by}: {incident.snoozed_because}"
        )
    if incident.acknowledged_at:
        known = f"by {incident.acknowledged_by}: {incident.acknowledged_note}"
    return (
        ("Seen", incident.observed),
        ("Expected", incident.expected),
        ("Owner", incident.owner),
        ("Window", incident.window_label),
        ("Where", incident.scope),
        ("Likely cause", likely_cause(ERRORED if incident.runbook == ERRORED else incident.check)),
        ("Acknowledged", known),
        ("Snoozed", snoozed),
        *_take(incident.id if incident.state == "open" and not known else ""),
    )


def _holds(found: Sequence[Links]) -> tuple[tuple[str, str], ...]:
    """The marts that readers keep as they were; nothing where that is not known, or none is."""
    held = sorted({mart for each in found for mart in each.held})
    every = max((each.marts for each in found), default=0)
    return (("Holds", f"{len(held)} of {every} marts: {_some(held)}"),) if held else ()


def _of_many(incidents: Sequence[Incident], links: Callable[[Incident], Links]) -> tuple[tuple[str, str], ...]:
    """Where to read on about a few checks: their pages, pictures and runbooks, each once; none where it is too much."""
    found: dict[str, str] = {}
    for incident in incidents[: LISTED + 1]:
        to = links(incident)
        found.setdefault(to.page, "What the checks saw")
        found |= {to.history: "The last weeks, with the picture"} if to.history else {}
        found[to.runbook] = f"Runbook: {incident.runbook}"
    return tuple((name, address) for address, name in found.items()) if len(found) <= LINKED else ()


def _take(name: str) -> tuple[tuple[str, str], ...]:
    return (("Take it", f"plumbline incidents ack {name} --note '...'"),) if name else ()


def _weights(standing: Sequence[Incident]) -> tuple[str, ...]:
    """`2 critical, 498 warning`, and what that means for readers."""
    counts = Counter(i.severity for i in standing)
    told = ", ".join(f"{counts[name]} {name}" for name in _MARKS if counts[name])
    return tuple(filter(None, (told, "what is made of it is held" if counts["critical"] else "")))


def _links(incident: Incident, links: Links) -> tuple[tuple[str, str], ...]:
    page = "What the checks see now" if incident.state == "recovered" else "What the checks saw"
    history = (("The last weeks, with the picture", links.history),) if links.history else ()
    return ((page, links.page), *history, (f"Runbook: {incident.runbook}", links.runbook))


def _worst(standing: Sequence[Incident]) -> str:
    return min((i.severity for i in standing), key=list(_MARKS).index, default="recovered")


def _some(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _chunks(sentences: Sequence[str]) -> list[str]:
    """Lines in as few texts as Slack takes."""
    texts = [""]
    for line in (sentence[:_LONGEST] for sentence in sentences):
        joined = f"{texts[-1]}\n{line}" if texts[-1] else line
        if len(joined) > _LONGEST:
            texts.append(line)
        else:
            texts[-1] = joined
    return [text for text in texts if text]


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_LONGEST]}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _field(name: str, value: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": f"*{name}*\n{escaped(value)[:1900]}"}
