"""A source is declared once, in `expectations/sources/<source>.yaml`; this is how everybody reads it.

The file name is the name of the source everywhere. Every fault of a file is reported in one `Misconfigured`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, ValidationError
from pydantic import Field as Key

from expectations.declare import crosscheck, reading
from expectations.declare.errors import Misconfigured
from expectations.declare.field import Column, Duration, Field, Name, Pick, Shape, Sum, column_name
from expectations.declare.stream import Minus, Pair, Reconcile, Remainder, Rows, Stream, Watch, Watched

__all__ = [
    "SOURCES", "Claims", "Column", "Field", "Minus", "Pair", "Pick", "Reconcile", "Remainder", "Rows", "Source",
    "Stream", "Sum", "Watch", "Watched",
    "column_name", "declaration_hash", "load", "load_all", "names",
]  # fmt: skip

SOURCES = Path(__file__).parents[1] / "sources"


class FromField(Shape):
    """A value that each row brings itself."""

    field: str


def _cron(text: str) -> str:
    if len(text.split()) != 5 or re.search(r"[^\d*,/\- ]", text):
        raise ValueError(f"{text!r} is not a cron line of five parts: write for example 10,40 * * * *")
    return text


def _zone(value: str | FromField) -> str | FromField:
    if isinstance(value, str) and value not in available_timezones():
        near = get_close_matches(value, available_timezones(), 1)
        raise ValueError(f"{value!r} is no time zone: write {near[0] if near else 'an IANA name'} or {{field: ...}}")
    return value


def _currency(value: str | FromField) -> str | FromField:
    if isinstance(value, str) and not re.fullmatch(r"[A-Z]{3}", value):
        raise ValueError(f"{value!r} is no currency: write three capitals such as USD, or {{field: ...}}")
    return value


def _day(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"{str(text)!r} is no day: write for example 2026-11-25") from None


class Owner(Shape):
    """Who is told, and how they are mentioned in Slack."""

    team: str
    slack: Annotated[str, Key(pattern=r"^[@#].+")]


class Days(Shape):
    """What the connector calls the first and the last day that it is to read, and how it writes them."""

    first: str = "start_date"
    last: str = "end_date"
    form: Literal["day", "instant"] = "day"

    def configuration(self, first: date, last: date) -> dict[str, str]:
        """The part of the connector's configuration that asks for these days, both included."""
        ends = ("T00:00:00Z", "T23:59:59Z") if self.form == "instant" else ("", "")
        return {self.first: f"{first}{ends[0]}", self.last: f"{last}{ends[1]}"}


class Connection(Shape):
    """The Airbyte definition, the name (never the value) of its secret, and how a range of days is asked for."""

    definition: str
    secret: Annotated[str, Key(pattern=r"^[A-Z][A-Z0-9_]*$")]
    days: Days = Days()


def _whole_days(length: timedelta) -> timedelta:
    if length < timedelta(days=1) or length % timedelta(days=1):
        raise ValueError("a click counts for whole days: write for example 7 days")
    return length


class Claims(Shape):
    """Which orders an ad platform counts as its own, by its published rule; the bridge of revenue is made of it.

    `clicks` are the names of its click ids, `click_within` how long a click counts, `views_within` how long a view
    does (our visits hold no views), `value` what it is told an order is worth.
    """

    clicks: Annotated[tuple[str, ...], Key(min_length=1)]
    click_within: Annotated[Duration, AfterValidator(_whole_days)]
    views_within: Duration | None = None
    # total: what the customer pays. net: without tax and shipping. gross: net before discounts.
    value: Literal["total", "net", "gross"] = "total"


class Source(Shape):
    """One SaaS system: whose it is, when it comes, and its streams."""

    name: Name
    title: str
    owner: Owner
    provides: tuple[Name, ...] = ()
    claims: Claims | None = None
    airbyte: Connection
    schedule: Annotated[str, AfterValidator(_cron)]
    extract_within: Duration
    fresh_within: Duration
    restates: Duration
    retention: Duration | None = None
    # Nobody waits for the source before 00:00 UTC of this day, and its schedule is skipped.
    paused_until: Annotated[date | None, BeforeValidator(_day)] = None
    timezone: Annotated[str | FromField, AfterValidator(_zone)]
    currency: Annotated[str | FromField, AfterValidator(_currency)]
    streams: Annotated[dict[str, Stream], Key(min_length=1)]

    @property
    def slug(self) -> str:
        """The name where only letters, digits and dashes are allowed (schedules, page names)."""
        return self.name.replace("_", "-")

    @property
    def zone(self) -> ZoneInfo:
        """The fixed time zone of its days; UTC where every row brings its own local date."""
        return ZoneInfo(self.timezone if isinstance(self.timezone, str) else "UTC")

    @property
    def look_back(self) -> timedelta:
        """How far back a sync may change the past."""
        return self.restates

    @property
    def reach(self) -> int:
        """Days before its last one about which a sync may speak: the look-back, and one for time zones."""
        return self.restates.days + 1

    @property
    def measure_model(self) -> str:
        """Name of the dbt model with the measurements of this source."""
        return f"measure_{self.name}"


def names(folder: Path = SOURCES) -> list[str]:
    """All declared sources, in order of the alphabet."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


@lru_cache(maxsize=64)
def load(name: str, folder: Path = SOURCES) -> Source:
    """The declaration of one source; `Misconfigured` names the valid ones, or every fault of the file."""
    path = folder / f"{name}.yaml"
    valid = names(folder)
    if name not in valid:
        near = get_close_matches(name, valid, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise Misconfigured(f"{name!r} is not a source", do=f"{hint}Write one of: {', '.join(valid) or 'none yet'}")
    text = reading.read(path)
    try:
        source = Source.model_validate(_named(name, text.values))
    except ValidationError as error:
        raise text.refused(text.faults + reading.explained(error, Source, text)) from None
    faults = text.faults + [text.at(place, what) for place, what in crosscheck.faults(source)]
    if faults:
        raise text.refused(faults)
    return source


def load_all(folder: Path = SOURCES) -> dict[str, Source]:
    """Every declared source by name."""
    return {name: load(name, folder) for name in names(folder)}


def declaration_hash(chosen: Iterable[str] | None = None, folder: Path = SOURCES) -> str:
    """sha256 over the files of the chosen sources (default: all), as it stands on top of rendered files."""
    digest = hashlib.sha256()
    for name in sorted(names(folder) if chosen is None else chosen):
        digest.update(f"{name}\n".encode() + (folder / f"{name}.yaml").read_bytes())
    return digest.hexdigest()


def _named(name: str, values: object) -> object:
    """The parsed file with the names that the models need and people need not repeat."""
    if not isinstance(values, dict):
        return values
    streams = values.get("streams")
    if not isinstance(streams, dict):
        return {**values, "name": name}
    return {**values, "name": name, "streams": {key: _stream(name, key, value) for key, value in streams.items()}}


def _stream(source: str, name: object, values: object) -> object:
    if not isinstance(values, dict):
        return values
    named = {**values, "source": source, "name": name} | _with_fields(values)
    lists = values.get("lists")
    if isinstance(lists, dict):
        kept = {
            key: value | {"name": key} | _with_fields(value) for key, value in lists.items() if isinstance(value, dict)
        }
        named["lists"] = lists | kept
    return named


def _with_fields(values: dict[str, object]) -> dict[str, object]:
    fields = values.get("fields")
    if not isinstance(fields, dict):
        return {} if fields is None else {"fields": fields}
    named = {key: {**value, "name": key} if isinstance(value, dict) else value for key, value in fields.items()}
    return {"fields": named}
