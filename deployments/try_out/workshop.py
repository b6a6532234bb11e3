"""The place where `plumbline try` works: a DuckDB in memory with a limit, and result files that appear whole.

A result is written beside its final name and renamed at the end, so a command that fails leaves the last result as it
was; and no command may write over a file that it reads.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from expectations.declare.errors import Misconfigured

MEMORY = "1500MB"  # as the embedded warehouse; what does not fit goes to a temporary folder


@contextmanager
def workshop() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own, in UTC; `Misconfigured` where memory and disk do not suffice."""
    with tempfile.TemporaryDirectory(prefix="plumbline-try-") as spill, duckdb.connect(":memory:") as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(f"set temp_directory = '{spill}'")
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        try:
            yield connection
        except duckdb.OutOfMemoryException:
            advice = "Free room in the temporary folder, or send the people in several parts"
            raise Misconfigured(f"the files need more than {MEMORY} and the disk", where=spill, do=advice) from None


@contextmanager
def result_file(out: Path, inputs: Sequence[Path]) -> Iterator[Path]:
    """A path to write to, which becomes `out` when the block ends well. Raises `Misconfigured` before any work."""
    if any(given.exists() and out.exists() and out.samefile(given) for given in inputs):
        raise Misconfigured("the result would replace a file that is read", where=str(out), do="Name another --out")
    if not out.parent.is_dir():
        raise Misconfigured("the folder of the result does not exist", where=str(out), do=f"Make {out.parent}")
    if out.is_dir():
        raise Misconfigured("the result is a folder", where=str(out), do="Name a file, such as result.csv")
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        unfinished.touch()
        yield unfinished
        os.replace(unfinished, out)
    except OSError as error:
        words = (error.strerror or type(error).__name__).lower()
        raise Misconfigured(f"the result cannot be written: {words}", where=str(out), do="Name another --out") from None
    finally:
        if unfinished.exists():
            unfinished.unlink()


def write_query(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    """The rows of a query as a CSV file with a header, in UTF-8."""
    target = str(path).replace("'", "''")
    connection.execute(f"copy ({query}) to '{target}' (format csv, header)")


def write_rows(header: Sequence[str], rows: Iterable[Sequence[object]], path: Path) -> None:
    """The same for rows that Python made; None is empty."""
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def plain_decimal(column: str) -> str:
    """SQL for a decimal as people write it: no zeros at the end but one behind the point."""
    return f"regexp_replace(cast({column} as varchar), '([.][0-9]+?)0*$', '\\1')"
