"""What our expectations have in common for Great Expectations: how findings become a result, and a result a page.

Renderers use fixed templates with parameters, because parameters are escaped and templates are not.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import asdict
from typing import Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.render import RenderedStringTemplateContent, RenderedTableContent
from great_expectations.render.renderer.renderer import renderer

from expectations.judge import pictures, rules
from expectations.judge.drawing import drawn
from expectations.judge.measurement import BY_CAMPAIGN, Measurements
from expectations.judge.pictures import Figure, Picture
from expectations.judge.verdict import Finding

TOLD_AT_MOST = 60
_HEADINGS = ("State", "Where", "Seen", "Expected", "In words")


class Judgement(BatchExpectation):  # type: ignore[misc] # the library is untyped
    """An expectation about measurements; a class of `classes` says what its findings are."""

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
