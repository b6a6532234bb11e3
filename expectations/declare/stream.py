"""The words of a declaration for one stream, and every name that is derived from it.

Names of tables, models, prefixes and suites are written here and nowhere else.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic import Field as Key

from expectations.declare.field import Column, Field, Name, Shape, Texts

Kind = Literal["report", "entity", "event"]


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
    dated_by: str | None = None
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
    def dated(self) -> Field | None:
        """The field whose day places a row in time; None where only the sync that brought it does."""
        name = self.dated_by or (self.slice[-1] if self.slice else None)
        return self.fields[name] if name else None

    @property
    def columns(self) -> tuple[Column, ...]:
        """All declared staging columns in the order of the declaration."""
        return tuple(column for field in self.fields.values() for column in field.columns)
