"""Reads one declaration file and words its faults: the line, the place, and what to write instead."""

from __future__ import annotations

import re
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from expectations.declare.errors import Misconfigured

Place = tuple[str | int, ...]
# Written by `source.load`, not by people.
_OWN = {"name", "source"}


class _Loader(yaml.CSafeLoader):
    """YAML whose only booleans are true and false, so that `on`, `Yes` and `No` stay words; so do days."""


_GUESSED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in rules if tag not in _GUESSED]
    for letter, rules in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


@dataclass(frozen=True)
class Text:
    """A parsed file that still knows on which line each key stands."""

    path: Path
    values: Any
    lines: dict[Place, int]
    faults: list[str] = field(default_factory=list)

    def at(self, place: Place, what: str) -> str:
        """The fault with its line and place; the nearest known parent where the key itself is missing."""
        known = next((place[:n] for n in range(len(place), 0, -1) if place[:n] in self.lines), ())
        line = f"line {self.lines[known]}, " if known else ""
        return f"{line}{'.'.join(str(part) for part in place) or 'file'}: {what}"

    def refused(self, faults: Sequence[str]) -> Misconfigured:
        """One error that lists every fault."""
        listed = "\n  - ".join(dict.fromkeys(faults))
        return Misconfigured(
            f"{len(set(faults))} fault{'s' if len(set(faults)) > 1 else ''} in the declaration:\n  - {listed}\n",
            where=str(self.path.name),
            do="Change the file, then run `plumbline render`",
        )


def read(path: Path) -> Text:
    """The file as values and lines; text that is no YAML is `Misconfigured` with its place."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "unreadable"
        raise Misconfigured(f"the file is not YAML: {line}{problem}", where=path.name, do="Mend that line") from None
    text = Text(path, values, {})
    _walk(node, (), text)
    return text


def _walk(node: yaml.Node | None, place: Place, text: Text) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            text.lines[(*place, index)] = item.start_mark.line + 1
            _walk(item, (*place, index), text)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*place, key.value)
        if here in text.lines:
            text.faults.append(text.at(here, f"the key stands twice, first on line {text.lines[here]}"))
        text.lines[here] = key.start_mark.line + 1
        _walk(value, here, text)


def explained(error: ValidationError, model: type[BaseModel], text: Text) -> list[str]:
    """Each fault of the shapes in plain words."""
    return [text.at(_trimmed(item["loc"], text), _words(item, model)) for item in error.errors()]


def _trimmed(place: Place, text: Text) -> Place:
    """Without the members of a union that pydantic puts at the end."""
    while len(place) > 1 and place not in text.lines and place[:-1] in text.lines and str(place[-1])[:1].isupper():
        place = place[:-1]
    return tuple(part for part in place if part not in ("str", "bool"))


def _words(item: ErrorDetails, model: type[BaseModel]) -> str:
    kind, place = item["type"], item["loc"]
    if kind == "extra_forbidden":
        valid = _keys_at(model, place[:-1])
        near = get_close_matches(str(place[-1]), valid, 1)
        return f"unknown key; write {near[0]}" if near else f"unknown key; valid are {', '.join(valid)}"
    if kind == "missing":
        return "is missing; add it"
    if kind == "literal_error":
        expected = str(item.get("ctx", {}).get("expected", ""))
        near = get_close_matches(str(item["input"]), [word.strip("' ") for word in expected.split(",")], 1)
        return f"{item['input']!r} is not allowed; write {near[0] if near else expected}"
    if kind == "value_error":
        return str(item["msg"]).removeprefix("Value error, ")
    if kind == "string_pattern_mismatch":
        return f"{item['input']!r} does not fit {item.get('ctx', {}).get('pattern')}"
    return f"{item['msg']}, not {item['input']!r}"


def _keys_at(model: type[BaseModel], place: Place) -> list[str]:
    """The keys that people may write at this place."""
    here: object = model
    for part in place:
        here = _step(here, part)
    members = [member for member in _members(here) if isinstance(member, type) and issubclass(member, BaseModel)]
    keys = {info.alias or name for member in members for name, info in member.model_fields.items()}
    return sorted(keys - _OWN)


def _members(annotation: object) -> list[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        return [leaf for part in get_args(annotation) for leaf in _members(part)]
    return [annotation]


def _step(annotation: object, part: str | int) -> object:
    for member in _members(annotation):
        if get_origin(member) in (dict, tuple):
            return get_args(member)[1 if get_origin(member) is dict else 0]
        if isinstance(member, type) and issubclass(member, BaseModel):
            named = {info.alias or name: info.annotation for name, info in member.model_fields.items()}
            if part in named:
                return named[str(part)]
    return annotation
