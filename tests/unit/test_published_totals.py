"""How new the totals of a release are, mart by mart."""

from __future__ import annotations

from tasks.publish.totals import loaded_in

OWN = {"release": "two", "window": "2026-11-17", "state": "final"}
HELD = {
    "release": "one",
    "window": "2026-11-16",
    "state": "final",
    "held_since": "2026-11-18T06:00:00+00:00",
    "because": ["HubSpot contacts: a field is gone."],
}
NOTES = {
    "id": "two",
    "window": {"label": "2026-11-17"},
    "state": "final",
    "load_seq": 9,
    "marts": {"fin_revenue_daily": OWN, "fct_ad_performance": HELD},
}


def test_a_mart_of_the_release_is_as_new_as_the_release() -> None:
    assert loaded_in(NOTES, "fin_revenue_daily") == 9


def test_a_held_mart_is_older_than_any_news_so_that_its_difference_has_a_name() -> None:
    assert loaded_in(NOTES, "fct_ad_performance") == 0
