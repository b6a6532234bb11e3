"""The rows of the ops store, as the rest of the product sees them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from tasks.window import Window


@dataclass(frozen=True)
class Outcome:
    """What one step did: rows and bytes it read and wrote, how long, and why it ended as it did.

    `attempt` counts from 1 where a step is tried again; `scheduled_at` is when its run was due.
    """

    run: str
    step: str
    source: str
    stream: str
    window: Window
    status: Literal["done", "skipped", "failed"]
    millis: int
    rows_in: int | None = None
    rows_out: int | None = None
    bytes: int | None = None
    reason: str = ""
    job_id: int | None = None
    attempt: int | None = None
    scheduled_at: datetime | None = None


@dataclass(frozen=True)
class SyncRow:
    """One Airbyte job, and the window that it was started for; `settled` once all it delivered is loaded."""

    source: str
    window: Window
    job_id: int
    connection_id: str
    status: str
    started_at: datetime
    finished_at: datetime | None = None
    rows_reported: int | None = None
    bytes_reported: int | None = None
    settled: bool = False


@dataclass(frozen=True)
class Incident:
    """A failing check, from its first failure to its recovery."""

    key: str
    check: str
    source: str
    scope: str
    severity: str
    owner: str
    sentence: str
    observed: str
    expected: str
    runbook: str
    window_label: str
    opened_at: datetime
    last_seen_at: datetime
    occurrences: int
    state: Literal["open", "recovered"]
    recovered_at: datetime | None = None
    slack_channel: str = ""
    slack_ts: str = ""
    id: str = ""
    model: str = ""
    thread: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledged_note: str = ""
    snoozed_until: datetime | None = None
    snoozed_by: str = ""
    snoozed_because: str = ""
    escalated_at: datetime | None = None

    def __post_init__(self) -> None:
        """What people type to name it, where the store has not given it one: short, and always the same."""
        if not self.id:
            object.__setattr__(self, "id", incident_id(self.key, self.opened_at.isoformat()))

    def asleep(self, at: datetime) -> bool:
        """Whether a person asked not to hear of it at this instant."""
        return self.snoozed_until is not None and at < self.snoozed_until


def incident_id(key: str, which: str) -> str:
    """Ten characters that name an incident among all of its key."""
    return hashlib.sha256(f"{key}|{which}".encode()).hexdigest()[:10]


@dataclass(frozen=True)
class IncidentEvent:
    """One line of the history of an incident: what happened, when, and who did it where a person did."""

    incident_id: str
    at: datetime
    kind: Literal["opened", "seen", "recovered", "acknowledged", "snoozed", "woken", "escalated"]
    who: str = ""
    note: str = ""
    observed: str = ""
    window_label: str = ""


@dataclass(frozen=True)
class OutboxMessage:
    """A message that must reach people once; `id` is derived from what it says, so repeating it is harmless.

    `sending_at` is when the last try began: a message that has it, and was not sent, may be there all the same.
    """

    id: str
    incident_key: str
    kind: Literal["open", "update", "recovered"]
    body: dict[str, Any]
    created_at: datetime
    sent_at: datetime | None = None
    ts: str = ""
    attempts: int = 0
    last_error: str = ""
    channel: Literal["slack", "email"] = "slack"
    thread: str = ""
    sending_at: datetime | None = None


@dataclass(frozen=True)
class ReleaseRow:
    """One attempt to publish: what became of it, and the text of its release.json."""

    id: str
    window: Window
    state: Literal["provisional", "final"]
    held: bool
    at: datetime
    body: dict[str, Any]
