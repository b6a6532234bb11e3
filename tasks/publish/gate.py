"""What stands between a window and its readers: findings, and people who hold or override.

An override counts for exactly what its author saw: the same finding with the same sentence and the same value,
until its incident recovers. A finding that has changed since is a new decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.ops_control import Hold, OpsControl, Override
from tasks.adapters.ops_store import Incident, now
from tasks.window import Window


@dataclass(frozen=True)
class Obstacle:
    """One finding that holds a release; `since` is the window of an older, unrepaired incident."""

    check: str
    source: str
    scope: str
    sentence: str
    observed: str
    since: str = ""

    @property
    def words(self) -> str:
        """The reason as readers see it."""
        return f"Since {self.since}: {self.sentence}" if self.since else self.sentence

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """What an override must say to count."""
        return (self.check, self.source, self.scope, self.sentence, self.observed)


@dataclass(frozen=True)
class Gate:
    """Open where there are no reasons; `overrides` are the findings that people let pass."""

    holds: tuple[Hold, ...]
    obstacles: tuple[Obstacle, ...]
    overrides: tuple[Override, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why readers keep the last good release; empty where the gate is open."""
        return (*(hold_words(hold) for hold in self.holds), *(o.words for o in self.obstacles))

    @property
    def told(self) -> list[dict[str, str]]:
        """The overrides as release.json keeps them."""
        return [{**asdict(o), "at": o.at.isoformat(timespec="seconds")} for o in self.overrides]


def gate(window: Window, verdicts: Sequence[Verdict]) -> Gate:
    """What holds a window now, and what people let pass in it.

    Marts are cumulative, so critical incidents of other windows hold this one too, and so does a hold on a window
    that has begun: every release has its rows.
    """
    ops = doors.ops_store()
    control = OpsControl(ops)
    incidents = ops.incidents()
    valid = {_identity(o): o for o in control.overrides() if not _recovered_since(o, incidents)}
    found = list(dict.fromkeys((*_of(verdicts), *_still_wrong(verdicts, incidents))))
    return Gate(
        holds=tuple(hold for hold in control.holds() if _concerns(hold, window)),
        obstacles=tuple(o for o in found if o.identity not in valid),
        overrides=tuple(dict.fromkeys(valid[o.identity] for o in found if o.identity in valid)),
    )


def hold_words(hold: Hold) -> str:
    """The sentence of a hold."""
    about = f"{hold.window.label} is held" if hold.window else "Held"
    return f"{about} by {hold.by} since {hold.at:%Y-%m-%d %H:%M} UTC: {hold.reason}"


def _of(verdicts: Iterable[Verdict]) -> list[Obstacle]:
    return [Obstacle(v.check, v.source, v.scope, v.sentence, v.observed) for v in verdicts if v.holds]


def _still_wrong(verdicts: Sequence[Verdict], incidents: Sequence[Incident]) -> list[Obstacle]:
    """Critical incidents of other windows that nobody repaired."""
    judged_now = {(v.check, v.source, v.scope) for v in verdicts}
    return [
        Obstacle(i.check, i.source, i.scope, i.sentence, i.observed, since=i.window_label)
        for i in incidents
        if i.state == "open" and i.severity == "critical" and (i.check, i.source, i.scope) not in judged_now
    ]


def _concerns(hold: Hold, window: Window) -> bool:
    return hold.window is None or max(window.end, now()) > hold.window.start


def _identity(override: Override) -> tuple[str, str, str, str, str]:
    return (override.check, override.source, override.scope, override.sentence, override.observed)


def _recovered_since(override: Override, incidents: Sequence[Incident]) -> bool:
    key = f"{override.check}|{override.source}|{override.scope}"
    return any(i.key == key and i.recovered_at is not None and i.recovered_at > override.at for i in incidents)
