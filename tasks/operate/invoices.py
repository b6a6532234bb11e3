"""Take a file of ad platforms' invoices in: read it strictly, keep what is new, version what changed.

The file is optional: without invoices the bridge of spend ends at what the platforms report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from expectations.declare.edited import Line, edited_lines
from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.ops_invoices import Invoice, given_invoices
from tasks.operate.given_file import Loaded, currency, keep

COLUMNS = ("source", "account_id", "month", "invoice_id", "currency", "media_amount", "credits", "tax", "total")
_AMOUNTS = COLUMNS[5:]


def load_invoices(path: Path, *, by: str, reason: str = "") -> Loaded:
    """Keep what a CSV file says; raises `Misconfigured` with the line, and then nothing of the file is kept.

    An invoice that says otherwise than before becomes a new version, for which a reason is asked.
    """
    read = ((line, _invoice(line)) for line in edited_lines(path, COLUMNS))
    return keep(read, given_invoices(doors.ops_store()), by=by, reason=reason)


def _invoice(line: Line) -> Invoice:
    empty = [name for name in COLUMNS if not line[name]]
    if empty:
        raise line.refused(f"{empty[0]} is empty", "Write 0 for an amount of nothing")
    sources = _platforms()
    if line["source"] not in sources:
        raise line.refused(f"{line['source']!r} is no ad platform", f"Write one of: {', '.join(sources)}")
    if not _is_month(line["month"]):
        raise line.refused(f"{line['month']!r} is no month", "Write it as 2026-10")
    billed = currency(line)
    amounts = {name: _amount(line, name) for name in _AMOUNTS}
    _adds_up(line, amounts)
    return Invoice(
        source=line["source"],
        account_id=line["account_id"],
        month=line["month"],
        invoice_id=line["invoice_id"],
        currency=billed,
        **amounts,
    )


def _platforms() -> Sequence[str]:
    return [name for name, source in load_all().items() if "ad_performance" in source.provides]


def _is_month(text: str) -> bool:
    try:
        date.fromisoformat(f"{text}-01")
    except ValueError:
        return False
    return len(text) == len("2026-10")


def _amount(line: Line, name: str) -> Decimal:
    text = line[name]
    if not re.fullmatch(r"-?[0-9]{1,15}([.][0-9]{1,6})?", text):
        raise line.refused(f"{name} is {text!r}, which is no amount", "Write a plain number such as 1234.56")
    value = Decimal(text)
    if name == "credits" and value > 0:
        raise line.refused(f"credits are {text}", "Write credits as a negative amount, or 0")
    return value


def _adds_up(line: Line, amounts: Mapping[str, Decimal]) -> None:
    parts = amounts["media_amount"] + amounts["credits"] + amounts["tax"]
    if parts != amounts["total"]:
        what = f"total is {amounts['total']}, media_amount, credits and tax add up to {parts}"
        raise line.refused(what, "Correct the line; adjustments belong to credits")
