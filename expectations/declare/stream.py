"""The words of a declaration for one stream, and every name that is derived from it.

Names of tables, models, prefixes and suites are written here and nowhere else.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator
from pydantic import Field as Key

from expectations.declare.field import Column, Field, Mode, Name, Shape, Texts
from expectations.declare.identity import Evidence, Merges

Kind = Literal["report", "entity", "event"]
# Faults of a source's text that are mended knowingly; a line with any other one is quarantined.
Tolerance = Literal["byte_order_mark", "cp1252"]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Watched(Shape):
    """A metric under a band: the field, and the factor that turns it into the unit people use."""

    field: str
    scale: Decimal = Decimal(1)


class Watch(Shape):
    """What gets a band, per account and day; by campaign where there is one, so that breadth can be told from size.

    `hour` names the field whose distinct values must be 24 a day. `judged_in` names the stream that is judged instead,
    because it holds all that this one holds and more; the figures of this one are measured all the same.
    """

    account: str
    day: str
    campaign: str | None = None
    hour: str | None = None
    judged_in: str | None = None
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
    by its day in the time zone of the source. `added` names fields that are added to our measure.
    """

    control: str = Key(alias="with")
    on: Annotated[tuple[Pair, ...], BeforeValidator(_pairs), Key(min_length=1)]
    measure: Annotated[Pair, BeforeValidator(_pair)]
    added: Texts = ()
    scale: Decimal = Decimal(1)
    tolerance: Annotated[Decimal, Key(ge=0)] = Decimal(0)
    tolerance_share: Annotated[Decimal, Key(ge=0, lt=1)] = Decimal(0)
    where: dict[str, bool | str] = Key(default_factory=dict)
    plus_remainder: Remainder | None = None
    minus: Minus | None = None

    def allowed(self, theirs: Decimal) -> Decimal:
        """The largest difference that is no finding: the wider of the absolute and the relative tolerance."""
        return max(self.tolerance, abs(theirs) * self.tolerance_share)


class Rows(Shape):
    """A list inside the payload whose elements are rows of a table of their own: `stg_<source>__<name>`.

    The rows are those of the current version of their parent; `carries` names columns of the parent on every row.
    """

    name: Name
    path: Texts
    key: Annotated[Texts, Key(min_length=1)]
    carries: Annotated[dict[Name, Name], Key(min_length=1)]
    fields: Annotated[dict[str, Field], Key(min_length=1)]
    description: str = ""

    @model_validator(mode="after")
    def _plain(self) -> Self:
        for name, field in self.fields.items():
            if field.pick or field.pii or field.type == "url":
                raise ValueError(f"{name}: a field of a list is read by path or sum, and is never personal or a url")
        return self

    @property
    def columns(self) -> tuple[Column, ...]:
        """What the table of the rows holds beside the columns of the parent."""
        return tuple(column for field in self.fields.values() for column in field.columns)

    @property
    def kept(self) -> Column:
        """The column of the parent that keeps the list, with nothing in it but what the fields read."""
        about = f"List {'.'.join(self.path)}, only what its fields read; one row each in the table of the list"
        return Column(name=self.name, type="list", description=about)


def landing_path(source: str) -> str:
    """Where the connection of a source writes; no other connection may write there or below."""
    return f"landing/{source}"


def backfill_path(source: str) -> str:
    """Where its backfill connection writes."""
    return f"landing/backfill/{source}"


def backfill_name(source: str) -> str:
    """What the backfill connection of a source is called in Airbyte, and its own source and destination."""
    return f"{source}-backfill"


class Stream(Shape):
    """One table of a source: how it arrives, what makes a row, and what every field promises.

    Cells of rows with the same `alike_within` tend to be empty together, as those of a session are: what is usual is
    judged by the number of such groups, not of rows.
    """

    source: str
    name: Name
    kind: Kind
    sync: Literal["incremental_append", "full_refresh_overwrite"]
    key: Annotated[Texts, Key(min_length=1)]
    cursor: str | None = None
    slice: Texts = ()
    dated_by: str | None = None
    alike_within: str | None = None
    fields: Annotated[dict[str, Field], Key(min_length=1)]
    lists: dict[Name, Rows] = Key(default_factory=dict)
    watch: Watch | None = None
    reconcile: Reconcile | None = None
    identifies: Evidence = ()
    merges: Merges | None = None
    mode: Mode = "evolve"
    tolerates: Annotated[tuple[Tolerance, ...], BeforeValidator(_listed)] = ()
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
    def typed_model(self) -> str:
        """Where typed rows are written; rows that break a rule stay there, and `staging_model` is the others."""
        return f"typed_{self.source}__{self.name}" if self.holds_rows_back else self.staging_model

    @property
    def holds_rows_back(self) -> bool:
        """Whether a row of this stream may be quarantined for its values."""
        return any(self.mode_of(field) == "quarantine" for field in self.fields.values())

    def mode_of(self, field: Field) -> Mode:
        """What a breach by this field does: its own word, else that of the stream."""
        return field.mode or self.mode

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
        return f"{landing_path(self.source)}/{self.name}/"

    @property
    def backfill_prefix(self) -> str:
        """Where the backfill connection of the source writes this stream, below the bucket."""
        return f"{backfill_path(self.source)}/{self.name}/"

    @property
    def lake_prefix(self) -> str:
        """Where sealed objects and manifests stand, below the bucket."""
        return f"lake/{self.source}/{self.name}/"

    @property
    def quarantine_prefix(self) -> str:
        """Where refused lines and objects of this stream are kept, below the bucket."""
        return f"quarantine/{self.source}/{self.name}/"

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
    def slice_day(self) -> str | None:
        """The staging column with the day of a slice; None where slices are not days."""
        return next((self.fields[name].column for name in self.slice if self.fields[name].is_day), None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All declared staging columns in the order of the declaration, the kept lists behind the fields."""
        columns = [column for field in self.fields.values() for column in field.columns]
        return (*columns, *(rows.kept for rows in self.lists.values()))

    @property
    def payload_keys(self) -> tuple[str, ...]:
        """The top-level keys of the payload that anything is read from."""
        keys = [field.payload_key for field in self.fields.values()]
        return tuple(dict.fromkeys([*keys, *(rows.path[0] for rows in self.lists.values())]))

    def rows_model(self, rows: Rows) -> str:
        """The table of the rows of a list."""
        return f"stg_{self.source}__{rows.name}"
