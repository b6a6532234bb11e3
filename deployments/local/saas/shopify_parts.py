"""The parts of an order and of a refund as Shopify writes them: lines, shipping, money in two currencies."""

from __future__ import annotations

from deployments.local.saas.blocks import Record
from deployments.local.saas.orders import CURRENCIES, LINES, ORDER_ID, TAX_BASIS_POINTS

REFUND_ID, LINE_ID = 7_000_000_000_000, 12_000_000_000_000
_PER_DOLLAR = (1.0, 0.79, 0.92, 150.0)


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


def lines(row: Record) -> list[int]:
    """The places of the lines that are there."""
    return [n for n in range(LINES) if row["product"][n] >= 0]


def net(row: Record, n: int) -> int:
    """Discounted price of a line in cents."""
    price: int = row["price"][n] * row["quantity"][n] - row["line_discount"][n]
    return price


def tax_rate(row: Record) -> float:
    """Tax of the customer's country."""
    return int(TAX_BASIS_POINTS[row["country"]]) / 10_000


def line_record(row: Record, n: int) -> Record:
    """One line of an order."""
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
        "total_discount": 0.0,
        "discount_allocations": [_allocation(row, n)] if row["line_discount"][n] else [],
        "tax_lines": [{"price": money(row["line_tax"][n]), "rate": tax_rate(row), "title": "Sales tax"}],
        "gift_card": False,
        "requires_shipping": True,
        "taxable": True,
        "grams": 100 + product,
    }


def _allocation(row: Record, n: int) -> Record:
    cents = row["line_discount"][n]
    amounts = {"amount": money(cents), "amount_set": money_set(cents, row["currency"])}
    return {**amounts, "discount_application_index": 0}


def shipping_line(row: Record) -> Record:
    """Shipping is not taxed."""
    price = money(row["shipping"])
    return {
        "id": 4_000_000_000_000 + row["ref"],
        "title": "Standard",
        "code": "Standard",
        "source": "shopify",
        "price": price,
        "price_set": money_set(row["shipping"], row["currency"]),
        "discounted_price": price,
        "discounted_price_set": money_set(row["shipping"], row["currency"]),
        "tax_lines": [],
        "discount_allocations": [],
    }


def refunded_line(row: Record, n: int) -> Record:
    """One line of a refund."""
    currency = row["currency"]
    return {
        "id": 300_000_000_000 + row["ref"] % 10**10 * LINES + n,
        "line_item_id": LINE_ID + row["ref"] * LINES + n,
        "location_id": 63_590_301_885,
        "quantity": row["quantity"][n],
        "restock_type": "cancel" if row["cancelled_at"] else "return",
        "subtotal": money(net(row, n)),
        "subtotal_set": money_set(net(row, n), currency),
        "total_tax": money(row["line_tax"][n]),
        "total_tax_set": money_set(row["line_tax"][n], currency),
        "line_item": line_record(row, n),
    }


def adjustment(row: Record, shipping: int) -> Record:
    """Shipping that is given back."""
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


def transaction(row: Record, amount: int, at: str) -> Record:
    """The payment of a refund."""
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
