"""One order and one refund as Shopify's API writes them: money as numbers and in two currencies, local times."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from deployments.local.saas.blocks import Record
from deployments.local.saas.identities import Person
from deployments.local.saas.orders import CURRENCIES, CUSTOMER_ID, ORDER_ID, SOURCES
from deployments.local.saas.seasons import SHOP_ZONE, instant_of
from deployments.local.saas.shopify_parts import (
    REFUND_ID,
    adjustment,
    line_record,
    lines,
    money,
    money_set,
    net,
    refunded_line,
    shipping_line,
    tax_rate,
    transaction,
)  # fmt: skip

SHOP_URL = "brightcart"
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
    def is_edited(self) -> bool:
        """Whether a line was added by now."""
        return self._happened("edited_at")

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
        "tags": "subscription" if row["source"] == 1 else "exchange" if is_exchange(row) else "",
        "note": "Please leave at the door" if row["ref"] % 50 == 0 else None,
        "note_attributes": [],
        **_money(order),
        **_contact(order),
        "line_items": [line_record(row, n) for n in lines(row)],
        "shipping_lines": [shipping_line(row)] if row["shipping"] else [],
        "refunds": [refund_record(row)] if order.is_refunded else [],
    }


def is_exchange(row: Record) -> bool:
    """Two of five draft orders replace goods that came back."""
    return bool(row["source"] == 4 and row["ref"] % 5 < 2)


def is_voided(row: Record) -> bool:
    """Every fourth cancelled order was never charged: its goods come back, no money does."""
    return bool(row["cancelled_at"] and row["ref"] % 4 == 0)


def refund_record(row: Record) -> Record:
    """What was given back of an order that was refunded."""
    refund, at = REFUND_ID + row["ref"], local(row["refunded_at"])
    back = [n for n in lines(row) if row["refunded"][n]]
    shipping = row["shipping"] if row["cancelled_at"] else 0
    amount = sum(net(row, n) + row["line_tax"][n] for n in back) + shipping
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
        "order_adjustments": [adjustment(row, shipping)] if shipping else [],
        "refund_line_items": [refunded_line(row, n) for n in back],
        "transactions": [] if is_voided(row) else [transaction(row, amount, at)],
        "shop_url": SHOP_URL,
    }


def _money(order: Order) -> Record:
    row, currency = order.row, order.row["currency"]
    gross, tax = _priced(row, lines(row)[:-1] if order.is_edited else lines(row))
    now, tax_now = _priced(row, lines(row))
    discount = sum(row["line_discount"])
    total = gross - discount + row["shipping"] + tax
    back, back_tax = _given_back(order)
    kept_shipping = 0 if order.is_cancelled else row["shipping"]
    amounts = {
        "total_line_items_price": gross,
        "total_discounts": discount,
        "subtotal_price": gross - discount,
        "total_tax": tax,
        "total_price": total,
        "current_subtotal_price": now - discount - back,
        "current_total_discounts": discount,
        "current_total_tax": tax_now - back_tax,
        "current_total_price": now - discount - back + tax_now - back_tax + kept_shipping,
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
        "original_total_duties_set": None,
        "original_total_additional_fees_set": None,
        "total_cash_rounding_payment_adjustment_set": money_set(0, currency),
        "total_outstanding": 0.0,
        "total_tip_received": 0.0,
        "tax_lines": [{"price": money(tax), "rate": tax_rate(row), "title": "Sales tax"}] if tax else [],
        "discount_codes": [{"code": "BRIGHT", "amount": f"{discount / 100:.2f}", "type": "percentage"}]
        if discount
        else [],
    }


def _priced(row: Record, chosen: list[int]) -> tuple[int, int]:
    """(price before discounts, tax) of some lines."""
    return sum(row["price"][n] * row["quantity"][n] for n in chosen), sum(row["line_tax"][n] for n in chosen)


def _given_back(order: Order) -> tuple[int, int]:
    """(goods, tax) given back by now."""
    row = order.row
    if not order.is_refunded:
        return 0, 0
    back = [n for n in lines(row) if row["refunded"][n]]
    return sum(net(row, n) for n in back), sum(row["line_tax"][n] for n in back)


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
    if is_voided(order.row):
        return "voided"
    back, _ = _given_back(order)
    gross = sum(order.row["price"][n] * order.row["quantity"][n] for n in lines(order.row))
    return "refunded" if back == gross - sum(order.row["line_discount"]) else "partially_refunded"
