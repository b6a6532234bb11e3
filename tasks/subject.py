"""What a finding of a step is about, as a value: a source in a window, or one model of it."""

from __future__ import annotations

from expectations.declare.source import Source
from expectations.judge.verdict import Subject
from tasks.window import Window


def source_in(source: Source, window: Window, model: str = "") -> Subject:
    """A source, or one of its models, in a window; its owner is the source's."""
    return Subject(source.name, model or source.name, source.owner.slack, window)
