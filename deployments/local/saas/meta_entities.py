"""Meta's campaigns, ad sets, ads and accounts as its connector delivers them: by `updated_time`, local times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from deployments.local.saas.blocks import Block, Record, Request, blocks
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
from deployments.local.saas.hashing import Dice
from deployments.local.saas.seasons import SECOND, instant_of, midnight, today
from deployments.local.saas.world import World

MINE = tuple(place for place, account in enumerate(ACCOUNTS) if account.platform == META)
_TEN_IN_THE_MORNING = 36_000 * SECOND


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


def _slots(dice: Dice) -> list[int]:
    return [int(slot) for place in MINE for slot in catalog(dice).slots_of(place)]


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
        "adlabels": [],
        "bid_amount": None,
        "bid_info": {},
        "bid_constraints": {},
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
        "adlabels": [],
        "bid_amount": None,
        "bid_info": {},
        "recommendations": [],
        "targeting": {"age_min": 18, "age_max": 65},
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
