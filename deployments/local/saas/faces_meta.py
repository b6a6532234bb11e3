"""Meta Ads as its connector delivers it: ids as text, spend in major units, actions as arrays, no key for no array."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from deployments.local.saas.ad_totals import has_sold, totals
from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.catalog import (
    ACCOUNTS,
    Account,
    ad_name,
    campaign_name,
    catalog,
    group_name,
)
from deployments.local.saas.deliveries import Deliveries, account_day
from deployments.local.saas.hashing import Dice, Flags, Ints
from deployments.local.saas.meta_entities import MINE, ad_account, ad_sets, ads, campaigns
from deployments.local.saas.seasons import date_of, today
from deployments.local.saas.world import World

LOOK_BACK = 28
_PURCHASES = ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")


def ads_insights(world: World, request: Request) -> Iterator[Block]:
    """Rows by ad and day."""
    return blocks(row for place, day in _days(request) for row in _ad_rows(world.dice, place, day, request))


def ads_insights_account(world: World, request: Request) -> Iterator[Block]:
    """Account totals by day: the control of the ad level, added up on its own."""
    return blocks(row for place, day in _days(request) for row in _account_rows(world.dice, place, day, request))


STREAMS: dict[str, Stream] = {
    "ads_insights": ads_insights,
    "ads_insights_account": ads_insights_account,
    "campaigns": campaigns,
    "ad_sets": ad_sets,
    "ads": ads,
    "ad_account": ad_account,
}


def _days(request: Request) -> Iterator[tuple[int, int]]:
    """(account, day) of every slice, day by day: neighbouring days share their deliveries."""
    asked = {(day, place) for place in MINE for day in request.days(ACCOUNTS[place].zone, LOOK_BACK)}
    return ((place, day) for day, place in sorted(asked))


def _ad_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    book, account = catalog(dice), ACCOUNTS[place]
    known = account_day(dice, place, day).as_of(request.until_micros)
    links, others = _reactions(dice, known)
    on_platform = np.bincount(known.slot[links], minlength=len(book.ad)).tolist()
    reactions = np.bincount(known.slot[others], minlength=len(book.ad)).tolist()
    found = totals(known, known.slot, request.until_micros)
    for (slot, *figures), seen in zip(found.rows(), found.views(), strict=True):
        campaign = book.campaigns[book.campaign[slot]]
        yield {
            **_row(account, day, campaign.kind),
            "campaign_id": str(campaign.id),
            "campaign_name": campaign_name(dice, campaign, today(request.until_micros)),
            "adset_id": str(book.group_id(slot)),
            "adset_name": group_name(book, slot),
            "ad_id": str(book.ad_id(slot)),
            "ad_name": ad_name(book, slot),
            "quality_ranking": "UNKNOWN",
            **_figures(account, figures, on_platform[slot], reactions[slot]),
            **_actions(account, figures, seen),
        }


def _account_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    account, instant = ACCOUNTS[place], request.until_micros
    known = account_day(dice, place, day).as_of(instant)
    if not len(known):
        return
    links, others = _reactions(dice, known)
    sold = has_sold(known, instant)
    seen = sold & ~known.is_click
    figures = [
        int(np.count_nonzero(known.is_click)),
        int(known.impressions.sum()),
        int(known.cost.sum()),
        int(np.count_nonzero(sold)),
        int(known.claimed[sold].sum()),
    ]
    row = _row(account, day, "")
    del row["objective"]
    yield {
        **row,
        **_figures(account, figures, int(np.count_nonzero(links)), int(np.count_nonzero(others))),
        **_actions(account, figures, (int(np.count_nonzero(seen)), int(known.claimed[seen].sum()))),
    }


def _reactions(dice: Dice, known: Deliveries) -> tuple[Flags, Flags]:
    """(views with a click to a page on the platform, views with a reaction): clicks that never reach the shop."""
    kind: Ints = dice.below("meta.reaction", known.ref, 4)
    return ~known.is_click & (kind == 1), ~known.is_click & (kind == 2)


def _row(account: Account, day: int, objective: str) -> Record:
    return {
        "account_id": str(account.id),
        "account_name": account.name,
        "account_currency": account.currency,
        "date_start": str(date_of(day)),
        "date_stop": str(date_of(day)),
        "objective": objective,
        "buying_type": "AUCTION",
        "created_time": "2025-03-01",
        "updated_time": str(date_of(day)),
    }


def _figures(account: Account, figures: list[int], on_platform: int, reactions: int) -> Record:
    clicks, impressions, cost, _, _ = figures
    inline, every = clicks + on_platform, clicks + on_platform + reactions
    reach = impressions - impressions // 6
    spend = money(account, cost)
    return {
        "spend": spend,
        "impressions": impressions,
        "reach": reach,
        "clicks": every,
        "inline_link_clicks": inline,
        "cpm": round(spend * 1000 / impressions, 6),
        "ctr": round(every * 100 / impressions, 6),
        "frequency": round(impressions / reach, 6),
        "social_spend": 0.0,
        "unique_clicks": every - every // 20,
    }


def _actions(account: Account, figures: list[int], seen: tuple[int, int]) -> Record:
    """The arrays; a platform that has nothing to say sends no key at all."""
    clicks, _, _, conversions, value = figures
    found: Record = {}
    if clicks:
        found["outbound_clicks"] = [{"action_type": "outbound_click", "value": float(clicks)}]
    counts = {"link_click": clicks, "landing_page_view": clicks - clicks // 10}
    counts |= dict.fromkeys(_PURCHASES, conversions)
    viewed, worth = seen
    views = dict.fromkeys(_PURCHASES, viewed)
    if listed := [_action(name, (count, views.get(name, 0)), float) for name, count in counts.items() if count]:
        found["actions"] = listed
    if conversions:
        found["action_values"] = [
            _action(name, (value, worth), lambda minor: money(account, minor)) for name in _PURCHASES
        ]
    return found


def _action(name: str, figures: tuple[int, int], written: Callable[[int], float]) -> Record:
    """All of it, and by window what it is claimed for; a window without anything has no key."""
    whole, viewed = figures
    windows = {"7d_click": whole - viewed, "1d_view": viewed}
    return {"action_type": name, "value": written(whole)} | {
        window: written(figure) for window, figure in windows.items() if figure
    }


def money(account: Account, minor: int) -> float:
    """Major units; the division is exact to the last printed digit."""
    return minor / account.minor
