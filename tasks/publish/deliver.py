"""Send what waits in the outbox, in order, and each message once, whatever dies in between.

The first message of a thread is kept up to date in place (chat.update), so a channel shows one message for each
problem, as it stands; what happens to it is told as replies, which notify those who follow it. A try is noted before
it begins: a message with a begun try and no end may have arrived, and Slack is asked for it by its mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from filelock import FileLock
from prefect import task

from expectations.declare.errors import Misconfigured, Unavailable
from tasks import doors
from tasks.adapters.ops_store import OpsStore, OutboxMessage, now
from tasks.adapters.slack import MessageGone, Slack
from tasks.outcomes import recorded
from tasks.publish.care import remind
from tasks.settings import settings


@dataclass(frozen=True)
class Delivered:
    """Messages sent now, and those that still wait in the outbox."""

    sent: int
    waiting: int


@dataclass(frozen=True)
class Place:
    """A channel, and the first message of a thread in it; empty where the thread is still to begin."""

    channel: str
    ts: str


class Unanswered(Exception):
    """Nobody can say whether an earlier try arrived, so the message is not sent again."""


@task(task_run_name="deliver")
@recorded
def deliver() -> Delivered:
    """Send what waits, oldest first; without a token, or while Slack is down, it goes on waiting.

    One process delivers at a time, so that two runs never send the same message.
    """
    ops, at = doors.ops_store(), now()
    with FileLock(settings().home / "deliver.lock"):
        remind(ops, at)
        sent = _deliver_slack(ops, at) + _deliver_mail(ops, at)
        waiting = len(ops.pending_messages()) + len(ops.pending_messages("email"))
    return Delivered(sent, waiting)


def quiet(hours: str, at: datetime) -> bool:
    """Whether an instant lies in hours like `22:00-06:00` (UTC), which may go over midnight; the end is outside."""
    if not hours:
        return False
    begin, end = (time.fromisoformat(part) for part in hours.split("-"))
    clock = at.time().replace(tzinfo=None)
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def _deliver_slack(ops: OpsStore, at: datetime) -> int:
    if not settings().slack.token.get_secret_value():
        return 0
    waiting = _tellable(ops, ops.pending_messages(), at)
    if not waiting:
        return 0
    slack, newest = doors.slack(), {m.thread: m for m in waiting}
    return _send_all(ops, waiting, lambda message: _say(ops, slack, message, newest[message.thread]))


def _deliver_mail(ops: OpsStore, at: datetime) -> int:
    if not settings().smtp.host:
        return 0
    waiting = _tellable(ops, ops.pending_messages("email"), at)
    if not waiting:
        return 0
    mail = doors.mail()
    return _send_all(ops, waiting, lambda m: mail.send(m.body, name=m.id, thread=m.thread or m.id))


def _tellable(ops: OpsStore, waiting: Sequence[OutboxMessage], at: datetime) -> list[OutboxMessage]:
    """Those that may be told now: in quiet hours only what is about something critical."""
    if not waiting or not quiet(settings().alert.quiet_hours, at):
        return list(waiting)
    urgent = {i.thread for i in ops.incidents() if i.severity == "critical"}
    return [message for message in waiting if message.thread in urgent]


def _send_all(ops: OpsStore, waiting: Iterable[OutboxMessage], send: Callable[[OutboxMessage], str]) -> int:
    sent = 0
    for message in waiting:
        try:
            ts = send(message)
        except Unavailable as error:
            ops.mark_undelivered(message.id, str(error))
            break  # the others would wait for the same silence
        except Unanswered as error:
            ops.mark_undelivered(message.id, str(error))
            continue
        ops.mark_sent(message.id, ts)
        sent += 1
    return sent


def _say(ops: OpsStore, slack: Slack, message: OutboxMessage, newest: OutboxMessage) -> str:
    """Begin the thread, or bring its first message up to date and reply; the first says what is newest."""
    begun = _begun(ops, message.thread)
    if begun:
        try:
            if message.id == newest.id:
                slack.update(begun.channel, begun.ts, message.body["text"], message.body["blocks"])
            reply = message.body.get("reply")
            return _post(ops, slack, message, reply, begun) if reply else begun.ts
        except MessageGone:
            pass  # somebody deleted it: say it anew
    channel = settings().slack.channel
    ts = _post(ops, slack, message, newest.body, Place(channel, ""))
    if message.thread:
        ops.remember_thread(message.thread, channel, ts)
    return ts


def _post(ops: OpsStore, slack: Slack, message: OutboxMessage, body: dict[str, Any], place: Place) -> str:
    mark, thread_ts = (f"{message.id}-reply", place.ts) if place.ts else (message.id, None)
    if message.sending_at:
        found = _look(slack, message.sending_at, mark, place)
        if found:
            return found
    else:
        ops.mark_sending(message.id)
    return slack.post(place.channel, body["text"], body["blocks"], thread_ts=thread_ts, mark=mark)


def _look(slack: Slack, since: datetime, mark: str, place: Place) -> str | None:
    try:
        return slack.find(place.channel, mark, since=since, thread_ts=place.ts or None)
    except Misconfigured as error:
        raise Unanswered(
            f"An earlier try was cut off, and Slack does not let us see whether it arrived: {error} "
            "Give the app the scope channels:history (groups:history for a private channel)."
        ) from error


def _begun(ops: OpsStore, thread: str) -> Place | None:
    """Where a thread stands, if it stands."""
    known = (i for i in ops.incidents() if thread and i.thread == thread and i.slack_ts)
    return next((Place(i.slack_channel, i.slack_ts) for i in known), None)
