"""Records of an export as observations: every identifier in its normal form, without values that belong to nobody.

The normal forms are those of the tokens that seal makes (`tasks.adapters.normal_form`), so that `plumbline try
identity` and the pipeline link the same records.
"""

from __future__ import annotations

import polars as pl

from expectations.declare.identity import IDENTIFIERS, Identifier
from tasks.adapters.normal_form import is_nobody, normalised

SEEN_AT = pl.Datetime("us", "UTC")
OBSERVATIONS = pl.DataFrame(
    schema={"record_id": pl.String, "identifier_type": pl.String, "token": pl.String, "seen_at": SEEN_AT}
)


def observed(records: pl.DataFrame) -> pl.DataFrame:
    """Rows (record_id, identifier_type, token, seen_at) of a wide table of records, normalised, without denied values.

    `records` has `record_id`, any of the columns named in `IDENTIFIERS`, and `seen_at` (UTC) where it is known; others
    are ignored.
    """
    seen_at = pl.col("seen_at").cast(SEEN_AT) if "seen_at" in records.columns else pl.lit(None, SEEN_AT)
    found = [
        records.select(
            "record_id",
            pl.lit(kind.name).alias("identifier_type"),
            _normal(kind, records[column]).alias("token"),
            seen_at.alias("seen_at"),
        )
        for kind in IDENTIFIERS
        for column in kind.columns
        if column in records.columns
    ]
    known = pl.concat([OBSERVATIONS.clear(), *found]).drop_nulls("token")
    return known.unique(["record_id", "identifier_type", "token"], keep="any")


def _normal(kind: Identifier, values: pl.Series) -> pl.Series:
    """The normal forms of a column; null for what is empty or belongs to nobody. Each text is looked at once."""
    texts = values.cast(pl.String)
    forms = {text: normalised(kind.name, text) for text in texts.drop_nulls().unique()}
    kept = {text: form for text, form in forms.items() if form and not is_nobody(kind.name, form)}
    return texts.replace_strict(kept, default=None, return_dtype=pl.String)
