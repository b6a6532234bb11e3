"""Landing objects as text: unpacked as they arrive, checked to the last byte, cut at line ends.

The gzip checksum is what tells a damaged object from a good one, and DuckDB's own reader does not look at it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from expectations.declare.errors import ContractBroken

DAMAGED: tuple[type[Exception], ...] = (EOFError, OSError, zlib.error)
try:
    from isal.igzip import IGzipFile as GzipFile
    from isal.isal_zlib import error

    # Its type information calls the class an instance.
    DAMAGED += (cast("type[Exception]", error),)
except ImportError:  # the standard library does the same at half the speed
    from gzip import GzipFile

CHUNK = 1 << 20
LONGEST_LINE = 256 << 20


def blocks(packed: BinaryIO, name: str) -> Iterator[bytes]:
    """The text of a gzip stream in blocks of whole lines, each ending in a newline (added to the last if missing).

    Memory is bounded by a chunk and the longest line. Raises `ContractBroken` with the object's name if the
    stream is cut off or damaged, after the blocks before the damage.
    """
    begun: list[bytes] = []
    for chunk in _chunks(packed, name):
        end = chunk.rfind(b"\n") + 1
        if not end:
            begun.append(chunk)
            _refuse_endless(begun, name)
            continue
        yield b"".join([*begun, memoryview(chunk)[:end]])
        begun = [chunk[end:]]
    if rest := b"".join(begun):
        yield rest + b"\n"


def _chunks(packed: BinaryIO, name: str) -> Iterator[bytes]:
    unpacked = 0
    try:
        with GzipFile(fileobj=packed, mode="rb") as text:
            while chunk := text.read(CHUNK):
                unpacked += len(chunk)
                yield chunk
    except DAMAGED as error:
        raise ContractBroken(
            f"a landing object is damaged: its gzip stream is cut off or fails its checksum ({type(error).__name__})",
            where=f"{name}, after {unpacked} bytes of text",
            do="Nothing of it was sealed. Sync the source again: plumbline refresh --again",
        ) from error


def _refuse_endless(begun: list[bytes], name: str) -> None:
    if sum(map(len, begun)) > LONGEST_LINE:
        raise ContractBroken(
            f"a landing object has a line of more than {LONGEST_LINE >> 20} MiB",
            where=name,
            do="Nothing of it was sealed. It is hardly a record: look at the source's connector",
        )
