"""Build the site that people open: index, figures, Data Docs, runbooks. It needs no script and no other host.

Only pages whose stored result is newer than the page are rendered, with Great Expectations' own renderers; the
index reads one small file per window, so that history costs little.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from prefect import task

from expectations.judge import pages
from expectations.judge.verdict import CHECKS
from tasks import doors
from tasks.outcomes import recorded
from tasks.publish.figures import COLUMNS, MART, Figures, figures
from tasks.publish.publish import held_notes, published, release_notes
from tasks.publish.site_index import (
    as_of,
    decisions,
    freshness,
    incidents_by_window,
    moment,
    open_incidents,
    recovered_incidents,
    source_titles,
    window_words,
)
from tasks.publish.site_parts import ASSETS, places, runbook_pages, warehouse_words, write_if_new
from tasks.settings import settings
from tasks.window import Window

_WORST_FIRST = ("errored", "failed", "warned", "noted", "learning", "passed")
_SENTENCES = 4  # of one suite on the index; its page has all
_CLEAN = {"passed", "learning"}
_PAGES = Path(__file__).parent / "pages"
_TEMPLATES = (_PAGES / "layout.html", _PAGES / "suite.html")


@dataclass(frozen=True)
class SuiteStates:
    """One suite of one window, as the index shows it."""

    name: str
    title: str
    source: str
    counts: list[tuple[str, int]]
    sentences: list[str]

    @property
    def clean(self) -> bool:
        """Whether nobody has to look at it."""
        return {state for state, _ in self.counts} <= _CLEAN


@dataclass(frozen=True)
class WindowStates:
    """One window, as the index shows it; `others` are findings of checks without a suite."""

    label: str
    suites: list[SuiteStates]
    others: list[dict[str, str]]

    def worst(self, source: str) -> str:
        """The gravest state of a source; empty where it was not judged."""
        found = {state for suite in self.suites if suite.source == source for state, _ in suite.counts}
        found |= {other["state"] for other in self.others if other["source"] == source}
        return next((state for state in _WORST_FIRST if state in found), "")


@task(task_run_name="document {window.label}")
@recorded
def document(window: Window) -> Path:
    """Bring the site up to date and return its index; `window` is the one whose findings have just changed."""
    site = settings().home / "site"
    for asset in ASSETS:
        write_if_new(site / "assets" / asset.name, asset.read_text())
    for folder in sorted(p for p in _validations().glob("*") if p.is_dir()):
        _render_window(folder, site, again=folder.name == window.label)
    windows = [_states(path) for path in sorted((site / "data-docs").glob("*/states.json"), reverse=True)]
    sources = sorted({suite.source for w in windows for suite in w.suites})
    happened = incidents_by_window()
    told: dict[str, Any] = {"happened": happened, "decisions": decisions(release_notes())}
    _write(site / "data-docs" / "index.html", "data_docs.html", windows=windows, sources=sources, **told)
    for name, title, body in runbook_pages():
        _write(
            site / "runbooks" / f"{name}.html",
            "runbook.html",
            title=title,
            body=Markup(body),
            warehouse=warehouse_words(),
        )
    listed = [(name, title) for name, title, _ in runbook_pages()]
    _write(site / "runbooks" / "index.html", "runbooks.html", runbooks=listed)
    return _index(site)


def refresh_index() -> Path:
    """The first page anew, where people have decided something that no run has told yet."""
    return _index(settings().home / "site")


def _validations() -> Path:
    return settings().home / "validations"


def _render_window(folder: Path, site: Path, *, again: bool) -> None:
    target = site / "data-docs" / folder.name
    stale = [p for p in sorted(folder.glob("[!.]*.json")) if _older(target / f"{p.stem}.html", p)]
    if not stale and not again:
        return
    for path in stale:
        _render_suite(json.loads(path.read_text()), target / f"{path.stem}.html")
    bodies = [json.loads(path.read_text()) for path in sorted(folder.glob("[!.]*.json"))]
    states = WindowStates(folder.name, [_suite_states(body) for body in bodies], _others(folder.name))
    write_if_new(target / "states.json", json.dumps(asdict(states), indent=1))


def _older(page: Path, result: Path) -> bool:
    """Whether the page is missing, or older than its result or than the templates (a new version of the product)."""
    made_from = (result, *_TEMPLATES)
    return not page.exists() or page.stat().st_mtime_ns < max(path.stat().st_mtime_ns for path in made_from)


def _render_suite(body: Mapping[str, Any], page: Path) -> None:
    open_first = sorted((v for v in body["verdicts"] if _is_open(v)), key=lambda v: _WORST_FIRST.index(v["state"]))
    sections = Markup(pages.sections(body["result"]))
    facts = {key: body[key] for key in ("suite", "title", "owner", "window", "judged_at")}
    _write(page, "suite.html", facts=facts, counts=_counts(body["verdicts"]), open=open_first, sections=sections)


def _is_open(verdict: Mapping[str, str]) -> bool:
    return _state(verdict) not in ("passed", "learning", "noted")


def _state(verdict: Mapping[str, str]) -> str:
    """The state for readers: what is only information is noted, whatever the check called it."""
    noted = verdict["state"] == "warned" and verdict["severity"] == "info"
    return "noted" if noted else verdict["state"]


def _counts(verdicts: Iterable[Mapping[str, str]]) -> list[tuple[str, int]]:
    found = Counter(_state(verdict) for verdict in verdicts)
    return [(state, found[state]) for state in _WORST_FIRST if found[state]]


def _suite_states(body: Mapping[str, Any]) -> SuiteStates:
    sentences = [v["sentence"] for v in body["verdicts"] if _is_open(v)][:_SENTENCES]
    source = body["suite"].partition(".")[0]
    return SuiteStates(body["suite"], body["title"], source, _counts(body["verdicts"]), sentences)


def _others(label: str) -> list[dict[str, str]]:
    """Findings of the window that belong to no suite: late sources, models that did not build, data tests."""
    if "T" in label:
        return []  # the window of a refresh within a day; these checks speak about whole days
    found = doors.ops_store().verdicts(Window.parse(label))
    return [
        {"check": v.check, "source": v.source, "state": v.state, "sentence": v.sentence}
        for v in found
        if v.check in ("late", "build_failed", "data_test") and v.state != "passed"
    ]


def _states(path: Path) -> WindowStates:
    body = json.loads(path.read_text())
    suites = [SuiteStates(**{**s, "counts": [tuple(c) for c in s["counts"]]}) for s in body["suites"]]
    return WindowStates(body["label"], suites, body["others"])


def _index(site: Path) -> Path:
    shown, release = _published_figures(), release_notes()
    facts: dict[str, Any] = {"release": release, "held": held_notes(), "figures": shown}
    facts["as_of"] = as_of(release) if release else ""
    folder = settings().home / "published" / "current" / MART
    _write(site / "figures.html", "figures.html", columns=COLUMNS, parquet=folder, **facts)
    waiting, over = open_incidents(), recovered_incidents()
    sources = freshness(release)
    facts |= {"decisions": decisions(release), "places": places()}
    _write(site / "index.html", "index.html", waiting=waiting, over=over, sources=sources, **facts)
    return site / "index.html"


def _published_figures() -> Figures | None:
    folder, release = published(), release_notes()
    return figures(folder, Window.parse(release["window"]["label"])) if folder and release else None


def _write(path: Path, template: str, **facts: object) -> None:
    root = "../" * (len(path.relative_to(settings().home / "site").parts) - 1)
    names = {"titles": CHECKS, "source_titles": source_titles()}
    write_if_new(path, _ENVIRONMENT.get_template(template).render(root=root, **names, **facts))


_ENVIRONMENT = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)
_ENVIRONMENT.filters |= {"moment": moment, "words": window_words}
