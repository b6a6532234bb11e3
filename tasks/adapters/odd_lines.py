"""The exact and slow path for lines that are not written the way Airbyte writes them.

Either such a line holds a record all the same (its keys stand in another order or have spaces between them), or
it gets the reason why it cannot be sealed, and the place in the line.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from json.decoder import JSONDecodeError
from typing import Any

from tasks.adapters.envelope import NEEDLE

SPACE = " \t\r\n"
# Milliseconds of the years 2000 to 2099: a value outside is a boolean, seconds, or no time at all.
EARLIEST, LATEST = 946_684_800_000, 4_102_444_800_000
_WHITE = re.compile(f"[{SPACE}]*")


@dataclass(frozen=True)
class Opened:
    """A record that can be sealed: the envelope in its usual form, and the payload as it came."""

    head: bytes
    payload: bytes


@dataclass(frozen=True)
class Refused:
    """Why a line cannot be sealed; `place` counts characters from 0."""

    reason: str
    place: int = 0


@dataclass(frozen=True)
class _Value:
    value: Any
    text: str


class _NotJson(ValueError):
    def __init__(self, place: int, reason: str = "not JSON") -> None:
        super().__init__(reason)
        self.place, self.reason = place, reason


def opened(line: bytes, tolerates: Collection[str] = ()) -> Opened | Refused:
    """Open one line without its line end, by the letter of the JSON grammar.

    `tolerates` are faults of the text that the stream's declaration mends knowingly: `byte_order_mark` in front of a
    line is dropped, a line that is no UTF-8 is read as `cp1252`.
    """
    if "byte_order_mark" in tolerates:
        line = line.removeprefix(codecs.BOM_UTF8)
    if not line.strip():
        return Refused("blank")
    try:
        text = _text(line, "cp1252" in tolerates)
    except UnicodeDecodeError as error:
        return Refused("not UTF-8", error.start)
    try:
        envelope = _object(text)
    except RecursionError:
        return Refused("nested too deeply")
    except _NotJson as error:
        return Refused(error.reason, error.place)
    return Refused("not an object") if envelope is None else _enveloped(envelope)


def _text(line: bytes, western: bool) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        if not western:
            raise
        return line.decode("cp1252")


def _enveloped(envelope: dict[str, _Value]) -> Opened | Refused:
    none = _Value(None, "null")
    at, raw_id = (envelope.get(f"_airbyte_{key}", none) for key in ("extracted_at", "raw_id"))
    meta, generation = (envelope.get(f"_airbyte_{key}", none).text for key in ("meta", "generation_id"))
    payload = envelope.get("_airbyte_data")
    for wrong, reason in (
        (payload is None, "no _airbyte_data"),
        (not isinstance(raw_id.value, str) or not raw_id.value, "no _airbyte_raw_id"),
        (not _is_instant(at.value), "_airbyte_extracted_at is no time"),
        (payload is not None and not isinstance(payload.value, dict), "_airbyte_data is no object"),
    ):
        if wrong:
            return Refused(reason)
    head = (
        f'{{"_airbyte_raw_id":{raw_id.text},"_airbyte_extracted_at":{at.text},"_airbyte_meta":{meta},'
        f'"_airbyte_generation_id":{generation},'
    )
    return Opened(head.encode() + NEEDLE, payload.text.encode() if payload else b"")


def _is_instant(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdecimal() and EARLIEST <= int(value[:20]) < LATEST


def _object(text: str) -> dict[str, _Value] | None:
    """The members of a JSON object with their literal text; None for another JSON value."""
    at = _after_white(text, 0)
    if text[at : at + 1] != "{":
        _Reader.end(text, _Reader.value(text, at)[1])
        return None
    members: dict[str, _Value] = {}
    at = _after_white(text, at + 1)
    if text[at : at + 1] == "}":
        _Reader.end(text, at + 1)
        return members
    while True:
        key, at = _Reader.key(text, at)
        value, end = _Reader.value(text, at)
        if key in members:
            raise _NotJson(at, "two keys of one name in the envelope")
        members[key] = _Value(value, text[at:end])
        at = _after_white(text, end)
        if text[at : at + 1] == "}":
            _Reader.end(text, at + 1)
            return members
        if text[at : at + 1] != ",":
            raise _NotJson(at)
        at = _after_white(text, at + 1)


def _after_white(text: str, at: int) -> int:
    found = _WHITE.match(text, at)
    return found.end() if found else at


def _no_constant(name: str) -> object:
    raise JSONDecodeError(name, "", 0)


class _Reader:
    """The C scanner of the standard library: it leaves numbers as text, minds NaN, and has one error for all."""

    decoder = json.JSONDecoder(parse_constant=_no_constant, parse_int=str, parse_float=str)

    @classmethod
    def key(cls, text: str, at: int) -> tuple[str, int]:
        if text[at : at + 1] != '"':
            raise _NotJson(at)
        try:
            key, end = cls.decoder.raw_decode(text, at)
        except JSONDecodeError as error:
            raise _NotJson(error.pos) from None
        end = _after_white(text, end)
        if text[end : end + 1] != ":":
            raise _NotJson(end)
        return key, _after_white(text, end + 1)

    @classmethod
    def value(cls, text: str, at: int) -> tuple[Any, int]:
        try:
            return cls.decoder.raw_decode(text, at)
        except JSONDecodeError as error:
            raise _NotJson(error.pos or at) from None

    @staticmethod
    def end(text: str, at: int) -> None:
        if (end := _after_white(text, at)) != len(text):
            raise _NotJson(end)
