"""One order and one refund as Shopify's API writes them: money as numbers and in two currencies, local times."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from deployments.local.saas.blocks import Record
from deployments.local.saas.identities import Person
from deployments.local.saas.orders import CURRENCIES, CUSTOMER_ID, LINES, ORDER_ID, SOURCES, TAX_BASIS_POINTS
from deployments.local.saas.seasons import SHOP_ZONE, instant_of

SHOP_URL = "brightcart"
REFUND_ID, LINE_ID = 7_000_000_000_000, 12_000_000_000_000
_PER_DOLLAR = (1.0, 0.79, 0.92, 150.0)
_ZONE = ZoneInfo(SHOP_ZONE)


@dataclass(frozen=True, slots=True)
class Order:
    """One order at an instant: its row of the columns, and what is known of it elsewhere."""

    row: Record
    person: Person
    email: str | None
    landing: str | None
    referrer: str | None
    updated_at: int
    instant: int

    @property
    def is_cancelled(self) -> bool:
        """Whether it is cancelled by now."""
        return self._happened("cancelled_at")

    @property
    def is_refunded(self) -> bool:
        """Whether something was given back by now."""
        return self._happened("refunded_at")

    @property
    def is_fulfilled(self) -> bool:
        """Whether it was sent by now."""
        return self._happened("fulfilled_at")

    def _happened(self, name: str) -> bool:
        at: int = self.row[name]
        return 0 < at <= self.instant


def local(at: int) -> str:
    """An instant in the shop's zone, with its offset."""
    return instant_of(at).astimezone(_ZONE).isoformat(timespec="seconds")


def order_record(order: Order) -> Record:
    """The order as of its instant."""
    row = order.row
    created = local(row["created_at"])
    cancelled = local(row["cancelled_at"]) if order.is_cancelled else None
    return {
        "id": ORDER_ID + row["ref"],
        "admin_graphql_api_id": f"gid://shopify/Order/{ORDER_ID + row['ref']}",
        "app_id": 580_111,
        "name": f"#{row['ref'] % 10**9}",
        "number": row["ref"] % 10**9,
        "order_number": row["ref"] % 10**9,
        "shop_url": SHOP_URL,
        "created_at": created,
        "processed_at": created,
        "updated_at": local(order.updated_at),
        "closed_at": local(row["fulfilled_at"]) if order.is_fulfilled else None,
        "cancelled_at": cancelled,
        "cancel_reason": "customer" if cancelled else None,
        "deleted_at": None,
        "deleted_message": None,
        "deleted_description": None,
        "test": row["is_test"],
        "confirmed": True,
        "source_name": SOURCES[row["source"]],
        "financial_status": _financial(order),
        "fulfillment_status": "fulfilled" if order.is_fulfilled else None,
        "payment_gateway_names": ["gift_card"] if row["is_gift"] else ["shopify_payments"],
        "tags": "subscription" if row["source"] == 1 else "",
        "note": "Please leave at the door" if row["ref"] % 50 == 0 else None,
        "note_attributes": [],
        **_money(order),
        **_contact(order),
        "line_items": [_line(row, n) for n in _lines(row)],
        "refunds": [refund_record(row)] if order.is_refunded else [],
    }


def refund_record(row: Record) -> Record:
    """What was given back of an order that was refunded."""
    refund, at = REFUND_ID + row["ref"], local(row["refunded_at"])
    back = [n for n in _lines(row) if row["refunded"][n]]
    shipping = row["shipping"] if row["cancelled_at"] else 0
    amount = sum(_net(row, n) + row["line_tax"][n] for n in back) + shipping
    return {
        "id": refund,
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund}",
        "order_id": ORDER_ID + row["ref"],
        "created_at": at,
        "processed_at": at,
        "note": None,
        "restock": True,
        "user_id": 74_861_019_325,
        "return": None,
        "duties": "[]",
        "total_duties_set": money_set(0, row["currency"]),
        "order_adjustments": [_adjustment(row, shipping)] if shipping else [],
        "refund_line_items": [_refunded_line(row, n) for n in back],
        "transactions": [_transaction(row, amount, at)],
        "shop_url": SHOP_URL,
    }


def money(cents: int) -> float:
    """Dollars; the division is exact to the last printed digit."""
    return cents / 100


def money_set(cents: int, currency: int) -> Record:
    """An amount in the shop's and in the customer's currency."""
    rate, code = _PER_DOLLAR[currency], CURRENCIES[currency]
    shown = cents / 100 if currency == 0 else round(cents * rate / 100, 0 if code == "JPY" else 2)
    return {
        "shop_money": {"amount": cents / 100, "currency_code": "USD"},
        "presentment_money": {"amount": shown, "currency_code": code},
    }


def _money(order: Order) -> Record:
    row, currency = order.row, order.row["currency"]
    gross = sum(row["price"][n] * row["quantity"][n] for n in _lines(row))
    discount, tax = sum(row["line_discount"]), sum(row["line_tax"])
    total = gross - discount + row["shipping"] + tax
    back, back_tax = _given_back(order)
    kept_shipping = 0 if order.is_cancelled else row["shipping"]
    amounts = {
        "total_line_items_price": gross,
        "total_discounts": discount,
        "subtotal_price": gross - discount,
        "total_tax": tax,
        "total_price": total,
        "current_subtotal_price": gross - discount - back,
        "current_total_discounts": discount,
        "current_total_tax": tax - back_tax,
        "current_total_price": gross - discount - back + tax - back_tax + kept_shipping,
    }
    sets = {f"{name}_set": money_set(cents, currency) for name, cents in amounts.items()}
    return {
        "currency": "USD",
        "presentment_currency": CURRENCIES[currency],
        "taxes_included": False,
        "estimated_taxes": False,
        **{name: money(cents) for name, cents in amounts.items()},
        **sets,
        "total_shipping_price_set": money_set(row["shipping"], currency),
        "total_outstanding": 0.0,
        "total_tip_received": 0.0,
        "tax_lines": [{"price": money(tax), "rate": _rate(row), "title": "Sales tax"}] if tax else [],
        "discount_codes": [{"code": "BRIGHT", "amount": f"{discount / 100:.2f}", "type": "percentage"}]
        if discount
        else [],
    }


def _given_back(order: Order) -> tuple[int, int]:
    """(goods, tax) given back by now."""
    row = order.row
    if not order.is_refunded:
        return 0, 0
    back = [n for n in _lines(row) if row["refunded"][n]]
    return sum(_net(row, n) for n in back), sum(row["line_tax"][n] for n in back)


def _contact(order: Order) -> Record:
    row, person = order.row, order.person
    is_web, address = row["source"] == 0, person.address()
    return {
        "email": order.email or "",
        "contact_email": order.email,
        "phone": person.phone,
        "customer_locale": ("en-US", "en-GB", "de-DE", "ja-JP")[row["country"]],
        "buyer_accepts_marketing": row["person"] % 3 == 0,
        "browser_ip": f"203.0.113.{row['ref'] % 250 + 1}" if is_web else None,
        "landing_site": order.landing,
        "referring_site": order.referrer,
        "customer": {
            "id": CUSTOMER_ID + row["person"],
            "email": person.email,
            "first_name": person.first,
            "last_name": person.last,
            "phone": person.phone,
            "state": "disabled" if row["person"] % 100 < 38 else "enabled",
            "currency": "USD",
            "tags": "",
            "tax_exempt": False,
            "verified_email": True,
        },
        "billing_address": address,
        "shipping_address": address if row["source"] != 3 else None,
    }


def _financial(order: Order) -> str:
    if not order.is_refunded:
        return "paid"
    back, _ = _given_back(order)
    gross = sum(order.row["price"][n] * order.row["quantity"][n] for n in _lines(order.row))
    return "refunded" if back == gross - sum(order.row["line_discount"]) else "partially_refunded"


def _lines(row: Record) -> list[int]:
    return [n for n in range(LINES) if row["product"][n] >= 0]


def _net(row: Record, n: int) -> int:
    price: int = row["price"][n] * row["quantity"][n] - row["line_discount"][n]
    return price


def _rate(row: Record) -> float:
    return int(TAX_BASIS_POINTS[row["country"]]) / 10_000


def _line(row: Record, n: int) -> Record:
    product, currency = row["product"][n], row["currency"]
    return {
        "id": LINE_ID + row["ref"] * LINES + n,
        "product_id": 6_796_000_000_000 + product,
        "variant_id": 40_090_000_000_000 + product,
        "sku": f"BC-{product:04d}",
        "title": f"Product {product}",
        "name": f"Product {product}",
        "vendor": "BrightCart",
        "quantity": row["quantity"][n],
        "price": money(row["price"][n]),
        "price_set": money_set(row["price"][n], currency),
        "total_discount": money(row["line_discount"][n]),
        "tax_lines": [{"price": money(row["line_tax"][n]), "rate": _rate(row), "title": "Sales tax"}],
        "gift_card": False,
        "requires_shipping": True,
        "taxable": True,
        "grams": 100 + product,
    }


def _refunded_line(row: Record, n: int) -> Record:
    currency = row["currency"]
    return {
        "id": 300_000_000_000 + row["ref"] % 10**10 * LINES + n,
        "line_item_id": LINE_ID + row["ref"] * LINES + n,
        "location_id": 63_590_301_885,
        "quantity": row["quantity"][n],
        "restock_type": "cancel" if row["cancelled_at"] else "return",
        "subtotal": money(_net(row, n)),
        "subtotal_set": money_set(_net(row, n), currency),
        "total_tax": money(row["line_tax"][n]),
        "total_tax_set": money_set(row["line_tax"][n], currency),
        "line_item": _line(row, n),
    }


def _adjustment(row: Record, shipping: int) -> Record:
    return {
        "id": 8_000_000_000_000 + row["ref"],
        "order_id": ORDER_ID + row["ref"],
        "refund_id": REFUND_ID + row["ref"],
        "kind": "shipping_refund",
        "reason": "Shipping refund",
        "amount": f"-{shipping / 100:.2f}",
        "tax_amount": "0.00",
        "amount_set": money_set(-shipping, row["currency"]),
    }


def _transaction(row: Record, amount: int, at: str) -> Record:
    return {
        "id": 9_000_000_000_000 + row["ref"],
        "order_id": ORDER_ID + row["ref"],
        "kind": "refund",
        "status": "success",
        "gateway": "gift_card" if row["is_gift"] else "shopify_payments",
        "amount": f"{amount / 100:.2f}",
        "currency": "USD",
        "created_at": at,
        "processed_at": at,
        "test": False,
    }
