"""People at the gate: hold what would be published, or let pass what is held, each with a name and a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prefect import task

from expectations.declare.errors import Misconfigured
from expectations.declare.source import names
from tasks import doors
from tasks.adapters.ops_control import Hold, OpsControl, Override
from tasks.adapters.ops_store import ReleaseRow, now
from tasks.build.marts import known_marts
from tasks.outcomes import recorded
from tasks.publish.gate import Obstacle, hold_words
from tasks.window import Window


@dataclass(frozen=True)
class Choice:
    """Which findings a person lets pass; an empty part leaves it open, and a scope needs its check.

    `mart` names everything that holds this mart. A finding that passes, passes for all marts: one of them alone would
    be newer than what it is made of, or older than what is made of it.
    """

    window: Window | None = None
    check: str = ""
    source: str = ""
    scope: str = ""
    mart: str = ""

    def takes(self, obstacle: Obstacle, marts: Sequence[str]) -> bool:
        """Whether a finding is chosen; `marts` are those that it holds."""
        asked = ((self.check, obstacle.check), (self.source, obstacle.source), (self.scope, obstacle.scope))
        return all(wanted in ("", found) for wanted, found in asked) and (not self.mart or self.mart in marts)

    @property
    def names_findings(self) -> bool:
        """Whether findings are asked for, and not only holds by hand."""
        return bool(self.window or self.check or self.source or self.scope or self.mart)

    def lifts(self, hold: Hold) -> bool:
        """Whether a hold by hand ends: with a source or a mart only one about it."""
        named = [name for name in (self.source, self.mart) if name]
        about = hold.about in named or not named
        return about and not (self.check or self.scope) and self.window in (None, hold.window)


@dataclass(frozen=True)
class LetPass:
    """Holds that ended and findings that no longer hold, as sentences; `window` is the one to publish again."""

    window: Window | None
    lifted: tuple[str, ...]
    overridden: tuple[str, ...]


@task(task_run_name="hold")
@recorded
def hold_releases(window: Window | None, *, reason: str, by: str, about: str = "") -> tuple[Hold, ...]:
    """Readers keep the last good release, whatever passes, until somebody releases it; all holds that stand now.

    A release contains every day: a hold on a window holds each release from the beginning of that window on. `about`
    names a source or a mart, of whose descendants alone readers keep what they have; `Misconfigured` for another name.
    """
    if about and about not in names():
        known_marts([about])
    control = OpsControl(doors.ops_store())
    control.hold(window, reason=reason.strip(), by=by.strip(), about=about)
    return tuple(control.holds())


@task(task_run_name="release")
@recorded
def let_pass(choice: Choice, *, reason: str, by: str) -> LetPass:
    """End holds by hand, and override the chosen findings of the newest held attempt.

    Without a choice only holds by hand are ended: a finding is never let pass without being named, by its window or
    by its check. The next build or close publishes. Raises `Misconfigured` with what holds where nothing is chosen.
    """
    control = OpsControl(doors.ops_store())
    held = _held(choice.window)
    lifted = [hold for hold in control.holds() if choice.lifts(hold)]
    chosen = [o for o, marts in _obstacles(held) if choice.takes(o, marts)] if choice.names_findings else []
    if not lifted and not chosen:
        raise _nothing_chosen(choice, held)
    for hold in lifted:
        control.lift(hold.id, reason=reason, by=by)
    for o in chosen:
        control.override(Override(*o.identity, reason=reason.strip(), by=by.strip(), at=now()))
    return LetPass(
        held.window if held else choice.window,
        tuple(hold_words(hold) for hold in lifted),
        tuple(o.words for o in chosen),
    )


def _held(window: Window | None) -> ReleaseRow | None:
    """The newest attempt to publish (something of this window), where findings held all or a part of it."""
    attempts = [row for row in doors.ops_store().releases() if window is None or _inside(row.window, window)]
    newest = attempts[-1] if attempts else None
    return newest if newest and (newest.held or newest.body.get("obstacles")) else None


def _inside(part: Window, whole: Window) -> bool:
    return whole.start <= part.start and part.end <= whole.end


def _obstacles(held: ReleaseRow | None) -> list[tuple[Obstacle, list[str]]]:
    """The findings that hold, each with the marts that it does."""
    listed = held.body.get("obstacles", []) if held else []
    return [(Obstacle(**{k: v for k, v in found.items() if k != "marts"}), found.get("marts", [])) for found in listed]


def _nothing_chosen(choice: Choice, held: ReleaseRow | None) -> Misconfigured:
    obstacles = [obstacle for obstacle, _ in _obstacles(held)]
    if held is None or not obstacles:
        about = choice.window.label if choice.window else "any window"
        return Misconfigured(
            f"no finding and no hold keeps {about} from its readers",
            do="`plumbline status` says what is published; `plumbline build --window DAY` tries again",
        )
    found = "; ".join(f"--check {o.check} --source {o.source} --scope {o.scope!r}" for o in obstacles[:5])
    return Misconfigured(
        f"{held.window.label} is held by {len(obstacles)} findings, and none of them was chosen",
        where=f"{found}{'; and more' if len(obstacles) > 5 else ''}",
        do=f"Name one of these, or all of them with --window {held.window.label.partition('T')[0]}",
    )
