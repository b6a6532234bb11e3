"""`plumbline try anomalies`: the ladder of spend anomalies on a CSV file of campaigns and days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from deployments.try_out.csv_file import Column, read_csv
from deployments.try_out.workshop import result_file, workshop, write_rows
from expectations.declare.errors import Misconfigured
from expectations.declare.promotions import Promotion
from expectations.judge.ladder.findings import Anomaly, climb
from expectations.judge.ladder.panel import Floats, Panel, allowance

SPEND = (
    Column("date", "day"),
    Column("account", "id"),
    Column("channel", "id"),
    Column("campaign", "id"),
    Column("spend", "value_or_none"),
    Column("clicks", "value_or_none"),
    Column("impressions", "value_or_none"),
)
CALENDAR = (
    Column("start_date", "day"),
    Column("end_date", "day"),
    Column("name", "id"),
    Column("multiplier", "value"),
)
HEADER = ("date", "account", "channel", "rung", "severity", "expected", "actual", "sentence")
LONGEST = timedelta(days=3660)


def run_anomalies(spend: Path, calendar: Path | None, out: Path) -> str:
    """Write one row for each day and channel that somebody should look at, and say how many there are.

    Raises `Misconfigured` for a file that is not what it should be.
    """
    with result_file(out, [spend, *([calendar] if calendar else [])]) as path, workshop() as connection:
        rows = read_csv(connection, spend, "spend", SPEND)
        if not rows:
            raise Misconfigured("the file has no rows", where=str(spend), do="Write a row per day and campaign")
        events = _events(connection, calendar) if calendar else ()
        found = [anomaly for panel in _panels(connection, spend, events) for anomaly in climb(panel)]
        found.sort(key=lambda each: (each.day, each.account, each.channel))
        write_rows(HEADER, (_row(each) for each in found), path)
    accounts = len({each.account for each in found})
    rungs = ", ".join(f"{count} {rung}" for rung, count in Counter(each.rung for each in found).most_common())
    said = f"{rows} rows: {len(found)} days of a channel to look at" + (
        f" in {accounts} accounts ({rungs})" if found else ""
    )
    return f"{said}.\nwritten: {out}"


def _row(found: Anomaly) -> tuple[object, ...]:
    return (
        *(found.day, found.account, found.channel, found.rung, found.severity),
        *(f"{found.expected:.4f}", f"{found.actual:.4f}", found.sentence),
    )


def _events(connection: duckdb.DuckDBPyConnection, calendar: Path) -> tuple[Promotion, ...]:
    read_csv(connection, calendar, "calendar", CALENDAR)
    listed = connection.sql("select start_date, end_date, name, cast(multiplier as double) from calendar").fetchall()
    return tuple(Promotion(*row).checked(str(calendar)) for row in listed)


def _panels(connection: duckdb.DuckDBPyConnection, spend: Path, events: tuple[Promotion, ...]) -> Iterator[Panel]:
    """One panel per account over all days of the file, so that an account that stopped is seen."""
    first, last = connection.sql("select min(date), max(date) from spend").fetchall()[0]
    if last - first > LONGEST:
        raise Misconfigured(
            f"the days reach from {first} to {last}", where=str(spend), do="Send ten years at most; is a date mistyped?"
        )
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    connection.execute("""
        create table panel as
        select
            account, channel, campaign, cast(date - (select min(date) from spend) as integer) as day, count(*) as times,
            cast(sum(spend) as double) as spend, cast(sum(clicks) as double) as clicks,
            cast(sum(impressions) as double) as impressions
        from spend
        group by account, channel, campaign, date
    """)
    for (account,) in connection.sql("select distinct account from panel order by account").fetchall():
        yield _panel(connection, account, days, allowance(days, events))


def _panel(
    connection: duckdb.DuckDBPyConnection, account: str, days: tuple[date, ...], allowed: tuple[Floats, Floats]
) -> Panel:
    found = connection.execute(
        "select *, dense_rank() over (order by channel, campaign) - 1 as place,"
        " dense_rank() over (order by channel) - 1 as channel_place from panel where account = ?",
        [account],
    ).fetchnumpy()
    place, day = _numbers(found, "place").astype(np.int64), _numbers(found, "day").astype(np.int64)
    channel_place = _numbers(found, "channel_place").astype(np.int64)
    shape = (len(days), int(place.max()) + 1)

    def laid_out(name: str) -> Floats:
        laid = np.full(shape, np.nan)
        laid[day, place] = _numbers(found, name)
        return laid

    channel = np.zeros(shape[1], dtype=np.int64)
    channel[place] = channel_place
    names = dict(zip(channel_place.tolist(), np.asarray(found["channel"]).tolist(), strict=True))
    return Panel(
        account=account,
        days=days,
        channels=tuple(names[number] for number in sorted(names)),
        channel=channel,
        rows=np.nan_to_num(laid_out("times")).astype(np.int64),
        spend=laid_out("spend"),
        clicks=laid_out("clicks"),
        impressions=laid_out("impressions"),
        up=allowed[0],
        down=allowed[1],
    )


def _numbers(found: Mapping[str, Any], name: str) -> Floats:
    """A column of a query as floats; null is NaN."""
    return np.asarray(np.ma.filled(np.ma.asarray(found[name], dtype=np.float64), np.nan), dtype=np.float64)
