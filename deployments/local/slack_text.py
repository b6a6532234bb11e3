"""Slack's mrkdwn as HTML: every character is escaped first, and only web links become links."""

from __future__ import annotations

import html
import re

TOKEN = re.compile(r"```\n?(?P<pre>.+?)```\n?|`(?P<code>[^`\n]+)`|<(?P<link>[^<>\n]+)>", re.DOTALL)
HELD = re.compile("\ue000(\\d+)\ue001")
PRIVATE = re.compile("[\ue000\ue001]")
SHORTCODE = re.compile(r":([a-z0-9_+-]+):")
SAFE = ("https://", "http://", "mailto:")
STYLES = tuple(
    (re.compile(rf"(?<![\w{mark}])[{mark}](?=\S)([^{mark}\n]+?)(?<=\S)[{mark}](?![\w{mark}])"), rf"<{tag}>\1</{tag}>")
    for mark, tag in (("*", "strong"), ("_", "em"), ("~", "s"))
)
# Drawn with CSS: the marks that incidents begin with must be seen where no emoji font is installed.
MARKS = {
    "red_circle": "dot red", "large_red_circle": "dot red", "large_orange_circle": "dot orange",
    "large_yellow_circle": "dot yellow", "large_green_circle": "dot green", "large_blue_circle": "dot blue",
    "white_circle": "dot grey", "rotating_light": "sign red", "warning": "sign orange", "no_entry": "sign red",
    "white_check_mark": "tick green", "heavy_check_mark": "tick green", "x": "cross red",
}  # fmt: skip
EMOJI = {
    "information_source": "ℹ️", "hourglass_flowing_sand": "⏳", "hourglass": "⌛", "lock": "🔒", "unlock": "🔓",
    "chart_with_upwards_trend": "📈", "chart_with_downwards_trend": "📉", "bar_chart": "📊", "mag": "🔍",
    "book": "📖", "package": "📦", "eyes": "👀", "tada": "🎉", "bell": "🔔", "repeat": "🔁",
}  # fmt: skip


def plain(text: str) -> str:
    """Plain text: escaped, with emoji names shown as emoji."""
    return SHORTCODE.sub(_emoji, html.escape(_unescaped(text)))


def mrkdwn(text: str) -> str:
    """Bold, italic, strike, code, links, quotes and line breaks as a person sees them in Slack."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(_token(found))
        return f"\ue000{len(held) - 1}\ue001"

    styled = plain(TOKEN.sub(hold, PRIVATE.sub("", text)))
    for pattern, shown in STYLES:
        styled = pattern.sub(shown, styled)
    return HELD.sub(lambda found: held[int(found[1])], _lines(styled))


def _emoji(found: re.Match[str]) -> str:
    if found[1] in MARKS:
        return f'<span class="mark {MARKS[found[1]]}" role="img" aria-label="{found[1]}"></span>'
    return EMOJI.get(found[1], found[0])


def _token(found: re.Match[str]) -> str:
    if found["pre"] is not None:
        return f"<pre>{html.escape(_unescaped(found['pre'].rstrip()))}</pre>"
    if found["code"] is not None:
        return f"<code>{html.escape(_unescaped(found['code']))}</code>"
    target, _, label = found["link"].partition("|")
    return link(_unescaped(target), label or target) if target.startswith(SAFE) else _mention(target, label)


def link(target: str, label: str) -> str:
    """A link to the web; anything else stays text."""
    if not target.startswith(SAFE):
        return plain(label)
    return f'<a href="{html.escape(target, quote=True)}" rel="noreferrer noopener">{plain(label)}</a>'


def _mention(target: str, label: str) -> str:
    if target[0] in "@#!":
        name = label or target[1:].partition("^")[0]
        return f'<span class="mention">{"#" if target[0] == "#" else "@"}{plain(name.lstrip("@#"))}</span>'
    return plain(f"<{target}|{label}>" if label else f"<{target}>")


def _lines(text: str) -> str:
    shown: list[str] = []
    for line in text.split("\n"):
        if line.startswith("&gt;"):
            shown.append(f"<blockquote>{line.removeprefix('&gt;').strip()}</blockquote>")
        else:
            shown.append(f"{line}<br>")
    return "".join(shown).removesuffix("<br>").replace("<br><blockquote>", "<blockquote>")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
