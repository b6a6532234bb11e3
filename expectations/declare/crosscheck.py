"""What a declaration must fulfil as a whole: every name it mentions is declared, and no two names collide."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from expectations.declare.field import DATE_TYPES, TIMESTAMP_TYPES
from expectations.declare.identity import LINKING, PLACE
from expectations.declare.reading import Place
from expectations.declare.stream import Pair, Stream

if TYPE_CHECKING:
    from expectations.declare.source import Source

PROVENANCE = ("_sync_id", "_extracted_at", "_source_file", "_source_row", "_load_seq", "_changes", "_broken")


def faults(source: Source) -> Iterator[tuple[Place, str]]:
    """Every contradiction between parts of the file, with its place."""
    for stream in source.streams.values():
        yield from _references(stream)
        yield from _twins(stream)
        yield from _kinds(stream)
        yield from _modes(stream)
        yield from _lists(stream)
        yield from _controls(source, stream)
        yield from _judged_elsewhere(source, stream)
        yield from _people(stream)
    for word in ("timezone", "currency"):
        value = getattr(source, word)
        if not isinstance(value, str) and not any(value.field in s.fields for s in source.streams.values()):
            yield (word, "field"), f"no stream declares the field {value.field!r}"


def _missing(stream: Stream, name: str) -> str:
    near = get_close_matches(name, list(stream.fields), 1)
    hint = f"write {near[0]}" if near else f"declare it, or write one of {', '.join(stream.fields)}"
    return f"{name!r} is not a field of {stream.name}; {hint}"


def _references(stream: Stream) -> Iterator[tuple[Place, str]]:
    here: Place = ("streams", stream.name)
    named: list[tuple[Place, str]] = [((*here, "key"), name) for name in stream.key]
    named += [((*here, "slice"), name) for name in stream.slice]
    if stream.cursor:
        named.append(((*here, "cursor"), stream.cursor))
    if stream.dated_by:
        named.append(((*here, "dated_by"), stream.dated_by))
    if stream.alike_within:
        named.append(((*here, "alike_within"), stream.alike_within))
    if stream.watch:
        named += [((*here, "watch", "account"), stream.watch.account), ((*here, "watch", "day"), stream.watch.day)]
        optional = {"campaign": stream.watch.campaign, "hour": stream.watch.hour}
        named += [((*here, "watch", part), name) for part, name in optional.items() if name]
        named += [((*here, "watch", name), metric.field) for name, metric in stream.watch.metrics.items()]
    if stream.reconcile:
        named += [((*here, "reconcile", "where"), name) for name in stream.reconcile.where]
    for place, name in named:
        if name not in stream.fields:
            yield place, _missing(stream, name)
        elif place[-1] in ("key", "slice", "cursor", "dated_by", "alike_within") and stream.fields[name].pii == "drop":
            yield place, f"{name!r} is pii: drop and never reaches staging"


def _twins(stream: Stream) -> Iterator[tuple[Place, str]]:
    taken: dict[str, str] = dict.fromkeys(PROVENANCE, "the provenance columns")
    paths: dict[tuple[str, ...], tuple[str, ...]] = {}
    for name, field in stream.fields.items():
        place = ("streams", stream.name, "fields", name)
        for column in field.columns:
            if column.name in taken:
                yield place, f"gives the column {column.name}, as {taken[column.name]} does; rename one"
            taken[column.name] = name
        steps = field.path or (field.payload_key,)
        for n in range(1, len(steps) + 1):
            spelled = paths.setdefault(tuple(step.lower() for step in steps[:n]), steps[:n])
            if spelled != steps[:n]:
                yield place, f"{'.'.join(steps[:n])} and {'.'.join(spelled)} differ only by case; keep one"


def _modes(stream: Stream) -> Iterator[tuple[Place, str]]:
    for name, field in stream.fields.items():
        nothing = field.nullable and not field.one_of and field.at_least is None and name not in stream.key
        if field.mode == "quarantine" and nothing and (field.type in ("text", "url") or field.pii == "join"):
            advice = "any text fits: give nullable: false or one_of, or remove mode: quarantine"
            yield ("streams", stream.name, "fields", name, "mode"), advice


def _lists(stream: Stream) -> Iterator[tuple[Place, str]]:
    for name, field in stream.fields.items():
        less = stream.fields.get(field.sum.less) if field.sum and field.sum.less else None
        if field.sum and field.sum.less and (less is None or less.type != "decimal" or not less.path):
            place: Place = ("streams", stream.name, "fields", name, "sum", "less")
            yield place, f"{field.sum.less!r} is no decimal field of {stream.name} that is read by its path"
    parent = {column.name for column in stream.columns}
    for name, rows in stream.lists.items():
        here: Place = ("streams", stream.name, "lists", name)
        if stream.kind != "entity":
            yield here, f"a list becomes rows in an entity only; {stream.name} is a {stream.kind}"
        for column in rows.carries.values():
            if column not in parent:
                yield (*here, "carries"), f"{column!r} is not a column of {stream.name}"
        own = [column.name for column in rows.columns]
        for column in sorted({column for column in own if column in rows.carries or own.count(column) > 1}):
            yield (*here, "fields"), f"the column {column} comes twice; rename one"
        for column in rows.key:
            if column not in own and column not in rows.carries:
                yield (*here, "key"), f"{column!r} is neither a field of {name} nor carried from {stream.name}"


def _kinds(stream: Stream) -> Iterator[tuple[Place, str]]:
    here: Place = ("streams", stream.name)
    if stream.kind == "report" and not stream.slice:
        yield (*here, "slice"), "a report needs a slice, for example [account_id, date]"
    if stream.kind == "entity" and stream.slice:
        yield (*here, "slice"), "an entity has no slice; remove it"
    dated = stream.fields.get(stream.dated_by) if stream.dated_by else None
    if stream.dated_by and stream.slice:
        yield (*here, "dated_by"), "the slice dates these rows; remove it"
    if dated and dated.type not in DATE_TYPES + TIMESTAMP_TYPES:
        yield (*here, "dated_by"), f"{dated.name} is {dated.type}; write a field that holds a day or an instant"
    if stream.kind == "event" and not stream.cursor:
        yield (*here, "cursor"), "an event stream needs a cursor"
    last = stream.fields.get(stream.slice[-1]) if stream.slice else None
    if last and not last.is_day:
        yield (*here, "slice"), f"the last part of a slice is its day; {last.name} is {last.type}"
    for name in stream.key:
        field = stream.fields.get(name)
        if field and field.type == "url":
            yield (*here, "key"), f"{name} is a url and is split; it cannot be part of a key"
    if stream.watch and stream.watch.hour and not stream.watch.metrics:
        yield (*here, "watch"), "hours alone are no spend; watch a metric beside them"
    for name, metric in stream.watch.metrics.items() if stream.watch else ():
        watched = stream.fields.get(metric.field)
        if watched and watched.type not in ("integer", "decimal"):
            yield (*here, "watch", name), f"{metric.field} is {watched.type}; watch a number"


def _judged_elsewhere(source: Source, stream: Stream) -> Iterator[tuple[Place, str]]:
    """Whoever is judged in another stream must find a watch there."""
    named = stream.watch.judged_in if stream.watch else None
    if named is None:
        return
    other = source.streams.get(named)
    if other is None:
        yield ("streams", stream.name, "watch", "judged_in"), _other(source, named)
    elif other.watch is None or other.watch.judged_in:
        yield ("streams", stream.name, "watch", "judged_in"), f"{named} is not judged; give it a watch of its own"


def _controls(source: Source, stream: Stream) -> Iterator[tuple[Place, str]]:
    rule = stream.reconcile
    if not rule:
        return
    here: Place = ("streams", stream.name, "reconcile")
    control = source.streams.get(rule.control)
    if control is None:
        yield (*here, "with"), f"{rule.control!r} is not a stream of {source.name}; {_other(source, rule.control)}"
        return
    yield from _paired((*here, "on"), rule.on, stream, control)
    measured = [(rule.measure.ours, stream), *((name, stream) for name in rule.added), (rule.measure.theirs, control)]
    for field, side in measured:
        if field != "rows" and field not in side.fields:
            yield (*here, "measure"), _missing(side, field)
    if rule.plus_remainder:
        rest = source.streams.get(rule.plus_remainder.stream)
        yield from _remainder((*here, "plus_remainder"), rule.plus_remainder.by, stream, rest)
    if rule.minus:
        less = source.streams.get(rule.minus.stream)
        if less is None:
            yield (*here, "minus"), f"{rule.minus.stream!r} is not a stream of {source.name}"
        else:
            yield from _paired((*here, "minus", "on"), rule.minus.on, less, control)
            if rule.minus.measure not in less.fields:
                yield (*here, "minus", "measure"), _missing(less, rule.minus.measure)


def _paired(place: Place, pairs: tuple[Pair, ...], ours: Stream, theirs: Stream) -> Iterator[tuple[Place, str]]:
    for pair in pairs:
        if pair.ours not in ours.fields:
            yield place, _missing(ours, pair.ours)
        if pair.theirs not in theirs.fields:
            yield place, _missing(theirs, pair.theirs)


def _remainder(place: Place, by: str, stream: Stream, rest: Stream | None) -> Iterator[tuple[Place, str]]:
    if rest is None:
        yield place, "is not a stream of this source"
        return
    for side in (stream, rest):
        if by not in side.fields:
            yield (*place, "by"), _missing(side, by)


def _other(source: Source, name: str) -> str:
    near = get_close_matches(name, list(source.streams), 1)
    return f"write {near[0]}" if near else f"write one of {', '.join(source.streams)}"


def _people(stream: Stream) -> Iterator[tuple[Place, str]]:
    """Identifiers of people stand in declared fields that reach staging, and are of a known type that links."""
    here: Place = ("streams", stream.name, "identifies")
    for entry in stream.identifies:
        for kind, name in entry.by.items():
            yield from _identifier(here, kind)
            yield from _plain(here, stream, name)
        for name in entry.record:
            yield from _plain(here, stream, name)
        seen = entry.seen or (stream.dated.name if stream.dated else stream.cursor)
        if seen is None:
            yield here, "nothing dates the rows: give seen, the field with the instant at which a row was true"
        elif seen not in stream.fields:
            yield here, _missing(stream, seen)
        elif not stream.fields[seen].is_day:
            yield here, f"seen: {seen} is {stream.fields[seen].type}; write a field that holds a day or an instant"
    if stream.merges:
        there: Place = ("streams", stream.name, "merges")
        yield from _identifier(there, stream.merges.identifier)
        for name in (stream.merges.into, stream.merges.merged):
            yield from _plain(there, stream, name)


def _identifier(place: Place, kind: str) -> Iterator[tuple[Place, str]]:
    if kind in LINKING:
        return
    if kind in PLACE:
        yield place, f"a {kind} belongs to one session and identifies nobody; remove it"
        return
    near = get_close_matches(kind, LINKING, 1)
    advice = f"write {near[0]}" if near else f"write one of {', '.join(LINKING)}"
    yield place, f"{kind!r} is no type of identifier; {advice}"


def _plain(place: Place, stream: Stream, name: str) -> Iterator[tuple[Place, str]]:
    field = stream.fields.get(name)
    if field is None:
        yield place, _missing(stream, name)
    elif field.pii == "drop":
        yield place, f"{name!r} is pii: drop and never reaches staging; mark it pii: join"
    elif field.type == "url":
        yield place, f"{name} is a url and is split; write a field that is one column"
