"""Where a session came from, as GA4 would have seen it, and how that reads in the export and in the reports."""

from dataclasses import dataclass
from functools import lru_cache

from deployments.local.saas.catalog import ACCOUNTS, campaign_name, catalog, group_name
from deployments.local.saas.ga4_text import fields, page_title, params
from deployments.local.saas.hashing import Dice
from deployments.local.saas.links import SITE, fbclid, gclid, landing_path, origin

GOOGLE_ADS, META_ADS, ORGANIC, DIRECT, EMAIL, REFERRAL, SOCIAL = range(7)
CLICK = b"~CLICK~"  # stands for the click id in prepared texts
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
    source, medium, campaign = origin(dice, channel, slot, spelling)
    if channel == GOOGLE_ADS:
        kind = catalog(dice).campaigns[catalog(dice).campaign[slot]].kind
        return Origin(source, medium, campaign, _GOOGLE_GROUPS.get(kind, "Paid Search"), spelling != NO_UTM)
    if channel in (META_ADS, SOCIAL) and spelling == NO_UTM:
        host = "l.facebook.com" if channel == META_ADS else "l.instagram.com"
        return Origin(host, "referral", "(referral)", "Organic Social", False)
    if channel == EMAIL and spelling == NO_UTM:
        return Origin("(direct)", "(none)", "(direct)", "Direct", False)
    names = {ORGANIC: "(organic)", DIRECT: "(direct)", REFERRAL: "(referral)"}
    tagged = channel in (META_ADS, EMAIL, SOCIAL)
    return Origin(source, medium, names.get(channel, campaign or "(not set)"), _GROUPS[channel], tagged)


def click_text(channel: int, click: int) -> bytes:
    """The click id as the ad platform writes it into the landing address."""
    return (gclid(click) if channel == GOOGLE_ADS else fbclid(click)).encode() if click else b""


@lru_cache(maxsize=262_144)
def landing_params(dice: Dice, slot: tuple[int, int, int], page: int) -> bytes:
    """Parameters of the landing page of a session with this (channel, slot, spelling); CLICK is to be replaced."""
    channel, seen = slot[0], seen_origin(dice, *slot)
    address = landing_path(dice, *slot, page)
    if channel in (GOOGLE_ADS, META_ADS):
        name = "gclid" if channel == GOOGLE_ADS else "fbclid"
        address += f"{'&' if '?' in address else '?'}{name}={CLICK.decode()}"
    texts: dict[str, str | None] = {"page_location": SITE + address, "page_title": page_title(page)}
    if seen.group != "Direct":
        texts |= {"source": seen.source, "medium": seen.medium, "campaign": seen.campaign}
    return b"," + params(texts | {"gclid": CLICK.decode() if channel == GOOGLE_ADS else None})


@lru_cache(maxsize=65_536)
def collected(dice: Dice, slot: tuple[int, int, int]) -> bytes:
    """The `collected_traffic_source` column of the landing events; CLICK is to be replaced."""
    seen = seen_origin(dice, *slot)
    if not seen.tagged and slot[0] != GOOGLE_ADS:
        return b"," + fields({"collected_traffic_source": None})
    manual: dict[str, str | None] = dict.fromkeys("manual_" + name for name in _MANUAL.split())
    if seen.tagged:
        manual |= {
            "manual_campaign_name": seen.campaign,
            "manual_source": seen.source,
            "manual_medium": seen.medium,
        }
    ids = {"gclid": CLICK.decode() if slot[0] == GOOGLE_ADS else None, "dclid": None, "srsltid": None}
    return b"," + fields({"collected_traffic_source": manual | ids})


@lru_cache(maxsize=65_536)
def referrer_params(dice: Dice, slot: tuple[int, int, int]) -> bytes:
    """The page outside the shop that a session came from; nothing for direct visits."""
    channel = slot[0]
    if channel == REFERRAL:
        return b"," + params({"page_referrer": f"https://{origin(dice, channel, slot[1], 0)[0]}/"})
    found = _REFERRERS.get(channel)
    return b"," + params({"page_referrer": found}) if found else b""


@lru_cache(maxsize=65_536)
def first_source(dice: Dice, slot: tuple[int, int, int]) -> bytes:
    """The `traffic_source` column of a daily table."""
    seen = seen_origin(dice, *slot)
    return b"," + fields(
        {"traffic_source": {"name": seen.campaign, "medium": seen.medium, "source": seen.source}}
    )


@lru_cache(maxsize=65_536)
def last_click(dice: Dice, slot: tuple[int, int, int], day: int) -> bytes:
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
