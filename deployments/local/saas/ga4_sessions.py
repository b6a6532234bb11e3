"""What all events of one session share, as text: one piece per session and column of the export."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.ga4_plan import Events, Visits
from deployments.local.saas.ga4_text import (
    CITIES_EACH,
    DEVICES_EACH,
    Pieces,
    city_pieces,
    device_number,
    device_pieces,
    fields,
    params,
    pieces,
)
from deployments.local.saas.ga4_traffic import (
    Slot,
    click_texts,
    collected_texts,
    first_source,
    landing_texts,
    last_click,
    slot_texts,
)
from deployments.local.saas.hashing import Dice, Ints
from deployments.local.saas.journeys import VISITOR, Sessions
from deployments.local.saas.orders import customer_id
from deployments.local.saas.people import birth_of
from deployments.local.saas.seasons import SECOND

ACCOUNTS_WITHOUT_ORDER = 9_000_000_000_000
_HAS_ACCOUNT, _SIGNS_IN, _ID_AS_TEXT = 0.25, 0.62, 0.01
_PRIVACY = {
    flag: b","
    + fields({"privacy_info": {"ads_storage": flag, "analytics_storage": flag, "uses_transient_token": "No"}})
    for flag in ("Yes", "No")
}
_NO_SOURCE = b"," + fields({"traffic_source": None})
_NO_LAST_CLICK = b"," + fields({"session_traffic_source_last_click": None})
_NOTHING_COLLECTED = b"," + fields({"collected_traffic_source": None})


@dataclass(frozen=True, slots=True)
class SessionPieces:
    """One piece per session and kind of table (the daily tables know more about the visitor).

    `nothing` is what events after the landing page have collected: nothing.
    """

    opening: Pieces
    landing: Pieces
    referrer: Pieces
    visitor: Pieces
    collected: Pieces
    nothing: bytes


def session_pieces(dice: Dice, day: int, seen: Visits, events: Events) -> tuple[SessionPieces, Ints]:
    """The pieces of the sessions of these events, and for each event the number of its piece."""
    codes, piece = np.unique(events.session * 2 + (events.lag > 0), return_inverse=True)
    web, daily = seen.web.take(codes // 2), (codes % 2 == 1).tolist()
    slots: list[Slot] = list(zip(web.channel.tolist(), web.slot.tolist(), web.spelling.tolist(), strict=True))
    clicks = click_texts(web.channel, web.click)
    texts = slot_texts(dice)
    known = [texts[slot] for slot in slots]
    return (
        SessionPieces(
            opening=pieces(_openings(dice, web)),
            landing=pieces(landing_texts(known, web.page, clicks)),
            referrer=pieces([one.referrer for one in known]),
            visitor=pieces(_visitors(dice, day, web, slots, daily)),
            collected=pieces(collected_texts(known, clicks)),
            nothing=_NOTHING_COLLECTED,
        ),
        piece.astype(np.int64),
    )


def user_ids(dice: Dice, web: Sessions) -> Ints:
    """The shop account somebody was logged in to, -1 for none; some have an account and never bought."""
    stranger = web.person >= VISITOR
    known = dice.chance("ga4.account", web.person, _HAS_ACCOUNT) & dice.chance("ga4.sign_in", web.ref, _SIGNS_IN)
    own = np.where(stranger, ACCOUNTS_WITHOUT_ORDER + web.person - VISITOR, customer_id(web.person))
    return np.where(np.where(stranger, known, web.login), own, -1)


def _openings(dice: Dice, web: Sessions) -> list[bytes]:
    """The parameters that name the session; without consent there is none."""
    as_text = dice.chance("ga4.text_id", web.ref, _ID_AS_TEXT)
    columns = (web.consent.tolist(), as_text.tolist(), (web.started_at // SECOND).tolist(), web.number.tolist())
    templates = _opening_texts()
    return [
        templates[text] % (start, number) if consent else _NO_SESSION
        for consent, text, start, number in zip(*columns, strict=True)
    ]


@lru_cache(maxsize=1)
def _opening_texts() -> tuple[bytes, bytes]:
    """Templates with places for the session's id and number: id as a number, id as text."""
    as_number = params({"ga_session_id": 111_111, "ga_session_number": 222_222})
    as_text = params({"ga_session_id": "111111", "ga_session_number": 222_222})
    return _with_places(as_number), _with_places(as_text)


def _with_places(text: bytes) -> bytes:
    return text.replace(b"111111", b"%d").replace(b"222222", b"%d")


def _visitors(dice: Dice, day: int, web: Sessions, slots: list[Slot], daily: list[bool]) -> list[bytes]:
    """From `user_id` to the traffic sources: identity, consent, device, place."""
    city = web.country * CITIES_EACH + dice.below("ga4.city", web.person, CITIES_EACH)
    variant = dice.below("ga4.device", web.client, DEVICES_EACH)
    devices = _machines()[0][device_number(web.device, variant, city)].tolist()
    cities = _machines()[1][city].tolist()
    sources, clicks = [_NO_SOURCE] * len(web), [_NO_LAST_CLICK] * len(web)
    for row in [row for row, known in enumerate(daily) if known]:
        sources[row], clicks[row] = first_source(dice, slots[row]), last_click(dice, slots[row], day)
    columns = (_identities(dice, web), _standings(web, daily), devices, cities, sources, clicks)
    return [b"".join(parts) for parts in zip(*columns, strict=True)]


@lru_cache(maxsize=1)
def _machines() -> tuple[Pieces, Pieces]:
    return device_pieces(), city_pieces()


def _identities(dice: Dice, web: Sessions) -> list[bytes]:
    users = [b'"%d"' % user if user >= 0 else b"null" for user in user_ids(dice, web).tolist()]
    columns = (users, web.consent.tolist(), web.client.tolist(), web.client_since.tolist())
    return [
        b'"user_id":%b,"user_pseudo_id":"%d.%d","user_first_touch_timestamp":%d000000' % (user, client, since, since)
        if consent
        else b'"user_id":%b,"user_pseudo_id":null,"user_first_touch_timestamp":null' % user
        for user, consent, client, since in zip(*columns, strict=True)
    ]


def _standings(web: Sessions, daily: list[bool]) -> list[bytes]:
    """Activity, consent and customer type; activity and lifetime value are known to daily tables only."""
    returning = (web.person < VISITOR) & (birth_of(web.person) * 86_400 * SECOND < web.started_at - 86_400 * SECOND)
    columns = (daily, web.consent.tolist(), returning.tolist(), (web.started_at // SECOND).tolist())
    return [
        (_ACTIVE if known else _UNKNOWN)
        + _PRIVACY["Yes" if consent else "No"]
        + (_CUSTOMER_TYPES[back] % start if consent else _NO_PROPERTIES)
        + (_VALUE if known else _NO_VALUE)
        for known, consent, back, start in zip(*columns, strict=True)
    ]


def _customer_type(name: str) -> bytes:
    slots = {"string_value": name, "int_value": None, "float_value": None, "double_value": None}
    value = slots | {"set_timestamp_micros": 111_111}
    whole = b"," + fields({"user_properties": [{"key": "customer_type", "value": value}]})
    return whole.replace(b"111111", b"%d000000")


_NO_SESSION = params({"ga_session_number": 1})
_CUSTOMER_TYPES = (_customer_type("new"), _customer_type("returning"))
_NO_PROPERTIES = b"," + fields({"user_properties": []})
_ACTIVE, _UNKNOWN = (b"," + fields({"is_active_user": flag}) for flag in (True, None))
_VALUE = b"," + fields({"user_ltv": {"revenue": 0.0, "currency": "USD"}})
_NO_VALUE = b"," + fields({"user_ltv": None})
