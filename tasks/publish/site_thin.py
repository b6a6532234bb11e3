"""Which pages of checks go by age: results stay as data, and every day keeps its states.

A refresh within a day has a page until another one has judged the same suite later and some days have passed; a suite
on which nobody had to look loses its page after some weeks. What had findings stays until `plumbline prune` takes it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from tasks.publish.site_parts import write_if_new
from tasks.publish.site_states import SuiteState, WindowState, day_of, last_day, read, text
from tasks.settings import settings

STATES = "states.json"
_DONE = ".thinned"  # beside the pages: nothing more can go of this window


def age_in_days(label: str, today: date) -> int:
    """Days between the end of a window and the newest judged day."""
    return (today - last_day(label)).days


def kept(suite: SuiteState, age: int) -> SuiteState:
    """The suite of a window so many days old; without its page where nobody had to look and it is old."""
    gone = suite.clean and age > settings().keep.clean_pages_days
    return replace(suite, page=False) if gone else suite


def superseded(label: str, docs: Path, today: date) -> bool:
    """Whether a part of a day has lost its page for good, so that its result makes none again."""
    old = "T" in label and age_in_days(label, today) > settings().keep.part_pages_days
    return old and any(day_of(path.name) == day_of(label) for path in docs.glob(f"{label[:10]}*"))


def thin(docs: Path, labels: Iterable[str], today: date) -> list[WindowState]:
    """Remove what may go below `data-docs/`, and return the windows that lost something but are still there."""
    keep = settings().keep
    old = [label for label in labels if age_in_days(label, today) > min(keep.part_pages_days, keep.clean_pages_days)]
    waiting = [label for label in old if not _done(docs / label, age_in_days(label, today)).exists()]
    changed = [_thinned(docs, label, today, waiting_for=old) for label in waiting]
    return [state for state in changed if state is not None]


def _done(folder: Path, age: int) -> Path:
    return folder / f"{_DONE}-{'all' if age > settings().keep.clean_pages_days else 'parts'}"


def _thinned(docs: Path, label: str, today: date, *, waiting_for: Iterable[str]) -> WindowState | None:
    state, age = read(docs / label / STATES), age_in_days(label, today)
    left = [kept(suite, age) for suite in state.suites if not _said_later(suite, docs, label, waiting_for)]
    if not left and "T" in label:
        shutil.rmtree(docs / label)
        return None
    for suite in state.suites:
        if not any(one.name == suite.name and one.page for one in left):
            (docs / label / f"{suite.name}.html").unlink(missing_ok=True)
    thinned = replace(state, suites=left)
    write_if_new(docs / label / STATES, text(thinned))
    _done(docs / label, age).touch()
    return None if thinned == state else thinned


def _said_later(suite: SuiteState, docs: Path, label: str, labels: Iterable[str]) -> bool:
    if "T" not in label:
        return False
    same = [other for other in labels if other != label and day_of(other) == day_of(label)]
    others = [read(path) for other in same if (path := docs / other / STATES).exists()]
    return any(s.name == suite.name and s.judged_at > suite.judged_at for w in others for s in w.suites)
