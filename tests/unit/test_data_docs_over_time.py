"""Data Docs over half a year: the cost of a day stays, old pages go and their states stay, a cell leads to its run."""

from __future__ import annotations

import json
import os
import shutil
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.publish import data_docs
from tasks.publish.site_days import changes, days
from tasks.publish.site_states import Open, SuiteState, WindowState, day_of
from tasks.publish.site_write import write_page
from tasks.window import Window

LAST = date(2026, 11, 17)
JUDGED = "2026-11-18T05:41:00+00:00"


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tasks.publish.data_docs.pages.sections", lambda _result: "<p>sections</p>")
    return home


def _judged(
    home: Path, label: str, suite: str = "meta_ads.ads_insights", *, bad: bool = False, at: str = JUDGED
) -> None:
    state, severity = ("failed", "critical") if bad else ("passed", "info")
    verdict = {"check": "schema_drift", "source": "meta_ads", "model": "ads_insights", "scope": f"spend {label}",
               "state": state, "severity": severity, "sentence": f"Spend is {state}.",
               "observed": "", "expected": ""}  # fmt: skip
    figure = {"name": "rows that came twice", "value": 3.0, "low": None, "high": 5.0}
    outcome = {"expectation_config": {"meta": {"check": "schema_drift"}, "severity": "critical", "kwargs": {}},
               "result": {"details": {"findings": [], "pictures": [], "figure": figure}}}  # fmt: skip
    body = {"suite": suite, "title": f"Title of {suite}", "owner": "@x", "window": label, "judged_at": at,
            "verdicts": [verdict], "result": {"results": [outcome]}}  # fmt: skip
    folder = home / "validations" / label
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{suite}.json").write_text(json.dumps(body))


def _documented(home: Path, label: str) -> Path:
    data_docs.data_docs(home / "site" / "data-docs", Window.parse(label.partition("T")[0]))
    return home / "site" / "data-docs"


def _pages(docs: Path, label: str) -> set[str]:
    return {path.stem for path in (docs / label).glob("*.html")}


def test_a_clean_suite_loses_its_page_by_age_and_keeps_its_state(home: Path) -> None:
    old = str(LAST - timedelta(days=61))
    _judged(home, old)
    _judged(home, old, "meta_ads.ads", bad=True)
    assert _pages(_documented(home, old), old) == {"index", "meta_ads.ads_insights", "meta_ads.ads"}
    _judged(home, str(LAST))
    docs = _documented(home, str(LAST))
    assert _pages(docs, old) == {"index", "meta_ads.ads"}
    page = (docs / old / "index.html").read_text()
    assert "Title of meta_ads.ads_insights" in page
    assert 'href="meta_ads.ads_insights.html"' not in page
    assert (home / "validations" / old / "meta_ads.ads_insights.json").exists()


def test_a_site_made_anew_makes_no_page_that_would_go_at_once(home: Path) -> None:
    old = str(LAST - timedelta(days=61))
    _judged(home, old)
    _judged(home, str(LAST))
    assert _pages(_documented(home, str(LAST)), old) == {"index"}


def test_of_a_day_the_newest_word_about_each_suite_stays(home: Path) -> None:
    early, late = f"{LAST - timedelta(days=9)}T0830", f"{LAST - timedelta(days=9)}T1200"
    _judged(home, early, at="2026-11-08T08:31:00+00:00")
    _judged(home, early, "meta_ads.ads", at="2026-11-08T08:31:00+00:00")
    _judged(home, late, at="2026-11-08T12:01:00+00:00")
    _judged(home, f"{LAST - timedelta(days=10)}T0830")
    _judged(home, str(LAST))
    docs = _documented(home, str(LAST))
    assert _pages(docs, early) == {"index", "meta_ads.ads"}
    assert _pages(docs, late) == {"index", "meta_ads.ads_insights"}
    again = _documented(home, str(LAST))
    assert _pages(again, early) == {"index", "meta_ads.ads"}


def test_a_part_of_a_day_that_was_judged_again_leaves_no_page(home: Path) -> None:
    early, late = f"{LAST - timedelta(days=9)}T0830", f"{LAST - timedelta(days=9)}T1200"
    _judged(home, early, at="2026-11-08T08:31:00+00:00")
    _judged(home, late, at="2026-11-08T12:01:00+00:00")
    _judged(home, str(LAST))
    for _ in range(2):
        docs = _documented(home, str(LAST))
        assert not (docs / early).exists()
        assert (docs / late / "meta_ads.ads_insights.html").exists()


def test_a_day_costs_the_same_after_half_a_year(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(180, 0, -1):
        _judged(home, str(LAST - timedelta(days=n)))
    _documented(home, str(LAST - timedelta(days=1)))
    _judged(home, str(LAST))
    rendered: list[str] = []
    written: list[str] = []
    monkeypatch.setattr(data_docs, "_render_suite", lambda _body, page: rendered.append(page.parent.name))

    def counted(path: Path, template: str, **facts: object) -> None:
        written.append(path.name)
        write_page(path, template, **facts)

    monkeypatch.setattr(data_docs, "write_page", counted)
    started = time.process_time()
    docs = _documented(home, str(LAST))
    assert time.process_time() - started < 2
    assert rendered == [str(LAST)]
    months = {"2026-05.html", "2026-09.html", "2026-11.html"}  # the oldest, the one that lost a page, the one of today
    assert set(written) == {*months, "index.html", "meta_ads.ads_insights.html"}
    assert len(written) <= data_docs.OVERVIEW_DAYS + 6  # the days, three months, the history, the overview, the old day
    assert (docs / "index.html").stat().st_size < 60_000
    assert len(list((docs / "months").glob("*.html"))) == 7


def test_a_cell_leads_to_the_run_of_its_day(home: Path) -> None:
    _judged(home, "2026-11-16", bad=True)
    _judged(home, "2026-11-17T1200")
    docs = _documented(home, "2026-11-17")
    page = (docs / "index.html").read_text()
    for label in ("2026-11-16", "2026-11-17T1200"):
        assert f'href="{label}/index.html#meta_ads"' in page
        assert 'id="meta_ads"' in (docs / label / "index.html").read_text()
        assert (docs / label / "meta_ads.ads_insights.html").exists()


def test_a_new_result_of_an_old_window_is_shown(home: Path) -> None:
    _judged(home, "2026-11-16")
    _judged(home, "2026-11-17")
    docs = _documented(home, "2026-11-17")
    _judged(home, "2026-11-16", "meta_ads.ads", bad=True)
    later = time.time() + 10
    os.utime(home / "validations" / "2026-11-16", (later, later))
    _documented(home, "2026-11-17")
    assert "Spend is failed." in (docs / "2026-11-16" / "index.html").read_text()


def test_what_was_pruned_is_linked_from_nowhere(home: Path) -> None:
    for label in ("2026-09-30", "2026-10-01", "2026-10-02", "2026-11-17"):
        _judged(home, label)
    docs = _documented(home, "2026-11-17")
    for label in ("2026-09-30", "2026-10-01"):
        shutil.rmtree(home / "validations" / label)
        shutil.rmtree(docs / label)
    _documented(home, "2026-11-17")
    assert {page.stem for page in (docs / "months").glob("*.html")} == {"2026-10", "2026-11"}
    assert "2026-10-01" not in (docs / "months" / "2026-10.html").read_text()


@pytest.mark.parametrize(
    ("label", "row"),
    [
        ("2026-11-17", "2026-11-17"),
        ("2026-11-17T1200", "2026-11-17"),
        ("2026-11-17..2026-11-18T0540", "2026-11-17"),
        ("2026-10-12..2026-11-15", "2026-10-12..2026-11-15"),
    ],
)
def test_a_refresh_within_a_day_belongs_to_the_day_that_it_began(label: str, row: str) -> None:
    assert day_of(label) == row


def _suite(label: str, *, name: str = "s.a", found: tuple[str, ...] = ()) -> SuiteState:
    told = [Open("null_spike", f"a.{field} {label}", "warned", "warning", field) for field in found]
    counts = [("warned", len(found))] if found else [("passed", 1)]
    return SuiteState(name, name, "s", "@x", JUDGED, counts, [], told, label)


def _changes(*windows: WindowState) -> Any:
    found = changes(days(windows))
    assert found
    return found


def test_what_changed_is_what_one_of_two_days_has() -> None:
    before = WindowState(
        "2026-11-16", [_suite("2026-11-16", found=("gone", "stays")), _suite("2026-11-16", name="s.b")]
    )
    now = WindowState("2026-11-17", [_suite("2026-11-17", found=("stays", "new")), _suite("2026-11-17", name="s.c")])
    found = _changes(now, before)
    told = [[c.finding.sentence for c in part] for part in (found.appeared, found.gone, found.remaining)]
    assert told == [["new"], ["gone"], ["stays"]]
    assert ([s.name for s in found.suites_new], [s.name for s in found.suites_gone]) == (["s.c"], ["s.b"])


def test_a_suite_that_was_not_judged_did_not_recover() -> None:
    before = WindowState("2026-11-16", [_suite("2026-11-16", found=("open",))])
    found = _changes(before, WindowState("2026-11-17", [_suite("2026-11-17", name="s.b")]))
    assert (found.gone, [s.name for s in found.suites_gone]) == ([], ["s.a"])
