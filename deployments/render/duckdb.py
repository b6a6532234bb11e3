"""How DuckDB spells a typed payload: struct access on one parsed structure."""

from __future__ import annotations

import json

from deployments.render.payload import (
    EPOCH_UNITS,
    LEAF_TYPES,
    all_leaves,
    decimal_leaf,
    epoch_range,
    kept_fields,
    leaf_type,
    places,
    quoted,
    structure,
    text,
)
from expectations.declare.contract import contract
from expectations.declare.field import Field, Pick, Sum, column_name
from expectations.declare.stream import Rows, Stream


class DuckDb:
    """The parsed payload is `j`, the tokens are `t`; lists are searched through one list of their keys."""

    prefix = "duckdb"

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.leaf_types = {path: leaf_type(kinds) for path, kinds in all_leaves(stream).items()}

    def parsed(self) -> list[str]:
        columns = [f"from_json(_airbyte_data, {text(structure(self.stream))}) as j"]
        if tokens := contract(self.stream).tokens:
            shape = json.dumps({token.name: "VARCHAR" for token in tokens}, separators=(",", ":"))
            columns.append(f"from_json(_tokens, {text(shape)}) as t")
        return columns

    def lists(self) -> list[str]:
        picks = [field.pick for field in kept_fields(self.stream) if field.pick]
        named = {_keys_name(pick): f"[x.{quoted(_key(pick))} for x in j.{_dotted(pick.list)}]" for pick in picks}
        return [f"{listed} as {name}" for name, listed in named.items()]

    def value(self, field: Field) -> str:
        if field.sum:
            return self._sum(field, field.sum)
        read = [path for path, _ in places(field)][1 if field.pick else 0 :]
        values = [_cast(field, _place(field, path), self.leaf_types[path]) for path in read]
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    def _sum(self, field: Field, wanted: Sum) -> str:
        """Over a list of the payload; less another field where that is declared."""
        total = _total(field, wanted, _numbers(wanted, f"j.{_dotted(wanted.list)}"))
        return f"{total} - {self.value(self.stream.fields[wanted.less])}" if wanted.less else total

    def token(self, field: Field) -> str:
        return f"t.{quoted(field.name)}"

    def kept(self, rows: Rows) -> str:
        return f"j.{_dotted(rows.path)}"

    def opened(self, rows: Rows) -> list[str]:
        return [f"unnest({rows.name}) as item", f"generate_subscripts({rows.name}, 1) as position"]

    def origin(self, rows: Rows) -> str:
        return "parents"

    def element(self, rows: Rows, field: Field) -> str:
        if field.sum:
            numbers = _numbers(field.sum, f"item.{_dotted(field.sum.list)}")
            return f"try_cast(list_sum({numbers}) as {_spaced(field.column_type)})"
        leaf = self.leaf_types[*rows.path[:-1], f"{rows.path[-1]}[]", *field.path]
        return _cast(field, f"item.{_dotted(field.path)}", leaf)


def _numbers(wanted: Sum, place: str) -> str:
    """The numbers of a sum. Factors are read narrower, so that no product is too wide for the engine."""
    number = f"x.{quoted(wanted.value)}"
    if wanted.times:
        factors = [f"try_cast(x.{quoted(name)} as decimal(18, 6))" for name in (wanted.value, wanted.times)]
        number = " * ".join(factors)
    return f"[{number} for x in {place}]"


def _total(field: Field, wanted: Sum, numbers: str) -> str:
    """A list with an element that is no number has no sum; only where an element is null the payload is looked at."""
    total = f"try_cast(list_sum({numbers}) as {_spaced(field.column_type)})"
    told = f"{{{{ payload_list_holds('_airbyte_data', {[*wanted.list]!r}, {wanted.value!r}) }}}}"
    known = f"len(list_filter({numbers}, lambda x: x is not null))"
    return f"case when {known} = len({numbers}) or {known} = {told} then {total} end"


def _spaced(column_type: str) -> str:
    return column_type.replace(",", ", ")


def _place(field: Field, path: tuple[str, ...]) -> str:
    if not field.pick:
        return f"j.{_dotted(path)}"
    wanted = text(next(iter(field.pick.where.values())))
    found = f"list_position({_keys_name(field.pick)}, {wanted})"
    return f"j.{_dotted(field.pick.list)}[{found}].{_dotted(path[len(field.pick.list) :])}"


def _cast(field: Field, place: str, leaf: str) -> str:
    if field.type in EPOCH_UNITS:
        return _epoch(place if leaf == "BIGINT" else f"try_cast({place} as bigint)", field.type)
    if field.type == "timestamp":
        at = place if leaf == "TIMESTAMPTZ" else f"try_cast({place} as timestamptz)"
        return f"({at} at time zone 'UTC')"
    if field.type == "date_compact":
        return f"cast(try_strptime({place}, '%Y%m%d') as date)"
    if field.type in ("text", "url"):
        return place if leaf == "VARCHAR" else f"cast({place} as varchar)"
    if field.type == "decimal":
        exact = decimal_leaf(field)
        amount = place if leaf == exact else f"try_cast({place} as {_spaced(exact.lower())})"
        return f"cast({amount} as {_spaced(field.column_type)})"
    return place if leaf == LEAF_TYPES.get(field.type) else f"try_cast({place} as {field.column_type})"


def _epoch(number: str, kind: str) -> str:
    first, last = epoch_range(kind)
    micros = number if EPOCH_UNITS[kind] == 1 else f"{number} * {EPOCH_UNITS[kind]}"
    return f"case when {number} between {first} and {last} then make_timestamp({micros}) end"


def _key(pick: Pick) -> str:
    return next(iter(pick.where))


def _keys_name(pick: Pick) -> str:
    return column_name("_".join([*pick.list, _key(pick)])) + "_keys"


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(quoted(step.removesuffix("[]")) for step in path)
