"""The tables of the ops store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

METADATA = sa.MetaData()


class UtcTime(sa.types.TypeDecorator[datetime]):
    """Instants go in and come out as aware UTC; SQLite keeps no zone."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def window_columns(*, key: bool = False) -> list[sa.Column[Any]]:
    """The two columns of a window, as part of the primary key or not."""
    return [
        sa.Column("window_start", UtcTime, primary_key=key, nullable=False),
        sa.Column("window_end", UtcTime, primary_key=key, nullable=False),
    ]


OUTCOMES = sa.Table(
    "outcomes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("run", sa.String, nullable=False),
    sa.Column("step", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("stream", sa.String, nullable=False),
    *window_columns(),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("rows_in", sa.BigInteger),
    sa.Column("rows_out", sa.BigInteger),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("millis", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("job_id", sa.BigInteger),
    sa.Column("attempt", sa.Integer),
    sa.Column("scheduled_at", UtcTime),
)

SYNCS = sa.Table(
    "syncs",
    METADATA,
    sa.Column("source", sa.String, primary_key=True),
    *window_columns(key=True),
    sa.Column("job_id", sa.BigInteger, primary_key=True),
    sa.Column("connection_id", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("rows_reported", sa.BigInteger),
    sa.Column("bytes_reported", sa.BigInteger),
    sa.Column("settled", sa.Boolean, nullable=False),
)

VERDICTS = sa.Table(
    "verdicts",
    METADATA,
    *window_columns(key=True),
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("model", sa.String, primary_key=True),
    sa.Column("check", sa.String, primary_key=True),
    sa.Column("scope", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("severity", sa.String, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)

INCIDENTS = sa.Table(
    "incidents",
    METADATA,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("opened_at", UtcTime, primary_key=True),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("check", sa.String, nullable=False),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("severity", sa.String, nullable=False),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("sentence", sa.String, nullable=False),
    sa.Column("observed", sa.String, nullable=False),
    sa.Column("expected", sa.String, nullable=False),
    sa.Column("runbook", sa.String, nullable=False),
    sa.Column("window_label", sa.String, nullable=False),
    sa.Column("last_seen_at", UtcTime, nullable=False),
    sa.Column("occurrences", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("recovered_at", UtcTime),
    sa.Column("slack_channel", sa.String, nullable=False),
    sa.Column("slack_ts", sa.String, nullable=False),
    sa.Column("id", sa.String),
    sa.Column("model", sa.String),
    sa.Column("thread", sa.String),
    sa.Column("acknowledged_at", UtcTime),
    sa.Column("acknowledged_by", sa.String),
    sa.Column("acknowledged_note", sa.String),
    sa.Column("snoozed_until", UtcTime),
    sa.Column("snoozed_by", sa.String),
    sa.Column("snoozed_because", sa.String),
    sa.Column("escalated_at", UtcTime),
)

INCIDENT_EVENTS = sa.Table(
    "incident_events",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("incident_id", sa.String, nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("observed", sa.String, nullable=False),
    sa.Column("window_label", sa.String, nullable=False),
)

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("incident_key", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("sent_at", UtcTime),
    sa.Column("ts", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.String, nullable=False),
    sa.Column("channel", sa.String),
    sa.Column("thread", sa.String),
    sa.Column("sending_at", UtcTime),
)

RELEASES = sa.Table(
    "releases",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    *window_columns(),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
)
