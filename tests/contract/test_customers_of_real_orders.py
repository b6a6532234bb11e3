"""Real orders of a shop of 1997, sent through the whole path as Shopify's, give the known cohorts and customers."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.window import Window

if TYPE_CHECKING:
    from tests.conftest import Pipeline

CDNOW = Path(__file__).parents[3] / "shared" / "datasets" / "cdnow"
on_shared_data = pytest.mark.skipif(
    not CDNOW.exists() and not os.environ.get("CI"), reason="../shared/datasets is not here (required where CI is set)"
)
DAY = Window.of_day(date(2026, 11, 17))


def _orders() -> list[tuple[int, str, date, Decimal]]:
    """(order, customer, day, dollars); the file has no order ids and keeps the orders of a day in their order."""
    lines = [line.split() for line in (CDNOW / "CDNOW_sample.txt").read_text().splitlines()]
    return [
        (number, customer, datetime.strptime(day, "%Y%m%d").date(), Decimal(dollars))
        for number, (_, customer, day, _, dollars) in enumerate(lines, 1)
    ]


def _order(number: int, customer: str, day: date, dollars: Decimal) -> bytes:
    at = f"{day}T12:00:{number % 60:02d}-05:00"
    return json.dumps(
        {
            "id": number,
            "shop_url": "cdnow",
            **dict.fromkeys(("created_at", "processed_at", "updated_at"), at),
            "test": False,
            "source_name": "web",
            "financial_status": "paid",
            "currency": "USD",
            "taxes_included": False,
            **dict.fromkeys(("total_line_items_price", "subtotal_price", "total_price"), float(dollars)),
            "current_total_price": float(dollars),
            "total_discounts": 0,
            "total_tax": 0,
            "customer": {"id": int(customer)},
        }
    ).encode()


def _customer(customer: str, orders: int) -> bytes:
    at = "1998-07-01T00:00:00-04:00"
    record = {"id": int(customer), "shop_url": "cdnow", "created_at": at, "updated_at": at, "orders_count": orders}
    return json.dumps(record).encode()


@pytest.fixture(scope="module")
def shop(new_pipeline: Callable[[str], Pipeline]) -> Pipeline:
    """The orders landed, sealed, loaded and built, with the customer records that the shop sends beside them."""
    pipeline = new_pipeline("cdnow")
    orders = _orders()
    counts = Counter(customer for _, customer, _, _ in orders)
    streams = {
        "orders": [_order(*order) for order in orders],
        "customers": [_customer(customer, count) for customer, count in sorted(counts.items())],
    }
    pipeline.deliver("shopify", DAY, streams)
    pipeline.build(["agg_cohorts", "agg_cohort_ltv", "agg_new_customers", "fct_new_customer_differences"])
    return pipeline


@on_shared_data
def test_cohorts_equal_the_known_ones(shop: Pipeline) -> None:
    columns = "strftime(cohort_month, '%Y-%m'), month_index, customers, orders, revenue"
    found = shop.ask(f"select {columns} from marts.agg_cohorts order by cohort_month, month_index")
    lines = (CDNOW / "expected_cohorts_sample.csv").read_text().splitlines()[1:]
    known = [line.split(",") for line in lines]
    assert found == [(month, int(n), int(c), int(o), Decimal(r)) for month, n, c, o, r in known]
    assert shop.ask("select distinct is_whole_month from marts.agg_cohorts") == [(True,)]


@on_shared_data
def test_each_customer_is_new_once_by_each_definition(shop: Pipeline) -> None:
    customers = len({customer for _, customer, _, _ in _orders()})
    found = shop.ask("select definition, sum(customers) from marts.agg_new_customers group by 1 order by 1")
    assert found == [("person", customers), ("shopify", customers), ("valid_person", customers)]
    assert shop.ask("select count(*) from marts.fct_new_customer_differences") == [(0,)]
    first = shop.ask("select sum(orders), sum(net_sales), min(first_ordered_on) from marts.dim_customers")
    orders = _orders()
    assert first == [(len(orders), sum(dollars for *_, dollars in orders), min(day for _, _, day, _ in orders))]


@on_shared_data
def test_value_by_age_equals_a_count_by_hand(shop: Pipeline) -> None:
    orders = _orders()
    began: dict[str, date] = {}
    for _, customer, day, _ in orders:
        began[customer] = min(day, began.get(customer, day))
    last = max(day for _, _, day, _ in orders)
    for age in (0, 30, 60, 90, 180, 360):
        by_then = [order for order in orders if order[2] <= began[order[1]] + timedelta(days=age)]
        march = [order for order in by_then if (began[order[1]].year, began[order[1]].month) == (1997, 3)]
        again = sum(count > 1 for count in Counter(customer for _, customer, _, _ in march).values())
        value = sum(dollars for *_, dollars in march)
        query = f"""select sum(customers), sum(retained), sum(orders), sum(net_sales), bool_and(is_mature)
            from marts.agg_cohort_ltv where cohort_month = date '1997-03-01' and age_days = {age}"""
        people = len({customer for _, customer, _, _ in march})
        assert shop.ask(query) == [(people, again, len(march), value, True)]
    immature = shop.ask("select count(*) from marts.agg_cohort_ltv where not is_mature and customers is not null")
    assert immature == [(0,)]
    assert last == date(1998, 6, 30)
