"""How Snowflake spells a typed payload: the text of a path of a variant, then a cast that may yield null."""

from __future__ import annotations

from deployments.render.payload import EPOCH_UNITS, epoch_range, quoted, text
from expectations.declare.contract import contract
from expectations.declare.field import Field, Sum
from expectations.declare.stream import Rows, Stream


class Snowflake:
    """The payload is the variant `j`, the tokens are `t`."""

    prefix = "snowflake"

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def parsed(self) -> list[str]:
        columns = ["try_parse_json(_airbyte_data) as j"]
        return [*columns, "try_parse_json(_tokens) as t"] if contract(self.stream).tokens else columns

    def lists(self) -> list[str]:
        return []

    def value(self, field: Field) -> str:
        if field.sum:
            total = _total(field, field.sum, f"j:{_variant(field.sum.list)}")
            return f"{total} - {self.value(self.stream.fields[field.sum.less])}" if field.sum.less else total
        if not field.pick:
            return _cast(field, f"j:{_variant(field.path)}::varchar")
        key, wanted = next(iter(field.pick.where.items()))
        found = f"filter(j:{_variant(field.pick.list)}, x -> x:{quoted(key)}::varchar = {text(wanted)})[0]"
        values = [_cast(field, f"{found}:{_variant(value.split('.'))}::varchar") for value in field.pick.value]
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    def token(self, field: Field) -> str:
        return f"t:{quoted(field.name)}::varchar"

    def kept(self, rows: Rows) -> str:
        keys = sorted({(field.path or field.sum.list if field.sum else field.path) for field in rows.fields.values()})
        return f"transform(j:{_variant(rows.path)}, x -> {_pruned('x', [tuple(key) for key in keys])})"

    def opened(self, rows: Rows) -> list[str]:
        return ["elements.value as item", "elements.index + 1 as position"]

    def origin(self, rows: Rows) -> str:
        return f"parents, lateral flatten(input => parents.{rows.name}) as elements"

    def element(self, rows: Rows, field: Field) -> str:
        if field.sum:
            return _total(field, field.sum, f"item:{_variant(field.sum.list)}")
        return _cast(field, f"item:{_variant(field.path)}::varchar")


def _pruned(place: str, paths: list[tuple[str, ...]]) -> str:
    """An object with nothing in it but these paths of another: what nobody declared stays behind."""
    parts = []
    for first in dict.fromkeys(path[0] for path in paths):
        deeper = [path[1:] for path in paths if path[0] == first and len(path) > 1]
        inner = f"{place}{'.' if ':' in place else ':'}{quoted(first)}"
        parts.append(f"{text(first)}, {_pruned(inner, deeper) if deeper else inner}")
    return f"object_construct({', '.join(parts)})"


def _total(field: Field, wanted: Sum, place: str) -> str:
    """A list with an element that is no number has no sum."""
    number = f"x:{quoted(wanted.value)}"
    amount = f"try_cast({number}::varchar as {_amount(field)})"
    if wanted.times:
        amount = " * ".join(
            f"try_cast(x:{quoted(name)}::varchar as number(18, 6))" for name in (wanted.value, wanted.times)
        )
    total = f"reduce({place}, 0::number(38, {field.digits[1]}), (total, x) -> total + coalesce({amount}, 0))"
    wrong = f"array_size(filter({place}, x -> {number}::varchar is not null and {amount} is null))"
    return f"iff(array_size({place}) > 0 and {wrong} = 0, {total}, null)::{_type(field.column_type)}"


def _amount(field: Field) -> str:
    precision, scale = field.digits
    return f"number({precision}, {scale})"


def _cast(field: Field, place: str) -> str:
    if field.type in EPOCH_UNITS:
        return _epoch(f"try_cast({place} as number(38, 0))", field.type)
    spelled = {
        "text": place,
        "url": place,
        "date": f"try_to_date({place}, 'YYYY-MM-DD')",
        "date_compact": f"try_to_date({place}, 'YYYYMMDD')",
        "timestamp": f"convert_timezone('UTC', try_to_timestamp_tz({place}))::timestamp_ntz",
        "decimal": f"try_cast({place} as {_amount(field)})::{_type(field.column_type)}",
    }
    return spelled.get(field.type, f"try_cast({place} as {_type(field.column_type)})")


def _epoch(number: str, kind: str) -> str:
    first, last = epoch_range(kind)
    scale = {1_000_000: 0, 1_000: 3, 1: 6}[EPOCH_UNITS[kind]]
    return f"iff({number} between {first} and {last}, to_timestamp_ntz({number}, {scale}), null)"


def _type(column_type: str) -> str:
    return "number(38, 0)" if column_type == "bigint" else column_type.replace("decimal(38,", "number(38, ")


def _variant(path: tuple[str, ...] | list[str]) -> str:
    return ".".join(quoted(step) for step in path)
