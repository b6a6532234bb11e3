"""`plumbline try attribution`: touches and conversions from CSV files, credits by the marts' own SQL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from deployments.try_out.csv_file import Column, read_csv
from deployments.try_out.workshop import plain_decimal, result_file, workshop, write_query
from expectations.declare.errors import Misconfigured
from tasks.build.attribution import AttributionRules, credits_sql
from tasks.build.macros import value_of

TOUCHES = (
    Column("touch_id", "id", unique=True),
    Column("person_id", "id_or_none"),
    Column("touched_at", "instant"),
    Column("channel", "channel"),
    Column("touch_type", "touch_type"),
)
CONVERSIONS = (
    Column("conversion_id", "id", unique=True),
    Column("person_id", "id_or_none"),
    Column("converted_at", "instant"),
    Column("revenue_cents", "cents"),
)
REFUNDS = (
    Column("refund_id", "id", unique=True),
    Column("conversion_id", "id"),
    Column("refunded_at", "instant"),
    Column("refund_cents", "count"),
)
_ENTRIES = """
    create table entries as
    select
        row_number() over () as entry_id, conversion_id, revenue_cents,
        cast(null as varchar) as refund_id, converted_at as booked_at
    from conversions
"""
_REFUND_ENTRIES = """
    insert into entries
    select -row_number() over (), conversion_id, -refund_cents, refund_id, refunded_at from refunds
"""


@dataclass(frozen=True)
class Exports:
    """The files of one attribution."""

    touches: Path
    conversions: Path
    refunds: Path | None = None

    @property
    def all(self) -> list[Path]:
        """Those that are given."""
        return [path for path in (self.touches, self.conversions, self.refunds) if path]


def run(exports: Exports, out: Path, rules: AttributionRules) -> str:
    """Write one row per conversion, model and touch (with refunds: and refund), and say what was found.

    Raises `Misconfigured` for files that are not what they should be.
    """
    with result_file(out, exports.all) as path, workshop() as connection:
        read_csv(connection, exports.conversions, "conversions", CONVERSIONS)
        read_csv(connection, exports.touches, "touches", TOUCHES)
        connection.execute(_ENTRIES)
        if exports.refunds:
            read_csv(connection, exports.refunds, "refunds", REFUNDS)
            _refuse_unknown_orders(connection, exports.refunds)
            connection.execute(_REFUND_ENTRIES)
        connection.execute(f"create table credits as {credits_sql('touches', 'conversions', 'entries', rules)}")
        write_query(connection, _result(with_refunds=bool(exports.refunds)), path)
        said = _summary(connection)
    return f"{said}\nwritten: {out}"


def _result(*, with_refunds: bool) -> str:
    models = value_of("attribution_models")
    booked = (
        ", entries.refund_id, strftime(entries.booked_at, '%Y-%m-%dT%H:%M:%SZ') as booked_at" if with_refunds else ""
    )
    return f"""
        select
            credits.conversion_id, credits.model, credits.touch_id, credits.channel,
            {plain_decimal("credits.credit")} as credit, credits.revenue_cents,
            cast(credits.is_unattributed as integer) as is_unattributed{booked}
        from credits
        inner join entries on credits.entry_id = entries.entry_id
        order by
            credits.conversion_id, entries.refund_id nulls first, list_position({models}, credits.model), credits.place
    """  # noqa: S608


def _refuse_unknown_orders(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    unknown = "select refund_id, conversion_id from refunds anti join conversions using (conversion_id)"
    for refund, conversion in connection.sql(f"{unknown} order by refund_id limit 1").fetchall():
        what = f"refund {refund!r} is of {conversion!r}, which is no conversion"
        raise Misconfigured(what, where=str(path), do="Expected a conversion_id of --conversions")


def _summary(connection: duckdb.DuckDBPyConnection) -> str:
    """Counts that tell whether the files fit together."""
    asked = """
        select
            (select count(*) from conversions), (select count(*) from touches),
            (select coalesce(sum(cast(revenue_cents as hugeint)), 0) from entries),
            (select count(*) from credits),
            (select count(distinct conversion_id) from credits where is_unattributed),
            (select count(*) from touches where person_id is null),
            (select count(*) from conversions where person_id is null)
    """
    conversions, touches, cents, rows, direct, lost, anonymous = connection.sql(asked).fetchall()[0]
    said = f"{conversions} conversions and {touches} touches gave {rows} rows; each model holds {cents} cents."
    said += f"\n{direct} conversions had no touch in the window: direct, marked is_unattributed."
    if lost or anonymous:
        said += f"\nWithout a person_id, and so joined with nothing: touches {lost}, conversions {anonymous}."
    return said
