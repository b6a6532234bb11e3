"""The feature catalog and the pages of metrics and tables: from dbt's manifest, escaped, and only when it changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from expectations.declare.metrics import load_metrics
from tasks import doors
from tasks.build.catalog import COLUMNS, TABLE, catalog
from tasks.publish.site_models import model_pages

HOSTILE = "<img src=x onerror=alert(1)> 💥"


def _node(name: str, kind: str = "model", *parents: str, **more: Any) -> dict[str, Any]:
    plain = {
        "name": name, "resource_type": kind, "schema": "marts", "original_file_path": f"models/{name}.sql",
        "description": "", "columns": {}, "depends_on": {"nodes": list(parents)}, "raw_code": "select 1",
    }  # fmt: skip
    return plain | more


def _manifest() -> dict[str, Any]:
    orders = "source.plumbline.shopify.orders"
    columns = {"spend": {"description": f"What it cost. {HOSTILE}"}, "date": {"description": "Day."}}
    check = {"name": "holds", "kwargs": {"statement": "spend >= 0", "model": "{{ ref('agg_ads_daily') }}"}}
    test = _node("spend_is_positive", "test", "model.p.agg_ads_daily", test_metadata=check)
    nodes = {
        "model.p.agg_ads_daily": _node("agg_ads_daily", "model", "model.p.step", columns=columns, description=HOSTILE),
        "model.p.step": _node("step", "model", orders, schema="intermediate"),
        "test.p.one": test | {"attached_node": "model.p.agg_ads_daily"},
        "test.p.two": _node("step_is_whole", "test", "model.p.step", raw_code="-- Nothing\n-- is lost.\nselect 1"),
    }
    raw = _node("orders", "source", schema="raw", source_name="shopify", identifier="shopify__orders")
    children = {"model.p.step": ["model.p.agg_ads_daily", "test.p.two"], orders: ["model.p.step"]}
    return {"nodes": nodes, "sources": {orders: raw}, "unit_tests": {}, "child_map": children}


def _built(home: Path) -> None:
    folder = home / "dbt" / "target" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(_manifest()))


def _rows(home: Path) -> dict[str, dict[str, Any]]:
    with doors.warehouse() as warehouse:
        warehouse.execute("create schema if not exists marts")
        warehouse.execute("create or replace table marts.agg_ads_daily (spend decimal(38, 6))")
        catalog(warehouse)
        found = warehouse.query(f"select {', '.join(COLUMNS)} from {TABLE}")
    return {str(row[0]): dict(zip(COLUMNS, row, strict=True)) for row in found}


def test_a_column_tells_what_it_is_made_of_and_what_tests_it(home: Path) -> None:
    _built(home)
    rows = _rows(home)
    assert rows["agg_ads_daily.spend"] == {
        "name": "agg_ads_daily.spend",
        "entity": "agg_ads_daily",
        "kind": "column",
        "description": f"What it cost. {HOSTILE}",
        "type": "decimal(38,6)",
        "source": "shopify",
        "transformation": "dbt/models/agg_ads_daily.sql, from step",
        "frequency": "each build, after shopify 25,55 * * * *",
        "quality": "spend_is_positive",
        "owner": "@finance-data",
    }
    assert rows["agg_ads_daily.date"]["type"] == "not built yet"
    assert not [name for name in rows if name.startswith("step.")]  # the catalog is about what is published


def test_a_metric_is_tested_by_everything_up_to_its_source(home: Path) -> None:
    _built(home)
    rows = _rows(home)
    assert len([name for name in rows if name.startswith("metric ")]) == len(load_metrics().metrics)
    assert rows["metric cost_per_click"]["transformation"] == "spend / clicks"
    assert rows["metric cost_per_click"]["quality"] == "spend_is_positive; step_is_whole"


def test_a_catalog_that_says_the_same_is_not_written_again(home: Path) -> None:
    _built(home)
    _rows(home)
    with doors.warehouse() as warehouse:
        assert not catalog(warehouse).changed
        warehouse.execute("alter table marts.agg_ads_daily alter spend type double")
        assert catalog(warehouse).changed


def test_before_the_first_build_there_is_neither_catalog_nor_page(home: Path) -> None:
    with doors.warehouse() as warehouse:
        assert catalog(warehouse).rows == 0
        assert "feature_catalog" not in warehouse.relations("marts")
    model_pages(home / "site")
    assert not list(home.rglob("*.html"))


def test_every_metric_and_table_has_its_place_and_hostile_text_stays_text(home: Path) -> None:
    _built(home)
    _rows(home)
    site = home / "site"
    model_pages(site)
    metrics = (site / "metrics.html").read_text()
    assert all(f'id="{metric.name}"' in metrics for metric in load_metrics().metrics)
    assert "step_is_whole" in metrics
    page = (site / "models" / "agg_ads_daily.html").read_text()
    assert 'href="step.html"' in page
    assert "decimal(38,6)" in page
    assert 'href="../metrics.html#roas_platform"' in page
    assert 'href="shopify.orders.html"' in (site / "models" / "step.html").read_text()
    assert "Nothing is lost." in (site / "models" / "step.html").read_text()
    assert not [path for path in site.rglob("*.html") if "<img" in path.read_text()]
    assert not [path for path in site.rglob("*.html") if 'href="http' in path.read_text()]


def test_pages_are_written_again_only_when_the_project_changed(home: Path) -> None:
    _built(home)
    site = home / "site"
    model_pages(site)
    (site / "metrics.html").unlink()
    model_pages(site)
    assert not (site / "metrics.html").exists()
    changed = _manifest()
    changed["nodes"]["model.p.step"]["description"] = "Another word."
    (home / "dbt" / "target" / "models" / "manifest.json").write_text(json.dumps(changed))
    model_pages(site)
    assert (site / "metrics.html").exists()
