"""Exchange rates are read strictly, kept once, versioned when they change, and copied to where they price amounts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from expectations.declare.errors import Misconfigured
from tasks import doors
from tasks.adapters.ops_rates import given_rates
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.operate.given_file import Loaded
from tasks.operate.rates import load_rates
from tasks.publish.ops_copy import copy_ops

pytestmark = pytest.mark.usefixtures("home")

YEN, EURO = "2026-11-01,JPY,0.0065", "2026-11-01,EUR,1.08"


def _file(home: Path, *lines: str, header: str = "rate_date,currency,rate") -> Path:
    path = home / "rates.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def _known() -> list[tuple[str, Decimal, int]]:
    return [(one.record.currency, one.record.rate, one.version) for one in given_rates(doors.ops_store()).latest()]


def test_a_file_of_rates_loaded_twice_is_kept_once(home: Path) -> None:
    assert load_rates(_file(home, YEN, EURO), by="ana") == Loaded(2, 0, 0)
    assert load_rates(_file(home, EURO + "0", YEN), by="bob") == Loaded(0, 0, 2)
    assert _known() == [("EUR", Decimal("1.08"), 1), ("JPY", Decimal("0.0065"), 1)]


def test_a_corrected_rate_is_a_new_version_and_needs_a_reason(home: Path) -> None:
    load_rates(_file(home, YEN), by="ana")
    corrected = _file(home, EURO, YEN.replace("65", "66"))
    with pytest.raises(Misconfigured, match="JPY on 2026-11-01 says otherwise") as refused:
        load_rates(corrected, by="ana")
    assert "line 3" in str(refused.value)
    assert _known() == [("JPY", Decimal("0.0065"), 1)]
    assert load_rates(corrected, by="ana", reason="typing error") == Loaded(1, 1, 0)
    assert _known() == [("EUR", Decimal("1.08"), 1), ("JPY", Decimal("0.0066"), 2)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2026-11-01,yen,1", "no currency"),
        ("2026-11-01,JPY,0", "no rate"),
        ("2026-11-01,JPY,-1", "no rate"),
        ("2026-11-01,JPY,", "no rate"),
        ("2026-13-01,JPY,1", "no day"),
        (YEN, "stands in line 2 already"),
        ("2026-11-01,JPY,0,0065", "the row has 4 values, the header has 3"),
    ],
)
def test_a_bad_line_is_refused_in_words_and_nothing_of_the_file_is_kept(home: Path, line: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=told) as refused:
        load_rates(_file(home, YEN, line), by="ana")
    assert "line 3" in str(refused.value)
    assert _known() == []


def test_a_missing_column_is_named(home: Path) -> None:
    with pytest.raises(Misconfigured, match="no column rate"):
        load_rates(_file(home, "2026-11-01,JPY", header="rate_date,currency"), by="ana")


def test_every_version_of_a_rate_is_copied_into_the_warehouse(home: Path) -> None:
    load_rates(_file(home, YEN), by="ana")
    load_rates(_file(home, YEN.replace("65", "66")), by="ana", reason="typing error")
    with DuckDBWarehouse(home / "w.duckdb", "500MB", 1, 5.0) as warehouse:
        copy_ops(warehouse)
        found = warehouse.query("select currency, rate_date, version, rate from ops.fx_rates order by version")
    assert found == [("JPY", "2026-11-01", 1, "0.006500000"), ("JPY", "2026-11-01", 2, "0.006600000")]
