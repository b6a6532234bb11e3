"""The four errors of the product, by what the reader must do.

    PlumblineError
    ├── Misconfigured    stop, change a setting or a declaration; never retried
    ├── Unavailable      an outside system did not answer; retried, then on-call
    ├── ContractBroken   a source sent what it promised not to; quarantined, its owner is told
    └── NotReconciled    figures do not add up; `published` keeps the last good release

Anything else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations


class PlumblineError(Exception):
    """An error that says what happened, where, and what to do."""

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, where, do
        place = f" ({where})" if where else ""
        advice = f" {do}" if do else ""
        super().__init__(f"{what}{place}.{advice}")

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect moves exceptions between processes; keyword-only arguments need help.
        return (_rebuild, (type(self), self.what, self.where, self.do))


def _rebuild(kind: type[PlumblineError], what: str, where: str, do: str) -> PlumblineError:
    return kind(what, where=where, do=do)


class Misconfigured(PlumblineError):
    """A setting or declaration is wrong: nothing runs until a person changes it."""


class Unavailable(PlumblineError):
    """An outside system did not answer in time: worth another try, later."""


class ContractBroken(PlumblineError):
    """A source delivered something that its declaration excludes."""


class NotReconciled(PlumblineError):
    """A figure differs from its control total by more than the declared tolerance."""
