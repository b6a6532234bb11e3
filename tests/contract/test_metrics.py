"""The metrics, asked twice: MetricFlow writes SQL from the YAML by itself, the marts are what we compiled from it."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from deployments.render.metrics import MODELS, metrics_daily
from expectations.declare.errors import Misconfigured
from expectations.declare.metrics import METRICS, load_metrics
from tasks.build.macros import compiled

DBT = Path(__file__).parents[2] / "dbt"
STUBS = (
    "agg_ads_daily",
    "agg_attributed_daily",
    "fct_orders",
    "fct_customer_orders",
    "fct_refunds",
    "fct_sessions",
    "fct_leads",
)
START = date(2026, 9, 25)  # a Friday; the days cross the end of a month, of a quarter and of weeks
DAYS = 45
CHANNELS = ("Paid Search", "Email", "Direct")
GRAINS = ("day", "week", "month", "quarter")
Rows = dict[tuple[Any, ...], float | None]

TABLES = """
create schema marts;
create table marts.agg_ads_daily (date date, source varchar, channel varchar, spend decimal(38, 6),
    impressions bigint, clicks bigint, platform_conversions decimal(38, 6), platform_revenue decimal(38, 6));
create table marts.agg_attributed_daily (basis varchar, date date, model varchar, channel varchar, media varchar,
    orders decimal(38, 12), new_customers decimal(38, 12), revenue_cents bigint);
create table marts.fct_orders (source varchar, order_date date, channel varchar, is_test boolean, is_cancelled boolean,
    is_new_customer boolean, gross_sales decimal(38, 6), discounts decimal(38, 6), fx_rate decimal(18, 9));
create table marts.fct_customer_orders (source varchar, order_date date, channel varchar, is_new_valid_person boolean);
create table marts.fct_refunds (source varchar, refund_date date, channel varchar, is_test boolean,
    subtotal decimal(38, 6), fx_rate decimal(18, 9));
create table marts.fct_sessions (origin varchar, session_date date, channel varchar, engaged boolean);
create table marts.fct_leads (source varchar, entered_date date, channel varchar, stage varchar);
"""


def _fill(file: Path) -> None:
    """A world with holes: days without ads, channels without refunds, spend without clicks, tests, nulls."""
    chance = random.Random(7)
    rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in STUBS}
    for n in range(DAYS * len(CHANNELS)):
        day, channel = START + timedelta(days=n // len(CHANNELS)), CHANNELS[n % len(CHANNELS)]
        cents = [chance.randrange(1, 99_999) for _ in range(6)]
        if chance.random() < 0.6:
            clicks, platform = chance.choice((0, 3, 40)), chance.choice(("a", "b"))
            ad = (day, platform, channel, cents[0] / 100, 9, clicks, clicks / 2, cents[1] / 100)
            rows["agg_ads_daily"].append(ad)
        for (model, _), basis in product(MODELS, ("refund_date", "touch_date")):
            media = {"Paid Search": "paid", "Email": "owned"}.get(channel, "organic")
            credited = (chance.randrange(99) / 8, chance.randrange(9) / 16, cents[2] - 50_000)
            rows["agg_attributed_daily"].append((basis, day, model, channel, media, *credited))
        if chance.random() < 0.7:
            truths = [chance.random() < 0.3 for _ in range(3)]
            rows["fct_orders"].append(("shop", day, channel, *truths, cents[3] / 100, cents[4] / 1000, 1.123456789))
            rows["fct_customer_orders"].append(("shop", day, channel, truths[1]))
        if chance.random() < 0.2:
            rows["fct_refunds"].append(("shop", day, chance.choice((channel, None)), False, cents[5], 0.9))
        if chance.random() < 0.8:
            rows["fct_sessions"].append(("web", day, channel, chance.random() < 0.5))
            stage = chance.choice(("lead", "marketingqualifiedlead", "customer"))
            rows["fct_leads"].append(("crm", day, channel, stage))
    with duckdb.connect(str(file)) as db:
        db.execute(TABLES)
        for name, listed in rows.items():
            written = ", ".join(f"({', '.join(map(_literal, row))})" for row in listed)
            db.execute(f"insert into marts.{name} values {written}")


def _literal(value: object) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool | float | int) else f"'{value}'"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small world and its compiled metrics."""
    home = tmp_path_factory.mktemp("metrics")
    marts = home / "dbt" / "models" / "marts"
    shutil.copytree(DBT / "models" / "marts" / "metrics", marts / "metrics")
    shutil.copytree(DBT / "macros", home / "dbt" / "macros", ignore=shutil.ignore_patterns("typed"))
    shutil.copy(DBT / "dbt_project.yml", home / "dbt")
    for name in ("dim_dates.sql", "dim_dates.yml"):
        shutil.copy(DBT / "models" / "marts" / "core" / name, marts)
    for name in STUBS:
        (marts / f"{name}.sql").write_text("select 1 as never_built")
    _fill(home / "warehouse.duckdb")
    words = ["run", "--quiet", "--select", "dim_dates", "fct_metrics_daily", "fct_metrics_by_period"]
    words += ["--project-dir", str(home / "dbt"), "--profiles-dir", str(DBT), "--target", "embedded"]
    words += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    environment = os.environ | {"PLUMBLINE_WAREHOUSE_FILE": str(home / "warehouse.duckdb"), "DO_NOT_TRACK": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", *words]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return home


def _engine(home: Path) -> Any:
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    class Client:
        """What MetricFlow asks of an engine in order to write SQL for it."""

        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

    manifest = parse_manifest_from_dbt_generated_manifest((home / "target" / "semantic_manifest.json").read_text())
    client: Any = Client()
    return MetricFlowEngine(semantic_manifest_lookup=SemanticManifestLookup(manifest), sql_client=client)


def _asked(engine: Any, db: duckdb.DuckDBPyConnection, metrics: list[str], *by: str) -> dict[str, Rows]:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=list(by))
    found = db.execute(engine.explain(request).sql_statement.sql)
    names = [column[0] for column in found.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    keyed = [(tuple(_plain(row[name]) for name in by), row) for row in rows]
    return {name: {cell: None if row[name] is None else float(row[name]) for cell, row in keyed} for name in metrics}


def _plain(value: object) -> str | None:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else None if value is None else str(value)


def _same(theirs: Rows, ours: Rows) -> list[object]:
    """Cells that differ; where one has no row the other may have a zero, or nothing to divide."""
    cells = theirs.keys() | ours.keys()
    return [
        (cell, theirs.get(cell), ours.get(cell))
        for cell in sorted(cells, key=str)
        if (theirs.get(cell) or 0.0) != pytest.approx(ours.get(cell) or 0.0, rel=2e-6, abs=1e-6)
    ]


@pytest.mark.filterwarnings("ignore")
def test_metricflow_and_the_marts_say_the_same_of_every_metric_at_every_grain(built: Path) -> None:
    engine, differences, compared = _engine(built), [], 0
    declared = load_metrics()
    with duckdb.connect(str(built / "warehouse.duckdb"), read_only=True) as db:
        for grain, cut in product(GRAINS, ("", "channel", "source")):
            by = [f"metric_time__{grain}", *([cut] if cut else [])]
            names = [metric.name for metric in declared.metrics if not cut or cut in metric.meta.cut_by]
            if grain != "week":  # the models are written from one text
                names = [name for name in names if declared.metric(name).meta.model in (None, "linear")]
            ours = _ours(db, grain, cut)
            for some in (names[start : start + 30] for start in range(0, len(names), 30)):
                for name, theirs in _asked(engine, db, some, *by).items():
                    compared += len(theirs)
                    differences += [(name, *by, found) for found in _same(theirs, ours.get(name, {}))]
    assert differences == []
    assert compared > 5_000


def _ours(db: duckdb.DuckDBPyConnection, grain: str, cut: str) -> dict[str, Rows]:
    if cut == "source":  # the view has channels only; the mart has the sums of any cut
        asked = f"""select metric, date_trunc('{grain}', day), source, case when bool_and(denominator is null)
            then sum(numerator) else sum(numerator) / nullif(sum(denominator), 0) end
            from marts.fct_metrics_daily group by all"""
    else:
        which = "channel is not null" if cut else "channel is null"
        asked = f"""select metric, period_start, channel, value from marts.fct_metrics_by_period
            where grain = '{grain}' and {which}"""
    found: dict[str, Rows] = {}
    for metric, period, cell, value in db.execute(asked).fetchall():
        key = (_plain(period), cell) if cut else (_plain(period),)
        found.setdefault(metric, {})[key] = None if value is None else float(value)
    return found


def test_a_ratio_of_a_month_is_no_average_of_its_days(built: Path) -> None:
    with duckdb.connect(str(built / "warehouse.duckdb"), read_only=True) as db:
        asked = "select value from marts.fct_metrics_by_period where metric = 'cost_per_click' and channel is null"
        month = db.execute(f"{asked} and grain = 'month' and period_start = date '2026-10-01'").fetchall()
        days = db.execute(
            f"{asked} and grain = 'day' and period_start between '2026-10-01' and '2026-10-31'"
        ).fetchall()
        sums = "select sum(spend) / sum(clicks) from marts.agg_ads_daily where month(date) = 10"
        assert [(float(month[0][0]))] == pytest.approx(db.execute(sums).fetchone())
    known = [float(value) for (value,) in days if value is not None]
    assert float(month[0][0]) != pytest.approx(sum(known) / len(known), rel=0.01)


def test_every_model_of_the_marts_has_its_metrics() -> None:
    listed = compiled("attribution_models")
    assert re.findall(r"[a-z_]+", listed) == [name for name, _ in MODELS]


def _declared(tmp_path: Path, **changes: str) -> Path:
    for path in METRICS.glob("*.yml"):
        if not path.with_suffix(".sql").exists():
            text = path.read_text(encoding="utf-8")
            for old, new in changes.items() if path.name == "orders.yml" else ():
                assert old in text
                text = text.replace(old, new, 1)
            (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("agg: sum, expr: case when is_cancelled", "agg: average, expr: case when is_cancelled", "write 'sum'"),
        ("{numerator: order_value,", "{numerator: cost_per_click,", "aov is made of cost_per_click, which is no sum"),
        (
            "expr: gross_sales - discounts\n",
            "expr: gross_sales * discounts\n",
            "must be a sum or difference of exactly",
        ),
        ("{measure: {name: orders,", "{measure: {name: oders,", "orders does not sum a measure"),
        ("- name: aov\n", "- name: orders\n", "metric orders stands twice"),
        ("fill_nulls_with: 0", "fill_nulls_with: 1", "write 0"),
    ],
)
def test_a_definition_that_could_not_be_added_up_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(told)):
        load_metrics(_declared(tmp_path, **{old: new}))


def test_a_cut_that_a_mart_does_not_know_is_refused(tmp_path: Path) -> None:
    folder = _declared(tmp_path)
    blended = (folder / "blended.yml").read_text(encoding="utf-8")
    (folder / "blended.yml").write_text(blended.replace("cut_by: [channel]", "cut_by: [channel, source]", 1))
    attributed = (folder / "attributed.yml").read_text(encoding="utf-8")
    (folder / "attributed.yml").write_text(attributed.replace("cut_by: [channel]", "cut_by: [source]", 1))
    with pytest.raises(Misconfigured, match="attributed_orders_first_touch cannot be cut by source: a mart") as refused:
        load_metrics(folder)
    assert "conversion_rate" not in str(refused.value)  # visits and orders have a source each


def test_the_committed_sql_is_the_compiled_one() -> None:
    assert (METRICS / "fct_metrics_daily.sql").read_text(encoding="utf-8").endswith(metrics_daily())
