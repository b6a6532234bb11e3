"""The channel as a person sees it: threads and blocks, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from deployments.local.slack_channel import Message
from deployments.local.slack_text import link, mrkdwn, plain

STYLE = """
:root { color-scheme: light dark; --ink: #1d1c1d; --soft: #5c5b5c; --line: #dcdcdc; --back: #ffffff;
  --shade: #f6f6f6; --link: #0b5c94; --code: #a8152f; --mark: #fbf3d5; --brand: #3d4f8f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e4e6; --soft: #a9acb1; --line: #3a3d42; --back: #1a1d21;
  --shade: #23272c; --link: #64b5f0; --code: #f08a8f; --mark: #3b3722; --brand: #8ea0e6; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.47 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif,
  "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji"; }
header { position: sticky; top: 0; z-index: 1; background: var(--back);
  border-bottom: 1px solid var(--line); padding: 12px 20px; }
header h1 { margin: 0; font-size: 18px; } header p { margin: 2px 0 0; color: var(--soft); font-size: 13px; }
header a { margin-right: 12px; } main { max-width: 860px; padding: 8px 20px 60px; }
h2.channel { font-size: 17px; margin: 24px 0 0; }
h3.day { display: flex; align-items: center; gap: 12px; font-size: 13px; margin: 22px 0 6px; }
h3.day::before, h3.day::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
article { display: grid; grid-template-columns: 36px 1fr; gap: 2px 10px; padding: 10px 0; scroll-margin-top: 80px; }
.face { width: 36px; height: 36px; border-radius: 6px; background: var(--brand); color: var(--back); font-weight: 800;
  display: grid; place-items: center; font-size: 18px; }
.who { font-weight: 800; } .app { font-size: 10px; font-weight: 700; background: var(--shade); color: var(--soft);
  border: 1px solid var(--line); border-radius: 3px; padding: 1px 4px; margin: 0 6px; vertical-align: 1px; }
.when, .edited, .context { color: var(--soft); font-size: 12.5px; } .when { text-decoration: none; }
.context { margin: 6px 0; display: flex; flex-wrap: wrap; gap: 2px 10px; }
.head { font-size: 17px; font-weight: 800; margin: 4px 0; line-height: 1.3; }
.section { margin: 4px 0; display: flex; gap: 16px; justify-content: space-between; }
.fields { display: grid; grid-template-columns: repeat(2, minmax(0, 300px)); gap: 8px 20px; margin: 8px 0; }
@media (max-width: 480px) { .fields { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 6px 14px; } }
a { color: var(--link); } hr { border: 0; border-top: 1px solid var(--line); margin: 10px 0; }
code, pre { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; background: var(--shade);
  border: 1px solid var(--line); border-radius: 4px; }
code { color: var(--code); padding: 1px 4px; } pre { padding: 8px; margin: 4px 0; white-space: pre-wrap; }
blockquote { margin: 4px 0; padding-left: 12px; border-left: 4px solid var(--line); }
.mention { background: var(--mark); border-radius: 3px; padding: 0 3px; }
.actions a { display: inline-block; border: 1px solid var(--line); border-radius: 4px; padding: 4px 12px;
  margin: 4px 8px 4px 0; color: var(--ink); font-weight: 700; font-size: 13px; text-decoration: none; }
.thread { grid-column: 2; border-left: 2px solid var(--line); padding-left: 14px; margin-top: 4px; }
.thread summary { color: var(--link); font-size: 13px; font-weight: 700; cursor: pointer; }
.thread article { padding: 6px 0; grid-template-columns: 28px 1fr; }
.thread .face { width: 28px; height: 28px; font-size: 14px; }
.mark { display: inline-grid; place-items: center; width: 1.05em; height: 1.05em; vertical-align: -0.14em;
  color: #ffffff; font-weight: 800; line-height: 1; background: var(--tone); border-radius: 4px; }
.mark::before { font-size: 0.8em; } .sign::before { content: "!"; } .tick::before { content: "\\2713"; }
.cross::before { content: "\\2715"; } .dot { border-radius: 50%; transform: scale(0.86); }
.red { --tone: #d0342c; } .orange { --tone: #d9730d; } .yellow { --tone: #d9a514; } .green { --tone: #2f8f4e; }
.blue { --tone: #2f6fd0; } .grey { --tone: #9a9a9a; }
.empty { color: var(--soft); margin: 40px 0; }
"""


def page(messages: Sequence[Message]) -> str:
    """The whole page, newest message last."""
    names = sorted({message.channel for message in messages})
    title = f"#{names[0]}" if len(names) == 1 else "BrightCart channels"
    jump = " ".join(f'<a href="#{plain(name)}">#{plain(name)}</a>' for name in names) if len(names) > 1 else ""
    shown = "".join(_channel(name, messages, named=len(names) > 1) for name in names)
    empty = '<p class="empty">Nothing has been said here yet. Incidents appear when a check fails.</p>'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{plain(title)} | BrightCart Slack (local)</title>'
        f"<style>{STYLE}</style></head><body><header><h1>{plain(title)}</h1>"
        f"<p>What Plumbline would say in Slack. Kept on this machine; times are UTC. "
        f"{jump}{_newest(messages)}</p></header>"
        f"<main>{shown or empty}</main></body></html>"
    )


def _newest(messages: Sequence[Message]) -> str:
    said = [message.ts for message in messages if not message.thread_ts]
    return f'<a href="#m{plain(max(said, key=float))}">Newest message</a>' if len(said) > 1 else ""


def _channel(name: str, messages: Sequence[Message], *, named: bool) -> str:
    own = [message for message in messages if message.channel == name]
    roots = [message for message in own if not message.thread_ts]
    heading = f'<h2 class="channel" id="{plain(name)}">#{plain(name)}</h2>' if named else ""
    days = groupby(roots, key=lambda message: _at(message).strftime("%A, %-d %B %Y"))
    return heading + "".join(f'<h3 class="day">{day}</h3>{_all(said, own)}' for day, said in days)


def _all(roots: Iterable[Message], own: Sequence[Message]) -> str:
    return "".join(_one(root, _thread([reply for reply in own if reply.thread_ts == root.ts])) for root in roots)


def _thread(replies: Sequence[Message]) -> str:
    if not replies:
        return ""
    count = "1 reply" if len(replies) == 1 else f"{len(replies)} replies"
    said = "".join(_one(reply, "") for reply in replies)
    return f'<details class="thread" open><summary>{count}</summary>{said}</details>'


def _one(message: Message, thread: str) -> str:
    body = "".join(map(_block, message.blocks)) if message.blocks else _section({"text": {"text": message.text}})
    edited = '<span class="edited">(edited)</span>' if message.edited else ""
    at = _at(message)
    return (
        f'<article id="m{plain(message.ts)}"><div class="face" aria-hidden="true">P</div><div>'
        f'<span class="who">Plumbline</span><span class="app">APP</span>'
        f'<a class="when" href="#m{plain(message.ts)}"><time datetime="{at.isoformat()}">{at:%H:%M}</time></a>'
        f"<div>{body}{edited}</div></div>{thread}</article>"
    )


def _at(message: Message) -> datetime:
    return datetime.fromtimestamp(float(message.ts), UTC)


def _text(item: dict[str, Any]) -> str:
    said = str(item.get("text", ""))
    return plain(said).replace("\n", "<br>") if item.get("type") == "plain_text" else mrkdwn(said)


def _block(block: dict[str, Any]) -> str:
    return BLOCKS[block["type"]](block)


def _header(block: dict[str, Any]) -> str:
    return f'<div class="head" role="heading" aria-level="4">{_text(block["text"])}</div>'


def _section(block: dict[str, Any]) -> str:
    text = f"<div>{_text(block['text'])}</div>" if "text" in block else ""
    side = f'<div class="actions">{_element(block["accessory"])}</div>' if "accessory" in block else ""
    fields = "".join(f"<div>{_text(one)}</div>" for one in block.get("fields", []))
    return (f'<div class="section">{text}{side}</div>' if text or side else "") + (
        f'<div class="fields">{fields}</div>' if fields else ""
    )


def _context(block: dict[str, Any]) -> str:
    return f'<div class="context">{"".join(f"<span>{_element(one)}</span>" for one in block["elements"])}</div>'


def _actions(block: dict[str, Any]) -> str:
    return f'<div class="actions">{"".join(map(_element, block["elements"]))}</div>'


def _image(block: dict[str, Any]) -> str:
    return f"<div>{_element(block)}</div>"


def _divider(_block: dict[str, Any]) -> str:
    return "<hr>"


def _element(item: dict[str, Any]) -> str:
    if item.get("type") == "button":
        return link(str(item.get("url", "")), str(item.get("text", {}).get("text", "")))
    if item.get("type") == "image":  # a picture would be a request to another host: its address is shown instead
        return link(str(item.get("image_url", "")), str(item.get("alt_text", "image")))
    return _text(item)


BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "divider": _divider,
}
