"""`plumbline bench load`: seal, load and type GA4 export events, against bare DuckDB on the same objects.

Included: unpacking and checksum, validation, join tokens, Parquet, the raw table with its ledger, and the typed
SELECT of the staging model. Not included: S3 (objects are local files), the manifest, and dbt itself. The floor is
one `create table as` over `read_json`: the same columns of the same SELECT, with the payload parsed by the reader;
no lake, no raw table, no checksum, no tokens. Path and floor take turns, each in a process of its own.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from expectations.declare.rendered import CHECKOUT

T = TypeVar("T")

DAY = date(2026, 11, 17)
ROUNDS = 3
OBJECT_ROWS = 250_000
SECONDS = ("seal", "load", "type")


@dataclass(frozen=True)
class Round:
    """What one process measured: wall and processor seconds per step, peak memory, rows in its table."""

    wall: dict[str, float]
    cpu: dict[str, float]
    peak_mb: float
    rows: int

    @property
    def seconds(self) -> float:
        """All steps together."""
        return sum(self.wall.values())


def run(events: int, *, as_json: bool = False) -> None:
    """Print a table, and with `as_json` one JSON object as the last line."""
    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        text_bytes, rows = _generate(Path(folder), events)
        rounds = [(_measured("path", folder), _measured("floor", folder)) for _ in range(ROUNDS)]
    result = _result(rounds, rows, text_bytes)
    _print(rounds, result)
    if as_json:
        print(json.dumps(result))


def _generate(folder: Path, events: int) -> tuple[int, int]:
    from deployments.local.saas.ga4_bench import generate_objects
    from deployments.local.saas.world import World

    size = rows = 0
    for number, made in enumerate(generate_objects(World(1, 1.0), DAY, events=events, object_rows=OBJECT_ROWS)):
        (folder / f"1_{number}_1795000000000.jsonl.gz").write_bytes(made.body)
        size, rows = size + made.text_bytes, rows + made.rows
    return size, rows


def _measured(what: str, folder: str) -> Round:
    done = subprocess.run(
        [sys.executable, "-m", "deployments.bench.load", what, folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the {what} of the benchmark failed:\n{done.stderr}")
    return Round(**json.loads(done.stdout.splitlines()[-1]))


def _result(rounds: list[tuple[Round, Round]], rows: int, text_bytes: int) -> dict[str, Any]:
    if any(one.rows != rows for pair in rounds for one in pair):
        raise RuntimeError("path and floor did not produce the same number of rows")
    path = statistics.median(one.seconds for one, _ in rounds)
    floor = statistics.median(other.seconds for _, other in rounds)
    cpu = [statistics.median(sum(pair[side].cpu.values()) for pair in rounds) for side in (0, 1)]
    return {
        "events": rows,
        "bytes_per_event": round(text_bytes / rows),
        "ratio_to_floor": round(statistics.median(one.seconds / other.seconds for one, other in rounds), 3),
        "cpu_ratio_to_floor": round(cpu[0] / cpu[1], 3),
        "rows_per_second": round(rows / path),
        "seconds": round(path, 2),
        "floor_seconds": round(floor, 2),
        "peak_mb": round(max(one.peak_mb for one, _ in rounds)),
        "floor_peak_mb": round(max(other.peak_mb for _, other in rounds)),
        **{f"{step}_seconds": round(statistics.median(one.wall[step] for one, _ in rounds), 2) for step in SECONDS},
    }


def _print(rounds: list[tuple[Round, Round]], result: dict[str, Any]) -> None:
    table = Table(title=f"{result['events']:,} events of {result['bytes_per_event']} bytes; wall / processor seconds")
    for heading in ("round", *SECONDS, "together", "floor", "ratio", "peak MB"):
        table.add_column(heading, justify="right")
    for number, (path, floor) in enumerate(rounds, 1):
        steps = [f"{path.wall[step]:.1f} / {path.cpu[step]:.1f}" for step in SECONDS]
        together = f"{path.seconds:.1f} / {sum(path.cpu.values()):.1f}"
        bare = f"{floor.seconds:.1f} / {sum(floor.cpu.values()):.1f}"
        table.add_row(str(number), *steps, together, bare, f"{path.seconds / floor.seconds:.2f}", f"{path.peak_mb:.0f}")
    console = Console(width=110)
    console.print(table)
    console.print(
        f"median of {ROUNDS}: {result['ratio_to_floor']} x floor, {result['rows_per_second']:,} rows a second"
    )


def _path(folder: Path) -> Round:
    from tasks.adapters.warehouse.base import Delivery, LakeFile
    from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
    from tasks.window import Window

    scratch = Path(tempfile.mkdtemp(prefix="path-", dir=folder))
    clock, sealing = _Clock(), _sealing(folder, scratch)
    counts = clock.time("seal", sealing)
    window = Window.of_day(DAY)
    delivery = Delivery("ga4_export", "events", 1, window.start, window.end)
    files = [LakeFile(path.name, path.name, rows, content, _at(path)) for path, rows, content in counts]
    stream = _stream()
    with DuckDBWarehouse(scratch / "w.duckdb", "1500MB", 2, 5.0) as warehouse:
        warehouse.ensure_raw(stream.raw_table)
        clock.time("load", lambda: warehouse.load(stream.raw_table, files, delivery))
        typed = f"create table typed as {_typed(stream.raw_table)}"
        clock.time("type", lambda: warehouse.execute(typed))
        return clock.done(warehouse.query("select count(*) from typed")[0][0])


def _at(path: Path) -> Callable[[], AbstractContextManager[Path]]:
    return lambda: nullcontext(path)


def _sealing(folder: Path, scratch: Path) -> Callable[[], list[tuple[Path, int, str]]]:
    """What seals the objects; imports and declarations are read before the clock starts."""
    from expectations.declare.contract import contract
    from tasks.adapters.lake_writer import LakeWriter, LandingFile, lake_writer
    from tasks.adapters.tokens import TokenKey, tokens_sql
    from tasks.settings import SealSettings

    limits = SealSettings()
    key = TokenKey(1, bytes(32))
    objects = sorted(folder.glob("*.gz"))

    def one(writer: LakeWriter, path: Path) -> tuple[Path, int, str]:
        parquet = scratch / f"{path.name}.parquet"
        counts = writer.write(LandingFile(path.name, 1, lambda: path.open("rb")), parquet, scratch / "refused")
        return parquet, counts.rows, counts.content

    tokens = tokens_sql(contract(_stream()).tokens, key.version)

    def all_of_them() -> list[tuple[Path, int, str]]:
        with (
            lake_writer(scratch, limits, key, tokens=tokens) as writer,
            ThreadPoolExecutor(limits.at_once) as pool,
        ):
            return list(pool.map(partial(one, writer), objects))

    return all_of_them


def _floor(folder: Path) -> Round:
    import duckdb

    scratch = Path(tempfile.mkdtemp(prefix="floor-", dir=folder))
    clock = _Clock()
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "1500MB", "threads": 2}
    with duckdb.connect(str(scratch / "w.duckdb"), config=config) as connection:
        connection.execute("set timezone = 'UTC'")
        statement = f"create table typed as {_floor_sql(connection, folder)}"
        clock.time("floor", lambda: connection.execute(statement))
        [(rows,)] = connection.execute("select count(*) from typed").fetchall()
    return clock.done(rows)


def _floor_sql(connection: Any, folder: Path) -> str:  # noqa: ANN401 - DuckDB is imported late
    """The staging SELECT with the parsed payload taken from `read_json`."""
    import re

    found = re.search(r"from_json\(_airbyte_data, ('[^']*')\) as j", _typed("rows"))
    if not found:
        raise RuntimeError("the staging model parses its payload in another way than this benchmark knows")
    [(structure,)] = connection.execute(f"select typeof(from_json('{{}}', {found[1]}))").fetchall()
    read = f"""(
        select
            1::bigint as _sync_id, epoch_ms(_airbyte_extracted_at)::timestamp as _airbyte_extracted_at,
            '' as _source_file, 0::bigint as _source_row, 0::bigint as _load_seq,
            '{{"changes":[]}}' as _airbyte_meta, null::varchar as _tokens, _airbyte_data
        from read_json('{folder}/*.gz', format = 'newline_delimited', compression = 'gzip',
            columns = {{_airbyte_extracted_at: 'BIGINT', _airbyte_data: $structure${structure}$structure$}})
    )"""  # noqa: S608 - a folder of our own and a type that DuckDB named
    return _typed(read).replace(found[0], "_airbyte_data as j")


class _Clock:
    """Wall and processor time of named steps of this process."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    def time(self, step: str, work: Callable[[], T]) -> T:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall[step], self.cpu[step] = time.perf_counter() - wall, time.process_time() - cpu
        return result

    def done(self, rows: int) -> Round:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Round(self.wall, self.cpu, peak, rows)


def _stream() -> Any:  # noqa: ANN401 - imported late, so that the floor's memory is its own
    from expectations.declare.source import load

    return load("ga4_export").streams["events"]


def _typed(rows: str) -> str:
    """The typed SELECT of the staging model, rendered from dbt's macros as dbt does for DuckDB."""
    from types import SimpleNamespace

    from jinja2 import Environment

    macros = CHECKOUT / "dbt" / "macros"
    source = "\n".join(path.read_text() for path in sorted(macros.rglob("*.sql")))
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # SQL, not HTML

    def dispatch(name: str, *_: str) -> Any:  # noqa: ANN401 - a Jinja macro
        return getattr(module, f"duckdb__{name}", None) or getattr(module, f"default__{name}")

    environment.globals.update({"adapter": SimpleNamespace(dispatch=dispatch), "return": lambda value: value})
    module: Any = environment.from_string(source).module
    return str(module.typed_ga4_export__events(rows))


if __name__ == "__main__":
    measured = {"path": _path, "floor": _floor}[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps(vars(measured)))
