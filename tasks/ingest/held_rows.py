"""Rows that break a rule of their contract: how many there are, and how they come back once the rule is mended.

Which rows they are is decided while they are typed (see `deployments/render/staging.py`); here their places are
written into the index, without a value, and they are typed again when the declaration has changed.
"""

# ruff: noqa: S608 - the names come from the declarations

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby

from prefect import task

from expectations.declare.contract import BROKEN
from expectations.declare.source import Source, Stream
from expectations.declare.source import load as declared
from expectations.judge.verdict import Finding, Verdict
from tasks import doors
from tasks.adapters.dbt_compiled import compiled
from tasks.adapters.lake_writer import SHOWN_LINES
from tasks.adapters.ops_quarantine import Held, QuarantineIndex
from tasks.adapters.warehouse.base import LEDGER, Warehouse
from tasks.backfill.replay import catch_up, follow_up
from tasks.backfill.retype import retype
from tasks.outcomes import recorded
from tasks.subject import source_in
from tasks.window import Window

# The first rows of each object that break the same rules, with how many there are; the same text on both engines.
_BROKEN_ROWS = """
select _sync_id, _source_file, {broken}, _source_row, found
from (
    select
        _sync_id, _source_file, {broken}, _source_row,
        count(*) over (partition by _sync_id, _source_file, {broken}) as found,
        row_number() over (partition by _sync_id, _source_file, {broken} order by _source_row) as place
    from {table}
    where {broken} is not null
) as broken_rows
where place <= {shown}
order by 1, 2, 3, 4
"""
_WINDOWS = f"select sync_id, min(window_start), max(window_end) from {LEDGER} where table_name = ? group by sync_id"


FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class BrokenRows:
    """The rows of a stream that are held back, as the part of its history that is typed again (see `Scope`)."""

    source: Source
    stream: Stream
    window: Window
    rule: str = ""

    @property
    def in_window(self) -> str:
        """True for a typed row that is held back (by this rule)."""
        told = f"contains(' ' || {BROKEN}, ' {self.rule}:')" if self.rule else "true"
        return f"({BROKEN} is not null and {told})"

    @property
    def dated(self) -> str:
        """Every day is meant."""
        return "true"

    @property
    def delivered(self) -> str:
        """No row is missing from the typed history: what is held back stands in it."""
        return "false"


def index() -> QuarantineIndex:
    """The index of the ops store."""
    return QuarantineIndex(doors.ops_store().engine)


@task(task_run_name="replay rows of {source}")
@recorded
def replay_rows(source: str, rule: str = "") -> int:
    """Type what is held back again, with all that is made of it, and say in the index what is out; rows put back.

    What was loaded before is typed first: a part of a model can only be made again where it has seen everything.
    """
    declaration = declared(source)
    catch_up([source])
    out = [one for one in index().found(source, rule=rule) if one.kind == "row"]
    if out:
        _retype(declaration, rule, _span(out))
    with doors.warehouse() as warehouse:
        for stream in declaration.streams.values():
            _index_rows(warehouse, stream)
    return sum(one.count for one in out) - sum(
        one.count for one in index().found(source, rule=rule) if one.kind == "row"
    )


def _retype(source: Source, rule: str, span: Window) -> None:
    project = compiled(doors.dbt().config)
    # A row that comes back may be of any day, whatever sync brought it.
    any_day = Window(start=FIRST_DAY, end=span.end)
    with doors.warehouse() as warehouse:
        for stream in source.streams.values():
            if stream.holds_rows_back:
                retype(warehouse, project, BrokenRows(source, stream, any_day, rule))
    follow_up.fn([source.name], span)


def _span(entries: Sequence[Held]) -> Window:
    return Window(start=min(one.window.start for one in entries), end=max(one.window.end for one in entries))


@task(task_run_name="list what is held back of {source}")
@recorded
def hold_back(source: str, window: Window) -> tuple[Verdict, ...]:
    """Bring the index up to what the typed rows say, and tell how much of the window's syncs is held back."""
    declaration = declared(source)
    with doors.warehouse() as warehouse:
        for stream in declaration.streams.values():
            _index_rows(warehouse, stream)
    held = [one for one in index().found(source) if window.start <= one.window.start < window.end]
    return tuple(_verdict(declaration, name, window, held) for name in declaration.streams)


def _index_rows(warehouse: Warehouse, stream: Stream) -> None:
    """Entries of rows are what the typed rows say: new ones are open, those that are gone were replayed."""
    known = [one for one in index().found(stream.source, states=("open", "dismissed")) if _is_row_of(one, stream)]
    now = _broken_rows(warehouse, stream) if stream.holds_rows_back else []
    index().seen(now)
    keys = {(one.sync_id, one.rule, one.place, one.object) for one in now}
    gone = [one for one in known if (one.sync_id, one.rule, one.place, one.object) not in keys]
    index().settle([one for one in gone if one.state == "open"], "replayed")


def _is_row_of(entry: Held, stream: Stream) -> bool:
    return entry.kind == "row" and entry.stream == stream.name


def _broken_rows(warehouse: Warehouse, stream: Stream) -> list[Held]:
    if stream.typed_model not in warehouse.relations("staging"):
        return []
    table = f"staging.{stream.typed_model}"
    rows = warehouse.query(_BROKEN_ROWS.format(broken=BROKEN, table=table, shown=SHOWN_LINES))
    windows = {int(sync): _window(start, end) for sync, start, end in warehouse.query(_WINDOWS, [stream.raw_table])}
    found: dict[tuple[int, str, str, str], Held] = {}
    for (sync, file, broken), group in groupby(rows, lambda row: (int(row[0]), str(row[1]), str(row[2]))):
        part = list(group)
        for rule, _, column in (word.partition(":") for word in broken.split()):
            entry = Held(
                stream.source, stream.name, sync, windows[sync], "row", rule, column, file, file, int(part[0][4]),
                tuple(int(row[3]) for row in part),
            )  # fmt: skip
            key = (sync, rule, column, file)
            found[key] = _together(found[key], entry) if key in found else entry
    return list(found.values())


def _together(one: Held, other: Held) -> Held:
    lines = tuple(sorted({*one.lines, *other.lines}))[:SHOWN_LINES]
    return replace(one, count=one.count + other.count, lines=lines)


def _window(start: datetime, end: datetime) -> Window:
    return Window(start=start.replace(tzinfo=UTC), end=end.replace(tzinfo=UTC))


def _verdict(source: Source, stream: str, window: Window, held: Sequence[Held]) -> Verdict:
    ours = [one for one in held if one.stream == stream]
    count, rules = sum(one.count for one in ours), sorted({f"{one.rule} {one.place}".strip() for one in ours})
    told = f"{source.title} {stream}: {count:,} {'is' if count == 1 else 'are'} held back ({', '.join(rules[:5])})."
    finding = Finding(
        scope=f"{stream} {window.label}",
        state="warned" if count else "passed",
        severity="warning" if count else "info",
        sentence=told if count else f"{source.title} {stream}: nothing of {window.label} is held back.",
        observed=f"{count:,} held back",
        expected="0",
    )
    return source_in(source, window, stream).verdict("quarantine", finding)
