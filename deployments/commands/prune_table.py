"""What `plumbline prune` found, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.filesize import decimal
from rich.table import Table

from tasks.operate.leftover import Prunable


def table(found: Iterable[Prunable]) -> Table:
    """One row for each kind, also where there is nothing to remove."""
    made = Table()
    for heading in ("what", "is kept", "can go", "size", "oldest", "newest"):
        made.add_column(heading)
    for kind in found:
        oldest, newest = (f"{at:%Y-%m-%d}" for at in kind.span) if kind.span else ("", "")
        size = decimal(kind.bytes) if kind.bytes else ""
        made.add_row(kind.kind, kind.kept, str(len(kind.leftovers)), size, oldest, newest)
    return made
