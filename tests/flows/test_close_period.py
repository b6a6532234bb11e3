"""A month is signed, a late restatement arrives, the month is opened and signed again; steps are done twice."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

import flows.close_period
from expectations.declare.errors import Misconfigured, NotReconciled
from expectations.declare.source import declaration_hash
from tasks import doors
from tasks.adapters.ops_closes import OpsCloses
from tasks.adapters.ops_periods import OpsPeriods
from tasks.adapters.ops_plans import Change, OpsPlans, Promotion
from tasks.adapters.ops_store import ReleaseRow
from tasks.backfill.figures import statement
from tasks.periods import close as closing
from tasks.periods import compare
from tasks.periods import month as months
from tasks.periods.as_of import answer, question
from tasks.periods.export import export
from tasks.publish.provenance import commit
from tasks.settings import settings
from tasks.window import Window

NOW = datetime(2026, 11, 5, 6, 30, tzinfo=UTC)
BUILD = Window.parse("2026-11-05")
OCTOBER = Window.parse("2026-10-01..2026-10-31")
SIGNED = "Ann Lee (finance), Bo Chen (marketing)"
MARTS = "select table_name from information_schema.tables where table_schema = 'marts'"
TABLES = """
create schema raw; create schema marts;
create table raw.load_ledger (table_name varchar, object_key varchar, etag varchar, rows bigint, source varchar,
    stream varchar, sync_id bigint, window_start timestamp, window_end timestamp, loaded_at timestamp, load_seq bigint,
    content varchar);
create table marts.dim_campaign (source varchar, account_id varchar, campaign_id varchar, channel varchar);
create table marts.fct_ad_performance (source varchar, account_id varchar, campaign_id varchar, date date,
    currency varchar, spend decimal(38, 6), spend_reporting decimal(38, 6), impressions bigint, clicks bigint,
    platform_conversions decimal(38, 6), platform_conversion_value decimal(38, 6), fx_rate decimal(18, 9),
    _load_seq bigint);
create table marts.fct_orders (source varchar, shop_id varchar, order_id varchar, order_date date, channel varchar,
    currency varchar, gross_sales decimal(38, 6), discounts decimal(38, 6), returns decimal(38, 6),
    net_sales decimal(38, 6), tax decimal(38, 6), shipping decimal(38, 6), total decimal(38, 6),
    fx_rate decimal(18, 9));
create table marts.fct_refunds (source varchar, refund_id varchar, order_id varchar, refund_date date, channel varchar,
    currency varchar, subtotal decimal(38, 6), amount decimal(38, 6), fx_rate decimal(18, 9));
create table marts.fct_order_history (source varchar, order_id varchar, version bigint, order_date date,
    sync_id bigint);
create table marts.fct_refund_history (source varchar, order_id varchar, refund_date date, sync_id bigint);
create table marts.fct_sessions (session_date date, channel varchar, events bigint, page_views bigint,
    purchases bigint, is_provisional boolean);
create table marts.fin_figures_daily (source varchar, account_id varchar, date date, currency varchar,
    known_at timestamp, sync_id bigint, spend decimal(38, 6), impressions bigint, clicks bigint, orders bigint,
    gross_sales decimal(38, 6), discounts decimal(38, 6), returns decimal(38, 6), net_sales decimal(38, 6),
    shipping decimal(38, 6), tax decimal(38, 6), reporting_currency varchar, fx_rate decimal(18, 9));
insert into marts.dim_campaign values ('meta_ads', 'a', 'c', 'Paid Social');
insert into marts.fct_orders values ('shopify', 's', '1', '2026-10-30', 'Email', 'USD', 100, 10, 0, 90, 0, 0, 90, 1);
insert into marts.fct_sessions values ('2026-10-31', 'Email', 9, 3, 1, false);
"""


class Books:
    """A small warehouse of one ad account and one shop, and the release that readers see."""

    def __init__(self, home: Path) -> None:
        self.home, self.loads = home, 0
        self.run(TABLES)

    def run(self, statements: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.home / "warehouse.duckdb")) as db:
            return db.execute(statements).fetchall()

    def says(self, spend: str, *, sync: int, rate: str = "1", before: str = "0") -> None:
        """A sync says what was spent on the last of October; the marts are built of it."""
        self.loads += 1
        difference = Decimal(spend) - Decimal(before)
        self.run(
            f"""insert into raw.load_ledger (source, sync_id, load_seq) values ('meta_ads', {sync}, {self.loads});
            insert into marts.fin_figures_daily values ('meta_ads', 'a', '2026-10-31', 'EUR', '2026-11-0{sync} 05:40',
                {sync}, {difference}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'USD', {rate});"""
        )
        self.prices(spend, rate)

    def prices(self, spend: str, rate: str) -> None:
        self.run(
            f"""delete from marts.fct_ad_performance; insert into marts.fct_ad_performance values ('meta_ads', 'a', 'c',
            '2026-10-31', 'EUR', {spend}, {spend} * {rate}, 0, 0, 0, 0, {rate}, {self.loads})"""
        )

    def publish(self) -> None:
        """What a close of the last day leaves: a release of all marts, final for every day."""
        folder = self.home / "published" / "releases" / f"r{self.loads}"
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.home / "warehouse.duckdb")) as db:
            for (mart,) in db.execute(MARTS).fetchall():
                db.execute(f"copy marts.{mart} to '{folder / f'{mart}.parquet'}'")
        notes = {"id": folder.name, "published_at": "2026-11-05T05:50:00+00:00", "load_seq": self.loads}
        notes |= {"commit": commit(), "declarations": declaration_hash()}
        notes |= {"window": {"label": OCTOBER.label}, "state": "final", "rows": {}}
        (folder / "release.json").write_text(json.dumps(notes))
        (self.home / "published" / "current").unlink(missing_ok=True)
        (self.home / "published" / "current").symlink_to(folder)
        doors.ops_store().record_release(ReleaseRow("final", OCTOBER, "final", False, NOW, {}))


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    monkeypatch.setenv("PLUMBLINE_SITE_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(months, "now", lambda: NOW)
    settings.cache_clear()
    for name in ("close", "reopen", "compare_closed", "announce", "deliver"):
        monkeypatch.setattr(flows.close_period, name, getattr(flows.close_period, name).fn)
    monkeypatch.setattr(flows.close_period, "writer_queue", nullcontext)
    monkeypatch.setattr(flows.close_period, "chosen_window", lambda _: BUILD)
    monkeypatch.setattr(flows.close_period, "fresh_rendering", lambda: None)
    made = Books(tmp_path)
    made.says("10.10", sync=1)
    made.publish()
    yield made
    doors.ops_store().close()
    settings.cache_clear()


def _close(month: str = "2026-10") -> closing.Closed:
    return flows.close_period.close_period.fn(month, SIGNED)


def _built() -> list[str]:
    """What a build says about closed months, and tells people."""
    verdicts = compare.compare_closed.fn(BUILD)
    flows.close_period.announce(verdicts, BUILD)
    return [verdict.sentence for verdict in verdicts if verdict.alarming]


def _messages() -> list[tuple[str, str]]:
    return [(m.kind, m.body["text"].split(": ")[0]) for m in doors.ops_store().pending_messages()]


def _as_told(books: Books) -> bool:
    """Whether the signed figures and the sum of their restatements are the figures of now, to the last decimal."""
    closes = OpsCloses(doors.ops_store())
    told = closes.frozen("2026-10", 1)
    for entry in closes.entries("2026-10", 1):
        told[entry.cell] = told.get(entry.cell, Decimal(0)) + entry.amount
    marts = [str(name) for (name,) in books.run(MARTS)]
    now = {(m, n, c, str(d)[:10]): amount for m, n, c, d, amount in books.run(statement(marts, days=[OCTOBER]))}
    return {cell: amount for cell, amount in told.items() if amount} == now


def test_a_late_restatement_of_a_signed_month_names_amount_cause_and_sync(books: Books) -> None:
    closed = _close()
    assert (closed.event.version, closed.event.by, closed.reused) == (1, SIGNED, False)
    assert _built() == []
    books.says("12.60", sync=3, before="10.10")
    (said,) = _built()
    assert said == (
        "2026-10 is signed, and 2 figures are not as signed any more (late data): spend of fct_ad_performance moved by"
        " +2.50. It came with meta_ads 3."
    )
    entries = OpsCloses(doors.ops_store()).entries("2026-10")
    assert [(e.metric, e.channel, e.day, str(e.frozen), str(e.amount), e.cause, e.syncs) for e in entries] == [
        (name, "Paid Social", "2026-10-31", "10.1", "2.5", "late data", "meta_ads 3")
        for name in ("spend", "spend_reporting")
    ]
    assert _messages() == [("open", "A signed month changed")]
    assert _as_told(books)


def test_a_comparison_done_twice_notes_and_tells_nothing_twice(books: Books) -> None:
    _close()
    books.says("12.60", sync=3, before="10.10")
    for _ in range(2):
        _built()
    assert len(OpsCloses(doors.ops_store()).entries()) == 2
    assert len(_messages()) == 1
    assert len(books.run("select * from ops.period_entries")) == 2


def test_what_moves_back_is_in_the_ledger_and_ends_the_incident(books: Books) -> None:
    _close()
    books.says("12.60", sync=3, before="10.10")
    _built()
    books.says("10.10", sync=4, before="12.60")
    assert _built() == []
    amounts = [str(e.amount) for e in OpsCloses(doors.ops_store()).entries() if e.metric == "spend"]
    assert amounts == ["2.5", "-2.5"]
    assert [kind for kind, _ in _messages()] == ["open", "recovered"]
    assert _as_told(books)


def test_closing_a_closed_month_changes_nothing(books: Books) -> None:
    first = _close()
    books.says("99", sync=2, before="10.10")
    books.publish()
    again = _close()
    assert (again.reused, again.event) == (True, first.event)
    assert OpsCloses(doors.ops_store()).frozen("2026-10", 1)[
        "fct_ad_performance", "spend", "Paid Social", "2026-10-31"
    ] == (Decimal("10.1"))


def test_a_month_opened_and_closed_again_has_two_versions_and_the_way_between_them(books: Books) -> None:
    _close()
    books.says("12.60", sync=3, before="10.10")
    _built()
    reopened = flows.close_period.reopen_period.fn("2026-10", "the invoice was corrected", "Ann Lee").event
    assert (reopened.version, reopened.changes, OpsPeriods(doors.ops_store()).closed_months()) == (1, 2, [])
    (said,) = _built()
    assert said.endswith("The month was opened again by Ann Lee: the invoice was corrected.")
    books.says("13", sync=4, before="12.60")
    books.publish()
    assert _close().event.version == 2
    assert _built() == []
    assert [kind for kind, _ in _messages()][-1] == "recovered"
    closes = OpsCloses(doors.ops_store())
    spend = ("fct_ad_performance", "spend", "Paid Social", "2026-10-31")
    moves = [(str(e.amount), e.cause) for e in closes.entries("2026-10", 1) if e.cell == spend]
    assert moves == [("2.5", "late data"), ("0.4", "reopened")]
    assert (closes.frozen("2026-10", 1)[spend], closes.frozen("2026-10", 2)[spend]) == (Decimal("10.1"), Decimal(13))
    assert [(e.action, e.version) for e in closes.events()] == [("closed", 1), ("reopened", 1), ("closed", 2)]


def test_a_late_refund_is_found_on_its_own_day_and_on_that_of_its_order(books: Books) -> None:
    _close()
    books.run(
        """insert into raw.load_ledger (source, sync_id, load_seq) values ('shopify', 8, 9);
        insert into marts.fct_refund_history values ('shopify', '1', '2026-10-31', 8);
        insert into marts.fct_refunds values ('shopify', 'r', '1', '2026-10-31', 'Email', 'USD', 40, 40, 1);
        update marts.fct_orders set returns = 40, net_sales = 50"""
    )
    _built()
    found = {(e.mart, e.metric, e.day): (str(e.amount), e.syncs) for e in OpsCloses(doors.ops_store()).entries()}
    assert found == {
        ("fct_orders", "net_sales", "2026-10-30"): ("-40", "shopify 8"),
        ("fct_orders", "returns", "2026-10-30"): ("40", "shopify 8"),
        ("fct_refunds", "amount", "2026-10-31"): ("40", "shopify 8"),
        ("fct_refunds", "refunds", "2026-10-31"): ("1", "shopify 8"),
        ("fct_refunds", "subtotal", "2026-10-31"): ("40", "shopify 8"),
    }
    assert _as_told(books)


def test_another_rate_is_told_apart_from_late_data(books: Books) -> None:
    _close()
    books.prices("10.10", "2")
    (said,) = _built()
    assert (
        "1 figure is not as signed any more (rate change): spend_reporting of fct_ad_performance moved by +10.10"
        in said
    )
    (entry,) = OpsCloses(doors.ops_store()).entries()
    assert (entry.cause, entry.evidence) == ("rate change", "The rate of EUR on 2026-10-31 is another.")


def test_another_definition_and_an_unknown_cause_are_told(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    _close()
    books.run("update marts.fct_orders set channel = 'SMS'")
    _built()
    entries = OpsCloses(doors.ops_store()).entries()
    assert {entry.cause for entry in entries} == {"unexplained"}
    books.run("update marts.fct_orders set channel = 'Email'")
    monkeypatch.setattr(compare, "commit", lambda: "another0commit")
    assert _built() == []
    later = [entry for entry in OpsCloses(doors.ops_store()).entries() if entry.entry == 2 or entry.channel == "Email"]
    assert "definition change" in {entry.cause for entry in later}


def test_a_promoted_backfill_of_other_days_is_a_cause_of_its_own(books: Books) -> None:
    _close()
    change = Change("fct_orders", "orders", "Email", "2026-10-30", Decimal(1), Decimal(2))
    plans = OpsPlans(doors.ops_store())
    plans.save_changes("plan-7", [change])
    at = datetime.now(UTC)
    plans.record(Promotion("plan-7", BUILD, "replay", ("shopify",), "a key was wrong", "ada", "", 1, at))
    books.run("insert into marts.fct_orders select * replace ('2' as order_id) from marts.fct_orders")
    _built()
    found = {entry.metric: (entry.cause, entry.origin) for entry in OpsCloses(doors.ops_store()).entries()}
    assert found["orders"] == ("backfill", "plan-7")


def test_a_month_that_lacks_something_stays_open(books: Books) -> None:
    books.run("update marts.fct_sessions set is_provisional = true")
    books.publish()
    with pytest.raises(NotReconciled, match=r"2026-10 cannot be closed: Sessions are provisional on 2026-10-31"):
        _close()
    assert OpsCloses(doors.ops_store()).events() == []


def _told_held(books: Books, mart: str) -> None:
    """The release as it is where this mart is held and still that of the day before."""
    notes = books.home / "published" / "current" / "release.json"
    body = json.loads(notes.read_text())
    own = {"release": body["id"], "window": body["window"]["label"], "state": "final"}
    held = {"release": "earlier", "window": "2026-10-30", "state": "final"}
    held |= {"held_since": "2026-11-01T05:50:00+00:00", "because": ["Spend is short."]}
    body["marts"] = {"fct_orders": own, mart: held}
    notes.write_text(json.dumps(body))


def test_a_month_is_not_signed_from_a_release_that_holds_a_signed_mart(books: Books) -> None:
    _told_held(books, "fct_ad_performance")
    said = "A signature is about one release. Held: fct_ad_performance is that of 2026-10-30, because: Spend is short."
    with pytest.raises(NotReconciled) as refused:
        _close()
    assert said in str(refused.value)
    assert OpsCloses(doors.ops_store()).events() == []
    _told_held(books, "agg_cohorts")  # which nobody signs
    assert not _close().reused


def test_figures_of_a_held_mart_name_their_own_release(books: Books) -> None:
    _told_held(books, "fin_figures_daily")
    found = answer(question(("2026-10-01", "2026-10-31"), as_of="", metrics="spend", by="day"))
    assert found.release == "earlier"
    assert found.caution == "Held: fin_figures_daily is that of 2026-10-30, because: Spend is short."


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("2026-09", "why", "ada"), "2026-09 was never closed. Closed were: 2026-10 version 1"),
        (("2026-10", " ", "ada"), "a reason is missing"),
        (("2026-10", "why", ""), "a name is missing"),
    ],
)
def test_what_cannot_be_opened_is_refused(books: Books, asked: tuple[str, str, str], said: str) -> None:
    _close()
    with pytest.raises(Misconfigured) as refused:
        closing.reopen.fn(*asked)
    assert said in str(refused.value)
    assert len(OpsCloses(doors.ops_store()).events()) == 1


def test_an_export_is_the_same_bytes_each_time_and_carries_its_checksums(books: Books, tmp_path: Path) -> None:
    _close()
    first, second = (export("2026-10", tmp_path / name) for name in ("one", "two"))
    assert first.archive.read_bytes() == second.archive.read_bytes()
    for line in (first.folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((first.folder / name).read_bytes()).hexdigest() == digest
        assert (second.folder / name).read_bytes() == (first.folder / name).read_bytes()
    with (first.folder / "figures" / "fct_ad_performance.spend.csv").open() as file:
        assert list(csv.reader(file)) == [["day", "channel", "amount"], ["2026-10-31", "Paid Social", "10.1"]]
    with (first.folder / "definitions.csv").open() as file:
        assert dict(csv.reader(file))["fct_ad_performance.spend"].startswith("Cost in account currency")


def test_figures_that_somebody_changed_in_the_store_are_not_exported(books: Books, tmp_path: Path) -> None:
    _close()
    with doors.ops_store().engine.begin() as db:
        db.exec_driver_sql("update closed_figures set amount = '11' where metric = 'spend'")
    with pytest.raises(NotReconciled, match="are not those that were signed"):
        export("2026-10", tmp_path)


def test_figures_as_of_a_moment_and_the_syncs_since(books: Books) -> None:
    books.says("12.60", sync=3, before="10.10", rate="2")
    books.publish()
    days = ("2026-10-01", "2026-10-31")
    found = answer(question(days, as_of="2026-11-02T06:00", metrics="spend", by="source,currency"))
    assert [(f.keys, str(f.then), str(f.now)) for f in found.figures] == [
        (("meta_ads", "EUR"), "10.100000", "12.600000")
    ]
    assert [(b.sync_id, b.known_at.day, str(b.amount)) for b in found.brought] == [(3, 3, "2.500000")]
    nothing = answer(question(days, as_of="2026-10-31T06:00", metrics="spend", by="source"))
    assert [str(f.then) for f in nothing.figures] == ["0"]


def test_days_without_a_rate_are_named_and_in_no_sum(books: Books) -> None:
    books.run("update marts.fin_figures_daily set fx_rate = null")
    books.publish()
    found = answer(question(("2026-10-01", "2026-10-31"), as_of="", metrics="spend", by="day"))
    assert (found.figures, found.unpriced) == ((), ("2026-10-31 EUR",))
