"""A month of the books, and who signs it: read as people type them, refused in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from expectations.declare.errors import Misconfigured
from tasks.adapters.ops_store import now
from tasks.window import DAY_TURNS_AT, Window

_MONTH = re.compile(r"(\d{4})-(\d\d)")
_SIGNER = re.compile(r"([^()]+)\(([^()]+)\)")
SIDES = ("finance", "marketing")


@dataclass(frozen=True)
class Signer:
    """A person who signs, and for whom."""

    name: str
    side: str


def month_window(text: str) -> Window:
    """The days of a month such as `2026-10`."""
    found = _MONTH.fullmatch(text.strip())
    if not found or not 1 <= int(found[2]) <= 12:
        raise Misconfigured(f"{text!r} is not a month", do="Write it as 2026-10")
    first = date(int(found[1]), int(found[2]), 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return Window.parse(f"{first}..{last}")


def month_name(window: Window) -> str:
    """The month of a window, as it is typed."""
    return f"{window.start:%Y-%m}"


def over(text: str) -> Window:
    """The days of a month that is over for every account; `Misconfigured` for one that is not."""
    window = month_window(text)
    open_until = datetime.combine(window.end.date(), time(), tzinfo=window.end.tzinfo) + DAY_TURNS_AT
    if now() < window.start:
        raise Misconfigured(f"{text} has not begun", do=f"It can be closed from {open_until:%Y-%m-%d %H:%M} UTC on")
    if now() < open_until:
        raise Misconfigured(f"{text} is not over", do=f"It can be closed from {open_until:%Y-%m-%d %H:%M} UTC on")
    return window


def signers(text: str) -> tuple[Signer, ...]:
    """Who signs: `Ann Lee (finance), Bo Chen (marketing)`; at least one name for each of the two sides."""
    example = 'Write --by "Ann Lee (finance), Bo Chen (marketing)"'
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise Misconfigured("nobody signs", do=example)
    found = []
    for part in parts:
        match = _SIGNER.fullmatch(part)
        if not match or not match[1].strip():
            raise Misconfigured(f"{part!r} does not say who signs, and for whom", do=example)
        found.append(Signer(match[1].strip(), match[2].strip().lower()))
    missing = [side for side in SIDES if side not in {signer.side for signer in found}]
    if missing:
        raise Misconfigured(f"nobody signs for {' or '.join(missing)}", do=example)
    return tuple(found)


def in_words(names: tuple[Signer, ...]) -> str:
    """The signers as one text."""
    return ", ".join(f"{signer.name} ({signer.side})" for signer in names)
