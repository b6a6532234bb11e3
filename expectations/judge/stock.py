"""Fifteen checks of a table as anybody would write them with Great Expectations: what `bench quality` compares with.

The product does not judge tables like this; it measures them in one scan and judges the measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from expectations.judge import gx


@dataclass(frozen=True)
class Check:
    """One check of a column (of the table, of a key): what it demands, and between which values."""

    kind: Literal["rows", "not null", "between", "in set", "least", "most", "sum", "unique"]
    column: str = ""
    low: float = 0
    high: float = 0
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """The answer of one check: whether it holds, and how many values speak against it (where values are counted)."""

    success: bool
    against: int


def run(address: str, table: tuple[str, str], checks: Sequence[Check]) -> list[Said]:
    """Ask Great Expectations, at a SQLAlchemy address, about a table (schema and name)."""
    with gx.quiet():
        import great_expectations

        context = great_expectations.get_context(mode="ephemeral", project_config=gx.in_memory())
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_sql("table", connection_string=address)
        asset = source.add_table_asset("table", table_name=table[1], schema_name=table[0])
        batch = asset.add_batch_definition_whole_table("all").get_batch()
        expectations = [_stock(check, place) for place, check in enumerate(checks)]
        suite = great_expectations.ExpectationSuite(name="fifteen", expectations=expectations)
        results = batch.validate(suite).to_json_dict()["results"]
    # The library answers in an order of its own.
    results.sort(key=lambda result: result["expectation_config"]["meta"]["place"])
    return [Said(bool(r["success"]), int(r["result"].get("unexpected_count") or 0)) for r in results]


def _stock(check: Check, place: int) -> Any:  # noqa: ANN401 - an untyped library
    import great_expectations.expectations as gxe

    meta: dict[str, Any] = {"meta": {"place": place}}
    column = {"column": check.column, **meta}
    limits = {"min_value": check.low, "max_value": check.high}
    made = {
        "rows": lambda: gxe.ExpectTableRowCountToBeBetween(**limits, **meta),
        "not null": lambda: gxe.ExpectColumnValuesToNotBeNull(**column),
        "between": lambda: gxe.ExpectColumnValuesToBeBetween(**column, **limits),
        "in set": lambda: gxe.ExpectColumnValuesToBeInSet(**column, value_set=list(check.values)),
        "least": lambda: gxe.ExpectColumnMinToBeBetween(**column, **limits),
        "most": lambda: gxe.ExpectColumnMaxToBeBetween(**column, **limits),
        "sum": lambda: gxe.ExpectColumnSumToBeBetween(**column, **limits),
        "unique": lambda: gxe.ExpectCompoundColumnsToBeUnique(column_list=check.column.split(", "), **meta),
    }
    return made[check.kind]()
