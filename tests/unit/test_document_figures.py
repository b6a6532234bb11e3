"""The page of figures and the first page: what is published, from the release only, with ratios made of sums."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest
from markupsafe import escape

from tasks.publish.document import document
from tasks.publish.figures import COLUMNS, MART, Figures, figures
from tasks.window import Window

WINDOW = Window.of_day(date(2026, 11, 17))
# date, channel, provisional, spend, clicks, new customers, gross sales, discounts, returns
ROWS = [
    ("2026-11-16", "Paid Search", False, "100.005", 10, 2, "400.00", "10.00", "0"),
    ("2026-11-17", "Direct", True, "0", 0, 3, "300.00", "0", "20.00"),
    ("2026-11-17", "Paid Search", True, "50.00", 5, 1, "200.00", "0", "0"),
    ("2026-11-18", "Paid Search", True, "7777.00", 1, 0, "0", "0", "0"),
]
NOTES = {
    "id": "2026-11-17-final-abc",
    "window": {"label": WINDOW.label},
    "state": "final",
    "published_at": "2026-11-18T06:02:11+00:00",
    "verdicts": {"counts": {"passed": 12, "warned": 1}, "marked": []},
    "stale_sources": ["shopify"],
    "freshness": {"meta_ads": "2026-11-18T05:40:00Z", "shopify": "2026-11-17T05:40:00Z"},
    "rows": {"agg_channel_daily": 4},
}


@pytest.fixture
def home(home: Path) -> Path:
    folder = home / "published" / "releases" / "one"
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps(NOTES))
    (home / "published" / "current").symlink_to("releases/one")
    _mart(folder / MART)
    return home


def _mart(path: Path) -> None:
    values = ", ".join(
        f"(date '{day}', '{channel}', {provisional}, {spend}::decimal(38, 6), {clicks}, {new}, {gross}::decimal(38, 6),"
        f" {less}::decimal(38, 6), {back}::decimal(38, 6))"
        for day, channel, provisional, spend, clicks, new, gross, less, back in ROWS
    )
    names = "date, channel, is_provisional, spend, clicks, new_customers, gross_sales, discounts, returns"
    more = "'USD' as reporting_currency, 7 as sessions, 1 as leads, 2 as orders"
    select = f"select *, {more}, gross_sales - discounts - returns as net_sales from (values {values}) as t({names})"
    with duckdb.connect() as db:
        db.execute(f"copy ({select}) to '{path}' (format parquet)")


def _figures(home: Path) -> Figures:
    found = figures(home / "published" / "current", WINDOW)
    assert found
    return found


def test_days_are_newest_first_and_end_with_the_window(home: Path) -> None:
    found = _figures(home)
    assert [(day.name, day.provisional) for day in found.days] == [("2026-11-17", True), ("2026-11-16", False)]


def test_ratios_are_made_of_sums_and_empty_without_a_divisor(home: Path) -> None:
    found = _figures(home)
    assert (found.day.shown("cac"), found.day.shown("roas")) == ("12.50", "9.60")
    direct = next(line for line in found.newest if line.name == "Direct")
    assert (direct.shown("cac"), direct.shown("roas")) == ("–", "–")


def test_the_week_adds_its_days_and_spenders_come_first(home: Path) -> None:
    found = _figures(home)
    assert [line.name for line in found.week] == ["Paid Search", "Direct"]
    assert found.week_total.shown("net_sales") == "870.00"


def test_the_page_says_what_as_of_when_and_what_each_column_means(home: Path) -> None:
    text = (document.fn(WINDOW).parent / "figures.html").read_text()
    said = ("Tuesday 17 November 2026", "2026-11-18 06:02 UTC", "data as of 2026-11-17 05:40 UTC", "in USD", "Shopify")
    assert [words for words in said if words not in text] == []
    assert all(heading in text and str(escape(words)) in text for heading, words in COLUMNS.values())
    assert "7,777" not in text


def test_the_first_page_says_what_is_published_and_what_is_stale(home: Path) -> None:
    text = document.fn(WINDOW).read_text()
    assert "2026-11-17-final-abc" in text
    assert "12 passed, 1 warned" in text
    assert "without the newest data of: Shopify" in text


def test_a_held_window_is_on_both_pages_with_its_reasons(home: Path) -> None:
    held = {
        "window": {"label": "2026-11-18"},
        "held_at": "2026-11-19T06:00:00+00:00",
        "because": ["Two totals differ <b>."],
        "readers_see": NOTES["id"],
    }
    (home / "published" / "held.json").write_text(json.dumps(held))
    site = document.fn(WINDOW).parent
    assert "Wednesday 18 November 2026 is not published" in (site / "index.html").read_text()
    assert "Two totals differ &lt;b&gt;." in (site / "index.html").read_text()
    assert "the figures of the last good release" in (site / "figures.html").read_text()
