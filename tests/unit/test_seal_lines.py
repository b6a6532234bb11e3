"""What seal does with every kind of line and object; the cases of the malformed-input table, one by one."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from expectations.declare.contract import TokenField
from expectations.declare.errors import ContractBroken
from tasks.adapters.lake_writer import Counts, LakeWriter, LandingFile
from tasks.adapters.tokens import NO_TOKENS, TokenKey, TokenSql, tokens_sql

KEY = TokenKey(1, bytes(range(32)))
NAME = "landing/shop/orders/2026/11/18/7_0_1795000000000.jsonl.gz"
HEAD = (
    b'{"_airbyte_raw_id":"a-1","_airbyte_extracted_at":1795000000000,"_airbyte_meta":{"sync_id":7,"changes":[]},'
    b'"_airbyte_generation_id":0,"_airbyte_data":'
)
GOOD = b'{"id":1}'


FIELDS = (
    TokenField("email", ("email",), "email"),
    TokenField("phone's/number", ("contact", "phone/number"), "phone"),
    TokenField("user", ("user",), "user_id"),
)
TOKENS = tokens_sql(FIELDS, KEY.version)


class Sealer:
    """Seals bytes, and shows what came out."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.connection, self.folder = connection, folder

    def packed(self, packed: bytes, tokens: TokenSql = NO_TOKENS) -> Counts:
        landing = LandingFile(NAME, 7, lambda: io.BytesIO(packed))
        writer = LakeWriter(self.connection, KEY, tokens)
        return writer.write(landing, self.folder / "o.parquet", self.folder / "q.gz")

    def text(self, text: bytes, tokens: TokenSql = NO_TOKENS) -> Counts:
        return self.packed(gzip.compress(text), tokens)

    def rows(self) -> list[tuple[int, str]]:
        found = "select _source_row, _airbyte_data from read_parquet(?) order by 1"
        return self.connection.execute(found, [str(self.folder / "o.parquet")]).fetchall()

    def refused(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in gzip.decompress((self.folder / "q.gz").read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.fixture
def sealer(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Sealer:
    return Sealer(connection, tmp_path)


def line(payload: bytes = GOOD, head: bytes = HEAD) -> bytes:
    return head + payload + b"}"


def enveloped(**changes: object) -> bytes:
    """An envelope in the usual order with some values changed; `...` leaves a key out."""
    usual: dict[str, object] = {
        "_airbyte_raw_id": "a-1",
        "_airbyte_extracted_at": 1795000000000,
        "_airbyte_meta": {"sync_id": 7, "changes": []},
        "_airbyte_generation_id": 0,
        "_airbyte_data": {"id": 1},
    }
    kept = {key: value for key, value in (usual | changes).items() if value is not ...}
    return json.dumps(kept, separators=(",", ":")).encode()


REFUSED_LINES = {
    "text that is no JSON": (b"hello", "not JSON"),
    "truncated JSON": (line()[:-4], "not JSON"),
    "two documents": (line() + line(), "not JSON"),
    "trailing garbage": (line() + b"x", "not JSON"),
    "trailing garbage that ends in a brace": (line() + b"}", "not JSON"),
    "a raw NUL": (line(b'{"a":"\0"}'), "not JSON"),
    "a raw control character": (line(b'{"a":"\x01"}'), "not JSON"),
    "single quotes": (line(b"{'a':1}"), "not JSON"),
    "a comment": (line(b'{"a":/* b */1}'), "not JSON"),
    "a lone surrogate": (line(b'{"a":"\\ud800"}'), "not JSON"),
    "a trailing comma": (line(b'{"a":1,}'), "not JSON"),
    "a trailing comma and space": (line(b'{"a":[1, ]}'), "not JSON"),
    "NaN": (line(b'{"a":NaN}'), "not JSON"),
    "Infinity": (line(b'{"a":[1,-Infinity]}'), "not JSON"),
    "a short inf in small letters": (line(b'{"a": inf}'), "not JSON"),
    "an object without envelope": (b'{"id":1}', "no _airbyte_data"),
    "an old envelope": (b'{"_airbyte_ab_id":"a","_airbyte_emitted_at":1,"_airbyte_data":{}}', "no _airbyte_raw_id"),
    "a null id": (enveloped(_airbyte_raw_id=None), "no _airbyte_raw_id"),
    "an empty id": (enveloped(_airbyte_raw_id=""), "no _airbyte_raw_id"),
    "text as time": (enveloped(_airbyte_extracted_at="yesterday"), "_airbyte_extracted_at is no time"),
    "true as time": (enveloped(_airbyte_extracted_at=True), "_airbyte_extracted_at is no time"),
    "seconds as time": (enveloped(_airbyte_extracted_at=1795000000), "_airbyte_extracted_at is no time"),
    "no time": (enveloped(_airbyte_extracted_at=...), "_airbyte_extracted_at is no time"),
    "a null payload": (enveloped(_airbyte_data=None), "_airbyte_data is no object"),
    "text as payload": (enveloped(_airbyte_data="{}"), "_airbyte_data is no object"),
    "an array as payload": (enveloped(_airbyte_data=[]), "_airbyte_data is no object"),
    "two payloads": (HEAD + b'{"id":1},"_airbyte_data":{"id":2}}', "two keys of one name in the envelope"),
    "an array": (b"[1]", "not an object"),
    "a number": (b"1", "not an object"),
    "bad UTF-8": (line(b'{"a":"\xff"}'), "not UTF-8"),
    "a blank line": (b"", "blank"),
    "a line of spaces": (b"  \t", "blank"),
    "a byte order mark": (b"\xef\xbb\xbf" + line(), "not JSON"),
    "nesting without end, and a comma": (
        line(b'{"a":' + b"[" * 100_000 + b"1," + b"]" * 100_000 + b"}"),
        "nested too deeply",
    ),
}


@pytest.mark.parametrize("tokens", [NO_TOKENS, TOKENS], ids=["plain", "personal"])
@pytest.mark.parametrize("name", REFUSED_LINES)
def test_a_line_that_is_no_record_is_quarantined_with_reason_and_place(
    sealer: Sealer, name: str, tokens: TokenSql
) -> None:
    bad, reason = REFUSED_LINES[name]
    counts = sealer.text(b"\n".join([line(), bad, line(b'{"id":3}'), b""]), tokens)
    assert (counts.lines, counts.rows, counts.quarantined) == (3, 2, 1)
    assert sealer.rows() == [(1, '{"id":1}'), (3, '{"id":3}')]
    [refused] = sealer.refused()
    assert (refused["object"], refused["line"], refused["reason"]) == (NAME, 2, reason)


SEALED_PAYLOADS = {
    "digits": b'{"a":1.10,"b":1234567890.123456789012345678,"c":1E5,"d":-0.0,"e":1e400}',
    "fifty digits": b'{"a":' + b"9" * 50 + b"}",
    "escapes": b'{"a":"\\/\\u00e9\\u0000\\\\","b":"\\"_airbyte_data\\":"}',
    "emoji and line separators": '{"a":"🌊\u2028\u2029é"}'.encode(),
    "equal keys": b'{"a":1,"a":2}',
    "white space": b'{ "a" : [ 1 , 2 ] }',
    "words": b'{"a":"NaN, Infinity, inf",  "b":[null,"nan"],"c":", }"}',
    "a short payload": b"{}",
    "payload key inside": b'{"_airbyte_data":{"x":1}}',
    "deep nesting": b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "twenty megabytes": b'{"a":"' + b"x" * 20_000_000 + b'"}',
}


@pytest.mark.parametrize("name", SEALED_PAYLOADS)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_payload_is_sealed_byte_for_byte(sealer: Sealer, name: str, ending: bytes) -> None:
    payload = SEALED_PAYLOADS[name]
    counts = sealer.text(line(payload) + ending + line() + ending)
    assert (counts.rows, counts.quarantined) == (2, 0)
    assert sealer.rows()[0][1].encode() == payload


UNUSUAL_LINES = {
    "spaces": json.dumps(json.loads(line())).encode(),
    "another order": b'{"_airbyte_data":{"id":1},"_airbyte_extracted_at":"1795000000000","_airbyte_raw_id":"a"}',
    "a key more": line()[:-1] + b',"_airbyte_extra":1}',
    "spaces around": b"  " + line() + b" ",
}


@pytest.mark.parametrize("name", UNUSUAL_LINES)
def test_an_envelope_in_another_order_or_spacing_is_sealed_and_not_dropped(sealer: Sealer, name: str) -> None:
    payload = b'{"id": 1}' if name == "spaces" else GOOD
    counts = sealer.text(b"\n".join([line(), UNUSUAL_LINES[name], b"nonsense", line()]))
    assert (counts.lines, counts.rows, counts.quarantined) == (4, 3, 1)
    assert sealer.rows() == [(1, GOOD.decode()), (2, payload.decode()), (4, GOOD.decode())]


PACKED = gzip.compress(line() + b"\n" + line() + b"\n")
GOOD_OBJECTS = {
    "no final newline": (gzip.compress(line() + b"\n" + line()), 2),
    "an empty gzip": (gzip.compress(b""), 0),
    "an object of no bytes": (b"", 0),
    "several gzip members": (PACKED + PACKED, 4),
    "zero padding": (PACKED + bytes(512), 2),
}


@pytest.mark.parametrize("name", GOOD_OBJECTS)
def test_unusual_objects_are_read_to_their_end(sealer: Sealer, name: str) -> None:
    packed, rows = GOOD_OBJECTS[name]
    counts = sealer.packed(packed)
    assert (counts.lines, counts.rows, counts.quarantined) == (rows, rows, 0)


MANY = gzip.compress(b"".join(line(b'{"id":%d}' % n) + b"\n" for n in range(20_000)))
DAMAGED_OBJECTS = {
    "cut in the middle": MANY[: len(MANY) // 2],
    "cut in the trailer": MANY[:-3],
    "cut in the header": MANY[:5],
    "a wrong checksum": MANY[:-8] + zlib.crc32(b"other").to_bytes(4, "little") + MANY[-4:],
    "a flipped byte": MANY[:4000] + bytes([MANY[4000] ^ 255]) + MANY[4001:],
    "junk after the end": MANY + b"junk",
    "text that is not packed": line() + b"\n",
}


@pytest.mark.parametrize("name", DAMAGED_OBJECTS)
def test_a_damaged_object_is_refused_by_name(sealer: Sealer, name: str) -> None:
    with pytest.raises(ContractBroken, match=r"a landing object is damaged.*7_0_1795000000000\.jsonl\.gz, after"):
        sealer.packed(DAMAGED_OBJECTS[name])


def test_sealing_twice_gives_the_same_bytes(sealer: Sealer) -> None:
    sealer.packed(MANY)
    first = (sealer.folder / "o.parquet").read_bytes()
    sealer.packed(MANY)
    assert (sealer.folder / "o.parquet").read_bytes() == first


def test_the_content_checksum_ignores_order_and_envelopes(sealer: Sealer) -> None:
    one, other = line(b'{"id":1}'), line(b'{"id":2}', HEAD.replace(b"a-1", b"b-9"))
    assert sealer.text(one + b"\n" + other).content == sealer.text(other + b"\n" + one).content
    assert sealer.text(one).content != sealer.text(other).content


@pytest.mark.parametrize(
    ("email", "phone", "user"),
    [
        (" Ana@Example.COM ", "+1 (212) 555-0100", " u-1 "),
        ("JOSÉ@example.com", "0212 555 0100", "U1"),
        ("\tx@y.z\n", " +49-30", "0"),
        ("", "-", " "),
        (None, None, None),
    ],
)
def test_tokens_in_sql_and_in_python_are_equal(
    sealer: Sealer, email: str | None, phone: str | None, user: str | None
) -> None:
    payload = json.dumps({"email": email, "contact": {"phone/number": phone}, "user": user}).encode()
    sealer.packed(gzip.compress(line(payload)), tokens_sql(FIELDS, KEY.version))
    [(text,)] = sealer.connection.execute(
        "select _tokens from read_parquet(?)", [str(sealer.folder / "o.parquet")]
    ).fetchall()
    values = zip(FIELDS, (email, phone, user), strict=True)
    expected = {one.name: KEY.token(one.pii_type, value) for one, value in values if value}
    assert (json.loads(text) if text else {}) == {name: token for name, token in expected.items() if token}


def test_a_composed_and_a_decomposed_letter_give_one_token(sealer: Sealer) -> None:
    assert KEY.token("email", "jose\u0301@example.com") == KEY.token("email", "josé@example.com")


def test_the_key_never_stands_in_sql_or_in_a_printed_value() -> None:
    assert KEY.key.hex() not in repr(tokens_sql(FIELDS, 1)) + repr(KEY)
