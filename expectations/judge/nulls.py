"""When empty cells are a spike: a rate against the pooled rate of 28 days, without a table, a library or a clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

NULL_ROWS_NEEDED = 200
HISTORY_DAYS = 28


@dataclass(frozen=True)
class NullRates:
    """Empty cells of one field now, and the pooled rate before; `pooled_rows` 0 means no history.

    `groups` is the number of groups of rows whose cells are empty together; 0 where each row stands for itself.
    """

    nulls: int
    rows: int
    rate_before: float
    pooled_rows: int
    groups: int = 0

    @property
    def rate(self) -> float:
        """Share of empty cells now."""
        return self.nulls / self.rows if self.rows else 0.0


def null_limit(rates: NullRates) -> float | None:
    """The number of empty cells above which the field is spiking; None where the batch is too small to judge.

    Never null before: 3 cells or 0.1 %, whichever is more. Else the pooled rate plus the wider of one
    percentage point and four standard errors, for 200 rows and more. Rows that come in groups say no more than the
    number of groups does.
    """
    if rates.rate_before == 0:
        return max(3.0, 0.001 * rates.rows) - 1e-9
    if rates.rows < NULL_ROWS_NEEDED:
        return None
    p = rates.rate_before
    return (p + max(0.01, 4 * math.sqrt(p * (1 - p) / (rates.groups or rates.rows)))) * rates.rows


def null_spike(rates: NullRates) -> bool:
    """Whether a field is empty more often than 28 days of history explain."""
    limit = null_limit(rates)
    return limit is not None and rates.nulls > limit
