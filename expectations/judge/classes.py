"""Our expectations for Great Expectations: thin shells that read measurements, ask the rules, and show the findings.

Only `expectations.judge.gx` imports this module, late: Great Expectations takes seven seconds to import.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from expectations.declare.budgets import Budget
from expectations.declare.promotions import Promotion
from expectations.judge import pictures, punctuality, restatement, rules, spend, totals
from expectations.judge.judgement import Judgement
from expectations.judge.measurement import Measurements
from expectations.judge.pictures import Figure, Picture
from expectations.judge.verdict import Finding


class ExpectFieldsToArriveAsDeclared(Judgement):
    """Schema drift."""

    keys: dict[str, bool]
    types: dict[str, str]

    sentence = "$subject: every field that the source promised arrives, under its name and in its type."

    def findings(self, m: Measurements) -> list[Finding]:
        return rules.schema_drift(m, self.about, keys=self.keys, fields=self.types)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.field_bars(m, findings)


class ExpectEverythingToArriveOnce(Judgement):
    """Duplicate loads."""

    window: str

    sentence = "$subject: no file and no row of a sync arrives twice."

    def findings(self, m: Measurements) -> list[Finding]:
        return rules.duplicate_load(m, self.about, label=self.window)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.arrivals(m)

    def figure(self, m: Measurements, findings: list[Finding]) -> Figure:
        return Figure("rows that came twice", m.number("duplicate_rows"), high=0)


class ExpectUsualShareOfEmptyCells(Judgement):
    """Null spikes."""

    required: list[str]
    most: dict[str, float]
    keys: dict[str, bool] = {}  # noqa: RUF012 - the library's models copy their defaults
    carried: dict[str, str] = {}  # noqa: RUF012

    sentence = (
        "$subject: keys and required fields are never empty, and no other field is empty more often than in the "
        "28 days before."
    )

    def findings(self, m: Measurements) -> list[Finding]:
        told = rules.changed_fields(m, self.keys)
        changed = [name for name, key in self.carried.items() if key in told or name in told]
        return rules.null_spikes(m, self.about, required=self.required, most=self.most, changed=changed)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.empty_bars(m, self.most, self.required)

    def figure(self, m: Measurements, findings: list[Finding]) -> Figure:
        return pictures.fullest(self.pictures(m, findings))


class ExpectUsualSpend(Judgement):
    """Spend anomalies."""

    closed: list[str]
    calendar: tuple[tuple[str, str, str, str], ...] = ()
    budgets: tuple[tuple[str, str, str, str], ...] = ()
    absolute: str = "0"
    share: str = "0"

    sentence = (
        "$subject: each account spends what is usual for the weekday at last week's level, and pays the usual price "
        "per click; what the calendar of promotions allows is usual. The month keeps to its budget, where there is one."
    )
    reads_campaigns = True

    def findings(self, m: Measurements) -> list[Finding]:
        known, planned = _known(self.calendar), _planned(self.budgets)
        allowed, days = totals.Tolerance(Decimal(self.absolute), Decimal(self.share)), _days(self.closed)
        wrong = totals.wrong_totals(m, allowed, days)
        return spend.spend_anomaly(m, self.about, closed=days, calendar=known, budgets=planned, wrong=wrong)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        lines = spend.lines(m, self.about, closed=_days(self.closed), calendar=_known(self.calendar))
        return pictures.spend_lines(lines, findings)


class ExpectControlTotalsToBeMet(Judgement):
    """Reconciliation against what the source itself states."""

    closed: list[str]
    control: str
    absolute: str
    share: str

    sentence = "$subject: for each account and day, our rows add up to the total that the source itself states."

    def findings(self, m: Measurements) -> list[Finding]:
        allowed = totals.Tolerance(Decimal(self.absolute), Decimal(self.share))
        return totals.reconciliation(m, self.about, control=self.control, tolerance=allowed, closed=_days(self.closed))

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.total_bars(m, findings, _days(self.closed))

    def figure(self, m: Measurements, findings: list[Finding]) -> Figure:
        return pictures.apart(m, _days(self.closed))

    def told(self, m: Measurements) -> list[str]:
        return totals.sentences(m, defaultdict(lambda: self.title), _days(self.closed))


class ExpectMartsToHoldWhatWasRead(Judgement):
    """Reconciliation of the marts and of the release with our rows."""

    closed: list[str]
    titles: dict[str, str]

    sentence = "$subject: for each account and day, every cent between our rows, the marts and the release has a name."

    def findings(self, m: Measurements) -> list[Finding]:
        return totals.marts_reconciliation(m, self.about, titles=self.titles, closed=_days(self.closed))

    def told(self, m: Measurements) -> list[str]:
        return totals.sentences(m, self.titles, _days(self.closed))


class ExpectOldDaysToStay(Judgement):
    """Restatements."""

    look_back: int

    sentence = "$subject: no day changes that is older than the look-back which the source declares."

    def findings(self, m: Measurements) -> list[Finding]:
        return restatement.restatement(m, self.about, look_back=self.look_back)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.changed_bars(m)


class ExpectExtractsInTime(Judgement):
    """Slow extracts."""

    sentence = "$subject: 99 % of the scheduled extracts of each source are complete within its declared minutes."

    def findings(self, m: Measurements) -> list[Finding]:
        return punctuality.slow_extracts(m, self.about)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.punctual_bars(m)


class ExpectDaysToBeClosedInTime(Judgement):
    """Missed deadlines."""

    sentence = "$subject: the final figures of a day are published by 07:00 UTC of the next."

    def findings(self, m: Measurements) -> list[Finding]:
        return punctuality.missed_deadline(m, self.about)


def _days(texts: list[str]) -> set[date]:
    return {date.fromisoformat(text) for text in texts}


def _known(calendar: tuple[tuple[str, str, str, str], ...]) -> tuple[Promotion, ...]:
    return tuple(
        Promotion(date.fromisoformat(first), date.fromisoformat(last), name, float(multiplier))
        for first, last, name, multiplier in calendar
    )


def _planned(budgets: tuple[tuple[str, str, str, str], ...]) -> tuple[Budget, ...]:
    return tuple(Budget(date.fromisoformat(month), source, account, float(n)) for month, source, account, n in budgets)


BY_CHECK: dict[str, type[Judgement]] = {
    "schema_drift": ExpectFieldsToArriveAsDeclared,
    "duplicate_load": ExpectEverythingToArriveOnce,
    "null_spike": ExpectUsualShareOfEmptyCells,
    "spend_anomaly": ExpectUsualSpend,
    "reconciliation": ExpectControlTotalsToBeMet,
    "reconciliation of marts": ExpectMartsToHoldWhatWasRead,
    "restatement": ExpectOldDaysToStay,
    "slow_extract": ExpectExtractsInTime,
    "missed_deadline": ExpectDaysToBeClosedInTime,
}
