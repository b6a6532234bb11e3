"""What a slow and simple reader says about a landing object: the judge of `plumbline bench fuzz`.

It shares nothing with the code under test: zlib member by member, `bytes.split`, and the JSON reader of the standard
library, line by line. Where that reader gives up (nesting) it has no opinion, and says so.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any, Literal

GZIP = 31
EARLIEST, LATEST = 946_684_800_000, 4_102_444_800_000  # milliseconds of 2000 and of 2100
Verdict = Literal["record", "refused", "either"]


class Pairs(tuple[tuple[str, Any], ...]):
    """The members of a JSON object in their order, twins included."""


class Number(str):
    """A number as it is written."""

    __slots__ = ()


@dataclass(frozen=True)
class Line:
    """One line, what it should become, and its payload as parsed."""

    text: bytes
    verdict: Verdict
    payload: Any = None


def lines_of(packed: bytes) -> list[Line] | None:
    """Every line of an object; nothing if the object is damaged."""
    text = unpacked(packed)
    if text is None:
        return None
    found = text.split(b"\n")
    return [judged(line.removesuffix(b"\r")) for line in (found[:-1] if found[-1] == b"" else found)]


def unpacked(packed: bytes) -> bytes | None:
    """The text of all gzip members; nothing where one is cut off, wrong, or followed by something else."""
    parts, rest = [], packed
    while rest:
        member = zlib.decompressobj(GZIP)
        try:
            parts.append(member.decompress(rest) + member.flush())
        except zlib.error:
            return None
        if not member.eof:
            return None
        rest = member.unused_data.lstrip(b"\0")  # padding is allowed
    return b"".join(parts)


def judged(line: bytes) -> Line:
    """What one line should become."""
    try:
        found = _parsed(line.decode())
    except RecursionError:
        return Line(line, "either")
    except ValueError:
        return Line(line, "refused")
    if not isinstance(found, Pairs) or len({key for key, _ in found}) < len(found):
        return Line(line, "refused")
    envelope = dict(found)
    return Line(line, _enveloped(envelope), envelope.get("_airbyte_data"))


def same(payload: str, line: Line) -> bool:
    """Whether a sealed payload is the very text that stands in the line, and the value of its key."""
    if payload.encode() not in line.text:
        return False
    return line.verdict == "either" or _parsed(payload) == line.payload


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    found = json.loads(text, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=_no_constant)
    _walk(found)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _walk(value: Any) -> None:  # noqa: ANN401 - JSON
    """Raise for half of a surrogate pair, which is no character."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, Pairs):
        for key, inner in value:
            key.encode()
            _walk(inner)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner)


def _enveloped(envelope: dict[str, Any]) -> Verdict:
    raw_id, at = envelope.get("_airbyte_raw_id"), envelope.get("_airbyte_extracted_at")
    if (
        raw_id is None
        or raw_id == ""
        or not isinstance(envelope.get("_airbyte_data"), Pairs)
        or not isinstance(at, str)
    ):
        return "refused"
    if not isinstance(raw_id, str) or isinstance(raw_id, Number):
        return "either"  # an id that is no text can be read as one
    if not at.isascii() or not at.isdecimal():
        # 1.795e12 is the same instant for one parser and no integer for another.
        return "either" if isinstance(at, Number) else "refused"
    return "record" if len(at) < 20 and EARLIEST <= int(at) < LATEST else "refused"
