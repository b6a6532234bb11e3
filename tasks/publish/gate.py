"""What stands between each mart of a window and its readers: findings, and people who hold or override.

A finding holds the marts that are made of what it is about (tasks/publish/reach.py). An override counts for exactly
what its author saw: the same finding with the same sentence and the same value, until its incident recovers. A finding
that has changed since is a new decision.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.ops_control import Hold, OpsControl, Override
from tasks.adapters.ops_store import Incident, now
from tasks.publish.reach import Reach, reach
from tasks.window import Window


@dataclass(frozen=True)
class Obstacle:
    """One finding that holds marts; `since` is the window of an older, unrepaired incident."""

    check: str
    source: str
    scope: str
    sentence: str
    observed: str
    since: str = ""
    model: str = ""

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
    """Every mart with what holds it, nothing where it is open; `overrides` are the findings that people let pass.

    `closed` where no mart that is made of a source is open: a calendar and notes about us are no release. `sources` are
    those of which no mart is open: nothing that was loaded of them reaches readers.
    """

    marts: Mapping[str, tuple[Hold | Obstacle, ...]]
    standing: tuple[Hold | Obstacle, ...]
    overrides: tuple[Override, ...]
    closed: bool
    sources: tuple[str, ...]
    reach: Reach

    @property
    def held(self) -> dict[str, tuple[str, ...]]:
        """The marts that are held, with the reasons as readers see them."""
        return {mart: tuple(words(by) for by in held) for mart, held in self.marts.items() if held}

    @property
    def reasons(self) -> tuple[str, ...]:
        """Everything that holds a mart, as readers see it; empty where all are open."""
        return tuple(words(by) for by in self.standing)

    @property
    def obstacles(self) -> list[dict[str, Any]]:
        """The findings that hold, with the marts that each of them does, as release.json keeps them."""
        found = [by for by in self.standing if isinstance(by, Obstacle)]
        return [{**asdict(o), "marts": [mart for mart, held in self.marts.items() if o in held]} for o in found]

    @property
    def told(self) -> list[dict[str, str]]:
        """The overrides as release.json keeps them."""
        return [{**asdict(o), "at": o.at.isoformat(timespec="seconds")} for o in self.overrides]


def gate(window: Window, verdicts: Sequence[Verdict], marts: Collection[str]) -> Gate:
    """What holds each mart of a window now, and what people let pass in it.

    Marts are cumulative, so critical incidents of other windows hold this one too, and so does a hold on a window
    that has begun: every release has its rows.
    """
    ops = doors.ops_store()
    control = OpsControl(ops)
    incidents = ops.incidents()
    valid = {_identity(o): o for o in control.overrides() if not _recovered_since(o, incidents)}
    found = list(dict.fromkeys((*_of(verdicts), *_still_wrong(verdicts, incidents))))
    standing = [o for o in found if o.identity not in valid]
    holds = [hold for hold in control.holds() if _concerns(hold, window)]
    overrides = dict.fromkeys(valid[o.identity] for o in found if o.identity in valid)
    return gate_of(reach(marts), [*holds, *standing], tuple(overrides))


def gate_of(far: Reach, standing: Sequence[Hold | Obstacle], overrides: tuple[Override, ...] = ()) -> Gate:
    """The gate of marts with what stands in their way: each holds the marts that descend from it."""
    reached = {by: far.of(by) if isinstance(by, Obstacle) else far.of_name(by.about) for by in standing}
    marts = {mart: tuple(by for by in reached if mart in reached[by]) for mart in far.made_of}
    delivered = {source for mart, held in marts.items() if not held for source in far.sources(mart)}
    everywhere = {source for mart in marts for source in far.sources(mart)}
    closed = bool(standing) and not delivered
    holding = tuple(by for by in reached if reached[by] or closed)
    return Gate(marts, holding, overrides, closed, tuple(sorted(everywhere - delivered)), far)


def words(by: Hold | Obstacle) -> str:
    """The reason as readers see it."""
    return by.words if isinstance(by, Obstacle) else hold_words(by)


def hold_words(hold: Hold) -> str:
    """The sentence of a hold."""
    named = f"{hold.about} of {hold.window.label}" if hold.about and hold.window else hold.about
    about = named or (hold.window.label if hold.window else "")
    return f"{about + ' is held' if about else 'Held'} by {hold.by} since {hold.at:%Y-%m-%d %H:%M} UTC: {hold.reason}"


def _of(verdicts: Iterable[Verdict]) -> list[Obstacle]:
    return [Obstacle(v.check, v.source, v.scope, v.sentence, v.observed, model=v.model) for v in verdicts if v.holds]


def _still_wrong(verdicts: Sequence[Verdict], incidents: Sequence[Incident]) -> list[Obstacle]:
    """Critical incidents of other windows that nobody repaired."""
    judged_now = {(v.check, v.source, v.scope) for v in verdicts}
    return [
        Obstacle(i.check, i.source, i.scope, i.sentence, i.observed, since=i.window_label, model=i.model)
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
