"""What boto raises, in the errors of the product: who must act, on which setting, after how many seconds."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from boto3.exceptions import RetriesExceededError
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 boto's own; the builtin is not used here
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ResponseStreamingError,
)

from expectations.declare.errors import Misconfigured, Unavailable

if TYPE_CHECKING:
    from types import TracebackType

    from botocore.response import StreamingBody

KEY_SETTINGS = "PLUMBLINE_S3_ACCESS_KEY_ID and PLUMBLINE_S3_SECRET_ACCESS_KEY"
REFUSED = frozenset(
    {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}
)
WORTH_ANOTHER_TRY = frozenset({408, 409, 429})
NO_ANSWER = (ConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError, RetriesExceededError)


class AlreadyThere(Exception):
    """A conditional PUT found an object under its key; nothing was written.

    A PUT repeated after a lost answer ends here too: read the object and compare before you complain.
    """


class NotThere(LookupError):
    """No object has this key."""


@dataclass(frozen=True)
class Asked:
    """One request under way: leaving the `with` block turns boto's exception into one of the product."""

    address: str
    bucket: str
    key: str
    attempts: int
    began: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Asked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        translated = self._translated(error)
        if translated is not None:
            raise translated from error

    def unavailable(self, error: BaseException) -> Unavailable:
        """No answer, or one that asks for patience."""
        seconds = time.monotonic() - self.began
        return Unavailable(
            f"S3 did not answer for {seconds:.1f} s ({_kind(error)}; at most {self.attempts} attempts)",
            where=self.address,
            do="See whether it runs: plumbline status",
        )

    def _translated(self, error: BaseException | None) -> Exception | None:
        if isinstance(error, ClientError):
            return self._answered(error)
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return Misconfigured("there are no S3 credentials", where=self.address, do=f"Set {KEY_SETTINGS}.")
        if isinstance(error, ParamValidationError):
            return Misconfigured(
                f"S3 cannot be asked like this: {error}", where=self.address, do="Check PLUMBLINE_S3_BUCKET."
            )
        return self.unavailable(error) if isinstance(error, NO_ANSWER) else None

    def _answered(self, error: ClientError) -> Exception | None:
        code, status = _code(error), status_of(error)
        if code == "NoSuchBucket":
            what, advice = f"the bucket {self.bucket!r} does not exist", "Create it, or correct PLUMBLINE_S3_BUCKET."
            return Misconfigured(what, where=self.address, do=advice)
        if status == 412:
            return AlreadyThere(self.key)
        if code in REFUSED:
            what, advice = f"S3 refused the credentials ({code})", f"Check {KEY_SETTINGS}."
            return Misconfigured(what, where=self.address, do=advice)
        if status == 404:
            return NotThere(self.key)
        return self.unavailable(error) if status >= 500 or status in WORTH_ANOTHER_TRY else None


class Body(io.RawIOBase):
    """A response body as a raw file, whose reader gets the errors of the product and not those of boto."""

    def __init__(self, body: StreamingBody, asked: Asked) -> None:
        super().__init__()
        self._body, self._asked = body, asked

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 the buffer protocol has no type before 3.12
        """Fill the buffer with what arrives next; 0 at the end."""
        try:
            piece: bytes = self._body.read(len(buffer))
        except (BotoCoreError, OSError) as error:
            raise self._asked.unavailable(error) from error
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Give the connection back."""
        self._body.close()
        super().close()


def status_of(error: ClientError) -> int:
    """The HTTP status of an answer, 0 if it had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _kind(error: BaseException) -> str:
    return _code(error) if isinstance(error, ClientError) else type(error).__name__
