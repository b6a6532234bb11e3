"""The bridge of revenue of a random world: grown load by load as at once, from rows in any order, as Python says."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

DBT = Path(__file__).parents[2] / "dbt"
MODELS = (
    "intermediate/int_platform_claims",
    "marts/finance/fin_revenue_bridge_orders",
    "marts/finance/fin_revenue_bridge",
)
STUBS = (
    *("intermediate/int_order_people", "intermediate/int_fx_periods"),
    *("marts/core/fct_orders", "marts/finance/fct_refunds"),
    *("marts/marketing/fct_touchpoints", "marts/marketing/fct_ad_performance"),
)
SHOP, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")
START = datetime(2026, 6, 1, tzinfo=UTC)
LOADS = 3
# Later clicks may come late: the claims of orders after this day are open in every load.
OPEN = START + timedelta(days=50)
RULES = {"google_ads": ("gclid", 30), "meta_ads": ("fbclid", 7)}
Rows = list[tuple[Any, ...]]

TABLES = f"""
create schema marts; create schema intermediate;
create table marts.fct_orders (source varchar, shop_id varchar, order_id varchar, order_date date,
    processed_at timestamp,
    gross_sales decimal(38, 6), discounts decimal(38, 6), tax decimal(38, 6), shipping decimal(38, 6),
    duties decimal(38, 6), tips decimal(38, 6), fees decimal(38, 6), gift_card_sales decimal(38, 6),
    total decimal(38, 6), fx_rate decimal(18, 9), is_test boolean, is_cancelled boolean, sync_id bigint,
    _load_seq bigint);
create table marts.fct_refunds (source varchar, shop_id varchar, refund_id varchar, order_id varchar, refund_date date,
    order_date date, subtotal decimal(38, 6), fx_rate decimal(18, 9), is_test boolean, sync_id bigint,
    _load_seq bigint);
create table marts.fct_touchpoints (touch_id varchar, person_id varchar, touched_at timestamp, touch_type varchar,
    media varchar, ad_source varchar, account_id varchar, campaign_id varchar, ad_id varchar, click_id_type varchar);
create table marts.fct_ad_performance (source varchar, account_id varchar, account_timezone varchar, currency varchar,
    date date, platform_conversions decimal(38, 6), platform_conversion_value decimal(38, 6),
    platform_view_conversions decimal(38, 6), platform_view_conversion_value decimal(38, 6), fx_rate decimal(18, 9),
    _load_seq bigint);
create table intermediate.int_order_people (source varchar, shop_id varchar, order_id varchar, person_id varchar);
create table intermediate.int_fx_periods as select * from (values
    ('USD', date '2026-01-01', null, 1.000000000), ('JPY', date '2026-01-01', date '2026-07-15', 0.006507539),
    ('JPY', date '2026-07-15', null, 0.007101000)) as rates (currency, valid_from, valid_until, rate);
create table intermediate.bridge_steps as select * from read_csv('{DBT / "seeds" / "bridge_steps.csv"}');
"""
# One process, because starting dbt and reading the project takes longer than everything else here.
BUILDS = """
import json, os, sys
import duckdb
from dbt.cli.main import dbtRunner
from tasks.adapters.dbt_runner import close_connections

words, steps = json.loads(sys.stdin.read())
manifest = dbtRunner().invoke(["--quiet", "parse", *words]).result
models = ["int_platform_claims", "fin_revenue_bridge_orders", "fin_revenue_bridge"]
for file, statements, more in steps:
    with duckdb.connect(file) as warehouse:
        warehouse.execute(statements)
    os.environ["PLUMBLINE_WAREHOUSE_FILE"] = file
    done = dbtRunner(manifest).invoke(["--quiet", "run", "--select", *models, *more, *words])
    close_connections()
    if not done.success:
        sys.exit(1)
"""


@dataclass(frozen=True)
class Order:
    number: int
    person: str
    at: datetime
    gross: int
    discount: int
    extras: tuple[int, ...]  # tax, shipping, duties, tips, fees, gift cards
    is_test: bool
    is_cancelled: bool
    load: int

    @property
    def day(self) -> date:
        return self.at.astimezone(SHOP).date()

    @property
    def total(self) -> int:
        return self.gross - self.discount + sum(self.extras)


@dataclass(frozen=True)
class Refund:
    number: int
    order: int
    day: date
    cents: int
    load: int


@dataclass(frozen=True)
class Touch:
    number: int
    person: str
    at: datetime
    platform: str
    media: str


@dataclass(frozen=True)
class AdDay:
    platform: str
    day: date
    value: int
    views: int
    load: int


@dataclass(frozen=True)
class World:
    """Everything as it is after the last load; `load` says with which load a row came in the state that it has."""

    orders: tuple[Order, ...]
    refunds: tuple[Refund, ...]
    touches: tuple[Touch, ...]
    days: tuple[AdDay, ...]

    def as_of(self, load: int) -> World:
        """What was loaded by then. What changes later is not as it will be, a late click and order 900 differ."""
        early = random.Random(load)
        orders = [self._before(order, load, early) for order in self.orders if order.number % LOADS <= load]
        gone = [] if load == LOADS - 1 else [replace(self.orders[3], number=900, load=0)]
        days = [day if day.load <= load else replace(day, value=day.value + 1, load=0) for day in self.days]
        return World(
            (*orders, *gone),
            tuple(refund for refund in self.refunds if refund.load <= load),
            tuple(touch for touch in self.touches if touch.at < OPEN or touch.number % LOADS <= load),
            tuple(day for day in days if load < LOADS - 1 or day.day != START.date()),
        )

    @staticmethod
    def _before(order: Order, load: int, early: random.Random) -> Order:
        if order.load <= load:
            return order
        return replace(
            order, extras=(order.extras[0] + early.randrange(9), *order.extras[1:]), load=order.number % LOADS
        )

    def statements(self, seed: int) -> str:
        """The tables filled, their rows in an order of the seed."""
        shuffle = random.Random(seed)
        parts = []
        for table, rows in self._tables():
            shuffle.shuffle(rows)
            parts.append(f"delete from {table}; insert into {table} values {', '.join(rows)};")
        return "\n".join(parts)

    def _tables(self) -> list[tuple[str, list[str]]]:
        tests = {order.number: order for order in self.orders}
        refunds = [
            f"('shop', 's', 'r{r.number}', '{r.order}', '{r.day}',"
            f" {_quoted(tests[r.order].day if r.order in tests else None)}, {r.cents} / 100.0, 1,"
            f" {r.order in tests and tests[r.order].is_test}, {r.load}, {r.load})"
            for r in self.refunds
        ]
        return [
            ("marts.fct_orders", [_order_row(order) for order in self.orders]),
            ("marts.fct_refunds", refunds),
            ("marts.fct_touchpoints", [_touch_row(touch) for touch in self.touches]),
            ("marts.fct_ad_performance", [_ad_row(day) for day in self.days]),
            ("intermediate.int_order_people", [f"('shop', 's', '{o.number}', '{o.person}')" for o in self.orders]),
        ]


def _quoted(value: object) -> str:
    return "null" if value is None else f"'{value}'"


def _order_row(order: Order) -> str:
    money = ", ".join(f"{cents} / 100.0" for cents in (order.gross, order.discount, *order.extras, order.total))
    return (
        f"('shop', 's', '{order.number}', '{order.day}', '{order.at:%Y-%m-%d %H:%M:%S}', {money}, 1,"
        f" {order.is_test}, {order.is_cancelled}, {order.load}, {order.load})"
    )


def _touch_row(touch: Touch) -> str:
    account = "'g', 'c', 'a'" if touch.platform == "google_ads" else "null, null, null"
    source = "'google_ads'" if touch.platform == "google_ads" else "null"
    return (
        f"('t{touch.number}', '{touch.person}', '{touch.at:%Y-%m-%d %H:%M:%S}', 'click', '{touch.media}', {source},"
        f" {account}, '{RULES[touch.platform][0]}')"
    )


def _ad_row(day: AdDay) -> str:
    google = day.platform == "google_ads"
    account = "'g', 'Asia/Tokyo', 'JPY'" if google else "'m', 'America/Los_Angeles', 'USD'"
    rate = "1" if not google else "0.006507539" if day.day < date(2026, 7, 15) else "0.007101000"
    return f"('{day.platform}', {account}, '{day.day}', 2, {day.value}, 1, {day.views}, {rate}, {day.load})"


def _world(seed: int) -> World:
    """A hundred days: orders of a dozen people with every component, clicks around them, ad days with views."""
    dice = random.Random(seed)

    def moment() -> datetime:
        return START + timedelta(seconds=dice.randrange(100 * 86_400))

    def order(number: int) -> Order:
        gross, load = dice.randrange(100, 50_000), max(number % LOADS, dice.randrange(LOADS))
        extras = tuple(dice.choice((0, dice.randrange(900))) for _ in range(6))
        flags = (dice.random() < 0.1, dice.random() < 0.15)
        return Order(number, f"p{dice.randrange(12)}", moment(), gross, dice.randrange(gross), extras, *flags, load)

    orders = tuple(order(number) for number in range(80))
    touches = tuple(
        Touch(
            number,
            f"p{dice.randrange(12)}",
            moment(),
            dice.choice(list(RULES)),
            dice.choice(("paid", "paid", "organic")),
        )
        for number in range(160)
    )
    refunds = []
    for number in range(40):
        of = dice.choice(orders)
        on = of.day + timedelta(days=dice.randrange(60))
        unknown = number % 13 == 0
        refunds.append(
            Refund(number, 1000 + number if unknown else of.number, on, dice.randrange(1, 900), number % LOADS)
        )
    days = tuple(
        AdDay(
            platform,
            START.date() + timedelta(days=n),
            dice.randrange(9_000),
            dice.randrange(300),
            dice.randrange(LOADS),
        )
        for platform in RULES
        for n in range(0, 100, 3)
    )
    return World(orders, tuple(refunds), touches, days)


WORLD = _world(11)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bridge grown load by load, and built at once from the same rows in another order."""
    home = tmp_path_factory.mktemp("bridge")
    files = {name: home / name / "warehouse.duckdb" for name in ("grown", "at_once")}
    for file in files.values():
        file.parent.mkdir()
    steps: list[tuple[str, str, list[str]]] = []
    for load in range(LOADS):
        steps.append((str(files["grown"]), (TABLES if not load else "") + WORLD.as_of(load).statements(load), []))
    steps.append((str(files["at_once"]), TABLES + WORLD.as_of(LOADS - 1).statements(21), ["--full-refresh"]))
    words = ["--project-dir", str(_project(home)), "--profiles-dir", str(DBT), "--target", "embedded"]
    words += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    command = [sys.executable, "-W", "ignore", "-c", BUILDS]
    environment = os.environ | {"PLUMBLINE_WAREHOUSE_FILE": str(files["grown"]), "DO_NOT_TRACK": "1"}
    done = subprocess.run(
        command,
        cwd=DBT.parent,
        env=environment,
        input=json.dumps([words, steps]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return files


def _project(home: Path) -> Path:
    """The dbt project with the bridge alone, because reading all of it takes longer than building the bridge."""
    folder = home / "dbt"
    (folder / "seeds").mkdir(parents=True)
    shutil.copy(DBT / "dbt_project.yml", folder)
    shutil.copy(DBT / "seeds" / "bridge_steps.csv", folder / "seeds")
    shutil.copytree(DBT / "macros", folder / "macros", ignore=shutil.ignore_patterns("typed"))
    for model in (*MODELS, *STUBS):
        path = folder / "models" / f"{model}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((DBT / "models" / f"{model}.sql").read_text() if model in MODELS else "select 1 as never_built")
    return folder


def _ask(file: Path, query: str) -> Rows:
    with duckdb.connect(str(file), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


@pytest.mark.parametrize("mart", ["marts.fin_revenue_bridge", "marts.fin_revenue_bridge_orders"])
def test_a_bridge_grown_load_by_load_equals_one_built_at_once_from_rows_in_any_order(
    built: dict[str, Path], mart: str
) -> None:
    grown, at_once = (_ask(file, f"select * from {mart} order by all") for file in built.values())
    assert len(at_once) > 300
    assert grown == at_once


def test_every_day_and_month_closes_to_the_cent(built: dict[str, Path]) -> None:
    query = "select count(*), sum(abs(amount_cents)), sum(abs(orders)) from marts.fin_revenue_bridge"
    found = _ask(built["grown"], f"{query} where step = 'residual'")
    assert found[0][0] > 150
    assert found[0][1:] == (0, 0)


def test_the_books_at_its_end_are_those_of_plain_python(built: dict[str, Path]) -> None:
    world = WORLD.as_of(LOADS - 1)
    booked: Counter[tuple[str, date]] = Counter()
    days = {order.number: order for order in world.orders}
    for order in world.orders:
        if not order.is_test:
            for basis in ("order_date", "refund_date"):
                booked[basis, order.day] += order.gross - order.discount
    for refund in world.refunds:
        of = days.get(refund.order)
        if not (of and of.is_test):
            booked["refund_date", refund.day] -= refund.cents
            booked["order_date", of.day if of else refund.day] -= refund.cents
    query = (
        "select basis, period_start, amount_cents from marts.fin_revenue_bridge"
        " where period_type = 'day' and step = 'booked_net_sales' and amount_cents <> 0"
    )
    assert {(basis, day): cents for basis, day, cents in _ask(built["grown"], query)} == {
        key: cents for key, cents in booked.items() if cents
    }


def test_claims_are_those_that_plain_python_finds_by_the_rules(built: dict[str, Path]) -> None:
    expected = set()
    for order in WORLD.as_of(LOADS - 1).orders:
        for platform, (_, window) in RULES.items():
            mine = [
                touch
                for touch in WORLD.touches
                if (touch.platform, touch.person, touch.media) == (platform, order.person, "paid")
                and order.at - timedelta(days=window) <= touch.at <= order.at
            ]
            if mine:
                last = max(mine, key=lambda touch: (touch.at, f"t{touch.number}"))
                shown = last.at.astimezone(TOKYO if platform == "google_ads" else SHOP).date()
                expected.add((platform, str(order.number), f"t{last.number}", shown))
    kept = "select platform, order_id, touch_id, claimed_on from intermediate.int_platform_claims"
    assert set(_ask(built["at_once"], kept)) == expected
    assert {platform for platform, *_ in expected} == set(RULES)


def test_an_order_leaves_the_bridge_with_its_sale_and_one_claim_at_most(built: dict[str, Path]) -> None:
    query = (
        "select order_id, sum(amount_cents), sum(orders) from marts.fin_revenue_bridge_orders"
        " where basis = 'refund_date' and order_id is not null and refund_id is null group by order_id"
    )
    left = {order: (cents, count) for order, cents, count in _ask(built["grown"], query)}
    assert left == {
        str(order.number): (0, 0) if order.is_test else (order.gross - order.discount, 1)
        for order in WORLD.as_of(LOADS - 1).orders
    }


def test_a_step_adds_up_to_its_rows_by_day_and_by_month(built: dict[str, Path]) -> None:
    for period, column, step in (("day", "day", "step"), ("month", "month", "step_in_month")):
        steps = (
            "select basis, period_start, step, sum(amount_cents) from marts.fin_revenue_bridge"
            f" where period_type = '{period}' and kind in ('opening', 'step')"
            " group by all having sum(amount_cents) <> 0 order by all"
        )
        rows = (
            f"select basis, {column}, {step}, sum(amount_cents) from marts.fin_revenue_bridge_orders"
            " group by all having sum(amount_cents) <> 0 order by all"
        )
        assert _ask(built["grown"], steps) == _ask(built["grown"], rows)
