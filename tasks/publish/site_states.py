"""What the site remembers of each window: one small file beside its pages, so that an index never reads results.

The overview, the months and the histories are made of these files alone. A file also says which state of the results
and of the templates it was made from: a window whose folder has not changed since is not looked at again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

WORST_FIRST = ("errored", "failed", "warned", "noted", "learning", "passed")
CLEAN = frozenset({"passed", "learning"})
OPEN_KEPT = 20  # open findings of one suite; its page has all of them
_LABEL = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?(T\d{4})?")


@dataclass(frozen=True)
class Open:
    """A finding that somebody should look at."""

    check: str
    scope: str
    state: str
    severity: str
    sentence: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same finding on another day."""
        return (self.check, _undated(self.scope))


@dataclass(frozen=True)
class CheckState:
    """One check of a suite: its gravest state, and its number with the values between which it is fine."""

    check: str
    state: str
    severity: str
    name: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class SuiteState:
    """One suite of one window."""

    name: str
    title: str
    source: str
    owner: str
    judged_at: str
    counts: list[tuple[str, int]]
    checks: list[CheckState]
    open: list[Open]
    label: str = ""
    page: bool = True  # False once its page was thinned

    @property
    def clean(self) -> bool:
        """Whether nobody has to look at it."""
        return {state for state, _ in self.counts} <= CLEAN

    @property
    def state(self) -> str:
        """The gravest of its states."""
        return self.counts[0][0] if self.counts else "passed"

    @property
    def address(self) -> str:
        """Its page, or its place on the page of the window; below `data-docs/`."""
        return f"{self.label}/{self.name}.html" if self.page else f"{self.label}/index.html#{self.source}"


@dataclass(frozen=True)
class WindowState:
    """One window; `others` are findings of checks without a suite, `made_from` what its pages were made from."""

    label: str
    suites: list[SuiteState]
    others: list[dict[str, str]] = field(default_factory=list)
    made_from: str = ""

    @property
    def day(self) -> str:
        """The day that it is about; a window of several whole days is about itself."""
        return day_of(self.label)

    @property
    def month(self) -> str:
        """The month in which it ends."""
        return self.day[-10:-3]


def day_of(label: str) -> str:
    """The row of the overview that a window belongs to: a refresh within a day belongs to the day that it began."""
    found = _LABEL.fullmatch(label)
    return found[1] if found and (found[3] or not found[2]) else label


def last_day(label: str) -> date:
    """The last day of a row, to sort rows by."""
    return date.fromisoformat(day_of(label)[-10:])


def shown_state(verdict: Mapping[str, str]) -> str:
    """The state for readers: what is only information is noted, whatever the check called it."""
    noted = verdict["state"] == "warned" and verdict["severity"] == "info"
    return "noted" if noted else verdict["state"]


def is_open(verdict: Mapping[str, str]) -> bool:
    """Whether somebody should look at it."""
    return shown_state(verdict) not in ("passed", "learning", "noted")


def counted(verdicts: Iterable[Mapping[str, str]]) -> list[tuple[str, int]]:
    """How many verdicts there are of each state, the gravest first."""
    found = Counter(shown_state(verdict) for verdict in verdicts)
    return [(state, found[state]) for state in WORST_FIRST if found[state]]


def suite_state(body: Mapping[str, Any]) -> SuiteState:
    """From a stored result."""
    verdicts = body["verdicts"]
    kept = [Open(v["check"], v["scope"], shown_state(v), v["severity"], v["sentence"]) for v in verdicts if is_open(v)]
    return SuiteState(
        name=body["suite"],
        title=body["title"],
        source=body["suite"].partition(".")[0],
        owner=body["owner"],
        judged_at=body["judged_at"],
        counts=counted(verdicts),
        checks=[_check_state(outcome, verdicts) for outcome in body["result"]["results"]],
        open=sorted(kept, key=lambda o: WORST_FIRST.index(o.state))[:OPEN_KEPT],
        label=body["window"],
    )


def _check_state(outcome: Mapping[str, Any], verdicts: Iterable[Mapping[str, str]]) -> CheckState:
    config, result = outcome["expectation_config"], outcome.get("result") or {}
    check, scope = config["meta"]["check"], config["meta"].get("scope")
    mine = [v for v in verdicts if v["check"] == check and scope in (None, v["scope"])]
    states = {shown_state(v) for v in mine}
    state = next((s for s in WORST_FIRST if s in states), "passed")
    return CheckState(check, state, config.get("severity", "critical"), **_figure(config, result))


def _figure(config: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """The number of a check: what its class says, or what a stock expectation observed."""
    if "details" in result:
        figure: dict[str, Any] = result["details"].get("figure") or {}
        return figure
    seen = result.get("observed_value")
    if not isinstance(seen, int | float):
        return {}
    limits = {"low": config["kwargs"].get("min_value"), "high": config["kwargs"].get("max_value")}
    counted_thing = "hours behind" if config["meta"]["check"] == "freshness" else "rows"
    return {"name": f"{counted_thing} of {_undated(config['meta']['scope'])}", "value": float(seen), **limits}


def _undated(scope: str) -> str:
    return re.sub(r"\s?\d{4}-\d\d-\d\d\S*", "", scope)


def read(path: Path) -> WindowState:
    """From the file beside the pages."""
    body = json.loads(path.read_text())
    return WindowState(body["label"], [_suite(s) for s in body["suites"]], body["others"], body["made_from"])


def _suite(body: dict[str, Any]) -> SuiteState:
    checks = [CheckState(**check) for check in body["checks"]]
    found = [Open(**one) for one in body["open"]]
    return SuiteState(**{**body, "counts": [(s, n) for s, n in body["counts"]], "checks": checks, "open": found})


def text(state: WindowState) -> str:
    """The file's text; numbers that nobody has are left out."""
    body = asdict(state)
    for suite in body["suites"]:
        suite["checks"] = [{k: v for k, v in check.items() if v not in (None, "")} for check in suite["checks"]]
    return json.dumps(body, separators=(",", ":"))
