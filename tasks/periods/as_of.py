"""Figures as they were known at a moment, and what each sync has changed since.

Everything is read from the release that readers see (`fin_figures_daily`, a ledger of changes): a question never waits
for the warehouse, and two people who ask get one answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.release_reader import select
from tasks.publish.origins import Origin, caution, origins_of
from tasks.publish.publish import published, release_notes

MART = "fin_figures_daily"
MONEY = ("spend", "gross_sales", "discounts", "returns", "net_sales", "shipping", "tax")
COUNTS = ("impressions", "clicks", "orders")
# What figures can be split by, with its expression over the mart.
KEYS = {
    "day": "cast(date as varchar)",
    "month": "strftime(date, '%Y-%m')",
    "source": "source",
    "account": "coalesce(account_id, '')",
    "currency": "coalesce(currency, '')",
}


@dataclass(frozen=True)
class Question:
    """Which days (both included), what of them, split by what, and as of when (UTC; None: now)."""

    first: date
    last: date
    metrics: tuple[str, ...]
    by: tuple[str, ...]
    as_of: datetime | None = None

    @property
    def own_currency(self) -> bool:
        """Whether amounts stay in the currency of the account; otherwise they are converted."""
        return "currency" in self.by


@dataclass(frozen=True)
class Figure:
    """One metric of one group, as it was known then and as it is known now."""

    keys: tuple[str, ...]
    metric: str
    then: Decimal
    now: Decimal

    @property
    def difference(self) -> Decimal:
        """What was added since."""
        return self.now - self.then


@dataclass(frozen=True)
class Brought:
    """What one sync changed in one metric of one group after the moment; `known_at` is its extraction (UTC)."""

    known_at: datetime
    source: str
    sync_id: int
    keys: tuple[str, ...]
    metric: str
    amount: Decimal


@dataclass(frozen=True)
class Answer:
    """The figures in order of their keys; `unpriced` days have amounts without a rate, which are in no sum.

    `release` is the one that the figures come from; `caution` says where it is not the newest one, and why.
    """

    release: str
    data_as_of: str
    currency: str
    figures: tuple[Figure, ...]
    brought: tuple[Brought, ...]
    unpriced: tuple[str, ...]
    caution: str = ""


def question(days: tuple[str, str], *, as_of: str, metrics: str, by: str) -> Question:
    """Read a question as it is typed; `Misconfigured` says which word is wrong."""
    first, last = (_day(text) for text in days)
    if last < first:
        raise Misconfigured(f"the days are reversed: {first} to {last}", do=f"Write --from {last} --to {first}")
    chosen = _words(metrics, (*MONEY, *COUNTS), "metric with a history")
    return Question(first, last, chosen, _words(by, tuple(KEYS), "way to split"), _moment(as_of) if as_of else None)


def answer(asked: Question) -> Answer:
    """Ask the published release; `Unavailable` where nothing is published."""
    folder, notes = published(), release_notes()
    parquet = folder / f"{MART}.parquet" if folder else None
    if notes is None or parquet is None or not parquet.exists():
        raise Unavailable(
            "no release with figures of any moment is published yet",
            where=str(folder or "published/current"),
            do="Publish one: plumbline build --window DAY",
        )
    origin = origins_of(notes).get(MART) or Origin(str(notes["id"]), "", "")
    freshness = origin.read_at or max(notes.get("freshness", {}).values(), default="")
    currency = "" if asked.own_currency else str(select(parquet, "max(reporting_currency) as it", "true", [])[0]["it"])
    return Answer(
        origin.release,
        str(freshness),
        currency,
        tuple(_figures(parquet, asked)),
        tuple(_brought(parquet, asked)) if asked.as_of else (),
        () if asked.own_currency else tuple(_unpriced(parquet, asked)),
        caution(notes, [MART]),
    )


def _figures(parquet: Path, asked: Question) -> list[Figure]:
    """Sums per group in two parts: what was known by the moment, and what came later. Mere zeros are left out."""
    later = f"known_at > {_literal(asked.as_of)}" if asked.as_of else "false"
    parts: dict[tuple[tuple[str, ...], str], list[Decimal]] = {}
    for row in _sums(parquet, asked, {"later": later}):
        for metric in asked.metrics:
            pair = parts.setdefault((_keys(row, asked), metric), [Decimal(0), Decimal(0)])
            pair[bool(row["later"])] += Decimal(row[metric] or 0)
    return [
        Figure(keys, metric, then, then + since)
        for (keys, metric), (then, since) in sorted(parts.items())
        if then or since
    ]


def _brought(parquet: Path, asked: Question) -> list[Brought]:
    assert asked.as_of
    rows = _sums(
        parquet,
        asked,
        {"at": "known_at", "of": "source", "sync": "sync_id"},
        f"known_at > {_literal(asked.as_of)}",
    )
    found = [
        Brought(row["at"].replace(tzinfo=UTC), row["of"], int(row["sync"]), _keys(row, asked), name, Decimal(row[name]))
        for row in rows
        for name in asked.metrics
        if row[name]
    ]
    return sorted(found, key=lambda one: (one.known_at, one.source, one.sync_id, one.keys, one.metric))


def _sums(parquet: Path, asked: Question, more: dict[str, str], condition: str = "true") -> list[dict[str, Any]]:
    """One row per group and per value of `more` (names with their expressions), with a column for each metric."""
    groups = more | {f"key_{name}": KEYS[name] for name in asked.by}
    amounts = [f"sum({_amount(name, asked)}) as {name}" for name in asked.metrics]
    columns = [f"{expression} as {name}" for name, expression in groups.items()]
    where = f"date between ? and ? and {condition} group by {', '.join(map(str, range(1, len(groups) + 1)))}"
    return select(parquet, ", ".join([*columns, *amounts]), where, [asked.first, asked.last])


def _amount(metric: str, asked: Question) -> str:
    converted = metric in MONEY and not asked.own_currency
    return f"cast({metric} * fx_rate as decimal(38, 6))" if converted else metric


def _unpriced(parquet: Path, asked: Question) -> list[str]:
    """Days with money for which there is no rate: a missing rate is never 1."""
    if not set(asked.metrics) & set(MONEY):
        return []
    where = "fx_rate is null and date between ? and ? group by 1 order by 1"
    found = select(parquet, "cast(date as varchar) || ' ' || coalesce(currency, '(none)') as day", where,
                   [asked.first, asked.last])  # fmt: skip
    return [str(row["day"]) for row in found]


def _keys(row: dict[str, Any], asked: Question) -> tuple[str, ...]:
    return tuple(str(row[f"key_{name}"]) for name in asked.by)


def _literal(moment: datetime) -> str:
    return f"timestamp '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{text!r} is not a day", do="Write it as 2026-11-01") from None


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{text!r} is not a moment", do="Write it as 2026-11-08T06:00 (UTC)") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _words(text: str, valid: Sequence[str], what: str) -> tuple[str, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in valid:
            near = get_close_matches(word, valid, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise Misconfigured(f"{word!r} is not a {what}", do=f"{hint}Write one or more of: {', '.join(valid)}")
    return tuple(dict.fromkeys(words))
