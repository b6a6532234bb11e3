"""The marts by name, so that a wrong name is refused before anything is opened."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from expectations.declare.errors import Misconfigured
from expectations.declare.rendered import CHECKOUT

MARTS = CHECKOUT / "dbt" / "models" / "marts"


def mart_names() -> list[str]:
    """All marts, in order of the alphabet."""
    return sorted(path.stem for path in MARTS.rglob("*.sql"))


def known_marts(chosen: Sequence[str]) -> tuple[str, ...]:
    """The chosen marts, once each; `Misconfigured` names the valid ones."""
    valid = mart_names()
    for name in chosen:
        if name not in valid:
            near = get_close_matches(name, valid, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise Misconfigured(f"{name!r} is not a mart", do=f"{hint}Write one or more of: {', '.join(valid)}")
    return tuple(dict.fromkeys(chosen))
