"""What a figure depends on besides its marts, asked in plain SQL: the rates of its days, the syncs that were loaded."""

# ruff: noqa: S608 - names from the declarations and of this product

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from expectations.declare.source import load_all
from tasks.window import Window

Ask = Callable[[str], list[tuple[object, ...]]]
_PRICED = {"fct_ad_performance": "date", "fct_orders": "order_date", "fct_refunds": "refund_date"}
# Figures of which a history tells exactly which sync moved them.
_BOOKED = ("spend", "impressions", "clicks")
_BY_METRIC = {
    **{name: (name,) for name in _BOOKED},
    "spend_reporting": ("spend",),
    "platform_conversions": ("ads",),
    "platform_conversion_value": ("ads",),
    "returns": ("refunds",),
    "net_sales": ("orders", "refunds"),
    "sessions": ("sessions",),
    "leads": ("leads",),
    **dict.fromkeys(("orders", "new_customers", "gross_sales", "discounts", "tax", "shipping", "total"), ("orders",)),
}
_BY_MART = {
    "fct_refunds": ("refunds",),
    "fct_sessions": ("sessions",),
    "fct_touchpoints": ("sessions",),
    "fct_leads": ("leads",),
    "fct_conversions": ("orders", "leads"),
    "fct_attribution": ("orders", "refunds", "leads", "sessions"),
}
_EVERY = ("spend", "ads", "orders", "refunds", "sessions", "leads")


@dataclass(frozen=True)
class Brought:
    """The syncs that were loaded after a mark and changed something on a day, by family of figures."""

    syncs: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)
    loads: int = 0

    def of(self, mart: str, metric: str, day: str) -> tuple[str, ...]:
        """Those that may have moved a figure, as `source sync`, in order."""
        found = {sync for family in families(mart, metric) for sync in self.syncs.get((family, day), ())}
        return tuple(sorted(found, key=lambda sync: (sync.split()[0], int(sync.split()[1]))))


def families(mart: str, metric: str) -> tuple[str, ...]:
    """What a figure is made of."""
    return _BY_MART.get(mart) or _BY_METRIC.get(metric, _EVERY)


def rates(ask: Ask, present: Collection[str], window: Window) -> dict[str, str]:
    """The rate of every currency and day of a month that the marts used: `EUR 2026-10-31` to its text."""
    days = window.days()
    parts = [
        f"select currency, cast({day} as varchar) as day, min(fx_rate) as rate from marts.{mart}"
        f" where {day} between date '{days[0]}' and date '{days[-1]}' and fx_rate is not null group by 1, 2"
        for mart, day in _PRICED.items()
        if mart in present
    ]
    if not parts:
        return {}
    rows = ask(f"select currency, day, min(rate) from ({' union all '.join(parts)}) as used group by 1, 2")
    return {f"{currency} {str(day)[:10]}": str(rate) for currency, day, rate in rows}


def moved_rates(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The days whose rate is another now, with the currencies; what only one side knows is left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            currency, day = name.split()
            found[day].append(currency)
    return {day: tuple(currencies) for day, currencies in found.items()}


def brought(ask: Ask, present: Collection[str], window: Window, since: int) -> Brought:
    """What was loaded after number `since` and touches the days; `present` are all relations as `schema.name`."""
    loads = int(str(ask(f"select count(*) from raw.load_ledger where load_seq > {since}")[0][0]))
    if not loads:
        return Brought()
    late = (
        "select source, sync_id from raw.load_ledger where source is not null group by source, sync_id"
        f" having min(load_seq) > {since}"
    )
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for query in _queries(present, window, since):
        for family, day, source, sync in ask(f"with late as ({late}) {query}"):
            found[str(family), str(day)[:10]].add(f"{source} {sync}")
    return Brought(dict(found), loads)


def _queries(present: Collection[str], window: Window, since: int) -> Iterable[str]:
    first, last = window.days()[0], window.days()[-1]

    def within(day: str) -> str:
        return f"{day} between date '{first}' and date '{last}'"

    late = "inner join late on told.source = late.source and told.sync_id = late.sync_id"
    parts: Sequence[tuple[str, str]] = [
        *(
            (
                "marts.fin_figures_daily",
                f"select '{name}', cast(told.date as varchar), told.source, told.sync_id"
                f" from marts.fin_figures_daily as told {late} where {within('told.date')} and told.{name} <> 0",
            )
            for name in _BOOKED
        ),
        (
            "marts.fct_ad_performance",
            "select distinct 'ads', cast(told.date as varchar), told.source, ledger.sync_id"
            " from marts.fct_ad_performance as told inner join raw.load_ledger as ledger"
            " on told._load_seq = ledger.load_seq and told.source = ledger.source"
            f" where {within('told.date')} and told._load_seq > {since}",
        ),
        (
            "marts.fct_order_history",
            "select 'orders', cast(told.order_date as varchar), told.source, told.sync_id"
            f" from marts.fct_order_history as told {late} where {within('told.order_date')}",
        ),
        (
            "marts.fct_order_history",
            "select 'orders', cast(earlier.order_date as varchar), told.source, told.sync_id"
            f" from marts.fct_order_history as told {late} inner join marts.fct_order_history as earlier"
            " on told.source = earlier.source and told.order_id = earlier.order_id"
            f" and told.version = earlier.version + 1 where {within('earlier.order_date')}",
        ),
        (
            "marts.fct_refund_history",
            "select 'refunds', cast(told.refund_date as varchar), told.source, told.sync_id"
            f" from marts.fct_refund_history as told {late} where {within('told.refund_date')}",
        ),
        # Returns stand at the order, too.
        (
            "marts.fct_refund_history",
            "select 'refunds', cast(orders.order_date as varchar), told.source, told.sync_id"
            f" from marts.fct_refund_history as told {late} inner join marts.fct_orders as orders"
            f" on told.source = orders.source and told.order_id = orders.order_id where {within('orders.order_date')}",
        ),
        *_declared(within, since),
    ]
    return [query for relation, query in parts if relation in present]


def _declared(within: Callable[[str], str], since: int) -> Iterable[tuple[str, str]]:
    """Sessions and leads have no history as marts; the rows of their sources tell who brought them."""
    for source in load_all().values():
        for stream in source.streams.values():
            if "sessions" in source.provides and stream.kind == "event" and stream.slice:
                relation, day = f"staging.{stream.staging_model}", stream.slice[0]
                yield (
                    relation,
                    f"select distinct 'sessions', cast(told.{day} as varchar), '{source.name}', told._sync_id"
                    f" from {relation} as told where told._load_seq > {since} and {within(f'told.{day}')}",
                )
            if "leads" in source.provides and stream.kind == "entity":
                yield (
                    stream.current_table,
                    "select distinct 'leads', cast(leads.entered_date as varchar), leads.source, told._sync_id"
                    f" from marts.fct_leads as leads inner join {stream.current_table} as told"
                    f" on leads.contact_id = cast(told.{stream.key[0]} as varchar) and leads.source = '{source.name}'"
                    f" where told._load_seq > {since} and {within('leads.entered_date')}",
                )
