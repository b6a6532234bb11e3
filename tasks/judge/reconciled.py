"""Ask the reconciliation for the sentences of a window, without judging it."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.declare.errors import Unavailable
from expectations.judge.measurement import Measurements
from expectations.judge.reconcile.asked import ITEM
from tasks import doors
from tasks.judge.measured import measured_reconciliation
from tasks.window import Window


def reconciled(window: Window, titles: Mapping[str, str]) -> list[str]:
    """One sentence for each source, account and day of a window: from what readers see to what the source says now.

    `titles` maps a source to what people call it. Raises Unavailable where nothing was ever measured.
    """
    from expectations.judge.totals import sentences

    with doors.warehouse() as warehouse:
        if ITEM not in warehouse.relations("quality"):
            do = f"Refresh a source first: plumbline refresh --window {window.label}"
            raise Unavailable("nothing is reconciled yet", where=f"quality.{ITEM}", do=do)
        rows = measured_reconciliation(warehouse, window)
    records = ({str(name): cell for name, cell in row.items()} for row in rows.to_dict("records"))
    return sentences(Measurements.of(records), titles, window.days())
