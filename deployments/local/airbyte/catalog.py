"""Which sources, streams and connections the server offers: derived from the declarations, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID, uuid5

from deployments.local.airbyte.switches import Fault
from expectations.declare import source as declare

_NAMESPACE = UUID("5d0f2c1e-5f0a-5a51-9c39-2f6e0a9b7c11")
_PART_ROWS = 100_000


def identity(kind: str, name: str) -> str:
    """The id of a connection, source or destination: the same on every machine and after every restart."""
    return str(uuid5(_NAMESPACE, f"{kind}/{name}"))


WORKSPACE = identity("workspace", "brightcart")


@dataclass(frozen=True)
class StreamSpec:
    """One stream as a source offers it; an object is closed once it holds `part_rows` rows."""

    name: str
    sync: str = "incremental_append"
    cursor: str = ""
    key: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    part_rows: int = _PART_ROWS

    @property
    def is_full_refresh(self) -> bool:
        """Whether each sync sends everything and replaces what was there."""
        return self.sync.startswith("full_refresh")


def described(spec: StreamSpec, fault: Fault) -> StreamSpec:
    """A stream as its source describes it while one of the faults that change fields is on."""
    field, to = str(fault.parameters.get("field", "")), str(fault.parameters.get("to", ""))
    match fault.name:
        case "rename_field":
            new = {field: to}
        case "drop_field":
            new = {field: ""}
        case "new_field":
            return replace(spec, fields=tuple(dict.fromkeys((*spec.fields, field))))
        case _:
            return spec
    fields, key = (tuple(new.get(name, name) for name in names) for names in (spec.fields, spec.key))
    there = tuple(name for name in fields if name), tuple(name for name in key if name)
    return replace(spec, fields=there[0], key=there[1], cursor=new.get(spec.cursor, spec.cursor))


Catalog = Mapping[str, tuple[StreamSpec, ...]]


def declared() -> Catalog:
    """Every declared source with its streams, in the order of its file."""
    return {name: tuple(map(_spec, source.streams.values())) for name, source in declare.load_all().items()}


@lru_cache(maxsize=256)
def connector(system: str) -> str:
    """The name of the connector that reads a system, as its declaration says; its own name where none does."""
    return declare.load(system).airbyte.definition if system in declare.names() else system


def _spec(stream: declare.Stream) -> StreamSpec:
    key = tuple(stream.fields[name].payload_key if name in stream.fields else name for name in stream.key)
    return StreamSpec(stream.name, stream.sync, stream.cursor or "", key, stream.payload_keys)
