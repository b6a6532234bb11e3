"""Data Docs: a page for each suite and window, one for each day, month and history, and an overview over all.

Only suites whose stored result is new are rendered, with Great Expectations' own renderers. Everything else is made of
one small file per window and looks back over a bounded number of days, so that the 181st day costs what the first did.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from markupsafe import Markup

from expectations.judge import pages
from expectations.judge.verdict import WITHOUT_SUITE
from tasks import doors
from tasks.publish.origins import lines
from tasks.publish.publish import release_notes
from tasks.publish.site_days import CHANGES_SHOWN, Day, changes, days, sources_of
from tasks.publish.site_history import DAYS_SHOWN, histories
from tasks.publish.site_index import decisions, incidents_by_window
from tasks.publish.site_parts import write_if_new
from tasks.publish.site_states import (
    WORST_FIRST,
    WindowState,
    counted,
    is_open,
    last_day,
    read,
    shown_state,
    suite_state,
    text,
)
from tasks.publish.site_thin import STATES, age_in_days, kept, superseded, thin
from tasks.publish.site_write import PAGES, write_page
from tasks.settings import settings
from tasks.window import Window

OVERVIEW_DAYS = 35
REDRAWN_DAYS = 14  # how far back pages follow a new version of their template
_TEMPLATES = (PAGES / "layout.html", PAGES / "suite.html")


def data_docs(docs: Path, window: Window) -> None:
    """Bring everything below `data-docs/` up to date; `window` is the one whose findings have just changed."""
    folders = sorted(path for path in _validations().glob("*") if path.is_dir())
    if not folders:
        write_page(docs / "index.html", "data_docs.html", rows=[], **_nothing())
        return
    today = max(last_day(folder.name) for folder in folders)
    known = [folder for folder in folders if not superseded(folder.name, docs, today)]
    touched = [_window(f, docs / f.name, today, again=f.name == window.label) for f in known]
    changed = [state for state in touched if state]
    labels = [path.parent.name for path in docs.glob(f"*/{STATES}")]
    changed += thin(docs, labels, today)
    changed = [state for state in changed if (docs / state.label / STATES).exists()]
    labels = [label for label in labels if (docs / label / STATES).exists()]
    rows = days(_since(docs, labels, today - timedelta(days=DAYS_SHOWN + 2)))
    _day_pages(docs, rows, changed)
    _history_pages(docs, rows)
    months = sorted({last_day(label).isoformat()[:7] for label in labels}, reverse=True)
    # The oldest month is made anew each time: what is pruned leaves it without a run of any check.
    _month_pages(docs, months, {state.month for state in changed} | {months[-1]})
    _overview(docs, rows, months)


def _validations() -> Path:
    return settings().home / "validations"


def _nothing() -> dict[str, Any]:
    notes = release_notes()
    nothing: dict[str, Any] = {"sources": [], "changed": None, "months": [], "happened": {}}
    return nothing | {"decisions": decisions(notes), "held_marts": lines(notes)}


def _since(docs: Path, labels: Iterable[str], first: date) -> list[WindowState]:
    wanted = [docs / label / STATES for label in labels if last_day(label) >= first]
    return [read(path) for path in wanted if path.exists()]


def _window(folder: Path, target: Path, today: date, *, again: bool) -> WindowState | None:
    """Render what is new of one window, and return its states where something is."""
    made_from, file = _made_from(folder, today), target / STATES
    if not again and file.exists() and f'"made_from":"{made_from}"' in file.read_text():
        return None
    results = sorted(folder.glob("[!.]*.json"))
    redrawn = age_in_days(folder.name, today) <= REDRAWN_DAYS
    bodies = [json.loads(path.read_text()) for path in results]
    suites = [kept(suite_state(body), age_in_days(folder.name, today)) for body in bodies]
    for path, body, suite in zip(results, bodies, suites, strict=True):
        page = target / f"{path.stem}.html"
        if suite.page and _older(page, path, redrawn=redrawn):
            _render_suite(body, page)
    for marker in target.glob(".thinned-*"):
        marker.unlink()
    state = WindowState(folder.name, suites, _others(folder.name), made_from)
    write_if_new(file, text(state))
    return state


def _made_from(folder: Path, today: date) -> str:
    """Which results (a new one changes its folder) and, for new pages, which templates."""
    newest = max(path.stat().st_mtime_ns for path in _TEMPLATES)
    return f"{folder.stat().st_mtime_ns}-{newest if age_in_days(folder.name, today) <= REDRAWN_DAYS else 0}"


def _older(page: Path, result: Path, *, redrawn: bool) -> bool:
    """Whether the page is missing, or older than its result or than the templates (a new version of the product)."""
    made_from = (result, *(_TEMPLATES if redrawn else ()))
    return not page.exists() or page.stat().st_mtime_ns < max(path.stat().st_mtime_ns for path in made_from)


def _render_suite(body: Mapping[str, Any], page: Path) -> None:
    shown = [{**verdict, "state": shown_state(verdict)} for verdict in body["verdicts"] if is_open(verdict)]
    facts = {key: body[key] for key in ("suite", "title", "owner", "window", "judged_at")}
    write_page(
        page,
        "suite.html",
        facts=facts,
        counts=counted(body["verdicts"]),
        open=sorted(shown, key=lambda v: WORST_FIRST.index(v["state"])),
        checks=suite_state(body).checks,
        sections=Markup(pages.sections(body["result"])),
    )


def _others(label: str) -> list[dict[str, str]]:
    """Findings of the window that belong to no suite: late sources, models that did not build, data tests."""
    if "T" in label:
        return []  # the window of a refresh within a day; these checks speak about whole days
    found = doors.ops_store().verdicts(Window.parse(label))
    return [
        {"check": v.check, "source": v.source, "state": v.state, "sentence": v.sentence}
        for v in found
        if v.check in WITHOUT_SUITE and v.alarming
    ]


def _day_pages(docs: Path, rows: Sequence[Day], changed: Sequence[WindowState]) -> None:
    """A page for each window that changed; whole days again while an incident of theirs may still recover."""
    recent = {row.page.partition("/")[0] for row in rows[:OVERVIEW_DAYS]}
    known = {state.label: state for state in changed}
    for label in recent - known.keys():
        known[label] = read(docs / label / STATES)
    told = incidents_by_window()
    for label, state in known.items():
        day = replace(state, suites=sorted(state.suites, key=lambda s: (s.source, s.clean, s.name)))
        recovered = [shown for shown in told.get(label, []) if shown.incident.state == "recovered"]
        write_page(docs / label / "index.html", "day.html", day=day, recovered=recovered)


def _history_pages(docs: Path, rows: Sequence[Day]) -> None:
    newest = {suite.name: suite for row in reversed(rows) for suite in row.suites}
    results = {name: _result(suite.label, name) for name, suite in newest.items()}
    for history in histories(rows, {name: result for name, result in results.items() if result}):
        write_page(docs / "history" / f"{history.suite.name}.html", "history.html", history=history)


def _result(label: str, suite: str) -> dict[str, Any] | None:
    path = _validations() / label / f"{suite}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _month_pages(docs: Path, months: Sequence[str], changed: set[str]) -> None:
    for page in (docs / "months").glob("*.html"):
        if page.stem not in months:
            page.unlink()
    for month in months:
        page = docs / "months" / f"{month}.html"
        if month not in changed and page.exists():
            continue
        labels = [path.parent.name for path in docs.glob(f"*/{STATES}")]
        found = [read(docs / label / STATES) for label in labels if last_day(label).isoformat()[:7] == month]
        rows = days(found)
        write_page(page, "month.html", month=month, months=months, rows=rows, sources=sources_of(rows))


def _overview(docs: Path, rows: Sequence[Day], months: Sequence[str]) -> None:
    shown = list(rows[:OVERVIEW_DAYS])
    found: list[dict[str, Any]] = [
        {"suite": suite, "day": row.label} for suite in _newest(shown) for row in shown if suite in row.suites
    ]
    write_page(
        docs / "index.html",
        "data_docs.html",
        rows=shown,
        sources=sources_of(shown),
        suites=found,
        changed=changes(rows),
        months=months,
        at_most=CHANGES_SHOWN,
        decisions=decisions(release_notes()),
        held_marts=lines(release_notes()),
        happened=incidents_by_window(),
    )


def _newest(rows: Sequence[Day]) -> list[Any]:
    found = {suite.name: suite for row in reversed(rows) for suite in row.suites}
    return [found[name] for name in sorted(found)]
