"""The check of totals per account and day: what the source states itself against the sum of its rows.

And on to the marts and to readers: between two checkpoints every cent has a name, or somebody is told which has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from expectations.judge.measurement import COVERED, Measurements
from expectations.judge.reconcile.items import Waterfalls, waterfalls
from expectations.judge.reconcile.waterfall import Figure
from expectations.judge.rules import Subject, money
from expectations.judge.verdict import Finding

# Finance's tolerance of an account and day: a dollar, or a hundredth of a per cent.
LEAST_AMOUNT, LEAST_SHARE = Decimal(1), Decimal("0.0001")
BEHIND_OUR_ROWS = ("landed", "raw", "mart")  # what lies before them is judged when the source is refreshed


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
    why = _sentences(m, about, closed)
    compared = ((key, _compared(key, ours.get(key), theirs.get(key), about, tolerance)) for key in pairs)
    found = [replace(f, sentence=" ".join([f.sentence, *why.get(_place(key), ())])) for key, f in compared if f]
    total = sum((ours.get(key, Decimal(0)) for key in pairs), Decimal(0))
    shown = about.labelled(about.amount(total))
    agreeing = "the total agrees" if len(pairs) == 1 else f"all {len(pairs)} totals agree"
    agreed = about.passed(f"{agreeing} with {control}.", shown, shown)
    return found or [agreed]


def wrong_totals(m: Measurements, tolerance: Tolerance, closed: Collection[date]) -> set[tuple[str, date]]:
    """Accounts and days whose rows do not add up to what the source states, of this stream or one that it covers."""
    sides = [m.by_account_day(f"{who}_{side}") for side in ("ours", "theirs") for who in ("reconcile", COVERED)]
    ours, theirs = sides[0] | sides[1], sides[2] | sides[3]
    pairs = [key for key in ours.keys() | theirs.keys() if key[1] in closed]
    none = Decimal(0)
    return {
        _place(key)
        for key in pairs
        if abs(ours.get(key, none) - theirs.get(key, none)) > tolerance.allowed(theirs.get(key, none))
    }


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


def _place(key: tuple[str, date]) -> tuple[str, date]:
    """The account without what stands behind it, and the day."""
    return key[0].partition(" ")[0], key[1]


def _sentences(m: Measurements, about: Subject, closed: Collection[date]) -> dict[tuple[str, date], list[str]]:
    known, found = waterfalls(m), defaultdict(list)
    for figure in known.figures(closed):
        found[figure.account, figure.date].append(f"{known.told(figure, about.title)}.")
    return found


def sentences(m: Measurements, titles: Mapping[str, str], closed: Collection[date]) -> list[str]:
    """One sentence for each figure of these days, from what readers see to what the source says now."""
    known = waterfalls(m)
    return [known.told(figure, titles[figure.source]) for figure in known.figures(closed)]


def marts_reconciliation(
    m: Measurements, about: Subject, *, titles: Mapping[str, str], closed: Collection[date]
) -> list[Finding]:
    """Our rows of each account and closed day against the marts that are built of them and the release of readers.

    A source of which nothing is known of a closed day, but of the two days before, is named with its accounts.
    """
    known = waterfalls(m)
    figures = [figure for figure in known.figures(closed) if (figure, "mart") in known.found.totals]
    found = [f for figure in figures if (f := _lost(known, figure, titles[figure.source]))]
    cents = f"every cent of {len(figures)} account-days has a name between our rows and what readers see."
    found += [f for day in sorted(closed) for f in _unread(known, day, titles)]
    return found or [about.passed(cents, f"{len(figures)} account-days", "nothing unexplained")]


def _unread(known: Waterfalls, day: date, titles: Mapping[str, str]) -> Iterator[Finding]:
    earlier = (day - timedelta(days=1), day - timedelta(days=2))
    read, one, two = ({f.source for f in known.figures({at})} for at in (day, *earlier))
    for source in sorted((one & two) - read):
        known_then = ({f.account for f in known.figures({at}) if f.source == source} for at in earlier)
        accounts = sorted(set.intersection(*known_then) - {""})
        whose = f" of {', '.join(accounts)}" if accounts else ""
        sentence = f"{titles[source]}: {day:%A %-d %B}{whose} is not reconciled, because nothing was read of it yet."
        yield Finding(f"{source} {day}", "warned", "warning", sentence, "nothing read", "a total of each account")


def _lost(known: Waterfalls, figure: Figure, title: str) -> Finding | None:
    left = known.unexplained(figure, BEHIND_OUR_ROWS)
    allowed = Tolerance(LEAST_AMOUNT, LEAST_SHARE).allowed(known.total(figure))
    if left <= allowed:
        return None
    scope = f"{figure.source} {figure.account} {figure.date}"
    sentence = f"{known.told(figure, title)}. Nothing explains {money(left)} between our rows and what readers see."
    return Finding(scope, "failed", "critical", sentence, f"{money(left)} unexplained", f"at most {money(allowed)}")


def multiple(ours: float, theirs: float) -> int | None:
    """k where one total is k times the other to within 0.1 % (k 2 to 10, or a power of ten up to 10^7)."""
    if min(ours, theirs) <= 0:
        return None
    ratio = max(ours, theirs) / min(ours, theirs)
    candidates = (*range(2, 11), *(10**n for n in range(2, 8)))
    return next((k for k in candidates if abs(ratio / k - 1) <= 0.001), None)
