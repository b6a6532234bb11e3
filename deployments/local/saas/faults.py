"""What can be wrong with the records of a simulated system, by name, and exactly how much it changes.

A fault is a function of one record and of how many it met before; it returns the records that are delivered
instead. `apply` runs faults over a stream, `effects` says what they did, for tests.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import orjson

from deployments.local.saas.blocks import Block, Record
from deployments.local.saas.catalog import ACCOUNTS, GOOGLE, META
from deployments.local.saas.simulation import Fault
from expectations.declare.errors import Misconfigured

DAYS = {
    "google_ads": {"": "segments.date"},
    "meta_ads": {"": "date_start", "campaigns": "updated_time", "ad_sets": "updated_time", "ads": "updated_time"},
    "ga4": {"": "date"},
    "ga4_export": {"": "event_date"},
    "hubspot": {"": "updatedAt", "contacts_count_by_day": "created_on"},
    "shopify": {"": "processed_at", "customers": "updated_at", "sales_by_day": "day"},
}
ACCOUNT_FIELDS = {
    "google_ads": "customer.id",
    "meta_ads": "account_id",
    "ga4": "property_id",
    "shopify": "shop_url",
}
_PLATFORMS = {"google_ads": GOOGLE, "meta_ads": META}
# These change the shape of the whole sync; the others concern the records of the fault's day.
_WHOLE_SYNC = frozenset({"rename_field", "drop_field", "retype_field", "new_field"})
Change = Callable[[Fault, Record, int], list[Record]]


@dataclass(frozen=True, slots=True)
class FaultEffect:
    """What a fault did to one account and day; `amount` is delivered minus true, in the record's own units."""

    fault: str
    source: str
    stream: str
    account: str
    day: str
    metric: str
    amount: Decimal
    rows: int


def apply(faults: Sequence[Fault], delivered: Iterator[Block]) -> Iterator[Block]:
    """The blocks with all these faults in them."""
    for fault in faults:
        delivered = _through(fault, delivered)
    return delivered


def effects(fault: Fault, true: Iterable[Block], metric: str) -> list[FaultEffect]:
    """What a fault changes in a stream, measured in one field, by account and day."""
    found: dict[tuple[str, str], tuple[Decimal, int]] = {}
    nth = 0
    for record in (orjson.loads(payload) for block in true for payload in block.payloads):
        if not concerns(fault, record):
            continue
        after = _change(fault)(fault, dict(record), nth)
        nth += 1
        key = (account_of(fault, record), day_of(fault, record))
        amount, rows = found.get(key, (Decimal(0), 0))
        gained = sum((_number(one, metric) for one in after), Decimal(0)) - _number(record, metric)
        found[key] = (amount + gained, rows + (after != [record]))
    return [
        FaultEffect(fault.name, fault.source, fault.stream, account, day, metric, amount, rows)
        for (account, day), (amount, rows) in sorted(found.items())
    ]


def concerns(fault: Fault, record: Record) -> bool:
    """Whether a record belongs to the day and the account of a fault."""
    if fault.name in _WHOLE_SYNC:
        return True
    account = fault.parameters.get("account")
    is_account = account is None or account_of(fault, record) == _account(fault.source, account)
    return is_account and fault.day in {"", day_of(fault, record)}


def day_of(fault: Fault, record: Record) -> str:
    """The day of a record as its stream writes it, as YYYY-MM-DD."""
    fields = DAYS.get(fault.source, {"": ""})
    text = str(record.get(fields.get(fault.stream, fields[""]), ""))
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else text[:10]


def account_of(fault: Fault, record: Record) -> str:
    """The account of a record, empty where the source has none."""
    return str(record.get(ACCOUNT_FIELDS.get(fault.source, ""), ""))


def _account(source: str, named: object) -> str:
    """An account's id; a small number counts the accounts of the source."""
    mine = [str(account.id) for account in ACCOUNTS if account.platform == _PLATFORMS.get(source)]
    return mine[int(str(named)) - 1] if str(named) in {"1", "2", "3"} and mine else str(named)


def _through(fault: Fault, delivered: Iterator[Block]) -> Iterator[Block]:
    change, nth = _change(fault), 0
    for block in delivered:
        payloads: list[bytes] = []
        for payload in block.payloads:
            record = orjson.loads(payload)
            if concerns(fault, record):
                payloads += [orjson.dumps(one) for one in change(fault, record, nth)]
                nth += 1
            else:
                payloads.append(payload)
        yield Block(payloads)


def _change(fault: Fault) -> Change:
    if fault.name not in CHANGES:
        raise Misconfigured(f"no fault is called {fault.name!r}", do=f"Use one of {', '.join(sorted(CHANGES))}")
    return CHANGES[fault.name]


def rename_field(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`field` is delivered as `to`."""
    field, to = fault.parameters["field"], fault.parameters["to"]
    return [{to if name == field else name: value for name, value in record.items()}]


def drop_field(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`field` is not delivered any more."""
    record.pop(fault.parameters["field"], None)
    return [record]


def new_field(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`field` appears, with `value`."""
    return [{**record, fault.parameters["field"]: fault.parameters.get("value", "new")}]


def retype_field(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`field` is delivered as `to`: its text (the default), or a number of the text's length."""
    field = fault.parameters["field"]
    if record.get(field) is not None:
        as_text = fault.parameters.get("to", "text") == "text"
        record[field] = f"{record[field]} units" if as_text else len(str(record[field]))
    return [record]


def null_field(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`field` is null in this `share` of the records."""
    if _drawn(record, float(fault.parameters.get("share", 1.0))):
        record[fault.parameters["field"]] = None
    return [record]


def duplicate_rows(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """This `share` of the records is delivered twice."""
    return [record, record] if _drawn(record, float(fault.parameters.get("share", 1.0))) else [record]


def multiply(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`metric` is delivered `factor` times too large."""
    metric = fault.parameters["metric"]
    value = record.get(metric)
    if value is not None:
        exact = Decimal(str(value)) * Decimal(str(fault.parameters["factor"]))
        record[metric] = int(exact) if isinstance(value, int) else float(exact)
    return [record]


def micros_twice(fault: Fault, record: Record, nth: int) -> list[Record]:
    """`metric` is converted to millionths a second time."""
    parameters = {"factor": 1_000_000, **fault.parameters}
    return multiply(Fault(fault.name, fault.source, fault.stream, fault.day, parameters), record, nth)


def currency_switch(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """`field` names another currency, the amounts stay."""
    return [{**record, fault.parameters["field"]: fault.parameters.get("to", "EUR")}]


def total_short(fault: Fault, record: Record, nth: int) -> list[Record]:
    """The first `rows` records (one page) are missing, so the source's own total is not reached."""
    return [] if nth < int(fault.parameters.get("rows", 250)) else [record]


def total_over(fault: Fault, record: Record, nth: int) -> list[Record]:
    """The first `rows` records are delivered twice."""
    return [record, record] if nth < int(fault.parameters.get("rows", 250)) else [record]


def stale_day(_fault: Fault, _record: Record, _nth: int) -> list[Record]:
    """Nothing of the day (or of one `account` on it) is delivered."""
    return []


def missing_hour(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """The rows of one `hour` are missing."""
    return [] if record.get("segments.hour") == int(fault.parameters.get("hour", 12)) else [record]


def vanish_rows(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """This `share` of the day's records is not delivered any more, drawn by the field `by`, so the same each time."""
    drawn = is_drawn(fault, record, usual=1.0)
    return [] if drawn else [record]


def time_zone_shift(fault: Fault, record: Record, _nth: int) -> list[Record]:
    """The instant in `field` is `hours` off, as where local time is taken for UTC."""
    field = fault.parameters["field"]
    if record.get(field):
        shifted = datetime.fromisoformat(record[field]) + timedelta(hours=float(fault.parameters.get("hours", 5)))
        record[field] = shifted.isoformat()
    return [record]


def wrong_table_kind(_fault: Fault, record: Record, _nth: int) -> list[Record]:
    """The export's intraday table is read beside the daily one, so each event arrives from both."""
    kind, _, day = str(record["export_table"]).rpartition("_")
    other = "events" if kind.endswith("intraday") else "events_intraday"
    return [record, {**record, "export_table": f"{other}_{day}"}]


CHANGES: dict[str, Change] = {
    "currency_switch": currency_switch,
    "drop_field": drop_field,
    "duplicate_rows": duplicate_rows,
    "micros_twice": micros_twice,
    "missing_account": stale_day,
    "missing_hour": missing_hour,
    "missing_page": total_short,
    "multiply": multiply,
    "new_field": new_field,
    "null_field": null_field,
    "rename_field": rename_field,
    "restated": multiply,
    "retype_field": retype_field,
    "stale_day": stale_day,
    "time_zone_shift": time_zone_shift,
    "total_over": total_over,
    "total_short": total_short,
    "vanish_rows": vanish_rows,
    "wrong_table_kind": wrong_table_kind,
}


def is_drawn(fault: Fault, record: Record, *, usual: float) -> bool:
    """Whether a record belongs to the `share` of a fault; with `by` only that field decides, whatever else changes."""
    by = fault.parameters.get("by")
    return _drawn({by: record.get(by)} if by else record, float(fault.parameters.get("share", usual)))


def _drawn(record: Record, share: float) -> bool:
    return zlib.crc32(orjson.dumps(record)) < share * 2**32


def _number(record: Record, metric: str) -> Decimal:
    value = record.get(metric)
    return Decimal(str(value)) if isinstance(value, int | float) else Decimal(0)
