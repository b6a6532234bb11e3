"""What was said in the local channels: one JSON file, replaced whole, and Slack's own rules for a message."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

MOST_BLOCKS, MOST_FIELDS, MOST_ELEMENTS = 50, 10, 10
LONGEST = {"section": 3000, "header": 150, "field": 2000, "message": 40_000}
ELEMENTS = frozenset({"mrkdwn", "plain_text", "image", "button"})


class Refused(Exception):
    """An answer `ok: false`, with Slack's word for the reason."""

    def __init__(self, error: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.error, self.reasons = error, list(reasons)


@dataclass(frozen=True)
class Message:
    """One message as it stands; `channel` without #, `ts` and `edited` as Slack writes times, blocks as sent."""

    channel: str
    ts: str
    text: str
    blocks: tuple[dict[str, Any], ...] = ()
    thread_ts: str = ""
    edited: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The shape of the file and of `/messages`."""
        return {**asdict(self), "blocks": list(self.blocks), "channel_id": channel_id(self.channel)}


@dataclass(frozen=True)
class Said:
    """What a call wants to say, as it came: blocks and metadata are not checked yet."""

    text: str
    blocks: object = None
    metadata: object = None


class Channel:
    """All channels of the local workspace, in the order of their messages."""

    def __init__(self, file: Path, clock: Callable[[], float]) -> None:
        self._file, self._clock, self._lock = file, clock, Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._said = [_message(found) for found in json.loads(file.read_text())] if file.exists() else []

    def messages(self) -> tuple[Message, ...]:
        """Everything said so far."""
        return tuple(self._said)

    def post(self, channel: str, said: Said, *, thread_ts: str | None) -> Message:
        """Add a message, or a reply; raises `Refused`."""
        if not channel:
            raise Refused("channel_not_found")
        checked, marked = _checked(said.text, said.blocks), _marked(said.metadata)
        with self._lock:
            if thread_ts and not any(message.ts == thread_ts for message in self._said):
                raise Refused("thread_not_found")
            added = Message(self._named(channel), self._next_ts(), said.text, checked, thread_ts or "", "", marked)
            self._keep([*self._said, added])
        return added

    def update(self, channel: str, ts: str, *, text: str, blocks: object) -> Message:
        """Replace what a message says; raises `Refused`. As in Slack, only a channel id is understood."""
        checked = _checked(text, blocks)
        with self._lock:
            if channel not in {channel_id(message.channel) for message in self._said}:
                raise Refused("channel_not_found")
            place = next((n for n, m in enumerate(self._said) if (channel_id(m.channel), m.ts) == (channel, ts)), None)
            if place is None:
                raise Refused("message_not_found")
            changed = replace(self._said[place], text=text, blocks=checked, edited=f"{self._clock():.6f}")
            self._keep([*self._said[:place], changed, *self._said[place + 1 :]])
        return changed

    def _named(self, channel: str) -> str:
        known = {channel_id(message.channel): message.channel for message in self._said}
        return known.get(channel, channel.lstrip("#"))

    def _next_ts(self) -> str:
        latest = float(self._said[-1].ts) if self._said else 0.0
        return f"{max(self._clock(), latest + 0.000001):.6f}"

    def _keep(self, said: list[Message]) -> None:
        text = json.dumps([message.as_json() for message in said], ensure_ascii=False, indent=1)
        new = self._file.with_suffix(".new")
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)
        self._said = said


def channel_id(name: str) -> str:
    """The id of a channel: always the same for a name."""
    return "C" + hashlib.sha256(name.encode()).hexdigest()[:10].upper()


def _message(found: dict[str, Any]) -> Message:
    kept = {key: value for key, value in found.items() if key != "channel_id"}
    return Message(**{**kept, "blocks": tuple(kept["blocks"])})


def _marked(metadata: object) -> dict[str, Any]:
    if not metadata:
        return {}
    if not isinstance(metadata, dict) or not metadata.get("event_type") or "event_payload" not in metadata:
        raise Refused("invalid_metadata_format")
    return metadata


def _checked(text: str, blocks: object) -> tuple[dict[str, Any], ...]:
    if not blocks and not text:
        raise Refused("no_text")
    if len(text) > LONGEST["message"]:
        raise Refused("msg_too_long")
    if not blocks:
        return ()
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    faults = [f"{fault} [json-pointer:/blocks/{n}]" for n, block in enumerate(blocks) if (fault := _fault(block))]
    if len(blocks) > MOST_BLOCKS:
        faults.append(f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    if faults:
        raise Refused("invalid_blocks", faults)
    return tuple(blocks)


def _fault(block: object) -> str:
    if not isinstance(block, dict) or block.get("type") not in RULES:
        return "unsupported type"
    return RULES[block["type"]](block)


def _header_fault(block: dict[str, Any]) -> str:
    text = block.get("text")
    if not isinstance(text, dict) or text.get("type") != "plain_text":
        return "a header needs plain_text"
    return "" if _fits(text, LONGEST["header"]) else f"text must have 1 to {LONGEST['header']} characters"


def _section_fault(block: dict[str, Any]) -> str:
    fields = block.get("fields", [])
    if "text" not in block and not fields:
        return "missing required field: text or fields"
    if "text" in block and not _fits(block["text"], LONGEST["section"]):
        return f"text must have 1 to {LONGEST['section']} characters"
    if len(fields) > MOST_FIELDS or not all(_fits(one, LONGEST["field"]) for one in fields):
        return f"at most {MOST_FIELDS} fields of {LONGEST['field']} characters"
    return "" if isinstance(block.get("accessory", {}), dict) else "invalid accessory"


def _elements_fault(block: dict[str, Any]) -> str:
    elements = block.get("elements", [])
    known = all(isinstance(one, dict) and one.get("type") in ELEMENTS for one in elements)
    return "" if known and 1 <= len(elements) <= MOST_ELEMENTS else f"1 to {MOST_ELEMENTS} known elements"


def _no_fault(_block: dict[str, Any]) -> str:
    return ""


def _fits(text: object, most: int) -> bool:
    return isinstance(text, dict) and isinstance(text.get("text"), str) and 1 <= len(text["text"]) <= most


RULES: dict[str, Callable[[dict[str, Any]], str]] = {
    "header": _header_fault,
    "section": _section_fault,
    "context": _elements_fault,
    "actions": _elements_fault,
    "divider": _no_fault,
    "image": _no_fault,
}
