"""Invoices are read strictly, kept once, versioned when they change, and copied to where the bridge reads them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.commands.invoices import app
from expectations.declare.errors import Misconfigured
from tasks import doors
from tasks.adapters.ops_invoices import given_invoices
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.operate.given_file import Loaded
from tasks.operate.invoices import load_invoices
from tasks.publish.ops_copy import copy_ops

pytestmark = pytest.mark.usefixtures("home")

HEADER = "source,account_id,month,invoice_id,currency,media_amount,credits,tax,total"
FIRST = "meta_ads,470226513909871,2026-10,F-1,JPY,76886,-120,7676,84442"
SECOND = "google_ads,2948660317,2026-10,G-9,EUR,371.81,0,70.64,442.45"


def _file(home: Path, *lines: str, header: str = HEADER) -> Path:
    path = home / "invoices.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def _totals() -> list[tuple[str, int, Decimal, str]]:
    latest = given_invoices(doors.ops_store()).latest()
    return [(given.record.invoice_id, given.version, given.record.total, given.reason) for given in latest]


def test_a_file_loaded_twice_is_kept_once(home: Path) -> None:
    path = _file(home, FIRST, SECOND)
    assert load_invoices(path, by="ana") == Loaded(2, 0, 0)
    assert load_invoices(_file(home, SECOND, "", FIRST.replace("84442", "84442.00")), by="bob") == Loaded(0, 0, 2)
    assert _totals() == [("G-9", 1, Decimal("442.45"), ""), ("F-1", 1, Decimal(84442), "")]


def test_a_correction_is_a_new_version_and_needs_a_reason(home: Path) -> None:
    load_invoices(_file(home, FIRST, SECOND), by="ana")
    corrected = _file(home, SECOND, FIRST.replace("-120", "-100").replace("84442", "84462"))
    with pytest.raises(Misconfigured, match="F-1 says otherwise than before") as refused:
        load_invoices(corrected, by="ana")
    assert "line 3" in str(refused.value)
    assert load_invoices(corrected, by="ana", reason="credit note of 12 November") == Loaded(0, 1, 1)
    assert _totals()[1] == ("F-1", 2, Decimal(84462), "credit note of 12 November")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (FIRST.replace("meta_ads", "meta"), "'meta' is no ad platform"),
        (FIRST.replace("meta_ads", "shopify"), "'shopify' is no ad platform"),
        (FIRST.replace("2026-10", "10/2026"), "'10/2026' is no month"),
        (FIRST.replace("2026-10", "2026-13"), "'2026-13' is no month"),
        (FIRST.replace("JPY", "yen"), "'yen' is no currency"),
        (FIRST.replace("76886", "76.886,00"), "the row has 10 values, the header has 9"),
        (FIRST.replace("76886", "1e400"), "media_amount is '1e400'"),
        (FIRST.replace("76886", "nan"), "media_amount is 'nan'"),
        (FIRST.replace("-120", "120"), "credits are 120"),
        (FIRST.replace("84442", "84443"), "total is 84443, media_amount, credits and tax add up to 84442"),
        (FIRST.replace("F-1", ""), "invoice_id is empty"),
        (SECOND, "invoice G-9 stands in line 2 already"),
        ('meta_ads,"1', "this is no CSV file"),
    ],
)
def test_a_bad_line_is_named_and_nothing_of_the_file_is_kept(home: Path, line: str, said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        load_invoices(_file(home, SECOND, line), by="ana")
    assert said in str(refused.value)
    assert "line 3" in str(refused.value) or "no CSV" in said
    assert _totals() == []


def test_a_missing_column_and_a_missing_file_are_said(home: Path) -> None:
    with pytest.raises(Misconfigured, match="no column tax"):
        load_invoices(_file(home, FIRST, header=HEADER.replace("tax", "vat")), by="ana")
    with pytest.raises(Misconfigured, match="does not open"):
        load_invoices(home / "nothing.csv", by="ana")


def test_the_warehouse_gets_every_version_and_an_empty_table_without_any(home: Path) -> None:
    with DuckDBWarehouse(home / "w.duckdb", "500MB", 1, 5.0) as warehouse:
        copy_ops(warehouse)
        assert warehouse.query("select count(*) from ops.invoices") == [(0,)]
        load_invoices(_file(home, FIRST), by="ana")
        load_invoices(_file(home, FIRST.replace("-120", "-121").replace("84442", "84441")), by="ana", reason="why not")
        copy_ops(warehouse)
        kept = warehouse.query("select version, cast(total as decimal(38, 6)), given_by from ops.invoices order by 1")
    assert kept == [(1, Decimal(84442), "ana"), (2, Decimal(84441), "ana")]


def test_the_commands_say_what_was_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployments.commands.invoices.console.width", 200)
    runner = CliRunner()
    assert "No invoice was given" in runner.invoke(app, ["list"]).output
    path = str(_file(home, FIRST, SECOND))
    assert "2 invoices are new, 0 corrected, 0 known" in runner.invoke(app, ["load", path, "--by", "ana"]).output
    assert "84,442.00 JPY" in runner.invoke(app, ["list"]).output
