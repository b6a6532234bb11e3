"""`plumbline bench reconcile`: known faults in generated days; the waterfall must name each, to the cent.

Every fault of the catalogue has an amount that is known before anything is compared. All days are explained in one
pass; the found buckets and amounts are compared with the known ones, and once more with the faults in another order.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from decimal import Decimal

from deployments.bench.reconcile_faults import FAULTS, Fault, Known, draw, known
from deployments.bench.reconcile_world import Record, days, rows
from expectations.judge.reconcile.buckets import UNEXPLAINED
from expectations.judge.reconcile.waterfall import Reconciled, reconcile


@dataclass(frozen=True)
class Score:
    """What came back. Amounts are sums of absolute values, in the currency of the figures."""

    days: int
    faults: int
    kinds: int
    of_kinds: int
    rows: int
    buckets_known: int
    buckets_hit: int
    buckets_wrong: int
    amounts_wrong: int
    unexplained: str
    same_in_any_order: bool
    seconds_explaining: float

    @property
    def passed(self) -> bool:
        """Everything named, nothing else, to the millionth."""
        exact = self.buckets_hit == self.buckets_known and not (self.buckets_wrong or self.amounts_wrong)
        return exact and not Decimal(self.unexplained) and self.same_in_any_order


def explained(records: Sequence[Record], faults: Sequence[Fault]) -> Reconciled:
    """The waterfall of the records with these faults applied in this order; the records given stay as they are."""
    import polars as pl

    from expectations.judge.reconcile.rows import SCHEMA

    own = {id(r): deepcopy(r) for r in [*records, *(f.record for f in faults if f.brings)]}
    for fault in faults:
        fault.apply(own[id(fault.record)])
    frames = {stage: pl.DataFrame(some, schema=dict(SCHEMA)) for stage, some in rows(own.values()).items()}
    return reconcile(frames)


def found(result: Reconciled) -> dict[Known, Decimal]:
    """The items by figure, checkpoints and bucket, without amounts of nothing."""
    return {(i.figure, i.from_stage, i.to_stage, i.bucket): i.amount for i in result.items if i.amount}


def must_be(faults: Sequence[Fault]) -> dict[Known, Decimal]:
    """The known amounts of the faults, reckoned on records that have them all."""
    own = {id(f.record): deepcopy(f.record) for f in faults}
    for fault in faults:
        fault.apply(own[id(fault.record)])
    return known([Fault(f.name, own[id(f.record)], f.apply, f.known, brings=f.brings) for f in faults])


def measured(count: int, each: int, seed: int) -> Score:
    """`each` faults on each of `count` generated days."""
    records, rng = days(count, seed), random.Random(seed)
    by_day: dict[object, list[Record]] = {}
    for record in records:
        by_day.setdefault(record.figure.date, []).append(record)
    faults = [fault for some in by_day.values() for fault in draw(some, each, rng)]
    began = time.perf_counter()
    result = explained(records, faults)
    seconds = time.perf_counter() - began
    other = explained(records, rng.sample(faults, len(faults)))
    return _score(must_be(faults), result, faults, other=other, taken=(count, seconds))


def _score(
    due: Mapping[Known, Decimal],
    result: Reconciled,
    faults: Sequence[Fault],
    *,
    other: Reconciled,
    taken: tuple[int, float],
) -> Score:
    """`taken`: how many days, in how many seconds."""
    got = found(result)
    named = {key: value for key, value in got.items() if key[3] != UNEXPLAINED}
    return Score(
        days=taken[0],
        faults=len(faults),
        kinds=len({fault.name for fault in faults}),
        of_kinds=len(FAULTS),
        rows=result.rows.height,
        buckets_known=len(due),
        buckets_hit=len(due.keys() & named.keys()),
        buckets_wrong=len(named.keys() - due.keys()),
        amounts_wrong=sum(named[key] != due[key] for key in due.keys() & named.keys()),
        unexplained=f"{sum((abs(v) for v in result.unexplained.values()), Decimal(0)):.2f}",
        same_in_any_order=got == found(other),
        seconds_explaining=round(taken[1], 2),
    )


def run(count: int, faults: int, seed: int, *, as_json: bool = False) -> None:
    """Print the score; exit with 1 where anything is not exactly as known."""
    import typer

    score = measured(count, faults, seed)
    if as_json:
        typer.echo(json.dumps(asdict(score) | {"passed": score.passed}))
    else:
        typer.echo(
            f"{score.days} days, {score.faults} faults of {score.kinds} of {score.of_kinds} kinds: "
            f"{score.buckets_hit} of {score.buckets_known} buckets hit, {score.buckets_wrong} named wrongly, "
            f"{score.amounts_wrong} amounts wrong, {score.unexplained} unexplained, "
            f"{'the same' if score.same_in_any_order else 'NOT the same'} in another order; "
            f"{score.seconds_explaining} s to generate and explain the rows."
        )
    if not score.passed:
        raise typer.Exit(1)
