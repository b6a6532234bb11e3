"""One landing object becomes one lake object: every line a row, or a line of the quarantine with its reason.

Optimistic, then careful. First DuckDB writes all lines straight to Parquet and raises at the first one that is
not as Airbyte writes it (a filter in that statement would cost half as much again). Only then the object is read
a second time to judge such lines, and a third time to write the rest.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import duckdb
import numpy as np
import pyarrow as pa

from expectations.declare.errors import ContractBroken, PlumblineError
from tasks.adapters.envelope import SCHEMA, Ints, Lines, batch, batch_of, cut
from tasks.adapters.gunzip import blocks
from tasks.adapters.lawless import suspicious
from tasks.adapters.normal_form_sql import teach
from tasks.adapters.odd_lines import EARLIEST, LATEST, Opened, Refused, opened
from tasks.adapters.tokens import NO_TOKENS, TokenKey, TokenSql

# Larger row groups cost page faults, a dictionary is tried in vain, zstd 1 is smaller than 3 (measured).
PARQUET = "format parquet, compression zstd, compression_level 1, dictionary_size_limit 1000, row_group_size 8192"
_ENVELOPE = (
    '{"_airbyte_raw_id":"VARCHAR","_airbyte_extracted_at":"BIGINT","_airbyte_meta":"VARCHAR",'
    '"_airbyte_generation_id":"BIGINT"}'
)
_SOUND = (
    f"starts_with(payload, '{{') and length(e._airbyte_raw_id) > 0"
    f" and e._airbyte_extracted_at >= {EARLIEST} and e._airbyte_extracted_at < {LATEST}"
)
# The head closes to a JSON object if and only if the payload's key stands at depth one.
_ODD = f"""select n from (
    select n, payload, case when json_valid(head || 'null}}') then from_json(head || 'null}}', '{_ENVELOPE}') end as e
    from lines where json_valid(payload)
) where {_SOUND}
"""  # noqa: S608 - constants


@dataclass(frozen=True)
class LandingFile:
    """A landing object: its name, its job, and a way to read it from the start, as often as needed."""

    key: str
    sync_id: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


SHOWN_LINES = 100  # line numbers kept of one reason; all of them stand in the quarantine file


@dataclass(frozen=True)
class Reason:
    """Why lines of an object were refused: how many, and the numbers of the first ones."""

    reason: str
    count: int
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Counts:
    """What became of the lines; `content` is an order-free checksum of the payloads that were sealed."""

    lines: int
    rows: int
    quarantined: int
    content: str
    reasons: tuple[Reason, ...] = ()


class Limits(Protocol):
    """How much of the machine a seal may use (`tasks.settings.SealSettings`)."""

    @property
    def memory_limit(self) -> str: ...

    @property
    def at_once(self) -> int: ...


@contextmanager
def lake_writer(
    scratch: Path, limits: Limits, key: TokenKey, *, tokens: TokenSql, tolerates: tuple[str, ...] = ()
) -> Iterator[LakeWriter]:
    """A writer that `limits.at_once` threads may share; it spills into `scratch` when memory is short."""
    spill = str(scratch / "spill")
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory_limit,
        "threads": limits.at_once,
        "temp_directory": spill,
    }
    with duckdb.connect(config=config) as connection:
        connection.execute("set timezone = 'UTC'")
        yield LakeWriter(connection, key, tokens, tolerates)


@dataclass(frozen=True)
class LakeWriter:
    """Writes lake objects; `tokens` is the SQL of the token column, `key` the parameters that it needs."""

    connection: duckdb.DuckDBPyConnection
    key: TokenKey
    tokens: TokenSql = NO_TOKENS
    tolerates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        teach(self.connection)

    def write(self, landing: LandingFile, parquet: Path, quarantine: Path) -> Counts:
        """Seal one object into two local files, the second one only if a line was refused.

        Raises `ContractBroken` with the object's name for a damaged gzip stream. rows + quarantined == lines.
        """
        source = _Source(landing, self.tolerates)
        with self.connection.cursor() as cursor:
            if not self._copied(cursor, source, parquet):
                source.care = _judge(cursor, source, quarantine)
                if not self._copied(cursor, source, parquet):
                    raise ContractBroken("a landing object changed while it was sealed", where=landing.key)
            return _counted(cursor, parquet, source)

    def _copied(self, cursor: duckdb.DuckDBPyConnection, source: _Source, parquet: Path) -> bool:
        """Whether every line was written; the caller's own errors pass, with their class."""
        cursor.register("lines", pa.RecordBatchReader.from_batches(SCHEMA, source.batches()))
        params = {"file": source.landing.key, "sync_id": source.landing.sync_id, "target": str(parquet)}
        keyed = self.key.params if self.tokens else {}
        try:
            cursor.execute(_copy(self.tokens), params | keyed)
        except (duckdb.Error, UnicodeDecodeError):  # the latter for an error message that quotes such a line
            if source.failure:
                raise source.failure from None
            if source.care:
                raise
            return False
        finally:
            cursor.unregister("lines")
        return True


def _copy(tokens: TokenSql) -> str:
    # Reading the personal values parses the payload, which need not be parsed again only to see that it is valid.
    valid = "found is not null" if tokens else "json_valid(payload)"
    return f"""
copy (
    select
        case when {_SOUND} then e._airbyte_raw_id else error('odd') end as _airbyte_raw_id,
        epoch_ms(e._airbyte_extracted_at)::timestamp as _airbyte_extracted_at,
        e._airbyte_meta,
        e._airbyte_generation_id,
        case when {valid} then payload else error('odd') end as _airbyte_data,
        $file::varchar as _source_file,
        n as _source_row,
        $sync_id::bigint as _sync_id,
        {tokens.tokens} as _tokens
    from (select n, payload, {tokens.found} as found, from_json(head || 'null}}', '{_ENVELOPE}') as e from lines)
) to $target ({PARQUET})
"""  # noqa: S608 - constants, and the tokens' SQL, in which names are quoted and values bound


@dataclass(frozen=True)
class _Care:
    """Line numbers that need care: those to open one by one, and those of them that were refused."""

    odd: Ints
    refused: Ints
    reasons: tuple[Reason, ...]


class _Odd(Exception):
    """The optimistic pass met a line that needs care."""


@dataclass
class _Source:
    """The lines of an object as DuckDB pulls them; keeps what the way through DuckDB would lose."""

    landing: LandingFile
    tolerates: tuple[str, ...] = ()
    care: _Care | None = None
    lines: int = 0
    failure: PlumblineError | None = field(default=None)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All lines that are to be sealed."""
        try:
            for lines in _blocks_of(self.landing):
                self.lines = lines.first + len(lines) - 1
                yield from self._careful(lines) if self.care else self._optimistic(lines)
        except PlumblineError as error:
            # DuckDB keeps only the text of an exception; its class must survive.
            self.failure = error
            raise

    def _optimistic(self, lines: Lines) -> Iterator[pa.RecordBatch]:
        if not lines.usual.all() or any(isinstance(opened(lines.text(i)), Refused) for i in suspicious(lines)):
            raise _Odd
        yield batch(lines)

    def _careful(self, lines: Lines) -> Iterator[pa.RecordBatch]:
        if self.care is None:
            return
        numbers = np.arange(lines.first, lines.first + len(lines))
        odd = np.isin(numbers, self.care.odd)
        wanted = np.flatnonzero(odd & ~np.isin(numbers, self.care.refused))
        reopened = [_reopened(lines, wanted, self.tolerates)] if len(wanted) else []
        # One batch: of two small ones the engine makes one row group or two, as its threads happen to meet them.
        yield from pa.Table.from_batches([batch(lines, ~odd), *reopened]).combine_chunks().to_batches()


def _blocks_of(landing: LandingFile) -> Iterator[Lines]:
    first = 1
    with landing.open() as packed:
        for block in blocks(packed, landing.key):
            lines = cut(block, first)
            first += len(lines)
            yield lines


def _reopened(lines: Lines, wanted: Ints, tolerates: tuple[str, ...]) -> pa.RecordBatch:
    found = [(lines.first + int(i), opened(lines.text(i), tolerates)) for i in wanted]
    return batch_of([(n, one.head, one.payload) for n, one in found if isinstance(one, Opened)])


def _judge(cursor: duckdb.DuckDBPyConnection, source: _Source, quarantine: Path) -> _Care:
    """Find the lines that need care, and write those that cannot be sealed to the quarantine file."""
    odd: list[int] = []
    refused: list[int] = []
    reasons: dict[str, list[int]] = defaultdict(list)
    # No time stamp: sealing an object twice gives the same bytes.
    with quarantine.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as out:
        for lines in _blocks_of(source.landing):
            sound = _sound(cursor, batch(lines, lines.usual))
            plain = lines.usual & np.isin(np.arange(lines.first, lines.first + len(lines)), sound)
            plain[suspicious(lines)] = False
            indexes = np.flatnonzero(~plain)
            odd += [lines.first + int(i) for i in indexes]
            for index, verdict in _refused(cursor, lines, indexes, source.tolerates):
                refused.append(lines.first + index)
                reasons[verdict.reason].append(lines.first + index)
                out.write(_quarantined(source.landing, lines, index, verdict))
    found = tuple(Reason(name, len(at), tuple(at[:SHOWN_LINES])) for name, at in sorted(reasons.items()))
    return _Care(np.array(odd, np.int64), np.array(refused, np.int64), found)


def _sound(cursor: duckdb.DuckDBPyConnection, rows: pa.RecordBatch) -> Ints:
    cursor.register("lines", pa.Table.from_batches([rows]))
    try:
        return np.asarray(cursor.execute(_ODD).fetchnumpy()["n"], np.int64)
    finally:
        cursor.unregister("lines")


def _refused(
    cursor: duckdb.DuckDBPyConnection, lines: Lines, indexes: Ints, tolerates: tuple[str, ...]
) -> Iterator[tuple[int, Refused]]:
    """Those of the odd lines that hold no record; what passed the grammar must pass DuckDB's parser too."""
    verdicts = {int(i): opened(lines.text(i), tolerates) for i in indexes}
    good = [(i, one.head, one.payload) for i, one in verdicts.items() if isinstance(one, Opened)]
    sound = set(_sound(cursor, batch_of(good)).tolist())
    for index, verdict in verdicts.items():
        if isinstance(verdict, Refused):
            yield index, verdict
        elif index not in sound:
            yield index, Refused("not JSON")


def _quarantined(landing: LandingFile, lines: Lines, index: int, verdict: Refused) -> bytes:
    try:
        kept = {"text": lines.text(index).decode()}
    except UnicodeDecodeError:
        kept = {"base64": base64.b64encode(lines.text(index)).decode()}
    about = {"object": landing.key, "line": lines.first + index, "reason": verdict.reason, "place": verdict.place}
    return json.dumps(about | kept).encode() + b"\n"


def _counted(cursor: duckdb.DuckDBPyConnection, parquet: Path, source: _Source) -> Counts:
    """Count what stands in the file, not what was sent to it."""
    counting = "select count(*), bit_xor(hash(_airbyte_data)), sum(hash(_airbyte_data)) % 18446744073709551616"
    found = cursor.execute(f"{counting} from read_parquet(?)", [str(parquet)]).fetchone()
    rows, mixed, added = found if found and found[0] else (0, 0, 0)
    refused = len(source.care.refused) if source.care else 0
    if rows + refused != source.lines:
        raise ContractBroken(
            f"{source.lines} lines became {rows} rows and {refused} quarantined lines",
            where=source.landing.key,
            do="Nothing was sealed. This is a fault of the product: please report it with the object",
        )
    reasons = source.care.reasons if source.care else ()
    return Counts(source.lines, rows, refused, f"{rows}:{int(mixed):016x}{int(added):016x}", reasons)
