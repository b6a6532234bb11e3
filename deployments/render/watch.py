"""Writes the watched figures of a stream: per account and day, and per campaign where the stream names one.

What is usual is not decided here: the check reads the same figures of earlier windows (`expectations.judge.ladder`).
"""

from __future__ import annotations

from dataclasses import dataclass

from deployments.render.text import filled
from expectations.declare.stream import Stream
from expectations.judge.ladder.bounds import LEARNING_DAYS
from expectations.judge.measurement import BY_CAMPAIGN


@dataclass(frozen=True)
class Step:
    """The CTEs of one part, and the name of the last of them."""

    name: str
    text: str


def watch_step(stream: Stream) -> Step | None:
    """The watched figures, or nothing where none is declared; an account of the last weeks without rows is 0."""
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
        campaign=stream.fields[stream.watch.campaign].column if stream.watch.campaign else "",
        day=stream.fields[stream.watch.day].column,
        hour=stream.fields[stream.watch.hour].column if stream.watch.hour else "",
        metrics=metrics,
        days=LEARNING_DAYS,
        split=BY_CAMPAIGN,
    )
    return Step(f"{stream.name}_watched", text)
