"""How the connections of Airbyte should look, derived from the source declarations and the settings of the bucket.

Two per source, daily and backfill, each with a destination of its own: the path of a destination is part of its
configuration, and two connections that write one path delete each other's data (airbyte#61522).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from expectations.declare.source import Source, Stream
from expectations.declare.stream import backfill_name, backfill_path, landing_path
from tasks.adapters.airbyte import StreamSchema
from tasks.settings import ObjectStoreSettings

# The job id leads the name, so that the objects of a job are found by listing; no NAMESPACE: sources have none.
PATH_FORMAT = "${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/"
FILE_PATTERN = "{sync_id}_{part_number}_{timestamp:millis}{format_extension}"
Body = dict[str, Any]
"""The JSON of an API object, or a part of it."""


@dataclass(frozen=True)
class WantedConnection:
    """One connection by its name, which its source and its destination in Airbyte share."""

    name: str
    source: Source
    path: str

    @property
    def body(self) -> Body:
        """What is fixed of a connection. Prefect owns the timing, the contract owns the fields."""
        return {
            "status": "active",
            "schedule": {"scheduleType": "manual"},
            # New fields are judged by the contract; neither may Airbyte switch a connection off for one.
            "nonBreakingSchemaUpdatesBehavior": "ignore",
            "namespaceDefinition": "destination",
            "prefix": "",
        }

    def streams(self, offered: Mapping[str, StreamSchema], now: Iterable[Body] = ()) -> list[Body]:
        """The declared streams; what else is set on a stream in Airbyte (mappers that hash, chosen fields) stays."""
        known = {str(item.get("name")): item for item in now}
        return [{**known.get(n, {}), **_stream(s, offered.get(n))} for n, s in self.source.streams.items()]


@dataclass(frozen=True)
class WantedDestination:
    """The S3 destination of one connection; the keys of the bucket are sent when it is created and never shown."""

    name: str
    configuration: Body
    secrets: Body = field(repr=False)


def connections(sources: Mapping[str, Source]) -> list[WantedConnection]:
    """All connections, the daily ones first."""
    daily = [WantedConnection(name, source, landing_path(name)) for name, source in sources.items()]
    again = [WantedConnection(backfill_name(name), source, backfill_path(name)) for name, source in sources.items()]
    return daily + again


def destination(connection: WantedConnection, bucket: ObjectStoreSettings) -> WantedDestination:
    """JSON lines, compressed, not flattened: types stay literal and no change of a schema can break the file."""
    secrets = {
        "access_key_id": bucket.access_key_id,
        "secret_access_key": bucket.secret_access_key.get_secret_value(),
    }
    configuration = {
        "destinationType": "s3",
        "s3_bucket_name": bucket.bucket,
        "s3_bucket_path": connection.path,
        "s3_bucket_region": bucket.region,
        **({"s3_endpoint": bucket.endpoint} if bucket.endpoint else {}),
        "s3_path_format": PATH_FORMAT,
        "file_name_pattern": FILE_PATTERN,
        "format": {
            "format_type": "JSONL",
            "compression": {"compression_type": "GZIP"},
            "flattening": "No flattening",
        },
    }
    return WantedDestination(connection.name, configuration, {key: value for key, value in secrets.items() if value})


def _stream(stream: Stream, offered: StreamSchema | None) -> Body:
    """Mode, cursor and key of a stream. What the connector fixes itself must not be sent: Airbyte refuses that."""
    body: Body = {"name": stream.name, "syncMode": stream.sync}
    if stream.cursor and not (offered and offered.fixes_cursor):
        body["cursorField"] = [_payload_key(stream, stream.cursor)]
    if not (offered and offered.primary_key):
        body["primaryKey"] = [[_payload_key(stream, name)] for name in stream.key]
    return body


def _payload_key(stream: Stream, name: str) -> str:
    return stream.fields[name].payload_key if name in stream.fields else name
