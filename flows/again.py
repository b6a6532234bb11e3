"""How days that were done again reach readers: the release that they see is made anew, through the usual gate."""

from __future__ import annotations

from flows.build_marts import build_marts
from flows.close_day import close_day
from tasks.publish.publish import Release, release_notes
from tasks.window import Window


def published_again(window: Window) -> Release:
    """Publish the window that readers see with its new figures: closed again where it is final, else provisionally."""
    notes = release_notes()
    if notes is None:
        return build_marts(window=window)
    seen = Window.model_validate({"start": notes["window"]["start"], "end": notes["window"]["end"]})
    if notes["state"] == "final":
        return close_day(day=seen.days()[-1])
    return build_marts(window=seen)
