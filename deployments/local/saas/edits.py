"""Orders that change after they were placed: until then a line that an edit adds is not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deployments.local.saas.orders import Orders, last_lines

AS_PLACED = 0


def as_of(found: Orders, instant: int) -> Orders:
    """The orders without the lines that are added after an instant (microseconds UTC; `AS_PLACED`: without any)."""
    later = last_lines(found.product) & (found.edited_at > instant)[:, None]
    if not later.any():
        return found
    return replace(
        found,
        product=np.where(later, -1, found.product),
        quantity=np.where(later, 0, found.quantity),
        price=np.where(later, 0, found.price),
        line_discount=np.where(later, 0, found.line_discount),
        line_tax=np.where(later, 0, found.line_tax),
        refunded=found.refunded & ~later,
    )
