"""The purchase events: the order's number and money as the tag on the thank-you page sends them."""

from dataclasses import dataclass

import numpy as np

from deployments.local.saas.ga4_plan import NAMES, PURCHASE, Events, Visits
from deployments.local.saas.ga4_text import Item, ending, fields, item, params
from deployments.local.saas.orders import CURRENCIES, order_id

RATES = (1.0, 0.79, 0.92, 150.0)  # units of each currency per dollar, as the tag converts


@dataclass(frozen=True, slots=True)
class PurchasePieces:
    """What purchase events have of their own, one entry per purchase event in order."""

    value: list[bytes]
    closing: list[bytes]
    ending: list[bytes]


def purchase_pieces(seen: Visits, events: Events) -> PurchasePieces:
    """The pieces of the purchases among these events."""
    sessions = events.session[events.kind == PURCHASE]
    bought = seen.bought.take(np.searchsorted(seen.buyers, sessions))
    money = zip(bought.total.tolist(), bought.tax.tolist(), bought.shipping.tolist(), strict=True)
    lines = zip(bought.product.tolist(), bought.price.tolist(), bought.quantity.tolist(), strict=True)
    heads = zip(order_id(bought.ref).tolist(), bought.currency.tolist(), strict=True)
    rows = zip(heads, money, lines, strict=True)
    texts = [_pieces(*head, cents, _items(line, RATES[head[1]])) for head, cents, line in rows]
    return PurchasePieces(*map(list, zip(*texts, strict=True))) if texts else PurchasePieces([], [], [])


def _pieces(number: int, currency: int, cents: tuple[int, int, int], items: list[Item]) -> tuple[bytes, bytes, bytes]:
    """Name and value, closing parameters and ending of one purchase; (total, tax, shipping) in US cents."""
    total, tax, shipping = (local(amount, RATES[currency]) for amount in cents)
    ecommerce = {
        "total_item_quantity": sum(line["quantity"] for line in items),
        "purchase_revenue_in_usd": cents[0] / 100,
        "purchase_revenue": total,
        "refund_value_in_usd": None,
        "refund_value": None,
        "shipping_value_in_usd": cents[2] / 100,
        "shipping_value": shipping,
        "tax_value_in_usd": cents[1] / 100,
        "tax_value": tax,
        "unique_items": len(items),
        "transaction_id": str(number),
    }
    money = {"value": total, "tax": tax, "shipping": shipping}
    closing = params({"transaction_id": str(number), "currency": CURRENCIES[currency], **money})
    named = fields({"event_name": NAMES[PURCHASE], "event_value_in_usd": cents[0] / 100})
    return b"," + named, b"," + closing + b"],", ending(ecommerce, items)


def _items(lines: tuple[list[int], list[int], list[int]], rate: float) -> list[Item]:
    """One entry per order line; empty lines have product -1."""
    return [
        item(product, price=price, quantity=quantity, rate=rate)
        for product, price, quantity in zip(*lines, strict=True)
        if product >= 0
    ]


def local(cents: int, rate: float) -> float:
    """US cents as major units of a currency, whole for the yen."""
    return float(round(cents * rate / 100)) if rate > 10 else round(cents * rate) / 100
