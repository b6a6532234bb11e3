"""One screen for three in the morning: what runs, what is late or held, who writes, what is due next."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from rich.console import Console
from rich.table import Table

from deployments.local import stack
from deployments.status_people import decided, failed, ways_out
from tasks import doors
from tasks.adapters.ops_store import Incident
from tasks.adapters.warehouse.lock import holder
from tasks.publish.origins import counted
from tasks.publish.origins import lines as held_lines
from tasks.publish.publish import held_notes, release_notes
from tasks.publish.punctuality import DAYS, Extracts, extracts, last_close
from tasks.publish.site_index import as_of, moment
from tasks.settings import settings

DEADLINE = time(7, 0)


def show(console: Console) -> None:
    """Print it."""
    console.print(_parts())
    now = datetime.now(UTC)
    for line in (
        *_releases(),
        *ways_out(),
        *decided(),
        *failed(),
        *_incidents(),
        *punctual(now),
        _writer(),
        _next_deadline(now),
    ):
        console.print(line, markup=False, soft_wrap=True)


def _parts() -> Table:
    table = Table(title="Local stack", title_justify="left")
    for heading in ("part", "state", "address", "pid"):
        table.add_column(heading)
    for part in stack.status():
        table.add_row(part.name, part.state, part.address, str(part.pid or ""))
    return table


def _releases() -> list[str]:
    notes, held = release_notes(), held_notes()
    lines = ["Published: nothing yet"]
    if notes:
        lines = [f"Published: {notes['window']['label']}, {notes['state']}, at {moment(notes['published_at'])}"]
        lines += [f"  release {notes['id']}, data as of {as_of(notes)}, {counted(notes)}"]
    if notes and notes["stale_sources"]:
        lines.append(f"Stale in it: {', '.join(notes['stale_sources'])}")
    if notes:
        lines += [f"Held in it: {line}" for line in held_lines(notes)]
    if held:
        lines.append(f"Held: {held['window']['label']} since {moment(held['held_at'])}, because")
        lines += [f"  - {reason}" for reason in held["because"]]
    return lines


def _incidents() -> list[str]:
    opened = doors.ops_store().open_incidents()
    waiting = len(doors.ops_store().pending_messages())
    lines = [f"Open incidents: {len(opened)}" + (f" ({waiting} messages wait for Slack)" if waiting else "")]
    opened.sort(key=lambda i: (i.severity != "critical", i.check, i.source))
    return lines + [f"  - {i.id}, {i.severity}, {_whose(i)}: {i.sentence} Runbook: {i.runbook}" for i in opened]


def _whose(incident: Incident) -> str:
    taken = f"taken by {incident.acknowledged_by}" if incident.acknowledged_at else incident.owner
    return f"{taken}, snoozed by {incident.snoozed_by}" if incident.snoozed_until else taken


def punctual(now: datetime) -> list[str]:
    """How punctual every source was lately, and the last close."""
    closed = last_close()
    last = "none yet"
    if closed:
        kept = "in time" if closed.in_time else "after 07:00 UTC of the next day"
        last = f"{closed.day}, published at {closed.published_at:%Y-%m-%d %H:%M} UTC, {kept}"
    return [
        f"Extracts in time, scheduled runs of the last {DAYS} days:",
        *(f"  - {_punctual(found)}" for found in extracts(now)),
        f"Last close: {last}",
    ]


def _punctual(found: Extracts) -> str:
    latency = "" if found.latency is None else f"; last published {found.latency:.0f} min after it landed"
    if found.share is None:
        return f"{found.source}: no scheduled run is decided" + latency
    took = "none complete" if found.p50 is None else f"p50 {found.p50:.1f} min, p99 {found.p99:.1f} min"
    return f"{found.source}: {found.in_time} of {found.decided} ({found.share:.1%}), {took}{latency}"


def _writer() -> str:
    held_by = holder(settings().warehouse_file)
    return (
        f"Warehouse writer: {held_by.name} (pid {held_by.pid}) since {held_by.since}"
        if held_by
        else ("Warehouse writer: nobody")
    )


def _next_deadline(at: datetime) -> str:
    due = datetime.combine(at.date(), DEADLINE, tzinfo=UTC)
    due += timedelta(days=1) if due <= at else timedelta()
    hours, minutes = divmod((due - at).seconds // 60, 60)
    closes = due.date() - timedelta(days=1)
    return f"Next deadline: close of {closes} by {due:%Y-%m-%d %H:%M} UTC, in {hours} h {minutes} min"
