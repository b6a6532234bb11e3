"""The reasons for which totals may differ, in the order in which they are applied.

The order is part of the meaning: a copy of a test order is a duplicate, because duplicates come first. So every row has
one reason and every amount is unique, whatever happened to the row first. A reason is believed between the checkpoints
where it can happen only: nothing that is dropped between landing and raw is a refund.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

STAGES = ("source", "landed", "raw", "mart", "published")
EDGES = tuple(pairwise(STAGES))
UNEXPLAINED = "unexplained"

_READ, _LOADED, _BUILT, _RELEASED = EDGES


@dataclass(frozen=True)
class Bucket:
    """A named reason: the words for it in a sentence, what is counted, and between which checkpoints it can happen."""

    name: str
    words: str
    counted: str
    edges: tuple[tuple[str, str], ...]


CATALOGUE = (
    Bucket("duplicates_removed", "duplicates removed", "row", (_LOADED, _BUILT)),
    Bucket("duplicates_loaded", "delivered or loaded twice", "row", (_READ, _LOADED)),
    Bucket("superseded_versions", "older versions of the same rows", "row", (_READ, _BUILT)),
    Bucket("removed_entities", "of removed or archived campaigns", "campaign", (_READ,)),
    Bucket("quarantined", "held in quarantine", "row", (_LOADED,)),
    Bucket("deleted_by_privacy_request", "deleted by a privacy request", "row", (_LOADED, _BUILT)),
    Bucket("bot_filtering", "of bots, filtered", "row", (_BUILT,)),
    Bucket("test_orders", "of test orders", "order", (_BUILT,)),
    Bucket("cancelled", "of cancelled orders", "order", (_BUILT,)),
    Bucket("gift_cards", "paid by gift card", "order", (_BUILT,)),
    Bucket("exchanges", "of exchanges", "order", (_BUILT,)),
    Bucket("drafts", "of drafts", "order", (_BUILT,)),
    Bucket("thresholding", "in rows that the source withholds from its details", "row", (_READ,)),
    Bucket("consent_modelled", "modelled by the source, without consent", "row", (_READ,)),
    Bucket("partial_day", "after we read the unfinished day", "row", (_READ,)),
    Bucket("late_rows", "arrived after we had read the day", "row", (_READ,)),
    Bucket("missing_pages", "on pages that were not delivered", "row", (_READ,)),
    Bucket("time_zone_shift", "booked on another day by the time zone", "row", (_BUILT,)),
    Bucket("report_time", "counted on the day of the click, not of the conversion", "row", (_BUILT,)),
    Bucket("currency", "by another exchange rate", "row", (_BUILT,)),
    Bucket("restated_after_extraction", "restated after our {time}extraction", "campaign", (_READ,)),
    Bucket("restated_after_build", "restated after our {time}extraction", "campaign", (_BUILT,)),
    Bucket("restated_after_release", "newer than the published release", "row", (_RELEASED,)),
    Bucket("attribution_window_change", "by another attribution window", "row", (_BUILT,)),
    Bucket("refunds", "refunds", "refund", (_BUILT,)),
    Bucket("taxes_shipping_tips", "taxes, shipping and tips", "row", (_BUILT,)),
    Bucket("discounts", "discounts", "row", (_BUILT,)),
    Bucket("invalid_traffic_credits", "credits for invalid traffic", "row", (_READ, _BUILT)),
    Bucket("micros_rounding", "rounding to the cent", "row", (_BUILT,)),
    Bucket(UNEXPLAINED, UNEXPLAINED, "row", EDGES),
)
ORDER = tuple(bucket.name for bucket in CATALOGUE)
NAMED: Mapping[str, Bucket] = MappingProxyType({bucket.name: bucket for bucket in CATALOGUE})

# What a row says about itself, and the reason that it gives for being left out (or put in).
FLAGS = (
    "removed_entities", "quarantined", "deleted_by_privacy_request", "bot_filtering", "test_orders", "cancelled",
    "gift_cards", "exchanges", "drafts", "thresholding", "consent_modelled",
)  # fmt: skip
KINDS: Mapping[str, str] = MappingProxyType({
    "refund": "refunds", "tax": "taxes_shipping_tips", "shipping": "taxes_shipping_tips", "tip": "taxes_shipping_tips",
    "discount": "discounts", "credit": "invalid_traffic_credits",
})  # fmt: skip


def between(from_stage: str, to_stage: str) -> frozenset[str]:
    """Names of the buckets that can explain a difference between two checkpoints, `from_stage` being the earlier."""
    crossed = EDGES[STAGES.index(from_stage) : STAGES.index(to_stage)]
    return frozenset(bucket.name for bucket in CATALOGUE if set(bucket.edges) & set(crossed))
