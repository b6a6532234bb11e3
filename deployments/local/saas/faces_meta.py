"""Meta Ads as its connector delivers it: ids as text, spend in major units, actions as arrays, no key for no array."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from deployments.local.saas.ad_totals import has_sold, totals
from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.catalog import (
    ACCOUNTS,
    META,
    Account,
    ad_name,
    campaign_name,
    catalog,
    group_name,
    renamed_on,
)
from deployments.local.saas.deliveries import Deliveries, account_day
from deployments.local.saas.hashing import Dice, Flags, Ints
from deployments.local.saas.seasons import SECOND, date_of, instant_of, midnight, today
from deployments.local.saas.world import World

LOOK_BACK = 28
MINE = tuple(place for place, account in enumerate(ACCOUNTS) if account.platform == META)
_PURCHASES = ("purchase", "omni_purchase", "offsite_conversion.fb_pixel_purchase")
_TEN_IN_THE_MORNING = 36_000 * SECOND


def ads_insights(world: World, request: Request) -> Iterator[Block]:
    """Rows by ad and day."""
    return blocks(row for place, day in _days(request) for row in _ad_rows(world.dice, place, day, request))


def ads_insights_account(world: World, request: Request) -> Iterator[Block]:
    """Account totals by day: the control of the ad level, added up on its own."""
    return blocks(row for place, day in _days(request) for row in _account_rows(world.dice, place, day, request))


def campaigns(world: World, request: Request) -> Iterator[Block]:
    """Campaigns renamed since the last look."""
    return _changed(world.dice, request, _campaign_records(world.dice, request))


def ad_sets(world: World, request: Request) -> Iterator[Block]:
    """Ad sets touched since the last look; they change with their campaign."""
    book = catalog(world.dice)
    slots = [slot for slot in _slots(world.dice) if book.ad[slot] == 0]
    return _changed(world.dice, request, (_ad_set(world.dice, slot, request) for slot in slots))


def ads(world: World, request: Request) -> Iterator[Block]:
    """Ads touched since the last look; they change with their campaign."""
    return _changed(world.dice, request, (_ad(world.dice, slot, request) for slot in _slots(world.dice)))


def ad_account(_world: World, request: Request) -> Iterator[Block]:
    """All accounts, every time."""
    return blocks(_account(ACCOUNTS[place], request) for place in MINE)


STREAMS: dict[str, Stream] = {
    "ads_insights": ads_insights,
    "ads_insights_account": ads_insights_account,
    "campaigns": campaigns,
    "ad_sets": ad_sets,
    "ads": ads,
    "ad_account": ad_account,
}


def _days(request: Request) -> Iterator[tuple[int, int]]:
    return ((place, day) for place in MINE for day in request.days(ACCOUNTS[place].zone, LOOK_BACK))


def _slots(dice: Dice) -> list[int]:
    return [int(slot) for place in MINE for slot in catalog(dice).slots_of(place)]


def _ad_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    book, account = catalog(dice), ACCOUNTS[place]
    known = account_day(dice, place, day).as_of(request.until_micros)
    links, others = _reactions(dice, known)
    on_platform = np.bincount(known.slot[links], minlength=len(book.ad)).tolist()
    reactions = np.bincount(known.slot[others], minlength=len(book.ad)).tolist()
    for slot, *figures in totals(known, known.slot, request.until_micros).rows():
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
            **_actions(account, figures),
        }


def _account_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    account, instant = ACCOUNTS[place], request.until_micros
    known = account_day(dice, place, day).as_of(instant)
    if not len(known):
        return
    links, others = _reactions(dice, known)
    sold = has_sold(known, instant)
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
        **_actions(account, figures),
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


def _actions(account: Account, figures: list[int]) -> Record:
    """The arrays; a platform that has nothing to say sends no key at all."""
    clicks, _, _, conversions, value = figures
    found: Record = {}
    if clicks:
        found["outbound_clicks"] = [{"action_type": "outbound_click", "value": float(clicks)}]
    counts = {"link_click": clicks, "landing_page_view": clicks - clicks // 10}
    counts |= dict.fromkeys(_PURCHASES, conversions)
    if listed := [_action(name, float(count)) for name, count in counts.items() if count]:
        found["actions"] = listed
    if conversions:
        found["action_values"] = [_action(name, money(account, value)) for name in _PURCHASES]
    return found


def _action(name: str, value: float) -> Record:
    return {"action_type": name, "value": value, "7d_click": value}


def money(account: Account, minor: int) -> float:
    """Major units; the division is exact to the last printed digit."""
    return minor / account.minor


def _campaign_records(dice: Dice, request: Request) -> Iterator[tuple[int, Record]]:
    for campaign in catalog(dice).campaigns:
        account = ACCOUNTS[campaign.account]
        if account.platform == META:
            at = _changed_at(dice, campaign.index, request)
            yield (
                at,
                {
                    "id": str(campaign.id),
                    "account_id": str(account.id),
                    "name": campaign_name(dice, campaign, today(request.until_micros)),
                    "objective": campaign.kind,
                    "buying_type": "AUCTION",
                    "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
                    "status": "ACTIVE",
                    "configured_status": "ACTIVE",
                    "effective_status": "ACTIVE",
                    "daily_budget": float(campaign.budget),
                    "lifetime_budget": 0.0,
                    "budget_remaining": float(campaign.budget),
                    "budget_rebalance_flag": False,
                    "smart_promotion_type": "GUIDED_CREATION",
                    "source_campaign_id": 0.0,
                    "special_ad_category": "NONE",
                    "issues_info": [],
                    "stop_time": None,
                    **_times(account, at),
                },
            )


def _ad_set(dice: Dice, slot: int, request: Request) -> tuple[int, Record]:
    book = catalog(dice)
    campaign = book.campaigns[book.campaign[slot]]
    at = _changed_at(dice, campaign.index, request)
    return at, {
        "id": str(book.group_id(slot)),
        "account_id": str(ACCOUNTS[campaign.account].id),
        "campaign_id": str(campaign.id),
        "name": group_name(book, slot),
        "effective_status": "ACTIVE",
        "daily_budget": 0.0,
        "lifetime_budget": 0.0,
        "budget_remaining": 0.0,
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP",
        "end_time": None,
        "targeting": {"age_min": 18, "age_max": 65, "device_platforms": ["mobile", "desktop"]},
        "promoted_object": {"pixel_id": "917042523049733", "custom_event_type": "PURCHASE"},
        "learning_stage_info": {"status": "SUCCESS", "conversions": 50},
        **_times(ACCOUNTS[campaign.account], at),
    }


def _ad(dice: Dice, slot: int, request: Request) -> tuple[int, Record]:
    book = catalog(dice)
    campaign = book.campaigns[book.campaign[slot]]
    at = _changed_at(dice, campaign.index, request)
    times = _times(ACCOUNTS[campaign.account], at)
    del times["start_time"]
    return at, {
        "id": str(book.ad_id(slot)),
        "account_id": str(ACCOUNTS[campaign.account].id),
        "campaign_id": str(campaign.id),
        "adset_id": str(book.group_id(slot)),
        "name": ad_name(book, slot),
        "status": "ACTIVE",
        "effective_status": "ACTIVE",
        "bid_type": "ABSOLUTE_OCPM",
        "creative": {"id": str(book.ad_id(slot) + 500_000_000_000)},
        "source_ad_id": "0",
        "last_updated_by_app_id": "119211728144504",
        "conversion_specs": [{"action.type": ["offsite_conversion"], "conversion_id": ["6015304265216283"]}],
        "tracking_specs": [{"action.type": ["link_click"]}],
        **times,
    }


def _account(account: Account, request: Request) -> Record:
    created = midnight(20_200, account.zone) + _TEN_IN_THE_MORNING
    return {
        "id": f"act_{account.id}",
        "account_id": str(account.id),
        "account_status": 1,
        "name": account.name,
        "currency": account.currency,
        "timezone_name": account.zone,
        "timezone_offset_hours_utc": _offset_hours(account, request.until),
        "created_time": stamp(account, created),
        "age": float(today(request.until_micros, account.zone) - 20_200),
        "amount_spent": "0",
        "balance": "0",
        "business_name": "BrightCart Inc.",
        "disable_reason": 0.0,
        "is_personal": 0.0,
        "is_prepay_account": False,
        "min_daily_budget": 100.0,
        "spend_cap": "0",
    }


def _offset_hours(account: Account, instant: datetime) -> float:
    offset = instant.astimezone(ZoneInfo(account.zone)).utcoffset()
    return offset.total_seconds() / 3_600 if offset else 0.0


def _changed_at(dice: Dice, campaign: int, request: Request) -> int:
    """The last change of a campaign and everything below it, up to the instant of the request."""
    account = ACCOUNTS[catalog(dice).campaigns[campaign].account]
    day = renamed_on(dice, campaign, today(request.until_micros))
    return min(midnight(day, account.zone) + _TEN_IN_THE_MORNING, request.until_micros)


def _changed(dice: Dice, request: Request, found: Iterator[tuple[int, Record]]) -> Iterator[Block]:
    first = request.is_first
    return blocks(record for at, record in found if first or at > request.since_micros)


def _times(account: Account, at: int) -> Record:
    created = stamp(account, midnight(20_148, account.zone) + _TEN_IN_THE_MORNING)
    return {"start_time": created, "created_time": created, "updated_time": stamp(account, at)}


def stamp(account: Account, at: int) -> str:
    """An instant as Meta writes it: local, with an offset that has no colon."""
    return instant_of(at).astimezone(ZoneInfo(account.zone)).strftime("%Y-%m-%dT%H:%M:%S%z")
