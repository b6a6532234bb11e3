"""Markov and Shapley over the paths of the last 30 days: what SQL cannot compute, written beside the marts.

It is a part of each build, after dbt: the result belongs to the release that publishes the same paths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tasks.adapters.warehouse.base import Row, Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.outcomes import recorded

PATHS = "agg_paths"
TABLE = "marts.agg_channel_credits"
COLUMNS = {
    "first_day": "date",
    "last_day": "date",
    "model": "varchar",
    "channel": "varchar",
    "conversions": "double",
    "revenue": "double",
    "removal_effect": "double",
}


@dataclass(frozen=True)
class ChannelsCredited:
    """How many rows of models and channels were written."""

    rows: int


@recorded
def credit_channels(warehouse: Warehouse) -> ChannelsCredited:
    """Compute every channel model of `marts.agg_paths` anew; without that mart nothing is written."""
    if PATHS not in warehouse.relations("marts"):
        return ChannelsCredited(0)
    asked = "select path, total_conversions, total_revenue_cents, total_null, first_day, last_day"
    found = warehouse.query(f"{asked} from marts.{PATHS} order by path")
    rows = _rows(found) if found else []
    warehouse.put(Copy(TABLE, COLUMNS, rows))
    return ChannelsCredited(len(rows))


def _rows(found: Sequence[Row]) -> list[tuple[object, ...]]:
    # numpy is imported where there is something to compute: every flow imports this module.
    from tasks.build.paths import Path, channel_credits

    days = found[0][4:6]
    paths = [
        Path(tuple(str(path).split(" > ")), int(conversions), Decimal(int(cents)) / 100, int(nulls))
        for path, conversions, cents, nulls, *_ in found
    ]
    # Rounded, so that a build on another machine, whose linear algebra adds in another order, writes the same rows.
    return [
        (
            *days,
            each.model,
            each.channel,
            round(each.conversions, 9),
            round(each.value, 6),
            None if each.removal_effect is None else round(each.removal_effect, 12),
        )
        for each in channel_credits(paths)
    ]
