"""A lost warehouse comes back from the lake equal to what was there, also when the rebuild dies in the middle."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.declare.errors import Misconfigured
from tasks import doors
from tasks.adapters.object_store import ObjectStore
from tasks.ingest.load import load
from tasks.operate import rebuild
from tasks.operate.memory import remember
from tasks.operate.workshop import workshop
from tasks.settings import settings
from tasks.window import Window

DAY, NEXT = Window.parse("2026-11-17"), Window.parse("2026-11-18")
# Instants of this run and not of the first one.
CLOCK = ("_loaded_at", "loaded_at", "set_at", "recorded_at")
MEASURED = ["+measure_hubspot", "measurements"]


def _contact(number: int, stage: str, changed: str) -> bytes:
    properties = {"createdate": "2026-11-17T08:00:00Z", "lifecyclestage": stage, "email": f"a{number}@example.com"}
    dated = {"createdAt": "2026-11-17T08:00:00Z", "updatedAt": changed, "archived": False}
    return json.dumps({"id": str(number), "properties": properties, **dated}).encode()


def _build() -> None:
    """The chosen models, by dbt in a process of its own: without a Prefect server the other runner starts one."""
    dbt = doors.dbt()
    with doors.warehouse_lock():
        done = dbt._process(
            ["build", "--resource-type", "seed", "model", "--select", *MEASURED], dbt._target_path("models")
        )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def _live(pipeline: Any) -> None:
    """Two days: the second brings a contact of the first late, and another stage of the one that was there."""
    from expectations.declare.source import load_all

    with pipeline.doors(), doors.warehouse() as warehouse:
        for source in load_all().values():
            for stream in source.streams.values():
                warehouse.ensure_raw(stream.raw_table)
    changed = [_contact(1, "customer", "2026-11-18T09:00:00Z"), _contact(2, "lead", "2026-11-18T09:00:00Z")]
    for window, contacts in ((DAY, [_contact(1, "lead", "2026-11-17T08:00:00Z")]), (NEXT, changed)):
        pipeline.deliver("hubspot", window, {"contacts": contacts})
        with pipeline.doors():
            _build()
            assert remember("hubspot") == 2


def _tables(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with duckdb.connect(str(file), read_only=True) as db:
        for schema, table in db.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            where = "schema_name = ? and table_name = ? and column_name not in ?"
            columns = db.execute(
                f"select column_name from duckdb_columns() where {where} order by 1", [schema, table, list(CLOCK)]
            ).fetchall()
            listed = ", ".join(f'"{name}"' for (name,) in columns)
            found[f"{schema}.{table}"] = db.execute(f"select {listed} from {schema}.{table} order by all").fetchall()
    return found


def _rebuilt(*, replace: bool = False) -> None:
    with workshop(replace=replace):
        rebuild.reload_lake.fn()
        rebuild.recall_measurements.fn()
        _build()
    rebuild.remember_again()


def test_a_warehouse_that_was_lost_comes_back_equal_also_after_a_death_in_the_middle(
    new_pipeline: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = new_pipeline("rebuild")
    _live(pipeline)
    file = pipeline.home / "warehouse.duckdb"
    before = _tables(file)
    with pipeline.doors(), pytest.raises(Misconfigured, match=r"the warehouse is whole: it knows 2 loads"):
        _rebuilt()
    file.unlink()
    with pipeline.doors():
        with doors.warehouse() as warehouse:
            warehouse.ensure_raw("raw.hubspot__contacts")
        batch = pipeline.batches["hubspot", "contacts", 2]
        with pytest.raises(Misconfigured, match=r"lost what it knew of hubspot: 2 loads.*with: plumbline rebuild"):
            load.fn(batch)
        _dies_at_the_second_download(monkeypatch)
        _rebuilt()
    assert _tables(file) == before
    assert len(before["quality.measure_hubspot"]) > 10
    assert list(pipeline.home.glob("warehouse.duckdb.replaced-*"))
    with pipeline.doors():
        assert remember("hubspot") == 0


def _dies_at_the_second_download(monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = ObjectStore.download, list[str]()

    def download(self: ObjectStore, key: str, path: Path) -> None:
        seen.append(key)
        if len([k for k in seen if k.startswith("lake/")]) == 2:
            raise KeyboardInterrupt
        real(self, key, path)

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "download", download)
        with pytest.raises(KeyboardInterrupt):
            _rebuilt()
    assert (settings().home / "rebuild" / "warehouse.duckdb").exists()


def test_a_damaged_file_is_refused_at_once_and_kept_when_it_is_replaced(new_pipeline: Callable[[str], Any]) -> None:
    pipeline = new_pipeline("damaged")
    (pipeline.home / "warehouse.duckdb").write_bytes(b"no warehouse at all")
    with pipeline.doors():
        said = r"is damaged.*plumbline rebuild --replace \(the old file is kept\)"
        with pytest.raises(Misconfigured, match=said), workshop(replace=False):
            pass
        with workshop(replace=True), doors.warehouse() as warehouse:
            warehouse.ensure_raw("raw.hubspot__contacts")
    (kept,) = pipeline.home.glob("warehouse.duckdb.replaced-*")
    assert kept.read_bytes() == b"no warehouse at all"
