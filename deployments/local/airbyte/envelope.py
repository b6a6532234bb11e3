"""From payloads to the gz JSONL bytes of the S3 destination, without a Python step per record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from deployments.local.saas.blocks import Block

_HEX = np.array([list(b"%02x" % n) for n in range(256)], dtype=np.uint8)
_GZIP_MEMBER = 31  # window bits: one gzip member, as Airbyte writes it
_GROUPS = ((0, 8, 0), (8, 12, 1), (12, 16, 2), (16, 20, 3), (20, 32, 4))  # digits from, to, dashes before


@dataclass(frozen=True)
class Envelope:
    """What all records of one attempt of one stream have in common."""

    sync_id: int
    stream: str
    attempt: int
    extracted_ms: int
    generation: int

    def lines(self, payloads: list[bytes], first: int) -> bytes:
        """The records as lines; `first` is the number of the first one in its attempt."""
        rows = len(payloads)
        pieces = [b'}\n{"_airbyte_raw_id":"'] * (4 * rows)
        pieces[1::4] = raw_ids(self._seed, first, rows)
        pieces[2::4] = [self._middle] * rows
        pieces[3::4] = payloads
        pieces[0] = pieces[0].removeprefix(b"}\n")
        return b"".join(pieces) + b"}\n" if rows else b""

    @property
    def _seed(self) -> int:
        name = f"{self.sync_id}/{self.stream}/{self.attempt}"
        return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")

    @property
    def _middle(self) -> bytes:
        return (
            f'","_airbyte_extracted_at":{self.extracted_ms},"_airbyte_meta":{{"sync_id":{self.sync_id},"changes":[]}},'
            f'"_airbyte_generation_id":{self.generation},"_airbyte_data":'
        ).encode()


@dataclass(frozen=True)
class Part:
    """One finished object: compressed bytes and how many records they hold."""

    body: bytes
    rows: int
    payload_bytes: int


def parts(blocks: Iterable[Block], envelope: Envelope, part_rows: int) -> Iterator[Part]:
    """Objects of about `part_rows` records each; only the compressed bytes are kept in memory."""
    first, rows, size = 0, 0, 0
    packer, packed = _packer(), bytearray()
    for block in blocks:
        text = envelope.lines(block.payloads, first + rows)
        packed += packer.compress(text)
        rows, size = rows + block.rows, size + len(text)
        if rows >= part_rows:
            yield Part(bytes(packed) + packer.flush(), rows, size)
            first, rows, size = first + rows, 0, 0
            packer, packed = _packer(), bytearray()
    if rows:
        yield Part(bytes(packed) + packer.flush(), rows, size)


def _packer() -> isal_zlib.Compress:
    return isal_zlib.compressobj(level=1, wbits=_GZIP_MEMBER)


def raw_ids(seed: int, first: int, rows: int) -> list[bytes]:
    """Version-4 UUID texts: hashes of (seed, number), so other syncs have other ids and a repeated run the same."""
    counter = np.arange(first, first + rows, dtype=np.uint64) + np.uint64(seed)
    words = np.stack([_scrambled(counter), _scrambled(counter ^ np.uint64(0xA5A5A5A5A5A5A5A5))], axis=1)
    octets = words.astype(">u8").view(np.uint8).reshape(rows, 16)
    octets[:, 6] = octets[:, 6] & 0x0F | 0x40
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    digits = _HEX[octets].reshape(rows, 32)
    text = np.full((rows, 36), ord("-"), dtype=np.uint8)
    for start, end, dashes in _GROUPS:
        text[:, start + dashes : end + dashes] = digits[:, start:end]
    ids: list[bytes] = text.view("S36").ravel().tolist()
    return ids


def _scrambled(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
