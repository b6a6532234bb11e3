"""The end of a build: channel models of the paths that the marts hold, written once however often it runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks import doors
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build.channel_credits import TABLE, credit_channels
from tasks.settings import settings

PATHS = """create table marts.agg_paths as
    select *, date '2026-10-19' as first_day, date '2026-11-17' as last_day from (values
        ('Email > Direct', 3, 1000, 1), ('Direct', 1, 55, 4), ('Paid Search', 0, 0, 2)
    ) as paths (path, total_conversions, total_revenue_cents, total_null)"""


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBWarehouse]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    yield DuckDBWarehouse(tmp_path / "warehouse.duckdb", "200MB", 1, 5.0)
    doors.ops_store().close()
    settings.cache_clear()


def test_channel_models_hold_every_order_and_cent_and_run_twice(warehouse: DuckDBWarehouse) -> None:
    with warehouse as marts:
        marts.execute("create schema marts")
        marts.execute(PATHS)
        assert [credit_channels(marts).rows, credit_channels(marts).rows] == [15, 15]
        sums = (
            f"select model, sum(conversions), sum(revenue), min(first_day)::varchar from {TABLE} group by 1 order by 1"
        )
        for _, conversions, revenue, first_day in marts.query(sums):
            assert (round(conversions, 6), round(revenue, 6), first_day) == (4, 10.55, "2026-10-19")
        effects = f"select channel, removal_effect from {TABLE} where model = 'markov' order by 1"
        assert marts.query(effects) == [("Direct", 1.0), ("Email", 0.444444444444), ("Paid Search", 0.0)]


def test_when_nobody_came_there_are_no_credits(warehouse: DuckDBWarehouse) -> None:
    with warehouse as marts:
        marts.execute("create schema marts")
        marts.execute(PATHS + " where false")
        assert credit_channels(marts).rows == 0
        assert marts.query(f"select * from {TABLE}") == []


def test_without_the_mart_of_paths_nothing_is_written(warehouse: DuckDBWarehouse) -> None:
    with warehouse as marts:
        assert credit_channels(marts).rows == 0
        assert marts.relations("marts") == []
