"""What Airbyte tells about connections, streams and jobs, read leniently: new words are kept as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_OVER = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Connection:
    """One source and its destination, as Airbyte knows them."""

    id: str
    name: str
    status: str
    status_reason: str
    source_id: str = ""
    destination_id: str = ""

    @classmethod
    def read(cls, item: dict[str, Any]) -> Connection:
        """From the JSON of the API."""
        return cls(
            id=str(item["connectionId"]),
            name=str(item.get("name") or ""),
            status=str(item.get("status") or ""),
            status_reason=str(item.get("statusReason") or ""),
            source_id=str(item.get("sourceId") or ""),
            destination_id=str(item.get("destinationId") or ""),
        )


@dataclass(frozen=True)
class Job:
    """One sync. `rows_synced` and `bytes_synced` are committed totals; None: Airbyte has no statistics."""

    id: int
    status: str
    connection_id: str
    started_at: datetime
    updated_at: datetime | None
    rows_synced: int | None
    bytes_synced: int | None

    @property
    def is_over(self) -> bool:
        """Whether it will not change any more (`incomplete` and statuses of newer servers will)."""
        return self.status in _OVER

    @classmethod
    def read(cls, item: dict[str, Any]) -> Job:
        """From the JSON of the API."""
        updated, rows, size = item.get("lastUpdatedAt"), item.get("rowsSynced"), item.get("bytesSynced")
        return cls(
            id=int(item["jobId"]),
            status=str(item["status"]).lower(),
            connection_id=str(item.get("connectionId") or ""),
            started_at=_instant(item["startTime"]),
            updated_at=_instant(updated) if updated else None,
            rows_synced=None if rows is None else int(rows),
            bytes_synced=None if size is None else int(size),
        )


@dataclass(frozen=True)
class StreamSchema:
    """What a source offers for one stream: paths of fields, of the primary key and of the cursor.

    A cursor that the source fixes itself is not to be configured.
    """

    name: str
    fields: tuple[tuple[str, ...], ...]
    primary_key: tuple[tuple[str, ...], ...]
    cursor: tuple[str, ...]
    sync_modes: tuple[str, ...]
    fixes_cursor: bool = False

    @classmethod
    def read(cls, item: dict[str, Any]) -> StreamSchema:
        """From the JSON of the API."""
        return cls(
            name=str(item["streamName"]),
            fields=_paths(item.get("propertyFields")),
            primary_key=_paths(item.get("sourceDefinedPrimaryKey")),
            cursor=tuple(item.get("defaultCursorField") or ()),
            sync_modes=tuple(item.get("syncModes") or ()),
            fixes_cursor=bool(item.get("sourceDefinedCursorField")),
        )


def _instant(text: str) -> datetime:
    """Java leaves out seconds that are zero: `2026-11-21T11:00Z`."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _paths(paths: Sequence[Sequence[str]] | None) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path) for path in paths or ())
