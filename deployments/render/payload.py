"""Which places of a payload a stream reads, as which types: the structure of its one parse."""

from __future__ import annotations

import json
from collections.abc import Iterator

from expectations.declare.field import Field
from expectations.declare.stream import Stream

Tree = dict[str, object]

LEAF_TYPES = {
    "integer": "BIGINT", "date": "DATE", "timestamp": "TIMESTAMPTZ",
    "epoch_seconds": "BIGINT", "epoch_millis": "BIGINT", "epoch_micros": "BIGINT",
}  # fmt: skip
# Microseconds per unit, and the instants that both engines can hold: an absurd number becomes null, not an error.
EPOCH_UNITS = {"epoch_seconds": 1_000_000, "epoch_millis": 1_000, "epoch_micros": 1}
_FIRST_MICROS, _LAST_MICROS = -62_135_596_800_000_000, 253_402_300_799_000_000


def kept_fields(stream: Stream) -> list[Field]:
    """The fields that staging reads from the payload; personal ones come as tokens or not at all."""
    return [field for field in stream.fields.values() if field.pii is None]


def structure(stream: Stream) -> str:
    """The from_json structure of the payload: only what the contract wants, with target types."""
    tree: Tree = {}
    for path, wanted in sorted(all_leaves(stream).items()):
        here = tree
        for step in path[:-1]:
            inner = here.setdefault(step, [{}] if step.endswith("[]") else {})
            here = inner[0] if isinstance(inner, list) else inner  # type: ignore[assignment]
        here[path[-1]] = leaf_type(wanted)
    return json.dumps(_without_marks(tree), ensure_ascii=False, separators=(",", ":"))


def _without_marks(tree: object) -> object:
    if isinstance(tree, list):
        return [_without_marks(item) for item in tree]
    if isinstance(tree, dict):
        return {key.removesuffix("[]"): _without_marks(value) for key, value in tree.items()}
    return tree


def all_leaves(stream: Stream) -> dict[tuple[str, ...], set[str]]:
    """The places of the fields, and those of the lists that become rows."""
    wanted = leaves(kept_fields(stream))
    for rows in stream.lists.values():
        inside = (*rows.path[:-1], f"{rows.path[-1]}[]")
        for path, kinds in leaves(list(rows.fields.values())).items():
            wanted.setdefault((*inside, *path), set()).update(kinds)
    return wanted


def leaves(fields: list[Field]) -> dict[tuple[str, ...], set[str]]:
    """Every place that is read (a list is marked with []) and the types wanted from it; decimals with their digits."""
    wanted: dict[tuple[str, ...], set[str]] = {}
    for field in fields:
        for path, kind in places(field):
            wanted.setdefault(path, set()).add(decimal_leaf(field) if kind == "decimal" else kind)
    return wanted


def decimal_leaf(field: Field) -> str:
    """The decimal type that a payload is read as.

    Amounts below 10^19 fit unless more is declared; a wider one becomes null and is counted. Columns hold 38 digits,
    so that sums of many such amounts and their products with a rate never overflow: one absurd number must not stop
    a build.
    """
    precision, scale = field.digits
    return f"DECIMAL({precision},{scale})"


def places(field: Field) -> Iterator[tuple[tuple[str, ...], str]]:
    """The paths that a field is read from, with the type wanted there; a picked one begins with the path of its key."""
    if field.pick:
        inside = (*field.pick.list[:-1], f"{field.pick.list[-1]}[]")
        yield (*inside, next(iter(field.pick.where))), "text"
        for value in field.pick.value:
            yield (*inside, *value.split(".")), field.type
    elif field.sum:
        for number in filter(None, (field.sum.value, field.sum.times)):
            yield (*field.sum.list[:-1], f"{field.sum.list[-1]}[]", number), "decimal"
    else:
        yield field.path, field.type


def leaf_type(wanted: set[str]) -> str:
    """One type for a place that several fields read: text keeps integers and quoted numbers exact."""
    types = {kind if kind.startswith("DECIMAL") else LEAF_TYPES.get(kind, "VARCHAR") for kind in wanted}
    if len(types) == 1:
        return types.pop()
    decimals = types - {"BIGINT"}
    return decimals.pop() if len(decimals) == 1 and "DECIMAL" in str(decimals) else "VARCHAR"


def epoch_range(kind: str) -> tuple[int, int]:
    """The first and last number of an epoch type that is an instant."""
    unit = EPOCH_UNITS[kind]
    return _FIRST_MICROS // unit, _LAST_MICROS // unit


def quoted(name: str) -> str:
    """A name as an identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def text(value: str) -> str:
    """A value as a text literal."""
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def holds(field: Field, payload: str) -> str:
    """Whether a payload holds anything but null where a field is read from."""
    if field.sum:
        return f"{{{{ payload_list_holds('{payload}', {[*field.sum.list]!r}, {field.sum.value!r}) }}}} > 0"
    if not field.pick:
        return f"{{{{ payload_holds('{payload}', {list(field.path)!r}) }}}}"
    key, wanted = next(iter(field.pick.where.items()))
    places = [value.split(".") for value in field.pick.value]
    return f"{{{{ payload_pick_holds('{payload}', {[*field.pick.list]!r}, {key!r}, {wanted!r}, {places!r}) }}}}"
