"""Our expectations for Great Expectations: thin shells that read measurements, ask the rules, and show the findings.

Only `expectations.judge.gx` imports this module, late: Great Expectations takes seven seconds to import.
Renderers use fixed templates with parameters, because parameters are escaped and templates are not.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.render import RenderedStringTemplateContent, RenderedTableContent
from great_expectations.render.renderer.renderer import renderer

from expectations.declare.budgets import Budget
from expectations.declare.promotions import Promotion
from expectations.judge import pictures, punctuality, restatement, rules, spend, totals
from expectations.judge.drawing import drawn
from expectations.judge.measurement import BY_CAMPAIGN, Measurements
from expectations.judge.pictures import Figure, Picture
from expectations.judge.verdict import Finding

TOLD_AT_MOST = 60
_HEADINGS = ("State", "Where", "Seen", "Expected", "In words")


class Judgement(BatchExpectation):  # type: ignore[misc] # the library is untyped
    """What the five have in common for the library: how findings become a result, and a result a page."""

    title: str
    stream: str
    history_days: int = 0
    unit: str = ""

    sentence: ClassVar[str] = ""
    reads_campaigns: ClassVar[bool] = False  # the history by campaign is long, and one check reads it

    @property
    def about(self) -> rules.Subject:
        """Who is judged."""
        return rules.Subject(self.title, self.stream, self.history_days, self.unit)

    @abstractmethod
    def findings(self, m: Measurements) -> list[Finding]:
        """What the rules say."""

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        """What they looked at, to be drawn; nothing where a sentence says it all."""
        return []

    def figure(self, m: Measurements, findings: list[Finding]) -> Figure:
        """The one number that the history of the check shows."""
        return pictures.worst(findings)

    def told(self, m: Measurements) -> list[str]:
        """What is said of each figure that was judged, good or bad; nothing where the findings say it all."""
        return []

    def _validate(
        self,
        metrics: Any,  # noqa: ANN401 - the signature is the library's
        runtime_configuration: Any = None,  # noqa: ANN401
        execution_engine: Any = None,  # noqa: ANN401
    ) -> dict[str, Any]:
        frame = execution_engine.get_domain_records({})
        if not self.reads_campaigns:
            frame = frame[~frame["metric"].astype(str).str.startswith(BY_CAMPAIGN)]
        m = Measurements.of(frame.to_dict("records"))
        found = self.findings(m)
        failing = [f for f in found if not f.good and f.severity != "info"]
        observed = f"{len(failing)} to look at" if failing else "nothing to look at"
        details = {
            "findings": [asdict(f) for f in found],
            "pictures": [asdict(picture) for picture in self.pictures(m, found)],
            "figure": asdict(self.figure(m, found)),
            "told": self.told(m)[:TOLD_AT_MOST],
        }
        return {"success": not failing, "result": {"observed_value": observed, "details": details}}

    @classmethod
    @renderer(renderer_type="renderer.prescriptive")  # type: ignore[untyped-decorator]
    def _prescriptive_renderer(cls, configuration: Any = None, **_: Any) -> list[Any]:  # noqa: ANN401
        params = {"subject": f"{configuration.kwargs['title']}, {configuration.kwargs['stream']}"}
        return [_text(cls.sentence, params)]

    @classmethod
    @renderer(renderer_type="renderer.diagnostic.observed_value")  # type: ignore[untyped-decorator]
    def _diagnostic_observed_value_renderer(cls, result: Any = None, **_: Any) -> Any:  # noqa: ANN401
        found = result.result.get("details", {}).get("findings", [])
        if not found:
            return _text("could not be evaluated", {})
        keys = ("shown", "scope", "observed", "expected", "sentence")
        rows = [[_cell(str(getattr(Finding(**finding), key)), key) for key in keys] for finding in found]
        table = RenderedTableContent(
            content_block_type="table",
            header_row=list(_HEADINGS),
            table=rows,
            styling={"body": {"classes": ["findings"]}},
        )
        stored, told = (result.result["details"].get(name, []) for name in ("pictures", "told"))
        images = (_text(made.template, made.params) for made in map(drawn, map(Picture.of, stored)))
        return [table, *_listed(told), *images]


def _text(template: str, params: dict[str, str]) -> Any:  # noqa: ANN401
    body = {"template": template, "params": params}
    return RenderedStringTemplateContent(content_block_type="string_template", string_template=body)


def _listed(told: list[str]) -> list[Any]:
    """A table with a sentence in each row."""
    if not told:
        return []
    table = RenderedTableContent(
        content_block_type="table",
        header_row=["Each account and day"],
        table=[[_cell(sentence, "sentence")] for sentence in told],
        styling={"body": {"classes": ["told"]}},
    )
    return [table]


def _cell(value: str, key: str) -> Any:  # noqa: ANN401
    classes = ["state", value] if key == "shown" else [key]
    body = {"template": "$value", "params": {"value": value}, "styling": {"classes": classes}}
    return RenderedStringTemplateContent(content_block_type="string_template", string_template=body)


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

    sentence = (
        "$subject: keys and required fields are never empty, and no other field is empty more often than in the "
        "28 days before."
    )

    def findings(self, m: Measurements) -> list[Finding]:
        return rules.null_spikes(m, self.about, required=self.required, most=self.most)

    def pictures(self, m: Measurements, findings: list[Finding]) -> list[Picture]:
        return pictures.empty_bars(m, self.most, self.required)

    def figure(self, m: Measurements, findings: list[Finding]) -> Figure:
        return pictures.fullest(self.pictures(m, findings))


class ExpectUsualSpend(Judgement):
    """Spend anomalies."""

    closed: list[str]
    calendar: tuple[tuple[str, str, str, str], ...] = ()
    budgets: tuple[tuple[str, str, str, str], ...] = ()

    sentence = (
        "$subject: each account spends what is usual for the weekday at last week's level, and pays the usual price "
        "per click; what the calendar of promotions allows is usual. The month keeps to its budget, where there is one."
    )
    reads_campaigns = True

    def findings(self, m: Measurements) -> list[Finding]:
        known, planned = _known(self.calendar), _planned(self.budgets)
        return spend.spend_anomaly(m, self.about, closed=_days(self.closed), calendar=known, budgets=planned)

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
