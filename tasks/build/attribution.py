"""The attribution rules as values, and the SQL that follows from them: for `plumbline try`, which has no dbt run.

The meaning is in dbt/macros/attribution.sql, which fct_attribution uses too; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from expectations.declare.errors import Misconfigured
from tasks.build.macros import compiled


@dataclass(frozen=True)
class AttributionRules:
    """What may differ from the agreed rules; days, and `position` in per cent for first, middle and last touches."""

    window_days: int = 30
    view_window_days: int = 0
    half_life_days: float = 7.0
    position: tuple[int, int, int] = (40, 20, 40)

    def __post_init__(self) -> None:
        """Raises `Misconfigured` for rules under which no credit can be given."""
        _require(self.window_days >= 0, "the window is negative", "Write a number of days from 0")
        _require(self.view_window_days >= 0, "the window of views is negative", "Write 0 to leave views out")
        _require(0 < self.half_life_days < float("inf"), "the half-life is not positive", "Write days, such as 7")
        whole = min(self.position) >= 0 and sum(self.position) == 100 and self.position[0] + self.position[2] > 0
        _require(whole, "the position weights are no shares of 100", "Write three, such as 40,20,40")


def credits_sql(touches: str, conversions: str, entries: str, rules: AttributionRules) -> str:
    """The select that gives one row per entry, model and touch; the relations are described in the macro."""
    chosen = asdict(rules) | {"position": list(rules.position)}
    return compiled("attribution_credits", touches, conversions, entries, **chosen)


def _require(holds: bool, what: str, do: str) -> None:
    if not holds:
        raise Misconfigured(what, do=do)
