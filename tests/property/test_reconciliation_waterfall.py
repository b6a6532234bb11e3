"""Every difference between two checkpoints has its reason and its amount; what has none is said to have none."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.bench.reconcile import explained, found, must_be
from deployments.bench.reconcile_faults import FAULTS, draw
from deployments.bench.reconcile_world import Record, days
from expectations.judge.reconcile.buckets import ORDER, STAGES, UNEXPLAINED
from expectations.judge.reconcile.rows import SCHEMA
from expectations.judge.reconcile.sentences import Words, sentence
from expectations.judge.reconcile.waterfall import Figure, Reconciled, reconcile

DAY = date(2026, 11, 18)
META = Figure("meta", "act_12", DAY, "USD", "spend")
MORNING, NOW = datetime(2026, 11, 19, 5, 40, tzinfo=UTC), datetime(2026, 11, 20, 7, tzinfo=UTC)
seeds = st.integers(0, 10_000)


def _adds_up(result: Reconciled) -> None:
    for figure in {figure for figure, _ in result.totals}:
        for a, b in pairwise(STAGES):
            between = [i.amount for i in result.of(figure) if (i.from_stage, i.to_stage) == (a, b)]
            start, end = (result.totals.get((figure, stage), Decimal(0)) for stage in (a, b))
            assert start + sum(between) == end


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(0, 40))
def test_known_faults_come_back_as_their_buckets_and_amounts_and_nothing_else(seed: int, count: int) -> None:
    records = days(2, seed)
    faults = draw(records, count, random.Random(seed))
    result = explained(records, faults)
    assert found(result) == must_be(faults)
    assert result.unexplained == {}
    _adds_up(result)


@settings(max_examples=15, deadline=None)
@given(seeds, st.randoms(use_true_random=False))
def test_the_order_of_faults_changes_no_amount(seed: int, shuffled: random.Random) -> None:
    records = days(1, seed)
    faults = draw(records, 20, random.Random(seed))
    assert found(explained(records, faults)) == found(explained(records, shuffled.sample(faults, len(faults))))


@settings(max_examples=25, deadline=None)
@given(seeds, st.sampled_from(STAGES[2:]), st.integers(-(10**9), 10**9).filter(lambda m: abs(m) > 5_000))
def test_a_change_that_nothing_proves_is_unexplained_and_nowhere_else(seed: int, stage: str, micros: int) -> None:
    records, wrong = days(1, seed), Decimal(micros).scaleb(-6)
    at = STAGES.index(stage)
    faults = [f for f in draw(records, 8, random.Random(seed)) if f.brings]
    records[3].wrong = dict.fromkeys(STAGES[at:], wrong)
    got = found(explained(records, faults))
    unknown = (records[3].figure, STAGES[at - 1], stage, UNEXPLAINED)
    assert got.pop(unknown) == wrong
    assert got == must_be(faults)


@pytest.mark.parametrize(("upto", "missing_from"), list(pairwise(STAGES)))
def test_a_row_that_vanishes_without_evidence_is_unexplained(upto: str, missing_from: str) -> None:
    records = days(1, 1)
    lost = Record(records[0].figure, "lost", Decimal("12.34"), STAGES[: STAGES.index(missing_from)])
    got = found(explained([*records, lost], []))
    assert got == {(lost.figure, upto, missing_from, UNEXPLAINED): Decimal("-12.34")}


@pytest.mark.parametrize("flag", ["test_orders", "cancelled", "removed_entities"])
def test_loading_must_be_lossless_whatever_a_row_says_about_itself(flag: str) -> None:
    lost = Record(META, "lost", Decimal(5), STAGES[:2], flag=flag)
    assert found(explained([lost], [])) == {(META, "landed", "raw", UNEXPLAINED): Decimal(-5)}


def test_unknown_differences_that_cancel_out_are_still_shown_with_their_rows() -> None:
    one = Record(META, "one", Decimal(5), STAGES[:2])
    other = Record(META, "other", Decimal(5), STAGES[2:])
    [item] = explained([one, other], []).items
    assert (item.bucket, item.amount, item.row_count, item.evidence) == (UNEXPLAINED, Decimal(0), 2, ("one", "other"))


def test_a_copy_of_a_test_order_is_a_duplicate_and_the_order_itself_a_test_order() -> None:
    record = Record(META, "t", Decimal(7), STAGES[:3], flag="test_orders", copies=2)
    got = found(explained([record], []))
    edge = (META, "raw", "mart")
    assert got == {(*edge, "duplicates_removed"): Decimal(-14), (*edge, "test_orders"): Decimal(-7)}


def test_a_rate_a_restatement_and_a_cent_are_told_apart_in_one_row() -> None:
    before = _row("a", "10.00", said_at=MORNING)
    after = _row("a", "11.03", said_at=NOW) | {"native": Decimal(12), "rate": Decimal("0.919")}
    result = reconcile({"mart": _frame(before), "published": _frame(after)})
    assert _amounts(result) == {"restated_after_release": Decimal("1.838"), UNEXPLAINED: Decimal("-0.808")}
    result = reconcile({"raw": _frame(before), "published": _frame(after)})
    assert _amounts(result) == {
        "currency": Decimal("-0.81"), "restated_after_release": Decimal("1.838"), "micros_rounding": Decimal("0.002")
    }  # fmt: skip


def test_a_second_row_of_a_record_that_says_something_else_is_no_duplicate() -> None:
    raw = _frame(_row("a", "10.00", raw_id="a/0"), _row("a", "4.00", raw_id="a/1"))
    result = reconcile({"raw": raw, "mart": _frame(_row("a", "10.00", raw_id="a/0"))})
    assert _amounts(result) == {UNEXPLAINED: Decimal(-4)}


def test_a_total_that_the_source_states_itself_leaves_the_rest_unexplained() -> None:
    rows = _frame(_row("a", "10.00"))
    stated = {(META, "source"): Decimal("12.50")}
    assert _amounts(reconcile({"source": rows, "landed": rows}, stated=stated)) == {UNEXPLAINED: Decimal("-2.50")}


def test_an_item_leads_to_its_rows() -> None:
    record = Record(META, "c1", Decimal(7), copies=3)
    result = explained([record], [])
    [item] = result.items
    rows = result.drill(item)
    assert (item.bucket, item.row_count, item.evidence) == ("duplicates_removed", 3, ("c1",))
    assert sum(rows["amount"]) == item.amount
    assert sorted(rows["raw_id"]) == ["c1/1", "c1/2", "c1/3"]


def test_a_difference_is_told_in_one_sentence() -> None:
    published = [_row("c0", "17604.10", said_at=MORNING)]
    landed = [*published, *(_row(f"c{n}", "133.333333", said_at=MORNING) for n in (1, 2, 3))]
    published += [_row("c1", "133.33", said_at=MORNING), _row("c2", "133.33", said_at=MORNING)]
    published.append(_row("c3", "133.34", said_at=MORNING))
    source = [landed[0], *(_row(f"c{n}", "263.333333", said_at=NOW) for n in (1, 2, 3))]
    source += [_row("c4", "5.55", raw_id=f"c4/{n}", said_at=NOW) for n in range(5)]
    published.append(_row("c4", "5.55", raw_id="c4/0", said_at=NOW))
    result = reconcile({"source": _frame(*source), "published": _frame(*published)})
    told = sentence(result, META, Words("Meta", "05:40"))
    assert told == (
        "Meta, act_12, 18 Nov: published $18,009.65, Meta now $18,421.85; difference $412.20 = $390.00 restated "
        "by Meta after our 05:40 extraction (3 campaigns) + $22.20 duplicates removed (4 rows); unexplained $0.00"
    )


def test_every_kind_of_the_catalogue_has_its_fault() -> None:
    assert set(ORDER) - {UNEXPLAINED} == set(FAULTS)


def test_rows_without_what_is_needed_are_refused() -> None:
    with pytest.raises(ValueError, match="need the columns amount"):
        reconcile({"raw": _frame(_row("a", "1")).drop("amount")})
    with pytest.raises(ValueError, match="no checkpoint is called lake"):
        reconcile({"lake": _frame(_row("a", "1"))})


def _row(key: str, amount: str, *, raw_id: str = "", said_at: datetime = MORNING) -> dict[str, object]:
    return {
        "source": "meta", "account": "act_12", "date": DAY, "currency": "USD", "metric": "spend", "key": key,
        "raw_id": raw_id or key, "said_at": said_at, "amount": Decimal(amount), "native": None, "rate": None,
    }  # fmt: skip


def _frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={name: SCHEMA[name] for name in rows[0]})


def _amounts(result: Reconciled) -> dict[str, Decimal]:
    return {item.bucket: item.amount for item in result.items}
