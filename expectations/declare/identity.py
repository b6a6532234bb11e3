"""The words of a declaration for people: which identifiers a row carries, and which records a system has merged.

The types of identifiers and their ranks stand here, because a declaration may only name these. The ranks follow the
practice of identity graphs: an id that a system gives to one person is strong, an address is medium, a browser is weak,
and a click belongs to one session and never links two people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic import Field as Key

from expectations.declare.field import Name, Shape, Texts

Rank = Literal["strong", "medium", "weak", "click"]


@dataclass(frozen=True)
class Identifier:
    """One type of identifier; `columns` are the names under which exports carry it."""

    name: str
    rank: Rank
    columns: tuple[str, ...]


# In the order of trust. A strong id belongs to one person, and a person has one of each strong type.
IDENTIFIERS = (
    Identifier("shopify_customer_id", "strong", ("shopify_customer_id",)),
    Identifier("user_id", "strong", ("user_id", "ga_user_id")),
    Identifier("hubspot_id", "strong", ("hubspot_id",)),
    Identifier("salesforce_id", "strong", ("salesforce_id",)),
    Identifier("stripe_customer_id", "strong", ("stripe_customer_id",)),
    Identifier("email", "medium", ("email",)),
    Identifier("phone", "medium", ("phone",)),
    Identifier("client_id", "weak", ("client_id", "ga_client_id")),
    Identifier("device_id", "weak", ("device_id",)),
    Identifier("gclid", "click", ("gclid",)),
    Identifier("fbclid", "click", ("fbclid",)),
)
BY_RANK = {rank: tuple(i.name for i in IDENTIFIERS if i.rank == rank) for rank in ("strong", "medium", "weak", "click")}
LINKING = (*BY_RANK["strong"], *BY_RANK["medium"], *BY_RANK["weak"])
PLACE = {identifier.name: place for place, identifier in enumerate(IDENTIFIERS)}


class Identifies(Shape):
    """Rows of a stream as evidence about people: `by` names the field of each type of identifier.

    All rows with the same value of `record` are one record (by default the key of the stream), and all identifiers of a
    record belong to one person. Streams that name the same `record_type` speak about the same records: an order of the
    shop, and the purchase that the browser reported under its number. `seen` is the field with the instant at which
    the row was true (by default what dates the stream, else its cursor).
    """

    by: Annotated[dict[str, str], Key(min_length=1)]
    record: Texts = ()
    record_type: Name | None = None
    seen: str | None = None


class Merges(Shape):
    """Records that the source itself made one: `into` is the surviving id, `merged` the list of those that went."""

    identifier: str
    into: str
    merged: str
    separator: Annotated[str, Key(min_length=1)] = ";"


def listed(value: object) -> object:
    """One entry or several; the short form is a map of identifiers to fields."""
    entries: list[Any] = value if isinstance(value, list) else [value]
    return [entry if not isinstance(entry, dict) or "by" in entry else {"by": entry} for entry in entries]


Evidence = Annotated[tuple[Identifies, ...], BeforeValidator(listed)]
