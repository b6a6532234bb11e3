"""Writes the watched figures of a stream: per account and day, with the level that the last 28 days suggest.

Baseline: the median of the last 28 days, each divided by the factor of its weekday, times the factor of the
day itself. The factor of a weekday is its median over the overall median, within 0.5 and 2; 1 below 14 days.
"""

from __future__ import annotations

from dataclasses import dataclass

from deployments.render.text import filled
from expectations.declare.stream import Stream

HISTORY_DAYS = 28
FACTOR_FROM_DAYS = 14


@dataclass(frozen=True)
class Step:
    """The CTEs of one part, and the name of the last of them."""

    name: str
    text: str


def watch_step(stream: Stream) -> Step | None:
    """The figures under a band, or nothing where the stream declares none."""
    if not stream.watch:
        return None
    metrics = [
        {"name": name, "column": stream.fields[watched.field].column, "scale": f"{watched.scale:f}"}
        for name, watched in stream.watch.metrics.items()
    ]
    text = filled(
        "watch",
        s=stream.name,
        current=stream.current_model,
        account=stream.fields[stream.watch.account].column,
        day=stream.fields[stream.watch.day].column,
        metrics=metrics,
        days=HISTORY_DAYS,
        factor_days=FACTOR_FROM_DAYS,
    )
    return Step(f"{stream.name}_watched", text)
