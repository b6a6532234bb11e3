"""A reconciliation in one sentence: two totals, their difference, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from expectations.judge.reconcile.buckets import NAMED, ORDER, STAGES, UNEXPLAINED
from expectations.judge.reconcile.waterfall import Figure, Reconciled, ReconciliationItem

_CENT = Decimal("0.01")
_CALLED: Mapping[str, str] = {"source": "{title} now", "raw": "our rows", "mart": "our marts"}
_SIGNS: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£"}


@dataclass(frozen=True)
class Words:
    """What people call the source, the time of our extraction where it is known, and what the first total is called."""

    title: str
    at: str = ""
    first: str = ""


def sentence(
    found: Reconciled, figure: Figure, words: Words, *, stages: tuple[str, str] = ("published", "source")
) -> str:
    """One account-day in words, told from the first of `stages` to the second.

    Shown amounts are cents that add up: what the rounding of the shown parts takes is added to the largest of them.
    """
    first, second = stages
    title = words.title
    backwards = _is_before(found, second, first)
    ours, theirs = (_cents(found.totals.get((figure, stage), Decimal(0))) for stage in stages)
    parts = _summed(found.of(figure), sign=-1 if backwards else 1)
    left = parts.pop(UNEXPLAINED, (Decimal(0), 0))[0]
    shown = _adding_up(parts, theirs - ours - _cents(left))
    told = [f"{_money(value, figure)} {_words(name, parts[name][1], title, words.at)}" for name, value in shown.items()]
    why = f" = {' + '.join(told)}".replace("+ -", "- ") if told else ""
    whose = f"{title}, {figure.account}" if figure.account else title
    return (
        f"{whose}, {figure.date.day} {figure.date:%b}: {words.first or _called(first, title)} "
        f"{_money(ours, figure)}, {_called(second, title)} {_money(theirs, figure)}; difference "
        f"{_money(theirs - ours, figure)}{why}; unexplained {_money(_cents(left), figure)}"
    )


def _is_before(found: Reconciled, one: str, other: str) -> bool:
    return STAGES.index(one) < STAGES.index(other)


def _called(stage: str, title: str) -> str:
    return _CALLED.get(stage, stage).format(title=title)


def _summed(items: Sequence[ReconciliationItem], *, sign: int) -> dict[str, tuple[Decimal, int]]:
    """Amount and rows by bucket, the largest amount first; buckets whose amounts cancel out are left out."""
    sums: dict[str, tuple[Decimal, int]] = {}
    for item in items:
        value, rows = sums.get(item.bucket, (Decimal(0), 0))
        sums[item.bucket] = (value + sign * item.amount, rows + item.row_count)
    told = {bucket: part for bucket, part in sums.items() if part[0]}
    return dict(sorted(told.items(), key=lambda part: (-abs(part[1][0]), ORDER.index(part[0]))))


def _adding_up(parts: Mapping[str, tuple[Decimal, int]], total: Decimal) -> dict[str, Decimal]:
    shown = {name: _cents(value) for name, (value, _) in parts.items()}
    if shown:
        largest = max(shown, key=lambda name: abs(shown[name]))
        shown[largest] += total - sum(shown.values(), Decimal(0))
    return shown


def _words(bucket: str, rows: int, title: str, at: str) -> str:
    reason = NAMED[bucket]
    words = reason.words.format(time=f"{at} " if at else "")
    words = words.replace("restated", f"restated by {title}")
    return f"{words} ({rows} {reason.counted}{'' if rows == 1 else 's'})" if rows else words


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def _money(value: Decimal, figure: Figure) -> str:
    if figure.metric == "rows":
        return f"{value:,.0f}"
    sign = _SIGNS.get(figure.currency)
    shown = f"{sign}{abs(value):,.2f}" if sign else f"{abs(value):,.2f} {figure.currency}".rstrip()
    return f"-{shown}" if value < 0 else shown
