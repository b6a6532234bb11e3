"""What each source offered when it was last looked at, so that a change is known from a standing difference."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from tasks.adapters.ops_tables import METADATA

OFFERED = sa.Table(
    "offered_streams",
    METADATA,
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("stream", sa.String, primary_key=True),
    sa.Column("body", sa.JSON, nullable=False),
)


@dataclass(frozen=True)
class Offered:
    """One stream as a source describes it: top-level fields, primary key, cursor (empty: none of its own)."""

    fields: frozenset[str]
    key: tuple[str, ...]
    cursor: str


class OfferedStreams:
    """The last look at each source."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        METADATA.create_all(engine, [OFFERED])

    def of(self, source: str) -> dict[str, Offered]:
        """Streams by name; empty before the first look."""
        query = sa.select(OFFERED.c.stream, OFFERED.c.body).where(OFFERED.c.source == source)
        with self._engine.connect() as db:
            found = db.execute(query).all()
        return {
            name: Offered(frozenset(body["fields"]), tuple(body["key"]), str(body["cursor"])) for name, body in found
        }

    def save(self, source: str, streams: dict[str, Offered]) -> None:
        """Replace the last look."""
        rows = [
            {"source": source, "stream": name, "body": {"fields": sorted(s.fields), "key": s.key, "cursor": s.cursor}}
            for name, s in streams.items()
        ]
        with self._engine.begin() as db:
            db.execute(OFFERED.delete().where(OFFERED.c.source == source))
            if rows:
                db.execute(OFFERED.insert(), rows)
