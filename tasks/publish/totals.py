"""Note what readers see: the published totals of each account and day, read from the release as a reader reads it.

They are the last checkpoint of the reconciliation (`quality.reconciliation_item`). Revenue is asked of another mart
than the one that is compared with it, so that the two queries prove each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from expectations.declare.source import load_all
from tasks.adapters.release_reader import frame, marts_of
from tasks.adapters.warehouse.base import Warehouse
from tasks.adapters.warehouse.copies import Copy
from tasks.publish.origins import origins_of
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
    select
        source, account_id as account, date, 'spend' as metric, campaign_id as part, sum(spend) as amount,
        cast(? as bigint) as loaded
    from marts.fct_ad_performance
    group by source, account_id, date, campaign_id
    union all
    select source, shop_id, booked_on, 'net_sales', 'orders', sum(gross_sales - discounts), cast(? as bigint)
    from marts.fin_revenue_daily
    where basis = 'refund_date'
    group by source, shop_id, booked_on
    union all
    select source, shop_id, booked_on, 'net_sales', 'refunds', -sum(returns), cast(? as bigint)
    from marts.fin_revenue_daily
    where basis = 'refund_date'
    group by source, shop_id, booked_on
)
select
    source, account, date, metric, part, cast(amount as decimal(38, 6)) as amount, loaded,
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
    spend, revenue = (loaded_in(notes, mart) for mart in _READ)
    warehouse.put(Copy(TABLE, COLUMNS, _totals(folder, release, [spend, revenue, revenue], last)))


def loaded_in(notes: Mapping[str, Any], mart: str) -> int:
    """The newest load in a mart of a release; of a held one nothing is known but that it is older than any news."""
    origin = origins_of(notes).get(mart)
    return 0 if origin and origin.held else int(notes["load_seq"])


def _totals(folder: Path, release: str, loaded: Sequence[int], last: date) -> pa.Table:
    longest = max(source.reach for source in load_all().values())
    return frame(folder, _TOTALS, [*loaded, release, last - timedelta(days=longest + 7)], only=_READ)


def _noted(warehouse: Warehouse) -> str | None:
    """The release whose totals are noted; none where nothing was ever noted."""
    if TABLE.split(".")[1] not in warehouse.relations("quality"):
        return None
    found = warehouse.query(f"select coalesce(max(release_id), '') from {TABLE}")  # noqa: S608 - a constant
    return str(found[0][0])
