"""When two spellings of a personal identifier are equal, and which values belong to nobody: said once, for everybody.

The functions are the definition; `plumbline try identity` calls them. Seal makes tokens of millions of rows in SQL, see
`normal_form_sql`, and a property test compares the two.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from pathlib import Path

DENY_LIST = Path(__file__).parents[2] / "dbt" / "seeds" / "identity_deny_list.csv"
# In front of the token of a value that belongs to nobody: it is there, so it is not empty, but it links no two people.
NOBODY = "nobody:"
# Rises whenever a value gets another normal form. A manifest says which form its tokens have.
FORM = 2
_GMAIL = ("gmail.com", "googlemail.com")
_DIGITS = (7, 15)  # what E.164 and shorter national numbers have


@lru_cache(maxsize=8)
def denied(part: str) -> tuple[str, ...]:
    """The texts of the deny list about a part: value, local_part or domain; lower case, in order of the alphabet."""
    with DENY_LIST.open(encoding="utf-8", newline="") as file:
        return tuple(sorted(row["value"] for row in csv.DictReader(file) if row["part"] == part))


def denied_values() -> tuple[str, ...]:
    """Whole values that no identifier of a person has, whatever its type."""
    return denied("value")


def normalised(kind: str, value: str) -> str:
    """The form in which two spellings are equal; empty where nothing is left of the value.

    An e-mail address in NFKC and lower case, its domain in IDNA; at Gmail without dots and +tag. A phone number as
    digits behind an optional plus. Other ids as they are. What is no address or number keeps its text (`is_nobody`).
    """
    if kind == "email":
        return _email(value)
    if kind == "phone":
        return _phone(value)
    return value.strip()


def is_nobody(kind: str, normal: str) -> bool:
    """Whether a normalised value belongs to no person: it is on the deny list, or no address or number at all."""
    if normal.lower() in denied("value") or not re.search(r"[^0\-.\s]", normal):
        return True
    if kind == "phone":
        return not _DIGITS[0] <= len(normal.lstrip("+")) <= _DIGITS[1]
    if kind != "email":
        return False
    local, at, domain = normal.partition("@")
    if not (local and at and domain) or re.search(r"[@\s]", local + domain):
        return True
    below = {domain[place + 1 :] for place, letter in enumerate(domain) if letter == "."} | {domain}
    return local in denied("local_part") or any(name in denied("domain") for name in below)


def _email(value: str) -> str:
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", value).lower()).strip()
    local, at, domain = text.rpartition("@")
    if not at:
        return text
    domain = _idna(domain.rstrip("."))
    if domain in _GMAIL:
        local, domain = local.partition("+")[0].replace(".", ""), _GMAIL[0]
    return f"{local}@{domain}"


def _idna(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:  # a label that is empty or too long: no domain, and no two texts of it are equal
        return domain


def _phone(value: str) -> str:
    text = re.sub(r"[^0-9+]", "", unicodedata.normalize("NFKC", value))
    digits = text.replace("+", "")
    if text.startswith("+"):
        return f"+{digits}" if digits else ""
    return f"+{digits[2:]}" if digits.startswith("00") and len(digits) > 2 else digits
