"""Read measurements as the frames that suites are run on: those of the window, and the history before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from expectations.declare.errors import Misconfigured
from expectations.judge.ladder.bounds import HISTORY_DAYS
from expectations.judge.measurement import COLUMNS, COVERED
from expectations.judge.punctuality import DAYS as PUNCTUAL_DAYS
from expectations.judge.reconcile.asked import ITEM, SELECTED
from expectations.judge.suites import HOURS_BEHIND, rows_in
from tasks.adapters.warehouse.base import Warehouse, naive_utc
from tasks.window import Window

if TYPE_CHECKING:
    import pandas as pd

_TOTALS = ("reconcile_ours", "reconcile_theirs")
_HISTORY = timedelta(days=HISTORY_DAYS)

# Day column of each mart that must have rows of the day; also the order of the expectations.
MART_DAYS = {
    "fct_ad_performance": "date",
    "fct_sessions": "started_at",
    "fct_leads": "entered_at",
    "fct_orders": "order_date",
    "agg_channel_daily": "date",
}

# quality.measurements holds the newest measurement of each source and window only.
_NOW = """
select model, 'now' as role, metric, account, day, field, value, baseline, baseline_n, sync_id
from quality.measurements
where source = ? and window_start = ? and window_end = ?
"""
_FIELDS_BEFORE = """
select model, 'before' as role, metric, field, sum(value) as value
from quality.measurements
where source = ? and window_end <= ? and metric in ('rows', 'sync_rows', 'present', 'unexpected', 'nulled')
group by model, metric, field
"""
_DAYS_BEFORE = """
select model, 'before' as role, metric, account, day, field, value
from quality.measurements
where source = ? and day >= ? and day < ?
    and metric in (
        'hours', 'spend', 'clicks', 'impressions', 'campaign_spend', 'campaign_clicks', 'campaign_impressions'
    )
qualify window_end = max(window_end) over (partition by model, account, day)
    and row_number() over (
        partition by model, metric, account, day, field order by window_end desc, load_seq desc, window_start desc
    ) = 1
"""
_PUNCTUAL = """
select 'now' as role, metric, account, day, value from quality.measure_operations where day between ? and ?
"""
_RECONCILED = f"{SELECTED} where source = ? and date between ? and ?"
_RECONCILED_ALL = f"{SELECTED} where date between ? and ?"
_FIRST_SEEN = "select model, min(window_start) as first_seen from quality.measurements where source = ? group by model"
_COVERED = "select stream as model, max(window_end) as covered from raw.load_ledger where source = ? group by stream"


@dataclass(frozen=True)
class Measured:
    """Everything measured about one source, for one window."""

    rows: pd.DataFrame
    first_seen: dict[str, datetime]
    window: Window

    def has(self, model: str) -> bool:
        """Whether the window brought rows of the stream."""
        rows = self.rows
        arrived = rows[(rows["model"] == model) & (rows["role"] == "now") & (rows["metric"] == "rows")]
        return bool((arrived["value"] > 0).any())

    def history_days(self, model: str) -> int:
        """Days between the first measurement of the stream and this window."""
        first = self.first_seen.get(model)
        return max((naive_utc(self.window.start) - first).days, 0) if first else 0

    def of(self, model: str) -> pd.DataFrame:
        """The frame of one stream, with the columns of `expectations.judge.measurement`."""
        import pandas as pd

        mine, totals = self.rows["model"] == model, self.rows["metric"].isin(_TOTALS)
        covered = self.rows[totals & ~mine]
        covered = covered.assign(metric=covered["metric"].str.replace("reconcile", COVERED))
        return pd.concat([self.rows[mine], covered]).reindex(columns=list(COLUMNS)).reset_index(drop=True)


def measured(warehouse: Warehouse, source: str, window: Window) -> Measured:
    """The newest measurements of this window, and the history that its checks compare with."""
    import pandas as pd

    if "measurements" not in warehouse.relations("quality"):
        raise Misconfigured("there are no measurements yet", where="quality.measurements", do="Run measure first.")
    start, end = naive_utc(window.start), naive_utc(window.end)
    now = _frame(warehouse, _NOW, [source, start, end])
    parts = [
        now,
        _frame(warehouse, _FIELDS_BEFORE, [source, start]),
        _frame(warehouse, _DAYS_BEFORE, [source, (start - _HISTORY).date(), start.date()]),
        _hours_behind(warehouse, source, end),
        _reconciled(warehouse, _RECONCILED, [source, window.days()[0], window.days()[-1]]),
    ]
    rows = pd.concat([part for part in parts if len(part)] or [now], ignore_index=True)
    seen = warehouse.query(_FIRST_SEEN, [source])
    return Measured(rows, {str(model): first for model, first in seen}, window)


def measured_marts(warehouse: Warehouse, day: date) -> pd.DataFrame:
    """How many rows of the day each mart has; 0 for one that is not built."""
    import pandas as pd

    present = set(warehouse.relations("marts"))
    rows = [
        {"role": "now", "metric": rows_in(mart), "value": _rows_of_day(warehouse, mart, day) if mart in present else 0}
        for mart in MART_DAYS
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def measured_operations(warehouse: Warehouse, day: date) -> pd.DataFrame:
    """What was promised about time and what came of it, in the days up to `day` and the morning after it."""
    if "measure_operations" not in warehouse.relations("quality"):
        import pandas as pd

        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    span = [day - timedelta(days=PUNCTUAL_DAYS - 1), day + timedelta(days=1)]
    return _frame(warehouse, _PUNCTUAL, span).reindex(columns=list(COLUMNS))


def measured_reconciliation(warehouse: Warehouse, window: Window) -> pd.DataFrame:
    """Why the totals of a window and of the two days before differ between checkpoints, of all sources."""
    found = _reconciled(warehouse, _RECONCILED_ALL, [window.days()[0] - timedelta(days=2), window.days()[-1]])
    return found.reindex(columns=list(COLUMNS))


def _reconciled(warehouse: Warehouse, sql: str, params: list[Any]) -> pd.DataFrame:
    if ITEM not in warehouse.relations("quality"):
        import pandas as pd

        return pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return _frame(warehouse, sql, params)


def _rows_of_day(warehouse: Warehouse, mart: str, day: date) -> int:
    sql = f"select count(*) from marts.{mart} where cast({MART_DAYS[mart]} as date) = ?"  # noqa: S608 - names above
    return int(warehouse.query(sql, [day])[0][0])


def _hours_behind(warehouse: Warehouse, source: str, end: datetime) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"model": stream, "role": "now", "metric": HOURS_BEHIND, "value": max((end - at).total_seconds() / 3600, 0)}
        for stream, at in warehouse.query(_COVERED, [source])
    ]
    return pd.DataFrame(rows, dtype=object)


def _frame(warehouse: Warehouse, sql: str, params: list[Any]) -> pd.DataFrame:
    frame: pd.DataFrame = warehouse.frame(sql, params).to_pandas().astype(object)
    return frame
