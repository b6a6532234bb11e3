"""Which records and identifiers hang together, in numbers: a search through millions of links reads no text.

The numbers are hashes made by the engine. Two texts with one number only make the search find more than it has to.
"""

from __future__ import annotations

KEYS = {"record_key": "bigint", "identifier_key": "bigint"}
_SMALL = 4_611_686_018_427_387_904  # 2 ** 62: both engines have it as an integer of eight bytes


def key(*columns: str) -> str:
    """The number of the text in some columns."""
    return f"cast(hash({', '.join(columns)}) % {_SMALL} as bigint)"


RECORD_KEY = key("record_id")
IDENTIFIER_KEY = key("identifier_type", "identifier_token")
