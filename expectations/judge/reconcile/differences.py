"""Row by row: what went in and did not come out, what came out and did not go in, and what changed on its way.

One outer join between the two checkpoints. A row that is on one side only gets the first reason that its evidence
proves; a row on both sides may move to another day and change by rate, by restatement and by rounding, in this order.
What no evidence proves is called unexplained, and kept, so that a person can look at it.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from expectations.judge.reconcile.buckets import FLAGS, KINDS, UNEXPLAINED
from expectations.judge.reconcile.rows import CENT, FIGURE, MICROS, local_day

_RECORD = ("source", "account", "metric", "key")
_COLUMNS = (*FIGURE, "bucket", "micros", "key", "raw_id")


def differences(before: pl.DataFrame, after: pl.DataFrame, allowed: Collection[str]) -> pl.DataFrame:
    """Each difference as (figure, bucket, micros, key, raw_id); `before` and `after` are typed rows.

    `allowed` names the buckets that are believed between these two checkpoints.
    """
    read = _read_at(after)
    earlier, later = _ranked(before), _ranked(after)
    on = [*_RECORD, "version", "copy"]
    gone = earlier.join(later, on=on, how="anti").join(read, on=["source", "account", "date"], how="left")
    come = later.join(earlier, on=on, how="anti").with_columns(pl.lit(None, pl.Datetime("us", "UTC")).alias("read_at"))
    pages = after.select("source", "account", "date", "page").drop_nulls().unique()
    gone = gone.join(pages.with_columns(pl.lit(True).alias("has_page")), on=pages.columns, how="left")
    come = come.with_columns(pl.lit(True).alias("has_page"))
    both = earlier.join(later, on=on, how="inner", suffix="_after")
    parts = [
        _alone(gone, allowed, came=False),
        _alone(come, allowed, came=True),
        *_moved(both, allowed),
        *_changed(both, allowed),
    ]
    return pl.concat(parts).filter(pl.col("micros") != 0)


def _read_at(rows: pl.DataFrame) -> pl.DataFrame:
    """When each account's day was last read."""
    return rows.group_by("source", "account", "date").agg(pl.col("said_at").max().alias("read_at"))


def _ranked(rows: pl.DataFrame) -> pl.DataFrame:
    """`version` counts back from the newest statement of a record; `copy` counts the deliveries of one statement."""
    said = pl.col("said_at").fill_null(pl.datetime(1970, 1, 1, time_zone="UTC"))
    ordered = rows.sort([*_RECORD, "raw_id"], nulls_last=True)
    return ordered.with_columns(
        said.rank("dense", descending=True).over(_RECORD).alias("version"),
        pl.int_range(pl.len()).over([*_RECORD, said]).alias("copy"),
        (pl.col("native") == pl.col("native").first().over([*_RECORD, said])).alias("is_equal"),
    )


def _alone(rows: pl.DataFrame, allowed: Collection[str], *, came: bool) -> pl.DataFrame:
    missed = pl.col("available_at") > pl.col("read_at")
    copy = "duplicates_loaded" if came else "duplicates_removed"
    reasons = [
        (copy, (pl.col("copy") > 0) & pl.col("is_equal")),
        ("superseded_versions", pl.col("version") > 1),
        *((name, pl.col("flag") == name) for name in FLAGS),
        ("partial_day", missed & (pl.col("read_at") < pl.col("day_ends_at"))),
        ("late_rows", missed),
        ("missing_pages", pl.col("page").is_not_null() & pl.col("has_page").is_null()),
        *((bucket, pl.col("kind") == kind) for kind, bucket in KINDS.items()),
    ]
    micros = pl.col("amount") if came else pl.col("amount") * -1
    return rows.with_columns(_first(reasons, allowed).alias("bucket"), micros.alias("micros")).select(_COLUMNS)


def _first(reasons: list[tuple[str, pl.Expr]], allowed: Collection[str]) -> pl.Expr:
    """The first allowed reason that holds."""
    chosen = pl.lit(UNEXPLAINED)
    for name, proof in reversed(reasons):
        if name in allowed:
            chosen = pl.when(proof).then(pl.lit(name)).otherwise(chosen)
    return chosen


def _moved(both: pl.DataFrame, allowed: Collection[str]) -> list[pl.DataFrame]:
    """Rows booked under another day (or currency): out of one figure and into the other, at the amount before."""
    zones = sorted({*both["zone"].drop_nulls(), *both["zone_after"].drop_nulls()})
    same_currency = pl.col("currency") == pl.col("currency_after")
    shifted = (
        (local_day("zone", "occurred_at", zones) == pl.col("date"))
        & (local_day("zone_after", "occurred_at_after", zones) == pl.col("date_after"))
        & (pl.col("occurred_at") == pl.col("occurred_at_after"))
        & same_currency
    )
    reasons = [
        ("time_zone_shift", shifted),
        ("report_time", same_currency & (pl.col("report_time") != pl.col("report_time_after"))),
        ("refunds", same_currency & (pl.col("kind") == "refund")),
    ]
    away = both.filter((pl.col("date") != pl.col("date_after")) | ~same_currency)
    away = away.with_columns(_first(reasons, allowed).alias("bucket"))
    out = away.with_columns((pl.col("amount") * -1).alias("micros")).select(_COLUMNS)
    return [out, _booked_after(away.with_columns(pl.col("amount").alias("micros")))]


def _booked_after(rows: pl.DataFrame) -> pl.DataFrame:
    figure = [pl.col(f"{n}_after").alias(n) if n in ("date", "currency") else pl.col(n) for n in FIGURE]
    return rows.select(*figure, "bucket", "micros", "key", pl.col("raw_id_after").alias("raw_id"))


def _changed(both: pl.DataFrame, allowed: Collection[str]) -> list[pl.DataFrame]:
    """By rate, by what the source said, and by rounding: three parts that add up to the change of each row."""
    now, was = _value("native_after", "rate_after"), _value("native", "rate")
    moved = both.filter((pl.col("amount") != pl.col("amount_after")) | (pl.col("native") != pl.col("native_after")))
    by_rate = _value("native", "rate_after") - was
    by_source = now - _value("native", "rate_after")
    rest = pl.col("amount_after") - now - (pl.col("amount") - was)
    newer = pl.col("said_at") != pl.col("said_at_after")
    rounded = rest.is_between(-CENT // 2, CENT // 2) & (pl.col("amount_after") % CENT == 0)
    said = [
        ("restated_after_extraction", newer),
        ("restated_after_release", newer),
        ("restated_after_build", newer),
        ("attribution_window_change", pl.col("window") != pl.col("window_after")),
    ]
    parts = [
        (by_rate, _first([("currency", pl.lit(value=True))], allowed)),
        (by_source, _first(said, allowed)),
        (rest, _first([("micros_rounding", rounded)], allowed)),
    ]
    told = [moved.with_columns(micros.alias("micros"), bucket.alias("bucket")) for micros, bucket in parts]
    return [_booked_after(part) for part in told]


def _value(native: str, rate: str) -> pl.Expr:
    """Converted to millionths, half up."""
    return (pl.col(native) * pl.col(rate) + MICROS // 2) // MICROS
