"""Join tokens: what is left of a personal identifier behind seal.

A token is `<key version>:<HMAC-SHA256 of "<type>|<normalised value>">`, so the same person has the same token in
every source; `nobody:` stands before it where the value is on the deny list or no address at all. It is made in SQL,
for millions of rows; the same in Python serves one value at a time (an erasure).
The key travels as two bound parameters, the padded keys of HMAC's definition (RFC 2104), never in SQL text.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tasks.adapters.normal_form import NOBODY, is_nobody, normalised
from tasks.adapters.normal_form_sql import nobody_sql, normal_sql

HASH_BLOCK = 64


class Personal(Protocol):
    """A field marked `pii: join` (`expectations.declare.contract.TokenField`)."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> tuple[str, ...]: ...

    @property
    def pii_type(self) -> str: ...


@dataclass(frozen=True)
class TokenKey:
    """The key and its version."""

    version: int
    key: bytes = field(repr=False)

    @property
    def params(self) -> dict[str, bytes]:
        """The bound parameters that `tokens_sql` needs."""
        key = hashlib.sha256(self.key).digest() if len(self.key) > HASH_BLOCK else self.key
        padded = key.ljust(HASH_BLOCK, b"\0")
        return {"inner_key": bytes(b ^ 0x36 for b in padded), "outer_key": bytes(b ^ 0x5C for b in padded)}

    def token(self, pii_type: str, value: str) -> str | None:
        """The token of one value, marked where the value belongs to nobody; none for an empty one."""
        normal = normalised(pii_type, value)
        if not normal:
            return None
        mark = NOBODY if is_nobody(pii_type, normal) else ""
        return f"{mark}{self.version}:{hmac.new(self.key, f'{pii_type}|{normal}'.encode(), 'sha256').hexdigest()}"


@dataclass(frozen=True)
class TokenSql:
    """SQL that makes the `_tokens` text: a JSON object of the tokens that exist, else null.

    `found` reads all personal values of a payload at once, and so tells lawful JSON from other text like
    json_valid (it raises); `tokens` is made of its result, a column `found`.
    """

    found: str = "null"
    tokens: str = "null::varchar"

    def __bool__(self) -> bool:
        return self != NO_TOKENS


NO_TOKENS = TokenSql()


def tokens_sql(fields: Sequence[Personal], version: int) -> TokenSql:
    """The SQL for these fields of a column `payload`."""
    if not fields:
        return NO_TOKENS
    paths = ", ".join(_quoted(_pointer(one.path)) for one in fields)
    pairs = ", ".join(_pair(one, f"found[{place}]", version) for place, one in enumerate(fields, 1))
    return TokenSql(
        f"json_extract_string(payload, [{paths}])", f"nullif('{{' || concat_ws(',', {pairs}) || '}}', '{{}}')"
    )


def _pair(one: Personal, value: str, version: int) -> str:
    normal = f"nullif({normal_sql(one.pii_type, value)}, '')"
    mark = f"case when {nobody_sql(one.pii_type, normal)} then '{NOBODY}' else '' end"
    inner = f"unhex(sha256($inner_key::blob || encode('{one.pii_type}|' || {normal})))"
    token = f"sha256($outer_key::blob || {inner})"
    return f"{_quoted(f'{json.dumps(one.name)}:')} || '\"' || {mark} || '{version}:' || {token} || '\"'"


def _pointer(path: Sequence[str]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
