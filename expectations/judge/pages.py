"""The body of a Data Docs page, made by Great Expectations' own renderers and cut off from every other host.

Their page template loads scripts, fonts and a logo from five public hosts; only their sections are used here,
inside the product's own page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from expectations.judge import gx

_VIEWS = Path(__file__).parent / "views"
_ACTIVE = re.compile(r"<(script|style|iframe|object|embed|link|meta|img)\b.*?(?:</\1\s*>|>)", re.I | re.S)
_ELSEWHERE = re.compile(r"""\s(?:href|src|srcset|action)\s*=\s*(["'])\s*(?:[a-z]+:)?//.*?\1""", re.I)
_WIRING = re.compile(r"""\s(?:data-[a-z-]+|aria-controls|aria-expanded)\s*=\s*(["']).*?\1""", re.I)


def sections(result: Mapping[str, Any]) -> str:
    """The stored result of a suite as HTML sections: every value escaped, no script, no address of another host."""
    with gx.quiet():
        schema, renderer, view = _library()
        document = renderer.render(schema.load(dict(result)))
        document.sections = [_without_headings(s) for s in document.sections if s.section_name not in _OWN]
        return cut_off(str(view.render(document, template="sections.html")))


@lru_cache(maxsize=1)
def _library() -> tuple[Any, Any, Any]:
    """Their schema, renderer and view, made once: a view compiles its templates anew."""
    from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResultSchema
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    from expectations.judge.classes import BY_CHECK

    assert BY_CHECK  # the renderers of our classes are registered by the import
    view = DefaultJinjaPageView(custom_views_directory=str(_VIEWS))
    return ExpectationSuiteValidationResultSchema(), ValidationResultsPageRenderer(run_info_at_end=True), view


_OWN = ("Overview", "Run Info")  # the product's page says these itself


def _without_headings(section: Any) -> Any:  # noqa: ANN401 - an untyped library
    # A column called "value" means nothing to a reader of measurements.
    section.content_blocks = [b for b in section.content_blocks if b.content_block_type != "header"]
    return section


def cut_off(html: str) -> str:
    """The same markup without active elements, addresses of other hosts and the wiring of absent scripts."""
    return _WIRING.sub("", _ELSEWHERE.sub("", _ACTIVE.sub("", html)))
