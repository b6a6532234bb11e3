"""The one place that runs Great Expectations: suites over frames of measurements, results as JSON, verdicts.

Imported late inside the functions (seven seconds). The context lives in memory; the result format keeps no
value of a row, and the text of an exception is cut to its first line before anything is stored.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expectations.declare.personal import scrubbed, without_quotes
from expectations.judge.suites import AtLeast, Planned, Suite
from expectations.judge.verdict import Finding, State, Subject, Verdict, bad

if TYPE_CHECKING:
    import pandas as pd

# Measured: leaves our findings in the result, and no value of a column.
RESULT_FORMAT = {"result_format": "BASIC", "exclude_unexpected_values": True, "partial_unexpected_count": 0}


@dataclass(frozen=True)
class Judged:
    """A suite after its run: what Great Expectations says (JSON), and the verdicts read from it."""

    suite: Suite
    result: dict[str, Any]
    verdicts: tuple[Verdict, ...]


def run(suites: Sequence[tuple[Suite, pd.DataFrame]]) -> tuple[Judged, ...]:
    """Run every suite on its frame of measurements."""
    with quiet():
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral", project_config=in_memory())
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas("measurements")
        return tuple(_run(gx, source, suite, frame) for suite, frame in suites)


def in_memory() -> Any:  # noqa: ANN401 - an untyped library
    """The settings of a context that leaves nothing on the disk."""
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    # The default invents a docs site in the temporary directory, and says so on the console.
    return DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False))


def _run(gx: Any, source: Any, suite: Suite, frame: pd.DataFrame) -> Judged:  # noqa: ANN401 - an untyped library
    asset = source.add_dataframe_asset(suite.name)
    batch = asset.add_batch_definition_whole_dataframe("window").get_batch({"dataframe": frame})
    stored = gx.ExpectationSuite(name=suite.name, expectations=[_expectation(p) for p in suite.planned])
    result = scrubbed(_without_tracebacks(batch.validate(stored, result_format=RESULT_FORMAT).to_json_dict()))
    return Judged(suite, result, tuple(verdicts(suite, result)))


def _expectation(planned: Planned | AtLeast) -> Any:  # noqa: ANN401
    import great_expectations.expectations as gxe

    from expectations.judge.classes import BY_CHECK

    if isinstance(planned, Planned):
        made = BY_CHECK[f"{planned.check} {planned.what}".rstrip()]
        return made(**planned.arguments, severity=planned.severity, meta={"check": planned.check})
    return gxe.ExpectColumnSumToBeBetween(
        column="value",
        min_value=planned.least,
        max_value=planned.most,
        row_condition=f'metric == "{planned.metric}" and role == "now"',
        condition_parser="pandas",
        description=planned.sentence,
        severity=planned.severity,
        meta={"check": planned.check, "sentence": planned.sentence, "scope": planned.scope},
    )


def verdicts(suite: Suite, result: Mapping[str, Any]) -> Iterator[Verdict]:
    """One verdict per finding; an expectation that raised is `errored`, which is not `failed`."""
    subject = Subject(suite.source, suite.model, suite.owner, suite.window)
    for outcome in result["results"]:
        check = outcome["expectation_config"]["meta"]["check"]
        for finding in _gravest(_findings(outcome, suite)):
            yield subject.verdict(check, finding)


def _gravest(findings: Sequence[Finding]) -> list[Finding]:
    """One finding per scope, the gravest: a scope is judged once by each check."""
    order = ("errored", "failed", "warned", "learning", "passed")
    kept: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda f: order.index(f.state)):
        kept.setdefault(finding.scope, finding)
    return [finding for finding in findings if kept[finding.scope] is finding]


def _findings(outcome: Mapping[str, Any], suite: Suite) -> list[Finding]:
    config, raised = outcome["expectation_config"], _raised(outcome.get("exception_info", {}))
    severity = config.get("severity", "critical")
    if raised:
        sentence = f"{suite.title}: the check {config['meta']['check']} could not be evaluated ({raised})."
        return [Finding(suite.model, "errored", severity, sentence, raised, "an evaluated check")]
    if "sentence" not in config["meta"]:
        return [Finding(**finding) for finding in outcome["result"]["details"]["findings"]]
    return [_stock_finding(outcome)]


def _stock_finding(outcome: Mapping[str, Any]) -> Finding:
    config = outcome["expectation_config"]
    promise, severity = config["meta"]["sentence"], config.get("severity", "critical")
    seen = f"{float(outcome['result'].get('observed_value') or 0):,.0f}"
    least, most = config["kwargs"].get("min_value"), config["kwargs"].get("max_value")
    limits = f"at least {least:,.0f}" if least is not None else f"at most {most:,.0f}"
    state: State = "passed" if outcome["success"] else bad(severity)
    sentence = promise if state == "passed" else f"Not true: {promise}"
    return Finding(config["meta"]["scope"], state, severity, sentence, seen, limits)


def _raised(info: Mapping[str, Any]) -> str:
    """The first exception message; the library nests them by metric where a metric failed."""
    if info.get("raised_exception"):
        return str(info.get("exception_message", ""))
    nested = (_raised(value) for value in info.values() if isinstance(value, Mapping))
    return next((message for message in nested if message), "")


def _without_tracebacks(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_without_tracebacks(item) for item in value]
    if not isinstance(value, dict):
        return value
    clean = {key: _without_tracebacks(item) for key, item in value.items()}
    if clean.get("exception_traceback"):
        clean["exception_traceback"] = ""
    if clean.get("exception_message"):
        clean["exception_message"] = without_quotes(str(clean["exception_message"]))[:200]
    return clean


@contextmanager
def quiet() -> Iterator[None]:
    """Without the log lines and progress bars of the library."""
    # Importing our classes logs "Overwriting declaration"; the bars of tqdm would stripe the demo.
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the pinned library, not ours to repair
            yield
    finally:
        logger.setLevel(level)
