"""Take a file of exchange rates in: read it strictly, keep what is new, version what changed.

The file is optional: the seed `fx_rates` is there without it. Nothing of a file is kept unless all of it is good, and
the same file twice changes nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from expectations.declare.errors import Misconfigured
from tasks import doors
from tasks.adapters.ops_rates import OpsRates, Rate

COLUMNS = ("rate_date", "currency", "rate")


@dataclass(frozen=True)
class Loaded:
    """How many rates of a file were new, changed, and known as they are."""

    new: int
    changed: int
    same: int


def load_rates(path: Path, *, by: str, reason: str = "") -> Loaded:
    """Keep what a CSV file says; raises `Misconfigured` with the line, and then nothing of the file is kept.

    A rate that says otherwise than the one given before becomes a new version, for which a reason is asked.
    """
    read = list(_rates(path))
    store = OpsRates(doors.ops_store())
    known = {given.rate.key: given for given in store.latest()}
    new = [(rate, 1) for _, rate in read if rate.key not in known]
    changed = [(line, rate) for line, rate in read if rate.key in known and known[rate.key].rate != rate]
    if changed and not reason:
        line, rate = changed[0]
        what = f"the rate of {rate.currency} on {rate.rate_date} says otherwise than before"
        raise _refused(path, line, what, "Give --reason to keep it as a new version")
    store.add([*new, *((rate, known[rate.key].version + 1) for _, rate in changed)], reason=reason, by=by)
    return Loaded(len(new), len(changed), len(read) - len(new) - len(changed))


def _rates(path: Path) -> Iterator[tuple[int, Rate]]:
    seen: dict[tuple[str, date], int] = {}
    for line, row in _rows(path):
        rate = _rate(path, line, row)
        if rate.key in seen:
            what = f"the rate of {rate.currency} on {rate.rate_date} stands in line {seen[rate.key]} already"
            raise _refused(path, line, what, "Write each currency and date once")
        seen[rate.key] = line
        yield line, rate


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True, restkey="", restval="")
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise _refused(path, 1, f"no column {missing[0]}", f"Write the columns {', '.join(COLUMNS)}")
            for row in reader:
                yield reader.line_num, {name: row[name].strip() for name in COLUMNS}
    except OSError as error:
        what = f"the file does not open: {error.strerror}"
        raise Misconfigured(what, where=str(path), do="Correct the path") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"this is no CSV file: {error}", where=str(path), do="Save it as CSV in UTF-8") from None


def _rate(path: Path, line: int, row: Mapping[str, str]) -> Rate:
    if not re.fullmatch(r"[A-Z]{3}", row["currency"]):
        raise _refused(path, line, f"{row['currency']!r} is no currency", "Write three capitals such as USD")
    if not re.fullmatch(r"[0-9]{1,9}([.][0-9]{1,9})?", row["rate"]) or Decimal(row["rate"]) == 0:
        what = f"rate is {row['rate']!r}, which is no rate"
        raise _refused(path, line, what, "Write a number above 0 with at most nine decimals, such as 1.2437")
    try:
        day = date.fromisoformat(row["rate_date"])
    except ValueError:
        raise _refused(path, line, f"{row['rate_date']!r} is no day", "Write it as 2026-11-17") from None
    return Rate(row["currency"], day, Decimal(f"{Decimal(row['rate']):.9f}"))


def _refused(path: Path, line: int, what: str, do: str) -> Misconfigured:
    return Misconfigured(what, where=f"{path}, line {line}", do=do)
