"""How a session reads in texts that several systems must spell alike: click ids, utm values, landing addresses."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote

from deployments.local.saas.catalog import HOSTILE_NAME, catalog
from deployments.local.saas.hashing import Dice

SITE = "https://www.brightcart.example"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_EMAILS = ("newsletter", "winback", "cart-reminder", "loyalty")
_REFERRERS = ("homestyle-blog.example", "dealfinder.example", "giftguide.example")
_SECTIONS = ("products", "collections", "pages")


def gclid(click: int) -> str:
    """The Google click id of a session's `click`."""
    return f"Cj0KCQiA{_letters(click, 11)}{_letters(click * 7 + 3, 9)}_wcB"


def fbclid(click: int) -> str:
    """The Meta click id of a session's `click`."""
    return f"IwAR{_letters(click, 11)}{_letters(click * 5 + 1, 11)}"


def page_path(page: int) -> str:
    """The path of a landing page."""
    return "/" if page == 0 else f"/{_SECTIONS[page % 3]}/{'abcdefgh'[page % 8]}-{page}"


@lru_cache(maxsize=65_536)
def origin(dice: Dice, channel: int, slot: int, spelling: int) -> tuple[str, str, str]:
    """(source, medium, campaign) as they stand in the utm parameters; spoilt ones are spelt differently."""
    source, medium, campaign = _plain_origin(dice, channel, slot)
    if spelling == 1:
        return source.upper(), medium.capitalize(), campaign
    if spelling == 2:
        return source, medium, quote(quote(campaign + " sale"))
    return (source, medium, campaign + "🎁") if spelling == 3 and campaign else (source, medium, campaign)


def _plain_origin(dice: Dice, channel: int, slot: int) -> tuple[str, str, str]:
    if channel < 2:
        book = catalog(dice)
        campaign = book.campaigns[book.campaign[slot]]
        slug = HOSTILE_NAME if campaign.name == HOSTILE_NAME else campaign.slug
        return ("google", "cpc", slug) if channel == 0 else ("facebook", "paid_social", slug)
    return {
        2: ("google", "organic", ""),
        3: ("(direct)", "(none)", ""),
        4: ("klaviyo", "email", _EMAILS[slot % len(_EMAILS)]),
        5: (_REFERRERS[slot % len(_REFERRERS)], "referral", ""),
        6: ("instagram", "social", ""),
    }[channel]


@lru_cache(maxsize=65_536)
def landing_path(dice: Dice, channel: int, slot: int, spelling: int, page: int) -> str:
    """Path and utm parameters of a landing address; the click id is added by `with_click`."""
    source, medium, campaign = origin(dice, channel, slot, spelling)
    if channel in (2, 3, 5) or spelling == 4:
        return page_path(page)
    pairs = (("utm_source", source), ("utm_medium", medium), ("utm_campaign", campaign))
    return page_path(page) + "?" + "&".join(f"{name}={quote(value)}" for name, value in pairs)


def with_click(path: str, channel: int, click: int) -> str:
    """The landing path of one click."""
    if not click:
        return path
    name, text = ("gclid", gclid(click)) if channel == 0 else ("fbclid", fbclid(click))
    return f"{path}{'&' if '?' in path else '?'}{name}={text}"


def _letters(word: int, count: int) -> str:
    return "".join(_ALPHABET[(word >> (6 * n)) & 63] for n in range(count))
