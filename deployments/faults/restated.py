"""What a source says about days that are over: restated, withdrawn, or late. Then the new word is the true one."""

from __future__ import annotations

from datetime import date

from deployments.faults.case import Case, Recovery, Told, day, fault

_OLD = date(2026, 10, 17)
_TWICE = {"metric": "spend", "factor": 2, "account": 1}

CASES = (
    Case(
        "restated_within",
        "google_ads",
        day(14),
        tuple(
            fault("restated", "google_ads", 12, stream, metric="metrics.cost_micros", factor=2, account=3)
            for stream in ("ad_performance", "campaign", "account_performance_report")
        ),
        "A platform restates the spend of a day within its declared look-back",
        "Every sync reads the look-back again, and the newest word about an account and day replaces the older one",
        recovery=Recovery.TRUTH,
    ),
    Case(
        "restated_beyond_window",
        "meta_ads",
        day(17),
        tuple(
            fault("restated_beyond_window", "meta_ads", _OLD, stream, **_TWICE)
            for stream in ("ads_insights", "ads_insights_account")
        ),
        "A platform restates a day that is older than its declared look-back, and a sync reads back until there",
        "The newest word replaces the older one, however old the day is, and the amount is told",
        told=Told("restatement", "warning", "beyond the declared look-back of 28 days"),
        recovery=Recovery.TRUTH,
    ),
    Case(
        "vanish_rows",
        "meta_ads",
        day(12),
        (fault("vanish_rows", "meta_ads", date(2026, 11, 6), "ads_insights", share=0.4, by="ad_id"),),
        "Rows of a restated day are withdrawn",
        "A sync replaces whole days of an account: rows that are not in it any more are gone from the marts",
        recovery=Recovery.TRUTH,
    ),
    Case(
        "vanish_slice",
        "meta_ads",
        day(13),
        tuple(
            fault("vanish_rows", "meta_ads", date(2026, 11, 7), stream, account=3)
            for stream in ("ads_insights", "ads_insights_account")
        ),
        "All rows of an account and day are withdrawn",
        "A day between those that a sync brought for an account is empty where it brought none: its rows are gone",
        recovery=Recovery.TRUTH,
    ),
    Case(
        "late_rows",
        "ga4_export",
        day(14),
        (fault("late_rows", "ga4_export", 14, "events", by="event_key", share=0.2, days=2),),
        "A fifth of a day's events comes two days late",
        "Sessions that late events touch are built again; until the declared four days are over a day is provisional",
        recovery=Recovery.TRUTH,
        heals="the events arrive with a later sync",
    ),
    Case(
        "late_beyond_window",
        "ga4_export",
        day(9),
        (fault("late_beyond_window", "ga4_export", 9, "events", by="event_key", share=0.2, days=6),),
        "A fifth of a day's events comes six days late, after the declared four",
        "They are loaded and their sessions built again all the same, and their number is told",
        told=Told("restatement", "warning", "beyond the declared look-back of 4 days"),
        told_on=day(15),
        recovery=Recovery.TRUTH,
        heals="the events arrive with a later sync",
    ),
)
