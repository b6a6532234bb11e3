"""What DuckDB's JSON parser lets pass although it is no JSON: trailing commas, NaN and Infinity.

Another warehouse refuses them, so a payload must not carry them. A regular expression over every payload costs
as much as parsing it; here pairs of bytes are compared for a whole block at once, and the few lines that look
suspicious are judged one by one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tasks.adapters.envelope import Lines, Mask

Octets = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

UPPER_CASE = 0xDFDF
PADDING = b"\0" * 8
# Small enough that a slice and its masks stay in the processor's cache.
SLICE = 1 << 18
NOWHERE = np.zeros(0, np.int64)


def _table(characters: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    table[list(characters.encode())] = True
    return table


CLOSES_OR_WHITE = _table("}] \t\r")
BEFORE_A_WORD = _table(":,[-+ \t\r")
AFTER_A_WORD = _table(",}] \t\r\n")


def suspicious(lines: Lines) -> Places:
    """Indexes of the lines that may hold a trailing comma, NaN or Infinity; the others hold none for certain."""
    octets = np.frombuffer(lines.block + PADDING, np.uint8)
    # Tabs and returns between values are rare enough to look for them only where the block has any at all.
    white = tuple(c for c in " \t\r" if c == " " or c.encode() in lines.block)
    pairs, words = [], []
    for begin in range(0, len(octets), SLICE):
        for shift in (0, 1):
            found = _pairs_of(octets, begin + shift, white)
            pairs.append(found[0])
            words.append(found[1])
    places = np.concatenate([_trailing(octets, np.concatenate(pairs)), _standing(octets, np.concatenate(words))])
    return np.unique(np.searchsorted(lines.start, places, side="right") - 1)


def _pairs_of(octets: Octets, begin: int, white: tuple[str, ...]) -> tuple[Places, Places]:
    """Where a comma stands before white space or a closing bracket, and where `NA` and `NF` stand in any case."""
    end = min(begin + SLICE, len(octets))
    pairs = octets[begin : end - (end - begin) % 2].view("<u2")
    hits = np.empty(len(pairs), np.bool_)

    def at(table: npt.NDArray[Any], text: str) -> Places:
        np.equal(table, int.from_bytes(text.encode(), "little"), out=hits)
        return np.flatnonzero(hits) * 2 + begin if hits.any() else NOWHERE

    commas = np.concatenate([at(pairs, f",{after}") for after in ("}", "]", *white)])
    upper = pairs & UPPER_CASE
    return commas, np.concatenate([at(upper, "NA"), at(upper, "NF") - 1])


def _trailing(octets: Octets, commas: Places) -> Places:
    """The commas before a closing bracket, or before more white space than one character."""
    after = octets[commas + 1]
    wanted: Mask = (after == ord("}")) | (after == ord("]")) | CLOSES_OR_WHITE[octets[commas + 2]]
    return commas[wanted]


def _standing(octets: Octets, places: Places) -> Places:
    """The words `nan`, `inf` and `infinity` that stand where a value may stand."""
    first, third, after = (octets[places + offset] for offset in (0, 2, 3))
    named = ((first & 0xDF) == ord("N")) & ((third & 0xDF) == ord("N"))
    named |= ((first & 0xDF) == ord("I")) & ((third & 0xDF) == ord("F"))
    wanted: Mask = named & BEFORE_A_WORD[octets[places - 1]] & (AFTER_A_WORD[after] | ((after & 0xDF) == ord("I")))
    return places[wanted]
