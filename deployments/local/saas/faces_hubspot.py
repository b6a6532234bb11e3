"""HubSpot as its connector delivers it: every property twice, the date of each stage, no history."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.hashing import Dice
from deployments.local.saas.identities import Person, people, spelled
from deployments.local.saas.leads import ENGAGED_AFTER, STAGES, Contacts, contacts
from deployments.local.saas.links import SITE, fbclid, gclid, landing_path, origin, with_click
from deployments.local.saas.seasons import SECOND, SHOP_ZONE, date_of, instant_of, midnight, today
from deployments.local.saas.world import World

LOOK_BACK = 1
_QUIET_AFTER = ENGAGED_AFTER[-1] + 1  # days after which nothing happens to a contact any more
_SOURCES = (
    "PAID_SEARCH", "PAID_SOCIAL", "ORGANIC_SEARCH", "DIRECT_TRAFFIC", "EMAIL_MARKETING", "REFERRALS", "SOCIAL_MEDIA",
    "OFFLINE",
)  # fmt: skip
_COUNTRIES = ("United States", "United Kingdom", "Germany", "Japan")
_UNUSED_STAGES = ("evangelist", "other")


def contact_stream(world: World, request: Request) -> Iterator[Block]:
    """Every contact touched since the last look, in its present state."""
    return blocks(_touched(world.dice, request))


def contacts_count_by_day(world: World, request: Request) -> Iterator[Block]:
    """How many contacts CRM search counts per UTC day of creation; counted on its own."""
    return blocks(
        {"created_on": str(date_of(day)), "contacts": _created_on(world.dice, day, request.until_micros)}
        for day in request.days("UTC", LOOK_BACK)
    )


STREAMS: dict[str, Stream] = {"contacts": contact_stream, "contacts_count_by_day": contacts_count_by_day}


def _created_on(dice: Dice, day: int, instant: int) -> int:
    low, high = midnight(day, "UTC"), min(midnight(day + 1, "UTC") - 1, instant)
    columns = [contacts(dice, shop_day).created_at for shop_day in (day - 1, day, day + 1)]
    return sum(int(np.count_nonzero((created >= low) & (created <= high))) for created in columns)


def _touched(dice: Dice, request: Request) -> Iterator[Record]:
    since, last = request.since_micros, request.until_micros
    for day in range(today(since, SHOP_ZONE) - _QUIET_AFTER, request.last_day(SHOP_ZONE) + 1):
        found = contacts(dice, day)
        found = found.take((found.created_at <= last) & (found.updated_at(last) > since))
        yield from _records(dice, found, last)


def _records(dice: Dice, found: Contacts, instant: int) -> Iterator[Record]:
    who = people(dice, found.person, found.country)
    emails = spelled(dice, "contact.email", found.id, [person.email for person in who])
    entered = np.where(found.entered <= instant, found.entered, 0).tolist()
    visits = ((found.engaged > 0) & (found.engaged <= instant)).sum(axis=1)
    columns = (found.id, found.created_at, found.updated_at(instant), found.stage(instant), visits)
    numbers = zip(*(column.tolist() for column in columns), strict=True)
    origins = _origins(dice, found)
    for person, email, stages, row, came in zip(who, emails, entered, numbers, origins, strict=True):
        yield _record(row, {**_identity(person, email), **_stages(stages, row), **came})


def _record(row: tuple[int, ...], properties: Record) -> Record:
    contact, created, updated, _, visits = row
    properties |= {
        "createdate": property_time(created),
        "lastmodifieddate": property_time(updated),
        "hs_object_id": contact,
        "hs_object_source_label": "FORM",
        "hs_analytics_num_visits": visits + 1,
        "hs_analytics_num_page_views": visits * 3 + 1,
        "hs_email_open": visits,
        "hs_email_click": visits // 3,
        "hs_marketable_status": "true",
        "hs_is_contact": True,
        "hubspot_owner_id": None,
        "hs_merged_object_ids": None,
    }
    return {
        "id": str(contact),
        "createdAt": record_time(created),
        "updatedAt": record_time(updated),
        "archived": False,
        "companies": [],
        "properties": properties,
        **{f"properties_{name}": value for name, value in properties.items()},
    }


def _identity(person: Person, email: str | None) -> Record:
    return {
        "email": email,
        "hs_email_domain": email.strip().partition("@")[2].lower() if email else None,
        "phone": person.phone,
        "firstname": person.first,
        "lastname": person.last,
        "address": str(person.address()["address1"]) if person.id % 4 == 0 else None,
        "country": _COUNTRIES[person.country],
    }


def _stages(entered: list[int], row: tuple[int, ...]) -> Record:
    dates = dict(zip(STAGES, entered, strict=True)) | dict.fromkeys(_UNUSED_STAGES, 0)
    return {
        "lifecyclestage": STAGES[row[3]],
        **{f"hs_lifecyclestage_{name}_date": property_time(at) if at else None for name, at in dates.items()},
    }


def _origins(dice: Dice, found: Contacts) -> Iterator[Record]:
    """Where each contact came from, as the CRM's own script saw it."""
    columns = (found.channel, found.slot, found.page, found.click, found.created_at)
    for channel, slot, page, click, created in zip(*(column.tolist() for column in columns), strict=True):
        is_seen = channel >= 0
        path = with_click(landing_path(dice, channel, slot, 0, page), channel, click) if is_seen else ""
        source, _, campaign = origin(dice, channel, slot, 0) if is_seen else ("CRM_UI", "", "")
        yield {
            "hs_analytics_source": _SOURCES[channel],
            "hs_analytics_source_data_1": source,
            "hs_analytics_source_data_2": campaign or None,
            "hs_analytics_first_url": SITE + path if is_seen else None,
            "hs_analytics_first_timestamp": property_time(created - 20 * SECOND) if is_seen else None,
            "hs_latest_source": _SOURCES[channel],
            "hs_google_click_id": gclid(click) if channel == 0 else None,
            "hs_facebook_click_id": fbclid(click) if channel == 1 else None,
        }


def record_time(at: int) -> str:
    """An instant as the API writes it on the record."""
    return instant_of(at).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def property_time(at: int) -> str:
    """An instant as the connector writes it in a property."""
    return instant_of(at).strftime("%Y-%m-%dT%H:%M:%S.000000+00:00")
