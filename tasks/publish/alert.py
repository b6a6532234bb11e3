"""Tell people, once: verdicts become incidents that open, change and recover, and each has one Slack message.

Announcing only writes (first the message, then the incident), delivering only sends: an alert neither waits for
Slack nor gets lost with it, and announcing the same verdicts again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from filelock import FileLock
from prefect import task

from expectations.declare.errors import Unavailable
from expectations.judge.verdict import WATCHED, Verdict
from tasks import doors
from tasks.adapters.ops_store import Incident, OpsStore, OutboxMessage, now
from tasks.adapters.slack import MessageGone, Slack
from tasks.outcomes import recorded
from tasks.publish.message import open_message, recovered_message
from tasks.settings import settings
from tasks.window import Window

_A_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Announced:
    """What one set of verdicts changed."""

    opened: tuple[str, ...]
    updated: tuple[str, ...]
    recovered: tuple[str, ...]


@dataclass(frozen=True)
class Delivered:
    """Messages sent now, and those that still wait in the outbox."""

    sent: int
    waiting: int


@task(task_run_name="announce {window.label}")
@recorded
def announce(verdicts: Sequence[Verdict], window: Window, *, recover: bool = True) -> Announced:
    """Open, update and recover incidents, and put their messages into the outbox.

    Without `recover` nothing is called over: these verdicts are not all that there is to say.
    """
    ops, at = doors.ops_store(), now()
    alarming = {incident_key(v): v for v in verdicts if v.alarming}
    known = {i.key: i for source in {v.source for v in verdicts} for i in ops.open_incidents(source)}
    opened = [_open(ops, v, window, at) for key, v in alarming.items() if key not in known]
    changed = [(known[key], v) for key, v in alarming.items() if key in known and _differs(known[key], v, window)]
    over = [i for key, i in known.items() if recover and key not in alarming and _is_over(i, verdicts, window)]
    return Announced(
        opened=tuple(opened),
        updated=tuple(_update(ops, incident, v, window, at) for incident, v in changed),
        recovered=tuple(_recover(ops, incident, window, at) for incident in over),
    )


def incident_key(verdict: Verdict) -> str:
    """What makes two failures the same incident: check, source and scope."""
    return f"{verdict.check}|{verdict.source}|{verdict.scope}"


def _open(ops: OpsStore, verdict: Verdict, window: Window, at: datetime) -> str:
    incident = Incident(
        key=incident_key(verdict),
        check=verdict.check,
        source=verdict.source,
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
    _enqueue(ops, incident, "open", open_message(incident, page=page_of(verdict), runbook=_runbook(incident)))
    ops.save_incident(incident)
    return incident.key


def _differs(incident: Incident, verdict: Verdict, window: Window) -> bool:
    told = (incident.window_label, incident.sentence, incident.observed, incident.severity)
    return told != (window.label, verdict.sentence, verdict.observed, verdict.severity)


def _update(ops: OpsStore, known: Incident, verdict: Verdict, window: Window, at: datetime) -> str:
    incident = replace(
        known,
        severity=verdict.severity,
        sentence=verdict.sentence,
        observed=verdict.observed,
        expected=verdict.expected,
        window_label=window.label,
        last_seen_at=at,
        occurrences=known.occurrences + 1,
    )
    _enqueue(ops, incident, "update", open_message(incident, page=page_of(verdict), runbook=_runbook(incident)))
    ops.save_incident(incident)
    return incident.key


def _recover(ops: OpsStore, known: Incident, window: Window, at: datetime) -> str:
    incident = replace(known, state="recovered", recovered_at=at)
    page = f"{_site()}/data-docs/index.html#{window.label}"
    _enqueue(ops, incident, "recovered", recovered_message(incident, page=page, runbook=_runbook(incident)))
    ops.save_incident(incident)
    return incident.key


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


def _enqueue(ops: OpsStore, incident: Incident, kind: Literal["open", "update", "recovered"], body: Any) -> None:  # noqa: ANN401
    # Named after what it says and the how-manieth incident of its key it is about, so that a repeat is the same.
    earlier = sum(i.key == incident.key and i.opened_at < incident.opened_at for i in ops.incidents(incident.source))
    said = f"{incident.key}|{earlier}|{kind}|{incident.occurrences}"
    identity = hashlib.sha256(said.encode()).hexdigest()[:32]
    ops.enqueue(OutboxMessage(id=identity, incident_key=incident.key, kind=kind, body=body, created_at=now()))


def page_of(verdict: Verdict) -> str:
    """Address of the Data Docs page that shows the verdict; checks without a suite are on the index."""
    label = verdict.window.label
    plain = (
        "late",
        "build_failed",
        "data_test",
        "identity_held",
        "bridge_residual",
        "missing_rate",
        "closed_month_changed",
        "delivery",
    )
    if verdict.check in plain or verdict.check in WATCHED:
        return f"{_site()}/data-docs/index.html#{label}"
    suite = verdict.model if verdict.source == verdict.model else f"{verdict.source}.{verdict.model}"
    return f"{_site()}/data-docs/{label}/{suite}.html"


def _runbook(incident: Incident) -> str:
    return f"{_site()}/runbooks/{incident.runbook}.html"


def _site() -> str:
    return settings().core.site_url.rstrip("/")


@task(task_run_name="deliver")
@recorded
def deliver() -> Delivered:
    """Send what waits in the outbox, oldest first; without a token, or while Slack is down, it goes on waiting.

    One process delivers at a time, so that two runs never send the same message.
    """
    ops = doors.ops_store()
    if not settings().slack.token.get_secret_value():
        return Delivered(0, len(ops.pending_messages()))
    with FileLock(settings().home / "deliver.lock"):
        waiting = ops.pending_messages()
        sent = _send_all(ops, doors.slack(), waiting) if waiting else 0
    return Delivered(sent, len(waiting) - sent)


def _send_all(ops: OpsStore, slack: Slack, waiting: Iterable[OutboxMessage]) -> int:
    sent = 0
    for message in waiting:
        try:
            ts = _send(ops, slack, message)
        except Unavailable as error:
            ops.mark_undelivered(message.id, str(error))
            break  # the others would wait for the same silence
        ops.mark_sent(message.id, ts)
        sent += 1
    return sent


def _send(ops: OpsStore, slack: Slack, message: OutboxMessage) -> str:
    incident = _incident_of(ops, message)
    text, blocks = message.body["text"], message.body["blocks"]
    if incident and incident.slack_ts and message.kind != "open":
        try:
            slack.update(incident.slack_channel, incident.slack_ts, text, blocks)
        except MessageGone:
            pass  # somebody deleted it: say it anew
        else:
            return incident.slack_ts
    channel = settings().slack.channel
    ts = slack.post(channel, text, blocks)
    if incident:
        ops.save_incident(replace(incident, slack_channel=channel, slack_ts=ts))
    return ts


def _incident_of(ops: OpsStore, message: OutboxMessage) -> Incident | None:
    """The incident that the message is about: the one of its key that was open when it was written."""
    same = [i for i in ops.incidents() if i.key == message.incident_key]
    by_then = [i for i in same if i.opened_at <= message.created_at]
    return by_then[-1] if by_then else next(iter(same), None)
