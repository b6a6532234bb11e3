"""What a value in a CSV file of `plumbline try` may look like, and how SQL reads it: one entry per kind.

Money stays decimal, whole cents stay whole, and an instant without its offset from UTC is refused: between two of
them there is no order.
"""

from __future__ import annotations

from dataclasses import dataclass

_CLOCK = r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.]\d{1,9})?)?"
_ZONE = r" ?([Zz]|UTC|[+-](0\d|1[0-4])(:?[0-5]\d)?)"
_INSTANT = f"^{_CLOCK}{_ZONE}$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_COMPACT_DAY = r"^\d{8}$"


@dataclass(frozen=True)
class Kind:
    """A condition and a reading in SQL, `$v` being the text, and the words for what was expected."""

    expected: str
    holds: str
    typed: str

    def condition(self, column: str) -> str:
        """The condition for a quoted column name."""
        return self.holds.replace("$v", column)

    def reading(self, column: str) -> str:
        """The expression that reads it."""
        return self.typed.replace("$v", column)


def _matches(pattern: str) -> str:
    return f"regexp_matches($v, '{pattern}')"


_AS_INSTANT = "try_cast($v as timestamptz)"

KINDS = {
    "id": Kind("an id", "trim($v) <> ''", "$v"),
    "id_or_none": Kind("an id or nothing", "$v is not null", "nullif(trim($v), '')"),
    "channel": Kind("the name of a channel, direct where there was none", "trim($v) <> ''", "$v"),
    "touch_type": Kind("click or view", "lower(trim($v)) in ('click', 'view')", "lower(trim($v))"),
    "instant": Kind(
        "a date, a time and its offset from UTC, such as 2026-11-17T09:30:00Z or 2026-11-17 10:30:00+01:00",
        f"{_matches(_INSTANT)} and {_AS_INSTANT} is not null",
        "timezone('UTC', cast($v as timestamptz))",
    ),
    "day": Kind(
        "a day such as 2026-11-17, or a day and a time",
        f"({_matches(_DAY)} and try_cast($v as date) is not null)"
        f" or ({_matches(_COMPACT_DAY)} and try_strptime($v, '%Y%m%d') is not null)"
        f" or ({_matches(f'^{_CLOCK}({_ZONE})?$')} and {_AS_INSTANT} is not null)",
        f"case when {_matches(_COMPACT_DAY)} then cast(try_strptime($v, '%Y%m%d') as date)"
        f" else cast(timezone('UTC', {_AS_INSTANT}) as date) end",
    ),
    "cents": Kind(
        "whole cents without separators, such as 1999 or -500",
        f"{_matches('^[+-]?[0-9]+$')} and try_cast($v as bigint) is not null",
        "cast($v as bigint)",
    ),
    "money": Kind(
        "an amount with a decimal point and no thousands separators, such as 1234.50",
        f"{_matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)$')} and try_cast($v as decimal(38, 6)) is not null",
        "cast($v as decimal(38, 6))",
    ),
    "value": Kind(
        "a number with a decimal point and no thousands separators, such as 1234.5",
        f"{_matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$')}"
        " and try_cast($v as decimal(38, 18)) is not null",
        "cast($v as decimal(38, 18))",
    ),
    "value_or_none": Kind(
        "a number with a decimal point and no thousands separators, such as 1234.5, or nothing",
        f"trim($v) = '' or ({_matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$')}"
        " and try_cast($v as decimal(38, 6)) is not null)",
        "try_cast($v as decimal(38, 6))",
    ),
    "text": Kind("a text or nothing", "$v is not null", "nullif(trim($v), '')"),
    "instant_or_none": Kind(
        "nothing, or a date, a time and its offset from UTC, such as 2026-11-17T09:30:00Z",
        f"trim($v) = '' or ({_matches(_INSTANT)} and {_AS_INSTANT} is not null)",
        "try_cast(nullif(trim($v), '') as timestamptz)",
    ),
    "count": Kind(
        "a whole number from 0",
        f"{_matches('^[0-9]+$')} and try_cast($v as bigint) is not null",
        "cast($v as bigint)",
    ),
    "path": Kind(
        "channels joined by >, such as email > paid search",
        "trim($v) <> '' and not list_contains(list_transform(string_split($v, '>'), lambda x: trim(x)), '')",
        "$v",
    ),
}
