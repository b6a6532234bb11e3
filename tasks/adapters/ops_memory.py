"""How far the lake remembers what only the warehouse knew; see `tasks.operate.memory`."""

from __future__ import annotations

import sqlalchemy as sa

from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime

REMEMBERED = sa.Table(
    "remembered",
    METADATA,
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("load_seq", sa.BigInteger, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


class OpsMemory:
    """The highest load sequence of each source that is written down outside of the warehouse."""

    def __init__(self, store: OpsStore) -> None:
        self.engine = store.engine
        METADATA.create_all(self.engine, tables=[REMEMBERED])

    def known(self, source: str) -> int:
        """0 for a source of which nothing is written down."""
        with self.engine.connect() as db:
            found = db.scalar(sa.select(REMEMBERED.c.load_seq).where(REMEMBERED.c.source == source))
        return int(found or 0)

    def note(self, source: str, load_seq: int) -> None:
        """Everything of the source up to this sequence is written down."""
        with self.engine.begin() as db:
            db.execute(REMEMBERED.delete().where(REMEMBERED.c.source == source))
            db.execute(REMEMBERED.insert(), {"source": source, "load_seq": load_seq, "at": now()})

    def forget(self) -> None:
        """Begin anew, for a warehouse whose sequences are new."""
        with self.engine.begin() as db:
            db.execute(REMEMBERED.delete())
