"""The normal forms in DuckDB's SQL, for the millions of rows that a seal reads: `normal_form` says what they mean.

Plain ASCII text is normalised by the macros; any other text goes to the Python function, because the engine knows
neither NFKC nor IDNA. A property test compares the two.
"""

from __future__ import annotations

import re

import duckdb
from duckdb.sqltypes import BOOLEAN, VARCHAR

from tasks.adapters.normal_form import denied, is_nobody, normalised

_SPACES = "' ' || chr(9) || chr(13) || chr(10)"


def normal_sql(kind: str, value: str) -> str:
    """The normal form of a text; a connection must have been taught first."""
    return f"plumbline_{kind}({value})"


def nobody_sql(kind: str, normal: str) -> str:
    """Whether a normal form belongs to nobody."""
    return f"plumbline_nobody_{kind}({normal})"


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection, and the others to its database, what `normal_sql` and `nobody_sql` use."""
    known = "select count(*) from duckdb_functions() where function_name = 'plumbline_nobody_user_id'"
    if connection.execute(known).fetchall() != [(0,)]:
        return
    connection.create_function("plumbline_normal", normalised, [VARCHAR, VARCHAR], VARCHAR)
    connection.create_function("plumbline_is_nobody", is_nobody, [VARCHAR, VARCHAR], BOOLEAN)
    for statement in _macros():
        connection.execute(statement)


def _macros() -> list[str]:
    text = f"trim(v, {_SPACES})"
    return [
        r"create or replace macro plumbline_plain(v) as regexp_full_match(v, '[\x20-\x7e\t\r\n]*')",
        "create or replace macro plumbline_at(l, d) as case when d in ('gmail.com', 'googlemail.com')"
        " then replace(split_part(l, '+', 1), '.', '') || '@gmail.com' else l || '@' || d end",
        "create or replace macro plumbline_address(t) as case when contains(t, '@') then plumbline_at("
        "left(t, length(t) - length(string_split(t, '@')[-1]) - 1), rtrim(string_split(t, '@')[-1], '.')) else t end",
        "create or replace macro plumbline_digits(d, plus) as case when d <> '' and plus then '+' || d"
        " when starts_with(d, '00') and length(d) > 2 then '+' || substr(d, 3) else d end",
        "create or replace macro plumbline_number(t) as plumbline_digits(replace(t, '+', ''), starts_with(t, '+'))",
        _normal("email", f"plumbline_address(lower({text}))"),
        _normal("phone", "plumbline_number(regexp_replace(v, '[^0-9+]', '', 'g'))"),
        _normal("user_id", text),
        *(_nobody(kind) for kind in ("email", "phone", "user_id")),
    ]


def _normal(kind: str, plain: str) -> str:
    return (
        f"create or replace macro plumbline_{kind}(v) as"
        f" case when plumbline_plain(v) then {plain} else plumbline_normal('{kind}', v) end"
    )


def _nobody(kind: str) -> str:
    rules = {
        "email": rf"not regexp_full_match(n, '[^@\s]+@[^@\s]+') or split_part(n, '@', 1) in ({_listed('local_part')})"
        rf" or regexp_matches(split_part(n, '@', 2), '(^|\.)({_either('domain')})$')",
        "phone": "not regexp_full_match(n, '[+]?[0-9]{7,15}')",
        "user_id": "false",
    }
    anyone = rf"lower(n) in ({_listed('value')}) or regexp_full_match(n, '[0\-.\s]*')"
    return (
        f"create or replace macro plumbline_nobody_{kind}(n) as"
        f" case when plumbline_plain(n) then {anyone} or {rules[kind]} else plumbline_is_nobody('{kind}', n) end"
    )


def _listed(part: str) -> str:
    return ", ".join("'" + value.replace("'", "''") + "'" for value in denied(part))


def _either(part: str) -> str:
    return "|".join(re.escape(value).replace("'", "''") for value in denied(part))
