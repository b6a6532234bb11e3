"""Take a file of exchange rates in: read it strictly, keep what is new, version what changed.

The file is optional: the seed `fx_rates` is there without it.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

from expectations.declare.edited import Line, edited_lines
from tasks import doors
from tasks.adapters.ops_rates import Rate, given_rates
from tasks.operate.given_file import Loaded, currency, keep

COLUMNS = ("rate_date", "currency", "rate")


def load_rates(path: Path, *, by: str, reason: str = "") -> Loaded:
    """Keep what a CSV file says; raises `Misconfigured` with the line, and then nothing of the file is kept.

    A rate that says otherwise than the one given before becomes a new version, for which a reason is asked.
    """
    read = ((line, _rate(line)) for line in edited_lines(path, COLUMNS))
    return keep(read, given_rates(doors.ops_store()), by=by, reason=reason)


def _rate(line: Line) -> Rate:
    priced = currency(line)
    if not re.fullmatch(r"[0-9]{1,9}([.][0-9]{1,9})?", line["rate"]) or Decimal(line["rate"]) == 0:
        what = f"rate is {line['rate']!r}, which is no rate"
        raise line.refused(what, "Write a number above 0 with at most nine decimals, such as 1.2437")
    try:
        day = date.fromisoformat(line["rate_date"])
    except ValueError:
        raise line.refused(f"{line['rate_date']!r} is no day", "Write it as 2026-11-17") from None
    return Rate(priced, day, Decimal(f"{Decimal(line['rate']):.9f}"))
