"""What counts as an identifier of a person: its rank, its normal form, and the values that belong to nobody.

The ranks and the normal forms follow the practice of identity graphs: an id that a system gives to one person is
strong, an address is medium, a browser is weak, and a click belongs to one session and never links two people.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from expectations.declare.identity import IDENTIFIERS, Identifier
from expectations.declare.rendered import CHECKOUT

DENY_LIST = CHECKOUT / "dbt" / "seeds" / "identity_deny_list.csv"
_GMAIL = ("gmail.com", "googlemail.com")

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
            _normal(kind, column).alias("token"),
            seen_at.alias("seen_at"),
        )
        for kind in IDENTIFIERS
        for column in kind.columns
        if column in records.columns
    ]
    known = pl.concat([OBSERVATIONS.clear(), *found]).filter(pl.col("token").is_not_null() & (pl.col("token") != ""))
    return without_denied(known).unique(["record_id", "identifier_type", "token"], keep="any")


def _normal(kind: Identifier, column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String).str.strip_chars()
    if kind.name == "email":
        return _email(text)
    if kind.name == "phone":
        return _phone(text)
    return text


def _email(text: pl.Expr) -> pl.Expr:
    """Lower case, NFKC; dots and a +tag mean nothing at Gmail; what is no address becomes null."""
    whole = text.str.normalize("NFKC").str.to_lowercase()
    parts = whole.str.extract_groups(r"^([^@\s]+)@([^@\s]+)$")
    local, domain = parts.struct.field("1"), parts.struct.field("2").str.strip_suffix(".")
    plain = local.str.extract(r"^([^+]*)", 1).str.replace_all(".", "", literal=True)
    at_gmail = domain.is_in(_GMAIL)
    domain = pl.when(at_gmail).then(pl.lit("gmail.com")).otherwise(domain)
    local = pl.when(at_gmail).then(plain).otherwise(local)
    return pl.when(local != "").then(pl.concat_str([local, pl.lit("@"), domain]))


def _phone(text: pl.Expr) -> pl.Expr:
    """Digits with a leading +, at least seven of them: the form of E.164 where the country is written."""
    digits = text.str.replace(r"^00", "+").str.replace_all(r"[^\d+]", "").str.replace_all(r"(.)\+", "$1")
    return pl.when(digits.str.count_matches(r"\d") >= 7).then(digits)


def without_denied(known: pl.DataFrame, deny_list: Path = DENY_LIST) -> pl.DataFrame:
    """The observations whose value may belong to a person."""
    denied = pl.read_csv(deny_list, infer_schema=False)
    values = denied.filter(pl.col("part") == "value")["value"].implode()
    local = denied.filter(pl.col("part") == "local_part")["value"].implode()
    domains = denied.filter(pl.col("part") == "domain")["value"].implode()
    token = pl.col("token")
    of_nobody = token.str.to_lowercase().is_in(values) | token.str.contains(r"^[0\-.\s]+$")
    mail = pl.col("identifier_type") == "email"
    before, after = token.str.extract(r"^([^@]+)@", 1), token.str.extract(r"@(.+)$", 1)
    # A domain and everything below it: `example.com`, `mail.example.com`.
    root = after.str.extract(r"([^.]+\.[^.]+)$", 1).fill_null(after)
    nobody_s = mail & (before.is_in(local) | after.is_in(domains) | root.is_in(domains))
    return known.filter(~(of_nobody | nobody_s))
