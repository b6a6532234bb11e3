"""The calendar of promotions and the budgets: those shipped can be read, and a bad one says where it is bad."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from deployments.local.saas.seasons import black_friday
from expectations.declare.budgets import Budget, budgets
from expectations.declare.errors import Misconfigured
from expectations.declare.promotions import COLUMNS, promotions

HEADER = ",".join(COLUMNS) + "\n"


def test_the_shipped_calendar_knows_black_friday_of_the_years_it_covers() -> None:
    known = promotions()
    for year in sorted({each.first.year for each in known}):
        day = black_friday(year)
        assert [each.multiplier for each in known if each.first <= day <= each.last] == [4.0]


def test_a_calendar_that_nobody_wrote_knows_nothing(tmp_path: Path) -> None:
    assert promotions(tmp_path / "none.csv") == ()


def test_a_file_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    text = "\ufeffname,start_date,end_date,multiplier\r\nÉté 💥,2026-07-01, 2026-07-03 ,1.5\r\n"
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    (found,) = promotions(tmp_path / "c.csv")
    assert (found.first, found.last, found.name, found.multiplier) == (
        date(2026, 7, 1),
        date(2026, 7, 3),
        "Été 💥",
        1.5,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start_date,end_date,name\n", "no column multiplier"),
        (HEADER + "2026-07-01,2026-07-03,sale,1.5\n2026-08-01,soon,sale,2\n", "c.csv, line 3"),
        (HEADER + "2026-07-03,2026-07-01,sale,2\n", "before it starts"),
        (HEADER + "2026-07-01,2026-07-03,sale,0\n", "multiplier of the event 'sale' is 0"),
        (HEADER + "2026-07-01,2026-07-03,sale,two\n", "are not two days and a number"),
        (HEADER + "2026-07-01,2026-07-03,sale,inf\n", "multiplier of the event 'sale' is inf"),
        (HEADER + "2026-07-01,2026-07-03,sale,nan\n", "multiplier of the event 'sale' is nan"),
        (HEADER + "2026-07-01,2026-07-03,sale\n", "the row has 3 values, the header has 4"),
    ],
)
def test_a_bad_calendar_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(Misconfigured, match=said):
        promotions(tmp_path / "c.csv")


def test_no_budget_is_shipped_and_one_that_is_written_is_read(tmp_path: Path) -> None:
    assert budgets() == ()
    (tmp_path / "b.csv").write_text("month,source,account,budget\n2026-11,meta_ads,act_12,12000.50\n")
    assert budgets(tmp_path / "b.csv") == (Budget(date(2026, 11, 1), "meta_ads", "act_12", 12000.5),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("November,meta_ads,a,1", "not a month and an amount"),
        ("2026-11,meta_ads,a,-1", "is -1"),
        ("2026-11,meta_ads,a,1,200", "5 values"),
    ],
)
def test_a_bad_budget_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "b.csv").write_text(f"month,source,account,budget\n{line}\n")
    with pytest.raises(Misconfigured, match=f"{said}.*b.csv, line 2"):
        budgets(tmp_path / "b.csv")
