"""A declaration is read once, completely, and every fault of a file is said at once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from expectations.declare.contract import contract
from expectations.declare.errors import Misconfigured
from expectations.declare.source import SOURCES, declaration_hash, load, load_all, names

EXAMPLE = """\
title: Example
owner: {team: growth, slack: "@growth"}
airbyte: {definition: example, secret: EXAMPLE}
schedule: "0 * * * *"
extract_within: 20 minutes
fresh_within: 26 hours
restates: 30 days
timezone: UTC
currency: USD
streams:
  spend:
    kind: report
    sync: incremental_append
    cursor: day
    key: [account.id, day]
    slice: [account.id, day]
    fields:
      account.id: {type: text, nullable: false}
      day: {type: date, nullable: false}
      amount: {type: decimal, at_least: 0}
      email: {type: text, pii: join, pii_type: email}
      name: {type: text, pii: drop}
      page: {type: url}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "example.yaml").write_text(EXAMPLE)
    return tmp_path


def refusal(folder: Path, before: str = "", after: str = "") -> str:
    (folder / "example.yaml").write_text(EXAMPLE.replace(before, after, 1) if before else EXAMPLE)
    load.cache_clear()
    with pytest.raises(Misconfigured) as refused:
        load("example", folder)
    return str(refused.value)


def test_all_six_sources_are_declared() -> None:
    assert names() == ["ga4", "ga4_export", "google_ads", "hubspot", "meta_ads", "shopify"]
    assert sum(len(source.streams) for source in load_all().values()) == 20


def test_names_follow_from_the_declaration(folder: Path) -> None:
    stream = load("example", folder).streams["spend"]
    assert stream.raw_table == "raw.example__spend"
    assert stream.staging_model == "stg_example__spend"
    assert stream.current_table == "intermediate.int_example__spend"
    assert stream.landing_prefix == "landing/example/spend/"
    assert stream.lake_prefix == "lake/example/spend/"
    assert stream.suite == "example.spend"
    assert stream.key_columns == ("account_id", "day")


def test_events_have_no_current_model() -> None:
    assert load("ga4_export").streams["events"].current_table == "staging.stg_ga4_export__events"


def test_durations_and_owner_are_typed(folder: Path) -> None:
    source = load("example", folder)
    assert (source.restates, source.fresh_within) == (timedelta(days=30), timedelta(hours=26))
    assert source.owner.slack == "@growth"


def test_the_contract_has_tokens_for_join_keys_and_nothing_for_dropped_fields(folder: Path) -> None:
    promise = contract(load("example", folder).streams["spend"])
    columns = [column.name for column in promise.columns]
    assert "email_token" in columns
    assert "name" not in columns
    assert [column for column in columns if column.startswith("page_")][:2] == ["page_host", "page_path"]
    assert promise.payload_keys == ("account.id", "day", "amount", "email", "name", "page")
    assert [(token.name, token.path, token.pii_type) for token in promise.tokens] == [("email", ("email",), "email")]
    assert promise.dropped == ("name",)


def test_an_unknown_source_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(Misconfigured) as refused:
        load("google_add")
    assert str(refused.value) == (
        "'google_add' is not a source. Did you mean google_ads? "
        "Write one of: ga4, ga4_export, google_ads, hubspot, meta_ads, shopify"
    )


def test_every_fault_of_a_file_is_in_one_message(folder: Path) -> None:
    text = EXAMPLE.replace("title:", "titel:").replace("kind: report", "kind: raport").replace("30 days", "a month")
    text = text.replace("type: decimal, at_least: 0", "type: text, at_least: 0").replace(
        "timezone: UTC", "timezone: Utopia"
    )
    (folder / "example.yaml").write_text(text)
    said = refusal_of(folder)
    assert said.startswith("6 faults in the declaration:")
    assert "line 1, titel: unknown key; write title" in said
    assert "title: is missing; add it" in said
    assert "line 7, restates: 'a month' is not a duration: write for example 20 minutes, 26 hours or 30 days" in said
    assert "line 8, timezone: 'Utopia' is no time zone" in said
    assert "line 12, streams.spend.kind: 'raport' is not allowed; write report" in said
    assert "line 20, streams.spend.fields.amount: at_least needs type integer or decimal, not text" in said
    assert said.endswith("(example.yaml). Change the file, then run `plumbline render`")


def refusal_of(folder: Path) -> str:
    load.cache_clear()
    with pytest.raises(Misconfigured) as refused:
        load("example", folder)
    return str(refused.value)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("cursor: day", "cursor: dya", "line 14, streams.spend.cursor: 'dya' is not a field of spend; write day"),
        ("slice: [account.id, day]", "slice: [account.id]", "the last part of a slice is its day; account.id is text"),
        ("    slice: [account.id, day]\n", "", "streams.spend.slice: a report needs a slice"),
        ("      page:", "      Account.Id: {type: text}\n      page:", "differ only by case; keep one"),
        ("      page:", "      account_id: {type: text}\n      page:", "gives the column account_id, as account.id"),
        (", pii_type: email", "", "pii: join needs pii_type: email, phone or user_id"),
        ('schedule: "0 * * * *"', 'schedule: "hourly"', "is not a cron line of five parts"),
        ("currency: USD", "currency: {field: money}", "currency.field: no stream declares the field 'money'"),
        ("    fields:", "    reconcile: {with: totals, on: [day], measure: amount}\n    fields:",
         "'totals' is not a stream of example"),
        ("    fields:", "    watch: {account: account.id, day: day, spend: {field: page}}\n    fields:",
         "page is url; watch a number"),
        ("    fields:", "    watch: {account: account.id, day: day, hour: day}\n    fields:",
         "hours alone are no spend; watch a metric beside them"),
        ("    fields:", "    watch: {judged_in: spend, account: account.id, day: day}\n    fields:",
         "spend is not judged; give it a watch of its own"),
        ("      day:", "      day: {type: date}\n      day:", "the key stands twice, first on line 19"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_place_and_what_to_write(folder: Path, before: str, after: str, said: str) -> None:
    assert said in refusal(folder, before, after)


def test_text_that_is_no_yaml_is_refused_with_its_line(folder: Path) -> None:
    assert "the file is not YAML: line 2" in refusal(
        folder, 'owner: {team: growth, slack: "@growth"}', "owner: {team: ]"
    )


def test_only_true_and_false_are_booleans() -> None:
    field = load("ga4_export").streams["events"].fields["analytics_storage"]
    assert field.one_of == ("Yes", "No", "Unset")


def test_the_hash_changes_with_the_file_and_with_nothing_else(folder: Path) -> None:
    before = declaration_hash(["example"], folder)
    assert declaration_hash(["example"], folder) == declaration_hash(None, folder) == before
    (folder / "example.yaml").write_text(EXAMPLE + "# a remark\n")
    assert declaration_hash(["example"], folder) != before


def test_the_wider_tolerance_counts() -> None:
    rule = load("meta_ads").streams["ads_insights"].reconcile
    assert rule
    assert rule.allowed(Decimal(100)) == Decimal(1)
    assert rule.allowed(Decimal(-10_000)) == Decimal(20)


def test_every_personal_field_of_the_real_records_is_marked() -> None:
    words = ("email", "phone", "first_name", "firstname", "last_name", "lastname", "address", "browser_ip", "user_id")
    for source in load_all().values():
        for stream in source.streams.values():
            for name, field in stream.fields.items():
                if any(word in name.lower() for word in words) and field.type == "text":
                    assert field.pii, f"{stream.suite}.{name}"


def test_the_file_name_is_the_name_of_the_source() -> None:
    assert all(load(path.stem).name == path.stem for path in SOURCES.glob("*.yaml"))


@pytest.mark.parametrize("written", ["tomorrow", "2026-13-01", "20", "2026-11-25T06:00:00"])
def test_a_pause_ends_at_a_day(folder: Path, written: str) -> None:
    said = refusal(folder, "currency: USD\n", f"currency: USD\npaused_until: {written}\n")
    assert f"line 10, paused_until: '{written}' is no day: write for example 2026-11-25" in said
    (folder / "example.yaml").write_text(EXAMPLE + "paused_until: 2026-11-25\n")
    load.cache_clear()
    assert load("example", folder).paused_until == date(2026, 11, 25)


PEOPLE = "      page: {type: url}\n    identifies: {email: email, user_id: account.id}\n"


def test_a_stream_says_which_fields_identify_people(folder: Path) -> None:
    (folder / "example.yaml").write_text(EXAMPLE.replace("      page: {type: url}\n", PEOPLE))
    load.cache_clear()
    [entry] = load("example", folder).streams["spend"].identifies
    assert (entry.by, entry.record, entry.seen) == ({"email": "email", "user_id": "account.id"}, (), None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("identifies: {e_mail: email}", "'e_mail' is no type of identifier; write email"),
        ("identifies: {gclid: email}", "a gclid belongs to one session and identifies nobody; remove it"),
        ("identifies: {email: mail}", "'mail' is not a field of spend; write email"),
        ("identifies: {email: name}", "'name' is pii: drop and never reaches staging; mark it pii: join"),
        ("identifies: {email: page}", "page is a url and is split; write a field that is one column"),
        ("identifies: {by: {email: email}, seen: amount}", "seen: amount is decimal; write a field that holds a day"),
        ("identifies: {by: {email: email}, record: order}", "'order' is not a field of spend"),
        ("identifies: {by: {email: email}, records: [day]}", "unknown key; write record"),
        ("merges: {identifier: email, into: day, merged: gone}", "'gone' is not a field of spend"),
    ],
)
def test_wrong_words_about_people_are_refused(folder: Path, words: str, said: str) -> None:
    assert said in refusal(folder, "      page: {type: url}\n", f"      page: {{type: url}}\n    {words}\n")


def test_an_ad_platform_says_which_orders_it_counts_as_its_own(folder: Path) -> None:
    claims = "claims: {clicks: [xclid], click_within: 7 days}\n"
    (folder / "example.yaml").write_text(EXAMPLE.replace("currency: USD\n", f"currency: USD\n{claims}"))
    load.cache_clear()
    rule = load("example", folder).claims
    assert rule is not None
    assert (rule.clicks, rule.click_within.days, rule.views_within, rule.value) == (("xclid",), 7, None, "total")
    assert "claims" in refusal(folder, "currency: USD\n", "currency: USD\nclaims: {clicks: [], click_within: 7 days}\n")
    hours = "currency: USD\nclaims: {clicks: [xclid], click_within: 36 hours}\n"
    assert "write for example 7 days" in refusal(folder, "currency: USD\n", hours)
    worth = "currency: USD\nclaims: {clicks: [xclid], click_within: 7 days, value: revenue}\n"
    assert "total" in refusal(folder, "currency: USD\n", worth)
