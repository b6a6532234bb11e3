"""Pieces of an event's JSON that many events share, rendered once per process.

Every piece is made by the JSON library from a whole object and then cut, so that joining pieces gives JSON again;
no text is escaped by hand.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from deployments.local.saas.ga4_plan import (
    ADD_TO_CART,
    CHECKOUT,
    FIRST_PRODUCT_PAGE,
    MOST_EVENTS,
    NAMES,
    VIEW_ITEM,
)
from deployments.local.saas.hashing import Dice
from deployments.local.saas.links import SITE, page_path
from deployments.local.saas.orders import PRODUCTS, product_prices

Pieces = NDArray[np.object_]
Item = dict[str, Any]
Value = str | int | float | None
STREAM_ID: Final = "4000000001"
ENGAGEMENTS = 512  # different engagement times
SHOWS_ITEM = (VIEW_ITEM, ADD_TO_CART, CHECKOUT)
_HOST = SITE.removeprefix("https://")
_BRANDS = ("BrightCart", "Hearth & Co", "Nordlys", "Kaffe")
_CATEGORIES = ("Home", "Kitchen", "Outdoor", "Kids", "Gifts", "Apparel")
_DEVICES = (
    ("mobile", "Apple", "iPhone", "iOS", "iOS 26.1", "Safari", "26.1"),
    ("mobile", "Samsung", "Galaxy S25", "Android", "Android 16", "Chrome", "142.0.7444.60"),
    ("mobile", "Google", "Pixel 10", "Android", "Android 16", "Chrome", "142.0.7444.60"),
    ("desktop", None, None, "Windows", "Windows 11", "Chrome", "142.0.7444.61"),
    ("desktop", "Apple", "Macintosh", "Macintosh", "Macintosh Intel 10.15.7", "Safari", "26.1"),
    ("desktop", None, None, "Windows", "Windows 11", "Edge", "142.0.3595.53"),
    ("tablet", "Apple", "iPad", "iOS", "iPadOS 26.1", "Safari", "26.1"),
    ("tablet", "Samsung", "Galaxy Tab S10", "Android", "Android 16", "Chrome", "142.0.7444.60"),
    ("tablet", "Amazon", "Fire HD 10", "Android", "Android 14", "Silk", "140.2.5"),
)
DEVICES_EACH = 3  # of a category
_CITIES = (
    ("Americas", "Northern America", "United States", "New York", "New York NY (501)", "New York", "en-us"),
    ("Americas", "Northern America", "United States", "Illinois", "Chicago IL (602)", "Chicago", "en-us"),
    ("Americas", "Northern America", "United States", "Texas", "Austin TX (635)", "Austin", "es-us"),
    ("Europe", "Northern Europe", "United Kingdom", "England", "(not set)", "London", "en-gb"),
    ("Europe", "Northern Europe", "United Kingdom", "Scotland", "(not set)", "Edinburgh", "en-gb"),
    ("Europe", "Northern Europe", "United Kingdom", "England", "(not set)", "Manchester", "en-gb"),
    ("Europe", "Western Europe", "Germany", "Berlin", "(not set)", "Berlin", "de-de"),
    ("Europe", "Western Europe", "Germany", "Bavaria", "(not set)", "Munich", "de-de"),
    ("Europe", "Western Europe", "Germany", "North Rhine-Westphalia", "(not set)", "Cologne", "de-de"),
    ("Asia", "Eastern Asia", "Japan", "Tokyo", "(not set)", "Minato City", "ja-jp"),
    ("Asia", "Eastern Asia", "Japan", "Osaka", "(not set)", "Osaka", "ja-jp"),
    ("Asia", "Eastern Asia", "Japan", "Hokkaido", "(not set)", "Sapporo", "ja-jp"),
)
CITIES_EACH = 3  # of a country
_ITEM_NULLS = (
    *("item_refund_in_usd", "item_refund", "coupon", "affiliation", "location_id", "item_list_id", "item_list_name"),
    *("item_list_index", "promotion_id", "promotion_name", "creative_name", "creative_slot"),
)


def dumps(value: object) -> bytes:
    """Compact JSON."""
    return orjson.dumps(value)


def fields(values: Mapping[str, object]) -> bytes:
    """The inside of an object: `"a":1,"b":2`."""
    return dumps(values)[1:-1]


def param(key: str, value: Value) -> dict[str, object]:
    """One event parameter; exactly one of its four slots is set."""
    slots: dict[str, Value] = {"string_value": None, "int_value": None, "float_value": None, "double_value": None}
    kinds = {str: "string_value", int: "int_value", float: "double_value"}
    return {"key": key, "value": slots if value is None else {**slots, kinds[type(value)]: value}}


def params(values: Mapping[str, Value]) -> bytes:
    """Event parameters as the inside of a list, without those that are null."""
    return dumps([param(key, value) for key, value in values.items() if value is not None])[1:-1]


def pieces(texts: Sequence[bytes]) -> Pieces:
    """A column of byte strings that can be gathered by number."""
    column = np.empty(len(texts), dtype=np.object_)
    column[:] = texts
    return column


def page_address(place: int) -> str:
    """Where a page lives."""
    if place < FIRST_PRODUCT_PAGE:
        return SITE + page_path(place)
    product = place - FIRST_PRODUCT_PAGE
    if product < PRODUCTS:
        return f"{SITE}/products/item-{product}"
    return f"{SITE}/checkouts/cn/{'information' if product == PRODUCTS else 'thank-you'}"


def page_title(place: int) -> str:
    """The title a browser would show."""
    product = place - FIRST_PRODUCT_PAGE
    if product < 0:
        return "BrightCart"
    if product < PRODUCTS:
        return f"{item_name(product)} | BrightCart"
    return "Checkout - BrightCart" if product == PRODUCTS else "Thank you! - BrightCart"


def item_name(product: int) -> str:
    """The name of a product."""
    return f"{_CATEGORIES[product % 6]} favourite no. {product}"


def item(product: int, *, price: int, quantity: int, rate: float = 1.0) -> Item:
    """One entry of `items`: price in US cents, `rate` units of the event's currency per dollar."""
    local = round(price * rate) / 100
    return {
        "item_id": f"SKU-{product:05d}",
        "item_name": item_name(product),
        "item_brand": _BRANDS[product % 4],
        "item_variant": "SML"[product % 3],
        "item_category": _CATEGORIES[product % 6],
        **dict.fromkeys(("item_category2", "item_category3", "item_category4", "item_category5")),
        "price_in_usd": price / 100,
        "price": local,
        "quantity": quantity,
        "item_revenue_in_usd": price * quantity / 100,
        "item_revenue": round(local * quantity, 2),
        **dict.fromkeys(_ITEM_NULLS),
        "item_params": [],
    }


def kind_pieces() -> Pieces:
    """The name, by kind."""
    return pieces([b"," + fields({"event_name": name, "event_value_in_usd": None}) for name in NAMES])


def order_pieces() -> Pieces:
    """The numbers of the request, by position in the session; opens the parameters."""
    numbers = range(1, MOST_EVENTS + 2)
    return pieces([b'%d,"batch_ordering_id":%d,"event_params":[' % (n, n) for n in numbers])


def page_pieces() -> Pieces:
    """Address and title of a page, by its number."""
    places = range(FIRST_PRODUCT_PAGE + PRODUCTS + 2)
    return pieces([b"," + params({"page_location": page_address(p), "page_title": page_title(p)}) for p in places])


def referrer_pieces() -> Pieces:
    """The page somebody came from, by its number."""
    places = range(FIRST_PRODUCT_PAGE + PRODUCTS + 2)
    return pieces([b"," + params({"page_referrer": page_address(place)}) for place in places])


def engagement_pieces() -> Pieces:
    """[not engaged, engaged] without a time, then ENGAGEMENTS times of each."""
    plain = [b"," + params({"session_engaged": flag}) for flag in ("0", "1")]
    times = [120 + 7 * n + n * n // 6 for n in range(ENGAGEMENTS)]
    return pieces(plain + [start + b"," + params({"engagement_time_msec": time}) for start in plain for time in times])


def closing_pieces(dice: Dice) -> Pieces:
    """The end of the parameters, by `closing_number`: value and currency where an item is shown."""
    none = [b"],"] * len(NAMES)
    prices = product_prices(dice).tolist()
    shown = [b"," + params({"currency": "USD", "value": price / 100}) + b"]," for price in prices]
    return pieces(none + shown)


def ending_pieces(dice: Dice) -> Pieces:
    """What stands behind the traffic source, by `closing_number`, up to the name of the export table."""
    prices = product_prices(dice).tolist()
    shown = [ending(None, [item(product, price=price, quantity=1)]) for product, price in enumerate(prices)]
    return pieces([ending(None, [])] * len(NAMES) + shown)


def ending(ecommerce: Mapping[str, object] | None, items: Sequence[Item]) -> bytes:
    """The last columns of Google's, and the beginning of ours."""
    last = {
        "event_dimensions": {"hostname": _HOST},
        "ecommerce": ecommerce,
        "items": items,
        "publisher": None,
        "stream_id": STREAM_ID,
        "platform": "WEB",
        "export_table": "",
    }
    return b"," + fields(last)[:-1]


def closing_number(kind: NDArray[np.int64], product: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which closing and ending an event has."""
    return np.where(np.isin(kind, SHOWS_ITEM), len(NAMES) + product, kind)


def device_pieces() -> Pieces:
    """The device, by category * DEVICES_EACH + variant and then language: see `device_number`."""
    languages = sorted({city[6] for city in _CITIES})
    return pieces([_device(row, language) for row in _DEVICES for language in languages])


def device_number(device: NDArray[np.int64], variant: NDArray[np.int64], city: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which device piece a visitor has."""
    languages = sorted({row[6] for row in _CITIES})
    spoken = np.array([languages.index(row[6]) for row in _CITIES], dtype=np.int64)
    found: NDArray[np.int64] = (device * DEVICES_EACH + variant) * len(languages) + spoken[city]
    return found


def city_pieces() -> Pieces:
    """The place, by country * CITIES_EACH + variant; ends the columns about the visitor's machine."""
    names = ("continent", "sub_continent", "country", "region", "metro", "city")
    return pieces([b"," + fields({"geo": dict(zip(names, row[:6], strict=True)), "app_info": None}) for row in _CITIES])


def _device(row: tuple[str | None, ...], language: str) -> bytes:
    category, brand, model, system, version, browser, browser_version = row
    web = {"browser": browser, "browser_version": browser_version, "hostname": _HOST}
    device = {
        "category": category,
        "mobile_brand_name": brand,
        "mobile_model_name": model,
        **dict.fromkeys(("mobile_marketing_name", "mobile_os_hardware_model")),
        "operating_system": system,
        "operating_system_version": version,
        **dict.fromkeys(("vendor_id", "advertising_id")),
        "language": language,
        **dict.fromkeys(("browser", "browser_version")),
        "is_limited_ad_tracking": "No",
        "time_zone_offset_seconds": None,
        "web_info": web,
    }
    return b"," + fields({"device": device})
