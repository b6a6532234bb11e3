"""Bad files of `plumbline try` are refused in words: where, what stands there, what was expected."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from deployments.try_out import csv_file as try_csv
from deployments.try_out.csv_file import Column, read_csv
from expectations.declare.errors import Misconfigured

COLUMNS = (
    Column("id", "id", unique=True),
    Column("at", "instant"),
    Column("cents", "cents"),
    Column("who", "id_or_none"),
)
HEADER = "id,at,cents,who\n"
GOOD = "a,2026-11-17T09:30:00Z,100,p\n"


def _read(path: Path, text: str | bytes, columns: tuple[Column, ...] = COLUMNS) -> list[tuple[object, ...]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        rows = read_csv(connection, path, "rows_in", columns)
        found = connection.execute("select * from rows_in").fetchall()
    assert rows == len(found)
    return found


BAD: list[tuple[str | bytes, int | None, str]] = [
    ("", None, "the file is empty (FILE). Write a header and one row per record"),
    ("\ufeff\n\n", None, "the file is empty"),
    ("id,at,cents\n", 1, "the file has no column who; it has id, at, cents"),
    ("id,At,cents,who\n", 1, "the file has no column at; it has id, At, cents, who"),
    ("idd,at,cents,who\n", 1, "no column id (is it 'idd'?)"),
    ("id;at;cents;who\n", 1, "Expected the columns id, at, cents, who, separated by commas"),
    ("id,at,cents,who,id\n", 1, "the column id stands twice"),
    (HEADER + GOOD + "b,2026-11-17T09:30:00Z,1\n", 3, "the row has 3 values, the header has 4"),
    (HEADER + GOOD + "b,2026-11-17T09:30:00Z,1,p,\n", 3, "the row has 5 values, the header has 4"),
    (HEADER + GOOD + 'b,"2026-11-17T09:30:00Z,1,p\n', 3, "this row is no CSV"),
    (HEADER + GOOD + 'b,"x"y,1,p\n', 3, "this row is no CSV"),
    (HEADER + GOOD + "b,2026-11-17 09:30:00,1,p\n", 3, "at is '2026-11-17 09:30:00'. Expected a date, a time and"),
    (HEADER + GOOD + "b,2026-11-17,1,p\n", 3, "at is '2026-11-17'."),
    (HEADER + GOOD + "b,2026-02-30T00:00:00Z,1,p\n", 3, "at is '2026-02-30T00:00:00Z'."),
    (HEADER + GOOD + "b,17/11/2026 09:30,1,p\n", 3, "at is '17/11/2026 09:30'."),
    (HEADER + GOOD + "b,1763371800,1,p\n", 3, "at is '1763371800'."),
    (HEADER + GOOD + "b,,1,p\n", 3, "at is empty. Expected a date"),
    (HEADER + GOOD + "b,2026-11-17T09:30:00Z,1.5,p\n", 3, "cents is '1.5'. Expected whole cents"),
    (HEADER + GOOD + 'b,2026-11-17T09:30:00Z,"1,500",p\n', 3, "cents is '1,500'."),
    (HEADER + GOOD + "b,2026-11-17T09:30:00Z,1e3,p\n", 3, "cents is '1e3'."),
    (HEADER + GOOD + "b,2026-11-17T09:30:00Z,NaN,p\n", 3, "cents is 'NaN'."),
    (HEADER + GOOD + "b,2026-11-17T09:30:00Z,9223372036854775808,p\n", 3, "cents is '9223372036854775808'."),
    (HEADER + GOOD + GOOD, 3, "id 'a' stands already in line 2. Expected every id once"),
    (HEADER + GOOD + ",2026-11-17T09:30:00Z,1,p\n", 3, "id is empty. Expected an id"),
    (HEADER + "a,x,1,p\n" + "a,2026-11-17T09:30:00Z,y\n", 2, "at is 'x'."),
    (HEADER + 'a,2026-11-17T09:30:00Z,1,"one\ntwo"\n' + "b,x,1,p\n", 4, "at is 'x'."),
    (HEADER + "\n" + GOOD + "\r\n" + "b,x,1,p\n", 5, "at is 'x'."),
    (HEADER.encode() + GOOD.encode() + b"b,2026-11-17T09:30:00Z,1,M\xfcller\n", 3, "the text is not UTF-8"),
    ((HEADER + GOOD).encode("utf-16"), None, "the file is UTF-16 text (FILE). Save it as CSV in UTF-8"),
    (b"PK\x03\x04rest", None, "the file is an Excel workbook or a zip archive"),
]


@pytest.mark.parametrize(("text", "line", "said"), BAD, ids=[said[:40] for _, _, said in BAD])
def test_the_first_bad_row_is_named(tmp_path: Path, text: str | bytes, line: int | None, said: str) -> None:
    path = tmp_path / "given.csv"
    with pytest.raises(Misconfigured) as refused:
        _read(path, text)
    for sentence in said.removesuffix(".").split(". "):
        assert sentence.replace("FILE", str(path)) in str(refused.value)
    assert (f"({path}, line {line})" if line else f"({path})") in str(refused.value)


def test_what_people_export_is_read_as_it_is_meant(tmp_path: Path) -> None:
    text = (
        "\ufeffwho, cents,note,id,at\r\n"
        'ü,-5,"a ""quoted"" note, with\na line",1,2026-11-17 10:30:00+01:00\r\n'
        ",+7,,0x,2026-11-17T09:30:00.123456Z\r\n\r\n"
        " p ,0,,検索,2026-11-17T04:30-0500"
    )
    assert [tuple(map(str, row)) for row in _read(tmp_path / "given.csv", text)] == [
        ("1", "2026-11-17 09:30:00", "-5", "ü"),
        ("0x", "2026-11-17 09:30:00.123456", "7", "None"),
        ("検索", "2026-11-17 09:30:00", "0", "p"),
    ]


def test_a_file_with_a_header_only_has_no_rows(tmp_path: Path) -> None:
    assert _read(tmp_path / "given.csv", HEADER) == []


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(Misconfigured, match=r"the file cannot be read: (no such file|is a directory)"):
            read_csv(duckdb.connect(), path, "rows_in", COLUMNS)


def test_lines_are_right_across_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(try_csv, "CHUNK", 1000)
    rows = "".join(f"{n},2026-11-17T09:30:00Z,{n},p{n}\n" for n in range(20_000))
    assert len(_read(tmp_path / "given.csv", HEADER + rows)) == 20_000
    with pytest.raises(Misconfigured, match=r"id '7' stands already in line 9 .*line 20002"):
        _read(tmp_path / "given.csv", HEADER + rows + "7,2026-11-17T09:30:00Z,7,p7\n")
