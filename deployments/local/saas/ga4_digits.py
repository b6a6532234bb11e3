"""Numbers as bytes without a Python step per number: the byte writer joins millions of them a second.

A strip is a fixed-width line of text in which some places are filled from columns. It is laid out as a matrix of
bytes, one row per event, and cut into `bytes` objects in one call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

_FOUR_DIGITS = np.frombuffer(b"".join(b"%04d" % n for n in range(10_000)), dtype=np.uint32)
_HEX_PAIR = np.frombuffer(b"".join(b"%02x" % n for n in range(256)), dtype=np.uint16)
_SLOT = 0  # the byte that marks a place to fill; it never occurs in JSON text


def digits(values: NDArray[np.int64], width: int) -> Bytes:
    """Decimal digits of non-negative integers below 10**width, zero-padded: a matrix (rows, width)."""
    groups = -(-width // 4)
    out = np.empty((len(values), groups), dtype=np.uint32)
    rest = values
    for group in range(groups - 1, -1, -1):
        above = rest // 10_000
        out[:, group] = _FOUR_DIGITS[rest - above * 10_000]
        rest = above
    return out.view(np.uint8)[:, groups * 4 - width :]


def hexadecimal(words: Sequence[Words]) -> Bytes:
    """Sixteen lower-case hexadecimal digits per word, the words of a row side by side: (rows, 16 * words)."""
    rows = np.stack(words, axis=1).astype(">u8")  # the highest byte first
    return _HEX_PAIR[rows.view(np.uint8)].view(np.uint8)


@dataclass(frozen=True)
class Strip:
    """A fixed-width text; `Strip.of(b"a:", 10, b";")` has one place of ten bytes."""

    text: Bytes
    places: tuple[slice, ...] = field(default=())

    @classmethod
    def of(cls, *pieces: bytes | int) -> "Strip":
        """Bytes are written as they are, an integer is the width of a place to fill."""
        text, places = b"", []
        for piece in pieces:
            if isinstance(piece, int):
                places.append(slice(len(text), len(text) + piece))
            text += bytes([_SLOT]) * piece if isinstance(piece, int) else piece
        return cls(np.frombuffer(text, dtype=np.uint8), tuple(places))

    def fill(self, *columns: Bytes) -> list[bytes]:
        """One `bytes` per row; the columns go into the places from left to right."""
        rows = np.empty((len(columns[0]), len(self.text)), dtype=np.uint8)
        rows[:] = self.text
        for place, column in zip(self.places, columns, strict=True):
            rows[:, place] = column
        cut: list[bytes] = rows.view(f"S{len(self.text)}").ravel().tolist()
        return cut
