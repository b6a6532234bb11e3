"""Whatever happens to the marts after a month was signed: signed + restatements = figures of now, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import doors
from tasks.adapters.ops_closes import Cell, Event, Mark, OpsCloses
from tasks.adapters.ops_store import OpsStore
from tasks.adapters.warehouse.copies import Copy
from tasks.backfill.figures import fingerprint, measured, statement
from tasks.periods import compare
from tasks.periods.copies import copy_periods
from tasks.window import Window

AT = datetime(2026, 11, 5, tzinfo=UTC)
OCTOBER = Window.parse("2026-10-01..2026-10-31")
REFUNDS = """create schema raw; create schema marts;
create table raw.load_ledger (source varchar, sync_id bigint, load_seq bigint);
create table marts.fct_refunds (refund_date date, channel varchar, currency varchar, subtotal decimal(38, 6),
    amount decimal(38, 6), fx_rate decimal(18, 9))"""
# Refunds as (day of October, 0 and 32 lie outside; channel; cents).
refunds = st.lists(
    st.tuples(st.integers(0, 32), st.sampled_from(["Email", "Direct", "a'b"]), st.integers(-10_000, 10_000)), max_size=6
)


class Memory:
    """A warehouse in memory, as far as a comparison needs one."""

    def __init__(self) -> None:
        self.db = duckdb.connect()
        self.db.execute(REFUNDS)

    def query(self, sql: str, params: Any = ()) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, params).fetchall()

    def relations(self, schema: str) -> list[str]:
        found = "select table_name from information_schema.tables where table_schema = ? order by 1"
        return [str(name) for (name,) in self.query(found, [schema])]

    def put(self, copy: Copy) -> None:
        for sql in (*copy.making({}), copy.removing):
            self.db.execute(sql)
        if copy.rows:
            self.db.executemany(copy.inserting(f"values ({', '.join('?' * len(copy.columns))})"), list(copy.rows))

    def hold(self, rows: list[tuple[int, str, int]]) -> None:
        self.db.execute("delete from marts.fct_refunds")
        for day, channel, cents in rows:
            money = Decimal(cents) / 100
            values = f"date '2026-10-01' + {day - 1}, ?, 'USD', ?, ?, 1"
            self.db.execute(f"insert into marts.fct_refunds values ({values})", [channel, money, money])

    def figures(self) -> dict[Cell, Decimal]:
        rows = self.query(statement(self.relations("marts"), days=[OCTOBER]))
        return {(m, n, channel, str(day)[:10]): amount for m, n, channel, day, amount in rows}


@contextmanager
def _signed(rows: list[tuple[int, str, int]]) -> Iterator[tuple[Memory, OpsCloses, Event]]:
    memory, ops = Memory(), OpsStore("sqlite://")
    memory.hold(rows)
    cells, metrics = memory.figures(), measured(["fct_refunds"])
    event = Event(
        "2026-10", 1, 1, "closed", "Ann (finance)", "", AT, figures=len(cells), checksum=fingerprint(cells),
        evidence={"metrics": {mart: list(names) for mart, names in metrics.items()}},
    )  # fmt: skip
    closes = OpsCloses(ops)
    closes.freeze(event, cells, Mark("2026-10", 1, 0, "c", "d", {}, AT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doors, "ops_store", lambda: ops)
        patch.setattr(compare, "commit", lambda: "c")
        copy_periods(memory)  # type: ignore[arg-type]  # as far as a comparison needs one
        yield memory, closes, event
    ops.close()
    memory.db.close()


@settings(max_examples=25, deadline=None)
@given(first=refunds, later=st.lists(refunds, max_size=3))
def test_signed_figures_and_restatements_are_the_figures_of_now(
    first: list[tuple[int, str, int]], later: list[list[tuple[int, str, int]]]
) -> None:
    with _signed(first) as (memory, closes, event):
        signed = closes.frozen("2026-10", 1)
        for rows in later:
            memory.hold(rows)
            compare._look(memory, closes, event)  # type: ignore[arg-type]  # as above
            copy_periods(memory)  # type: ignore[arg-type]  # as above
            told = dict(signed)
            for entry in closes.entries():
                told[entry.cell] = told.get(entry.cell, Decimal(0)) + entry.amount
            assert {cell: amount for cell, amount in told.items() if amount} == memory.figures()
            assert compare._look(memory, closes, event) == 0  # type: ignore[arg-type]  # as above
        assert closes.frozen("2026-10", 1) == signed
        assert all(entry.frozen == signed.get(entry.cell, Decimal(0)) and entry.amount for entry in closes.entries())
