"""Type the rows of a window again with the present declaration, and bring what is made of them after.

The SQL is dbt's own: a model compiled as for a full build, run over a part of its input, gives that part of the
model. Everything is computed into work tables first; then one transaction per stream replaces typed rows, current
rows and what else is incremental, so a death leaves the stream as it was or as it is to be.
"""

# ruff: noqa: S608 - the names come from the declarations and from dbt

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from expectations.declare.contract import BROKEN
from expectations.declare.errors import Misconfigured
from expectations.declare.stream import Stream
from tasks.adapters.dbt_compiled import CompiledModel, CompiledProject
from tasks.adapters.warehouse.base import Warehouse
from tasks.window import Window

WORK = "replay"  # the schema of the work tables
_ROW = "_load_seq, _source_row"  # a load sequence is one lake object, so this is one sealed row


class Part(Protocol):
    """The part of a stream's history that is typed again: a window (`Scope`), or the rows that are held back."""

    @property
    def stream(self) -> Stream: ...

    @property
    def window(self) -> Window: ...

    @property
    def in_window(self) -> str: ...

    @property
    def dated(self) -> str: ...

    @property
    def delivered(self) -> str: ...


@dataclass(frozen=True)
class Retyped:
    """What a window's replay did to one stream: rows taken out of and put into the typed history."""

    stream: str
    removed: int
    written: int


@dataclass(frozen=True)
class _Swap:
    """Rows of one relation that give way to those of a work table."""

    relation: str
    condition: str
    fresh: str = ""
    columns: tuple[str, ...] = ()

    @property
    def statements(self) -> list[str]:
        """Delete, then insert, in the transaction of the stream."""
        removed = [f"delete from {self.relation} where {self.condition}"]
        names = ", ".join(f'"{name}"' if name == "rows" else name for name in self.columns)
        added = f"insert into {self.relation} ({names}) select {names} from {self.fresh}"
        return [*removed, added] if self.fresh else removed


def retype(warehouse: Warehouse, project: CompiledProject, scope: Part) -> Retyped:
    """Replace the window's typed rows of a stream, and its current and derived rows, in one transaction.

    Raises `Misconfigured` where the declaration gives a column another type: that concerns the whole history.
    """
    stream = scope.stream
    relations = {schema: set(warehouse.relations(schema)) for schema in ("staging", "intermediate", "marts")}
    if stream.typed_model not in relations["staging"]:
        return Retyped(stream.name, 0, 0)
    work = _Work(warehouse, project, scope)
    warehouse.execute(f"create schema if not exists {WORK}")
    swaps = [work.typed_rows()]
    present = set.union(*relations.values())
    models = [model for model in work.dependents() if model.name in present]
    swaps += [swap for model in models for swap in work.derived(model)]
    counted = warehouse.query(f"select (select count(*) from {WORK}.old_rows), (select count(*) from {WORK}.typed)")
    _in_one_transaction(warehouse, [statement for swap in swaps for statement in swap.statements])
    work.clear()
    return Retyped(stream.name, int(counted[0][0]), int(counted[0][1]))


def _in_one_transaction(warehouse: Warehouse, statements: Sequence[str]) -> None:
    warehouse.execute("begin")
    try:
        for statement in statements:
            warehouse.execute(statement)
        warehouse.execute("commit")
    except BaseException:
        # Also for Ctrl-C: the connection may live on in a longer `with` block.
        warehouse.execute("rollback")
        raise


@dataclass
class _Work:
    """The work tables of one stream."""

    warehouse: Warehouse
    project: CompiledProject
    scope: Part

    def __post_init__(self) -> None:
        self.stream: Stream = self.scope.stream
        self.staging = f"staging.{self.stream.typed_model}"
        self.sound = f"{BROKEN} is null" if self.stream.holds_rows_back else "true"
        self.made: list[str] = []

    def table(self, name: str, sql: str) -> str:
        """Make a work table, over one that a killed replay left."""
        self.warehouse.execute(f"create or replace table {WORK}.{name} as {sql}")
        self.made.append(name)
        return f"{WORK}.{name}"

    def clear(self) -> None:
        """Drop the work tables of this stream."""
        for name in dict.fromkeys(self.made):
            self.warehouse.execute(f"drop table if exists {WORK}.{name}")

    def typed_rows(self) -> _Swap:
        """The window's rows as the declaration types them now, those included that were refused before."""
        raw, old = self.stream.raw_table, f"{WORK}.old_rows"
        self.table("old_rows", f"select {_ROW} from {self.staging} where {self.scope.in_window}")
        known = f"select * from {raw} where ({_ROW}) in (select {_ROW} from {old})"
        self._type("typed", known)
        unknown = (
            f"select * from {raw} where {self.scope.delivered}"
            f" and ({_ROW}) not in (select {_ROW} from {self.staging} where {self.scope.delivered})"
            f" and _load_seq <= (select max(_load_seq) from {self.staging})"
        )
        self._type("added", unknown)
        columns = self._evolve(self.staging, f"{WORK}.typed")
        names = ", ".join(columns)
        chosen = f"select {names} from {WORK}.added where {self._is_of_window()}"
        self.warehouse.execute(f"insert into {WORK}.typed ({names}) {chosen}")
        if self.stream.kind == "event":
            self._once_per_key()
        return _Swap(self.staging, f"({_ROW}) in (select {_ROW} from {old})", f"{WORK}.typed", columns)

    def _is_of_window(self) -> str:
        """True for a row, not known before, that the window is about."""
        field = self.scope.stream.dated
        return f"({self.scope.dated} or {field.column} is null)" if field else "true"

    def _once_per_key(self) -> None:
        """Of events with the same key the one that counted before stays the one; what a rule holds back is kept."""
        key, old = ", ".join(self.stream.key_columns), f"{WORK}.old_rows"
        sound = f"{self.stream.key_columns[0]} is not null and {self.sound}"
        counted = f"select {_ROW} from {self.staging} where {self.sound} and ({_ROW}) in (select {_ROW} from {old})"
        elsewhere = f"select {key} from {self.staging} where {sound} and ({_ROW}) not in (select {_ROW} from {old})"
        self.table(
            "once",
            f"select * from {WORK}.typed where not ({sound}) or ({key}) not in ({elsewhere})"
            f" qualify not ({sound}) or row_number() over (partition by {key} order by"
            f" case when ({_ROW}) in ({counted}) then 0 else 1 end,"
            " _extracted_at desc, _sync_id desc, _source_file desc, _source_row desc) = 1",
        )
        self.table("typed", f"select * from {WORK}.once")

    def _type(self, name: str, raw_rows: str) -> None:
        model = self.project.models[self.stream.typed_model]
        relation = self.project.raw[self.stream.raw_table.split(".")[1]]
        rows = self.table("raw_rows", raw_rows)
        self.table(name, _with_input(model, relation, rows))

    def dependents(self) -> list[CompiledModel]:
        """Incremental models that are made of this stream, the nearest first; measurements keep their own books."""
        found = [
            model
            for model in self.project.models.values()
            if model.incremental and self.project.descends(model.name, self.stream.typed_model)
        ]
        return sorted(found, key=lambda model: (model.name != self.stream.current_model, model.name))

    def derived(self, model: CompiledModel) -> list[_Swap]:
        """How an incremental model follows: rows of the touched keys made anew; else its days, or all of it, taken out.

        What is missing in an incremental model is what its own next build brings back.
        """
        if model.name == self.stream.current_model:
            keys = self.stream.slice_columns or self.stream.key_columns
            return [self._remade(model, keys, whole_syncs=bool(self.stream.slice_columns))]
        rule: Mapping[str, Any] = model.meta.get("replay", {})
        if self.stream.staging_model in model.parents and "keys" in rule:
            return [self._remade(model, tuple(rule["keys"]))]
        if "day" in rule:
            first, last = self.scope.window.days()[0], self.scope.window.days()[-1]
            return [_Swap(model.relation, f"{rule['day']} between cast('{first}' as date) and cast('{last}' as date)")]
        return [_Swap(model.relation, "true")]

    def _remade(self, model: CompiledModel, keys: Sequence[str], *, whole_syncs: bool = False) -> _Swap:
        named, old = ", ".join(keys), f"{WORK}.old_rows"
        touched = self.table(
            f"touched__{model.name}",
            f"select {named} from {self.staging} where ({_ROW}) in (select {_ROW} from {old})"
            f" union select {named} from {WORK}.typed",
        )
        history = self.table("history", self._history(touched, named, whole_syncs=whole_syncs))
        made = _with_input(model, self.project.models[self.stream.staging_model].relation, history)
        about = f"({named}) in (select {named} from {touched})"
        fresh = self.table(f"fresh__{model.name}", f"select * from ({made}\n) as made where {about}")
        return _Swap(model.relation, about, fresh, self._evolve(model.relation, fresh))

    def _history(self, touched: str, named: str, *, whole_syncs: bool) -> str:
        """The typed history as it will be, of the touched keys; of a report every sync that spoke about their days."""
        names = ", ".join(self._columns(self.staging))
        old = f"{WORK}.old_rows"
        kept = f"select {names} from {self.staging} where ({_ROW}) not in (select {_ROW} from {old})"
        both = f"select * from ({kept} union all select {names} from {WORK}.typed) as history"
        everything = f"select * from ({both} where {self.sound}) as history"
        if not whole_syncs:
            return f"{everything} where ({named}) in (select {named} from {touched})"
        day = self.stream.slice_columns[-1]
        reach = f"select _sync_id from {self.staging} group by _sync_id having min({day}) <= (select max({day})"
        return (
            f"{everything} where _sync_id in ({reach} from {touched})"
            f" and max({day}) >= (select min({day}) from {touched}))"
            f" or ({named}) in (select {named} from {touched})"
        )

    def _evolve(self, relation: str, fresh: str) -> tuple[str, ...]:
        """Give a relation the columns that it lacks; refuse another type. Returns what to insert."""
        here, there = self._columns(relation), self._columns(fresh)
        for name, kind in there.items():
            if name not in here:
                self.warehouse.execute(f"alter table {relation} add column {name} {kind}")
            elif here[name] != kind:
                raise Misconfigured(
                    f"the column {name} is {here[name]} in the warehouse and {kind} by its declaration",
                    where=relation,
                    do="A type concerns the whole history, not a window: run `plumbline rebuild`",
                )
        return tuple(there)

    def _columns(self, relation: str) -> dict[str, str]:
        schema, table = (part.strip('"').lower() for part in relation.split(".")[-2:])
        found = self.warehouse.query(
            "select lower(column_name), data_type from information_schema.columns"
            " where lower(table_schema) = ? and lower(table_name) = ? order by ordinal_position",
            [schema, table],
        )
        return {str(name): str(kind) for name, kind in found}


def _with_input(model: CompiledModel, relation: str, part: str) -> str:
    """The model's SQL with a part of its input in the place of the whole."""
    if relation not in model.sql:
        raise Misconfigured(f"the model {model.name} does not read {relation}", do="Run `plumbline render`")
    return model.sql.replace(relation, part)
