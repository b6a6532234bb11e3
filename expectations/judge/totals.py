"""The checks of amounts per account and day: unusual spend, and totals that the source states itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from expectations.judge.bands import (
    LEARNING_DAYS,
    PRICE,
    SPEND,
    SPEND_LEAST_SHARE_OF_ACCOUNT,
    Band,
    band,
    learned_days,
    multiple,
    never_zero,
)
from expectations.judge.measurement import Measurements
from expectations.judge.rules import Subject, money
from expectations.judge.verdict import Finding

_ACTIVE_DAYS = 7


@dataclass(frozen=True)
class _Day:
    """One account on one day, with its series up to then."""

    account: str
    day: date
    spend: dict[date, float]
    price: dict[date, float]

    @property
    def scope(self) -> str:
        return f"{self.account} {self.day}"


def spend_anomaly(m: Measurements, about: Subject, *, closed: Collection[date]) -> list[Finding]:
    """Spend of each account on each closed day: present at all, then its price per click, then its amount.

    The first rung that fires explains the day. A zero where the last 28 days had none, and an account that
    spent on each of the last seven days and is missing, are exact and critical; the bands warn.
    """
    days = list(_days(m, closed))
    if not days:
        return [
            about.passed("the day is not over; its spend is judged when it is closed.", "day not over", "a closed day")
        ]
    found = [finding for day in days if (finding := _judged(day, about))]
    newest = max(day.day for day in days)
    learned = min(learned_days(day.spend, newest) for day in days)
    if learned < LEARNING_DAYS:
        found.append(about.learning("what spend is usual", learned))
    usual = about.passed(
        "the spend of every account is usual.",
        f"{len(days)} account-days, each in its band",
        "every account in its band",
    )
    return found or [usual]


def _days(m: Measurements, closed: Collection[date]) -> Iterator[_Day]:
    clicks = m.series("clicks")
    for account, series in m.series("spend").items():
        spend = {day: float(value) for day, value in series.items()}
        if not any(spend.values()):
            continue  # an account that never spent has nothing to judge
        price = {day: y / n for day, y in spend.items() if (n := float(clicks.get(account, {}).get(day, 0))) > 0}
        for day in sorted(closed):
            if day in spend or _was_active(spend, day):
                yield _Day(account, day, spend, price)


def _was_active(spend: dict[date, float], day: date) -> bool:
    before = [spend.get(date.fromordinal(day.toordinal() - n), 0.0) for n in range(1, _ACTIVE_DAYS + 1)]
    return min(before) > 0


def _judged(day: _Day, about: Subject) -> Finding | None:
    value = day.spend.get(day.day)
    usual = band(day.spend, day.day, replace(SPEND, least_amount=_least_amount(day)))
    if not value and (value is None or never_zero(day.spend, day.day)):
        return _nothing(day, about, usual)
    price, price_band = day.price.get(day.day), band(day.price, day.day, PRICE)
    if price is not None and price_band and not price_band.contains(price):
        return _dear(day, about, price, price_band)
    if value is not None and usual and not usual.contains(value):
        return _unusual(day, about, value, usual)
    return None


def _least_amount(day: _Day) -> float:
    recent = [v for d, v in day.spend.items() if 0 < (day.day - d).days <= LEARNING_DAYS]
    share = SPEND_LEAST_SHARE_OF_ACCOUNT * sum(recent) / max(len(recent), 1)
    return max(SPEND.least_amount, share)


def _nothing(day: _Day, about: Subject, usual: Band | None) -> Finding:
    expected = _range(usual, about) if usual else f"more than {about.amount(0)}"
    sentence = (
        f"{about.title}: account {day.account} shows no spend on {day.day:%A %-d %B}, although it spent on every day "
        f"before; {expected} was expected. Either the account stopped or its rows are missing.{about.note}"
    )
    return Finding(day.scope, "failed", "critical", sentence, about.labelled(about.amount(0)), about.labelled(expected))


def _dear(day: _Day, about: Subject, price: float, usual: Band) -> Finding:
    times, spend = price / usual.expected, about.amount(day.spend[day.day])
    sentence = (
        f"{about.title}: account {day.account} paid {about.amount(price)} per click on {day.day:%A %-d %B}, "
        f"{_times(times)} the usual {about.amount(usual.expected)}, and the number of clicks does not explain it. "
        f"The spend is {spend}; check it before you act on it.{about.note}"
    )
    observed = about.labelled(f"{about.amount(price)} per click, spend {spend}")
    expected = about.labelled(f"{_range(usual, about)} per click")
    return Finding(day.scope, "warned", "warning", sentence, observed, expected)


def _unusual(day: _Day, about: Subject, value: float, usual: Band) -> Finding:
    change = value / usual.expected - 1
    word = "above" if change > 0 else "below"
    sentence = (
        f"{about.title}: account {day.account} spent {about.amount(value)} on {day.day:%A %-d %B}, "
        f"{abs(change):.0%} {word} what a normal {day.day:%A} looks like at last week's level "
        f"({about.amount(usual.expected)}).{about.note}"
    )
    observed, expected = about.labelled(about.amount(value)), about.labelled(_range(usual, about))
    return Finding(day.scope, "warned", "warning", sentence, observed, expected)


def _range(usual: Band, about: Subject) -> str:
    return f"{money(usual.low)} to {about.amount(usual.high)}"


def _times(factor: float) -> str:
    return f"{factor:.1f} times" if factor >= 1 else f"{factor:.0%} of"


@dataclass(frozen=True)
class Tolerance:
    """How far apart our total and the control may be: the wider of the two."""

    absolute: Decimal = Decimal(0)
    share: Decimal = Decimal(0)

    def allowed(self, theirs: Decimal) -> Decimal:
        """The largest difference that is no finding."""
        return max(self.absolute, abs(theirs) * self.share)


def reconciliation(
    m: Measurements, about: Subject, *, control: str, tolerance: Tolerance, closed: Collection[date]
) -> list[Finding]:
    """Our total of each account and closed day against the total that the source states itself."""
    ours, theirs = m.by_account_day("reconcile_ours"), m.by_account_day("reconcile_theirs")
    pairs = sorted(key for key in ours.keys() | theirs.keys() if key[1] in closed)
    if not pairs:
        return [about.passed("no closed day to compare yet.", "no closed day")]
    if not any(theirs.get(key) for key in pairs) and any(ours.get(key) for key in pairs):
        return [_no_control(about, control, [day for _, day in pairs])]
    found = [f for key in pairs if (f := _compared(key, ours.get(key), theirs.get(key), about, tolerance))]
    total = sum((ours.get(key, Decimal(0)) for key in pairs), Decimal(0))
    shown = about.labelled(about.amount(total))
    agreeing = "the total agrees" if len(pairs) == 1 else f"all {len(pairs)} totals agree"
    agreed = about.passed(f"{agreeing} with {control}.", shown, shown)
    return found or [agreed]


def _no_control(about: Subject, control: str, days: Sequence[date]) -> Finding:
    sentence = f"{about.name}: {control}, which states the totals, brought none for {max(days)}; nothing proves ours."
    return Finding(f"{control} {max(days)}", "failed", "critical", sentence, "no control total", "one for each day")


def _compared(
    key: tuple[str, date], ours: Decimal | None, theirs: Decimal | None, about: Subject, tolerance: Tolerance
) -> Finding | None:
    we, they = ours or Decimal(0), theirs or Decimal(0)
    difference, allowed = we - they, tolerance.allowed(they)
    if abs(difference) <= allowed:
        return None
    account, day = key
    whose = f"account {account} on " if account else ""
    factor = multiple(float(we), float(they))
    hint = f" One is exactly {factor} times the other." if factor else ""
    word = "more" if difference > 0 else "less"
    sentence = (
        f"{about.title}: for {whose}{day:%A %-d %B} the rows of {about.stream} add up to {about.amount(we)}, but "
        f"{about.title} itself states {about.amount(they)}: {about.amount(abs(difference))} {word} "
        f"(allowed: {about.amount(allowed)}).{hint}{about.note}"
    )
    least = f"{about.amount(they)}" + (f", at most {about.amount(allowed)} apart" if allowed else "")
    observed, expected = about.labelled(about.amount(we)), about.labelled(least)
    return Finding(f"{account} {day}".strip(), "failed", "critical", sentence, observed, expected)
