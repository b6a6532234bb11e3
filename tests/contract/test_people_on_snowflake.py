"""The people of Snowflake are those of DuckDB: the same statements, asked of a stand-in."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tasks.adapters.warehouse.base import Warehouse
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.adapters.warehouse.on_snowflake import SnowflakeWarehouse
from tasks.build.people import ID_MAP, MERGES, QUARANTINE, link_people

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
ORDERS = "id varchar, customer_id varchar, email_token varchar, phone_token varchar, processed_at timestamp"
CONTACTS = (
    "id varchar, properties_email_token varchar, properties_phone_token varchar, updatedat timestamp,"
    " properties_hs_merged_object_ids varchar"
)
_link: Callable[..., Any] = link_people.__wrapped__  # type: ignore[attr-defined]  # the step without its outcome row
Rows = list[tuple[Any, ...]]


class Stand(SnowflakeWarehouse):
    """fakesnow has no `fetch_arrow_all`: its rows become the table that Snowflake would hand over."""

    def frame(self, sql: str, params: Sequence[Any] | Mapping[str, Any] = ()) -> pa.Table:
        cursor = self.connection.cursor().execute(sql, params or None)
        names = [column[0].lower() for column in cursor.description]
        kinds = [(name, pa.timestamp("us") if name == "seen_at" else pa.string()) for name in names]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds))


@pytest.fixture
def stand() -> Iterator[Warehouse]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fakesnow = pytest.importorskip("fakesnow")
        with fakesnow.patch(create_database_on_connect=True):
            arguments = {"account": "org-acct", "user": "u", "database": "PLUMBLINE", "schema": "PUBLIC"}
            with Stand(arguments, "raw.lake") as opened:
                yield opened


def _lived(warehouse: Warehouse) -> list[Rows]:
    """Two deliveries, the second one with older evidence and a merge that HubSpot states; what is known then."""
    first, later = datetime(2026, 10, 1), datetime(2026, 11, 1)
    warehouse.execute("create schema if not exists staging")
    for table, columns in (("stg_shopify__orders", ORDERS), ("stg_hubspot__contacts", CONTACTS)):
        warehouse.execute(f"create table staging.{table} ({columns}, _extracted_at timestamp, _load_seq bigint)")
    order, contact = (
        f"insert into staging.{t} values (?, ?, ?, ?, ?, ?, ?)"
        for t in ("stg_shopify__orders", "stg_hubspot__contacts")
    )
    warehouse.execute(order, ["1", "10", "e", None, later, later, 1])
    warehouse.execute(order, ["2", "20", "shared", None, later, later, 1])
    warehouse.execute(order, ["3", "30", "shared", None, later, later, 1])
    warehouse.execute(contact, ["7", "g", None, later, None, later, 2])
    _link(warehouse)
    warehouse.execute(contact, ["5", "e", "p", first, "7;8", first, 3])
    _link(warehouse)
    assert _link(warehouse).reused
    people = "identifier_type, identifier_token, person_id, rule, evidence"
    return [
        warehouse.query(f"select {people} from {ID_MAP} where valid_to is null order by 1, 2"),
        warehouse.query(f"select old_person_id, person_id, rule from {MERGES} order by 1"),
        warehouse.query(f"select identifier_type, identifier_token, reason from {QUARANTINE} order by 1, 2"),
    ]


def test_snowflake_finds_the_same_people(stand: Warehouse, tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "w.duckdb", "500MB", 1, 5.0) as duckdb:
        ours = _lived(duckdb)
    assert _lived(stand) == ours
    people, merges, aside = ours
    assert len({row[2] for row in people if row[:2] in {("hubspot_id", "5"), ("hubspot_id", "8"), ("email", "e")}}) == 1
    assert sorted(row[2] for row in merges) == ["linked", "stated_merge"]
    assert [row[:2] for row in aside] == [("email", "shared")]
