"""Every fault of the table: made, met as the table says, healed; and then the marts of a world without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from deployments.faults.case import Case
from deployments.faults.catalogue import BY_NAME, CASES
from deployments.faults.marts import differences, marts
from deployments.local.airbyte.switches import SERVER_FAULTS
from deployments.local.saas.reader import FAULTS

if TYPE_CHECKING:
    from deployments.faults.gauntlet import Outcome

pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Lived:
    """The cases that were run, and what was seen of them."""

    cases: tuple[Case, ...]
    outcome: Outcome


def _asked(session: pytest.Session) -> tuple[Case, ...]:
    """The cases of the selected tests, so that one can be run alone; all of them for the tests of the whole."""
    functions = [item for item in session.items if isinstance(item, pytest.Function)]
    mine = [item for item in functions if item.originalname == test_a_fault_is_met_as_the_table_says.__name__]
    named = {str(item.callspec.params["name"]) for item in mine}
    return tuple(BY_NAME[name] for name in BY_NAME if name in named) or CASES


@pytest.fixture(scope="module")
def lived(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, free_base: Callable[[], int]
) -> Iterator[Lived]:
    from deployments.faults.gauntlet import run
    from deployments.faults.ground import ground

    cases = _asked(request.session)
    with ground(tmp_path_factory.mktemp("faults") / "home", free_base()) as here:
        yield Lived(cases, run(here, cases))


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_fault_is_met_as_the_table_says(lived: Lived, name: str) -> None:
    from deployments.faults.review import complaints

    assert complaints(BY_NAME[name], lived.outcome, lived.cases) == []


def test_each_fault_is_caught_by_its_check_and_by_no_other(lived: Lived) -> None:
    from deployments.faults.matrix import promised, seen, table

    found = seen(lived.cases, lived.outcome)
    print(table(found))
    assert found == promised(lived.cases)


def test_statistical_checks_guess_rarely(lived: Lived) -> None:
    from deployments.faults.matrix import guesses

    assert guesses(lived.outcome, lived.cases) <= len(lived.outcome.verdicts) / 15


def test_every_mart_equals_that_of_a_world_without_faults(lived: Lived) -> None:
    ours, theirs = lived.outcome.with_faults, lived.outcome.without_faults
    names = marts(theirs)
    assert {"fct_ad_performance", "fct_orders", "fct_sessions", "fct_leads"} <= set(names)
    assert marts(ours) == names
    assert [str(one) for name in names for one in differences(ours, theirs, name)] == []


def test_the_marts_are_not_equal_because_they_are_empty(lived: Lived) -> None:
    import duckdb

    with duckdb.connect(str(lived.outcome.without_faults), read_only=True) as db:
        counts = {name: db.execute(f"select count(*) from marts.{name}").fetchone() for name in ("fct_orders",)}
    assert all(count and count[0] > 100 for count in counts.values())


def test_every_switch_of_the_simulation_has_a_case() -> None:
    used = {fault.name for case in CASES for fault in case.faults}
    assert (SERVER_FAULTS.keys() | FAULTS) - used == set()


def test_every_case_has_a_name_and_a_cell_of_its_own_words() -> None:
    assert len(BY_NAME) == len(CASES)
    assert all(case.wrong and case.does and case.healing for case in CASES)
