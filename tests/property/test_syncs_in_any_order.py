"""What counts and what was known depend on what the syncs said and when, never on the order or the steps of loading.

The texts of the models are run on DuckDB without dbt, so that a hundred little histories take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.render.restated import restated_step
from expectations.declare.contract import contract
from expectations.declare.source import load

MODELS = Path(__file__).parents[2] / "dbt" / "models"
META = load("meta_ads")
INSIGHTS = META.streams["ads_insights"]
DAY_ONE, BEGIN = date(2026, 11, 1), datetime(2026, 11, 10)
Slice = tuple[str, int]


@dataclass(frozen=True)
class Sync:
    """One sync: its id, when it was extracted, and ad -> spend by account and day."""

    id: int
    minute: int
    said: dict[Slice, dict[int, int]]

    @property
    def at(self) -> datetime:
        return BEGIN + timedelta(minutes=self.minute)

    def spoke(self, account: str, day: int) -> bool:
        days = [d for a, d in self.said if a == account]
        return day in days or (bool(days) and max(min(days), max(days) - META.reach) <= day <= max(days))


slices = st.dictionaries(
    # The old day lies further back than any sync may say by silence.
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([-40, 0, 1, 2, 3, 4])),
    st.dictionaries(st.integers(1, 2), st.integers(0, 2), min_size=1),
    min_size=1,
    max_size=5,
)
histories = st.lists(st.tuples(st.integers(0, 3), slices), min_size=1, max_size=4).map(
    lambda found: [Sync(n, minute, said) for n, (minute, said) in enumerate(found, 1)]
)
# The order of loading, and after which loads the models are built.
orders = st.randoms(use_true_random=False)


@lru_cache
def template(text: str) -> jinja2.Template:
    return jinja2.Template(text)


class Project:
    """A warehouse with one typed history, and the models on it."""

    def __init__(self) -> None:
        self.db = duckdb.connect(config={"threads": 1})
        columns = ", ".join(f"{c.name} {c.type}" for c in contract(INSIGHTS).columns)
        self.db.execute(f"create table {INSIGHTS.staging_model} ({columns})")
        self.loads = 0

    def load(self, sync: Sync) -> None:
        self.loads += 1
        rows = [
            (account, DAY_ONE + timedelta(days=day), f"ad{ad}", f"c{ad}", spend, sync.id, sync.at, "f", n, self.loads)
            for n, ((account, day), ads) in enumerate(sync.said.items())
            for ad, spend in ads.items()
        ]
        names = "account_id, date_start, ad_id, campaign_id, spend, _sync_id, _extracted_at, _source_file, _source_row"
        into = f"insert into {INSIGHTS.staging_model} ({names}, _load_seq) values ({', '.join('?' * 10)})"
        self.db.executemany(into, rows)

    def build(self) -> None:
        self.run(MODELS / "intermediate" / "int_meta_ads__ads_insights.sql", ["account_id", "date_start"])
        self.run(MODELS / "intermediate" / "meta_ads" / "meta_ads__ad_spend_said.sql", ["_sync_id"])
        self.run(MODELS / "marts" / "marketing" / "fct_ad_spend_history.sql", ["source", "account_id", "date"])

    def run(self, model: Path, key: Sequence[str]) -> None:
        """Create the model, or replace by its unique key what its text brings."""
        name = model.stem
        there = bool(self.rows(f"select 1 from information_schema.tables where table_name = '{name}'"))
        text = template(model.read_text()).render(**self._dbt(name, there))
        if not there:
            self.db.execute(f"create table {name} as {text}")
            return
        self.db.execute(f"create or replace temp table fresh as {text}")
        self.db.execute(f"delete from {name} where ({', '.join(key)}) in (select {', '.join(key)} from fresh)")
        self.db.execute(f"insert into {name} by name select * from fresh where _load_seq is not null")

    def _dbt(self, this: str, there: bool) -> dict[str, Any]:
        known = self.rows(f"select coalesce(max(_load_seq), 0) from {this}")[0][0] if there else 0
        return {
            "this": this,
            "config": lambda **_: "",
            "ref": lambda name: name,
            "is_incremental": lambda: there,
            "nothing_new": lambda _: False,
            "known_load_seq": lambda _: known,
            "unseen": lambda name: f"(select * from {name} where _load_seq > {known})",
            "plus_days": lambda day, n: f"cast({day} + interval ({n}) day as date)",
            "reach_of": lambda _: META.reach,
            "money": lambda amount: f"cast({amount} as decimal(38, 6))",
            "sources_providing": lambda _: ["meta_ads"],
        }

    def rows(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        return self.db.execute(query, params).fetchall()


@contextmanager
def project() -> Iterator[Project]:
    made = Project()
    try:
        yield made
    finally:
        made.db.close()


def in_order(syncs: Sequence[Sync]) -> list[Sync]:
    return sorted(syncs, key=lambda sync: (sync.at, sync.id))


def known(syncs: Sequence[Sync], until: datetime | None = None) -> dict[Slice, dict[int, int]]:
    """The plain reading: of each account day, what the last sync that spoke about it said."""
    found: dict[Slice, dict[int, int]] = {}
    every = {place for sync in syncs for place in sync.said}
    for sync in in_order(syncs):
        if until is None or sync.at <= until:
            found |= {place: sync.said.get(place, {}) for place in every if sync.spoke(*place)}
    return {place: ads for place, ads in found.items() if ads}


CURRENT = """
select account_id, date_diff('day', date '2026-11-01', date_start), cast(ad_id[3:] as int), cast(spend as int)
from int_meta_ads__ads_insights"""
HISTORY = """
select * exclude (_load_seq) from fct_ad_spend_history
order by source, account_id, campaign_id, date, version"""
AS_OF = """
select account_id, date_diff('day', date '2026-11-01', date), cast(campaign_id[2:] as int), cast(spend as int)
from fct_ad_spend_history
where known_from <= $1 and (known_to > $1 or known_to is null) and not is_vanished"""


def nested(rows: Sequence[tuple[Any, ...]]) -> dict[Slice, dict[int, int]]:
    found: dict[Slice, dict[int, int]] = {}
    for account, day, ad, spend in rows:
        found.setdefault((account, day), {})[ad] = spend
    return found


@settings(max_examples=15, deadline=None)
@given(histories, orders)
def test_syncs_loaded_in_any_order_and_any_steps_end_as_one_build(syncs: list[Sync], order: Any) -> None:
    with project() as grown, project() as at_once:
        for sync in order.sample(syncs, len(syncs)):
            grown.load(sync)
            if order.random() < 0.7:
                grown.build()
        grown.build()
        for sync in syncs:
            at_once.load(sync)
        at_once.build()
        assert nested(grown.rows(CURRENT)) == nested(at_once.rows(CURRENT)) == known(syncs)
        assert grown.rows(HISTORY) == at_once.rows(HISTORY)
        for minute in range(4):
            instant = BEGIN + timedelta(minutes=minute)
            assert nested(grown.rows(AS_OF, instant)) == known(syncs, instant), minute


RESTATED = """with pending as (select timestamp '2026-11-10' as window_start, timestamp '2026-11-11' as window_end),
batches as (select 'ads_insights' as stream, *, cast($1 as bigint) as sync_id from pending),
{step}
select account, day, field, value, baseline, sync_id from ads_insights_restated where metric = 'restated_beyond'
    and field = 'spend' order by all"""


@settings(max_examples=15, deadline=None)
@given(histories)
def test_a_change_of_an_old_day_is_measured_with_both_amounts(syncs: list[Sync]) -> None:
    step = restated_step(META.model_copy(update={"restates": timedelta(days=7)}), INSIGHTS)
    assert step is not None
    days = {"ref": lambda name: name, "plus_days": lambda day, n: f"cast({day} + interval ({n}) day as date)"}
    query = RESTATED.format(step=template(step.text).render(**days))
    newest = in_order(syncs)[-1]
    with project() as made:
        for sync in syncs:
            made.load(sync)
        found = made.rows(query, newest.id)
    before, after = known(in_order(syncs)[:-1]), known(syncs)
    spoken = {
        place for sync in in_order(syncs)[:-1] for place in {p for s in syncs for p in s.said} if sync.spoke(*place)
    }
    wanted = [
        (account, DAY_ONE + timedelta(days=day), "spend", total(after, account, day), total(before, account, day))
        for account, day in sorted(spoken)
        if newest.spoke(account, day) and day < 1  # 2026-11-02 is seven days and one, for time zones, before the window
        and total(after, account, day) != total(before, account, day)
    ]  # fmt: skip
    assert found == [(*row, newest.id) for row in wanted]


def total(rows: dict[Slice, dict[int, int]], account: str, day: int) -> int:
    return sum(rows.get((account, day), {}).values())


LATE = """with pending as (select timestamp '2026-11-10' as window_start, timestamp '2026-11-11' as window_end),
batches as (select 'events' as stream, *, 2 as sync_id from pending),
{step}
select cast(day as varchar), metric, field, value, baseline, sync_id from events_restated order by all"""


def test_events_that_come_later_than_declared_are_counted_with_their_day() -> None:
    export = load("ga4_export")  # restates four days
    step = restated_step(export, export.streams["events"])
    assert step is not None
    said = {"ref": lambda name: name, "plus_days": lambda day, n: f"cast({day} + interval ({n}) day as date)"}
    first = [("2026-11-04", 1, 1), ("2026-11-04", 1, 1), ("2026-11-05", 1, 1)]
    # One event of the 4th is late, those of the 5th may be; of the 3rd nobody spoke before, and of the 4th again later.
    then = [("2026-11-04", 2, 2), ("2026-11-05", 2, 2), ("2026-11-03", 2, 2), ("2026-11-04", 3, 3)]
    with duckdb.connect(config={"threads": 1}) as db:
        db.execute("create table stg_ga4_export__events (event_date date, _sync_id bigint, _load_seq bigint)")
        db.executemany("insert into stg_ga4_export__events values (?, ?, ?)", first + then)
        found = db.execute(LATE.format(step=template(step.text).render(said))).fetchall()
    assert found == [("2026-11-04", "restated_beyond", "rows", 3, 2, 2)]
