"""Mutated landing objects for `plumbline bench fuzz`: lines and gzip streams that are wrong in every way we know.

An object is a function of the seed and its number, so a fault can be looked at again alone.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

HEAD = (
    b'{"_airbyte_raw_id":"%s","_airbyte_extracted_at":1795000000000,"_airbyte_meta":{"sync_id":7,"changes":[]},'
    b'"_airbyte_generation_id":0,"_airbyte_data":'
)
NEEDLE = b'"_airbyte_data":'
LONG_EVERY = 250
"""One object in so many has a line of 20 MB."""

Texts = list[bytes]
Mutation = Callable[[Random, Texts], bytes]
Packing = Callable[[Random, Texts], bytes]


def object_of(seed: int, number: int) -> tuple[str, bytes]:
    """The name of the mutation and the bytes of one object."""
    chance = Random(f"{seed}:{number}")
    lines = [record(chance, f"{number}-{n}".encode()) for n in range(chance.randrange(0, 30))]
    if number % LONG_EVERY == LONG_EVERY - 1:
        return "20 MB line", packed(chance, [*lines, wrapped(b'{"id":1,"note":"' + b"x" * 20_000_000 + b'"}')])
    names = list(LINES) + list(OBJECTS)
    name = names[number % len(names)]
    if name in OBJECTS:
        return name, OBJECTS[name](chance, [line + b"\n" for line in lines])
    text = LINES[name](chance, lines or [record(chance, b"1")])
    other = chance.choice(list(LINES)) if chance.random() < 0.2 else ""
    text = LINES[other](chance, text.split(b"\n")) if other else text
    return name, packed(chance, [text])


def record(chance: Random, raw_id: bytes) -> bytes:
    """A sound line with a payload of its own."""
    payload = {
        "id": chance.randrange(-(2**63), 2**63),
        "email": f"a{chance.randrange(99)}@example.com",
        "subtotal_price": f"{chance.randrange(10**9)}.{chance.randrange(100):02}",
        "note": chance.choice(
            ["", "é", "🌊\u2028", 'a "_airbyte_data": b', "\\", "\0", "NaN, ]", "x" * chance.randrange(400)]
        ),
        "line_items": [{"quantity": chance.randrange(5), "price": None}] * chance.randrange(3),
    }
    separators = chance.choice([(",", ":"), (", ", ": ")])
    text = json.dumps(payload, ensure_ascii=chance.random() < 0.5, separators=separators)
    return wrapped(text.encode(), raw_id)


def wrapped(payload: bytes, raw_id: bytes = b"r") -> bytes:
    """A payload in the envelope as Airbyte writes it."""
    return HEAD % raw_id + payload + b"}"


def packed(chance: Random, texts: Texts) -> bytes:
    """Gzip in one or several members."""
    text = b"".join(texts)
    if chance.random() < 0.8 or len(text) < 2:
        return gzip.compress(text, 1, mtime=0)
    cut = chance.randrange(len(text))
    return gzip.compress(text[:cut], 1, mtime=0) + gzip.compress(text[cut:], 1, mtime=0)


def _joined(lines: Texts) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _one(change: Callable[[Random, bytes], bytes]) -> Mutation:
    """A change of some lines."""

    def mutated(chance: Random, lines: Texts) -> bytes:
        return _joined([change(chance, line) if chance.random() < 0.3 else line for line in lines])

    return mutated


def _put(*snippets: bytes) -> Mutation:
    """One of the snippets at some place of some lines."""

    def change(chance: Random, line: bytes) -> bytes:
        at = chance.randrange(len(line) + 1)
        return line[:at] + chance.choice(snippets) + line[at:]

    return _one(change)


def _payload(*payloads: bytes) -> Mutation:
    """One of the payloads instead of that of some lines."""
    return _one(lambda chance, _: wrapped(chance.choice(payloads)))


def _envelope(change: Callable[[Random, dict[str, Any]], dict[str, Any]]) -> Mutation:
    """A change of the envelope of some lines, written in a spacing by chance."""

    def changed(chance: Random, line: bytes) -> bytes:
        try:
            envelope = json.loads(line, parse_float=str)
        except (ValueError, RecursionError):
            return line
        if not isinstance(envelope, dict):
            return line
        separators = chance.choice([(",", ":"), (", ", ": "), (" , ", " :\t")])
        return json.dumps(change(chance, envelope), separators=separators).encode()

    return _one(changed)


def _shuffled(chance: Random, envelope: dict[str, Any]) -> dict[str, Any]:
    return dict(chance.sample([*envelope.items()], len(envelope)))


def _without(chance: Random, envelope: dict[str, Any]) -> dict[str, Any]:
    gone = chance.choice([*envelope] or [""])
    return {key: value for key, value in envelope.items() if key != gone}


def _odd_values(chance: Random, envelope: dict[str, Any]) -> dict[str, Any]:
    values: list[Any] = [None, "", 0, True, [], {}, "1795000000000", 1.795e12, -1, 10**30, "yesterday", "\ud800"]
    return envelope | {chance.choice([*envelope] or ["x"]): chance.choice(values)}


def _deep(chance: Random, _: bytes) -> bytes:
    depth = chance.choice([10, 900, 1100, 20_000, 100_000])
    return wrapped(b'{"a":' + b"[" * depth + b"]" * (depth - chance.choice([0, 0, 1])) + b"}")


def _flipped(chance: Random, line: bytes) -> bytes:
    at = chance.randrange(max(len(line), 1))
    return line[:at] + bytes([chance.randrange(256)]) + line[at + 1 :]


def _rubbish(chance: Random, lines: Texts) -> bytes:
    return _joined([*lines, chance.randbytes(chance.randrange(3000))])


def _with_blanks(chance: Random, lines: Texts) -> bytes:
    return b"\n".join(part for line in lines for part in (line, chance.choice([b"", b"  ", b"\r"])))


def _after(*snippets: bytes) -> Mutation:
    return _one(lambda chance, line: line + chance.choice(snippets))


def _instead(*texts: bytes) -> Mutation:
    return _one(lambda chance, _: chance.choice(texts))


def _twice(_: Random, line: bytes) -> bytes:
    return line.replace(NEEDLE, b'"_airbyte_data":{"id":2},' + NEEDLE)


DIGITS = tuple(
    b'{"id":%s,"subtotal_price":%s}' % (number, number)
    for number in (
        b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"18446744073709551616",
        b"123456789012345678901234567890", b"0.123456789012345678901234567890", b"12345678901234567.8901234567890123",
        b"1e400", b"-0.0", b"1E+2", b"01", b"1.", b".5", b"+1", b"9" * 5000,
    )
)  # fmt: skip
LINES: dict[str, Mutation] = {
    "sound": lambda _, lines: _joined(lines),
    "invalid UTF-8": _put(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf"),
    "NUL": _put(b"\0", b"\0\0\0\0"),
    "control character": _put(b"\x01", b"\x1f", b"\x0b", b"\x7f", b"\r", b"\t"),
    "equal keys in the payload": _payload(b'{"id":1,"id":2}', b'{"email":"a","email":null,"a":{"b":1,"b":2}}'),
    "equal keys in the envelope": _one(_twice),
    "deep nesting": _one(_deep),
    "numbers": _payload(*DIGITS),
    "CRLF": lambda _, lines: b"".join(line + b"\r\n" for line in lines),
    "byte order mark": lambda _, lines: b"\xef\xbb\xbf" + _joined(lines),
    "another stream": _payload(b'{"campaign":{"id":"7"},"segments.date":"2026-11-17","metrics.clicks":3}'),
    "binary rubbish": _rubbish,
    "keys in another order": _envelope(_shuffled),
    "a key is missing": _envelope(_without),
    "odd values": _envelope(_odd_values),
    "text after the JSON": _after(b"x", b"}", b" {}", b"\\", b" ", b",", b"\0"),
    "two documents": _one(lambda chance, line: line + chance.choice([b"", b" "]) + line),
    "lone surrogate": _payload(
        b'{"a":"\\ud800"}', b'{"\\udfff":1}', b'{"a":"\\ud83c\\udf0a"}', b'{"a":"\\ud800\\u0041"}'
    ),
    "no JSON that some parsers take": _payload(
        b'{"a":NaN}', b'{"a":[1,]}', b'{"a":-Infinity}', b'{"a":1,}', b"{'a':1}", b'{"a":/**/1}', b'{"a":nan , "b":1}',
        b'{"a":[1,\t]}', b'{"a":[ inf]}', b'{"a":Infinity }', b'{"a":"NaN"}', b'{"a":[1,2,\r]}', b"{a:1}",
    ),
    "payload is no object": _payload(b"null", b"[]", b'"{}"', b"1", b"", b"{", b" {}", b"{} "),
    "flipped byte": _one(_flipped),
    "cut line": _one(lambda chance, line: line[: chance.randrange(len(line) + 1)]),
    "blank lines": _with_blanks,
    "no final newline": lambda _, lines: b"\n".join(lines),
    "no JSON at all": _instead(b"hello", b"[1]", b"7", b"null", b"true", b'""', b"{}", b"<a/>"),
}  # fmt: skip


def _cut(low: Callable[[int], int], high: Callable[[int], int]) -> Packing:
    def cut(chance: Random, texts: Texts) -> bytes:
        whole = gzip.compress(b"".join(texts) * 40, 6, mtime=0)
        return whole[: chance.randrange(low(len(whole)), high(len(whole)))]

    return cut


def _between(chance: Random, texts: Texts) -> bytes:
    """Members strung together, cut between two of them or some bytes after: only the former can be read."""
    members = [gzip.compress(text, 1, mtime=0) for text in (texts or [b""])]
    return b"".join(members[: chance.randrange(1, len(members) + 1)]) + chance.choice([b"", b"", members[-1][:7]])


def _spoiled(chance: Random, texts: Texts) -> bytes:
    whole = bytearray(packed(chance, texts))
    whole[chance.randrange(10, len(whole))] ^= 1 << chance.randrange(8)
    return bytes(whole)


def _trailer(chance: Random, texts: Texts) -> bytes:
    whole = gzip.compress(b"".join(texts), mtime=0)
    wrong = zlib.crc32(b"other").to_bytes(4, "little")
    return whole[:-8] + wrong + whole[-4:] if chance.random() < 0.5 else whole[:-4] + b"\1\2\3\4"


OBJECTS: dict[str, Packing] = {
    "cut in the header": _cut(lambda _: 1, lambda _: 11),
    "cut in the stream": _cut(lambda _: 11, lambda size: max(size - 8, 12)),
    "cut in the trailer": _cut(lambda size: size - 7, lambda size: size),
    "cut between members": _between,
    "spoiled bit": _spoiled,
    "wrong trailer": _trailer,
    "junk after the end": lambda chance, texts: packed(chance, texts) + chance.choice([b"junk", b"\0\0x", b"\x1f\x8b"]),
    "padding after the end": lambda chance, texts: packed(chance, texts) + bytes(chance.randrange(600)),
    "not packed": lambda _, texts: b"".join(texts) or b"x",
    "rubbish": lambda chance, _: chance.randbytes(chance.randrange(1, 400)),
    "no bytes": lambda *_: b"",
    "empty gzip": lambda *_: gzip.compress(b"", mtime=0),
}
