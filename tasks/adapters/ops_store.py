"""What the pipeline knows about itself, kept outside the warehouse file so that an alert never waits for a build.

One small relational store (SQLite here, Postgres in production) holds outcomes, syncs, verdicts, incidents,
the outbox of messages and the releases. Every write can be repeated: rows have natural keys.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.judge.verdict import Span, Verdict
from tasks.adapters.ops_migrations import migrate
from tasks.adapters.ops_records import Incident, IncidentEvent, OutboxMessage, Outcome, ReleaseRow, SyncRow
from tasks.adapters.ops_rows import flat, rows, same_window, with_window
from tasks.adapters.ops_tables import INCIDENT_EVENTS, INCIDENTS, OUTBOX, OUTCOMES, RELEASES, SYNCS, VERDICTS
from tasks.window import Window

__all__ = ["Incident", "IncidentEvent", "OpsStore", "OutboxMessage", "Outcome", "ReleaseRow", "SyncRow", "now"]

OVER_WITHOUT = ("failed", "cancelled", "false success")  # of jobs that are over and delivered nothing that counts


class OpsStore:
    """Typed reads and writes over the tables above."""

    def __init__(self, url: str) -> None:
        try:
            self.engine = sa.create_engine(url)
        except sa.exc.ArgumentError:
            advice = "Write sqlite:////folder/ops.sqlite or postgresql://..., or unset it"
            raise Misconfigured("the setting PLUMBLINE_OPS_URL is no database address", do=advice) from None
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _share_sqlite)
        try:
            migrate(self.engine)
        except sa.exc.OperationalError as error:
            raise Unavailable(
                f"the ops store does not open: {error.orig}",
                where="PLUMBLINE_OPS_URL",
                do="Start its database, or correct the address",
            ) from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    # outcomes ---------------------------------------------------------------------------------------

    def record_outcome(self, outcome: Outcome) -> None:
        """Append one row."""
        with self.engine.begin() as db:
            db.execute(OUTCOMES.insert(), flat(asdict(outcome)) | {"at": now()})

    def outcomes(
        self, *, run: str | None = None, step: str | None = None, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Rows in the order in which they were written."""
        query = sa.select(OUTCOMES).order_by(OUTCOMES.c.id)
        query = query.where(OUTCOMES.c.at >= since) if since else query
        for column, value in ((OUTCOMES.c.run, run), (OUTCOMES.c.step, step)):
            query = query.where(column == value) if value else query
        return rows(self.engine, query)

    # syncs ------------------------------------------------------------------------------------------

    def save_sync(self, sync: SyncRow) -> None:
        """Write what is known about a job; the newest writing wins."""
        where = same_window(SYNCS, sync.window) & (SYNCS.c.source == sync.source) & (SYNCS.c.job_id == sync.job_id)
        self._replace(SYNCS, where, [flat(asdict(sync))])

    def newest_sync(self, source: str, window: Window) -> SyncRow | None:
        """The job started last for this source and window."""
        query = (
            sa.select(SYNCS)
            .where((SYNCS.c.source == source) & same_window(SYNCS, window))
            .order_by(SYNCS.c.started_at.desc(), SYNCS.c.job_id.desc())
            .limit(1)
        )
        return next((_sync(row) for row in rows(self.engine, query)), None)

    def unsettled_syncs(self, source: str) -> list[SyncRow]:
        """Jobs of a source that may have delivered something that is not loaded yet, oldest first."""
        query = (
            sa.select(SYNCS)
            .where((SYNCS.c.source == source) & ~SYNCS.c.settled & SYNCS.c.status.not_in(OVER_WITHOUT))
            .order_by(SYNCS.c.started_at, SYNCS.c.job_id)
        )
        return [_sync(row) for row in rows(self.engine, query)]

    def failed_jobs(self, source: str) -> set[int]:
        """Jobs of a source that ended without a delivery that counts."""
        failed = sa.select(SYNCS.c.job_id).where((SYNCS.c.source == source) & SYNCS.c.status.in_(OVER_WITHOUT))
        return {int(row["job_id"]) for row in rows(self.engine, failed)}

    def settle_sync(self, source: str, job_id: int) -> None:
        """Remember that everything a job delivered is loaded."""
        self._update(SYNCS, (SYNCS.c.source == source) & (SYNCS.c.job_id == job_id), {"settled": True})

    def syncs_covering(self, day: date) -> list[SyncRow]:
        """Succeeded jobs whose window contains the whole UTC day, oldest first."""
        whole = Window.of_day(day)
        query = (
            sa.select(SYNCS)
            .where((SYNCS.c.window_start <= whole.start) & (SYNCS.c.window_end >= whole.end))
            .where(SYNCS.c.status == "succeeded")
            .order_by(SYNCS.c.started_at)
        )
        return [_sync(row) for row in rows(self.engine, query)]

    # verdicts ---------------------------------------------------------------------------------------

    def record_verdicts(self, verdicts: Sequence[Verdict]) -> None:
        """Replace what was said before about the same source, model and window."""
        groups = {(v.source, v.model, v.window) for v in verdicts}
        with self.engine.begin() as db:
            for source, model, window in groups:
                same = (VERDICTS.c.source == source) & (VERDICTS.c.model == model) & same_window(VERDICTS, window)
                db.execute(VERDICTS.delete().where(same))
            if verdicts:
                db.execute(VERDICTS.insert(), [_verdict_row(verdict) for verdict in verdicts])

    def verdicts(self, window: Span, source: str | None = None) -> list[Verdict]:
        """What the checks said about this window."""
        query = sa.select(VERDICTS).where(same_window(VERDICTS, window))
        query = query.where(VERDICTS.c.source == source) if source else query
        query = query.order_by(VERDICTS.c.source, VERDICTS.c.model, VERDICTS.c.check, VERDICTS.c.scope)
        return [_verdict(row) for row in rows(self.engine, query)]

    # incidents and their messages -------------------------------------------------------------------

    def open_incidents(self, source: str | None = None) -> list[Incident]:
        """Incidents that have not recovered, oldest first."""
        return [i for i in self.incidents(source) if i.state == "open"]

    def incidents(self, source: str | None = None) -> list[Incident]:
        """All incidents, oldest first."""
        query = sa.select(INCIDENTS).order_by(INCIDENTS.c.opened_at, INCIDENTS.c.key)
        query = query.where(INCIDENTS.c.source == source) if source else query
        return [Incident(**_filled(row)) for row in rows(self.engine, query)]

    def keep_incidents(
        self,
        incidents: Sequence[Incident],
        events: Sequence[IncidentEvent] = (),
        messages: Sequence[OutboxMessage] = (),
    ) -> None:
        """Write incidents, their history and what is said about them, all of it or nothing."""
        with self.engine.begin() as db:
            for message in messages:
                _enqueue(db, message)
            for incident in incidents:
                _keep(db, incident)
            if events:
                db.execute(INCIDENT_EVENTS.insert(), [asdict(event) for event in events])

    def remember_thread(self, thread: str, channel: str, ts: str) -> None:
        """Where in Slack the incidents of a thread are talked about."""
        self._update(INCIDENTS, INCIDENTS.c.thread == thread, {"slack_channel": channel, "slack_ts": ts})

    def incident_events(self, incident: str) -> list[IncidentEvent]:
        """The history of an incident (its id), oldest first."""
        query = sa.select(INCIDENT_EVENTS).where(INCIDENT_EVENTS.c.incident_id == incident)
        found = rows(self.engine, query.order_by(INCIDENT_EVENTS.c.number))
        return [IncidentEvent(**{k: v for k, v in row.items() if k != "number"}) for row in found]

    def pending_messages(self, channel: str = "slack") -> list[OutboxMessage]:
        """Messages of a channel not sent yet, in the order in which they were written."""
        here = sa.func.coalesce(OUTBOX.c.channel, "slack") == channel
        query = sa.select(OUTBOX).where(OUTBOX.c.sent_at.is_(None) & here)
        found = rows(self.engine, query.order_by(OUTBOX.c.created_at, OUTBOX.c.id))
        return [OutboxMessage(**_filled(row)) for row in found]

    def mark_sending(self, message_id: str) -> None:
        """Remember that a try begins: whoever finds the message after a death must ask whether it arrived."""
        self._update(OUTBOX, OUTBOX.c.id == message_id, {"sending_at": now()})

    def mark_sent(self, message_id: str, ts: str) -> None:
        """Remember that a message was delivered, and under which Slack time stamp."""
        self._update(OUTBOX, OUTBOX.c.id == message_id, {"sent_at": now(), "ts": ts, "last_error": ""})

    def mark_undelivered(self, message_id: str, error: str) -> None:
        """Count a failed attempt; the message stays in the outbox."""
        values = {"attempts": OUTBOX.c.attempts + 1, "last_error": error}
        self._update(OUTBOX, OUTBOX.c.id == message_id, values)

    # releases ---------------------------------------------------------------------------------------

    def record_release(self, release: ReleaseRow) -> None:
        """Write the result of an attempt to publish; the same id replaces itself."""
        self._replace(RELEASES, RELEASES.c.id == release.id, [flat(asdict(release))])

    def releases(self, window: Window | None = None) -> list[ReleaseRow]:
        """Attempts to publish, oldest first."""
        query = sa.select(RELEASES).order_by(RELEASES.c.at, RELEASES.c.id)
        query = query.where(same_window(RELEASES, window)) if window else query
        return [ReleaseRow(**with_window(row)) for row in rows(self.engine, query)]

    # plumbing ---------------------------------------------------------------------------------------

    def _replace(self, table: sa.Table, where: sa.ColumnElement[bool], rows: Iterable[dict[str, Any]]) -> None:
        with self.engine.begin() as db:
            db.execute(table.delete().where(where))
            db.execute(table.insert(), list(rows))

    def _update(self, table: sa.Table, where: sa.ColumnElement[bool], values: dict[str, Any]) -> None:
        with self.engine.begin() as db:
            db.execute(table.update().where(where).values(values))


def _enqueue(db: sa.Connection, message: OutboxMessage) -> None:
    if not db.execute(sa.select(OUTBOX.c.id).where(OUTBOX.c.id == message.id)).first():
        db.execute(OUTBOX.insert(), asdict(message))


def _keep(db: sa.Connection, incident: Incident) -> None:
    row = asdict(incident)
    # Whoever delivers may have begun the thread since this incident was read.
    known = row if incident.slack_ts else {k: v for k, v in row.items() if k not in ("slack_channel", "slack_ts")}
    same = (INCIDENTS.c.key == incident.key) & (INCIDENTS.c.opened_at == incident.opened_at)
    if not db.execute(INCIDENTS.update().where(same).values(known)).rowcount:
        db.execute(INCIDENTS.insert(), row)


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what an older version left empty: the record knows its defaults."""
    return {name: value for name, value in row.items() if value is not None}


def now() -> datetime:
    """This instant, aware UTC."""
    return datetime.now(UTC)


def _share_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Several processes (worker runs, the CLI) write a few rows each: wait instead of failing.
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma busy_timeout = 30000")


def _sync(row: dict[str, Any]) -> SyncRow:
    return SyncRow(**with_window(row))


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    body = {k: v for k, v in asdict(verdict).items() if k != "window"}
    keys = ("source", "model", "check", "scope", "state", "severity")
    row = {key: body[key] for key in keys} | {"body": json.loads(json.dumps(body)), "at": now()}
    return flat(row | {"window": verdict.window})


def _verdict(row: dict[str, Any]) -> Verdict:
    return Verdict(**row["body"], window=with_window(row)["window"])
