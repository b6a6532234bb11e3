"""Where a session came from, as GA4 would have seen it, and how that reads in the export and in the reports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.catalog import ACCOUNTS, campaign_name, catalog, group_name
from deployments.local.saas.ga4_digits import Bytes, Strip
from deployments.local.saas.ga4_text import fields, page_title, params
from deployments.local.saas.hashing import Dice, Ints, Words
from deployments.local.saas.journeys import PAGES
from deployments.local.saas.links import SITE, landing_path, origin, page_path

GOOGLE_ADS, META_ADS, ORGANIC, DIRECT, EMAIL, REFERRAL, SOCIAL = range(7)
Slot = tuple[int, int, int]  # channel, slot of the catalog, spelling of the utm parameters
_PLACES = ("~path~", "~click~", "~title~", "~again~")  # to be filled in, in this order
_ALPHABET = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)
_GCLID, _FBCLID = Strip.of(b"Cj0KCQiA", 11, 9, b"_wcB"), Strip.of(b"IwAR", 11, 11)
_TAGGED = (GOOGLE_ADS, META_ADS, EMAIL, SOCIAL)
NO_UTM = 4  # the spelling that lost its utm parameters
_REFERRERS = {
    GOOGLE_ADS: "https://www.google.com/",
    META_ADS: "https://l.facebook.com/",
    ORGANIC: "https://www.google.com/",
    SOCIAL: "https://l.instagram.com/",
}
_GROUPS = {
    META_ADS: "Paid Social",
    ORGANIC: "Organic Search",
    DIRECT: "Direct",
    EMAIL: "Email",
    REFERRAL: "Referral",
    SOCIAL: "Organic Social",
}
_GOOGLE_GROUPS = {"PERFORMANCE_MAX": "Cross-network", "SHOPPING": "Paid Shopping", "DEMAND_GEN": "Cross-network"}
_MANUAL = "campaign_id campaign_name source medium term content creative_format marketing_tactic source_platform"
_LAST_MANUAL = "campaign_id campaign_name medium term content source_platform source creative_format marketing_tactic"


@dataclass(frozen=True, slots=True)
class Origin:
    """Source, medium, campaign and channel group of a session; `tagged`: its address carries utm parameters."""

    source: str
    medium: str
    campaign: str
    group: str
    tagged: bool


@lru_cache(maxsize=65_536)
def seen_origin(dice: Dice, channel: int, slot: int, spelling: int) -> Origin:
    """What GA4 makes of a session: without utm parameters it falls back on the click id or the referrer."""
    tagged = channel in _TAGGED and spelling != NO_UTM
    source, medium, campaign = origin(dice, channel, slot, spelling if tagged else 0)
    if channel == GOOGLE_ADS:
        kind = catalog(dice).campaigns[catalog(dice).campaign[slot]].kind
        return Origin(source, medium, campaign, _GOOGLE_GROUPS.get(kind, "Paid Search"), tagged)
    if channel in (META_ADS, SOCIAL) and not tagged:
        host = "l.facebook.com" if channel == META_ADS else "l.instagram.com"
        return Origin(host, "referral", "(referral)", "Organic Social", tagged)
    if channel == EMAIL and not tagged:
        return Origin("(direct)", "(none)", "(direct)", "Direct", tagged)
    names = {ORGANIC: "(organic)", DIRECT: "(direct)", REFERRAL: "(referral)"}
    return Origin(source, medium, names.get(channel, campaign or "(not set)"), _GROUPS[channel], tagged)


def click_texts(channel: Ints, click: Ints) -> list[bytes]:
    """The click id of each session as `links.gclid` and `links.fbclid` spell it; empty where there is none."""
    texts = [b""] * len(click)
    for platform, spell in ((GOOGLE_ADS, _gclids), (META_ADS, _fbclids)):
        rows = np.flatnonzero((channel == platform) & (click != 0))
        for row, text in zip(rows.tolist(), spell(click[rows].astype(np.uint64)), strict=True):
            texts[row] = text
    return texts


def _gclids(click: Words) -> list[bytes]:
    return _GCLID.fill(_letters(click, 11), _letters(click * np.uint64(7) + np.uint64(3), 9))


def _fbclids(click: Words) -> list[bytes]:
    """The last letter needs bits 60 to 65 of the product, two more than a word has."""
    low, half = click * np.uint64(5) + np.uint64(1), np.uint64(32)
    carry = (click & np.uint64(0xFFFFFFFF)) * np.uint64(5) + np.uint64(1) >> half
    high = (click >> half) * np.uint64(5) + carry >> half
    letters = _letters(low, 11)
    letters[:, 10] = _ALPHABET[low >> np.uint64(60) | (high & np.uint64(3)) << np.uint64(4)]
    return _FBCLID.fill(_letters(click, 11), letters)


def _letters(words: Words, count: int) -> Bytes:
    """Six bits a letter, lowest first."""
    shifts = np.arange(count, dtype=np.uint64) * np.uint64(6)
    found: Bytes = _ALPHABET[words[:, None] >> shifts & np.uint64(63)]
    return found


@dataclass(frozen=True, slots=True)
class SlotTexts:
    """What sessions of one slot share. Templates: `landing` takes path, click, title, click; `collected` a click."""

    landing: bytes
    collected: bytes
    referrer: bytes


class _Texts(dict[Slot, SlotTexts]):
    """Made when first asked for, since a world has more slots than a sync meets."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice

    def __missing__(self, slot: Slot) -> SlotTexts:
        made = SlotTexts(_landing(self.dice, slot), _collected(self.dice, slot), _referrer(self.dice, slot))
        self[slot] = made
        return made


@lru_cache(maxsize=8)
def slot_texts(dice: Dice) -> Mapping[Slot, SlotTexts]:
    """The texts of a world's slots."""
    return _Texts(dice)


def landing_texts(known: list[SlotTexts], page: Ints, clicks: list[bytes]) -> list[bytes]:
    """Parameters of each session's landing page: address, title, source."""
    paths, titles = _pages()
    columns = zip(known, page.tolist(), clicks, strict=True)
    return [one.landing % (paths[place], click, titles[place], click) for one, place, click in columns]


def collected_texts(known: list[SlotTexts], clicks: list[bytes]) -> list[bytes]:
    """The `collected_traffic_source` column of each session's landing events."""
    return [one.collected % click for one, click in zip(known, clicks, strict=True)]


def _landing(dice: Dice, slot: Slot) -> bytes:
    channel, seen = slot[0], seen_origin(dice, *slot)
    address = SITE + _PLACES[0] + landing_path(dice, *slot, 0).removeprefix(page_path(0))
    if channel in (GOOGLE_ADS, META_ADS):
        name = "gclid" if channel == GOOGLE_ADS else "fbclid"
        address += f"{'&' if '?' in address else '?'}{name}={_PLACES[1]}"
    texts: dict[str, str | None] = {"page_location": address, "page_title": _PLACES[2]}
    if seen.group != "Direct":
        texts |= {"source": seen.source, "medium": seen.medium, "campaign": seen.campaign}
    return _template(b"," + params(texts | {"gclid": _PLACES[3] if channel == GOOGLE_ADS else None}), _PLACES)


def _collected(dice: Dice, slot: Slot) -> bytes:
    seen = seen_origin(dice, *slot)
    manual: dict[str, str | None] = dict.fromkeys("manual_" + name for name in _MANUAL.split())
    if seen.tagged:
        manual |= {
            "manual_campaign_name": seen.campaign,
            "manual_source": seen.source,
            "manual_medium": seen.medium,
        }
    ids = {"gclid": _PLACES[1] if slot[0] == GOOGLE_ADS else None, "dclid": None, "srsltid": None}
    any_source = seen.tagged or slot[0] == GOOGLE_ADS
    return _template(b"," + fields({"collected_traffic_source": manual | ids if any_source else None}), _PLACES[1:2])


def _referrer(dice: Dice, slot: Slot) -> bytes:
    """The page outside the shop that a session came from; nothing for direct visits."""
    channel = slot[0]
    if channel == REFERRAL:
        return b"," + params({"page_referrer": f"https://{origin(dice, channel, slot[1], 0)[0]}/"})
    found = _REFERRERS.get(channel)
    return b"," + params({"page_referrer": found}) if found else b""


def _template(text: bytes, places: Sequence[str]) -> bytes:
    """A bytes template that takes one value per place, also for places that the text does not have."""
    text = text.replace(b"%", b"%%")
    at = 0
    for place in places:
        found = text.find(place.encode(), at)
        if found < 0:
            text = text[:at] + b"%.0b" + text[at:]
            at += 4
        else:
            text = text[:found] + b"%b" + text[found + len(place) :]
            at = found + 2
    return text


@lru_cache(maxsize=1)
def _pages() -> tuple[list[bytes], list[bytes]]:
    """Paths and titles of the landing pages."""
    pages = range(PAGES)
    return [page_path(page).encode() for page in pages], [page_title(page).encode() for page in pages]


@lru_cache(maxsize=65_536)
def first_source(dice: Dice, slot: Slot) -> bytes:
    """The `traffic_source` column of a daily table."""
    seen = seen_origin(dice, *slot)
    return b"," + fields({"traffic_source": {"name": seen.campaign, "medium": seen.medium, "source": seen.source}})


@lru_cache(maxsize=65_536)
def last_click(dice: Dice, slot: Slot, day: int) -> bytes:
    """The `session_traffic_source_last_click` column of a daily table."""
    seen = seen_origin(dice, *slot)
    manual: dict[str, str | None] = dict.fromkeys(_LAST_MANUAL.split())
    manual |= {"campaign_name": "(not set)"}
    if seen.tagged:
        manual |= {"campaign_name": seen.campaign, "source": seen.source, "medium": seen.medium}
    google = _google_campaign(dice, slot[1], day) if slot[0] == GOOGLE_ADS else None
    cross = {
        "campaign_id": google["campaign_id"] if google else None,
        "campaign_name": google["campaign_name"] if google else seen.campaign,
        "source": seen.source,
        "medium": seen.medium,
        "source_platform": "Google Ads" if google else None,
        "default_channel_group": seen.group,
        "primary_channel_group": seen.group,
    }
    whole = {"manual_campaign": manual, "google_ads_campaign": google, "cross_channel_campaign": cross}
    others = dict.fromkeys(("sa360_campaign", "cm360_campaign", "dv360_campaign"))
    return b"," + fields({"session_traffic_source_last_click": whole | others})


def _google_campaign(dice: Dice, slot: int, day: int) -> dict[str, str | None]:
    book = catalog(dice)
    campaign = book.campaigns[book.campaign[slot]]
    account, grouped = ACCOUNTS[campaign.account], book.group[slot] >= 0
    return {
        "customer_id": str(account.id),
        "account_name": account.name,
        "campaign_id": str(campaign.id),
        "campaign_name": campaign_name(dice, campaign, day),
        "ad_group_id": str(book.group_id(slot)) if grouped else None,
        "ad_group_name": group_name(book, slot) if grouped else None,
    }
