"""Whether what was promised about time was kept: extracts within their minutes, closed days by the hour."""

from __future__ import annotations

from decimal import Decimal

from expectations.judge.measurement import Measurements
from expectations.judge.rules import Subject
from expectations.judge.verdict import Finding

SHARE_PROMISED = Decimal("0.99")
DAYS = 7
# Below that one late run would break the promise alone; half-hourly runs make as many in two days.
RUNS_NEEDED = 100


def slow_extracts(m: Measurements, about: Subject) -> list[Finding]:
    """Per source the share of scheduled runs of the last days that were extracted in time."""
    decided, in_time = _sums(m, "extracts_decided"), _sums(m, "extracts_in_time")
    found = [_share(source, int(runs), int(in_time.get(source, 0))) for source, runs in sorted(decided.items()) if runs]
    return found or [about.passed("no run was started by a schedule yet.", "no scheduled run")]


def _share(source: str, runs: int, in_time: int) -> Finding:
    share, expected = Decimal(in_time) / runs, f"at least {SHARE_PROMISED:.0%} of at least {RUNS_NEEDED} runs"
    told = f"{in_time:,} of {runs:,} ({share:.1%})"
    sentence = f"{source}: {told} scheduled extracts of the last {DAYS} days were complete in time"
    if runs < RUNS_NEEDED:
        return Finding(source, "learning", "info", f"{sentence}; too few to judge yet.", told, expected)
    if share >= SHARE_PROMISED:
        return Finding(source, "passed", "info", f"{sentence}.", told, expected)
    return Finding(source, "warned", "warning", f"{sentence}; {SHARE_PROMISED:.0%} are promised.", told, expected)


def missed_deadline(m: Measurements, about: Subject) -> list[Finding]:
    """Whether the newest day that was due had its final release by 07:00 UTC."""
    closed = m.by_account_day("closed_in_time")
    if not closed:
        return [about.passed("no day was due to be closed by a schedule yet.", "no day due")]
    (_, day), kept = max(closed.items(), key=lambda item: item[0][1])
    expected = "a final release by 07:00 UTC of the next day"
    if kept:
        sentence = f"The final figures of {day} were published by 07:00 UTC."
        return [Finding("07:00 UTC", "passed", "info", sentence, "published", expected)]
    sentence = (
        f"The final figures of {day} were not published by 07:00 UTC of the next day: late, held, or never closed."
    )
    return [Finding("07:00 UTC", "warned", "warning", sentence, "not published", expected)]


def _sums(m: Measurements, metric: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for (source, _), value in m.by_account_day(metric).items():
        sums[source] = sums.get(source, Decimal(0)) + value
    return sums
