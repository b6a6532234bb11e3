"""One fault as a promise: what is wrong, what the pipeline does about it, who hears of it, and how it heals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from deployments.local.saas.simulation import Fault
from expectations.judge.verdict import Severity

# Nearly all of it lies within the look-back of the last sync, so that a world read at once equals one read day by day,
# whatever is renamed or restated meanwhile.
HISTORY = date(2026, 10, 16), date(2026, 11, 8)
FIRST = date(2026, 11, 9)
LAST = date(2026, 11, 17)


def day(number: int) -> date:
    """The day of November on which a fault happens."""
    return FIRST + timedelta(days=number - FIRST.day)


class Recovery(Enum):
    """What ends a fault; the value is said in the table where a case says nothing more exact."""

    NONE = "nothing to do"
    REPAIRED = "the source is repaired, then refreshed again"
    DISMISSED = "somebody dismisses the object, then the source is refreshed again"
    NEXT = "the next regular refresh"
    LASTING = "once the source is repaired, the next refresh"
    TRUTH = "nothing to do: it is what the source says now"


@dataclass(frozen=True)
class Told:
    """The finding that somebody is told: its check, how grave it is, and words of its sentence."""

    check: str
    severity: Severity
    says: str = ""


@dataclass(frozen=True)
class Expected:
    """What one refresh shows at once.

    `jobs` are the ends of the jobs that Airbyte ran for it and its recovery, `tried` words of the error of a try that
    the step repeated by itself, `error` words of the error that ended the refresh, `quarantined` the least lines.
    """

    jobs: tuple[str, ...] = ("succeeded",)
    tried: str = ""
    error: str = ""
    quarantined: int = 0


@dataclass(frozen=True)
class Case:
    """A fault of one source on one day. `wrong`, `does` and `heals` are the words of the table.

    `told_on` is the day whose refresh tells it, where that is not its own.
    """

    name: str
    source: str
    day: date
    faults: tuple[Fault, ...]
    wrong: str
    does: str
    told: Told | None = None
    told_on: date | None = None
    heals: str = ""
    recovery: Recovery = Recovery.NONE
    expected: Expected = Expected()
    extract_within: float = 0.0
    request_seconds: float = 0.0

    @property
    def stays(self) -> bool:
        """Whether its faults outlive the day."""
        return self.recovery in (Recovery.LASTING, Recovery.TRUTH)

    @property
    def who(self) -> str:
        """Who hears of it, in words."""
        if self.told:
            return f"the source's owner: `{self.told.check}`, {self.told.severity}"
        if self.expected.error:
            return f"the run fails: `{self.expected.error.partition(':')[0]}`"
        return "nobody"

    @property
    def healing(self) -> str:
        """How it heals, in words."""
        return self.heals or self.recovery.value


def fault(name: str, source: str, on: int | date, stream: str = "", **parameters: object) -> Fault:
    """A switch for a day of November."""
    return Fault(name, source, stream, str(day(on) if isinstance(on, int) else on), parameters)
