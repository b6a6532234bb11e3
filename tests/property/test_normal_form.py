"""A personal value has one normal form, whoever asks: the functions, the SQL of a seal, and a second look."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.adapters.normal_form import is_nobody, normalised
from tasks.adapters.normal_form_sql import nobody_sql, normal_sql, teach

KINDS = ("email", "phone", "user_id")
PIECES = (
    "ana", "A.B", "+tag", "@", "gmail.com", "GoogleMail.com", "x.example", "mail.example.com", ".", "..", " ", "\t",
    "\n", "00", "+", "49", "5550100", "(0)", "noreply", "test", "null", "0", "-", "é", "e\u0301", "ß.de", "bücher.de",
    "xn--bcher-kva.de", "\u00a0", "\u2028", "\uff21", "\uff11\uff12", "İ", "\x00", "\x1c", "nobody:", "'", '"', "😀",
)  # fmt: skip
values = st.one_of(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), st.text(max_size=12))


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    teach(connection)
    teach(connection)  # a second writer on the same connection
    return connection


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(values, min_size=1, max_size=20))
def test_sql_and_python_agree_on_every_spelling(engine: duckdb.DuckDBPyConnection, texts: list[str]) -> None:
    columns = ", ".join(f"{normal_sql(kind, 'v')}, {nobody_sql(kind, normal_sql(kind, 'v'))}" for kind in KINDS)
    # With a null between them: what is not there has no form.
    found = engine.execute(f"select {columns} from (select unnest($1::varchar[]) as v)", [[*texts, None]]).fetchall()
    expected = [
        tuple(x for kind in KINDS for x in (normalised(kind, text), is_nobody(kind, normalised(kind, text))))
        for text in texts
    ]
    assert found == [*expected, (None,) * 6]


@settings(max_examples=300, deadline=None)
@given(text=values)
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    for kind in KINDS:
        once = normalised(kind, text)
        assert normalised(kind, once) == once


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "C.D+sale@googlemail.com", "cd@gmail.com"),
        ("email", " Ana@Example-Shop.DE ", "ana@example-shop.de"),
        ("email", "jos\u0065\u0301@x.de", "josé@x.de"),
        ("email", "info@bücher.de", "info@xn--bcher-kva.de"),
        ("email", "\uff41na@x.de", "ana@x.de"),
        ("phone", "0049 (30) 555-0100", "+49305550100"),
        ("phone", "\uff0b49 30 5550100", "+49305550100"),
        ("user_id", " u-1\n", "u-1"),
    ],
)
def test_two_spellings_of_one_value_are_equal(kind: str, one: str, other: str) -> None:
    assert normalised(kind, one) == other
    assert not is_nobody(kind, other)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("email", "a.b@x.de", "ab@x.de"),
        ("email", "ana+tag@x.de", "ana@x.de"),
        ("phone", "+49305550100", "49305550100"),
        ("user_id", "U1", "u1"),
    ],
)
def test_what_may_be_two_people_stays_two(kind: str, one: str, other: str) -> None:
    assert normalised(kind, one) != normalised(kind, other)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "noreply@x.de"), ("email", "ana@mail.example.com"), ("email", "no address"), ("email", "a@b@x.de"),
        ("email", "@x.de"), ("phone", "0000000"), ("phone", "123"), ("user_id", "NULL"), ("user_id", "0-0"),
    ],
)  # fmt: skip
def test_what_belongs_to_nobody_is_told(kind: str, value: str) -> None:
    assert is_nobody(kind, normalised(kind, value))
