"""`plumbline try` on the shared data sets gives the known results, and says what it cannot do."""

from __future__ import annotations

import csv
import json
import os
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.unit.conftest import Typed

SHARED = Path(__file__).parents[3] / "shared" / "datasets"
EVENTS, PATHS, CDNOW = SHARED / "attribution_events", SHARED / "attribution_paths", SHARED / "cdnow"
on_shared_data = pytest.mark.skipif(
    not SHARED.exists() and not os.environ.get("CI"), reason="../shared/datasets is not here (required where CI is set)"
)
TOUCHES = "touch_id,person_id,touched_at,channel,touch_type\n"
CONVERSIONS = "conversion_id,person_id,converted_at,revenue_cents\n"
REFUNDS = "refund_id,conversion_id,refunded_at,refund_cents\n"
Row = dict[str, str]


@pytest.fixture
def tried(typed: Typed) -> Typed:
    """Run `plumbline try` in this process: exit status, output, errors."""
    return partial(typed, "try")


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _key(row: Row) -> tuple[str, str, str]:
    return row["conversion_id"], row["model"], row["touch_id"]


@on_shared_data
def test_credits_equal_the_exact_ones_to_the_cent(tried: Typed, tmp_path: Path) -> None:
    files = ("--touches", EVENTS / "touches.csv", "--conversions", EVENTS / "conversions.csv")
    assert tried("attribution", *files, "--out", tmp_path / "credits.csv")[0] == 0
    found = {_key(row): row for row in _rows(tmp_path / "credits.csv")}
    wanted = {_key(row): row for row in _rows(EVENTS / "expected_credits.csv")}
    assert list(found) == list(wanted)
    for key, row in wanted.items():
        assert abs(float(found[key].pop("credit")) - float(row.pop("credit"))) < 1e-9
        assert found[key] == row


@on_shared_data
def test_channel_models_equal_the_exact_ones(tried: Typed, tmp_path: Path) -> None:
    assert tried("paths", "--paths", PATHS / "paths.csv", "--out", tmp_path / "channels.csv")[0] == 0
    found = {(row["model"], row["channel"]): row for row in _rows(tmp_path / "channels.csv")}
    exact = json.loads((PATHS / "expected_exact.json").read_text())
    markov = exact["markov_order1_exact"]
    assert len(found) == 5 * len(markov["conversions"])
    for channel, effect in markov["removal_effect"].items():
        row = found["markov", channel]
        assert float(row["removal_effect"]) == pytest.approx(effect, abs=1e-9)
        assert float(row["conversions"]) == pytest.approx(markov["conversions"][channel], abs=1e-9)
        assert float(row["value"]) == pytest.approx(markov["value"][channel], abs=1e-9)
        shapley = exact["shapley_unique_set_conversions"][channel]
        assert float(found["shapley", channel]["conversions"]) == pytest.approx(shapley, abs=5e-7)  # rounded there
    for row in _rows(PATHS / "channelattribution_heuristics.csv"):
        for model, name in (("first_touch", "first_touch"), ("last_touch", "last_touch"), ("linear", "linear_touch")):
            mine = found[model, row["channel_name"]]
            assert float(mine["conversions"]) == pytest.approx(float(row[f"{name}_conversions"]), abs=1e-9)
            assert float(mine["value"]) == pytest.approx(float(row[f"{name}_value"]), abs=1e-9)
            assert mine["removal_effect"] == ""


@on_shared_data
def test_cohorts_of_real_orders_equal_the_known_ones(tried: Typed, tmp_path: Path) -> None:
    lines = [line.split() for line in (CDNOW / "CDNOW_sample.txt").read_text().splitlines()]
    orders = [f"{n},{customer},{day},{dollars}" for n, (_, customer, day, _, dollars) in enumerate(lines)]
    (tmp_path / "orders.csv").write_text("\n".join(["order_id,customer_id,ordered_at,net_sales", *orders]))
    status, out, _ = tried("cohorts", "--orders", tmp_path / "orders.csv", "--out", tmp_path / "cohorts.csv")
    assert (status, out.splitlines()[0]) == (0, "6919 orders gave 51 cells of 3 cohorts.")
    assert (tmp_path / "cohorts.csv").read_text() == (CDNOW / "expected_cohorts_sample.csv").read_text()


@pytest.fixture
def small(tmp_path: Path) -> tuple[object, ...]:
    """Three touches of one person and one of nobody; an order of that person and one of nobody."""
    touches = [f"t{n},p,2026-11-1{n}T09:00:00Z,{channel},click\n" for n, channel in enumerate(["email", "Direct", "é"])]
    (tmp_path / "touches.csv").write_text(TOUCHES + "".join(touches) + "t9,,2026-11-16T09:00:00Z,email,click\n")
    orders = ["c1,p,2026-11-17T09:00:00Z,1001\n", "c2,,2026-11-17T09:00:00Z,500\n"]
    (tmp_path / "conversions.csv").write_text(CONVERSIONS + "".join(orders))
    return ("--touches", tmp_path / "touches.csv", "--conversions", tmp_path / "conversions.csv")


def test_people_without_an_id_are_not_one_person(tried: Typed, tmp_path: Path, small: tuple[object, ...]) -> None:
    _, out, _ = tried("attribution", *small, "--out", tmp_path / "credits.csv")
    assert "Without a person_id, and so joined with nothing: touches 1, conversions 1." in out
    rows = [row for row in _rows(tmp_path / "credits.csv") if row["conversion_id"] == "c2"]
    assert {(row["touch_id"], row["channel"], row["is_unattributed"]) for row in rows} == {("", "direct", "1")}


def test_a_refund_takes_back_with_the_weights_of_its_order(
    tried: Typed, tmp_path: Path, small: tuple[object, ...]
) -> None:
    refunds = "r1,c1,2026-12-20T00:00:00Z,1001\nr2,c2,2027-01-01T00:00:00Z,1\n"
    (tmp_path / "refunds.csv").write_text(REFUNDS + refunds)
    more = ("--refunds", tmp_path / "refunds.csv", "--out", tmp_path / "credits.csv")
    assert tried("attribution", *small, *more)[0] == 0
    rows = _rows(tmp_path / "credits.csv")
    sold = {_key(row): row for row in rows if row["conversion_id"] == "c1" and not row["refund_id"]}
    given_back = {_key(row): row for row in rows if row["refund_id"] == "r1"}
    assert {key: -int(row["revenue_cents"]) for key, row in sold.items()} == {
        key: int(row["revenue_cents"]) for key, row in given_back.items()
    }
    assert {row["booked_at"] for row in given_back.values()} == {"2026-12-20T00:00:00Z"}
    assert {int(row["revenue_cents"]) for row in rows if row["refund_id"] == "r2"} == {-1}


def test_weights_window_and_half_life_are_options(tried: Typed, tmp_path: Path, small: tuple[object, ...]) -> None:
    words = ("--position", "60, 0, 40", "--window-days", 6, "--half-life-days", 1, "--out", tmp_path / "credits.csv")
    assert tried("attribution", *small, *words)[0] == 0
    rows = {_key(row): Decimal(row["credit"]) for row in _rows(tmp_path / "credits.csv")}
    assert ("c1", "linear", "t0") not in rows
    assert (rows["c1", "position_based", "t1"], rows["c1", "position_based", "t2"]) == (Decimal("0.6"), Decimal("0.4"))
    assert rows["c1", "time_decay", "t2"] == pytest.approx(rows["c1", "time_decay", "t1"] * 2, abs=Decimal("1e-12"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--position 40,20", "'40,20' are no position weights. Write three whole numbers, such as 40,20,40"),
        ("--position 50,20,40", "the position weights are no shares of 100."),
        ("--half-life-days 0", "the half-life is not positive."),
        ("--half-life-days nan", "the half-life is not positive."),
        ("--window-days -1", "the window is negative."),
    ],
)
def test_rules_that_give_no_credit_are_refused(
    tried: Typed, tmp_path: Path, small: tuple[object, ...], words: str, said: str
) -> None:
    status, out, err = tried("attribution", *small, "--out", tmp_path / "credits.csv", *words.split())
    assert (status, out) == (2, "")
    assert err.startswith(f"Misconfigured: {said}")
    assert not (tmp_path / "credits.csv").exists()


def test_a_file_that_is_refused_leaves_the_last_result(tried: Typed, tmp_path: Path, small: tuple[object, ...]) -> None:
    out = tmp_path / "credits.csv"
    out.write_text("the last result")
    (tmp_path / "refunds.csv").write_text(REFUNDS + "r1,c8,2026-12-20T00:00:00Z,1\n")
    status, _, err = tried("attribution", *small, "--refunds", tmp_path / "refunds.csv", "--out", out)
    assert (status, out.read_text()) == (2, "the last result")
    assert "refund 'r1' is of 'c8', which is no conversion" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "conversions.csv", "credits.csv", "refunds.csv", "touches.csv",
    ]  # fmt: skip


def test_a_result_never_replaces_what_is_read_and_needs_a_folder(
    tried: Typed, tmp_path: Path, small: tuple[object, ...]
) -> None:
    for out, said in (
        (small[1], "the result would replace a file that is read"),
        (tmp_path, "the result is a folder"),
        (tmp_path / "nowhere" / "credits.csv", "the folder of the result does not exist"),
    ):
        status, _, err = tried("attribution", *small, "--out", out)
        assert (status, said in err) == (2, True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a > > b,1,1.0,0", "path is 'a > > b'"),
        (" ,1,1.0,0", "path is empty"),
        ("a,-1,1.0,0", "total_conversions is '-1'"),
        ("a,1,1.0,0.5", "total_null is '0.5'"),
        ("a,1,one,0", "total_conversion_value is 'one'"),
    ],
)
def test_paths_that_are_none_are_refused(tried: Typed, tmp_path: Path, row: str, said: str) -> None:
    header = "path,total_conversions,total_conversion_value,total_null\n"
    (tmp_path / "paths.csv").write_text(header + "a > b,1,1e-7,0\n" + row + "\n")
    status, _, err = tried("paths", "--paths", tmp_path / "paths.csv", "--out", tmp_path / "channels.csv")
    assert (status, said in err, "line 3" in err) == (2, True, True)


def test_months_of_cohorts_are_those_of_utc_across_the_new_year(tried: Typed, tmp_path: Path) -> None:
    days = ["2025-12-31T23:30:00-01:00", "2026-12-31", "2027-01-01 10:00:00", "20270301"]
    orders = [f"{n},k,{day},0.10\n" for n, day in enumerate(days)]
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,net_sales\n" + "".join(orders))
    assert tried("cohorts", "--orders", tmp_path / "orders.csv", "--out", tmp_path / "cohorts.csv")[0] == 0
    found = [tuple(row.values()) for row in _rows(tmp_path / "cohorts.csv")]
    assert found == [("2026-01", str(month), "1", "1", "0.1") for month in (0, 11, 12, 14)]
