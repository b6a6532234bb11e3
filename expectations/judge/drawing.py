"""Draw a picture as still SVG: no script, no font and no colour of its own, readable aloud through title and desc.

A drawing is a template and its parameters, because Great Expectations escapes parameters and not templates: whatever a
source could have named (accounts, fields) stands in a parameter. Colours come from the page's stylesheet, so that
light and dark are the reader's choice.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from string import Template

from expectations.judge.pictures import Bar, Picture, Point

WIDE, HIGH, ROW = 640, 190, 26
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 14, 12, 26
_LABEL, _SHOWN = 210, 150  # of a bar: room for its name, and for its value in words
_LONGEST = 30


@dataclass
class Drawing:
    """A template in which `$p0`, `$p1` ... stand for texts that must be escaped."""

    parts: list[str] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)

    @property
    def template(self) -> str:
        """All of it."""
        return "".join(self.parts)

    @property
    def html(self) -> str:
        """The drawing with its texts in place, escaped."""
        return Template(self.template).substitute({name: html.escape(text) for name, text in self.params.items()})

    def text(self, words: str) -> str:
        """The placeholder of a text."""
        name = f"p{len(self.params)}"
        self.params[name] = words
        return f"${name}"


def drawn(picture: Picture) -> Drawing:
    """The picture as one SVG element with its caption."""
    made = Drawing()
    height = HIGH if picture.points else ROW * len(picture.bars) + 8
    made.parts.append(f'<figure class="pic"><figcaption>{made.text(picture.title)}</figcaption>')
    made.parts.append(f'<svg viewBox="0 0 {WIDE} {height}" role="img">')
    made.parts.append(f"<title>{made.text(picture.title)}</title><desc>{made.text(picture.words)}</desc>")
    if picture.points:
        _line(made, picture.points)
    else:
        _bars(made, picture.bars)
    made.parts.append(f"</svg><p>{made.text(picture.words)}</p></figure>")
    return made


def _line(made: Drawing, points: Sequence[Point]) -> None:
    top = max((v for p in points for v in (p.value, p.high) if v is not None), default=0.0)
    top = 1.08 * (top or 1.0)
    step = (WIDE - _LEFT - _RIGHT) / max(len(points) - 1, 1)
    xs = [_LEFT + n * step for n in range(len(points))]

    def y(value: float) -> float:
        return _TOP + (HIGH - _TOP - _BOTTOM) * (1 - max(value, 0.0) / top)

    made.parts += _axis(made, top, y(0.0), y(top / 1.08))
    made.parts += _band(
        [(x, y(p.low or 0.0), y(p.high)) for x, p in zip(xs, points, strict=True) if p.high is not None]
    )
    made.parts += _path([(x, y(p.value)) for x, p in zip(xs, points, strict=True) if p.value is not None])
    for x, point in zip(xs, points, strict=True):
        if point.value is not None:
            made.parts.append(_dot(made, (x, y(point.value)), point))
    for place in sorted({0, len(points) // 2, len(points) - 1}):
        anchor = "start" if not place else "end" if place == len(points) - 1 else "middle"
        label = made.text(points[place].at)
        made.parts.append(f'<text x="{xs[place]:.0f}" y="{HIGH - 8}" text-anchor="{anchor}">{label}</text>')


def _axis(made: Drawing, top: float, bottom: float, upper: float) -> list[str]:
    high = made.text(_short(top / 1.08))
    return [
        f'<line class="axis" x1="{_LEFT}" x2="{WIDE - _RIGHT}" y1="{bottom:.1f}" y2="{bottom:.1f}"/>',
        f'<text x="{_LEFT - 8}" y="{bottom + 4:.1f}" text-anchor="end">0</text>',
        f'<text x="{_LEFT - 8}" y="{upper + 4:.1f}" text-anchor="end">{high}</text>',
    ]


def _short(value: float) -> str:
    for size, sign in ((1e9, "bn"), (1e6, "m"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if sign == 'k' else size):,.4g} {sign}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _band(edges: Sequence[tuple[float, float, float]]) -> list[str]:
    if len(edges) < 2:
        return []
    around = [(x, high) for x, _, high in edges] + [(x, low) for x, low, _ in reversed(edges)]
    return [f'<polygon class="band" points="{_pairs(around)}"/>']


def _path(spots: Sequence[tuple[float, float]]) -> list[str]:
    return [f'<polyline class="line" points="{_pairs(spots)}"/>'] if len(spots) > 1 else []


def _pairs(spots: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)


def _dot(made: Drawing, at: tuple[float, float], point: Point) -> str:
    tone = "off" if point.outside else "now" if point.judged else "then"
    usual = "" if point.high is None else f", usual {point.low or 0:,.2f} to {point.high:,.2f}"
    told = made.text(f"{point.at}: {point.value:,.2f}{usual}")
    size = 5 if tone != "then" else 2
    return f'<circle class="{tone}" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{size}"><title>{told}</title></circle>'


def _bars(made: Drawing, bars: Sequence[Bar]) -> None:
    longest = max((v for bar in bars for v in (bar.value, bar.limit or 0.0)), default=0.0) or 1.0
    room = WIDE - _LABEL - _SHOWN
    for number, bar in enumerate(bars):
        y, wide = 4 + ROW * number, max(bar.value, 0.0) / longest * room
        name, shown = made.text(_cut(bar.label)), made.text(bar.shown)
        tone = "off" if bar.bad else "fine"
        made.parts.append(f'<text x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">{name}</text>')
        made.parts.append(f'<rect class="{tone}" x="{_LABEL}" y="{y + 3}" width="{wide:.1f}" height="{ROW - 10}"/>')
        if bar.limit is not None:
            x = _LABEL + bar.limit / longest * room
            made.parts.append(f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="{y}" y2="{y + ROW - 4}"/>')
        made.parts.append(f'<text class="{tone}" x="{WIDE - _SHOWN + 8}" y="{y + 15}">{shown}</text>')


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"…{label[1 - _LONGEST :]}"
