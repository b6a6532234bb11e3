"""The demo, run once as a newcomer runs it, and many questions asked of what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import sqlalchemy as sa

from deployments.local.saas.ga4_truth import sessions_of_day
from deployments.local.saas.truth import expected, tables
from deployments.local.saas.world import World
from tasks.adapters.ops_store import Incident, OpsStore, ReleaseRow
from tests.stack.built_anew import by_duckdb, by_snowflake, differing

CHECKOUT = Path(__file__).parents[2]
SEED, SCALE = 20261121, 0.0002
LAST_EXTRACTION = datetime(2026, 11, 19, 5, 40, tzinfo=UTC)
DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(18)]
ALL_DAYS = [date(2026, 10, 12) + timedelta(days=n) for n in range(38)]
PLATFORM = {
    **dict.fromkeys(("Paid Search", "Paid Shopping", "Display"), "google"),
    **{"Paid Social": "meta", "Organic Search": "organic", "Organic Social": "social"},
    **{"Direct": "direct", "Email": "email", "Referral": "referral"},
}
FIVE = {"schema_drift", "duplicate_load", "null_spike", "spend_anomaly", "reconciliation"}

pytestmark = pytest.mark.timeout(900)


@dataclass(frozen=True)
class Told:
    """A finished demo: its home, its first port, and what it printed."""

    home: Path
    base: int
    printed: str

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A query on the published marts; `{name}` is the Parquet file of a mart."""
        folder = (self.home / "published" / "current").resolve()
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            marts = {path.stem: f"read_parquet('{path}')" for path in folder.glob("*.parquet")}
            return connection.execute(sql.format(**marts)).fetchall()

    def ops(self) -> OpsStore:
        """The pipeline's memory of itself."""
        return OpsStore(f"sqlite:///{self.home / 'ops.sqlite'}")


def _plumbline(*words: str, home: Path, base: int) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PLUMBLINE_", "PREFECT_"))}
    mine = {"PLUMBLINE_HOME": str(home), "PLUMBLINE_PORT_BASE": str(base), "PLUMBLINE_SCALE": str(SCALE)}
    command = [str(Path(sys.executable).parent / "plumbline"), *words]
    return subprocess.run(command, cwd=CHECKOUT, env=clean | mine, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, free_base: Callable[[], int]) -> Iterator[Told]:
    home, base = tmp_path_factory.mktemp("demo") / "home", free_base()
    try:
        done = _plumbline("demo", home=home, base=base)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield Told(home, base, done.stdout)
    finally:
        _plumbline("down", home=home, base=base)


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, SCALE)


@pytest.fixture(scope="module")
def truth(world: World) -> dict[tuple[str, str, date, str], Decimal]:
    """What must be in the marts after the last extraction of the demo."""
    return expected(world, DAYS, LAST_EXTRACTION)


def test_it_ends_by_saying_the_five_places_to_look(demo: Told) -> None:
    for place in ("Prefect UI", "Site", "Data Docs", "Slack channel", "Published marts"):
        assert place in demo.printed


def test_readers_see_the_final_release_of_the_last_day(demo: Told) -> None:
    notes = json.loads((demo.home / "published" / "current" / "release.json").read_text())
    assert notes["window"]["label"] == "2026-11-18"
    assert notes["state"] == "final"
    assert len(notes["freshness"]) == 6
    sources = {entry["manifest"].split("/")[1] for entry in notes["inputs"]}
    assert sources == set(notes["freshness"])  # a stream without a change delivers no object, a source always does
    assert not (demo.home / "published" / "held.json").exists()


def test_every_row_count_of_the_release_is_the_file_s(demo: Told) -> None:
    notes = json.loads((demo.home / "published" / "current" / "release.json").read_text())
    counted = {name: demo.rows(f"select count(*) from {{{name}}}")[0][0] for name in notes["rows"]}
    assert counted == notes["rows"]
    # Nobody has closed a month of the demo.
    of_closed_months = {"fin_closed_figures", "fin_period_status", "fin_restatements"}
    assert {name for name, rows in counted.items() if not rows} == of_closed_months


def test_the_bad_day_was_held_and_published_in_two_steps(demo: Told) -> None:
    bad = [r for r in demo.ops().releases() if r.window.label == "2026-11-17"]
    assert [(r.state, r.held) for r in bad] == [("final", True), ("final", False), ("final", False)]
    assert bad[0].body["readers_see"].startswith("2026-11-16-final")
    told = " ".join(bad[0].body["because"])
    assert all(name in told for name in ("HubSpot", "Meta Ads", "Shopify"))


def test_finance_had_its_revenue_while_leads_and_spend_were_held(demo: Told) -> None:
    _, partly, whole = (r.body for r in demo.ops().releases() if r.window.label == "2026-11-17")
    held = {mart: told for mart, told in partly["marts"].items() if "held_since" in told}
    books = {"fct_orders", "fct_order_lines", "fct_refunds", "fct_refund_lines", "fin_revenue_daily"}
    assert {partly["marts"][mart]["window"] for mart in books} == {"2026-11-17"}
    assert held.keys() >= {"fct_leads", "fct_ad_performance", "agg_channel_daily", "fin_spend_bridge"}
    assert {told["window"] for told in held.values()} == {"2026-11-16"}
    reasons = " ".join(why for told in held.values() for why in told["because"])
    assert [name in reasons for name in ("HubSpot", "Meta Ads", "Shopify")] == [True, True, False]
    assert not [mart for mart, told in whole["marts"].items() if "held_since" in told]


def test_no_other_day_was_held(demo: Told) -> None:
    held: list[ReleaseRow] = [r for r in demo.ops().releases() if r.held]
    assert [r.window.label for r in held] == ["2026-11-17"]


def test_each_of_the_five_checks_found_its_fault_and_recovered(demo: Told) -> None:
    incidents: list[Incident] = demo.ops().incidents()
    of_the_bad_day = [i for i in incidents if i.occurrences and "2026-11-17" in i.window_label]
    assert {i.check for i in of_the_bad_day} >= FIVE
    assert {i.state for i in incidents if i.severity == "critical"} == {"recovered"}


def test_ordinary_days_open_no_incident(demo: Told) -> None:
    faulty = {"hubspot", "meta_ads", "shopify"}
    others = [i for i in demo.ops().incidents() if i.source not in faulty]
    assert [(i.check, i.source, i.scope) for i in others] == []


def test_slack_shows_one_thread_for_what_belongs_together(demo: Told) -> None:
    messages = httpx.get(f"http://127.0.0.1:{demo.base + 40}/messages").json()
    shown = messages["messages"] if isinstance(messages, dict) else messages
    assert len([m for m in shown if not m.get("thread_ts")]) == len({i.thread for i in demo.ops().incidents()})
    assert demo.ops().pending_messages() == []


def test_ad_spend_equals_the_truth_to_the_cent(demo: Told, truth: dict[tuple[str, str, date, str], Decimal]) -> None:
    found = {
        (source, account, day): (spend, clicks, impressions)
        for source, account, day, spend, clicks, impressions in demo.rows(
            "select source, account_id, date, sum(spend), sum(clicks), sum(impressions) from {fct_ad_performance}"
            " where date between '2026-11-01' and '2026-11-18' group by all"
        )
    }
    wanted = {
        (source, account, day): (
            amount,
            truth[source, account, day, "clicks"],
            truth[source, account, day, "impressions"],
        )
        for (source, account, day, metric), amount in truth.items()
        if metric == "cost"
    }
    assert found == wanted


def test_shop_money_equals_the_truth_to_the_cent(demo: Told, truth: dict[tuple[str, str, date, str], Decimal]) -> None:
    columns = ("orders", "gross_sales", "discounts", "shipping", "tax", "total")
    found = demo.rows(
        "select order_date, count(*), sum(gross_sales), sum(discounts), sum(shipping), sum(tax), sum(total)"
        " from {fct_orders} where not is_test and order_date between '2026-11-01' and '2026-11-18' group by 1"
    )
    assert {day: tuple(amounts) for day, *amounts in found} == {
        day: tuple(truth["shopify", "", day, column] for column in columns) for day in DAYS
    }


def test_new_customers_equal_the_truth_by_record_and_by_person(
    demo: Told, truth: dict[tuple[str, str, date, str], Decimal]
) -> None:
    born = {day: truth["shopify", "", day, "new_customers"] for day in DAYS}
    for definition in ("shopify", "person"):
        found = demo.rows(
            "select day, customers from {agg_new_customers}"
            f" where definition = '{definition}' and day between '2026-11-01' and '2026-11-18'"
        )
        assert dict(found) == born, definition


def test_refunds_equal_the_truth_on_the_day_of_the_refund(
    demo: Told, truth: dict[tuple[str, str, date, str], Decimal]
) -> None:
    found = dict(
        demo.rows(
            "select refund_date, sum(subtotal) from {fct_refunds}"
            " where not is_test and refund_date between '2026-11-01' and '2026-11-18' group by 1"
        )
    )
    assert {day: found.get(day, Decimal(0)) for day in DAYS} == {
        day: truth["shopify", "", day, "returns"] for day in DAYS
    }


def test_revenue_equals_the_truth_and_is_the_same_money_on_every_clock(
    demo: Told, truth: dict[tuple[str, str, date, str], Decimal]
) -> None:
    found = dict(
        demo.rows(
            "select booked_on, sum(net_sales) from {fin_revenue_daily}"
            " where basis = 'refund_date' and booked_on between '2026-11-01' and '2026-11-18' group by 1"
        )
    )
    assert found == {day: truth["shopify", "", day, "net_sales"] for day in DAYS}
    sums = "sum(orders), sum(gross_sales), sum(returns), sum(net_sales), sum(total), sum(total_reporting)"
    both = "select * from {fin_revenue_daily} union all select * from {fin_revenue_accrual_daily}"
    clocks = demo.rows(f"select basis, {sums} from ({both}) group by 1")
    assert sorted(basis for basis, *_ in clocks) == ["order_date", "refund_date", "touch_date"]
    assert len({tuple(amounts) for _, *amounts in clocks}) == 1


def test_sessions_equal_the_truth_as_far_as_they_were_exported(demo: Told, world: World) -> None:
    found = dict(demo.rows("select session_date, count(*) from {fct_sessions} group by 1"))
    for day in DAYS:
        assert found[day] == sessions_of_day(world, day, LAST_EXTRACTION), day


def test_attributed_channels_are_those_of_the_truth_where_the_whole_path_was_seen(demo: Told, world: World) -> None:
    caused: dict[str, list[str]] = {}
    for touch in tables(world, ALL_DAYS)["truth_cause"].sort_by("touch").to_pylist():
        caused.setdefault(str(touch["order_id"]), []).append(touch["channel"])
    query = """select split_part(conversion_id, ':', -1), list(channel order by touched_at, touch_id)
        from {fct_attribution}
        where model = 'linear' and entry_type = 'sale' and conversion_type = 'order' and not is_unattributed
        group by conversion_id having max(touched_at) > max(converted_at) - interval 1 hour"""
    seen = [([PLATFORM[name] for name in names], caused.get(order, [])) for order, names in demo.rows(query)]
    whole = [(ours, theirs) for ours, theirs in seen if len(ours) == len(theirs)]
    assert len(whole) > 1000
    for end in (0, -1):
        ours, theirs = (Counter(pair[side][end] for pair in whole) for side in (0, 1))
        # A click that lost its tags on the way is seen as what it looks like.
        assert max(abs(ours[channel] - theirs[channel]) for channel in theirs) < len(whole) / 200, (ours, theirs)
    assert sum(ours == theirs for ours, theirs in whole) > 0.99 * len(whole)


def test_sessions_of_the_last_days_are_provisional(demo: Told) -> None:
    marks = dict(demo.rows("select date, bool_or(is_provisional) from {agg_channel_daily} group by 1"))
    assert marks[date(2026, 11, 18)]
    assert not marks[date(2026, 11, 10)]


def test_the_channel_page_adds_up_to_the_facts(demo: Told) -> None:
    spend, orders = demo.rows("select sum(spend), sum(orders) from {agg_channel_daily}")[0]
    assert spend == demo.rows("select sum(spend_reporting) from {fct_ad_performance}")[0][0]
    assert orders == demo.rows("select count(*) from {fct_orders} where not is_test")[0][0]


# Tables that no model makes: Python does, after the models.
BY_PYTHON = {"marts.agg_channel_credits", "marts.feature_catalog"}


def test_marts_grown_through_the_story_equal_those_made_anew(demo: Told, tmp_path: Path) -> None:
    grown = demo.home / "warehouse.duckdb"
    assert differing(grown, by_duckdb(grown, tmp_path)).keys() == BY_PYTHON


def test_snowflake_makes_the_same_of_the_same_text(demo: Told, tmp_path: Path) -> None:
    ours = demo.home / "warehouse.duckdb"
    theirs = by_snowflake(ours, tmp_path)
    # `version` is a hash of the engine's own; dbt's loader of seeds reads the denied word "null" as nothing.
    found = differing(ours, theirs, beside=frozenset({"version"})).keys()
    assert found == BY_PYTHON | {"intermediate.identity_deny_list"}


def test_one_close_went_through_the_worker(demo: Told) -> None:
    filters = {"flow_runs": {"name": {"like_": "close 2026-11-18"}}}
    runs = httpx.post(f"http://127.0.0.1:{demo.base}/api/flow_runs/filter", json=filters).json()
    assert [(r["state_name"], r["work_pool_name"]) for r in runs] == [("Completed", "plumbline")]


def test_the_held_close_says_so_in_the_list_of_runs(demo: Told) -> None:
    filters = {"flow_runs": {"name": {"like_": "close 2026-11-17"}}}
    runs = httpx.post(f"http://127.0.0.1:{demo.base}/api/flow_runs/filter", json=filters).json()
    assert sorted(r["state_name"] for r in runs) == ["Completed", "Held", "Partly held"]


def test_every_step_left_a_line_in_the_log(demo: Told) -> None:
    lines = [json.loads(line) for line in (demo.home / "logs" / "steps.jsonl").read_text().splitlines()]
    wanted = {"run", "step", "source", "window", "status", "rows_in", "rows_out", "milliseconds"}
    assert all(wanted <= line.keys() for line in lines)
    assert {line["step"] for line in lines} >= {"sync", "land", "seal", "load", "measure", "judge", "publish"}


def test_status_is_one_screen(demo: Told) -> None:
    done = _plumbline("status", home=demo.home, base=demo.base)
    assert done.returncode == 0, done.stderr
    assert "2026-11-18" in done.stdout
    assert "nobody" in done.stdout
    assert len(done.stdout.splitlines()) < 60


def test_a_second_demo_finds_everything_done(demo: Told) -> None:
    before = len(demo.ops().outcomes())
    done = _plumbline("demo", home=demo.home, base=demo.base)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("done before") == 5
    assert len(demo.ops().outcomes()) == before


def test_secrets_are_readable_by_their_owner_only(demo: Told) -> None:
    assert (demo.home / "stack.json").stat().st_mode & 0o077 == 0


def test_the_ops_store_holds_no_clear_address(demo: Told) -> None:
    engine = sa.create_engine(f"sqlite:///{demo.home / 'ops.sqlite'}")
    with engine.connect() as connection:
        dump = " ".join(
            str(row)
            for table in sa.inspect(engine).get_table_names()
            for row in connection.execute(sa.text(f"select * from {table}"))
        )
    assert "@example" not in dump
