"""What may be removed, by kind: the common words of `prune` and its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Leftover:
    """One thing that may go: a key, a path or a run; `bytes` is 0 where it cannot be known."""

    name: str
    bytes: int
    at: datetime


@dataclass(frozen=True)
class Prunable:
    """Everything of one kind that may go, in the order of removal, and how long that kind is kept."""

    kind: str
    kept: str
    leftovers: tuple[Leftover, ...] = field(repr=False)
    note: str = ""

    @property
    def bytes(self) -> int:
        """Their size together."""
        return sum(leftover.bytes for leftover in self.leftovers)

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The oldest and the newest; None where there is nothing."""
        times = [leftover.at for leftover in self.leftovers]
        return (min(times), max(times)) if times else None
