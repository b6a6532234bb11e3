"""What `bench quality` compares says the same: stock expectations and the one aggregate, on good and on bad rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from deployments.bench.duckdb_dialect import NAME
from deployments.bench.quality_table import CHECKS, TABLE, aggregate, compared
from expectations.judge import stock

GOOD = (
    "('k1', date '2026-11-17', timestamp '2026-11-17 10:00:00', 'purchase', '4000000001', 'WEB', 'mobile', 1, 500,"
    " 12.30, 1793200744, 12.30, 'u1', 1)"
)
BAD = (
    "(null, null, timestamp '2026-11-17 10:00:00', 'purchase', '4000000001', 'TOASTER', 'mobile', 0, -1, 12.30,"
    " 1793200744, -99.00, 'u1', 1)"
)


def _file(path: Path, *rows: str) -> Path:
    with duckdb.connect(str(path)) as db:
        db.execute("create schema staging")
        db.execute(
            "create table staging.stg_ga4_export__events (event_key varchar, event_date date, event_timestamp"
            " timestamp, event_name varchar, stream_id varchar, platform varchar, device_category varchar,"
            " ga_session_number bigint, engagement_time_msec bigint, param_value decimal(38, 9), ga_session_id bigint,"
            " purchase_revenue decimal(38, 9), user_pseudo_id varchar, event_bundle_sequence_id bigint)"
        )
        db.execute(f"insert into staging.stg_ga4_export__events values {', '.join(rows)}")
    return path


@pytest.mark.parametrize("rows", [(GOOD,), (GOOD, BAD)], ids=["good", "bad"])
def test_both_give_the_same_answers(tmp_path: Path, rows: tuple[str, ...]) -> None:
    assert compared(_file(tmp_path / "w.duckdb", *rows)).rows == len(rows)


def test_stock_expectations_find_what_is_wrong(tmp_path: Path) -> None:
    file = _file(tmp_path / "w.duckdb", GOOD, BAD)
    said = stock.run(f"{NAME}:///{file}", TABLE, CHECKS)
    wrong = [(check.kind, check.column) for check, one in zip(CHECKS, said, strict=True) if not one.success]
    assert wrong == [
        ("not null", "event_key"),
        ("not null", "event_date"),
        ("in set", "platform"),
        ("between", "ga_session_number"),
        ("between", "engagement_time_msec"),
        ("sum", "purchase_revenue"),
        ("unique", "user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id"),
    ]


def test_fifteen_answers_are_one_query() -> None:
    assert len(CHECKS) == 15
    assert aggregate().startswith("select count(*), ")
    assert aggregate().count(";") == 0
