"""Writes the typed SELECT of a stream for each engine: the payload is parsed once, from its contract.

DuckDB: one `from_json` with the target types inside the structure (a decimal is exact there, and only there).
Snowflake: text of each path, then try_cast. Lists are searched through one list of their keys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Protocol

from expectations.declare.contract import contract
from expectations.declare.field import TIMESTAMP_TYPES, URL_PARTS, Field, column_name
from expectations.declare.stream import Stream

Tree = dict[str, object]
INDENT = "        "

_LEAF_TYPES = {
    "integer": "BIGINT", "decimal": "DECIMAL(38,9)", "date": "DATE", "timestamp": "TIMESTAMPTZ",
    "epoch_seconds": "BIGINT", "epoch_millis": "BIGINT", "epoch_micros": "BIGINT",
}  # fmt: skip
# The instants that both engines can hold, so that an absurd number becomes null and not an error.
_EPOCH_UNITS = {"epoch_seconds": 1_000_000, "epoch_millis": 1_000, "epoch_micros": 1}
_FIRST_MICROS, _LAST_MICROS = -62_135_596_800_000_000, 253_402_300_799_000_000


class Engine(Protocol):
    """How one engine spells the places and types of a payload."""

    def value(self, field: Field) -> str:
        """The typed value of a field that is no url and no token."""

    def token(self, field: Field) -> str:
        """The join token of a personal field."""

    def url(self, field: Field) -> str:
        """The text of a url field."""


def typed_macro(stream: Stream) -> str:
    """The dispatched macro `typed_<source>__<stream>(rows)` with both engines' SELECT."""
    name = f"typed_{stream.source}__{stream.name}"
    return "\n".join(
        [
            f"{{% macro {name}(rows) %}}{{{{ return(adapter.dispatch('{name}')(rows)) }}}}{{% endmacro %}}",
            "",
            f"{{% macro duckdb__{name}(rows) %}}",
            _duckdb(stream),
            "{% endmacro %}",
            "",
            f"{{% macro snowflake__{name}(rows) %}}",
            _snowflake(stream),
            "{% endmacro %}",
            "",
        ]
    )


def kept_fields(stream: Stream) -> list[Field]:
    """The fields that staging reads from the payload; personal ones come as tokens or not at all."""
    return [field for field in stream.fields.values() if field.pii is None]


def structure(stream: Stream) -> str:
    """The from_json structure of the payload: only what the contract wants, with target types."""
    tree: Tree = {}
    for path, wanted in sorted(_leaves(kept_fields(stream)).items()):
        here = tree
        for step in path[:-1]:
            inner = here.setdefault(step, [{}] if step.endswith("[]") else {})
            here = inner[0] if isinstance(inner, list) else inner  # type: ignore[assignment]
        here[path[-1]] = _leaf_type(wanted)
    return json.dumps(_without_marks(tree), ensure_ascii=False, separators=(",", ":"))


def _without_marks(tree: object) -> object:
    if isinstance(tree, list):
        return [_without_marks(item) for item in tree]
    if isinstance(tree, dict):
        return {key.removesuffix("[]"): _without_marks(value) for key, value in tree.items()}
    return tree


def _leaves(fields: list[Field]) -> dict[tuple[str, ...], set[str]]:
    """Every place that is read (a list is marked with []) and the field types wanted from it."""
    wanted: dict[tuple[str, ...], set[str]] = {}
    for field in fields:
        for path, kind in _places(field):
            wanted.setdefault(path, set()).add(kind)
    return wanted


def _places(field: Field) -> Iterator[tuple[tuple[str, ...], str]]:
    if field.pick:
        inside = (*field.pick.list[:-1], f"{field.pick.list[-1]}[]")
        yield (*inside, next(iter(field.pick.where))), "text"
        for value in field.pick.value:
            yield (*inside, *value.split(".")), field.type
    elif field.sum:
        yield (*field.sum.list[:-1], f"{field.sum.list[-1]}[]", field.sum.value), "decimal"
    else:
        yield field.path, field.type


def _leaf_type(wanted: set[str]) -> str:
    """One type for a place that several fields read: text keeps integers and quoted numbers exact."""
    types = {_LEAF_TYPES.get(kind, "VARCHAR") for kind in wanted}
    if len(types) == 1:
        return types.pop()
    return "DECIMAL(38,9)" if types == {"BIGINT", "DECIMAL(38,9)"} else "VARCHAR"


def _provenance(extracted_at: str = "_airbyte_extracted_at") -> list[str]:
    return ["_sync_id", f"{extracted_at} as _extracted_at", "_source_file", "_source_row", "_load_seq"]


def _lines(parts: list[str], indent: str = INDENT) -> str:
    return f",\n{indent}".join(parts)


def _selected(stream: Stream, engine: Engine) -> list[str]:
    """The select list of the last step, in the order of the contract."""
    parts = []
    for field in stream.fields.values():
        if field.pii == "join":
            parts.append(f"{engine.token(field)} as {field.column}")
        elif field.pii is None and field.type == "url":
            parts += _url_columns(column_name(field.name))
        elif field.pii is None:
            parts.append(f"{engine.value(field)} as {field.column}")
    return parts + ["_sync_id", "_extracted_at", "_source_file", "_source_row", "_load_seq", "_changes"]


def _url_columns(name: str) -> list[str]:
    text, parameters = f"{name}_text", f"{name}_parameters"
    parts = [f"{{{{ url_host('{text}') }}}} as {name}_host", f"{{{{ url_path('{text}') }}}} as {name}_path"]
    for part in URL_PARTS[2:]:
        reader = f"url_parameter('{parameters}', '{part}')"
        if part.startswith("click_id"):
            reader = f"url_{part}('{parameters}')"
        parts.append(f"{{{{ {reader} }}}} as {name}_{part}")
    return parts


def _urls(stream: Stream) -> list[Field]:
    return [field for field in kept_fields(stream) if field.type == "url"]


def _finish(stream: Stream, engine: Engine, steps: list[str], last: str) -> str:
    """The CTEs, with the url steps where the stream has urls, and the final select."""
    urls = [column_name(field.name) for field in _urls(stream)]
    if urls:
        texts = [f"{engine.url(field)} as {column_name(field.name)}_text" for field in _urls(stream)]
        steps.append(f"with_urls as (\n    select *,\n{INDENT}{_lines(texts)}\n    from {last}\n)")
        queries = [f"{{{{ url_parameters('{name}_text') }}}} as {name}_parameters" for name in urls]
        steps.append(f"with_parameters as (\n    select *,\n{INDENT}{_lines(queries)}\n    from with_urls\n)")
        last = "with_parameters"
    chain = ",\n".join(f"{step}" for step in steps)
    return f"with {chain}\nselect\n    {_lines(_selected(stream, engine), '    ')}\nfrom {last}"


class _DuckDb:
    """DuckDB: struct access on the one parsed payload `j`."""

    def __init__(self, stream: Stream) -> None:
        self.leaf_types = {path: _leaf_type(kinds) for path, kinds in _leaves(kept_fields(stream)).items()}

    def value(self, field: Field) -> str:
        if field.sum:
            total = f"list_sum([x.{_quoted(field.sum.value)} for x in j.{_dotted(field.sum.list)}])"
            return f"cast({total} as {'bigint' if field.type == 'integer' else 'decimal(38, 9)'})"
        places = [path for path, _ in _places(field)][1 if field.pick else 0 :]
        values = [self._cast(field, self._place(field, path), self.leaf_types[path]) for path in places]
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    def token(self, field: Field) -> str:
        return f"t.{_quoted(field.name)}"

    def url(self, field: Field) -> str:
        return self.value(field)

    def _place(self, field: Field, path: tuple[str, ...]) -> str:
        if not field.pick:
            return f"j.{_dotted(path)}"
        listed = len(field.pick.list)
        found = f"list_position({_keys_name(field)}, {_text(next(iter(field.pick.where.values())))})"
        return f"j.{_dotted(field.pick.list)}[{found}].{_dotted(path[listed:])}"

    def _cast(self, field: Field, place: str, leaf: str) -> str:
        if field.type in _EPOCH_UNITS:
            return _duckdb_epoch(place if leaf == "BIGINT" else f"try_cast({place} as bigint)", field.type)
        if field.type == "timestamp":
            at = place if leaf == "TIMESTAMPTZ" else f"try_cast({place} as timestamptz)"
            return f"({at} at time zone 'UTC')"
        if field.type == "date_compact":
            return f"cast(try_strptime({place}, '%Y%m%d') as date)"
        if field.type in ("text", "url"):
            return place if leaf == "VARCHAR" else f"cast({place} as varchar)"
        return place if leaf == _LEAF_TYPES.get(field.type) else f"try_cast({place} as {field.column_type})"


def _duckdb_epoch(number: str, kind: str) -> str:
    unit = _EPOCH_UNITS[kind]
    first, last = _FIRST_MICROS // unit, _LAST_MICROS // unit
    micros = number if unit == 1 else f"{number} * {unit}"
    return f"case when {number} between {first} and {last} then make_timestamp({micros}) end"


def _duckdb(stream: Stream) -> str:
    tokens = contract(stream).tokens
    parsed = [*_provenance(), "{{ airbyte_changes('_airbyte_meta') }} as _changes"]
    if tokens:
        shape = json.dumps({token.name: "VARCHAR" for token in tokens}, separators=(",", ":"))
        parsed.append(f"from_json(_tokens, {_text(shape)}) as t")
    parsed.append(f"from_json(_airbyte_data, {_text(structure(stream))}) as j")
    steps = [f"parsed as (\n    select\n{INDENT}{_lines(parsed)}\n    from {{{{ rows }}}}\n)"]
    last = "parsed"
    keys = {_keys_name(f): f for f in kept_fields(stream) if f.pick}
    if keys:
        lists = [f"[x.{_quoted(next(iter(_pick(f))))} for x in j.{_pick_list(f)}] as {n}" for n, f in keys.items()]
        steps.append(f"with_keys as (\n    select *,\n{INDENT}{_lines(lists)}\n    from parsed\n)")
        last = "with_keys"
    return _finish(stream, _DuckDb(stream), steps, last)


def _pick(field: Field) -> dict[str, str]:
    return field.pick.where if field.pick else {}


def _pick_list(field: Field) -> str:
    return _dotted(field.pick.list) if field.pick else ""


def _keys_name(field: Field) -> str:
    words = [*(field.pick.list if field.pick else ()), *_pick(field)]
    return column_name("_".join(words)) + "_keys"


class _Snowflake:
    """Snowflake: the text of a path of the variant `j`, then a cast that yields null for bad text."""

    def value(self, field: Field) -> str:
        if field.sum:
            amount = f"try_cast(x:{_quoted(field.sum.value)}::varchar as number(38, 9))"
            place = f"j:{_variant(field.sum.list)}"
            total = f"reduce({place}, 0::number(38, 9), (total, x) -> total + coalesce({amount}, 0))"
            return f"iff(array_size({place}) > 0, {total}, null)::{_snowflake_type(field.column_type)}"
        if not field.pick:
            return self._cast(field, f"j:{_variant(field.path)}::varchar")
        key, text = next(iter(field.pick.where.items()))
        found = f"filter(j:{_variant(field.pick.list)}, x -> x:{_quoted(key)}::varchar = {_text(text)})[0]"
        values = [self._cast(field, f"{found}:{_variant(value.split('.'))}::varchar") for value in field.pick.value]
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    def token(self, field: Field) -> str:
        return f"t:{_quoted(field.name)}::varchar"

    def url(self, field: Field) -> str:
        return self.value(field)

    def _cast(self, field: Field, text: str) -> str:
        casts: dict[str, Callable[[], str]] = {
            "text": lambda: text,
            "url": lambda: text,
            "date": lambda: f"try_to_date({text}, 'YYYY-MM-DD')",
            "date_compact": lambda: f"try_to_date({text}, 'YYYYMMDD')",
            "timestamp": lambda: f"convert_timezone('UTC', try_to_timestamp_tz({text}))::timestamp_ntz",
        }
        if field.type in _EPOCH_UNITS:
            return _snowflake_epoch(f"try_cast({text} as number(38, 0))", field.type)
        plain = casts.get(field.type)
        return plain() if plain else f"try_cast({text} as {_snowflake_type(field.column_type)})"


def _snowflake_epoch(number: str, kind: str) -> str:
    unit = _EPOCH_UNITS[kind]
    first, last = _FIRST_MICROS // unit, _LAST_MICROS // unit
    scale = {1_000_000: 0, 1_000: 3, 1: 6}[unit]
    return f"iff({number} between {first} and {last}, to_timestamp_ntz({number}, {scale}), null)"


def _snowflake_type(column_type: str) -> str:
    return {"bigint": "number(38, 0)", "decimal(38,9)": "number(38, 9)"}.get(column_type, column_type)


def _snowflake(stream: Stream) -> str:
    parsed = [*_provenance(), "{{ airbyte_changes('_airbyte_meta') }} as _changes"]
    if contract(stream).tokens:
        parsed.append("try_parse_json(_tokens) as t")
    parsed.append("try_parse_json(_airbyte_data) as j")
    steps = [f"parsed as (\n    select\n{INDENT}{_lines(parsed)}\n    from {{{{ rows }}}}\n)"]
    return _finish(stream, _Snowflake(), steps, "parsed")


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(_quoted(step.removesuffix("[]")) for step in path)


def _variant(path: tuple[str, ...] | list[str]) -> str:
    return ".".join(_quoted(step) for step in path)


def _text(value: str) -> str:
    escaped = value.replace("'", "''")
    return f"'{escaped}'"


def is_timestamp(field: Field) -> bool:
    """Whether the staging column of the field is an instant and not a day."""
    return field.type in TIMESTAMP_TYPES
