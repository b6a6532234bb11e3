"""The words of a declaration for one field: its type, its place in the payload, what must hold of it.

Frozen pydantic models; they say what is allowed, name the staging columns, and read no file.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator
from pydantic import Field as Key

FieldType = Literal[
    "text", "integer", "decimal", "boolean", "date", "date_compact", "timestamp",
    "epoch_seconds", "epoch_millis", "epoch_micros", "url",
]  # fmt: skip

DATE_TYPES = ("date", "date_compact")
TIMESTAMP_TYPES = ("timestamp", "epoch_seconds", "epoch_millis", "epoch_micros")
NUMBER_TYPES = ("integer", "decimal")
URL_PARTS = (
    "host", "path", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    "click_id", "click_id_type",
)  # fmt: skip
# What platforms put into the address by themselves or by a tracking template: exact, where a name is only typed.
AD_PARTS = ("utm_id", "campaign_id", "ad_group_id", "ad_id")
_COLUMN_TYPES = {
    "text": "varchar", "integer": "bigint", "boolean": "boolean",
    "date": "date", "date_compact": "date", "url": "varchar",
}  # fmt: skip

# What a breach of the contract does: `evolve` records it, `quarantine` holds the row back, `freeze` stops the stream.
Mode = Literal["evolve", "quarantine", "freeze"]
# Amounts below 10^19 with 9 places after the point; a declared precision and scale keep more digits of either kind.
PRECISION, SCALE, MOST_DIGITS = 28, 9, 38

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _duration(value: object) -> object:
    found = re.fullmatch(r"(\d+) (minute|hour|day)s?", str(value).strip())
    if not found:
        raise ValueError(f"{value!r} is not a duration: write for example 20 minutes, 26 hours or 30 days")
    return timedelta(**{f"{found[2]}s": int(found[1])})


Texts = Annotated[tuple[str, ...], BeforeValidator(_several)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]


class Shape(BaseModel):
    """A frozen model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def column_name(field: str) -> str:
    """The warehouse name of a field: lower case, every character outside a-z, 0-9 and _ becomes _."""
    return re.sub(r"[^a-z0-9_]", "_", field.lower())


class Column(Shape):
    """One column of a staging model: name, SQL type, and the sentence for people."""

    name: str
    type: str
    description: str


class Pick(Shape):
    """The value of the first element of a list whose `where` key has the given text."""

    list: Texts
    where: Annotated[dict[str, str], Key(min_length=1, max_length=1)]
    value: Annotated[Texts, Key(min_length=1)]


class Sum(Shape):
    """The sum of one number over all elements of a list; an empty or missing list gives null.

    `times` is a second number of the element that the first is multiplied by (price times quantity), `less` a decimal
    field of the same stream that is taken off the sum.
    """

    list: Texts
    value: str
    times: str | None = None
    less: str | None = None


class Field(Shape):
    """One field of the contract: where it stands in the payload, its type, and what must hold of it."""

    name: str
    type: FieldType
    path: Texts = ()
    pick: Pick | None = None
    sum: Sum | None = None
    nullable: bool = True
    null_rate_at_most: Annotated[float, Key(ge=0, le=1)] | None = None
    at_least: Decimal | None = None
    one_of: tuple[str, ...] = ()
    mode: Mode | None = None
    ad_ids: bool = False
    precision: Annotated[int, Key(ge=1, le=MOST_DIGITS)] | None = None
    scale: Annotated[int, Key(ge=0, le=MOST_DIGITS)] | None = None
    pii: Literal["join", "drop"] | None = None
    pii_type: Literal["email", "phone", "user_id"] | None = None
    description: str = ""

    @model_validator(mode="before")
    @classmethod
    def _path_is_the_name(cls, values: object) -> object:
        if isinstance(values, dict) and not ({"path", "pick", "sum"} & values.keys()):
            return {**values, "path": [values.get("name", "")]}
        return values

    @model_validator(mode="after")
    def _sane(self) -> Self:
        for wrong, advice in self._contradictions():
            if wrong:
                raise ValueError(advice)
        return self

    def _contradictions(self) -> list[tuple[bool, str]]:
        places = [place for place in (self.path, self.pick, self.sum) if place]
        return [
            (len(places) != 1, "give one of path, pick and sum"),
            (self.at_least is not None and self.type not in NUMBER_TYPES,
             f"at_least needs type integer or decimal, not {self.type}"),
            (bool(self.one_of) and self.type != "text", f"one_of needs type text, not {self.type}"),
            (not self.nullable and self.null_rate_at_most is not None,
             "nullable: false says it already: remove null_rate_at_most"),
            (self.ad_ids and self.type != "url", f"ad_ids are read from a url, not from {self.type}"),
            (self.sum is not None and self.type not in NUMBER_TYPES, "sum needs type integer or decimal"),
            (self.pii == "join" and self.pii_type is None,
             "pii: join needs pii_type: email, phone or user_id"),
            (self.pii != "join" and self.pii_type is not None, "pii_type belongs to pii: join only"),
            (self.pii == "join" and (self.type != "text" or not self.path),
             "pii: join needs type text and a path"),
            (self.pii == "drop" and self.mode is not None, "pii: drop never reaches staging: remove mode"),
            (self.type != "decimal" and (self.precision, self.scale) != (None, None),
             f"precision and scale belong to type decimal, not {self.type}"),
            (self.digits[1] > self.digits[0], "scale is larger than precision"),
        ]  # fmt: skip

    @property
    def digits(self) -> tuple[int, int]:
        """Precision and scale of a decimal: its digits in all, and those after the point."""
        return (PRECISION if self.precision is None else self.precision), (SCALE if self.scale is None else self.scale)

    @property
    def column(self) -> str:
        """Name of the staging column; a join key that is personal is only there as `<name>_token`."""
        return column_name(self.name) + ("_token" if self.pii == "join" else "")

    @property
    def column_type(self) -> str:
        """SQL type of the staging column, the same word on both engines."""
        if self.pii:
            return "varchar"
        return f"decimal(38,{self.digits[1]})" if self.type == "decimal" else _COLUMN_TYPES.get(self.type, "timestamp")

    @property
    def url_parts(self) -> tuple[str, ...]:
        """What a url is split into."""
        return URL_PARTS + (AD_PARTS if self.ad_ids else ())

    @property
    def columns(self) -> tuple[Column, ...]:
        """What staging selects for this field: nothing for `pii: drop`, nine columns or more for a url."""
        if self.pii == "drop":
            return ()
        if self.type == "url":
            about = {part: f"{part.replace('_', ' ')} of {self.name}" for part in self.url_parts}
            names = [(f"{column_name(self.name)}_{part}", about[part]) for part in self.url_parts]
            return tuple(Column(name=name, type="varchar", description=text) for name, text in names)
        return (Column(name=self.column, type=self.column_type, description=self._about()),)

    def _about(self) -> str:
        if self.description:
            return self.description
        if self.pii == "join":
            return f"Keyed token of {self.name} ({self.pii_type}), equal for equal values in every source"
        place = ".".join(self.path) if self.path else self.name
        return f"{place} as the source sends it" + ("" if self.nullable else "; never null")

    @property
    def payload_key(self) -> str:
        """The top-level key of the payload that this field is read from."""
        place = self.path or (self.pick.list if self.pick else ()) or (self.sum.list if self.sum else ())
        return place[0]

    @property
    def is_day(self) -> bool:
        """Whether it can say which day a row belongs to."""
        return self.type in DATE_TYPES or self.type in TIMESTAMP_TYPES
