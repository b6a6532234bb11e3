"""What a source promises about one stream, derived from its declaration: keys, columns, personal values.

The contract is what staging types, drift is measured against, and seal makes join tokens from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from expectations.declare.field import DATE_TYPES, NUMBER_TYPES, TIMESTAMP_TYPES, Column, Field, column_name
from expectations.declare.stream import Stream

PROVENANCE = (
    Column(name="_sync_id", type="bigint", description="Airbyte job that delivered the row"),
    Column(name="_extracted_at", type="timestamp", description="UTC instant at which the connector read the row"),
    Column(name="_source_file", type="varchar", description="Landing object that held the row"),
    Column(name="_source_row", type="bigint", description="Line of the row in that object, from 1"),
    Column(name="_load_seq", type="bigint", description="Rises with every lake object loaded"),
    Column(name="_changes", type="bigint", description="Values that Airbyte itself changed or nulled in this row"),
)


# Column of the typed rows of a stream that holds rows back: the rules that a row breaks, `rule:column`, else null.
BROKEN = "_broken"
RowRule = Literal["uncastable", "null", "outside", "below"]
# Types whose values can be refused; text takes every scalar.
CASTABLE = (*NUMBER_TYPES, *DATE_TYPES, *TIMESTAMP_TYPES, "boolean")


@dataclass(frozen=True)
class HeldField:
    """A field in mode `quarantine`: the staging column that is looked at, and the rules that it can break."""

    field: Field
    column: str
    rules: tuple[RowRule, ...]


@dataclass(frozen=True)
class TokenField:
    """A personal join key: where it stands in the payload and how it is normalised."""

    name: str
    path: tuple[str, ...]
    pii_type: str


@dataclass(frozen=True)
class Contract:
    """The promise of one stream."""

    stream: Stream
    payload_keys: tuple[str, ...]
    columns: tuple[Column, ...]
    tokens: tuple[TokenField, ...]
    dropped: tuple[str, ...]
    held: tuple[HeldField, ...] = ()
    frozen: tuple[Field, ...] = ()

    def fields_of(self, payload_key: str) -> tuple[Field, ...]:
        """The fields that are read from one top-level key of the payload."""
        return tuple(field for field in self.stream.fields.values() if field.payload_key == payload_key)


def contract(stream: Stream) -> Contract:
    """The contract of a stream; `columns` are those of its staging model, provenance last."""
    fields = tuple(stream.fields.values())
    return Contract(
        stream=stream,
        payload_keys=stream.payload_keys,
        columns=stream.columns + PROVENANCE,
        tokens=tuple(TokenField(f.name, f.path, str(f.pii_type)) for f in fields if f.pii == "join"),
        dropped=tuple(field.name for field in fields if field.pii == "drop"),
        held=_held(stream),
        frozen=tuple(field for field in fields if stream.mode_of(field) == "freeze" and field.pii != "drop"),
    )


def can_fail(field: Field) -> bool:
    """Whether a value of the payload can become null by typing."""
    return field.pii is None and field.type in CASTABLE


def _held(stream: Stream) -> tuple[HeldField, ...]:
    found = []
    for field in stream.fields.values():
        if field.pii == "drop" or stream.mode_of(field) != "quarantine":
            continue
        rules: list[tuple[bool, RowRule]] = [
            (can_fail(field), "uncastable"),
            (not field.nullable or field.name in stream.key, "null"),
            (bool(field.one_of), "outside"),
            (field.at_least is not None, "below"),
        ]
        column = f"{column_name(field.name)}_path" if field.type == "url" else field.column
        found.append(HeldField(field, column, tuple(rule for applies, rule in rules if applies)))
    return tuple(one for one in found if one.rules)
