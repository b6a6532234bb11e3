"""The truth tables: complete, joinable, and the same after a trip through Parquet."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from deployments.local.saas import truth
from deployments.local.saas.world import World

WORLD = World(20261121, 0.0005)
DAY = date(2026, 11, 14)


def test_the_truth_is_written_as_four_tables(tmp_path: Path) -> None:
    written = truth.write(WORLD, [DAY], tmp_path)
    names = ["truth_cause", "truth_daily", "truth_order", "truth_person"]
    assert sorted(path.stem for path in written) == names
    again = pq.read_table(tmp_path / "truth_order.parquet")
    assert again.equals(truth.tables(WORLD, [DAY])["truth_order"])


def test_orders_of_the_truth_add_up_to_its_daily_numbers() -> None:
    tables = truth.tables(WORLD, [DAY])
    orders = [row for row in tables["truth_order"].to_pylist() if not row["is_test"]]
    daily = {row["metric"]: row["value"] for row in tables["truth_daily"].to_pylist() if row["source"] == "shopify"}
    assert daily["orders"] == len(orders)
    assert daily["gross_sales"] == sum(row["gross_sales"] for row in orders)
    assert daily["total"] == sum(row["total"] for row in orders)


def test_every_person_of_an_order_is_known() -> None:
    tables = truth.tables(WORLD, [DAY])
    people = {row["record_id"]: row["person_id"] for row in tables["truth_person"].to_pylist()}
    for row in tables["truth_order"].to_pylist():
        assert people[str(row["order_id"])] == row["person_id"]


def test_a_cause_names_a_touch_of_its_path() -> None:
    for row in truth.tables(WORLD, [DAY])["truth_cause"].to_pylist():
        assert 0 <= row["touch"] < row["touches"]
        ends = {0: row["first_channel"], row["touches"] - 1: row["last_channel"]}
        assert ends.get(row["touch"], row["channel"]) == row["channel"]


def test_an_earlier_instant_knows_less() -> None:
    early = truth.expected(WORLD, [DAY], datetime(2026, 11, 14, 18, tzinfo=UTC))
    final = truth.expected(WORLD, [DAY])
    assert early.keys() == final.keys()
    assert early["shopify", "", DAY, "orders"] < final["shopify", "", DAY, "orders"]
    assert all(early[key] <= value for key, value in final.items() if key[3] in {"clicks", "impressions", "contacts"})
    assert isinstance(final["shopify", "", DAY, "net_sales"], Decimal)
