"""What DuckDB's JSON parser lets pass although it is no JSON: trailing commas, NaN and Infinity.

Another warehouse refuses them, so a payload must not carry them. A regular expression over every payload costs
as much as parsing it; here pairs of bytes are compared for a whole block at once, and the few lines that look
suspicious are judged one by one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tasks.adapters.envelope import Lines, Mask

Octets = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

WITHOUT_CASE = 0xDFDF
PADDING = b"\0" * 8
# Small enough that a slice and its masks stay in the processor's cache.
SLICE = 1 << 18


def _table(characters: str) -> Mask:
    table = np.zeros(256, np.bool_)
    table[list(characters.encode())] = True
    return table


def _code(pair: str) -> int:
    return int.from_bytes(pair.encode(), "little") & WITHOUT_CASE


# Both brackets that close have one code.
PAIRS = tuple(_code(pair) for pair in ("NA", "NF", ",}", ", "))
LETTER = {letter: _table(letter + letter.lower()) for letter in "AFIN"}
CLOSES, WHITE = _table("}]"), _table(" \t\r")
CLOSES_OR_WHITE = CLOSES | WHITE
BEFORE_A_WORD = _table(":,[-+ \t\r")
AFTER_A_WORD = _table(",}] \t\r\n")


def suspicious(lines: Lines) -> Places:
    """Indexes of the lines that may hold a trailing comma, NaN or Infinity; the others hold none for certain."""
    octets = np.frombuffer(lines.block + PADDING, np.uint8)
    # Tabs and returns between values are rare enough to look for them only where the block has any at all.
    wanted = PAIRS + tuple(_code(f",{white}") for white in "\t\r" if white.encode() in lines.block)
    begins = range(0, len(octets), SLICE)
    places = np.concatenate([_pairs(octets, begin + shift, wanted) for begin in begins for shift in (0, 1)])
    nan, inf = places[LETTER["N"][octets[places + 2]]], places[LETTER["I"][octets[places - 1]]] - 1
    bad = np.concatenate([_trailing(octets, places), _standing(octets, nan), _standing(octets, inf)])
    found: Places = np.unique(np.searchsorted(lines.start, bad, side="right") - 1)
    return found


def _pairs(octets: Octets, begin: int, wanted: tuple[int, ...]) -> Places:
    """Where one of the wanted pairs of bytes stands; both bytes without the bit that makes letters small."""
    end = min(begin + SLICE, len(octets))
    pairs = octets[begin : end - (end - begin) % 2].view("<u2") & WITHOUT_CASE
    hits = pairs == wanted[0]
    one = np.empty_like(hits)
    for code in wanted[1:]:
        hits |= np.equal(pairs, code, out=one)
    found: Places = np.flatnonzero(hits) * 2 + begin
    return found


def _trailing(octets: Octets, places: Places) -> Places:
    """Commas before a closing bracket, or before more white space than one character."""
    commas: Places = places[octets[places] == ord(",")]
    after = octets[commas + 1]
    closed: Mask = CLOSES[after] | (WHITE[after] & CLOSES_OR_WHITE[octets[commas + 2]])
    found: Places = commas[closed]
    return found


def _standing(octets: Octets, places: Places) -> Places:
    """The words `nan`, `inf` and `infinity` that stand where a value may stand."""
    first, middle, third, after = (octets[places + offset] for offset in range(4))
    nan = LETTER["N"][first] & LETTER["A"][middle] & LETTER["N"][third]
    inf = LETTER["I"][first] & LETTER["N"][middle] & LETTER["F"][third]
    stands: Mask = (nan | inf) & BEFORE_A_WORD[octets[places - 1]] & (AFTER_A_WORD[after] | LETTER["I"][after])
    return places[stands]
