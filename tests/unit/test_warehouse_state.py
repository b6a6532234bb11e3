"""What is kept has a version where it is kept: older is migrated whole or not at all, newer is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations.declare.errors import Misconfigured
from tasks.adapters.warehouse import state
from tasks.adapters.warehouse.base import Warehouse
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.ingest.manifest import read


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    state._LOOKED_AT.clear()
    with DuckDBWarehouse(tmp_path / "w.duckdb", "200MB", 1, 5.0) as opened:
        yield opened
    state._LOOKED_AT.clear()


def _widened(warehouse: Warehouse) -> None:
    warehouse.execute("alter table raw.old add column added integer")


def test_a_warehouse_without_a_version_is_the_first_and_is_migrated_once(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.execute("create schema raw; create table raw.old (n integer); insert into raw.old values (1)")
    monkeypatch.setattr(state, "STEPS", (_widened,))
    for _ in range(2):
        state.bring_up(warehouse, where="w")
        state._LOOKED_AT.clear()
    assert warehouse.query("select n, added from raw.old") == [(1, None)]
    assert warehouse.query("select version from raw.state") == [(2,)]


def test_a_step_that_fails_leaves_the_warehouse_as_it_was(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: Warehouse) -> None:
        raise KeyboardInterrupt

    warehouse.execute("create schema raw; create table raw.old (n integer)")
    monkeypatch.setattr(state, "STEPS", (_widened, breaks))
    with pytest.raises(KeyboardInterrupt):
        state.bring_up(warehouse, where="w")
    assert warehouse.query("select column_name from duckdb_columns() where table_name = 'old'") == [("n",)]
    assert warehouse.query("select count(*) from raw.state") == [(0,)]


def test_a_warehouse_of_a_newer_version_is_refused(warehouse: DuckDBWarehouse) -> None:
    warehouse.execute("create schema raw; create table raw.state (version integer, set_at timestamp)")
    warehouse.execute("insert into raw.state values (7, now()::timestamp)")
    with pytest.raises(Misconfigured, match=r"newer version \(its state is 7, this one knows 1\) \(w\). Install"):
        state.bring_up(warehouse, where="w")


def test_a_manifest_in_a_newer_format_is_refused_by_name() -> None:
    class Store:
        def get(self, key: str) -> bytes:
            return json.dumps({"format": 2, "of": "another shape"}).encode()

    with pytest.raises(Misconfigured, match=r"its format is 2, this one knows 1\) \(lake/x/sync_id=1/manifest.json\)"):
        read(Store(), "lake/x/sync_id=1/")  # type: ignore[arg-type] - all that is asked of it
