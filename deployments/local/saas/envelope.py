"""The lines an S3 destination writes: each payload inside Airbyte's envelope.

All envelopes of one object have the same length, so they are made as one matrix of bytes; no Python runs per
record. Raw ids are hashes of (sync, stream, row): a repeated sync has other ids, a repeated run the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deployments.local.saas.blocks import Block
from deployments.local.saas.hashing import Dice, Ints

_ID_AT = len('{"_airbyte_raw_id":"')
_GROUPS = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every record of one sync of one stream has in common; `extracted_ms` is epoch milliseconds."""

    stream: str
    sync_id: int
    generation_id: int
    extracted_ms: int


def envelope(block: Block, stamp: Stamp, first_row: int) -> bytes:
    """The JSON lines of a block; `first_row` is the number of its first record in the sync."""
    rows = np.arange(first_row, first_row + block.rows, dtype=np.int64)
    pieces: list[bytes] = [b"}\n"] * (3 * block.rows)
    pieces[0::3] = _heads(stamp, rows)
    pieces[1::3] = block.payloads
    return b"".join(pieces)


def _heads(stamp: Stamp, rows: Ints) -> list[bytes]:
    """Everything before the payload, one text per row."""
    head = (
        f'{{"_airbyte_raw_id":"{"-" * 36}","_airbyte_extracted_at":{stamp.extracted_ms},'
        f'"_airbyte_meta":{{"sync_id":{stamp.sync_id},"changes":[]}},'
        f'"_airbyte_generation_id":{stamp.generation_id},"_airbyte_data":'
    ).encode()
    matrix = np.empty((len(rows), len(head)), dtype=np.uint8)
    matrix[:] = np.frombuffer(head, dtype=np.uint8)
    digits = _digits(stamp, rows)
    for group, (low, high) in enumerate(_GROUPS):
        at = _ID_AT + low + group
        matrix[:, at : at + high - low] = digits[:, low:high]
    texts: list[bytes] = matrix.reshape(-1).view(f"S{len(head)}").tolist()
    return texts


def _digits(stamp: Stamp, rows: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The 32 hex digits of version 4 ids, one row each."""
    dice = Dice(stamp.sync_id, 1.0)
    words = np.stack([dice.words(f"{stamp.stream}.{half}", rows) for half in "ab"], axis=1)
    raw = words.view(np.uint8).reshape(len(rows), 16)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    return np.frombuffer(raw.tobytes().hex().encode(), dtype=np.uint8).reshape(len(rows), 32)
