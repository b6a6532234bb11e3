"""The bucket with the landing area and the lake: the only place that speaks S3.

It relies on what AWS, SeaweedFS and moto all do: conditional PUT, paged listings, batch deletes, metadata.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.object_errors import AlreadyThere, Asked, Body, NotThere, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from mypy_boto3_s3.client import S3Client

__all__ = ["AlreadyThere", "NotThere", "ObjectInfo", "ObjectStore"]

DELETE_AT_ONCE = 1000
STREAM_BUFFER = 1 << 20
MULTIPART = TransferConfig(multipart_threshold=64 << 20, multipart_chunksize=32 << 20, max_concurrency=4)


@dataclass(frozen=True)
class ObjectInfo:
    """What a listing says about one object; `etag` without quotes, `size` in bytes, `last_modified` in UTC."""

    key: str
    etag: str
    size: int
    last_modified: datetime


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """One bucket. Raises `Misconfigured` (keys, bucket, address) or `Unavailable` (no answer after retries)."""

    endpoint: str
    bucket: str
    region: str = "us-east-1"
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    encryption: str = "off"
    kms_key: str = ""
    attempts: int = 4
    connect_seconds: float = 5.0

    @cached_property
    def client(self) -> S3Client:
        """The boto3 client, opened at the first use."""
        config = Config(
            connect_timeout=self.connect_seconds,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            s3={"addressing_style": "path" if self.endpoint else "auto"},
            max_pool_connections=32,
        )
        try:
            return boto3.session.Session().client(
                "s3",
                endpoint_url=self.endpoint or None,
                region_name=self.region,
                aws_access_key_id=self.access_key or None,
                aws_secret_access_key=self.secret_key or None,
                config=config,
            )
        except ValueError as error:
            raise Misconfigured(
                "the S3 address is not an address", where=self.endpoint, do="Correct PLUMBLINE_S3_ENDPOINT."
            ) from error

    @property
    def address(self) -> str:
        """Endpoint and bucket, as error messages name them."""
        return f"{self.endpoint or 's3.' + self.region + '.amazonaws.com'}/{self.bucket}"

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        only_if_absent: bool = False,
    ) -> str:
        """Write one object and return its etag; with `only_if_absent` raise `AlreadyThere` if the key exists."""
        extra: dict[str, Any] = {"ContentType": content_type, "Metadata": dict(metadata or {}), **self._encryption()}
        if isinstance(body, Path) and body.stat().st_size > MULTIPART.multipart_threshold and not only_if_absent:
            return self._put_in_parts(key, body, extra)
        if only_if_absent:
            extra["IfNoneMatch"] = "*"
        with self._asked(key), _opened(body) as content:
            return _plain(self.client.put_object(Bucket=self.bucket, Key=key, Body=content, **extra)["ETag"])

    def _put_in_parts(self, key: str, path: Path, extra: dict[str, Any]) -> str:
        with self._asked(key), path.open("rb") as file:
            self.client.upload_fileobj(file, self.bucket, key, ExtraArgs=extra, Config=MULTIPART)
            return _plain(self.client.head_object(Bucket=self.bucket, Key=key)["ETag"])

    def get(self, key: str) -> bytes:
        """The whole object; raises `NotThere`."""
        with self._asked(key):
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def download(self, key: str, path: Path) -> None:
        """Write the object to a file, which appears only when it is complete; raises `NotThere`."""
        with self._asked(key):
            self.client.download_file(self.bucket, key, str(path), Config=MULTIPART)

    @contextmanager
    def open_stream(self, key: str) -> Iterator[BinaryIO]:
        """The object as a buffered binary file that is read as it arrives; raises `NotThere`."""
        with self._asked(key) as asked:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        stream = io.BufferedReader(Body(body, asked), STREAM_BUFFER)
        try:
            yield stream
        finally:
            stream.close()

    def metadata(self, key: str) -> dict[str, str]:
        """The user metadata of an object; raises `NotThere`."""
        with self._asked(key):
            return self.client.head_object(Bucket=self.bucket, Key=key)["Metadata"]

    def exists(self, key: str) -> bool:
        """Whether an object has exactly this key (asked by listing: a HEAD cannot tell a missing bucket)."""
        with self._asked(key):
            page = self.client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(item["Key"] == key for item in page.get("Contents", []))

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, a thousand a request; a key that is not there is no error."""
        waiting = [*keys]
        for first in range(0, len(waiting), DELETE_AT_ONCE):
            self._delete_batch(waiting[first : first + DELETE_AT_ONCE])

    def _delete_batch(self, keys: Sequence[str]) -> None:
        with self._asked(keys[0]):
            answer = self.client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        if failed := answer.get("Errors", []):
            first = failed[0]
            raise Unavailable(
                f"S3 did not delete {len(failed)} of {len(keys)} objects: {first.get('Code')} for {first.get('Key')}",
                where=self.address,
            )

    def ensure_bucket(self) -> None:
        """Create the bucket unless it is there."""
        with self._asked(""):
            try:
                self.client.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if status_of(error) != 404:
                    raise
                self._create_bucket()

    def _create_bucket(self) -> None:
        where: dict[str, Any] = {}
        if self.region != "us-east-1":
            where["CreateBucketConfiguration"] = {"LocationConstraint": self.region}
        try:
            self.client.create_bucket(Bucket=self.bucket, **where)
        except (self.client.exceptions.BucketAlreadyOwnedByYou, self.client.exceptions.BucketAlreadyExists):
            self.client.head_bucket(Bucket=self.bucket)

    def list(self, prefix: str) -> Sequence[ObjectInfo]:
        """Every object under a prefix, in key order, however many pages it takes."""
        with self._asked(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            return [
                ObjectInfo(item["Key"], _plain(item["ETag"]), item["Size"], item["LastModified"])
                for page in pages
                for item in page.get("Contents", [])
            ]

    def _encryption(self) -> dict[str, str]:
        if self.encryption == "off":
            return {}
        key = {"SSEKMSKeyId": self.kms_key} if self.encryption == "aws:kms" and self.kms_key else {}
        return {"ServerSideEncryption": self.encryption, **key}

    def _asked(self, key: str) -> AbstractContextManager[Asked]:
        return Asked(self.address, self.bucket, key, self.attempts)


@contextmanager
def _opened(body: bytes | Path) -> Iterator[bytes | BinaryIO]:
    if isinstance(body, bytes):
        yield body
    else:
        with body.open("rb") as file:
            yield file


def _plain(etag: str) -> str:
    return etag.strip('"')
