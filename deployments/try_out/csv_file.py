"""Reads the CSV files of `plumbline try` into DuckDB and refuses bad ones in words.

Python's csv module splits the records, because it alone knows in which line of the file a record begins (values may
hold line breaks); the values are judged in SQL, a column at a time, so that a million rows take seconds. The first bad
row of the file is named, whatever is wrong with it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TextIO

import duckdb
import numpy as np
import pyarrow

from deployments.try_out.kinds import KINDS, Kind
from expectations.declare.errors import Misconfigured

CHUNK = 100_000  # records in Python at a time
_SHOWN = 40
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True)
class Column:
    """A column that a file must have: what its values are, and whether each may stand once only."""

    name: str
    kind: str
    unique: bool = False

    @property
    def rule(self) -> Kind:
        """How its values are judged and read."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class _Fault:
    line: int
    what: str
    do: str


def read_csv(connection: duckdb.DuckDBPyConnection, path: Path, table: str, columns: Sequence[Column]) -> int:
    """Make `table` from the file, its columns typed, and return the number of rows; further columns are left out.

    Raises `Misconfigured` with the file, the line of the first bad row, what stands there and what was expected.
    """
    quoted = ", ".join(f'"{column.name}" varchar' for column in columns)
    connection.execute(f"create or replace temp table read_in (line bigint, {quoted})")
    fault = _split(connection, path, columns)
    faults = [fault] if fault else []
    faults += [found for column in columns for found in _bad_values(connection, column)]
    if faults:
        first = min(faults, key=lambda each: each.line)
        raise Misconfigured(first.what, where=f"{path}, line {first.line}", do=first.do)
    typed = ", ".join(f"{column.rule.reading(_value(column))} as {_value(column)}" for column in columns)
    connection.execute(f"create or replace table {table} as select {typed} from read_in")  # noqa: S608
    connection.execute("drop table read_in")
    return int(connection.sql(f"select count(*) from {table}").fetchall()[0][0])  # noqa: S608


def columns_of(path: Path) -> list[str]:
    """The names in the header of a file."""
    with _opened(path) as text:
        return _header(path, csv.reader(text, strict=True))[0]


def _split(connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[Column]) -> _Fault | None:
    """Put the records before the first that is no record into `read_in`; that one is returned."""
    with _opened(path) as text:
        reader = csv.reader(text, strict=True)
        header, before = _header(path, reader)
        places = _places(path, header, columns)
        lines: list[int] = []
        rows: list[list[str]] = []
        fault = None
        try:
            for row in reader:
                line, before = before + 1, reader.line_num
                if not row:
                    continue
                if len(row) != len(header):
                    fault = _ragged(line, row, header)
                    break
                lines.append(line)
                rows.append(row)
                if len(rows) == CHUNK:
                    _store(connection, lines, rows, places)
                    lines, rows = [], []
        except csv.Error as error:
            fault = _Fault(before + 1, f"this row is no CSV: {error}", "Close every quote, and write a quote as two")
        _store(connection, lines, rows, places)
    return fault


def _ragged(line: int, row: Sequence[str], header: Sequence[str]) -> _Fault:
    found = f"the row has {len(row)} value{'s' * (len(row) != 1)}, the header has {len(header)}"
    return _Fault(line, found, "Write one value per column, and quotes around values with a comma")


def _store(
    connection: duckdb.DuckDBPyConnection, lines: list[int], rows: list[list[str]], places: Sequence[int]
) -> None:
    if not rows:
        return
    values = list(zip(*rows, strict=True))
    numbers = pyarrow.Array.from_buffers(
        pyarrow.int64(), len(lines), [None, pyarrow.py_buffer(np.array(lines, dtype=np.int64).tobytes())]
    )
    names = [str(number) for number in range(len(places) + 1)]
    chunk = pyarrow.Table.from_arrays([numbers, *(_texts(values[place]) for place in places)], names=names)
    connection.register("chunk", chunk)
    connection.execute("insert into read_in select * from chunk")
    connection.unregister("chunk")


def _texts(values: Sequence[str]) -> pyarrow.Array[Any]:
    # Made of its buffers: pyarrow.array() would import pandas first, which takes longer than most files.
    joined = "".join(values)
    sizes: Iterator[int] = map(len, values if joined.isascii() else (value.encode() for value in values))
    offsets = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(sizes, np.int64, len(values)), out=offsets[1:])
    buffers = [None, pyarrow.py_buffer(offsets.tobytes()), pyarrow.py_buffer(joined.encode())]
    return pyarrow.Array.from_buffers(pyarrow.large_string(), len(values), buffers)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open("rb") as raw:
            head = raw.read(4)
        foreign = next((name for magic, name in _FOREIGN.items() if head.startswith(magic)), None)
        if foreign:
            raise Misconfigured(f"the file is {foreign}", where=str(path), do="Save it as CSV in UTF-8")
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield text
    except OSError as error:
        words = (error.strerror or type(error).__name__).lower()
        raise Misconfigured(f"the file cannot be read: {words}", where=str(path), do="Name a CSV file") from None
    except UnicodeDecodeError:
        where = f"{path}, line {_line_of_other_encoding(path)}"
        raise Misconfigured("the text is not UTF-8", where=where, do="Save the file as CSV in UTF-8") from None


def _line_of_other_encoding(path: Path) -> int:
    with path.open("rb") as raw:
        for number, line in enumerate(raw, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def _header(path: Path, reader: Iterator[list[str]]) -> tuple[list[str], int]:
    """The names of the columns, and the line in which they end."""
    try:
        for row in reader:
            if row:
                return [name.strip() for name in row], int(getattr(reader, "line_num", 1))
    except csv.Error as error:
        raise Misconfigured(f"the header is no CSV: {error}", where=f"{path}, line 1", do="Name the columns") from None
    raise Misconfigured("the file is empty", where=str(path), do="Write a header and one row per record")


def _places(path: Path, header: Sequence[str], columns: Sequence[Column]) -> list[int]:
    """Where each column stands in a row."""
    expected = f"Expected the columns {', '.join(column.name for column in columns)}, separated by commas"
    twice = next((column.name for column in columns if header.count(column.name) > 1), None)
    if twice:
        raise Misconfigured(f"the column {twice} stands twice", where=f"{path}, line 1", do=expected)
    missing = [column.name for column in columns if column.name not in header]
    if missing:
        near = {name: get_close_matches(name, header, n=1) for name in missing}
        said = ", ".join(f"{name} (is it {found[0]!r}?)" if found else name for name, found in near.items())
        have = ", ".join(name or "(no name)" for name in header)[:200]
        what = f"the file has no column{'s' * (len(missing) > 1)} {said}; it has {have}"
        raise Misconfigured(what, where=f"{path}, line 1", do=expected)
    return [header.index(column.name) for column in columns]


def _bad_values(connection: duckdb.DuckDBPyConnection, column: Column) -> Iterator[_Fault]:
    """The first value that is not of its kind, and the first that stands a second time."""
    value, expected = _value(column), f"Expected {column.rule.expected}"
    bad = f"select line, {value} from read_in where not coalesce({column.rule.condition(value)}, false)"  # noqa: S608
    for line, said in connection.sql(f"{bad} order by line limit 1").fetchall():
        yield _Fault(line, f"{column.name} is {_shown(said)}", expected)
    if column.unique:
        doubles = f"select {value}, min(line) as first from read_in group by {value} having count(*) > 1"  # noqa: S608
        again = f"select line, {value}, first from read_in inner join ({doubles}) using ({value}) where line > first"  # noqa: S608
        for line, said, first in connection.sql(f"{again} order by line limit 1").fetchall():
            what = f"{column.name} {_shown(said)} stands already in line {first}"
            yield _Fault(line, what, f"Expected every {column.name} once")


def _shown(value: str) -> str:
    if not value.strip():
        return "empty"
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "...")


def _value(column: Column) -> str:
    return f'"{column.name}"'
