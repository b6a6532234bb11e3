"""Airbyte's envelope around each record, cut by byte position, so that the payload stays what it was.

No JSON function ever produces a payload (they rewrite numbers). A line is cut in two before its payload; both
parts are views on the block it came in. That is exact: if `head + null}` is a JSON object, the cut is at depth
one, and if the other part is a JSON object by itself, it is the whole value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

NEEDLE = b'"_airbyte_data":'
_FIELDS: list[tuple[str, pa.DataType]] = [("n", pa.int64()), ("head", pa.string_view()), ("payload", pa.string_view())]
SCHEMA = pa.schema(_FIELDS)
INLINE = 12
VIEW = np.dtype([("length", "<i4"), ("prefix", "V4"), ("buffer", "<i4"), ("offset", "<i4")])
NEWLINE, RETURN, CLOSE, COMMA = 10, 13, ord("}"), ord(",")

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lines:
    """The lines of one block: where each begins, where its payload begins, where it ends (without CR LF)."""

    block: bytes
    first: int
    start: Ints
    payload: Ints
    end: Ints
    usual: Mask

    def text(self, index: int) -> bytes:
        """One line."""
        return self.block[self.start[index] : self.end[index]]

    def __len__(self) -> int:
        return len(self.start)


def cut(block: bytes, first: int) -> Lines:
    """Find the lines of a block that ends in a newline; `first` is the number of its first line.

    `usual` lines have the envelope as Airbyte writes it: the payload last, no space before it.
    """
    octets = np.frombuffer(block, np.uint8)
    newline = np.flatnonzero(octets == NEWLINE)
    start = np.concatenate(([0], newline[:-1] + 1))
    edges = np.concatenate((start, [len(block)])).astype(np.int32)
    lines = pa.Array.from_buffers(pa.binary(), len(start), [None, pa.py_buffer(edges.tobytes()), pa.py_buffer(block)])
    found = np.asarray(pc.find_substring(lines, NEEDLE))  # type: ignore[call-overload] # the stubs forget bytes
    end = newline - (octets[newline - 1] == RETURN)
    usual = (found >= 0) & (octets[end - 1] == CLOSE)
    return Lines(block, first, start, start + found + len(NEEDLE), np.maximum(end, start), usual)


def batch(lines: Lines, chosen: Mask | None = None) -> pa.RecordBatch:
    """Number, head and payload of the chosen lines (default: all) as views on the block; nothing is copied."""
    index = np.arange(len(lines)) if chosen is None else np.flatnonzero(chosen)
    start, payload, end = lines.start[index], lines.payload[index], lines.end[index]
    columns: list[pa.Array[Any]] = [
        pa.array(lines.first + index),
        _views(lines.block, start, payload - start),
        _views(lines.block, payload, end - 1 - payload),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def batch_of(rows: Sequence[tuple[int, bytes, bytes]]) -> pa.RecordBatch:
    """The same for a few lines that were opened one by one."""
    numbers, heads, payloads = zip(*rows, strict=True) if rows else ((), (), ())
    views = [pa.array(part, pa.binary()).cast(pa.string()).cast(pa.string_view()) for part in (heads, payloads)]
    return pa.RecordBatch.from_arrays([pa.array(numbers, pa.int64()), *views], schema=SCHEMA)


def _views(block: bytes, start: Ints, length: Ints) -> pa.Array[Any]:
    """Arrow string views: 16 bytes a value; up to 12 bytes of text stand in the view itself, zero-padded."""
    views = np.empty(len(start), VIEW)
    views["length"], views["buffer"], views["offset"] = length, 0, start
    # Every value is followed by at least one byte of its line; three more are there except in the last bytes.
    padded = block if len(block) > INLINE and not _near_end(block, start) else block + bytes(INLINE)
    fours = np.ndarray((len(padded) - 3,), "V4", padded, 0, (1,))
    views["prefix"] = fours[start]
    small = np.flatnonzero(length <= INLINE)
    if len(small):
        _write_inline(views, small, np.frombuffer(block + bytes(INLINE), np.uint8), start)
    buffers = [None, pa.py_buffer(views.tobytes()), pa.py_buffer(block)]
    return pa.Array.from_buffers(pa.string_view(), len(start), buffers)


def _near_end(block: bytes, start: Ints) -> bool:
    return bool(len(start)) and int(start[-1]) > len(block) - 4


def _write_inline(views: npt.NDArray[np.void], small: Ints, octets: Bytes, start: Ints) -> None:
    places = np.arange(INLINE)
    text = octets[start[small][:, None] + places]
    text[places >= views["length"][small][:, None]] = 0
    whole = views.view(np.uint8).reshape(len(views), VIEW.itemsize)
    whole[small, 4:] = text
