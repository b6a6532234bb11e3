"""Writes the staging models of a stream: its typed history, and what of it counts where rows may be held back.

A stream without the mode `quarantine` has one model. Another one has two: a table of all typed rows, with the rules
that a row breaks beside it (decided while typing, so nothing is read twice), and over it the view of the sound rows,
which has the usual name; so nothing behind staging knows that rows can be held back.
"""

from __future__ import annotations

from deployments.render.text import filled
from expectations.declare.contract import BROKEN, contract
from expectations.declare.stream import Stream

TYPED_GRAIN = "One row per sealed row: the whole typed history, also the rows that are held back."
BROKEN_COLUMN = (
    f'      - name: {BROKEN}\n        description: "Rules that the row breaks, as rule:column; null for a sound row"\n'
)


def staging_of(stream: Stream) -> dict[str, str]:
    """File name to SQL of the staging models of a stream."""
    files = {f"{stream.typed_model}.sql": _typed(stream)}
    if stream.holds_rows_back:
        columns = [column.name for column in contract(stream).columns]
        files[f"{stream.staging_model}.sql"] = filled("sound", stream=stream, columns=columns, broken=BROKEN)
    return files


def _typed(stream: Stream) -> str:
    keys = list(stream.key_columns)
    unique = [*keys, *stream.slice_columns[-1:]] if stream.kind == "event" else []
    held = stream.holds_rows_back
    return filled("staging", stream=stream, keys=keys, unique_key=unique, broken=BROKEN if held else "")
