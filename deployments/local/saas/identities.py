"""Names, addresses, e-mails and phones of simulated people, and how they get spoilt in the systems that hold them.

All of it is invented: reserved domains, the 555 exchange, documentation addresses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deployments.local.saas.hashing import Dice, Ints

_FIRST = (
    "Ava", "Ben", "Chloé", "Dana", "Eli", "Fatima", "Grace", "Hiro", "Ines", "Jack", "Kira", "Liam", "Maya", "Noah",
    "Olga", "Priya", "Quinn", "Rosa", "Søren", "Tariq", "Uma", "Victor", "Wren", "Ximena", "Yuki", "Zoë",
)  # fmt: skip
_LAST = (
    "Adams", "Baker", "Chen", "Díaz", "Evans", "Fischer", "Garcia", "Hughes", "Ito", "Jones", "Khan", "Lopez",
    "Müller", "Novak", "O'Brien", "Patel", "Quist", "Reyes", "Sato", "Turner", "Usman", "Vogel", "Walsh", "Young",
)  # fmt: skip
# Below .example nobody has a mail box; example.com is on the deny list, as the address of people who give none.
_DOMAINS = ("inbox.example", "post.example", "letters.example", "mail.inbox.example")
_PLACES = (
    ("US", "United States", "NY", "Rochester", "146", "+1555"),
    ("GB", "United Kingdom", "ENG", "Leeds", "LS1", "+44555"),
    ("DE", "Germany", "NW", "Köln", "506", "+49555"),
    ("JP", "Japan", "JP-13", "Tokyo", "150", "+81555"),
)
_PLAIN = str.maketrans("éøíüëö'", "eoiueo-")


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person; `country` is a position in orders.COUNTRIES."""

    id: int
    first: str
    last: str
    email: str
    phone: str | None
    country: int

    def address(self) -> dict[str, str | None]:
        """A postal address as the shop writes it."""
        code, country, province, city, postal, _ = _PLACES[self.country]
        return {
            "first_name": self.first,
            "last_name": self.last,
            "name": f"{self.first} {self.last}",
            "address1": f"{self.id % 900 + 1} Sample Street",
            "address2": "",
            "company": None,
            "city": city,
            "zip": f"{postal}{self.id % 90 + 10}",
            "province": province,
            "province_code": province,
            "country": country,
            "country_code": code,
            "phone": self.phone,
        }


def people(dice: Dice, person: Ints, country: Ints) -> list[Person]:
    """The people behind these numbers."""
    first, last = dice.below("name.first", person, len(_FIRST)), dice.below("name.last", person, len(_LAST))
    domain, digits = dice.below("name.domain", person, len(_DOMAINS)), dice.below("name.phone", person, 10_000_000)
    silent = dice.chance("name.no_phone", person, 0.4)
    columns = (person, first, last, domain, digits, silent, country)
    return [_person(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _person(*row: int) -> Person:
    number, first, last, domain, digits, silent, country = row
    name = f"{_FIRST[first]}.{_LAST[last]}".lower().translate(_PLAIN)
    phone = None if silent else f"{_PLACES[country][5]}{digits:07d}"
    return Person(number, _FIRST[first], _LAST[last], f"{name}{number % 10**9}@{_DOMAINS[domain]}", phone, country)


def spelled(dice: Dice, field: str, entity: Ints, emails: list[str]) -> list[str | None]:
    """E-mails as people type them: other case, a blank, a plus tag, a typo, a placeholder, none at all."""
    shares = np.array([0.8965, 0.06, 0.02, 0.008, 0.0005, 0.015])
    kinds = dice.pick(field, entity, shares).tolist()
    return [_spelling(kind, email) for kind, email in zip(kinds, emails, strict=True)]


def _spelling(kind: int, email: str) -> str | None:
    name, _, domain = email.partition("@")
    return (
        email,
        f" {name.title()}@{domain.upper()}",
        f"{name}+shop@{domain}",
        f"{name[:-1]}@{domain}",
        "test@example.com",
        None,
    )[kind]
