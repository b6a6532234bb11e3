"""The purchase events: the order's number and money as the tag on the thank-you page sends them."""

from dataclasses import dataclass

import numpy as np

from deployments.local.saas.ga4_plan import NAMES, PURCHASE, Events, Visits
from deployments.local.saas.ga4_text import ending, fields, item, params
from deployments.local.saas.hashing import Dice
from deployments.local.saas.orders import CURRENCIES, Orders, order_id

RATES = (1.0, 0.79, 0.92, 150.0)  # units of each currency per dollar, as the tag converts


@dataclass(frozen=True, slots=True)
class PurchasePieces:
    """What purchase events have of their own, one entry per purchase event in order."""

    value: list[bytes]
    closing: list[bytes]
    ending: list[bytes]


def purchase_pieces(dice: Dice, seen: Visits, events: Events) -> PurchasePieces:
    """The pieces of the purchases among these events."""
    sessions = events.session[events.kind == PURCHASE]
    rows = np.searchsorted(seen.buyers, sessions)
    texts = [_Text.of(seen.bought, row) for row in rows.tolist()]
    return PurchasePieces([t.value for t in texts], [t.closing for t in texts], [t.ending for t in texts])


@dataclass(frozen=True, slots=True)
class _Text:
    value: bytes
    closing: bytes
    ending: bytes

    @classmethod
    def of(cls, bought: Orders, row: int) -> "_Text":
        """The three pieces of one order."""
        order = bought.take(np.array([row]))
        rate, currency = RATES[int(order.currency[0])], CURRENCIES[int(order.currency[0])]
        number = str(int(order_id(order.ref)[0]))
        total, tax, shipping = (int(column[0]) for column in (order.total, order.tax, order.shipping))
        closing = params(
            {
                "transaction_id": number,
                "currency": currency,
                "value": local(total, rate),
                "tax": local(tax, rate),
                "shipping": local(shipping, rate),
            }
        )
        lines = [
            item(product, price=price, quantity=quantity, rate=rate)
            for product, price, quantity in zip(
                order.product[0].tolist(), order.price[0].tolist(), order.quantity[0].tolist(), strict=True
            )
            if product >= 0
        ]
        ecommerce = {
            "total_item_quantity": int(order.quantity.sum()),
            "purchase_revenue_in_usd": total / 100,
            "purchase_revenue": local(total, rate),
            **dict.fromkeys(("refund_value_in_usd", "refund_value")),
            "shipping_value_in_usd": shipping / 100,
            "shipping_value": local(shipping, rate),
            "tax_value_in_usd": tax / 100,
            "tax_value": local(tax, rate),
            "unique_items": len(lines),
            "transaction_id": number,
        }
        named = {"event_name": NAMES[PURCHASE], "event_value_in_usd": total / 100}
        return cls(b"," + fields(named), b"," + closing + b"],", ending(ecommerce, lines))


def local(cents: int, rate: float) -> float:
    """US cents as major units of a currency, whole for the yen."""
    return float(round(cents * rate / 100)) if rate > 10 else round(cents * rate) / 100
