"""From measurements to findings: one function per check, each in words for a marketer.

Exact findings (a field gone, an object twice, a total not reached) may hold publication; statistical ones warn.
Without enough history a check says how much it has learned, and never passes silently.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from expectations.judge.drift import Batch, Drift, SeenField, classify
from expectations.judge.ladder.bounds import LEARNING_DAYS
from expectations.judge.measurement import Measurement, Measurements
from expectations.judge.nulls import NullRates, null_limit, null_spike
from expectations.judge.verdict import Finding, Severity, bad

ACCOUNT_CURRENCY, ROWS = "account currency", "rows"  # units of amounts, besides the code of a currency
_SHOWN = 5  # names of fields in one sentence
_USUAL_REPEATS = 0.01  # delivery is at least once: below this share, rows that come again are noted, not reported


@dataclass(frozen=True)
class Subject:
    """Which stream is judged, what people call its source, and the unit of its amounts where one is known."""

    title: str
    stream: str
    history_days: int = 0
    unit: str = ""

    @property
    def name(self) -> str:
        """`Meta Ads ads_insights`."""
        return f"{self.title} {self.stream}"

    def amount(self, value: Decimal | float) -> str:
        """An amount within a sentence: `18,416.30 USD`; without its unit where `note` says it."""
        if self.unit == ROWS:
            return f"{value:,.0f}"
        return money(value) if self.unit in ("", ACCOUNT_CURRENCY) else f"{money(value)} {self.unit}"

    @property
    def note(self) -> str:
        """A last sentence where rows bring their own currency."""
        return " Amounts are in the account's currency." if self.unit == ACCOUNT_CURRENCY else ""

    def labelled(self, text: str) -> str:
        """An amount that stands alone, with the unit that it does not name itself."""
        return f"{text} ({self.unit})" if self.unit in (ACCOUNT_CURRENCY, ROWS) else text

    def learning(self, what: str, days: int | None = None) -> Finding:
        """Not enough history to judge."""
        have = min(self.history_days if days is None else days, LEARNING_DAYS)
        told = f"learning, {have} of {LEARNING_DAYS} days"
        return Finding(self.stream, "learning", "info", f"{self.name}: {what} cannot be judged yet ({told}).", told)

    def passed(self, sentence: str, observed: str = "", expected: str = "") -> Finding:
        """Nothing to see."""
        return Finding(self.stream, "passed", "info", f"{self.name}: {sentence}", observed, expected)


def schema_drift(m: Measurements, about: Subject, *, keys: dict[str, bool], fields: dict[str, str]) -> list[Finding]:
    """Declared payload keys (True where required) and field types against what arrived."""
    batch = _arrived(m, keys)
    rows = batch.rows
    if not rows or not m.measured("present"):
        return [about.passed("no new rows, so no field can have changed.", "0 rows", "declared fields, if any row")]
    differences = classify(batch)
    told = [_drift_finding(d, about, fields) for d in differences if d.kind not in ("added", "unseen")]
    told += _added(about, [d for d in differences if d.kind == "added"])
    told += _unseen(about, [d for d in differences if d.kind == "unseen"])
    if any(not finding.good for finding in told):
        return told
    fine = about.passed(
        f"all {len(keys)} declared fields arrived as promised.",
        f"{len(keys)} fields in {rows:,} rows",
        f"all {len(keys)} fields",
    )
    return [fine, *told]


def changed_fields(m: Measurements, keys: dict[str, bool]) -> set[str]:
    """Payload keys and fields that `schema_drift` tells: gone, renamed, or of another type. Their cells are empty."""
    if not m.measured("present"):
        return set()
    return {d.field for d in classify(_arrived(m, keys)) if d.kind in ("removed", "renamed", "retyped")}


def _arrived(m: Measurements, keys: dict[str, bool]) -> Batch:
    now, before = m.by_field("present"), m.by_field("present", "before")
    return Batch(
        rows=m.number("sync_rows") or m.number("rows"),
        rows_before=_rows_before(m),
        declared=[SeenField(k, _count(now, k), _count(before, k), required) for k, required in keys.items()],
        undeclared=_undeclared(m),
        unfit={name: int(row.value) for name, row in m.by_field("uncastable").items()},
    )


def _rows_before(m: Measurements) -> int:
    return m.number("sync_rows", "before") or m.number("rows", "before")


def _count(found: dict[str, Measurement], name: str) -> int:
    return int(found[name].value) if name in found else 0


def _undeclared(m: Measurements) -> list[SeenField]:
    before = m.by_field("unexpected", "before")
    return [SeenField(name, int(row.value), _count(before, name)) for name, row in m.by_field("unexpected").items()]


def _drift_finding(drift: Drift, about: Subject, types: dict[str, str]) -> Finding:
    part = "every row" if drift.share >= 1 else f"{drift.rows:,} rows"
    scope, promised = f"{about.stream}.{drift.field}", f"{drift.field} in every row"
    if drift.kind == "renamed":
        sentence = (
            f"{about.name}: the field {drift.field} is gone from {part}, and {drift.to} arrived in exactly as many: "
            "it was probably renamed. Figures that use it would be empty."
        )
        return Finding(scope, "failed", "critical", sentence, f"{drift.to} in {drift.rows:,} rows", promised)
    if drift.kind == "removed":
        # Gone from some rows only may be a connector that leaves out empty fields: that marks, and does not hold.
        weight: Severity = "critical" if drift.share >= 1 else "warning"
        sentence = f"{about.name}: the field {drift.field} is gone from {part}. Figures that use it would be empty."
        return Finding(scope, bad(weight), weight, sentence, f"missing in {drift.rows:,} rows", promised)
    severity: Severity = "critical" if drift.kind == "retyped" else "warning"
    kind = types.get(drift.field, "the declared type")
    sentence = f"{about.name}: {drift.field} should be {kind}, but {drift.rows:,} values ({drift.share:.1%}) are not."
    observed = f"{drift.rows:,} values that are not {kind}"
    return Finding(scope, bad(severity), severity, sentence, observed, f"{kind} in every row")


def _added(about: Subject, new: Sequence[Drift]) -> list[Finding]:
    if not new:
        return []
    names = _listed([d.field for d in new])
    sentence = f"{about.name} sends {_plural(len(new), 'field')} that nobody declared: {names}. Nothing uses them yet."
    return [Finding(f"{about.stream} new fields", "warned", "info", sentence, names, "declared fields only")]


def _unseen(about: Subject, never: Sequence[Drift]) -> list[Finding]:
    if not never:
        return []
    names = _listed([d.field for d in never])
    sentence = f"{about.name}: {_plural(len(never), 'declared field')} never seen so far: {names}."
    return [Finding(f"{about.stream} unseen fields", "learning", "info", sentence, names, "seen at least once")]


def duplicate_load(m: Measurements, about: Subject, *, label: str) -> list[Finding]:
    """The same object twice in one sync (critical), the same row twice (the models remove it exactly: warning)."""
    objects, rows, total = m.number("duplicate_objects"), m.number("duplicate_rows"), m.number("rows")
    scope = f"{about.stream} {label}"
    if objects:
        sentence = (
            f"{about.name}: {_plural(objects, 'delivered file')} of {label} {'has' if objects == 1 else 'have'} the "
            f"same content as another file of the same sync ({rows:,} of {total:,} rows came twice). "
            "Sums would count them twice."
        )
        return [Finding(scope, "failed", "critical", sentence, f"{_plural(objects, 'file')} twice", "every file once")]
    if rows:
        sentence = (
            f"{about.name}: {_plural(rows, 'row')} of {label} came more than once with the same content; "
            "the figures count each of them once."
        )
        severity: Severity = "info" if rows <= _USUAL_REPEATS * total else "warning"
        return [Finding(scope, "warned", severity, sentence, f"{_plural(rows, 'row')} twice", "every row once")]
    return [about.passed("every file and every row came once.", f"{total:,} rows, none twice", "every row once")]


def null_spikes(
    m: Measurements,
    about: Subject,
    *,
    required: Sequence[str],
    most: dict[str, float],
    changed: Collection[str] = (),
) -> list[Finding]:
    """Empty cells per field: none in required fields and keys, no more than usual elsewhere.

    Fields that `changed` are told by `schema_drift`, and not once more for being empty.
    """
    rows = m.number("rows")
    found, learning = [*_null_keys(m, about, rows), *_nulled(m, about, rows)], 0
    for name, row in m.by_field("nulls").items():
        if name in changed:
            continue
        rates = NullRates(int(row.value), rows, float(row.baseline or 0), row.baseline_n or 0, m.number("groups"))
        if name in required:
            found += _too_empty(about, name, rates, 0.0, critical=True) if rates.nulls else []
        elif name in most:
            # A declared share decides alone: fields that fill in later, or rows that come in clusters, have no
            # history that says anything about the next batch.
            spikes = rates.rate > most[name] and rates.nulls > 2
            found += _too_empty(about, name, rates, most[name], critical=False) if spikes else []
        elif not rates.pooled_rows:
            learning += 1
        elif null_spike(rates):
            found += _too_empty(about, name, rates, (null_limit(rates) or 0) / rows, critical=False)
    if learning and rows:
        found.append(about.learning(f"how often {_plural(learning, 'field')} may be empty"))
    if not found:
        fields, usual = len(m.by_field("nulls")), "no field above its usual share"
        but = f", besides what changed ({_listed(sorted(changed))})" if changed else ""
        found.append(
            about.passed(f"no field is empty more often than usual{but}.", f"{fields} fields in {rows:,} rows", usual)
        )
    return found


def _null_keys(m: Measurements, about: Subject, rows: int) -> list[Finding]:
    count = m.number("null_keys")
    if not count:
        return []
    sentence = f"{about.name}: {_plural(count, 'row')} of {rows:,} without a key; they cannot be counted or joined."
    return [Finding(f"{about.stream} key", "failed", "critical", sentence, f"{count:,} empty keys", "0")]


def _nulled(m: Measurements, about: Subject, rows: int) -> list[Finding]:
    """Fields that the connector made null itself: rows that say so, against the share of rows before that did."""
    before, rows_before = m.by_field("nulled", "before"), m.number("rows", "before")
    found: list[Finding] = []
    for name, row in m.by_field("nulled").items():
        then = float(before[name].value) / rows_before if name in before and rows_before else 0.0
        rates = NullRates(min(int(row.value), rows), rows, min(then, 1.0), rows_before)
        if null_spike(rates):
            told = f"{rates.nulls:,} of {rows:,} rows ({rates.rate:.1%})"
            sentence = (
                f"{about.name}: Airbyte made {name} null in {told}, because it could not read what the source sent; "
                f"usually it does so in {rates.rate_before:.1%}."
            )
            most = f"at most {(null_limit(rates) or 0) / rows:.1%}"
            found.append(Finding(f"{about.stream}.{name} unreadable", "warned", "warning", sentence, told, most))
    return found


def _too_empty(about: Subject, name: str, rates: NullRates, most: float, *, critical: bool) -> list[Finding]:
    severity: Severity = "critical" if critical else "warning"
    usual = "it must never be" if critical else f"usually {rates.rate_before:.1%} are, at most {most:.1%} is normal"
    sentence = f"{about.name}: {name} is empty in {rates.nulls:,} of {rates.rows:,} rows ({rates.rate:.1%}); {usual}."
    observed = f"{rates.nulls:,} of {rates.rows:,} empty ({rates.rate:.1%})"
    return [Finding(f"{about.stream}.{name}", bad(severity), severity, sentence, observed, f"at most {most:.1%}")]


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def money(amount: Decimal | float) -> str:
    """`18,416.30`: an amount in the unit of its source."""
    return f"{amount:,.2f}"
