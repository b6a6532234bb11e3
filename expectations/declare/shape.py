"""The words of a declaration: one field, one stream, and what each of them is called everywhere else.

Frozen pydantic models; they say what is allowed and derive names, and read no file. All names of tables,
models, prefixes and suites are written here and in `source.py`, nowhere else.
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
Kind = Literal["report", "entity", "event"]

DATE_TYPES = ("date", "date_compact")
TIMESTAMP_TYPES = ("timestamp", "epoch_seconds", "epoch_millis", "epoch_micros")
NUMBER_TYPES = ("integer", "decimal")
URL_PARTS = (
    "host", "path", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    "click_id", "click_id_type",
)  # fmt: skip
_COLUMN_TYPES = {
    "text": "varchar", "integer": "bigint", "decimal": "decimal(38,9)", "boolean": "boolean",
    "date": "date", "date_compact": "date", "url": "varchar",
}  # fmt: skip

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
    """The sum of one number over all elements of a list; an empty or missing list gives null."""

    list: Texts
    value: str


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
            (self.sum is not None and self.type not in NUMBER_TYPES, "sum needs type integer or decimal"),
            (self.pii == "join" and self.pii_type is None,
             "pii: join needs pii_type: email, phone or user_id"),
            (self.pii != "join" and self.pii_type is not None, "pii_type belongs to pii: join only"),
            (self.pii == "join" and (self.type != "text" or not self.path),
             "pii: join needs type text and a path"),
        ]  # fmt: skip

    @property
    def column(self) -> str:
        """Name of the staging column; a join key that is personal is only there as `<name>_token`."""
        return column_name(self.name) + ("_token" if self.pii == "join" else "")

    @property
    def column_type(self) -> str:
        """SQL type of the staging column, the same word on both engines."""
        return "varchar" if self.pii else _COLUMN_TYPES.get(self.type, "timestamp")

    @property
    def columns(self) -> tuple[Column, ...]:
        """What staging selects for this field: nothing for `pii: drop`, nine columns for a url."""
        if self.pii == "drop":
            return ()
        if self.type == "url":
            about = {part: f"{part.replace('_', ' ')} of {self.name}" for part in URL_PARTS}
            names = [(f"{column_name(self.name)}_{part}", about[part]) for part in URL_PARTS]
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


class Watched(Shape):
    """A metric under a band: the field, and the factor that turns it into the unit people use."""

    field: str
    scale: Decimal = Decimal(1)


class Watch(Shape):
    """What gets a band, per account and day."""

    account: str
    day: str
    spend: Watched | None = None
    clicks: Watched | None = None
    impressions: Watched | None = None

    @property
    def metrics(self) -> dict[str, Watched]:
        """The watched metrics by name, in a fixed order."""
        named = {"spend": self.spend, "clicks": self.clicks, "impressions": self.impressions}
        return {name: metric for name, metric in named.items() if metric}


class Pair(Shape):
    """What one thing is called on our side and in the control."""

    ours: str
    theirs: str


def _pair(value: object) -> object:
    return {"ours": value, "theirs": value} if isinstance(value, str) else value


def _pairs(value: object) -> object:
    if isinstance(value, dict):
        return [{"ours": ours, "theirs": theirs} for ours, theirs in value.items()]
    return [_pair(item) for item in value] if isinstance(value, list) else value


class Remainder(Shape):
    """A coarser stream whose rows count where the finer stream has none for the same `by`."""

    stream: str
    by: str


class Minus(Shape):
    """Rows of another stream that are taken off before comparing (returns off sales)."""

    stream: str
    on: Annotated[tuple[Pair, ...], BeforeValidator(_pairs)]
    measure: str


class Reconcile(Shape):
    """The control total that a stream is compared with, and how far apart they may be.

    `rows` as a measure counts rows, unless a field of that name is declared. A timestamp in `on` is compared
    by its day in the time zone of the source.
    """

    control: str = Key(alias="with")
    on: Annotated[tuple[Pair, ...], BeforeValidator(_pairs), Key(min_length=1)]
    measure: Annotated[Pair, BeforeValidator(_pair)]
    scale: Decimal = Decimal(1)
    tolerance: Annotated[Decimal, Key(ge=0)] = Decimal(0)
    tolerance_share: Annotated[Decimal, Key(ge=0, lt=1)] = Decimal(0)
    where: dict[str, bool | str] = Key(default_factory=dict)
    plus_remainder: Remainder | None = None
    minus: Minus | None = None

    def allowed(self, theirs: Decimal) -> Decimal:
        """The largest difference that is no finding: the wider of the absolute and the relative tolerance."""
        return max(self.tolerance, abs(theirs) * self.tolerance_share)


class Stream(Shape):
    """One table of a source: how it arrives, what makes a row, and what every field promises."""

    source: str
    name: Name
    kind: Kind
    sync: Literal["incremental_append", "full_refresh_overwrite"]
    key: Annotated[Texts, Key(min_length=1)]
    cursor: str | None = None
    slice: Texts = ()
    fields: Annotated[dict[str, Field], Key(min_length=1)]
    watch: Watch | None = None
    reconcile: Reconcile | None = None
    description: str = ""

    @property
    def raw_table(self) -> str:
        """Where the load puts the rows, with schema."""
        return f"raw.{self.source}__{self.name}"

    @property
    def staging_model(self) -> str:
        """The typed history: one row per sealed row (per key for events)."""
        return f"stg_{self.source}__{self.name}"

    @property
    def current_model(self) -> str:
        """The rows that count today; the staging model itself for events, whose keys are unique there."""
        return self.staging_model if self.kind == "event" else f"int_{self.source}__{self.name}"

    @property
    def current_table(self) -> str:
        """`current_model` with its schema."""
        return f"{'staging' if self.kind == 'event' else 'intermediate'}.{self.current_model}"

    @property
    def landing_prefix(self) -> str:
        """Where Airbyte writes this stream, below the bucket."""
        return f"landing/{self.source}/{self.name}/"

    @property
    def lake_prefix(self) -> str:
        """Where sealed objects and manifests stand, below the bucket."""
        return f"lake/{self.source}/{self.name}/"

    @property
    def suite(self) -> str:
        """Name of the Great Expectations suite."""
        return f"{self.source}.{self.name}"

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Staging columns of the key."""
        return tuple(self.fields[name].column for name in self.key)

    @property
    def slice_columns(self) -> tuple[str, ...]:
        """Staging columns of the slice that a newer sync replaces as a whole."""
        return tuple(self.fields[name].column for name in self.slice)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All declared staging columns in the order of the declaration."""
        return tuple(column for field in self.fields.values() for column in field.columns)
