"""The S3 destination: names objects as Airbyte does and writes them with their generation as metadata."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GENERATION = "ab-generation-id"
_EXTENSION = ".jsonl.gz"
_PART = re.compile(r"^\d+_(\d+)_")


@dataclass(frozen=True)
class S3Access:
    """Where the bucket is and how to sign for it."""

    endpoint: str
    bucket: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class Place:
    """Where the objects of one stream of one job go: `<bucket path>/<stream>/2026/11/18/`."""

    path: str
    stream: str
    instant: datetime
    padded: bool = True

    @property
    def stream_prefix(self) -> str:
        """The constant part of the path; one connection and stream own all of it."""
        return f"{self.path.strip('/')}/{self.stream}/"

    @property
    def prefix(self) -> str:
        """`${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/` below the bucket path of the connection."""
        at, width = self.instant, 2 if self.padded else 1
        return f"{self.stream_prefix}{at.year}/{at.month:0{width}}/{at.day:0{width}}/"

    def key(self, sync_id: int, part: int) -> str:
        """`{sync_id}_{part_number}_{timestamp:millis}{format_extension}`."""
        return f"{self.prefix}{sync_id}_{part}_{int(self.instant.timestamp() * 1000)}{_EXTENSION}"


class S3Destination:
    """One bucket. Its methods may be called from several syncs at once."""

    def __init__(self, access: S3Access) -> None:
        self.bucket = access.bucket
        self._s3: S3Client = boto3.client(
            "s3",
            endpoint_url=access.endpoint or None,
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 5, "mode": "standard"}),
        )

    def close(self) -> None:
        """Close the connections."""
        self._s3.close()

    def next_part(self, prefix: str) -> int:
        """The number after the highest part that is there: the counter is shared by all jobs of a path."""
        found = (_PART.match(item["Key"].removeprefix(prefix)) for item in self._objects(prefix))
        return max((int(match[1]) + 1 for match in found if match), default=0)

    def put(self, key: str, body: bytes, generation: int) -> None:
        """Write one object; it is visible from now on, whatever becomes of the job."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, Metadata={_GENERATION: str(generation)})

    def truncate(self, prefix: str, below: int) -> None:
        """Remove the objects of older generations; missing metadata counts as generation 0."""
        for item in self._objects(prefix):
            head = self._s3.head_object(Bucket=self.bucket, Key=item["Key"])
            if int(head["Metadata"].get(_GENERATION, "0")) < below:
                self._s3.delete_object(Bucket=self.bucket, Key=item["Key"])

    def _objects(self, prefix: str) -> list[Any]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [item for page in pages for item in page.get("Contents", [])]
