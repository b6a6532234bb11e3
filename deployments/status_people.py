"""The part of `plumbline status` that a tired person acts on: what was decided, what failed, and what to type next."""

from __future__ import annotations

from deployments.commands.operate import about_option
from tasks import doors
from tasks.adapters.ops_control import Hold, OpsControl
from tasks.operate.again import failed_last
from tasks.operate.pause import IN_DECLARATION, in_words, paused_sources
from tasks.publish.gate import hold_words
from tasks.publish.publish import held_notes, release_notes
from tasks.publish.site_index import override_words


def decided() -> list[str]:
    """Holds, overrides and pauses that stand, each with the command that ends it."""
    lines = [f"{hold_words(hold)}. Type: {_lift(hold)}" for hold in OpsControl(doors.ops_store()).holds()]
    lines += [f"Let pass in the release: {override_words(o)}" for o in (release_notes() or {}).get("overrides", [])]
    for source, pause in paused_sources().items():
        declared = f"remove paused_until from expectations/sources/{source}.yaml"
        end = declared if pause.by == IN_DECLARATION else f"plumbline unpause --source {source}"
        lines.append(f"Paused: {source} is {in_words(pause)}. To end it: {end}")
    return lines


def failed() -> list[str]:
    """What failed last and was not done since, with what to type."""
    found = failed_last()
    lines = [f"Failed and not done since: {len(found)}. Type: plumbline retry"] if found else []
    return lines + [f"  - {one.words}. Alone: {one.command}" for one in found]


def ways_out() -> list[str]:
    """What to type where a release is held, or some marts of it."""
    held = held_notes() or release_notes()
    if not held or not held.get("obstacles"):
        return []
    label = held["window"]["label"]
    again = f"plumbline close {label}" if held["state"] == "final" else f"plumbline build --window {_days(label)}"
    return [
        f"  After the repair: {again}",
        f"  To publish all the same, in your name: plumbline release --window {_days(label)} --reason '...'",
    ]


def _lift(hold: Hold) -> str:
    window = f" --window {_days(hold.window.label)}" if hold.window else ""
    about = f" {about_option(hold.about)}" if hold.about else ""
    return f"plumbline release{window}{about} --reason '...'"


def _days(label: str) -> str:
    return label.partition("T")[0]
