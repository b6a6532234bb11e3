"""Objects that arrive spoiled: cut off, with lines that are no JSON or no envelope, with values lost on the way.

Only used while one of these switches is on; objects are unpacked and packed again, which costs a step per record.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce

import orjson

from deployments.local.airbyte.envelope import Part
from deployments.local.airbyte.switches import Fault, Switches

Line = Callable[[Fault, bytes], bytes]
_CHANGE = {"change": "NULLED", "reason": "SOURCE_RETRIEVAL_ERROR"}


def spoiled(objects: Iterable[Part], switches: Switches, source: str, stream: str) -> Iterator[Part]:
    """The objects of a stream with what the switches do to their bytes."""
    lines = [(fault, change) for name, change in LINES.items() if (fault := switches.take(name, source, stream))]
    cut = switches.take("truncated_gzip", source, stream)
    for part in objects:
        body = reduce(_rewritten, lines, part.body)
        yield replace(part, body=body[: len(body) // 2] if cut else body)


def _rewritten(body: bytes, by: tuple[Fault, Line]) -> bytes:
    fault, change = by
    every = int(fault.number("every", 10))
    lines = gzip.decompress(body).splitlines()
    text = b"\n".join(change(fault, line) if n % every == 0 else line for n, line in enumerate(lines))
    return gzip.compress(text + b"\n", mtime=0)


def _half(_fault: Fault, line: bytes) -> bytes:
    return line[: len(line) // 2]


def _bare(_fault: Fault, line: bytes) -> bytes:
    return orjson.dumps(orjson.loads(line)["_airbyte_data"])


def _nulled(fault: Fault, line: bytes) -> bytes:
    field = str(fault.parameters["field"])
    record = orjson.loads(line)
    record["_airbyte_meta"]["changes"].append({"field": field, **_CHANGE})
    record["_airbyte_data"][field] = None
    return orjson.dumps(record)


LINES: Mapping[str, Line] = {"broken_json": _half, "envelope_missing": _bare, "meta_changes": _nulled}
