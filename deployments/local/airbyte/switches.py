"""Faults as switches: what may be wrong with the server or with what a sync delivers, named and counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from deployments.local.airbyte.state import State

# A sync before this hour of the day still closes the day before (American account days end at 05:00 UTC).
_DAY_TURNS_AT = timedelta(hours=6)

SERVER_FAULTS: dict[str, str] = {
    "breaking_change": "the connection is inactive, with `reason` as its statusReason",
    "broken_json": "every `every`-th line of an object ends in the middle of its record",
    "burst": "the next `times` requests are answered with `status` (429 or 503)",
    "crowded_workspace": "`connections` others are listed first, and `next` leads to a host that cannot be reached",
    "duplicate_object": "the objects of a sync are delivered twice, as new parts with equal bytes",
    "envelope_missing": "every `every`-th line of an object is the bare record, without Airbyte's envelope",
    "failed_job": "the job fails after `parts` objects of the stream, which stay; `commits`: finished streams count",
    "false_success": "the job succeeds at once, without statistics and without an object",
    "foreign_job": "somebody else starts a job the moment before: POST /jobs answers 409 `A sync is already running`",
    "form_only": "the token endpoint refuses JSON",
    "json_only": "the token endpoint refuses form-encoded requests",
    "late_object": "the last object of a sync appears only when this switch is turned off, long after the job",
    "lost_post": "POST /jobs creates the job and answers 409 `Timed out waiting for a sync job`",
    "meta_changes": "every `every`-th record lost its `field` at the source, and its envelope says NULLED",
    "name_clash": "object names end in -1 after the extension",
    "quota": "`attempts` attempts die at the source's rate limit; the job is `incomplete` for `seconds` after each",
    "retry_parts": "`attempts` attempts die after `parts` objects of `rows` records; the last one sends all again",
    "slow_post": "POST /jobs creates the job and answers after `seconds`",
    "stuck_job": "the job stays in `status` until it is cancelled",
    "token_dies_early": "a token is refused after `seconds`, whatever it announced",
    "truncated_gzip": "the objects of a sync end in the middle of their gzip stream",
    "unknown_status": "a job is reported with `status`, a word unknown to the SDK, while it runs",
    "unpadded_month": "the date in object names has no leading zeros",
}
# What these spoil is sent again once they are off, as a source does that is repaired.
SPOILING = ("broken_json", "envelope_missing", "late_object", "meta_changes", "truncated_gzip")
MAX_ATTEMPTS = 20


@dataclass(frozen=True)
class Fault:
    """One switch that is on. Empty source or stream: all of them; no day: every day.

    Of `parameters`, `times` bounds how often the fault happens; the others belong to the fault.
    """

    name: str
    source: str = ""
    stream: str = ""
    day: date | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its identity: the same switch set twice is one switch."""
        return json.dumps(asdict(self), default=str, sort_keys=True)

    @property
    def is_of_records(self) -> bool:
        """Whether the source system makes it, not the server."""
        return self.name not in SERVER_FAULTS

    def applies(self, source: str, stream: str, day: date) -> bool:
        """Whether it concerns this stream (empty: any stream of the source) on this day.

        A fault of the records lasts from its day until it is switched off, as the records stay broken.
        """
        here = self.source in {"", source} and (not stream or self.stream in {"", stream})
        begun = self.day is None or (self.day <= day if self.is_of_records else self.day == day)
        return here and begun

    def number(self, name: str, usual: float) -> float:
        """A numeric parameter."""
        return float(self.parameters.get(name, usual))


def reporting_day(instant: datetime) -> date:
    """The day that a sync at this instant is about."""
    return (instant - _DAY_TURNS_AT).date()


class Switches:
    """The faults that are on; they survive a restart, as does how often each was used."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.listeners: list[Callable[[], None]] = []

    def all(self) -> list[Fault]:
        """Every switch that is on."""
        return [read_fault(item) for item in self._state.get("faults", [])]

    def put(self, faults: Sequence[Fault]) -> None:
        """Replace all switches, and tell the listeners.

        A source that is repaired touches the records it repairs: it sends again what it sent while a fault
        of its records was on, so the cursors of those streams go back.
        """
        kept = {fault.key for fault in faults}
        with self._state.lock:
            self._state.put("faults", [json.loads(fault.key) for fault in faults])
            self._state.put("fault_uses", {key: n for key, n in self.uses().items() if key in kept})
            marks: dict[str, list[tuple[str, str, str | None]]] = self._state.get("touched", {})
            self._state.put("touched", {key: value for key, value in marks.items() if key in kept})
            for connection_id, stream, since in (m for key, ms in marks.items() if key not in kept for m in ms):
                self._rewind(connection_id, stream, datetime.fromisoformat(since) if since else None)
        for told in self.listeners:
            told()

    def _rewind(self, connection_id: str, stream: str, since: datetime | None) -> None:
        cursor = self._state.cursor(connection_id, stream)
        if cursor and (since is None or since < cursor):
            self._state.set_cursor(connection_id, stream, since)

    def uses(self) -> dict[str, int]:
        """How often each fault has happened."""
        uses: dict[str, int] = self._state.get("fault_uses", {})
        return uses

    def on(self, name: str, source: str = "", stream: str = "") -> Fault | None:
        """The switch of this name that is on today for the source and stream (no source: for the server)."""
        day, uses = reporting_day(self._state.now()), self.uses()
        for fault in self.all():
            spent = uses.get(fault.key, 0) >= fault.number("times", float("inf"))
            if fault.name == name and not spent and (not source or fault.applies(source, stream, day)):
                return fault
        return None

    def take(self, name: str, source: str = "", stream: str = "") -> Fault | None:
        """The same, and the fault happens now: it is counted."""
        with self._state.lock:
            fault = self.on(name, source, stream)
            if fault:
                uses = self.uses()
                self._state.put("fault_uses", {**uses, fault.key: uses.get(fault.key, 0) + 1})
            return fault

    def touched(self, fault: Fault, connection_id: str, stream: str, since: datetime | None) -> None:
        """Remember from where a stream was read while its source made this fault."""
        with self._state.lock:
            marks: dict[str, list[list[str | None]]] = self._state.get("touched", {})
            mine = marks.get(fault.key, [])
            if not any(mark[:2] == [connection_id, stream] for mark in mine):  # the first is the earliest
                mine.append([connection_id, stream, since.isoformat() if since else None])
            self._state.put("touched", {**marks, fault.key: mine})

    def of_records(self, source: str, stream: str, day: date) -> tuple[Fault, ...]:
        """The faults that the source system itself makes in this stream."""
        return tuple(f for f in self.all() if f.is_of_records and f.applies(source, stream, day))


def read_fault(item: dict[str, Any]) -> Fault:
    """From the JSON of the control interface."""
    day = item.get("day")
    return Fault(
        name=str(item["name"]),
        source=str(item.get("source") or ""),
        stream=str(item.get("stream") or ""),
        day=date.fromisoformat(day) if day else None,
        parameters=dict(item.get("parameters") or {}),
    )
