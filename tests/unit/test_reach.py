"""How far findings reach by the real lineage: through the tables that Python makes, down to the streams."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from tasks.adapters.dbt_manifest import Node, Project, _read
from tasks.adapters.dbt_runner import Dbt, DbtConfig
from tasks.adapters.ops_control import Hold
from tasks.adapters.ops_store import now
from tasks.build.lineage import completed
from tasks.publish.gate import Obstacle, gate_of
from tasks.publish.reach import Reach, reach_in


@dataclass(frozen=True)
class About:
    """What a finding says of its place."""

    source: str
    model: str = ""
    scope: str = ""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The lineage of this checkout, as dbt reads it."""
    home = tmp_path_factory.mktemp("lineage")
    dbt = Dbt(DbtConfig(home=home, environment={"PLUMBLINE_WAREHOUSE_FILE": str(home / "warehouse.duckdb")}))
    dbt.config.work.mkdir()
    dbt.parse()
    manifest = dbt.config.work / "target" / "parse-embedded" / "manifest.json"
    return completed(_read(manifest.absolute(), manifest.stat().st_mtime_ns))


@pytest.fixture(scope="module")
def far(project: Project) -> Reach:
    return reach_in(project, [node.table for node in project.nodes.values() if node.schema == "marts"])


BOOKS = {"fct_orders", "fct_order_lines", "fct_refunds", "fct_refund_lines", "fin_revenue_daily", "fct_order_history"}


def test_a_broken_crm_holds_leads_and_people_and_not_the_books(far: Reach) -> None:
    held = far.of(About("hubspot", "contacts"))
    assert not held & (BOOKS | {"fct_sessions", "fct_ad_performance", "fin_figures_daily", "dim_dates"})
    assert held >= {"fct_leads", "agg_channel_daily", "fct_attribution", "fct_metrics_daily"}
    # Nothing of theirs is a lead: they know people, and who is the same person is also HubSpot's word.
    assert held >= {"fct_touchpoints", "agg_new_customers", "fin_revenue_accrual_daily", "fin_revenue_bridge"}


def test_a_broken_ad_report_holds_spend_and_not_the_books(far: Reach) -> None:
    held = far.of(About("meta_ads", "ads_insights"))
    assert not held & (BOOKS | {"fct_leads"})
    assert held >= {"fct_ad_performance", "fin_spend_bridge", "fin_figures_daily", "agg_channel_daily"}


def test_what_only_checks_read_speaks_about_its_source(far: Reach) -> None:
    assert far.of(About("shopify", "sales_by_day")) == far.of(About("shopify", "shopify")) >= BOOKS
    assert far.of(About("ga4", "events_report")) == set()  # a source of control totals: no figure is made of it


def test_a_data_test_holds_the_marts_that_it_reads_and_what_is_made_of_them(far: Reach) -> None:
    test = "funnel_entries_equal_the_leads"
    held = far.of(About("marts", test, test))
    assert held == far.of_name("fct_leads") | far.of_name("fct_funnel")
    assert "fct_orders" not in held


def test_a_model_that_failed_holds_what_is_made_of_it(far: Reach) -> None:
    assert far.of(About("marts", "agg_paths", "agg_paths")) >= {"agg_paths", "agg_channel_credits"}
    assert far.of(About("shopify", "stg_shopify__order_refunds", "stg_shopify__order_refunds")) >= {"fct_refunds"}
    assert far.of_name("fct_day_shift") == {"fct_day_shift"}


def test_what_signed_months_would_be_now_is_made_of_the_marts_that_are_signed(far: Reach) -> None:
    assert "fin_restatements" in far.of_name("fct_leads")
    assert "fin_closed_figures" not in far.of_name("fct_leads")


def test_what_breaks_the_checks_of_a_source_holds_all_of_it(far: Reach) -> None:
    whole = far.of(About("shopify", "shopify"))
    assert far.of(About("shopify", "measure_shopify", "measure_shopify")) == whole
    assert far.of(About("shopify", "models", "models")) == whole
    # A name of the pipeline's own tables is no name for a stream.
    assert far.of(About("shopify", "invoices", "invoices")) == whole
    assert far.of(About("marts", "measurements", "measurements")) == set(far.made_of)
    assert far.of(About("marts", "fct_day_closes", "fct_day_closes")) == set()


def test_a_warning_marks_what_it_is_about_and_the_schedule_marks_nothing(far: Reach) -> None:
    assert far.marked(About("marts", "marts", "fct_leads 2026-11-17")) == far.of_name("fct_leads")
    assert far.marked(About("hubspot", "hubspot", "2026-11-17")) == far.of(About("hubspot", "contacts"))
    assert far.marked(About("operations", "schedule", "2026-11-17")) == set()


def test_every_table_that_python_makes_is_described(project: Project) -> None:
    made = {name: node for name, node in project.nodes.items() if node.kind == "source" and not node.source}
    assert {name.split(".")[0] for name in made} == {"computed", "identity", "ops", "plumbline", "publication"}
    streams = {name for name, node in project.nodes.items() if node.source}
    assert [name for name, node in made.items() if set(node.parents) >= streams] == []
    assert set(made["identity.id_map"].parents) >= {"hubspot.contacts", "shopify.orders", "ga4_export.events"}


def test_what_nobody_knows_holds_everything(project: Project, far: Reach) -> None:
    assert far.of(About("nobody", "nothing")) == far.of_name("no such name") == set(far.made_of)
    strange = Node("new.table", "source", "new", "table", "", "", {}, (), (), ())
    reader = replace(strange, name="reader", kind="model", schema="marts", table="reader", parents=("new.table",))
    nodes = completed(Project({**project.nodes, "new.table": strange, "reader": reader}))
    assert "reader" in reach_in(nodes, ["reader"]).of(About("hubspot", "contacts"))
    assert reach_in(project, ["a_mart_of_yesterday"]).of(About("hubspot", "contacts")) == {"a_mart_of_yesterday"}


def test_a_person_may_hold_a_source_or_a_mart(far: Reach) -> None:
    by = Hold(1, None, "we look at leads", "ada", now(), "fct_leads")
    way = gate_of(far, [by])
    assert way.held.keys() == far.of_name("fct_leads")
    assert way.reasons[0].startswith("fct_leads is held by ada since ")
    assert gate_of(far, [replace(by, about="")]).closed


def test_the_gate_is_closed_where_no_mart_of_a_source_is_open(far: Reach) -> None:
    obstacles = [Obstacle("schema_drift", source, "s", "broken", "", model=source) for source in ("hubspot", "shopify")]
    assert gate_of(far, obstacles[:1]).sources == ("hubspot",)
    assert not gate_of(far, obstacles).closed  # the ads are open
    broken = [*obstacles, *(replace(obstacles[0], source=name, model=name) for name in ("google_ads", "meta_ads"))]
    assert gate_of(far, broken).closed
    assert "dim_dates" not in gate_of(far, broken).held
