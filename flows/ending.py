"""How flow runs end, so that the list of runs tells apart what was published, held in part, held, and skipped."""

from __future__ import annotations

from typing import cast

from prefect.states import Completed

from expectations.judge.verdict import Verdict
from tasks.adapters.ops_control import Pause
from tasks.operate.pause import in_words
from tasks.publish.publish import Release


def ended(release: Release) -> Release:
    """The release; the run is shown as `Held` or, where only some marts are, as `Partly held`, with the reasons.

    A flow that returns a state is given that state, and its caller the data inside.
    """
    if not release.held and not release.kept:
        return release
    name = "Held" if release.held else "Partly held"
    return cast(Release, Completed(name=name, message=release.told[:1000], data=release))


def skipped(pause: Pause) -> tuple[Verdict, ...]:
    """No verdicts; the run is shown as `Skipped` with the reason, so that nobody takes it for a success."""
    return cast(tuple[Verdict, ...], Completed(name="Skipped", message=f"{pause.source} is {in_words(pause)}", data=()))
