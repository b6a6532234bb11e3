"""What a check saw, as a few numbers that can be drawn: the last weeks with their band, or bars with their limits.

Pictures are kept with the result as data and drawn when a page is made (`drawing.py`). They hold counts, shares, sums
and names of fields and accounts, never a value of a record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from expectations.judge.measurement import Measurements
from expectations.judge.nulls import NullRates, null_limit
from expectations.judge.verdict import Finding

DAYS_SHOWN = 35
LINES_SHOWN, BARS_SHOWN = 3, 8


@dataclass(frozen=True)
class Point:
    """One day of a line: what was seen, between which values nobody needs to look, and whether it is judged now."""

    at: str
    value: float | None
    low: float | None = None
    high: float | None = None
    judged: bool = False
    bad: bool = False

    @property
    def outside(self) -> bool:
        """Whether the value left its band, or its check did not pass."""
        if self.value is None or self.bad:
            return self.bad
        return (self.low is not None and self.value < self.low) or (self.high is not None and self.value > self.high)


@dataclass(frozen=True)
class Bar:
    """One bar: its length, the limit that is marked on it, and both as people read them."""

    label: str
    value: float
    shown: str
    limit: float | None = None
    bad: bool = False


@dataclass(frozen=True)
class Picture:
    """Either a line of points or some bars; `title` says what is drawn, `words` the same without eyes."""

    title: str
    words: str
    points: list[Point] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Picture:
        """From the stored result."""
        points = [Point(**point) for point in stored["points"]]
        return cls(stored["title"], stored["words"], points, [Bar(**bar) for bar in stored["bars"]])


@dataclass(frozen=True)
class Figure:
    """The one number of a check that its history shows, and between which values it is fine."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def worst(findings: Sequence[Finding]) -> Figure:
    """How many findings somebody should look at: the number of a check that has no better one."""
    return Figure("findings to look at", sum(not f.good and f.severity != "info" for f in findings), high=0)


def spend_lines(lines: Mapping[str, Sequence[Point]], findings: Sequence[Finding]) -> list[Picture]:
    """The last weeks of spend with the band of each day: accounts with a finding first, then the largest."""
    scopes = " ".join(f.scope for f in findings if not f.good)
    size = {account: sum(point.value or 0.0 for point in points) for account, points in lines.items()}
    ordered = sorted(size, key=lambda account: (account not in scopes, -size[account]))
    return [_line(account, lines[account]) for account in ordered[:LINES_SHOWN] if size[account]]


def _line(account: str, known: Sequence[Point]) -> Picture:
    points, seen = list(known[-DAYS_SHOWN:]), known[-1]
    usual = "" if seen.low is None else f"; usual is {seen.low:,.2f} to {seen.high:,.2f}"
    told = "nothing" if seen.value is None else f"{seen.value:,.2f}"
    return Picture(f"Spend of {account}", f"{len(points)} days up to {seen.at}; on the last {told}{usual}.", points)


def field_bars(m: Measurements, findings: Sequence[Finding]) -> list[Picture]:
    """In which share of the rows each field arrived: those with a finding first, then the rarest."""
    rows, before = (
        m.number("sync_rows") or m.number("rows"),
        m.number("sync_rows", "before") or m.number("rows", "before"),
    )
    if not rows:
        return []
    scopes, then = {f.scope for f in findings if not f.good}, m.by_field("present", "before")
    bars = []
    for name, row in m.by_field("present").items():
        share, usual = float(row.value) / rows, float(then[name].value) / before if name in then and before else None
        bad = any(scope.endswith(f".{name}") for scope in scopes)
        bars.append(Bar(name, share, f"{share:.1%} of rows", usual, bad))
    kept = sorted(bars, key=lambda bar: (not bar.bad, bar.value - (bar.limit or 0), bar.label))[:BARS_SHOWN]
    words = f"{len(bars)} declared fields in {rows:,} rows; the mark is their share before this window."
    return [Picture("Share of rows with each field", words, bars=kept)]


def arrivals(m: Measurements) -> list[Picture]:
    """How many rows came, and how many of them twice."""
    total, twice, files = m.number("rows"), m.number("duplicate_rows"), m.number("duplicate_objects")
    bars = [
        Bar("rows that arrived", total, f"{total:,}"),
        Bar("of them twice", twice, f"{twice:,}", bad=bool(twice and files)),
    ]
    words = f"{total:,} rows arrived, {twice:,} of them twice; {files:,} files twice."
    return [Picture("Rows that arrived", words, bars=bars)]


def empty_bars(m: Measurements, most: Mapping[str, float], required: Collection[str]) -> list[Picture]:
    """The share of empty cells of each field with its limit: the nearest to its limit first."""
    rows = m.number("rows")
    if not rows:
        return []
    bars = []
    for name, row in m.by_field("nulls").items():
        rates = NullRates(int(row.value), rows, float(row.baseline or 0), row.baseline_n or 0, m.number("groups"))
        limit = _limit(name, rates, most, required)
        bad = limit is not None and rates.rate > limit
        shown = f"{rates.rate:.1%} empty" + ("" if limit is None else f", at most {limit:.1%}")
        bars.append(Bar(name, rates.rate, shown, limit, bad))
    kept = sorted(bars, key=lambda bar: (not bar.bad, (bar.limit or 1) - bar.value, bar.label))[:BARS_SHOWN]
    words = f"{len(bars)} fields in {rows:,} rows; the mark is what is still usual."
    return [Picture("Share of empty cells", words, bars=kept)] if kept else []


def _limit(name: str, rates: NullRates, most: Mapping[str, float], required: Collection[str]) -> float | None:
    if name in required:
        return 0.0
    if name in most:
        return most[name]
    limit = null_limit(rates) if rates.pooled_rows else None
    return None if limit is None else limit / rates.rows


def fullest(pictures: Sequence[Picture]) -> Figure:
    """How near the emptiest field comes to its limit, in per cent of it."""
    shares = [100 * bar.value / bar.limit for picture in pictures for bar in picture.bars if bar.limit]
    return Figure("emptiest field, in % of its limit", round(max(shares, default=0.0), 1), high=100)


def total_bars(m: Measurements, findings: Sequence[Finding], closed: Collection[date]) -> list[Picture]:
    """Our total and the stated one of each account and day: those that differ first, then the largest."""
    ours, theirs = m.by_account_day("reconcile_ours"), m.by_account_day("reconcile_theirs")
    scopes = {f.scope for f in findings if not f.good}
    pairs = [key for key in ours.keys() | theirs.keys() if key[1] in closed]
    ordered = sorted(pairs, key=lambda key: (_named(key) not in scopes, -ours.get(key, Decimal(0)), key))
    bars = [
        Bar(f"{_named(key)}, {whose}", float(value), f"{value:,.2f}", bad=_named(key) in scopes and whose == "ours")
        for key in ordered[: BARS_SHOWN // 2]
        for whose, value in (("ours", ours.get(key, Decimal(0))), ("stated", theirs.get(key, Decimal(0))))
    ]
    words = f"{len(pairs)} account-days; {len(scopes)} differ."
    return [Picture("Our totals beside those that the source states", words, bars=bars)] if bars else []


def _named(key: tuple[str, date]) -> str:
    return f"{key[0]} {key[1]}".strip()


def apart(m: Measurements, closed: Collection[date]) -> Figure:
    """The sum of all differences, without their signs."""
    ours, theirs = m.by_account_day("reconcile_ours"), m.by_account_day("reconcile_theirs")
    pairs = [key for key in ours.keys() | theirs.keys() if key[1] in closed]
    total = sum((abs(ours.get(key, Decimal(0)) - theirs.get(key, Decimal(0))) for key in pairs), Decimal(0))
    return Figure("difference to the stated totals", round(float(total), 2))


def changed_bars(m: Measurements) -> list[Picture]:
    """How many account-days of each figure the sync changed, within the look-back and beyond it."""
    bars = []
    for metric, words in (("restated_within", "as declared"), ("restated_beyond", "too old")):
        for name in sorted({r.field for r in m.rows if r.metric == metric and r.role == "now"}):
            rows = [r for r in m.rows if r.metric == metric and r.role == "now" and r.field == name]
            count = sum(r.baseline_n or 1 for r in rows) if metric == "restated_within" else len(rows)
            bars.append(Bar(f"{name}, {words}", count, f"{count:,} account-days", bad=metric == "restated_beyond"))
    told = "Account-days that a newer sync changed."
    return [Picture("Days changed afterwards", told, bars=bars[:BARS_SHOWN])] if bars else []


def punctual_bars(m: Measurements) -> list[Picture]:
    """The share of scheduled extracts that were complete in time, by source."""
    decided, in_time = m.by_account_day("extracts_decided"), m.by_account_day("extracts_in_time")
    bars = []
    for source in sorted({account for account, _ in decided}):
        runs = sum(float(value) for (account, _), value in decided.items() if account == source)
        kept = sum(float(value) for (account, _), value in in_time.items() if account == source)
        if runs:
            bars.append(Bar(source, kept / runs, f"{kept:,.0f} of {runs:,.0f}", 0.99, kept / runs < 0.99))
    words = "The mark is the promise: 99 %."
    return [Picture("Scheduled extracts in time", words, bars=bars[:BARS_SHOWN])] if bars else []
