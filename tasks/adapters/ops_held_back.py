"""What a release did not bring: marts that are still those of an earlier one, sources of which no mart is new.

Written before the row of the release, so that a release without such rows is a whole one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from tasks.adapters.ops_store import OpsStore
from tasks.adapters.ops_tables import METADATA, UtcTime

HELD_BACK = sa.Table(
    "held_back",
    METADATA,
    sa.Column("release_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("from_release", sa.String, nullable=False),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("because", sa.String, nullable=False),
)


@dataclass(frozen=True)
class HeldBack:
    """A mart that is still that of `from_release` (empty: never published), or a source without a new mart."""

    kind: Literal["mart", "source"]
    name: str
    from_release: str
    since: datetime
    because: str


class OpsHeldBack:
    """Reads and writes over the table above."""

    def __init__(self, store: OpsStore) -> None:
        self.engine = store.engine
        METADATA.create_all(self.engine, tables=[HELD_BACK])

    def record(self, release_id: str, rows: Sequence[HeldBack]) -> None:
        """Write what a release did not bring, instead of what was written of it before."""
        with self.engine.begin() as db:
            db.execute(HELD_BACK.delete().where(HELD_BACK.c.release_id == release_id))
            if rows:
                db.execute(HELD_BACK.insert(), [{"release_id": release_id, **asdict(row)} for row in rows])

    def of(self, release_id: str) -> list[HeldBack]:
        """What a release did not bring, marts before sources."""
        query = sa.select(HELD_BACK).where(HELD_BACK.c.release_id == release_id)
        with self.engine.connect() as db:
            rows = db.execute(query.order_by(HELD_BACK.c.kind, HELD_BACK.c.name)).mappings().all()
        return [HeldBack(**{name: value for name, value in row.items() if name != "release_id"}) for row in rows]
