"""What people open, in a real browser: nothing is asked of another host, no error, hostile names stay text.

Needs Chromium (`apt-get install chromium`): skipped without one, required where `CI` is set.
`PLUMBLINE_SHOTS=<folder>` keeps the pictures.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from deployments.local import site_server, slack
from expectations.declare.source import load
from expectations.judge.measurement import COLUMNS
from expectations.judge.suites import suite_of
from tasks import doors
from tasks.judge import judge
from tasks.publish import alert
from tasks.publish.deliver import deliver
from tasks.publish.document import document
from tasks.settings import settings
from tasks.window import Window
from tests.conftest import served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-default-apps", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
]  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)> 💥"
BAD = Window.parse("2026-11-17")
GOOD = Window.parse("2026-11-16")
HISTORY = Window.parse("2026-10-12..2026-11-15")
TOKEN = "xoxb-browser-test"

pytestmark = pytest.mark.skipif(
    not CHROMIUM and not os.environ.get("CI"), reason="no Chromium is installed (required where CI is set)"
)


@dataclass
class Visit:
    """A page and everything that happened on it."""

    page: Page
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        return [url for url in self.asked if not url.startswith("http://127.0.0.1:")]


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([{"role": "now", **row} for row in rows], columns=list(COLUMNS), dtype=object)


def _rows(window: Window, *, bad: bool) -> list[dict[str, Any]]:
    keys = {f.payload_key for f in load("meta_ads").streams["ads_insights"].fields.values()}
    gone = {"spend"} if bad else set()
    counts = {
        "rows": 500,
        "sync_rows": 500,
        "hours_behind": 0,
        "duplicate_objects": 2 * bad,
        "duplicate_rows": 250 * bad,
    }
    rows: list[dict[str, Any]] = [{"metric": m, "value": Decimal(v)} for m, v in counts.items()]
    rows += [{"metric": "present", "field": k, "value": Decimal(0 if k in gone else 500)} for k in sorted(keys)]
    rows += [{"metric": "present", "field": k, "value": Decimal(9000), "role": "before"} for k in sorted(keys)]
    rows += [{"metric": m, "value": Decimal(9000), "role": "before"} for m in ("rows", "sync_rows")]
    rows += [{"metric": "unexpected", "field": f, "value": Decimal(500)} for f in ("spends", HOSTILE) if bad]
    day = window.days()[-1]
    for n in range(40):
        value = Decimal(54012 if bad and not n else 18004)
        at, role = day - timedelta(days=n), "before" if n else "now"
        rows.append({"metric": "spend", "account": HOSTILE, "day": at, "value": value, "role": role})
        rows.append({"metric": "clicks", "account": HOSTILE, "day": at, "value": Decimal(9000), "role": role})
    totals = {"reconcile_ours": "54012.30" if bad else "18004.10", "reconcile_theirs": "18004.10"}
    rows += [{"metric": m, "account": HOSTILE, "day": day, "value": Decimal(v)} for m, v in totals.items()]
    return rows


def _build(home: Path) -> None:
    """What dbt leaves of a build: a project of one table, whose description is hostile."""
    table: dict[str, Any] = {
        "name": "agg_ads_daily", "resource_type": "model", "schema": "marts", "description": HOSTILE,
        "original_file_path": "models/agg_ads_daily.sql", "columns": {"spend": {"description": HOSTILE}},
        "depends_on": {"nodes": []}, "raw_code": "",
    }  # fmt: skip
    body = {"nodes": {"model.p.agg_ads_daily": table}, "sources": {}, "unit_tests": {}, "child_map": {}}
    manifest = home / "dbt" / "target" / "models" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps(body))


def _tell(window: Window, *, bad: bool) -> None:
    """One judged window of one source, with its page and its messages."""
    source = load("meta_ads")
    stream = source.streams["ads_insights"]
    days = 0 if window is HISTORY else 35
    suite = suite_of(source, stream, window, closed=set(window.days()[-1:]), history_days=days)
    verdicts = judge._judged([(replace(suite, title=suite.title), _frame(_rows(window, bad=bad)))], window)
    alert.announce.fn(verdicts, window)
    deliver.fn()
    document.fn(window)


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as environment, served(site_server.application(home)) as site:
        environment.setenv("PLUMBLINE_HOME", str(home))
        with served(slack.application(home, TOKEN, clock=time.time)) as channel:
            environment.setenv("PLUMBLINE_SLACK_URL", f"{channel}/api/")
            environment.setenv("PLUMBLINE_SLACK_TOKEN", TOKEN)
            environment.setenv("PLUMBLINE_SITE_URL", site)
            settings.cache_clear()
            _build(home)
            _tell(HISTORY, bad=False)
            _tell(GOOD, bad=False)
            _tell(BAD, bad=True)
            suite = f"{site}/data-docs/2026-11-17/meta_ads.ads_insights.html"
            yield {
                "index": f"{site}/",
                "data-docs": f"{site}/data-docs/index.html",
                "figures": f"{site}/figures.html",
                "suite": suite,
                "day": f"{site}/data-docs/2026-11-17/index.html",
                "month": f"{site}/data-docs/months/2026-11.html",
                "history": f"{site}/data-docs/history/meta_ads.ads_insights.html",
                "runbook": f"{site}/runbooks/reconciliation.html",
                "metrics": f"{site}/metrics.html",
                "tables": f"{site}/models/index.html",
                "table": f"{site}/models/agg_ads_daily.html",
                "slack": f"{channel}/",
            }
            doors.ops_store().close()
    settings.cache_clear()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


def _visit(browser: Browser, address: str, *, scheme: str = "light", width: int = 1100, script: bool = True) -> Visit:
    size: Any = {"width": width, "height": 800}
    context = browser.new_context(color_scheme=scheme, viewport=size, java_script_enabled=script)  # type: ignore[arg-type]
    visit = Visit(context.new_page())
    visit.page.on("request", lambda request: visit.asked.append(request.url))
    visit.page.on("console", lambda said: visit.errors.append(said.text) if said.type == "error" else None)
    visit.page.on("pageerror", lambda error: visit.errors.append(str(error)))
    visit.page.on("dialog", lambda dialog: visit.errors.append(f"dialog: {dialog.message}"))
    answer = visit.page.goto(address, wait_until="networkidle")
    assert answer
    assert answer.ok
    return visit


def _picture(visit: Visit, name: str) -> None:
    if folder := os.environ.get("PLUMBLINE_SHOTS"):
        visit.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "name",
    [
        "index",
        "data-docs",
        "day",
        "month",
        "history",
        "suite",
        "runbook",
        "figures",
        "metrics",
        "tables",
        "table",
        "slack",
    ],
)
def test_a_page_opens_without_another_host_and_without_an_error(
    browser: Browser, addresses: dict[str, str], name: str, scheme: str
) -> None:
    visit = _visit(browser, addresses[name], scheme=scheme)
    _picture(visit, f"{name}-{scheme}")
    assert visit.asked
    assert visit.elsewhere == []
    assert visit.errors == []


@pytest.mark.parametrize("name", ["index", "data-docs", "day", "month", "suite", "tables", "table", "slack"])
def test_a_hostile_name_is_text(browser: Browser, addresses: dict[str, str], name: str) -> None:
    page = _visit(browser, addresses[name]).page
    assert page.locator("img[src=x]").count() == 0
    assert page.get_by_text(HOSTILE, exact=False).count() > 0


@pytest.mark.parametrize(
    "name", ["index", "data-docs", "day", "month", "history", "suite", "runbook", "figures", "metrics", "table"]
)
def test_a_page_fits_a_telephone(browser: Browser, addresses: dict[str, str], name: str) -> None:
    visit = _visit(browser, addresses[name], width=390)
    _picture(visit, f"{name}-narrow")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_stylesheet_is_there_and_its_colours_follow_the_scheme(browser: Browser, addresses: dict[str, str]) -> None:
    grounds = {
        scheme: _visit(browser, addresses["suite"], scheme=scheme).page.evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert grounds["light"] == "rgb(255, 255, 255)"
    assert grounds["dark"] != grounds["light"]


def test_from_the_message_to_the_page_and_the_runbook(browser: Browser, addresses: dict[str, str]) -> None:
    page = _visit(browser, addresses["slack"]).page
    assert page.locator(f'a[href="{addresses["suite"]}"]').count() > 0
    assert page.locator(f'a[href="{addresses["runbook"]}"]').count() == 1


def test_each_incident_has_one_message(browser: Browser, addresses: dict[str, str]) -> None:
    page = _visit(browser, addresses["slack"]).page
    incidents = doors.ops_store().open_incidents()
    assert {i.check for i in incidents} == {"schema_drift", "duplicate_load", "spend_anomaly", "reconciliation"}
    assert page.get_by_text("Total not reached").count() == 1


DOCS = ["data-docs", "day", "month", "history", "suite"]
# Of every text that is shown: how far its colour stands from the ground behind it (WCAG 2.1, 1.4.3), the least first.
CONTRAST = """() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (colour) => {
    const line = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = parts(colour).map((v) => line(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (parts(colour).length === 3 || parts(colour)[3] > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const node of document.querySelectorAll("main *, header *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length || node.closest("title, desc")) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(node.closest("svg") ? style.fill : style.color), light(ground(node))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), node.textContent.trim().slice(0, 40)]);
  }
  return found.sort((x, y) => x[0] - y[0])[0];
}"""


@pytest.mark.parametrize("name", [*DOCS, "index"])
def test_every_text_can_be_read(browser: Browser, addresses: dict[str, str], name: str) -> None:
    page = _visit(browser, addresses[name]).page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        least, text = page.evaluate(CONTRAST)
        assert least >= 4.5, (scheme, text)


@pytest.mark.parametrize("name", ["data-docs", "month"])
def test_without_scripts_a_page_says_the_same(browser: Browser, addresses: dict[str, str], name: str) -> None:
    plain = _visit(browser, addresses[name], script=False).page
    scripted = _visit(browser, addresses[name]).page
    assert plain.locator("main a").count() == scripted.locator("main a").count()
    assert plain.locator("input").count() == 0


def test_the_filter_leaves_what_was_asked_for(browser: Browser, addresses: dict[str, str]) -> None:
    page = _visit(browser, addresses["month"]).page
    box = page.get_by_label("Find a source, a check, a word")
    rows = page.locator("[data-filter] li")
    every = rows.count()
    assert every > 1
    box.fill("delivered twice")
    assert rows.locator("visible=true").count() == 1
    assert page.get_by_role("status").inner_text() == f"1 of {every}"
    box.fill("")
    assert rows.locator("visible=true").count() == every


def test_a_cell_leads_by_keyboard_to_the_run_of_its_day(browser: Browser, addresses: dict[str, str]) -> None:
    page = _visit(browser, addresses["data-docs"]).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    cell = page.locator("table.heat tr[id='2026-11-17'] a.cell")
    assert cell.inner_text() == "3 failed"
    for _ in range(60):
        page.keyboard.press("Tab")
        if cell.evaluate("node => node === document.activeElement"):
            break
    assert cell.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/2026-11-17/index.html#meta_ads")
    page.get_by_role("link", name="Meta Ads: ads_insights").click()
    assert page.url == addresses["suite"]


def test_what_changed_is_told_first(browser: Browser, addresses: dict[str, str]) -> None:
    page = _visit(browser, addresses["data-docs"]).page
    assert page.get_by_role("heading", name="New: 4").count() == 1
    page.get_by_role("link", name="Meta Ads: ads_insights: Total not reached").click()
    assert page.url == f"{addresses['suite']}#reconciliation"


@pytest.mark.parametrize("name", ["suite", "history"])
def test_every_picture_says_what_it_shows(browser: Browser, addresses: dict[str, str], name: str) -> None:
    page = _visit(browser, addresses[name]).page
    pictures = page.locator("svg[role=img]")
    words = pictures.evaluate_all(
        "all => all.map(one => [one.querySelector('title')?.textContent, one.querySelector('desc')?.textContent])"
    )
    assert len(words) >= 4
    assert all(title and told for title, told in words)
    assert page.locator("img:not([alt])").count() == 0
