"""Note what readers see: the published totals of each account and day, read from the release as a reader reads it.

They are the last checkpoint of the reconciliation (`quality.reconciliation_item`). Revenue is asked of another mart
than the one that is compared with it, so that the two queries prove each other.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from expectations.declare.source import load_all
from tasks.adapters.release_reader import frame, marts_of
from tasks.adapters.warehouse.base import Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.publish.publish import published, release_notes
from tasks.window import Window

TABLE = "quality.published_totals"
COLUMNS = {
    "source": "varchar",
    "account": "varchar",
    "date": "date",
    "metric": "varchar",
    "part": "varchar",
    "amount": "decimal(38, 6)",
    "loaded": "bigint",
    "release_id": "varchar",
}
_READ = ("fct_ad_performance", "fin_revenue_daily")
_TOTALS = """
with parts as (
    select source, account_id as account, date, 'spend' as metric, campaign_id as part, sum(spend) as amount
    from marts.fct_ad_performance
    group by source, account_id, date, campaign_id
    union all
    select source, shop_id, booked_on, 'net_sales', 'orders', sum(gross_sales - discounts)
    from marts.fin_revenue_daily
    where basis = 'refund_date'
    group by source, shop_id, booked_on
    union all
    select source, shop_id, booked_on, 'net_sales', 'refunds', -sum(returns)
    from marts.fin_revenue_daily
    where basis = 'refund_date'
    group by source, shop_id, booked_on
)
select
    source, account, date, metric, part, cast(amount as decimal(38, 6)) as amount, cast(? as bigint) as loaded,
    cast(? as varchar) as release_id
from parts
where date >= ? and account is not null
"""


def note_published(warehouse: Warehouse) -> None:
    """Bring the published totals up to date with the release that readers see; an empty table where there is none."""
    notes, folder = release_notes(), published()
    readable = notes is not None and folder is not None and set(_READ) <= set(marts_of(folder))
    release = str(notes["id"]) if notes and readable else ""
    if _noted(warehouse) == release:
        return
    if not (notes and folder and readable):
        warehouse.put(Copy(TABLE, COLUMNS, []))
        return
    last = Window.parse(notes["window"]["label"]).days()[-1]
    warehouse.put(Copy(TABLE, COLUMNS, _totals(folder, release, int(notes["load_seq"]), last)))


def _totals(folder: Path, release: str, load_seq: int, last: date) -> pa.Table:
    longest = max(source.reach for source in load_all().values())
    return frame(folder, _TOTALS, [load_seq, release, last - timedelta(days=longest + 7)], only=_READ)


def _noted(warehouse: Warehouse) -> str | None:
    """The release whose totals are noted; none where nothing was ever noted."""
    if TABLE.split(".")[1] not in warehouse.relations("quality"):
        return None
    found = warehouse.query(f"select coalesce(max(release_id), '') from {TABLE}")  # noqa: S608 - a constant
    return str(found[0][0])
