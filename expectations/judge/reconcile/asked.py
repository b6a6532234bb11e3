"""How the rows of `quality.reconciliation_item` are asked of the warehouse: as measurements, like every other number.

The metric names the two checkpoints and the bucket, the field whose figure it is; the baseline is the total of the
earlier checkpoint. `items.py` reads them back.
"""

from __future__ import annotations

ITEM = "reconciliation_item"
SELECTED = f"""
select stream as model, 'now' as role, '{ITEM} ' || from_stage || ' ' || to_stage || ' ' || bucket as metric, account,
    date as day,
    source || '|' || metric || '|' || currency || '|' || coalesce(substr(cast(read_at as varchar), 12, 5), '') as field,
    amount as value, from_total as baseline, row_count as baseline_n, null as sync_id
from quality.{ITEM}
"""  # noqa: S608 - constants
