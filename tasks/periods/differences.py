"""Why an ad platform's day is another amount now than at a moment, told per account from the published history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.declare.errors import Unavailable
from tasks.adapters.release_reader import select
from tasks.publish.publish import published

if TYPE_CHECKING:
    import polars as pl

    from expectations.judge.reconcile.waterfall import Figure

HISTORY, CURRENCIES = "fct_ad_spend_history", "fin_figures_daily"


@dataclass(frozen=True)
class Version:
    """What a platform said of a campaign's day from `known_from` (UTC) on."""

    source: str
    account: str
    campaign: str
    spend: Decimal
    known_from: datetime


def sentences(day: date, then: datetime, titles: Mapping[str, str]) -> list[str]:
    """One sentence per account whose spend of `day` is another now than it was known at `then` (UTC).

    `titles` maps a source to what people call it. Raises Unavailable where no release has the history.
    """
    folder = published()
    if not folder or not all((folder / f"{name}.parquet").exists() for name in (HISTORY, CURRENCIES)):
        where, do = str(folder or "published/current"), "Publish one: plumbline build --window DAY"
        raise Unavailable("no release with a history of spend is published yet", where=where, do=do)
    moment = then.astimezone(UTC).replace(tzinfo=None)  # the history's times are UTC without saying so
    return told(_versions(folder, day), day, moment, titles=titles, currencies=_currencies(folder))


def told(
    versions: Sequence[Version],
    day: date,
    then: datetime,
    *,
    titles: Mapping[str, str],
    currencies: Mapping[tuple[str, str], str],
) -> list[str]:
    """The sentences of these versions, in order of source and account; silent where nothing changed."""
    from expectations.judge.reconcile.sentences import Words, sentence
    from expectations.judge.reconcile.waterfall import Figure, reconcile

    found = []
    for account in sorted({(v.source, v.account) for v in versions}):
        own = sorted((v for v in versions if (v.source, v.account) == account), key=lambda v: v.known_from)
        known = [v for v in own if v.known_from <= then]
        figure = Figure(*account, day, currencies.get(account, ""), "spend")
        title = titles.get(account[0], account[0])
        if not known:
            found.append(f"{title}, {account[1]}, {day.day} {day:%b}: not read yet at {then:%-d %b %H:%M}")
            continue
        result = reconcile({"source": _rows(own, own, figure), "published": _rows(known, own, figure)})
        if any(item.amount for item in result.items):
            words = Words(title, f"{known[-1].known_from:%-d %b %H:%M}", f"known at {then:%-d %b %H:%M}")
            found.append(sentence(result, figure, words))
    return found


def _rows(versions: Sequence[Version], every: Sequence[Version], figure: Figure) -> pl.DataFrame:
    """The newest of these versions of each campaign, as rows of a checkpoint."""
    import polars as pl

    from expectations.judge.reconcile.rows import SCHEMA

    newest = {v.campaign: v for v in versions}
    first = {v.campaign: v.known_from for v in reversed(every)}
    names = ("source", "account", "date", "currency", "metric", "key", "amount", "said_at", "available_at")
    rows = [
        (figure.source, figure.account, figure.date, figure.currency, figure.metric, v.campaign, v.spend,
         v.known_from, first[v.campaign])
        for v in newest.values()
    ]  # fmt: skip
    naive = {name: pl.Datetime("us") if name.endswith("_at") else SCHEMA[name] for name in names}
    frame = pl.DataFrame(rows, schema=naive, orient="row")
    return frame.with_columns(pl.col("said_at", "available_at").dt.replace_time_zone("UTC"))


def _versions(folder: Path, day: date) -> list[Version]:
    columns = "source, account_id, campaign_id, spend, known_from"
    rows = select(folder / f"{HISTORY}.parquet", columns, "date = ?", [day])
    return [Version(r["source"], r["account_id"], r["campaign_id"], Decimal(r["spend"]), r["known_from"]) for r in rows]


def _currencies(folder: Path) -> dict[tuple[str, str], str]:
    columns = "distinct source, account_id, currency"
    rows = select(folder / f"{CURRENCIES}.parquet", columns, "account_id is not null and currency is not null", [])
    return {(r["source"], r["account_id"]): r["currency"] for r in rows}
