"""Google Ads as its connector delivers it: reports by account-local day, money in micros, names with dots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from deployments.local.saas.ad_totals import has_sold, totals
from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.catalog import (
    ACCOUNTS,
    GOOGLE,
    Account,
    Catalog,
    ad_name,
    campaign_name,
    catalog,
    group_name,
)
from deployments.local.saas.deliveries import Deliveries, account_day
from deployments.local.saas.hashing import Dice, Flags
from deployments.local.saas.links import gclid
from deployments.local.saas.seasons import date_of, local_hour
from deployments.local.saas.world import World

LOOK_BACK, CLICK_LOOK_BACK = 30, 3
MINE = tuple(place for place, account in enumerate(ACCOUNTS) if account.platform == GOOGLE)
DEVICES = ("MOBILE", "DESKTOP", "TABLET")
NETWORKS = {"SEARCH": "SEARCH", "SHOPPING": "SEARCH", "PERFORMANCE_MAX": "MIXED", "DEMAND_GEN": "CONTENT"}
_AD_TYPES = {"SEARCH": "RESPONSIVE_SEARCH_AD", "SHOPPING": "SHOPPING_PRODUCT_AD"}
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def ad_performance(world: World, request: Request) -> Iterator[Block]:
    """Rows by ad, day, network and device; Performance Max has no ads and therefore no rows."""
    return blocks(row for place, day in _days(request, LOOK_BACK) for row in _ad_rows(world.dice, place, day, request))


def campaign(world: World, request: Request) -> Iterator[Block]:
    """Rows by campaign, day, hour and network, Performance Max included."""
    return blocks(
        row for place, day in _days(request, LOOK_BACK) for row in _campaign_rows(world.dice, place, day, request)
    )


def account_performance_report(world: World, request: Request) -> Iterator[Block]:
    """Account totals by day, network and device: the control of the finer reports, added up on its own."""
    return blocks(
        row for place, day in _days(request, LOOK_BACK) for row in _account_rows(world.dice, place, day, request)
    )


def click_view(world: World, request: Request) -> Iterator[Block]:
    """One row per click with its gclid."""
    return blocks(
        row for place, day in _days(request, CLICK_LOOK_BACK) for row in _clicks(world.dice, place, day, request)
    )


STREAMS: dict[str, Stream] = {
    "ad_performance": ad_performance,
    "campaign": campaign,
    "account_performance_report": account_performance_report,
    "click_view": click_view,
}


def _days(request: Request, look_back: int) -> Iterator[tuple[int, int]]:
    """(account, day) of every slice, day by day: neighbouring days share their deliveries."""
    asked = {(day, place) for place in MINE for day in request.days(ACCOUNTS[place].zone, look_back)}
    return ((place, day) for day, place in sorted(asked))


def _ad_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    book, known = catalog(dice), account_day(dice, place, day).as_of(request.until_micros)
    known = known.take(book.ad[known.slot] >= 0)
    common = {**_customer(ACCOUNTS[place]), **_calendar(day)}
    found = totals(known, known.slot * len(DEVICES) + known.device, request.until_micros)
    for key, *figures in found.rows():
        slot, device = divmod(key, len(DEVICES))
        kind = book.campaigns[book.campaign[slot]].kind
        yield {
            **common,
            **_ad(dice, book, slot, _today(request)),
            "segments.ad_network_type": NETWORKS[kind],
            "segments.device": DEVICES[device],
            **_metrics(figures),
            "metrics.view_through_conversions": 0,
            "metrics.average_cpm": _ratio(figures[2] * 10_000_000, figures[1]),
            "metrics.cost_per_conversion": _ratio(figures[2] * 10_000, figures[3]),
        }


def _campaign_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    book, account = catalog(dice), ACCOUNTS[place]
    known = account_day(dice, place, day).as_of(request.until_micros)
    hour = local_hour(known.at, day, account.zone)
    for key, *figures in totals(known, book.campaign[known.slot] * 24 + hour, request.until_micros).rows():
        index, hour_of_day = divmod(key, 24)
        yield {
            "customer.id": account.id,
            **_campaign(dice, book, index, _today(request)),
            "segments.date": str(date_of(day)),
            "segments.hour": hour_of_day,
            "segments.ad_network_type": NETWORKS[book.campaigns[index].kind],
            **_metrics(figures),
        }


def _account_rows(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    book, instant = catalog(dice), request.until_micros
    known = account_day(dice, place, day).as_of(instant)
    networks = np.array([NETWORKS.get(one.kind, "") for one in book.campaigns])[book.campaign[known.slot]]
    for network in sorted(set(NETWORKS.values())):
        for device, name in enumerate(DEVICES):
            mine = (networks == network) & (known.device == device)
            if mine.any():
                yield {
                    **_customer(ACCOUNTS[place]),
                    "customer.auto_tagging_enabled": True,
                    "customer.manager": False,
                    "customer.test_account": False,
                    **_calendar(day),
                    "segments.ad_network_type": network,
                    "segments.device": name,
                    **_metrics(_summed(known, mine, instant)),
                }


def _summed(known: Deliveries, mine: Flags, instant: int) -> list[int]:
    """(clicks, impressions, cost, conversions, value) of some deliveries."""
    sold = mine & has_sold(known, instant)
    return [
        int(np.count_nonzero(known.is_click[mine])),
        int(known.impressions[mine].sum()),
        int(known.cost[mine].sum()),
        int(np.count_nonzero(sold)),
        int(known.claimed[sold].sum()),
    ]


def _clicks(dice: Dice, place: int, day: int, request: Request) -> Iterator[Record]:
    book, account = catalog(dice), ACCOUNTS[place]
    known = account_day(dice, place, day).as_of(request.until_micros)
    known = known.take(np.flatnonzero(known.is_click))
    shapes = {slot: _click_row(dice, slot, _today(request)) for slot in np.unique(known.slot).tolist()}
    for slot, click in zip(known.slot.tolist(), known.click.tolist(), strict=True):
        yield {
            **shapes[slot],
            "click_view.gclid": gclid(click),
            "customer.id": account.id,
            "segments.date": str(date_of(day)),
            "segments.ad_network_type": NETWORKS[book.campaigns[book.campaign[slot]].kind],
        }


def _click_row(dice: Dice, slot: int, today: int) -> Record:
    book = catalog(dice)
    one = book.campaigns[book.campaign[slot]]
    has_ad = book.ad[slot] >= 0
    group, ad = book.group_id(slot), book.ad_id(slot)
    words = group_name(book, slot).lower() if one.kind == "SEARCH" else ""
    return {
        "campaign.id": one.id,
        "campaign.name": campaign_name(dice, one, today),
        "campaign.network_settings.target_content_network": one.kind == "DEMAND_GEN",
        "campaign.network_settings.target_google_search": one.kind != "DEMAND_GEN",
        "campaign.network_settings.target_partner_search_network": False,
        "campaign.network_settings.target_search_network": one.kind != "DEMAND_GEN",
        "ad_group.id": group if has_ad else None,
        "ad_group.name": group_name(book, slot) if has_ad else None,
        "click_view.ad_group_ad": f"customers/{ACCOUNTS[one.account].id}/adGroupAds/{group}~{ad}" if has_ad else "",
        "click_view.keyword": f"customers/{ACCOUNTS[one.account].id}/adGroupCriteria/{group}~{one.id}" if words else "",
        "click_view.keyword_info.match_type": "BROAD" if words else "UNSPECIFIED",
        "click_view.keyword_info.text": words,
    }


def _customer(account: Account) -> Record:
    return {
        "customer.id": account.id,
        "customer.descriptive_name": account.name,
        "customer.currency_code": account.currency,
        "customer.time_zone": account.zone,
    }


def _calendar(day: int) -> Record:
    when = date_of(day)
    return {
        "segments.date": str(when),
        "segments.day_of_week": _WEEKDAYS[when.weekday()],
        "segments.week": str(when - timedelta(days=when.weekday())),
        "segments.month": str(when.replace(day=1)),
        "segments.quarter": str(when.replace(month=(when.month - 1) // 3 * 3 + 1, day=1)),
        "segments.year": when.year,
    }


def _ad(dice: Dice, book: Catalog, slot: int, today: int) -> Record:
    one = book.campaigns[book.campaign[slot]]
    return {
        "campaign.id": one.id,
        "campaign.name": campaign_name(dice, one, today),
        "campaign.status": "ENABLED",
        "ad_group.id": book.group_id(slot),
        "ad_group.name": group_name(book, slot),
        "ad_group.status": "ENABLED",
        "ad_group_ad.ad.id": book.ad_id(slot),
        "ad_group_ad.ad.name": ad_name(book, slot) if one.kind != "SEARCH" else "",
        "ad_group_ad.ad.type": _AD_TYPES.get(one.kind, "DEMAND_GEN_MULTI_ASSET_AD"),
        "ad_group_ad.status": "PAUSED" if book.ad_id(slot) % 17 == 0 else "ENABLED",
    }


def _campaign(dice: Dice, book: Catalog, index: int, today: int) -> Record:
    one = book.campaigns[index]
    customer = ACCOUNTS[one.account].id
    return {
        "campaign.id": one.id,
        "campaign.name": campaign_name(dice, one, today),
        "campaign.status": "ENABLED",
        "campaign.resource_name": f"customers/{customer}/campaigns/{one.id}",
        "campaign.base_campaign": f"customers/{customer}/campaigns/{one.id}",
        "campaign.advertising_channel_type": one.kind,
        "campaign.advertising_channel_sub_type": "UNSPECIFIED",
        "campaign.bidding_strategy_type": "MAXIMIZE_CONVERSION_VALUE",
        "campaign.campaign_budget": f"customers/{customer}/campaignBudgets/{one.id + 5}",
        "campaign.start_date_time": "2025-03-01 00:00:00",
        "campaign.end_date_time": "2037-12-30 23:59:59",
        "campaign.serving_status": "SERVING",
        "campaign.payment_mode": "CLICKS",
        "campaign.experiment_type": "BASE",
        "campaign.labels": [],
        "campaign_budget.amount_micros": one.budget * 10_000,
    }


def _metrics(figures: list[int]) -> Record:
    """From (clicks, impressions, cost, conversions, value), money in hundredths."""
    clicks, impressions, cost, conversions, value = figures
    return {
        "metrics.clicks": clicks,
        "metrics.impressions": impressions,
        "metrics.cost_micros": cost * 10_000,
        "metrics.conversions": float(conversions),
        "metrics.conversions_value": value / 100,
        "metrics.ctr": _ratio(clicks, impressions),
        "metrics.average_cpc": _ratio(cost * 10_000, clicks),
        "metrics.interactions": clicks,
        "metrics.interaction_event_types": ["InteractionEventType.CLICK"] if clicks else [],
    }


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _today(request: Request) -> int:
    return request.until_micros // 86_400_000_000
