"""Compiles a macro of the dbt project without dbt, so that `plumbline try` runs the models' own SQL within a second.

dbt needs some seconds to start and to read the project. A macro that asks nothing of a warehouse needs of dbt only
this: macros call each other by name from any file, `return` hands a value over, `adapter.dispatch` takes the engine's
version. A test compares the text made here with the one that dbt compiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

from jinja2 import Environment, StrictUndefined
from jinja2.runtime import Macro

from tasks.adapters.dbt_runner import PROJECT

FILES = ("attribution.sql", "cohorts.sql", "marts.sql")
_PREFIX = "macro_of_the_project__"  # as in dbt: within a file, too, a name means what the whole project means by it
_DEFINITION = re.compile(r"({%-?\s*macro\s+)(\w+)")


class _Returned(BaseException):
    """Carries what a macro returns through Jinja, which only knows text."""

    def __init__(self, value: object) -> None:
        self.value = value


class _Adapter:
    """The part of dbt's `adapter` that needs no connection."""

    def __init__(self, known: dict[str, Callable[..., object]], engine: str) -> None:
        self._known, self._engine = known, engine

    def dispatch(self, name: str) -> Callable[..., object]:
        """The engine's own version of a macro, else the default one."""
        return self._known.get(f"{self._engine}__{name}") or self._known[f"default__{name}"]


def compiled(macro: str, *positional: object, engine: str = "duckdb", **named: object) -> str:
    """The SQL that a macro of dbt/macros makes of these arguments for an engine (duckdb or snowflake)."""
    return str(_macros(engine)[macro](*positional, **named)).strip()


def value_of(macro: str) -> object:
    """What a macro without arguments returns."""
    return _macros("duckdb")[macro]()


@lru_cache(maxsize=2)
def _macros(engine: str) -> dict[str, Callable[..., object]]:
    texts = [(PROJECT / "macros" / name).read_text(encoding="utf-8") for name in FILES]
    modules: dict[str, Macro] = {}
    known = {name: _late(modules, name) for text in texts for _, name in _DEFINITION.findall(text)}
    environment = Environment(extensions=["jinja2.ext.do"], undefined=StrictUndefined, autoescape=False)
    environment.globals.update(known, adapter=_Adapter(known, engine), **{"return": _return})
    for text in texts:
        module = environment.from_string(_DEFINITION.sub(rf"\1{_PREFIX}\2", text)).module
        modules.update({name: value for name, value in vars(module).items() if name.startswith(_PREFIX)})
    return known


def _late(modules: dict[str, Macro], name: str) -> Callable[..., object]:
    """The macro of that name, looked up when it is called: its file may not be read yet."""

    def call(*positional: object, **named: object) -> object:
        try:
            return modules[_PREFIX + name](*positional, **named)
        except _Returned as returned:
            return returned.value

    return call


def _return(value: object) -> NoReturn:
    raise _Returned(value)
