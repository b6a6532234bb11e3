"""The waterfall: one checkpoint's total, each named amount, what nothing explains, the next checkpoint's total.

For every figure (source, account, date, currency, metric) and every pair of checkpoints:
from_total + sum of the items = to_total, exactly. `unexplained` is computed last, from the totals and not from the
rows, so that it also holds what no row shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

import polars as pl

from expectations.judge.reconcile.buckets import ORDER, STAGES, UNEXPLAINED, between
from expectations.judge.reconcile.differences import differences
from expectations.judge.reconcile.rows import FIGURE, amount, typed

EVIDENCE_SHOWN = 20  # keys in an item; `Reconciled.rows` has all


@dataclass(frozen=True, order=True)
class Figure:
    """What is reconciled: one metric of one account on one day of the account's calendar."""

    source: str
    account: str
    date: date
    currency: str
    metric: str


@dataclass(frozen=True)
class ReconciliationItem:
    """One named amount between two checkpoints; `evidence` are the first keys of the rows that it is made of."""

    source: str
    account: str
    date: date
    currency: str
    metric: str
    from_stage: str
    to_stage: str
    bucket: str
    amount: Decimal
    row_count: int
    evidence: tuple[str, ...]

    @property
    def figure(self) -> Figure:
        """The figure that this is a part of."""
        return Figure(self.source, self.account, self.date, self.currency, self.metric)


@dataclass(frozen=True)
class Reconciled:
    """Totals by (figure, checkpoint), the items between them, and every row behind the items.

    `rows` has the columns of a figure, from_stage, to_stage, bucket, amount (decimal), key, raw_id.
    """

    totals: Mapping[tuple[Figure, str], Decimal]
    items: Sequence[ReconciliationItem]
    rows: pl.DataFrame

    def of(self, figure: Figure) -> list[ReconciliationItem]:
        """The items of one figure, checkpoint by checkpoint in the order of the buckets."""
        return [item for item in self.items if item.figure == figure]

    def drill(self, item: ReconciliationItem) -> pl.DataFrame:
        """The rows that an item is made of; their amounts add up to it, unless it is `unexplained`."""
        names = (*FIGURE, "from_stage", "to_stage", "bucket")
        return self.rows.filter(*(pl.col(name) == getattr(item, name) for name in names))

    @property
    def unexplained(self) -> dict[Figure, Decimal]:
        """The unexplained amounts of each figure that has any, checkpoints added without regard to their sign."""
        sums: dict[Figure, Decimal] = {}
        for item in self.items:
            if item.bucket == UNEXPLAINED:
                sums[item.figure] = sums.get(item.figure, Decimal(0)) + abs(item.amount)
        return sums


def reconcile(
    checkpoints: Mapping[str, pl.DataFrame], *, stated: Mapping[tuple[Figure, str], Decimal] | None = None
) -> Reconciled:
    """Explain every difference between the checkpoints given, in the order of STAGES.

    `checkpoints` maps a stage to its rows (columns of rows.SCHEMA; amounts Decimal). `stated` holds totals that a stage
    states itself, where they are not the sum of its rows (a coarser query of the same API). Raises ValueError for an
    unknown stage or rows without the columns needed.
    """
    unknown = set(checkpoints) - set(STAGES)
    if unknown:
        raise ValueError(f"no checkpoint is called {', '.join(sorted(unknown))}; there are {', '.join(STAGES)}")
    frames = {stage: typed(checkpoints[stage]) for stage in STAGES if stage in checkpoints}
    totals = {stage: _totals(rows, stage, stated or {}) for stage, rows in frames.items()}
    parts = [
        differences(frames[a], frames[b], between(a, b)).with_columns(
            pl.lit(a).alias("from_stage"), pl.lit(b).alias("to_stage")
        )
        for a, b in pairwise(frames)
    ]
    rows = pl.concat(parts) if parts else pl.DataFrame()
    steps = [(a, b, part) for (a, b), part in zip(pairwise(frames), parts, strict=True)]
    items = [item for a, b, part in steps for item in _items(part, a, b, totals)]
    shown = rows.with_columns((pl.col("micros").cast(pl.Decimal(38, 6)) / 1_000_000).alias("amount"))
    known = {(figure, stage): amount(m) for stage, sums in totals.items() for figure, m in sums.items()}
    return Reconciled(known, sorted(items, key=_place), shown.drop("micros"))


def _place(item: ReconciliationItem) -> tuple[Figure, int, int]:
    return item.figure, STAGES.index(item.from_stage), ORDER.index(item.bucket)


def _totals(rows: pl.DataFrame, stage: str, stated: Mapping[tuple[Figure, str], Decimal]) -> dict[Figure, int]:
    sums = rows.group_by(FIGURE).agg(pl.col("amount").sum())
    totals = {Figure(*row[:-1]): int(row[-1]) for row in sums.iter_rows()}
    return totals | {figure: int(value.scaleb(6)) for (figure, where), value in stated.items() if where == stage}


def _items(
    part: pl.DataFrame, from_stage: str, to_stage: str, totals: Mapping[str, Mapping[Figure, int]]
) -> list[ReconciliationItem]:
    grouped = part.group_by(*FIGURE, "bucket").agg(
        pl.col("micros").sum(), pl.len().alias("rows"), pl.col("key").unique().sort().head(EVIDENCE_SHOWN)
    )
    found: dict[Figure, dict[str, tuple[int, int, tuple[str, ...]]]] = {}
    for *where, bucket, micros, rows, keys in grouped.iter_rows():
        found.setdefault(Figure(*where), {})[bucket] = (int(micros), rows, tuple(keys))
    items: list[ReconciliationItem] = []
    for figure in totals[from_stage].keys() | totals[to_stage].keys():
        named = found.get(figure, {})
        _, rows, keys = named.pop(UNEXPLAINED, (0, 0, ()))
        left = (
            totals[to_stage].get(figure, 0) - totals[from_stage].get(figure, 0) - sum(m for m, _, _ in named.values())
        )
        if left or rows:
            named[UNEXPLAINED] = (left, rows, keys)
        place = (figure.source, figure.account, figure.date, figure.currency, figure.metric, from_stage, to_stage)
        items += [ReconciliationItem(*place, name, amount(m), n, k) for name, (m, n, k) in named.items()]
    return items
