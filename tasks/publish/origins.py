"""Where each mart of a release comes from: made for it, or held and still that of an earlier one, since when and why.

Whoever tells about a release (pages, status, the list of runs, reports) takes the words from here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tasks.adapters.ops_held_back import HeldBack
from tasks.publish.gate import Gate
from tasks.publish.reach import some

Notes = Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """The release that made the content of a mart, its window and its state; empty for one that was never published.

    `read_at` is the newest extraction of the sources behind it (ISO, UTC) that it knows of. `held_since` (ISO, UTC) and
    `because` are filled where it is held.
    """

    release: str
    window: str
    state: str
    read_at: str = ""
    held_since: str = ""
    because: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether newer content was kept from readers."""
        return bool(self.held_since)

    @property
    def told(self) -> dict[str, Any]:
        """As release.json keeps it."""
        return {name: value for name, value in asdict(self).items() if value or name in ("release", "window", "state")}


_NEVER = Origin("", "", "")


@dataclass(frozen=True)
class Held:
    """Marts that are held for the same reasons since the same instant, with the windows that readers see of them."""

    marts: tuple[str, ...]
    windows: tuple[str, ...]
    since: str
    because: tuple[str, ...]


def origins_of(notes: Notes | None) -> dict[str, Origin]:
    """The origin of every mart that a release names; in a release of an older version each is its own."""
    if notes is None:
        return {}
    own = {"release": notes["id"], "window": notes["window"]["label"], "state": notes["state"]}
    listed = notes.get("marts") or dict.fromkeys(notes.get("rows", {}), own)
    return {mart: Origin(**{**told, "because": tuple(told.get("because", ()))}) for mart, told in listed.items()}


def origins(body: Notes, way: Gate, before: Notes | None, held_before: Notes | None) -> dict[str, Origin]:
    """The origin of every mart in a new release: its own, or for a held mart that of the release before.

    `held_before` is what held.json says, where the attempt before was held altogether.
    """
    known, since = origins_of(before), held_since(way, before, held_before)
    held = way.held
    return {
        mart: replace(known.get(mart, _NEVER), held_since=since[mart], because=held[mart])
        if mart in held
        else _own(body, way.reach.sources(mart))
        for mart in way.marts
    }


def held_since(way: Gate, before: Notes | None, held_before: Notes | None) -> dict[str, str]:
    """Since when each held mart is: what was held by the attempt before is so since then."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    partly = {mart: origin.held_since for mart, origin in held_marts(before).items()}
    known = partly | {mart: str(at) for mart, at in ((held_before or {}).get("since") or {}).items()}
    return {mart: known.get(mart, now) for mart in way.held}


def held_back(notes: Notes) -> list[HeldBack]:
    """What a release did not bring, as the ops store keeps it."""
    marts = [
        HeldBack("mart", mart, o.release, datetime.fromisoformat(o.held_since), " ".join(o.because))
        for mart, o in held_marts(notes).items()
    ]
    at = datetime.fromisoformat(notes["published_at"])
    sources = [HeldBack("source", name, "", at, "None of its marts is new.") for name in notes.get("held_sources", ())]
    return [*marts, *sources]


def held_marts(notes: Notes | None, marts: Collection[str] = ()) -> dict[str, Origin]:
    """The held marts of a release, all or of these."""
    found = {mart: origin for mart, origin in origins_of(notes).items() if origin.held}
    return {mart: origin for mart, origin in found.items() if not marts or mart in marts}


def why_held(held: Mapping[str, Origin]) -> tuple[str, ...]:
    """Why these marts are held, each reason once."""
    return tuple(dict.fromkeys(reason for origin in held.values() for reason in origin.because))


def groups(notes: Notes | None) -> list[Held]:
    """The held marts of a release, those of the same reasons together, the longest held first."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    held = held_marts(notes)
    for mart, origin in sorted(held.items()):
        found.setdefault((origin.held_since, origin.because), []).append(mart)
    return [
        Held(tuple(marts), tuple(sorted({held[mart].window or "never published" for mart in marts})), since, because)
        for (since, because), marts in sorted(found.items())
    ]


def counted(notes: Notes | None) -> str:
    """`published 31 of 38 marts, 7 are held`, or that all are published."""
    every, held = len(origins_of(notes)), len(held_marts(notes))
    return f"published {every - held} of {every} marts, {held} held" if held else f"published all {every} marts"


def lines(notes: Notes | None) -> list[str]:
    """A line for each group of held marts: which, what readers see of them, since when, and why."""
    return [f"{_which(group)}, because: {' '.join(group.because)}" for group in groups(notes)]


def in_short(notes: Notes | None) -> str:
    """What a list of runs has room for."""
    why = why_held(held_marts(notes))
    return f"{counted(notes).capitalize()}, because: {' '.join(why)}" if why else counted(notes).capitalize()


def caution(notes: Notes | None, marts: Sequence[str]) -> str:
    """What a reader of these marts must know; empty where each is as new as the release."""
    held = held_marts(notes, marts)
    if not held:
        return ""
    told = "; ".join(f"{mart} is that of {origin.window or 'no release yet'}" for mart, origin in sorted(held.items()))
    return f"Held: {told}, because: {' '.join(why_held(held))}"


def _own(body: Notes, sources: Collection[str]) -> Origin:
    read_at = max((at for name, at in body["freshness"].items() if name in sources), default="")
    return Origin(body["id"], body["window"]["label"], body["state"], read_at)


def _which(group: Held) -> str:
    from_when = f"{group.since[:10]} {group.since[11:16]} UTC"
    counted_marts = "1 mart" if len(group.marts) == 1 else f"{len(group.marts)} marts"
    return f"{counted_marts} of {', '.join(group.windows)} since {from_when} ({some(group.marts)})"
