"""Look at what a source offers before it is asked for it, so that a breaking change is known before it breaks.

Airbyte looks for changes of a schema once a day and then disables the connection. This asks before every sync and
compares with the contract and with the last look. The public API tells fields, keys and cursors but no types, so
a changed type is found by the checks after the load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from prefect import task

from expectations.declare.contract import contract
from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import Source, Stream
from expectations.judge.verdict import Finding, Severity, Verdict, bad
from tasks import doors
from tasks.adapters.airbyte import Connection, StreamSchema
from tasks.adapters.ops_catalog import Offered, OfferedStreams
from tasks.outcomes import recorded
from tasks.subject import source_in
from tasks.window import Window

CHECK = "schema_drift"


@task(task_run_name="preflight {source.name}")
@recorded
def preflight(source: Source, window: Window) -> tuple[Verdict, ...]:
    """What the next sync of a source would miss, as verdicts of the check `schema_drift`.

    A connection that Airbyte has switched off is one of `delivery`, with the reason. A look that fails says nothing and
    stops nobody: whether Airbyte answers is the sync's own question.
    """
    try:
        airbyte = doors.airbyte()
        connection = airbyte.connection_for(source.name)
        streams = airbyte.streams(connection, ignore_cache=True)
    except (Unavailable, Misconfigured):
        return ()
    told = [_off(source, window, connection)] if connection.status != "active" else []
    return (*told, *_compared(source, window, streams)) if streams else tuple(told)


def _compared(source: Source, window: Window, streams: Sequence[StreamSchema]) -> tuple[Verdict, ...]:
    """The verdicts about what is offered now; the look is remembered."""
    offered = {schema.name: _offered(schema) for schema in streams}
    memory = OfferedStreams(doors.ops_store().engine)
    before = memory.of(source.name)
    findings = [(name, f) for name in source.streams for f in _differences(source, name, offered, before=before)]
    memory.save(source.name, {n: _remembered(source, n, o, before.get(n)) for n, o in offered.items()})
    told = [source_in(source, window, stream).verdict(CHECK, finding) for stream, finding in findings]
    return tuple(told) or (_fine(source, window),)


def _off(source: Source, window: Window, connection: Connection) -> Verdict:
    reason = f": {connection.status_reason}" if connection.status_reason else ""
    sentence = (
        f"{source.title}: Airbyte has set its connection {connection.status}{reason}. Nothing arrives until somebody "
        "repairs the cause and enables it."
    )
    finding = Finding("connection", bad("critical"), "critical", sentence, connection.status, "active")
    return source_in(source, window).verdict("delivery", finding)


def _offered(schema: StreamSchema) -> Offered:
    key = tuple(path[0] for path in schema.primary_key if path)
    return Offered(frozenset(path[0] for path in schema.fields if path), key, schema.cursor[0] if schema.cursor else "")


def _remembered(source: Source, name: str, now: Offered, before: Offered | None) -> Offered:
    """The new look; what is declared and gone stays in it, so that it is still missed the next time."""
    stream = source.streams.get(name)
    if before is None or stream is None:
        return now
    missed = before.fields & set(contract(stream).payload_keys)
    return Offered(now.fields | missed, before.key or now.key, before.cursor or now.cursor)


def _differences(
    source: Source, name: str, offered: Mapping[str, Offered], *, before: Mapping[str, Offered]
) -> Iterator[Finding]:
    stream, title = source.streams[name], f"{source.title} {name}"
    now = offered.get(name)
    if now is None:
        sentence = f"{title}: the source does not offer this stream any more. The next sync would bring nothing of it."
        yield Finding(name, bad("critical"), "critical", sentence, "not offered", "offered")
        return
    yield from _fields(title, stream, now, before.get(name))
    yield from _identity(title, stream, now, before.get(name))


def _fields(title: str, stream: Stream, now: Offered, before: Offered | None) -> Iterator[Finding]:
    if not now.fields:
        return  # a source that describes no fields describes no change
    promised = contract(stream)
    new = now.fields - before.fields if before else frozenset()
    gone = [key for key in promised.payload_keys if key not in now.fields]
    for field in gone:
        vital = field in _vital(stream)
        was_there = before is not None and field in before.fields
        weight: Severity = "critical" if vital or was_there else "info"
        guess = f", and {next(iter(new))} is new: it was probably renamed" if len(gone) == len(new) == 1 else ""
        sentence = f"{title}: the source does not offer the field {field}{guess}. The next sync would bring it empty."
        yield Finding(f"{stream.name}.{field}", bad(weight), weight, sentence, "not offered", f"{field} offered")
    added = sorted(new - set(promised.payload_keys))
    if added and not (gone and len(added) == 1):
        sentence = f"{title} now offers {', '.join(added[:10])}, which nobody declared. Nothing uses it yet."
        yield Finding(f"{stream.name} offered", "warned", "info", sentence, ", ".join(added[:10]), "declared fields")


def _identity(title: str, stream: Stream, now: Offered, before: Offered | None) -> Iterator[Finding]:
    """A key or a cursor that changed since the last look, and is not what was declared."""
    declared_key = {stream.fields[name].payload_key for name in stream.key if name in stream.fields}
    if before and before.key and now.key and set(now.key) not in (set(before.key), declared_key):
        keys = ", ".join(now.key), ", ".join(before.key)
        sentence = f"{title}: the source now calls {keys[0]} its key instead of {keys[1]}."
        yield Finding(f"{stream.name} key", bad("critical"), "critical", sentence, *keys)
    if before and before.cursor and now.cursor not in (before.cursor, stream.cursor):
        told = now.cursor or "nothing"
        sentence = f"{title}: the source now reads by {told} instead of {before.cursor}. A sync would miss changes."
        yield Finding(f"{stream.name} cursor", bad("critical"), "critical", sentence, told, before.cursor)


def _vital(stream: Stream) -> set[str]:
    """Payload keys without which rows cannot be told apart or read again."""
    named = (*stream.key, *stream.slice, *([stream.cursor] if stream.cursor in stream.fields else []))
    return {stream.fields[name].payload_key for name in named if name in stream.fields}


def _fine(source: Source, window: Window) -> Verdict:
    sentence = f"{source.title} offers every declared field."
    finding = Finding(source.name, "passed", "info", sentence, f"{len(source.streams)} streams", "all declared streams")
    return source_in(source, window).verdict(CHECK, finding)
