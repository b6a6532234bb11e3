"""Commands about incidents: list, show, acknowledge, snooze. They need no server, only the ops store."""

from __future__ import annotations

import getpass
import inspect
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.terminal import say

if TYPE_CHECKING:
    from tasks.adapters.ops_store import Incident

app = typer.Typer()

IdArgument = Annotated[str, typer.Argument(help="The id of an incident, or how it begins.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says this.", default_factory=getpass.getuser)]
SourceOption = Annotated[str, typer.Option("--source", "-s", help="Only of this source.")]


@app.callback(invoke_without_command=True)
def list_incidents(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that have recovered, too.")] = False,
    source: SourceOption = "",
) -> None:
    """Open incidents, the worst first; --all adds those that are over."""
    if context.invoked_subcommand:
        return
    from tasks import doors

    found = [i for i in doors.ops_store().incidents(source or None) if everything or i.state == "open"]
    for incident in sorted(found, key=lambda i: (i.state != "open", i.severity != "critical", i.opened_at)):
        say(f"{incident.id}  {_state(incident)}  {incident.check}, {incident.source}, {incident.scope}")
        say(f"            {incident.sentence}")
        say(f"            {_care(incident)}")
    counts = Counter(incident.state for incident in found)
    say(f"{counts['open']} open" + (f", {counts['recovered']} recovered" if everything else ""))
    if counts["open"]:
        say("More of one: plumbline incidents show ID. It is yours: plumbline incidents ack ID --note '...'")


@app.command()
def show(incident_id: IdArgument) -> None:
    """Everything about one incident: what was seen and expected, its history, where it is talked about."""
    from tasks import doors
    from tasks.publish.care import find
    from tasks.publish.causes import likely_cause
    from tasks.publish.links import links_of, slack_place

    ops = doors.ops_store()
    incident = find(ops, incident_id)
    links = links_of(incident)
    facts = {
        "State": f"{_state(incident)}, {_care(incident)}",
        "Where": f"{incident.source}, {incident.scope}, window {incident.window_label}",
        "Seen": incident.observed,
        "Expected": incident.expected,
        "Likely cause": likely_cause(incident.check),
        "Page": links.page,
        "History": links.history,
        "Runbook": links.runbook,
        "Slack": slack_place(incident) or "not told there yet",
    }
    say(f"{incident.id}  {incident.check}: {incident.sentence}")
    for name, value in facts.items():
        if value:
            say(f"  {name}: {value}")
    for event in ops.incident_events(incident.id):
        told = " · ".join(filter(None, (event.who, event.note, event.observed, event.window_label)))
        say(f"  {_at(event.at)}  {event.kind}  {told}")


@app.command()
def ack(
    incident_id: IdArgument,
    note: Annotated[str, typer.Option("--note", "-n", help="What you do about it. Everybody reads it.")],
    by: ByOption,
) -> None:
    """Say that you have it: nobody else is called for it."""
    from tasks.publish.care import acknowledge

    incident = acknowledge(incident_id, by=by, note=note)
    say(f"{incident.id} is acknowledged by {by}: {note}")
    _tell_now()


@app.command()
def snooze(
    incident_id: IdArgument,
    span: Annotated[str, typer.Option("--for", help="How long: 30min, 4h or 2d.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why. Everybody reads it.")],
    by: ByOption,
) -> None:
    """Hear nothing more of it for a while; it is counted all the same, and told when it gets worse or is over."""
    from tasks.publish import care

    incident = care.snooze(incident_id, care.span_of(span), by=by, reason=reason)
    assert incident.snoozed_until is not None
    say(f"{incident.id} is snoozed until {_at(incident.snoozed_until)}. It still holds what it holds.")
    _tell_now()


def _tell_now() -> None:
    """Bring it to Slack and to the site; what cannot be sent waits in the outbox."""
    from tasks.publish.deliver import deliver
    from tasks.publish.document import refresh_index

    refresh_index()
    done = inspect.unwrap(deliver.fn)()
    if done.waiting:
        say(f"{done.waiting} message{'s wait' if done.waiting > 1 else ' waits'} in the outbox")


def _state(incident: Incident) -> str:
    return incident.severity if incident.state == "open" else "recovered"


def _care(incident: Incident) -> str:
    seen = "seen once" if incident.occurrences == 1 else f"seen {incident.occurrences} times"
    parts = [f"{incident.owner}, since {_at(incident.opened_at)}", seen]
    if incident.acknowledged_at:
        parts.append(f"acknowledged by {incident.acknowledged_by}: {incident.acknowledged_note}")
    if incident.snoozed_until:
        parts.append(
            f"snoozed by {incident.snoozed_by} until {_at(incident.snoozed_until)}: {incident.snoozed_because}"
        )
    if incident.recovered_at:
        parts.append(f"recovered {_at(incident.recovered_at)}")
    return " · ".join(parts)


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
