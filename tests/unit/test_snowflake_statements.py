"""The statements that Snowflake gets, as text: what fakesnow cannot judge is at least read by a person."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from expectations.declare.errors import Misconfigured
from tasks.adapters.ops_tables import OUTCOMES
from tasks.adapters.warehouse.base import Delivery, LakeFile
from tasks.adapters.warehouse.copies import BINDS_AT_MOST, Copy
from tasks.adapters.warehouse.on_snowflake import SnowflakeWarehouse, ensure_statements, snowflake_warehouse
from tasks.publish.ops_copy import columns_of
from tasks.settings import SnowflakeSettings

GOLDEN = Path(__file__).parents[1] / "golden" / "snowflake"
TABLE = "raw.hubspot__contacts"
KEY = "lake/hubspot/contacts/sync_id=7/7_0_1795000000000.jsonl.gz.parquet"
FROM, TO = datetime(2026, 11, 17, tzinfo=UTC), datetime(2026, 11, 18, tzinfo=UTC)


class Recorder:
    """A connection that answers what a loader expects and writes the statements down."""

    def __init__(self, counted: int = 2) -> None:
        self.said: list[str] = []
        self.answers: dict[str, list[tuple[Any, ...]]] = {
            "select count(*)": [(counted,)],
            "select coalesce": [(5,)],
            "select object_key": [],
        }

    def cursor(self) -> Self:
        return self

    def close(self) -> None:
        """Nothing to close."""

    def execute(self, sql: str, params: object = None) -> Self:
        self.said.append(sql)
        return self

    def executemany(self, sql: str, rows: object) -> None:
        self.said.append(sql)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return next((rows for start, rows in self.answers.items() if self.said[-1].startswith(start)), [])


def said_by_a_load(recorder: Recorder) -> str:
    warehouse = SnowflakeWarehouse({}, "RAW.LAKE")
    warehouse.__dict__["connection"] = recorder
    item = LakeFile(KEY, "etag", 2, "content", lambda: nullcontext(Path()))
    warehouse.load(TABLE, [item], Delivery("hubspot", "contacts", 7, FROM, TO))
    return _script(recorder.said)


def _script(statements: list[str]) -> str:
    return "".join(f"{statement};\n" for statement in statements)


def said_by_a_copy(recorder: Recorder) -> str:
    """The outcomes are copied in two parts, into a table of a version that knew no attempts."""
    columns = columns_of(OUTCOMES)
    recorder.answers["select lower(column_name)"] = [(name,) for name in columns if name != "attempt"]
    warehouse = SnowflakeWarehouse({}, "RAW.LAKE")
    warehouse.__dict__["connection"] = recorder
    rows = [(None,) * len(columns)] * (BINDS_AT_MOST // len(columns) + 1)
    warehouse.put(Copy("ops.outcomes", columns, rows, "id > 41"))
    return _script(recorder.said)


@pytest.mark.parametrize("name", ["ensure_raw", "load", "copy"])
def test_statements_are_golden(name: str, request: pytest.FixtureRequest) -> None:
    texts = {"load": said_by_a_load, "copy": said_by_a_copy}
    text = _script(ensure_statements(TABLE)) if name == "ensure_raw" else texts[name](Recorder())
    path = GOLDEN / f"{name}.sql"
    if request.config.getoption("--update-golden", default=False):
        path.write_text(text)
    assert path.read_text() == text


def test_a_load_is_one_transaction_that_reads_the_ledger_after_it_took_its_turn() -> None:
    said = said_by_a_load(recorder := Recorder()) and recorder.said
    assert (said[0], said[-1], said.count("commit")) == ("begin", "commit", 1)
    turn = next(n for n, statement in enumerate(said) if statement.startswith("update raw.load_turn"))
    ledger = next(n for n, statement in enumerate(said) if statement.startswith("select object_key"))
    rows = next(n for n, statement in enumerate(said) if statement.startswith(f"insert into {TABLE} "))
    entry = next(n for n, statement in enumerate(said) if statement.startswith("insert into raw.load_ledger"))
    assert 0 < turn < ledger < rows < entry < len(said) - 1


def test_nothing_in_a_load_commits_implicitly() -> None:
    said_by_a_load(recorder := Recorder())
    ends_a_transaction = ("create", "alter", "drop", "truncate", "grant", "begin")
    assert [s for s in recorder.said[1:] if s.startswith(ends_a_transaction)] == []


def test_a_loader_that_comes_second_finds_the_object_in_the_ledger_and_writes_nothing() -> None:
    recorder = Recorder()
    recorder.answers["select object_key"] = [(KEY, "etag")]
    said_by_a_load(recorder)
    assert [s for s in recorder.said if s.startswith(("insert", "copy"))] == []


def test_a_failed_load_is_rolled_back() -> None:
    recorder = Recorder(counted=3)
    with pytest.raises(Exception, match="a lake object holds 3 rows, its manifest says 2"):
        said_by_a_load(recorder)
    assert recorder.said[-1] == "rollback"
    assert "commit" not in recorder.said


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    for name, account in {
        "PLUMBLINE_SNOWFLAKE_ACCOUNT is empty": SnowflakeSettings(account=""),
        "PLUMBLINE_SNOWFLAKE_USER is empty": SnowflakeSettings(account="o-a", user=""),
        "private key of Snowflake is not there": SnowflakeSettings(account="o-a", user="u", private_key_file=str(key)),
    }.items():
        with pytest.raises(Misconfigured, match=name):
            snowflake_warehouse(account)
