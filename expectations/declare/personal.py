"""The last look at a text before it leaves the product: what reads like a personal value is taken out.

Nothing personal should come so far: checks judge measurements, and messages name fields and accounts. But names are
chosen by others (a property of a CRM may be called after somebody's address), and a library may quote a value in what
it raises. So everything that goes to a result, a page, a message or a log passes here.
"""

from __future__ import annotations

import re
from typing import Any

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.I)
# Written the international way, or as Americans do. A bare row of digits may as well be an account or an amount.
_PHONE = re.compile(r"(?<![\w.])(?:\+\d[\d ().-]{7,}\d|\(\d{3}\)\s?\d{3}[ -]?\d{4})(?!\w)")
_QUOTED = re.compile(r"(?<!\w)(['\"`]).*\1", re.S)
_DIGITS = 10  # fewer are an amount with its sign


def redacted(text: str) -> str:
    """The same text with `[e-mail]` and `[phone]` in the place of addresses and numbers."""
    return _PHONE.sub(_phone, _EMAIL.sub("[e-mail]", text))


def _phone(found: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in found[0])
    return "[phone]" if digits >= _DIGITS else found[0]


def without_quotes(message: str) -> str:
    """The first line of what a library raised, without what it quotes: that may be the value that it could not read."""
    first = next(iter(_QUOTED.sub("[value]", message).splitlines()), "")
    return redacted(first)


def scrubbed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same JSON with every text redacted, keys included."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {scrubbed(key): scrubbed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return value
