"""Take a file of ad platforms' invoices in: read it strictly, keep what is new, version what changed.

The file is optional: without invoices the bridge of spend ends at what the platforms report. Nothing of a file is kept
unless all of it is good, and the same file twice changes nothing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from expectations.declare.errors import Misconfigured
from expectations.declare.source import load_all
from tasks import doors
from tasks.adapters.ops_invoices import GivenInvoice, Invoice, OpsInvoices

COLUMNS = ("source", "account_id", "month", "invoice_id", "currency", "media_amount", "credits", "tax", "total")
_AMOUNTS = COLUMNS[5:]


@dataclass(frozen=True)
class Loaded:
    """How many invoices of a file were new, changed, and known as they are."""

    new: int
    changed: int
    same: int


def load_invoices(path: Path, *, by: str, reason: str = "") -> Loaded:
    """Keep what a CSV file says; raises `Misconfigured` with the line, and then nothing of the file is kept.

    An invoice that says otherwise than before becomes a new version, for which a reason is asked.
    """
    read = list(_invoices(path))
    store = OpsInvoices(doors.ops_store())
    known = {given.invoice.key: given for given in store.latest()}
    new = [invoice for _, invoice in read if invoice.key not in known]
    changed = [(line, invoice) for line, invoice in read if _differs(known.get(invoice.key), invoice)]
    if changed and not reason:
        line, invoice = changed[0]
        raise _refused(
            path,
            line,
            f"invoice {invoice.invoice_id} says otherwise than before",
            "Give --reason to keep it as a new version",
        )
    versions = [(invoice, 1) for invoice in new]
    versions += [(invoice, known[invoice.key].version + 1) for _, invoice in changed]
    store.add(versions, reason=reason, by=by)
    return Loaded(len(new), len(changed), len(read) - len(versions))


def _differs(given: GivenInvoice | None, invoice: Invoice) -> bool:
    return given is not None and given.invoice != invoice


def _invoices(path: Path) -> Iterator[tuple[int, Invoice]]:
    seen: dict[tuple[str, str, str], int] = {}
    for line, row in _rows(path):
        invoice = _invoice(path, line, row)
        if invoice.key in seen:
            what = f"invoice {invoice.invoice_id} of this account stands in line {seen[invoice.key]} already"
            raise _refused(path, line, what, "Write each invoice of an account once")
        seen[invoice.key] = line
        yield line, invoice


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                raise _refused(path, 1, f"no column {missing[0]}", f"Write the columns {', '.join(COLUMNS)}")
            before = reader.line_num
            for row in reader:
                line, before = before + 1, reader.line_num
                if not row:
                    continue
                if len(row) != len(header):
                    what = f"the row has {len(row)} values, the header has {len(header)}"
                    raise _refused(path, line, what, "Write one value per column")
                yield line, {name: value.strip() for name, value in zip(header, row, strict=True)}
    except OSError as error:
        raise Misconfigured(
            f"the file does not open: {error.strerror}", where=str(path), do="Correct the path"
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"this is no CSV file: {error}", where=str(path), do="Save it as CSV in UTF-8") from None


def _invoice(path: Path, line: int, row: Mapping[str, str]) -> Invoice:
    empty = [name for name in COLUMNS if not row[name]]
    if empty:
        raise _refused(path, line, f"{empty[0]} is empty", "Write 0 for an amount of nothing")
    sources = _platforms()
    if row["source"] not in sources:
        raise _refused(path, line, f"{row['source']!r} is no ad platform", f"Write one of: {', '.join(sources)}")
    if not _is_month(row["month"]):
        raise _refused(path, line, f"{row['month']!r} is no month", "Write it as 2026-10")
    if not re.fullmatch(r"[A-Z]{3}", row["currency"]):
        raise _refused(path, line, f"{row['currency']!r} is no currency", "Write three capitals such as USD")
    amounts = {name: _amount(path, line, name, row[name]) for name in _AMOUNTS}
    _adds_up(path, line, amounts)
    return Invoice(
        source=row["source"],
        account_id=row["account_id"],
        month=row["month"],
        invoice_id=row["invoice_id"],
        currency=row["currency"],
        media_amount=amounts["media_amount"],
        credits=amounts["credits"],
        tax=amounts["tax"],
        total=amounts["total"],
    )


def _platforms() -> Sequence[str]:
    return [name for name, source in load_all().items() if "ad_performance" in source.provides]


def _is_month(text: str) -> bool:
    try:
        date.fromisoformat(f"{text}-01")
    except ValueError:
        return False
    return len(text) == len("2026-10")


def _amount(path: Path, line: int, name: str, text: str) -> Decimal:
    if not re.fullmatch(r"-?[0-9]{1,15}([.][0-9]{1,6})?", text):
        raise _refused(path, line, f"{name} is {text!r}, which is no amount", "Write a plain number such as 1234.56")
    value = Decimal(text)
    if name == "credits" and value > 0:
        raise _refused(path, line, f"credits are {text}", "Write credits as a negative amount, or 0")
    return value


def _adds_up(path: Path, line: int, amounts: Mapping[str, Decimal]) -> None:
    parts = amounts["media_amount"] + amounts["credits"] + amounts["tax"]
    if parts != amounts["total"]:
        what = f"total is {amounts['total']}, media_amount, credits and tax add up to {parts}"
        raise _refused(path, line, what, "Correct the line; adjustments belong to credits")


def _refused(path: Path, line: int, what: str, do: str) -> Misconfigured:
    return Misconfigured(what, where=f"{path}, line {line}", do=do)
