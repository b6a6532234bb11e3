"""The waterfalls of the pipeline itself: rows of `quality.reconciliation_item` that came as measurements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from expectations.judge.measurement import Measurements
from expectations.judge.reconcile.asked import ITEM
from expectations.judge.reconcile.buckets import STAGES, UNEXPLAINED
from expectations.judge.reconcile.sentences import Words, sentence
from expectations.judge.reconcile.waterfall import Figure, Reconciled, ReconciliationItem


@dataclass(frozen=True)
class Waterfalls:
    """What was reconciled, and when the marts had read each figure (HH:MM UTC, empty where that is unknown)."""

    found: Reconciled
    read_at: Mapping[Figure, str]

    def told(self, figure: Figure, title: str) -> str:
        """The sentence of a figure: from what readers see (else our marts, our rows) to what the source says now."""
        known = {stage for where, stage in self.found.totals if where == figure}
        first = next((stage for stage in ("published", "mart", "raw") if stage in known), "raw")
        return sentence(self.found, figure, Words(title, self.read_at[figure]), stages=(first, "source"))

    def figures(self, days: Collection[date]) -> list[Figure]:
        """The figures of these days, in order."""
        return sorted(figure for figure in self.read_at if figure.date in days)

    def unexplained(self, figure: Figure, from_stages: Collection[str]) -> Decimal:
        """What nothing explains between these checkpoints and the next ones, without regard to signs."""
        left = (i for i in self.found.of(figure) if i.bucket == UNEXPLAINED and i.from_stage in from_stages)
        return sum((abs(item.amount) for item in left), Decimal(0))

    def total(self, figure: Figure) -> Decimal:
        """The total at the last checkpoint that is known."""
        totals = [self.found.totals[figure, stage] for stage in STAGES if (figure, stage) in self.found.totals]
        return totals[-1]


def waterfalls(m: Measurements) -> Waterfalls:
    """Read the items back from measurements."""
    read_at: dict[Figure, str] = {}
    items: list[ReconciliationItem] = []
    totals: dict[tuple[Figure, str], Decimal] = {}
    steps: dict[tuple[Figure, str, str], Decimal] = {}
    for row in m.rows:
        name, *place = row.metric.split(" ")
        if name != ITEM or not row.day:
            continue
        source, metric, currency, at = row.field.split("|")
        figure, (before, after, bucket) = Figure(source, row.account, row.day, currency, metric), place
        read_at[figure], totals[figure, before] = at, row.baseline or Decimal(0)
        steps[figure, before, after] = steps.get((figure, before, after), Decimal(0)) + row.value
        where = (source, row.account, row.day, currency, metric, before, after, bucket)
        items.append(ReconciliationItem(*where, row.value, row.baseline_n or 0, ()))
    ends = {(figure, after): totals[figure, before] + value for (figure, before, after), value in steps.items()}
    return Waterfalls(Reconciled(totals | ends, items, pl.DataFrame()), read_at)
