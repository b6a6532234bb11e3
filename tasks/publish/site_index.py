"""What the first page says at a glance: what is published, what is open and whose it is, how fresh each source is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from expectations.declare.source import load_all
from expectations.judge.verdict import ERRORED, WITHOUT_SUITE
from tasks import doors
from tasks.adapters.ops_control import OpsControl
from tasks.adapters.ops_store import Incident
from tasks.operate.pause import in_words, paused_sources
from tasks.publish.gate import hold_words
from tasks.window import Window

RECOVERED_SHOWN = 25


@dataclass(frozen=True)
class Shown:
    """An incident with the page that shows what its check saw."""

    incident: Incident
    title: str
    page: str

    @property
    def tone(self) -> str:
        """The state whose colour it has."""
        if self.incident.state == "recovered":
            return "passed"
        if self.incident.runbook == ERRORED:
            return "errored"
        return "failed" if self.incident.severity == "critical" else "warned"


@dataclass(frozen=True)
class Fresh:
    """One source on the first page."""

    title: str
    owner: str
    read_at: str
    promise: str
    stale: bool
    held: bool

    @property
    def state(self) -> tuple[str, str]:
        """Its colour and its word; of a held source no mart of the release is new."""
        if self.held:
            return "failed", "held"
        return ("warned", "stale") if self.stale else ("passed", "in time")


@dataclass(frozen=True)
class Decision:
    """What a person decided, with the word that stands before it."""

    word: str
    sentence: str


def open_incidents() -> list[list[Shown]]:
    """Incidents that wait for somebody, those of one check and source together; what holds a mart comes first."""
    found = [i for i in _newest_first() if i.state == "open"]
    models = {label: _models(label) for label in {i.window_label for i in found}}
    groups: dict[tuple[str, str, str, str], list[Shown]] = {}
    for incident in sorted(found, key=lambda i: i.severity != "critical"):
        key = (incident.severity, incident.check, incident.source, incident.runbook)
        groups.setdefault(key, []).append(_shown(incident, models[incident.window_label]))
    return list(groups.values())


def recovered_incidents() -> list[Shown]:
    """The newest that are over."""
    return [_shown(i, {}) for i in _newest_first() if i.state == "recovered"][:RECOVERED_SHOWN]


def incidents_by_window() -> dict[str, list[Shown]]:
    """Every incident under the window in which it was last seen."""
    found: dict[str, list[Shown]] = {}
    for incident in _newest_first():
        found.setdefault(incident.window_label, []).append(_shown(incident, {}))
    return found


def _newest_first() -> list[Incident]:
    return sorted(doors.ops_store().incidents(), key=lambda i: i.opened_at, reverse=True)


def _shown(incident: Incident, models: Mapping[tuple[str, str, str], str]) -> Shown:
    return Shown(incident, source_titles().get(incident.source, incident.source), _page(incident, models))


def source_titles() -> dict[str, str]:
    """What people call each source."""
    return {name: source.title for name, source in load_all().items()} | {"marts": "Marts", "operations": "Operations"}


def _models(label: str) -> dict[tuple[str, str, str], str]:
    if "T" in label:
        return {}  # the window of a refresh within a day has no page of its own for each finding
    return {(v.check, v.source, v.scope): v.model for v in doors.ops_store().verdicts(Window.parse(label))}


def _page(incident: Incident, models: Mapping[tuple[str, str, str], str]) -> str:
    model = models.get((incident.check, incident.source, incident.scope), "")
    suite = "marts" if model == "marts" else f"{incident.source}.{model}"
    if not model or incident.check in WITHOUT_SUITE:
        return f"data-docs/{incident.window_label}/index.html#{incident.source}"
    return f"data-docs/{incident.window_label}/{suite}.html"


def freshness(release: Mapping[str, Any] | None) -> list[Fresh]:
    """Each declared source: when its data in the release were read, and what it promised."""
    notes = release or {"freshness": {}, "stale_sources": []}
    return [
        Fresh(
            title=source.title,
            owner=source.owner.slack,
            read_at=moment(notes["freshness"].get(name, "")) or "never",
            promise=f"at most {source.fresh_within.total_seconds() / 3600:.0f} h old",
            stale=name in notes["stale_sources"] or name not in notes["freshness"],
            held=name in notes.get("held_sources", ()),
        )
        for name, source in load_all().items()
    ]


def decisions(release: Mapping[str, Any] | None) -> list[Decision]:
    """What people decided against the checks, or against waiting: overrides in the release, holds, pauses."""
    control = OpsControl(doors.ops_store())
    overrides = (release or {}).get("overrides", [])
    return [
        *(Decision("held", hold_words(hold)) for hold in control.holds()),
        *(Decision("let pass", override_words(o)) for o in overrides),
        *(Decision("paused", f"{pause.source} is {in_words(pause)}.") for pause in paused_sources().values()),
    ]


def marks(release: Mapping[str, Any] | None, mart: str) -> list[Mapping[str, str]]:
    """The warnings of a release that concern a mart: its figures are published, and marked."""
    marked = (release or {}).get("verdicts", {}).get("marked", [])
    return [m for m in marked if m["severity"] != "info" and mart in m.get("marts", ())]


def override_words(override: Mapping[str, str]) -> str:
    """The sentence of an override as release.json keeps it."""
    signed = f"{override['by']} let it pass on {moment(override['at'])}: {override['reason']}"
    return f"{override['sentence']} {signed}"


def as_of(release: Mapping[str, Any]) -> str:
    """The oldest of the sources: no figure of the release is older."""
    read: Sequence[str] = sorted(release["freshness"].values())
    return moment(read[0]) if read else "unknown"


def moment(instant: str | datetime) -> str:
    """`2026-11-18 05:52 UTC`; what is no instant stays as it is."""
    try:
        said = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    except ValueError:
        return str(instant)
    at = said if said.tzinfo else said.replace(tzinfo=UTC)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def window_words(label: str) -> str:
    """`Tuesday 17 November 2026`, or two of them; the label itself for part of a day."""
    if "T" in label:
        return label
    days = Window.parse(label).days()
    first, last = f"{days[0]:%A %-d %B %Y}", f"{days[-1]:%A %-d %B %Y}"
    return first if len(days) == 1 else f"{first} to {last}"
