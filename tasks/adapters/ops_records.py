"""The rows of the ops store, as the rest of the product sees them."""

from __future__ import annotations

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


@dataclass(frozen=True)
class OutboxMessage:
    """A message that must reach people once; `id` is derived from what it says, so repeating it is harmless."""

    id: str
    incident_key: str
    kind: Literal["open", "update", "recovered"]
    body: dict[str, Any]
    created_at: datetime
    sent_at: datetime | None = None
    ts: str = ""
    attempts: int = 0
    last_error: str = ""


@dataclass(frozen=True)
class ReleaseRow:
    """One attempt to publish: what became of it, and the text of its release.json."""

    id: str
    window: Window
    state: Literal["provisional", "final"]
    held: bool
    at: datetime
    body: dict[str, Any]
