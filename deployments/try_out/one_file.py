"""`plumbline try paths` and `plumbline try cohorts`: one CSV file in, one out."""

from __future__ import annotations

from pathlib import Path

from deployments.try_out.csv_file import Column, read_csv
from deployments.try_out.workshop import plain_decimal, result_file, workshop, write_query, write_rows
from tasks.build.macros import compiled
from tasks.build.paths import Path as Journey
from tasks.build.paths import channel_credits

PATHS = (
    Column("path", "path"),
    Column("total_conversions", "count"),
    Column("total_conversion_value", "value"),
    Column("total_null", "count"),
)
ORDERS = (
    Column("order_id", "id", unique=True),
    Column("customer_id", "id"),
    Column("ordered_at", "day"),
    Column("net_sales", "money"),
)


def run_paths(paths: Path, out: Path) -> str:
    """Write what five models give each channel, and say how much there was to give.

    Raises `Misconfigured` for a file that is not what it should be.
    """
    with result_file(out, [paths]) as path, workshop() as connection:
        read_csv(connection, paths, "journeys", PATHS)
        asked = "select path, sum(total_conversions), sum(total_conversion_value), sum(total_null) from journeys"
        found = connection.sql(f"{asked} group by path order by path").fetchall()
        journeys = [Journey(tuple(map(str.strip, row[0].split(">"))), *row[1:]) for row in found]
        given = channel_credits(journeys)
        rows = [(c.channel, c.model, c.conversions, c.value, c.removal_effect) for c in given]
        write_rows(("channel", "model", "conversions", "value", "removal_effect"), rows, path)
    channels = len({credit.channel for credit in given})
    conversions = sum(journey.conversions for journey in journeys)
    return f"{len(journeys)} paths of {channels} channels led to {conversions} conversions.\nwritten: {out}"


def run_cohorts(orders: Path, out: Path) -> str:
    """Write a row per month of first order and month since in which somebody ordered, and say what was found.

    Raises `Misconfigured` for a file that is not what it should be.
    """
    with result_file(out, [orders]) as path, workshop() as connection:
        rows = read_csv(connection, orders, "bought", ORDERS)
        connection.execute("alter table bought rename ordered_at to ordered_on")
        connection.execute(f"create table cohorts as {compiled('cohort_months', 'bought')}")
        month = "strftime(cohort_month, '%Y-%m') as cohort_month"
        revenue = f"{plain_decimal('revenue')} as revenue"
        columns = f"{month}, month_index, customers, orders, {revenue}"
        write_query(connection, f"select {columns} from cohorts order by cohorts.cohort_month, month_index", path)  # noqa: S608
        cells = connection.sql("select count(*), count(distinct cohort_month) from cohorts").fetchall()[0]
    return f"{rows} orders gave {cells[0]} cells of {cells[1]} cohorts.\nwritten: {out}"
