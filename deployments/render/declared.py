"""Writes the macros with facts of the declarations that marts need: zones, currencies and promised times."""

from __future__ import annotations

from collections.abc import Mapping

from expectations.declare.source import Source


def declared_macros(sources: dict[str, Source]) -> str:
    """Macros that hand out one fact per source; a source whose rows bring the fact themselves is not in it."""
    zones = {name: source.timezone for name, source in sources.items() if isinstance(source.timezone, str)}
    currencies = {name: source.currency for name, source in sources.items() if isinstance(source.currency, str)}
    reaches = {name: source.reach for name, source in sources.items()}
    minutes = {name: int(source.extract_within.total_seconds() // 60) for name, source in sources.items()}
    return "\n\n".join(
        (
            _macro("timezone_of(source)", "The fixed time zone of a source's days.", zones, "[source]"),
            _macro("currency_of(source)", "The fixed currency of a source's amounts.", currencies, "[source]"),
            _macro("reach_of(source)", "Days before its last one about which a sync may speak.", reaches, "[source]"),
            _macro("extract_minutes()", "Within how many minutes of its schedule a source is extracted.", minutes),
            _macro("claim_rules()", "Which orders each ad platform counts as its own.", _claim_rules(sources)),
        )
    )


def _claim_rules(sources: dict[str, Source]) -> dict[str, dict[str, object]]:
    rules = {name: source.claims for name, source in sources.items() if source.claims}
    return {
        name: {"clicks": list(rule.clicks), "days": rule.click_within.days, "value": rule.value}
        for name, rule in rules.items()
    }


def _macro(signature: str, about: str, facts: Mapping[str, object], taken: str = "") -> str:
    lines = "".join(f"        '{name}': {fact!r},\n" for name, fact in sorted(facts.items()))
    return (
        f"{{# {about} #}}\n{{% macro {signature} %}}\n    {{%- set declared = {{\n{lines}    }} -%}}\n"
        f"    {{{{ return(declared{taken}) }}}}\n{{% endmacro %}}\n"
    )
