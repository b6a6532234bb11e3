"""`plumbline try identity` and `try anomalies` answer from a file, and refuse a bad one in words."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from deployments.try_out.anomalies import run_anomalies
from deployments.try_out.identity import run_identity
from expectations.declare.errors import Misconfigured


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as text:
        return list(csv.DictReader(text))


def test_records_of_one_address_are_one_person(tmp_path: Path) -> None:
    records = written(
        tmp_path / "records.csv",
        "record_id,source,email,gclid\nr1,shop,A.b@gmail.com,\nr2,crm,ab+x@googlemail.com,\nr3,crm,noreply@shop.de,g\n",
    )
    told = run_identity(records, tmp_path / "people.csv")
    found = rows(tmp_path / "people.csv")
    assert [row["record_id"] for row in found] == ["r1", "r2", "r3"]
    assert [row["method"] for row in found] == ["email", "email", "alone"]
    assert len({row["person_id"] for row in found}) == 2
    assert told.startswith("3 records are 2 people.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("record_id,name\nr1,Ada\n", "no column with an identifier"),
        ("email\na@b.de\n", "no column record_id"),
        ("record_id,email\nr1,a@b.de\nr1,b@b.de\n", "record_id 'r1' stands already in line 2"),
        ("record_id,email,seen_at\nr1,a@b.de,yesterday\n", "line 2.*seen_at is 'yesterday'|seen_at is 'yesterday'"),
    ],
)
def test_bad_records_are_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        run_identity(written(tmp_path / "records.csv", text), tmp_path / "people.csv")
    assert not (tmp_path / "people.csv").exists()


SPEND = "date,account,channel,campaign,spend,clicks,impressions\n"


def steady(days: int) -> str:
    dates = [date(2026, 1, 1) + timedelta(days=n) for n in range(days)]
    return "".join(f"{day},a,meta,c{campaign},100.00,50,2000\n" for day in dates for campaign in "12")


def test_a_day_that_came_twice_is_exact(tmp_path: Path) -> None:
    again = "2026-02-12,a,meta,c1,100.00,50,2000\n"
    spend = written(tmp_path / "spend.csv", SPEND + steady(50) + again)
    run_anomalies(spend, None, tmp_path / "incidents.csv")
    (found,) = [row for row in rows(tmp_path / "incidents.csv") if row["rung"] == "exact"]
    assert (found["date"], found["severity"], found["expected"], found["actual"]) == (
        *("2026-02-12", "critical"),
        *("200.0000", "300.0000"),
    )


def test_the_order_of_rows_says_nothing(tmp_path: Path) -> None:
    again = "2026-02-12,a,meta,c1,100.00,50,2000\n"
    lines = (steady(50).replace("2026-02-15,a,meta,c1,100.00", "2026-02-15,a,meta,c1,900.00") + again).splitlines()
    run_anomalies(written(tmp_path / "spend.csv", SPEND + "\n".join(lines) + "\n"), None, tmp_path / "one.csv")
    random.Random(5).shuffle(lines)
    run_anomalies(written(tmp_path / "spend.csv", SPEND + "\n".join(lines) + "\n"), None, tmp_path / "other.csv")
    assert (tmp_path / "one.csv").read_text() == (tmp_path / "other.csv").read_text()
    assert [row["date"] for row in rows(tmp_path / "one.csv")] == ["2026-02-12", "2026-02-15"]


def test_a_channel_without_a_row_is_seen_and_an_unwritten_number_is_none(tmp_path: Path) -> None:
    lines = [line for line in steady(56).splitlines() if not line.startswith("2026-02-20")]
    spend = written(tmp_path / "spend.csv", SPEND + "\n".join(lines).replace(",50,", ",,") + "\n")
    run_anomalies(spend, None, tmp_path / "incidents.csv")
    assert [(row["date"], row["rung"]) for row in rows(tmp_path / "incidents.csv")] == [("2026-02-20", "completeness")]


@pytest.mark.parametrize(
    ("spend", "events", "said"),
    [
        (SPEND, None, "the file has no rows"),
        (SPEND + "2026-02-30,a,meta,c,1,1,1\n", None, "date is '2026-02-30'"),
        (SPEND + "2026-02-01,a,meta,c,1,000.5,1,1\n", None, "has 8 values"),
        (SPEND + "2026-02-01,a,meta,c,ten,1,1\n", None, "spend is 'ten'"),
        (SPEND + "1026-02-01,a,meta,c,1,1,1\n2026-02-01,a,meta,c,1,1,1\n", None, "ten years at most"),
        (SPEND + "2026-02-01,a,meta,c,1,1,1\n", "2026-02-03,2026-02-01,sale,2\n", "before it starts"),
        (
            SPEND + "2026-02-01,a,meta,c,1,1,1\n",
            "2026-02-03,2026-02-04,sale,0\n",
            "multiplier of the event 'sale' is 0",
        ),
    ],
)
def test_bad_spend_is_refused_in_words(tmp_path: Path, spend: str, events: str | None, said: str) -> None:
    calendar = written(tmp_path / "events.csv", f"start_date,end_date,name,multiplier\n{events}") if events else None
    with pytest.raises(Misconfigured, match=said):
        run_anomalies(written(tmp_path / "spend.csv", spend), calendar, tmp_path / "incidents.csv")
