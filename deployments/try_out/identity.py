"""`plumbline try identity`: the pipeline's identity graph on a CSV file of records."""

from __future__ import annotations

from pathlib import Path

from deployments.try_out.csv_file import Column, columns_of, read_csv
from deployments.try_out.workshop import result_file, workshop, write_rows
from expectations.declare.errors import Misconfigured
from expectations.declare.identity import IDENTIFIERS
from tasks.build.identifiers import observed
from tasks.build.identity import resolve


def run_identity(records: Path, out: Path) -> str:
    """Write the person of every record, and say how many there are and what was set aside.

    Raises `Misconfigured` for a file that is not what it should be.
    """
    with result_file(out, [records]) as path, workshop() as connection:
        read_csv(connection, records, "records", _columns(records))
        found = connection.sql("select * from records").pl()
        people = resolve(found["record_id"], observed(found))
        told = people.records.sort("record_id").drop("known_by")
        write_rows(told.columns, told.iter_rows(), path)
    aside = people.quarantine.group_by("identifier_type", "reason").len().sort("identifier_type", "reason")
    lines = [f"  {count} of {kind}: {reason}" for kind, reason, count in aside.iter_rows()]
    said = f"{told.height} records are {told['person_id'].n_unique()} people."
    if lines:
        said += "\nSet aside, because they belong to several people:\n" + "\n".join(lines)
    return f"{said}\nwritten: {out}"


def _columns(records: Path) -> list[Column]:
    """The columns of the file that the graph knows; at least one identifier has to be among them."""
    known = [name for kind in IDENTIFIERS for name in kind.columns]
    present = [name for name in known if name in columns_of(records)]
    if not present:
        raise Misconfigured(
            "the file has no column with an identifier",
            where=f"{records}, line 1",
            do=f"Expected record_id and at least one of {', '.join(known)}",
        )
    seen = [Column("seen_at", "instant_or_none")] if "seen_at" in columns_of(records) else []
    return [Column("record_id", "id", unique=True), *(Column(name, "text") for name in present), *seen]
