"""fct_attribution: the text that dbt compiles, grown day by day as at once, and the same cents by Snowflake's SQL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks.build.macros import compiled

DBT = Path(__file__).parents[2] / "dbt"
START = datetime(2026, 7, 1, 12)
from_fakesnow = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
INPUTS = ("touches", "conversions", "entries")
Rows = list[tuple[Any, ...]]

# The marts that fct_attribution is made of, as far as it reads them.
MARTS = """
create schema marts;
create table marts.fct_touchpoints
    (touch_id varchar, person_id varchar, touched_at timestamp, channel varchar, touch_type varchar,
    touched_on date, _made_at timestamp);
create table marts.fct_conversions (conversion_id varchar, conversion_type varchar, stage varchar, person_id varchar,
    converted_at timestamp, converted_on date, revenue_cents bigint, _made_at timestamp);
create table marts.fct_refunds (source varchar, shop_id varchar, refund_id varchar, order_id varchar,
    refunded_at timestamp, refund_date date, subtotal decimal(38, 6), fx_rate decimal(18, 9));
"""
DAYS = (0, 9, 31, 45, 120)
# One process, because starting dbt and reading the project takes longer than everything else here.
BUILDS = """
import json, os, sys
import duckdb
from dbt.cli.main import dbtRunner
from tasks.adapters.dbt_runner import close_connections

words, steps = json.loads(sys.argv[1]), json.loads(sys.argv[2])
manifest = dbtRunner().invoke(["--quiet", "parse", *words]).result
for file, statements, more in steps:
    with duckdb.connect(file) as warehouse:
        warehouse.execute(statements)
    os.environ["PLUMBLINE_WAREHOUSE_FILE"] = file
    done = dbtRunner(manifest).invoke(["--quiet", "run", "--select", "fct_attribution", *more, *words])
    close_connections()
    if not done.success:
        sys.exit(1)
"""


def _changes(day: int) -> str:
    """What is new on a day: visits (two are late), an order, a lead, a refund, changed people and sums, deletions."""
    at, late = START + timedelta(days=day), START + timedelta(days=day - 2, hours=-1)
    person, on, very_late = f"p{day % 3}", f"'{at:%Y-%m-%d}'", at - timedelta(days=22, hours=12)
    # Rows say when they were made, as the models before this one do.
    made = f"'{at}'"
    return f"""
        insert into marts.fct_touchpoints values
            ('t{day}', '{person}', '{at}', 'Email', 'click', {on}, {made}),
            ('late{day}', '{person}', '{late}', 'Direct', 'click', '{late:%Y-%m-%d}', {made});
        insert into marts.fct_conversions values
            ('order:shop:s:{day}', 'order', 'order', '{person}', '{at + timedelta(hours=1)}', {on}, 1001, {made}),
            ('lead:crm:{day}:lead', 'lead', 'lead', '{person}', '{at}', {on}, 0, {made});
        insert into marts.fct_refunds values ('shop', 's', 'r{day}', '0', '{at}', {on}, {day}.5, 1.1);
        insert into marts.fct_touchpoints values
            ('very late{day}', 'p0', '{very_late}', 'Search', 'click', '{very_late:%Y-%m-%d}', {made});
        update marts.fct_touchpoints set channel = 'Paid', _made_at = {made} where touch_id = 't{day - 22}';
        update marts.fct_touchpoints set person_id = 'p0', _made_at = {made} where touch_id = 't{day - 14}';
        update marts.fct_conversions set revenue_cents = 777, _made_at = {made}
            where conversion_id = 'order:shop:s:{day - 89}';
        delete from marts.fct_conversions
            where conversion_id in ('lead:crm:{day - 9}:lead', 'order:shop:s:{day - 111}');
        delete from marts.fct_refunds where refund_id = 'r{day - 36}';
    """


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the mart grown day by day, the mart built at once, and what dbt compiled."""
    home = tmp_path_factory.mktemp("attribution")
    files = {name: home / name / "warehouse.duckdb" for name in ("grown", "at_once")}
    for file in files.values():
        file.parent.mkdir()
    steps = [(str(files["grown"]), (MARTS if day == 0 else "") + _changes(day), []) for day in DAYS]
    everything = MARTS + "".join(map(_changes, DAYS))
    steps.append((str(files["at_once"]), everything, ["--full-refresh"]))
    words = ["--project-dir", str(_project(home)), "--profiles-dir", str(DBT), "--target", "embedded"]
    words += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    command = [sys.executable, "-W", "ignore", "-c", BUILDS, json.dumps(words), json.dumps(steps)]
    environment = os.environ | {"PLUMBLINE_WAREHOUSE_FILE": str(files["grown"]), "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, cwd=DBT.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return home


def _project(home: Path) -> Path:
    """The dbt project with this one mart, because reading all of it takes longer than building the mart."""
    folder = home / "dbt" / "models" / "marts" / "marketing"
    folder.mkdir(parents=True)
    shutil.copy(DBT / "dbt_project.yml", home / "dbt")
    shutil.copytree(DBT / "macros", home / "dbt" / "macros", ignore=shutil.ignore_patterns("typed"))
    shutil.copy(DBT / "models" / "marts" / "marketing" / "fct_attribution.sql", folder)
    for name in ("fct_touchpoints", "fct_conversions", "fct_refunds"):
        (folder / f"{name}.sql").write_text("select 1 as never_built")
    return home / "dbt"


def _mart(file: Path) -> Rows:
    with duckdb.connect(str(file), read_only=True) as warehouse:
        # But for how far its inputs had come when a row was made.
        query = "select * exclude (_conversions_to, _touches_to) from marts.fct_attribution order by all"
        return warehouse.execute(query).fetchall()


def test_attribution_grown_day_by_day_equals_attribution_at_once(built: Path) -> None:
    grown = _mart(built / "grown" / "warehouse.duckdb")
    assert grown == _mart(built / "at_once" / "warehouse.duckdb")
    with duckdb.connect(str(built / "grown" / "warehouse.duckdb"), read_only=True) as warehouse:
        sums = "select model, sum(revenue_cents), sum(credit) from marts.fct_attribution group by model"
        found = warehouse.execute(sums).fetchall()
    refunds = sum(-round(110 * (day + 0.5)) for day in DAYS if day != 9)  # at 1.1; that of day 9 was withdrawn
    sales = 1001 * 3 + 777  # one of five orders went, one changed
    assert {(cents, round(credit, 9)) for _, cents, credit in found} == {(sales + refunds, 4 + 4 + 4)}


def test_what_try_runs_is_what_dbt_compiles(built: Path) -> None:
    models = built / "target" / "compiled" / "plumbline" / "models" / "marts" / "marketing"
    assert compiled("attribution_credits", *INPUTS) in (models / "fct_attribution.sql").read_text()


def _journeys() -> dict[str, Rows]:
    """Two people, ties, direct visits, an order of nobody, and amounts that do not divide."""
    channels = ("direct", "email", "search")
    touches = [
        (f"t{n}", f"p{n % 2}", START + timedelta(hours=n * 31 - n % 3 * 31), channels[n % 3], "click")
        for n in range(24)
    ]
    orders = [
        (f"c{n}", f"p{n % 3}", START + timedelta(days=4 * n + 1), cents)
        for n, cents in enumerate((1, 1000, -999, 10**11))
    ]
    return {"touches": touches, "conversions": orders, "entries": [(key, key, cents) for key, _, _, cents in orders]}


COLUMNS = {
    "touches": "touch_id varchar, person_id varchar, touched_at timestamp, channel varchar, touch_type varchar",
    "conversions": "conversion_id varchar, person_id varchar, converted_at timestamp, revenue_cents bigint",
    "entries": "entry_id varchar, conversion_id varchar, revenue_cents bigint",
}


@pytest.fixture
def snowflake() -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fakesnow = pytest.importorskip("fakesnow")
        from snowflake import connector

    with fakesnow.patch(), connector.connect(database="plumbline", schema="marts") as connection:
        yield connection.cursor()


def _filled(cursor: Any, sql: str) -> Rows:
    for table, rows in _journeys().items():
        cursor.execute(f"create table {table} ({COLUMNS[table]})")
        values = ", ".join(f"({', '.join(_literal(value) for value in row)})" for row in rows)
        cursor.execute(f"insert into {table} values {values}")
    cursor.execute(sql)
    return sorted(cursor.fetchall(), key=repr)


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"


def _rounded(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the digits of credit for which fakesnow divides floats and Snowflake does not."""
    return tuple(round(value, 15) if isinstance(value, Decimal) else value for value in row)


@from_fakesnow
def test_snowflake_gives_the_same_credits(snowflake: Any) -> None:
    theirs = _filled(snowflake, compiled("attribution_credits", *INPUTS, engine="snowflake"))
    with duckdb.connect() as connection:
        ours = _filled(connection, compiled("attribution_credits", *INPUTS))
    assert len(ours) > 40
    assert list(map(_rounded, theirs)) == list(map(_rounded, ours))


@from_fakesnow
def test_snowflake_counts_the_same_months(snowflake: Any) -> None:
    days = [(f"o{n}", f"k{n % 3}", f"2026-{n % 12 + 1:02}-28", 10 * n) for n in range(20)]
    bought = (
        f"select * from (values {', '.join(map(str, days))}) as bought (order_id, customer_id, ordered_on, net_sales)"
    )
    cast = f"(select customer_id, cast(ordered_on as date) as ordered_on, net_sales from ({bought}) as bought)"
    theirs = snowflake.execute(compiled("cohort_months", cast, engine="snowflake")).fetchall()
    with duckdb.connect() as connection:
        ours = connection.execute(compiled("cohort_months", cast)).fetchall()
    assert sorted(theirs) == sorted(ours)
